"""All that a centre holds of one customer: her keys, her rows, what they say of her, and where else she is named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from okireports.disk import Folder, NewSegment, Segment
from okireports.disk.folder import quoted
from okireports.errors import ChangeError
from okireports.loading import erase, forgotten
from okireports.loading.batch import keyed
from okireports.loading.contacts import CONTACTS, NAMING, PERSON, SAYINGS, normal_phone
from okireports.loading.event_lines import EVENT_LINES
from okireports.loading.forgotten import CALLS, LINKS, PERSONAL, digest, emptied, hangs, hushed, identity
from okireports.tables import FACTS, Fact

A_NUMBER = re.compile(r"\+?[0-9]{6,}")
IDS = 'SELECT id FROM hers WHERE "table" = {0}'
CUSTOMER = "json_extract_string(fields, '$.contact')"  # a source's id for a customer
SAME_NUMBER = f"{normal_phone('phone')} = getvariable('number')"
NAMES = "getvariable('names_her')"


@dataclass
class Found:
    """What the centre holds of a customer."""

    digest: str
    rows: dict[str, int] = field(default_factory=dict)
    segments: list[tuple[Segment, NewSegment]] = field(default_factory=list)
    rejects: list[tuple[Path, int, str]] = field(default_factory=list)  # file, rows, SQL of what it is to be

    @property
    def rejected(self) -> int:
        """How many rejected rows are hers."""
        return sum(count for _, count, _ in self.rejects)

    def add(
        self, segment: Segment, count: int, without: str = "false", values: Mapping[str, str] | None = None
    ) -> None:
        """A segment has to be written anew."""
        self.rows[segment.table] = self.rows.get(segment.table, 0) + count
        self.segments.append((segment, erase.rewritten(segment, without=without, values=values)))


def look(con: duckdb.DuckDBPyConnection, folder: Folder, phone: str) -> Found:
    """Find all that is hers, by the control file attached as `control`: her keys, her rows, what names her."""
    row = con.execute("SELECT value FROM control.settings WHERE key = 'calling_code'").fetchone()
    secret = folder.key()
    con.execute("SET VARIABLE calling_code = $1", [row[0] if row else ""])
    con.execute("SET VARIABLE secret = $1", [secret])
    forgotten.prepare(con, secret)
    number = one(con, f"SELECT {normal_phone('$1::VARCHAR')}", phone)
    if not (isinstance(number, str) and A_NUMBER.fullmatch(number)):
        raise ChangeError("That is no telephone number; write it with its digits, such as +48220000101.")
    con.execute("SET VARIABLE number = $1", [number])
    find_person(con, folder)
    con.execute("SET VARIABLE names_her = $1", [pattern(con, number)])
    con.execute('CREATE OR REPLACE TABLE hers ("table" VARCHAR, id BIGINT, nameless BOOLEAN)')
    digested = one(con, f"SELECT {digest(identity(quoted(number), 'NULL', 'NULL'))}")
    found = Found(str(digested))
    for fact in FACTS.values():
        if fact.internal or fact is CONTACTS:
            continue
        if fact in NAMING:
            find_rows(con, folder, fact)
        find_texts(con, folder, fact, found)
    find_rest(con, folder, found)
    find_rejects(con, folder, found)
    return found


def find_person(con: duckdb.DuckDBPyConnection, folder: Folder) -> None:
    """Make `person`: her keys in all projects; `known_as`: what she is known by; `card`: her contacts and sayings.

    A source's own id for a customer is hers where no other number in that project has it.
    """
    by_number = keyed("'contact'", "project_id::VARCHAR", "'phone:' || getvariable('number')")
    con.execute(
        f"""CREATE OR REPLACE TABLE person AS SELECT project_id, {by_number} AS contact_key
        FROM (SELECT 0::BIGINT AS project_id UNION SELECT project_id FROM control.projects)"""
    )
    gather_cards(con, folder, f"{PERSON} IN (SELECT {PERSON} FROM person) OR {SAME_NUMBER}", "card")
    con.execute(
        f"""INSERT INTO person SELECT project_id, contact_key FROM card
        WHERE {PERSON} NOT IN (SELECT {PERSON} FROM person)"""
    )
    gather_cards(con, folder, f"{CUSTOMER} IN (SELECT contact FROM card)", "namesakes")
    con.execute(
        f"""CREATE OR REPLACE TABLE own_ids AS SELECT DISTINCT project_id, contact FROM card WHERE contact IS NOT NULL
        AND (project_id, contact) NOT IN (SELECT (project_id, contact) FROM namesakes
        WHERE phone IS NOT NULL AND {PERSON} NOT IN (SELECT {PERSON} FROM person))"""
    )
    by_id = keyed("'contact'", "project_id::VARCHAR", "'id:' || contact")
    con.execute(f"INSERT INTO person SELECT project_id, {by_id} FROM own_ids")
    gather_cards(con, folder, f"{PERSON} IN (SELECT {PERSON} FROM person)", "card")
    con.execute(
        f"""CREATE OR REPLACE TABLE known_as AS
        SELECT {identity("getvariable('number')", "NULL", "NULL")} AS known
        UNION SELECT {identity("phone", "NULL", "NULL")} FROM card WHERE phone IS NOT NULL
        UNION SELECT {identity("NULL", "project_id", "contact")} FROM own_ids"""
    )


def gather_cards(con: duckdb.DuckDBPyConnection, folder: Folder, where: str, into: str) -> None:
    """Make a table of contacts and of what rows of no project say of people."""
    con.execute(
        f"""CREATE OR REPLACE TABLE {into} (project_id BIGINT, contact_key BIGINT, phone VARCHAR, name VARCHAR,
        email VARCHAR, contact VARCHAR)"""
    )
    for fact in (CONTACTS, SAYINGS):
        for _, rows in erase.rows_of(con, folder, fact):
            con.execute(
                f"""INSERT INTO {into} SELECT project_id, contact_key, phone, name, email, {CUSTOMER} FROM {rows}
                WHERE {where}"""
            )


def pattern(con: duckdb.DuckDBPyConnection, number: str) -> str:
    """A regular expression of what names her: her number in all its spellings, her addresses, her full names."""
    digits = number.lstrip("+")
    code = str(one(con, "SELECT getvariable('calling_code')") or "")
    apart = "[^0-9]{0,2}"
    short = digits.removeprefix(code) if code else digits
    before = f"(?:(?:00|[+])?{apart}{apart.join(code)}{apart})?0?" if code and short != digits else "(?:00|[+])?"
    spelt = [f"(^|[^0-9]){before}{apart.join(short)}([^0-9]|$)"]
    for name, email in con.execute("SELECT DISTINCT name, email FROM card").fetchall():
        spelt += [re.escape(name)] if name and " " in name.strip() else []
        spelt += [re.escape(email)] if email and "@" in email else []
    return f"(?i){'|'.join(sorted(set(spelt)))}"


def find_rows(con: duckdb.DuckDBPyConnection, folder: Folder, fact: Fact) -> None:
    """Add to `hers` the rows of one table that name her, and those that name nobody and hang on one of hers."""
    hanging = hangs_on(fact)
    own = f"{PERSON} IN (SELECT {PERSON} FROM person)"
    nameless = "coalesce(regexp_matches(source_id, getvariable('names_her')), false)"
    already = f"""id IN (SELECT id FROM control.forgotten_rows WHERE "table" = {quoted(fact.name)})"""
    for _, rows in erase.rows_of(con, folder, fact):
        con.execute(
            f"""INSERT INTO hers SELECT {quoted(fact.name)}, id, nameless FROM (SELECT "{fact.id}" AS id,
            {nameless} AS nameless FROM {rows} WHERE {own} OR (contact_key IS NULL AND ({hanging})))
            WHERE NOT {already}"""
        )
    if fact is CALLS:
        find_legs(con, folder, own)


def find_legs(con: duckdb.DuckDBPyConnection, folder: Folder, own: str) -> None:
    """Add further legs of the interactions of her calls, in whichever project, where they name nobody."""
    con.execute("CREATE OR REPLACE TABLE joined (call_id BIGINT, root BIGINT)")
    for _, rows in erase.rows_of(con, folder, LINKS):
        con.execute(f"INSERT INTO joined SELECT call_id, interaction_key FROM {rows} WHERE interaction_key IS NOT NULL")
    calls = IDS.format("'calls'")
    con.execute(
        f"""CREATE OR REPLACE TABLE legs AS WITH roots AS (SELECT root FROM joined WHERE call_id IN ({calls})
        UNION ({calls})) SELECT call_id FROM joined WHERE root IN (SELECT root FROM roots)
        UNION SELECT root FROM roots"""
    )
    con.execute(f"DELETE FROM legs WHERE call_id IN ({calls})")
    for _, rows in erase.rows_of(con, folder, CALLS):
        con.execute(
            f"""INSERT INTO hers SELECT 'calls', call_id,
            coalesce(regexp_matches(source_id, getvariable('names_her')), false)
            FROM {rows} WHERE contact_key IS NULL AND call_id IN (SELECT call_id FROM legs)"""
        )


def hangs_on(fact: Fact) -> str:
    """SQL: does a row hang on one of hers?"""
    targets = {c.name: c.target for c in fact.columns if c.name in fact.parents}
    return " OR ".join(f'"{name}" IN ({IDS.format(quoted(t))})' for name, t in targets.items()) or "false"


def find_texts(con: duckdb.DuckDBPyConnection, folder: Folder, fact: Fact, found: Found) -> None:
    """The segments of one table in which a row of hers says something of her."""
    if fact.name not in PERSONAL:
        return
    ids = IDS.format(quoted(fact.name)) if fact in NAMING else f'SELECT "{fact.id}" FROM {{0}} WHERE {hangs_on(fact)}'
    for segment, rows in erase.rows_of(con, folder, fact):
        if fact not in NAMING:  # they are only needed while this segment is written
            con.execute(f"INSERT INTO hers SELECT {quoted(fact.name)}, id, false FROM ({ids.format(rows)}) t(id)")
        nulls = emptied(fact, IDS.format(quoted(fact.name)))
        if fact is CALLS:
            nulls["source_id"] = f"call_id IN ({IDS.format(quoted('calls'))} AND nameless)"
        nulls = {column: theirs for column, theirs in nulls.items() if column in segment.columns}
        filled = " OR ".join(f'("{column}" IS NOT NULL AND {theirs})' for column, theirs in nulls.items()) or "false"
        if count := int(one(con, f"SELECT count(*) FROM {rows} WHERE {filled}") or 0):
            found.add(segment, count, values={c: nothing(c, theirs) for c, theirs in nulls.items()})


def find_rest(con: duckdb.DuckDBPyConnection, folder: Folder, found: Found) -> None:
    """Her contacts, and what only the loader keeps: sayings, the names of joined calls, lines of event logs."""
    mine = f"{PERSON} IN (SELECT {PERSON} FROM person)"
    theirs = f"call_id IN ({IDS.format(quoted('calls'))})"
    for fact, where in ((CONTACTS, mine), (SAYINGS, f"{mine} OR fact_id IN (SELECT id FROM hers)")):
        for segment, rows in erase.rows_of(con, folder, fact):
            if count := int(one(con, f"SELECT count(*) FROM {rows} WHERE {where}") or 0):
                found.add(segment, count, without=where)
    for segment, rows in erase.rows_of(con, folder, LINKS):
        if count := int(one(con, f"SELECT count(*) FROM {rows} WHERE source_id IS NOT NULL AND {theirs}") or 0):
            found.add(segment, count, values={"source_id": nothing("source_id", theirs)})
    names = quoted(str(one(con, f"SELECT {NAMES}")))  # segments are written by connections that know no variable
    of_her = f"regexp_matches(data, {names})"
    for segment, rows in erase.rows_of(con, folder, EVENT_LINES):
        if count := int(one(con, f"SELECT count(*) FROM {rows} WHERE {of_her}") or 0):
            found.add(
                segment, count, values={"data": f"CASE WHEN {of_her} THEN {unsaid(hushed(), names)} ELSE data END"}
            )


def nothing(column: str, where: str) -> str:
    """SQL: a column, and NULL in some rows."""
    return f'CASE WHEN {where} THEN NULL ELSE "{column}" END'


def find_rejects(con: duckdb.DuckDBPyConnection, folder: Folder, found: Found) -> None:
    """Rejected rows that name her, or that hang on a row of hers."""
    sources = dict(con.execute("SELECT load_id, source FROM control.loads").fetchall())
    for load, path in erase.rejects_of(folder):
        where = rejected_of_her(sources.get(load))
        rows = f"SELECT * FROM read_parquet({quoted(path)})"
        if count := int(one(con, f"SELECT count(*) FROM ({rows}) WHERE {where}") or 0):
            kept = ", ".join(f"CASE WHEN {where} THEN NULL ELSE {name} END AS {name}" for name in ("value", "row_text"))
            kept += f", {unsaid('file')} AS file"
            found.rejects.append((path, count, f"SELECT * REPLACE ({kept}) FROM read_parquet({quoted(path)})"))


def rejected_of_her(source: str | None) -> str:
    """SQL: is a rejected row hers? Rows are named as in the source of their load, None where that is not known."""
    says = "coalesce(regexp_matches(concat_ws(' ', file, value, row_text), getvariable('names_her')), false)"
    hanging = f" OR {hangs(source)}" if source else ""
    return f"({says}{hanging}) AND (value IS NOT NULL OR row_text IS NOT NULL)"


def unsaid(text: str, names: str = NAMES) -> str:
    """SQL: a text without what names her; twice, since what stands between two numbers belongs to the first."""
    for _ in range(2):
        text = f"regexp_replace({text}, {names}, '\\1\\2', 'g')"
    return text


def one(con: duckdb.DuckDBPyConnection, sql: str, *parameters: object) -> Any:
    """The one value that a statement gives."""
    row = con.execute(sql, list(parameters)).fetchone()
    return row[0] if row else None
