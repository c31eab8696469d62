"""Chance that can be repeated: a draw is a hash of (seed, what is drawn, row), so neither order nor threads matter."""

from __future__ import annotations

import duckdb

MACROS = (
    # A number in [0, 1). `salt` is worked out once, since seed and name are constants of the statement.
    "CREATE MACRO salt(what) AS md5_number_lower(getvariable('seed') || ' ' || what)",
    "CREATE MACRO u(what, key) AS (hash(xor(salt(what), (key)::UBIGINT)) >> 11)::DOUBLE / 9007199254740992.0",
    # A whole number in [low, high]; one from an exponential distribution, at most `most`; a normal deviate.
    "CREATE MACRO between_(what, key, low, high) AS low + floor(u(what, key) * (high - low + 1))::BIGINT",
    "CREATE MACRO expo(what, key, mean, most) AS least(floor(-ln(1 - u(what, key)) * mean), most)::BIGINT",
    "CREATE MACRO normal(what, key) AS sqrt(-2 * ln(1 - u(what, key))) * cos(2 * pi() * u(what || ' too', key))",
    "CREATE MACRO pick(what, key, list) AS list[1 + floor(u(what, key) * len(list))::BIGINT]",
    # How busy an hour of the day is (winter time will do).
    "CREATE MACRO busy_hour(t) AS [.3, .3, .3, .3, .3, .3, .5, .8, 1, 1.4, 1.6, 1.4, 1.1, 1, 1.1, 1.3, 1.2, 1, .8, .7, "
    ".6, .5, .4, .3][1 + (((t) + 3600) // 3600 % 24)::BIGINT]",
    # How a call and a customer's number are written; no number in Poland begins with 22 000.
    "CREATE MACRO name_of(id) AS CASE WHEN id IS NOT NULL THEN format('c-{:07d}', id) END",
    "CREATE MACRO phone_of(person) AS '+4822000' || format('{:04d}', 1000 + person)",
    "CREATE MACRO money(x) AS round(x, 2)::DECIMAL(18,6)",
)


def prepare(con: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Give a connection the draws of a seed."""
    con.execute("SET VARIABLE seed = $1", [str(seed)])
    for macro in MACROS:
        con.execute(macro)
