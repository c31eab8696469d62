"""What a query may be: one SELECT, over tables that are offered, by functions that look at nothing but their arguments.

The text is taken apart by DuckDB's own parser, so that what is checked is what will run. All is refused that is not
known to be harmless: each kind of node, reference and function is on a list here. It is the second of two walls: the
worker that runs the query has no other rows, no other files and no way to any (`worker`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Any

import duckdb

from okireports.errors import BadQuery, Refused, UnknownName, did_you_mean

LONGEST = 100_000  # characters of a query
NODES = {  # kinds of what has a type and is no expression
    "SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE",
    "BASE_TABLE", "SUBQUERY", "JOIN", "TABLE_FUNCTION", "EXPRESSION_LIST", "EMPTY", "PIVOT", "SHOW_REF",
    "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "ORDER_MODIFIER", "DISTINCT_MODIFIER",
    "ASCENDING", "DESCENDING", "ORDER_DEFAULT",
}  # fmt: skip
EXPRESSIONS = {
    "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION", "LAMBDA",
    "OPERATOR", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "WINDOW",
}  # fmt: skip
DESCRIBED = ("DESCRIBE", "SUMMARY")  # of SHOW those that look at a query, and not at the catalogue
TABLE_FUNCTIONS = {"range", "generate_series", "unnest", "repeat", "repeat_row", "json_each", "json_tree"}
UNLISTED = frozenset({"unnest"})  # that the binder knows, and the catalogue lists as of tables only
OUTSIDE = re.compile(  # functions that look at the engine, its catalogue, settings, files, clocks of others, or wait
    r"__internal_|pg_|has_.*_privilege$|inet_|duckdb_|pragma_|read_|parquet_|sniff_|json_(de)?serialize|json_execute|"
    r"current_(catalog|connection_id|database|query|query_id|role|schemas?|setting|transaction_id|user)$|"
    r"(col|obj|shobj)_description$|get_block_size$|getenv$|getvariable$|in_search_path$|user$|session_user$|"
    r"(next|curr)val$|setseed$|sleep|stats$|txid_current$|version$|vector_type$|write_log$|parse_duckdb_|glob$|"
    r"query|which_secret$|map_to_pg_oid$|format_pg_type$|format_type$|create_sort_key$|variant_to_parquet|"
    r"icu_collate_|.*_scan|enable_|disable_|checkpoint|st_"
)
BY_CHANCE = {"random", "uuid", "gen_random_uuid", "uuidv4", "uuidv7", "error"}  # volatile, and nothing else


def tables_of(text: str, offered: Collection[str]) -> frozenset[str]:
    """The tables that a query names, if it is one that may run.

    Args:
        text: the query.
        offered: the names of the tables that there are for this viewer, in small letters.

    Raises:
        BadQuery: it cannot be read.
        Refused: it is no SELECT, or holds something that may not run.
        UnknownName: it names a table that is not offered; whether there is one is not told.
    """
    tree = parsed(text)
    ctes = {name.lower() for name in common_tables(tree)}
    if taken := ctes & catalogue()[0]:
        raise Refused(f"WITH {sorted(taken)[0]} AS: DuckDB has a view of its own of this name; take another name.")
    named = set()
    for node in nodes(tree):
        check_names(node)
        if "class" in node:
            check_expression(node)
        elif isinstance(node.get("type"), str):
            table = check_node(node)
            if table is not None and table.lower() in offered:
                named.add(table.lower())
            elif table is not None and table.lower() not in ctes:
                raise UnknownName("table", table, offered)
    return frozenset(named)


def check_text(text: str) -> None:
    """A query is text that can be written down: it goes into the journal before anything else.

    Raises:
        BadQuery: it is none, too long, or not Unicode.
    """
    if not isinstance(text, str) or not text.strip():
        raise BadQuery("A query is a SELECT, as text; this is none.")
    if len(text) > LONGEST:
        raise BadQuery(f"The query has {len(text):,} characters; {LONGEST:,} are the most.")
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise BadQuery("The query holds a character that is not text (a NUL, or half of a surrogate pair).")


def parsed(text: str) -> dict[str, Any]:
    """The tree of the one SELECT that a text holds."""
    with parser() as con:
        row = con.execute("SELECT json_serialize_sql($text::VARCHAR)", {"text": text}).fetchone()
    try:
        said = json.loads(row[0]) if row else {}
    except RecursionError:
        raise BadQuery("The query is nested too deeply: take it apart with WITH.") from None
    if said.get("error") and said.get("error_type") == "not implemented":
        raise Refused("Only a SELECT can be asked, and this is another statement (a PIVOT needs IN with its values).")
    if said.get("error"):
        raise BadQuery(f"The query cannot be read: {said.get('error_message')}{place(text, said.get('position'))}.")
    statements = said["statements"]
    if len(statements) != 1:
        raise Refused(f"One SELECT can be asked at a time, and these are {len(statements)} statements.")
    tree: dict[str, Any] = statements[0]
    return tree


def place(text: str, position: object) -> str:
    """Where in the text an error is, as words."""
    if not str(position).isdecimal():
        return ""
    before = text.encode()[: int(str(position))].decode("utf-8", "ignore")
    return f" (line {before.count(chr(10)) + 1}, character {len(before) - before.rfind(chr(10))})"


def nodes(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Every node of a tree; what the user typed is never a key in it."""
    waiting = [tree]
    while waiting:
        found = waiting.pop()
        if isinstance(found, Mapping):
            yield found
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)


def common_tables(tree: Any) -> Iterator[str]:
    """The names that WITH gives."""
    for node in nodes(tree):
        for entry in (node.get("cte_map") or {}).get("map", ()):
            yield str(entry["key"])
        if node.get("type") == "RECURSIVE_CTE_NODE":
            yield str(node["cte_name"])


def check_names(node: Mapping[str, Any]) -> None:
    """Nothing is named by way of a catalogue or schema; the parser itself says `main` of functions that it puts in."""
    for key in ("catalog", "schema", "catalog_name", "schema_name"):
        said = node.get(key) or ""
        if said and not (key == "schema" and said == "main" and "function_name" in node):
            raise Refused(f"{said}.: tables, functions and types are named without a database or schema before them.")


def check_expression(node: Mapping[str, Any]) -> None:
    """An expression is of a known kind, and its function is a known one."""
    kind = node["class"]
    if kind == "PARAMETER":
        raise Refused("A query has no parameters (?, $1, $name): write the values into it.")
    if kind not in EXPRESSIONS:
        raise Refused(f"{kind.replace('_', ' ')} may not stand in a query.")
    if kind in ("FUNCTION", "WINDOW"):
        check_function(str(node["function_name"]), functions() | TABLE_FUNCTIONS)


def check_node(node: Mapping[str, Any]) -> str | None:
    """A node is of a known kind; gives the name where it is a table."""
    kind = node["type"]
    if kind.endswith("_TYPE_INFO"):
        return None
    if kind not in NODES:
        raise Refused(f"{kind.replace('_', ' ')} may not stand in a query.")
    if kind == "TABLE_FUNCTION":
        check_function(str(node["function"]["function_name"]), TABLE_FUNCTIONS)
    if kind == "SHOW_REF" and (node.get("show_type") not in DESCRIBED or node.get("query") is None):
        raise Refused("SHOW may not stand in a query; DESCRIBE calls, say, tells the columns of a table.")
    if kind != "BASE_TABLE":
        return None
    if node.get("at_clause") is not None:
        raise Refused("AT (VERSION or TIMESTAMP) may not stand in a query.")
    return str(node["table_name"])


def check_function(name: str, allowed: Collection[str]) -> None:
    """A function is one of those that may be called."""
    lower = name.lower()
    if lower in allowed:
        return
    if lower in catalogue()[1] | {"getenv"}:
        raise Refused(f"The function {lower} may not be called in a query: it looks beyond its arguments.")
    raise BadQuery(f"There is no function {name!r}.{did_you_mean(lower, (n for n in allowed if n.isidentifier()))}")


def parser() -> duckdb.DuckDBPyConnection:
    """A connection that only takes texts apart."""
    off = ("autoinstall_known_extensions", "autoload_known_extensions", "enable_external_access")
    return duckdb.connect(config=dict.fromkeys(off, False))


@cache
def catalogue() -> tuple[frozenset[str], frozenset[str]]:
    """The names of the engine's own views, and of all its functions."""
    with parser() as con:
        views = con.execute("SELECT DISTINCT lower(view_name) FROM duckdb_views()").fetchall()
        listed = con.execute("SELECT DISTINCT lower(function_name) FROM duckdb_functions()").fetchall()
    return frozenset(name for (name,) in views), frozenset(name for (name,) in listed)


@cache
def functions() -> frozenset[str]:
    """The functions that a query may call: those of the engine that have no effect and look at nothing outside."""
    with parser() as con:
        rows = con.execute(
            """SELECT lower(function_name), bool_or(coalesce(has_side_effects, false)) FROM duckdb_functions()
            WHERE function_type IN ('scalar', 'aggregate', 'macro') GROUP BY ALL"""
        ).fetchall()
    return UNLISTED | {name for name, effects in rows if not OUTSIDE.match(name) and (not effects or name in BY_CHANCE)}
