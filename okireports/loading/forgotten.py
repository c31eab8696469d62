"""Customers who were forgotten: a list of keyed digests, and what it does to the rows that loads bring.

A row of a forgotten customer is loaded without saying whose it is, so that counts and times stay as they are. Hers are
the rows that name her, and those that name nobody and hang on one of hers: an answer on her request, a recording of her
call, another leg of the same interaction. Which rows those are is listed by their ids, so that what comes again without
its parent is hers too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from okireports.disk import segments_of
from okireports.disk.folder import quoted
from okireports.loading.batch import SEPARATOR, Batch, fact_id
from okireports.loading.contacts import CONTACTS, NAMING, normal_phone
from okireports.loading.stored import exists, pull
from okireports.sources.queue_log import RECORD
from okireports.tables import ACTIVITY, FACTS, Fact

if TYPE_CHECKING:
    import pandas as pd

PERSONAL: dict[str, tuple[str, ...]] = {  # what may name a customer, or is what she said; the rest is the centre's own
    "calls": (),  # reports call a call by its source_id: it goes only where it holds her number or address
    "tasks": ("source_id",),
    "dialogues": ("subject", "source_id"),
    "requests": ("source_id",),
    "orders": ("source_id",),
    "statuses": ("comment",),
    "ivr_steps": ("input", "recognised_text"),
    "stage_changes": ("source_id",),
    "answers": ("answer", "source_id"),
    "evaluations": ("comment", "source_id"),
    "ratings": ("comment", "source_id"),
    "speech_hits": ("source_id",),
    "charges": ("source_id",),
    "recordings": ("url", "source_id"),
}
WORDS_OF_CENTRE = {  # which values stay: answers that a quota counts are the form's own words
    "answer": "(question, answer) IN (SELECT (question, answer) FROM control.quotas WHERE answer IS NOT NULL)"
}
NUMBERS = "[+(0-9][0-9 ().\\-/]{3,}[0-9]"  # what in a text may be a number
CALLS, LINKS = FACTS["calls"], FACTS["links"]
FIELD, PART, INSIDE = "chr(31)", "chr(30)", "chr(29)"  # between what a line of an event log says
PHONE_OF = {"ENTERQUEUE": 2, RECORD: 4}  # where it says the number
NAME_IN_RECORD, PARTS_IN_RECORD, RECORDING_IN_PART = 7, 8, 4


def prepare(con: duckdb.DuckDBPyConnection, secret: str) -> None:
    """What `digest` needs: the two pads of an HMAC with the centre's secret, which is one block long."""
    key = secret.encode()
    con.execute("SET VARIABLE inner_pad = $1", [bytes(b ^ 0x36 for b in key)])
    con.execute("SET VARIABLE outer_pad = $1", [bytes(b ^ 0x5C for b in key)])


def digest(text: str) -> str:
    """SQL: the HMAC-SHA256 of a text under the centre's secret; of NULL it is NULL."""
    inner = f"sha256(getvariable('inner_pad') || encode('forgotten' || {SEPARATOR} || {text}))"
    return f"sha256(getvariable('outer_pad') || unhex({inner}))"


def identity(phone: str, project: str, contact: str) -> str:
    """SQL: by what a customer is forgotten: her number, else a source's id for her, which one project knows."""
    return f"coalesce('phone:' || {phone}, 'id:' || {project}::VARCHAR || {SEPARATOR} || {contact})"


def begin(batch: Batch) -> None:
    """Make `hers`: the rows that are listed, if anybody was ever forgotten."""
    if not batch.count("SELECT count(*) FROM control.forgotten"):
        return
    prepare(batch.con, batch.secret)
    batch.con.execute('CREATE TABLE hers AS SELECT "table", id, nameless, true AS listed FROM control.forgotten_rows')


def strip(batch: Batch, fact: Fact) -> None:
    """Take from the rows of one table what says whose they are, where they are those of a forgotten customer."""
    if not exists(batch, "main", "hers"):
        return
    follow(batch, fact)
    if not batch.has(fact):
        return
    if fact is CONTACTS:
        drop_contacts(batch)
        return
    find(batch, fact)
    if fact in NAMING:
        here = quoted(fact.name)
        batch.con.execute(
            f"""DELETE FROM hers WHERE "table" = {here} AND id IN (SELECT "{fact.id}" FROM fact."{fact.name}")
            AND id NOT IN (SELECT id FROM hers_now)"""
        )  # it is another customer's now
        batch.con.execute(
            f"""INSERT INTO hers SELECT {here}, id, nameless, false FROM hers_now
            WHERE id NOT IN (SELECT id FROM hers WHERE "table" = {here})"""
        )
        batch.con.execute(
            f"""UPDATE fact."{fact.name}" SET contact_key = NULL WHERE "{fact.id}" IN (SELECT id FROM hers_now)"""
        )
    held = batch.held(fact)
    for column, theirs in emptied(fact, "SELECT id FROM hers_now").items():
        if column in held and column != "contact_key":
            batch.con.execute(f'UPDATE fact."{fact.name}" SET "{column}" = NULL WHERE {theirs}')


def emptied(fact: Fact, ids: str) -> dict[str, str]:
    """The columns that hold what is personal, and SQL: in which rows each becomes NULL; `ids` is SQL of theirs."""
    theirs = f'"{fact.id}" IN ({ids})'
    columns = ["contact_key"] if fact in NAMING else []
    columns += PERSONAL.get(fact.name, ())
    return {c: f"{theirs} AND NOT {WORDS_OF_CENTRE[c]}" if c in WORDS_OF_CENTRE else theirs for c in columns}


def find(batch: Batch, fact: Fact) -> None:
    """Make `hers_now`: the ids of rows of the load that are a forgotten customer's."""
    held, table = batch.held(fact), f'fact."{fact.name}"'
    phone, contact = ("_phone" if "_phone" in held else "NULL"), "NULL"
    if "_contact" in held:
        contact = "nullif(trim(_contact), '')"
    known = identity(phone, "project_id", contact) if fact in NAMING else "NULL"
    nobody = f"({known}) IS NULL" + (" AND contact_key IS NULL" if "contact_key" in held else "")
    nameless = names_her(phone, "_email" if "_email" in held else "NULL") if fact is CALLS else "false"
    parents = [
        f""""{c.name}" IN (SELECT id FROM hers WHERE "table" = '{c.target}')"""
        for c in fact.columns
        if c.name in fact.parents and c.name in held
    ]
    hanging = " OR ".join([f"""id IN (SELECT id FROM hers WHERE "table" = {quoted(fact.name)})""", *parents])
    by_name = (
        f"known IN (SELECT known FROM known_people WHERE {digest('known')} IN (SELECT digest FROM control.forgotten))"
    )
    batch.con.execute(
        f"""CREATE OR REPLACE TABLE candidates AS SELECT "{fact.id}" AS id, ({known})::VARCHAR AS known,
        {nobody} AS nobody, coalesce({nameless}, false) AS nameless,
        {", ".join(f'"{name}"' for name in fact.parents if name in held) or "NULL AS none"} FROM {table}"""
    )
    batch.con.execute("CREATE OR REPLACE TABLE known_people AS SELECT DISTINCT known FROM candidates")
    batch.con.execute(
        f"""CREATE OR REPLACE TABLE hers_now AS SELECT id, nameless OR id IN (SELECT id FROM hers
        WHERE nameless AND "table" = {quoted(fact.name)}) AS nameless FROM candidates
        WHERE {by_name} OR (nobody AND ({hanging}))"""
    )
    if fact is CALLS and "_interaction" in held:
        root = f"{fact_id(quoted('calls'), 'source', 'coalesce(_interaction, source_id)')}"
        roots = (
            f"SELECT {root} FROM fact.calls WHERE call_id IN (SELECT id FROM hers_now) UNION SELECT id FROM hers_now"
        )
        batch.con.execute(
            f"""INSERT INTO hers_now SELECT call_id, false FROM fact.calls JOIN candidates ON id = call_id
            WHERE nobody AND {root} IN ({roots}) AND call_id NOT IN (SELECT id FROM hers_now)"""
        )


def names_her(phone: str, email: str) -> str:
    """SQL: does the name that a source gave a row hold the customer's number or address?"""
    digits = f"regexp_replace({phone}, '[^0-9]', '', 'g')"
    code = "getvariable('calling_code')"
    abroad = f"{code} = '' OR NOT starts_with({digits}, {code})"
    short = f"CASE WHEN {abroad} THEN {digits} ELSE substr({digits}, len({code}) + 1) END"
    by_number = f"contains(regexp_replace(source_id, '[^0-9]', '', 'g'), nullif({short}, ''))"
    return f"coalesce({by_number}, false) OR coalesce(contains(lower(source_id), nullif(lower({email}), '')), false)"


def drop_contacts(batch: Batch) -> None:
    """Nobody who was forgotten becomes known again by a row of her own."""
    held = batch.held(CONTACTS)
    contact = "nullif(trim(_contact), '')" if "_contact" in held else "NULL"
    known = digest(identity("_phone" if "_phone" in held else "NULL", "project_id", contact))
    gone = batch.count(
        f"DELETE FROM fact.contacts WHERE _row IS NOT NULL AND {known} IN (SELECT digest FROM control.forgotten)"
    )
    if gone:
        batch.notes["contacts: people who were forgotten, ignored"] += gone
        batch.ignored += gone
    if not batch.count("SELECT count(*) FROM fact.contacts"):
        batch.con.execute("DROP TABLE fact.contacts")


def follow(batch: Batch, fact: Fact) -> None:
    """Take up published rows that hang on one that this load says is a forgotten customer's."""
    told = [
        c
        for c in (*PERSONAL.get(fact.name, ()), "contact_key")
        if c != "source_id" and any(x.name == c for x in fact.columns)
    ]
    if not told or not segments_of(batch.con, fact.name):
        return
    new = """SELECT id FROM hers WHERE NOT listed AND "table" = '{0}'"""
    parents = {c.name: c.target for c in fact.columns if c.name in fact.parents}
    parents = {c: t for c, t in parents.items() if batch.count(f"SELECT count(*) FROM ({new.format(t)})")}
    texts = [c for c in told if c != "contact_key"]
    if not parents or not texts:
        return
    concerned = " OR ".join(f'"{name}" IN ({new.format(target)})' for name, target in parents.items())
    filled = " OR ".join(f'"{c}" IS NOT NULL' for c in texts)
    nobody = "AND contact_key IS NULL" if fact in NAMING else ""
    own = f"AND status IN {ACTIVITY}" if fact.name == "statuses" else ""
    pull(batch, fact, f"({concerned}) AND ({filled}) {nobody} {own}", "hanging")
    if not batch.count("SELECT count(*) FROM hanging"):
        return
    batch.empty(fact)
    batch.widen(fact)
    batch.con.execute(
        f"""INSERT INTO fact."{fact.name}" BY NAME SELECT * EXCLUDE (_file) FROM hanging
        WHERE "{fact.id}" NOT IN (SELECT "{fact.id}" FROM fact."{fact.name}")"""
    )


def finish(batch: Batch) -> None:
    """Take away the names that joined rows until now, and keep the list of rows."""
    if not exists(batch, "main", "hers"):
        return
    calls = """SELECT id FROM hers WHERE "table" = 'calls'"""
    if batch.has(CALLS):
        batch.con.execute(f"UPDATE fact.calls SET source_id = NULL WHERE call_id IN ({calls} AND nameless)")
    if batch.has(LINKS):
        batch.con.execute(f"UPDATE fact.links SET source_id = NULL WHERE call_id IN ({calls})")
    batch.con.execute("""DELETE FROM control.forgotten_rows r WHERE NOT EXISTS
        (FROM hers h WHERE h."table" = r."table" AND h.id = r.id)""")
    batch.con.execute('INSERT INTO control.forgotten_rows SELECT "table", id, nameless FROM hers WHERE NOT listed')


def hush_lines(batch: Batch) -> None:
    """Lines of an event log are kept without the number, name and recordings of a forgotten customer."""
    if not exists(batch, "main", "hers"):
        return
    says = " ".join(f"WHEN '{event}' THEN string_split(data, {FIELD})[{place}]" for event, place in PHONE_OF.items())
    batch.con.execute(
        f"""CREATE OR REPLACE TABLE said_numbers AS SELECT DISTINCT said, {normal_phone("said")} AS number
        FROM (SELECT CASE event {says} END AS said FROM fact.event_lines) WHERE said <> ''"""
    )
    by_number = digest(identity("number", "NULL", "NULL"))
    numbers = f"SELECT said FROM said_numbers WHERE {by_number} IN (SELECT digest FROM control.forgotten)"
    batch.con.execute(f"UPDATE fact.event_lines SET data = {hushed()} WHERE CASE event {says} END IN ({numbers})")


def hushed() -> str:
    """SQL: what a line says, but number, name and recordings; one that has a recording still has one, without name."""
    pieces = f"string_split(d, {PART})"
    inner = f"string_split(p, {INSIDE})"
    part = (
        f"array_to_string(list_transform({inner}, (f, j) -> CASE WHEN j = {RECORDING_IN_PART} AND f <> '' "
        f"THEN '-' ELSE f END), {INSIDE})"
    )
    parts = f"array_to_string(list_transform({pieces}, p -> {part}), {PART})"
    phones = " ".join(f"WHEN event = '{event}' AND i = {place} THEN ''" for event, place in PHONE_OF.items())
    field = (
        f"CASE {phones} WHEN event = '{RECORD}' AND i = {NAME_IN_RECORD} THEN '' "
        f"WHEN event = '{RECORD}' AND i = {PARTS_IN_RECORD} THEN {parts} ELSE d END"
    )
    return f"array_to_string(list_transform(string_split(data, {FIELD}), (d, i) -> {field}), {FIELD})"


def hush_rejects(batch: Batch, rejects: pd.DataFrame) -> pd.DataFrame:
    """Rejected rows are kept without their text where it is a forgotten customer's."""
    if not (exists(batch, "main", "hers") and len(rejects)):
        return rejects
    con = batch.con
    con.register("rejects_frame", rejects.assign(n=range(len(rejects))))
    con.execute(
        f"""CREATE OR REPLACE TABLE refused_numbers AS SELECT DISTINCT n, {normal_phone("said")} AS number FROM
        (SELECT n, unnest(regexp_extract_all(concat_ws(' ', value, row_text), {quoted(NUMBERS)})) AS said
        FROM rejects_frame)"""
    )
    theirs = con.execute(
        f"""SELECT n FROM refused_numbers WHERE {digest(identity("number", "NULL", "NULL"))} IN
        (SELECT digest FROM control.forgotten) UNION SELECT n FROM rejects_frame WHERE {hangs(batch.feed.source)}"""
    ).fetchall()
    con.unregister("rejects_frame")
    kept = rejects.copy()
    kept.loc[kept.index[[n for (n,) in theirs]], ["value", "row_text"]] = None
    return kept


def hangs(source: str) -> str:
    """SQL: does a rejected row, named as in its source, hang on a row of hers, or would it be one?"""
    conditions = ["false"]
    for fact in FACTS.values():
        names = {c.given: c.target for c in fact.columns if c.name in fact.parents}
        names |= {"source_id": fact.name} if fact in NAMING else {}
        for name, target in names.items():
            text = "row_text::VARCHAR"
            said = f"CASE WHEN json_valid({text}) THEN trim(json_extract_string({text}, '$.{name}')) END"
            id = fact_id(quoted(target), quoted(source), said)
            theirs = f"""SELECT id FROM hers WHERE "table" = {quoted(target)}"""
            conditions.append(f"(table_name = {quoted(fact.name)} AND {id} IN ({theirs}))")
    return f"coalesce({' OR '.join(conditions)}, false)"
