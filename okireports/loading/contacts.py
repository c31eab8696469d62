"""Customers: one key per person and project, so that nobody joins across projects; numbers in a table of their own."""

from __future__ import annotations

from okireports.loading.batch import Batch, keyed, names
from okireports.loading.stored import exists, pull
from okireports.tables import FACTS, Fact

CONTACTS, SAYINGS = FACTS["contacts"], FACTS["sayings"]
NAMING = tuple(f for f in FACTS.values() if f.id and any(c.role == "contact" for c in f.columns))  # that name a person
PERSON = "(project_id, contact_key)"
WORDS = "contact_key, phone, name, email, fields"
SUM_OF_WORDS = "contact_key, max(phone) AS phone, max(name) AS name, max(email) AS email, max(fields) AS fields"


def prepare(batch: Batch) -> None:
    """What the rules for numbers need, and `told`: what the rows of this load say of people."""
    batch.con.execute("SET VARIABLE calling_code = $1", [batch.settings.get("calling_code", "")])
    batch.con.execute(
        """CREATE TABLE told
        (project_id BIGINT, contact_key BIGINT, phone VARCHAR, name VARCHAR, email VARCHAR, fields VARCHAR)"""
    )


def normal_phone(column: str) -> str:
    """SQL: a number in E.164 where it can be: without blanks and punctuation, `00` as `+`, the centre's own code."""
    digits = f"regexp_replace({column}, '[^0-9+]', '', 'g')"
    code = "getvariable('calling_code')"
    written = f"CASE WHEN regexp_full_match({column}, '[+][0-9]+') THEN {column} ELSE {{0}} END"
    return written.format(
        f"list_transform([{digits}], d -> CASE WHEN d IS NULL OR d IN ('', '+') THEN nullif(trim({column}), '') "
        f"WHEN d[1] = '+' THEN d WHEN d[1:2] = '00' THEN '+' || d[3:] "
        f"WHEN {code} <> '' THEN '+' || {code} || ltrim(d, '0') ELSE d END)[1]"
    )


def identity(given: set[str]) -> str:
    """SQL: what a person is known by: the number, else the customer's id in the source."""
    known = []
    if "phone" in given:
        known.append("'phone:' || _phone")
    if "contact" in given:
        known.append("'id:' || nullif(trim(_contact), '')")
    return f"coalesce({', '.join(known)})"


def contact_key(given: set[str]) -> str:
    """SQL: the key of a person in the row's project; NULL where nobody is known."""
    return keyed("'contact'", "project_id::VARCHAR", identity(given))


def gather(batch: Batch) -> None:
    """Make `fact.contacts`: the people whom this load names, one row each, beside what is known of them already.

    What an explicit row of `contacts` says stands for itself; what facts say adds up, whatever their order. Nobody
    stays known to a project that no row of theirs is left in.
    """
    for fact in NAMING:
        if batch.has(fact) and (words := saying(batch, fact)):
            batch.con.execute(
                f"INSERT INTO told SELECT project_id, {SUM_OF_WORDS} FROM ({words}) GROUP BY project_id, contact_key"
            )
    keep_sayings(batch)
    find_departed(batch)
    explicit = batch.has(CONTACTS)
    own = "SELECT project_id, contact_key FROM fact.contacts" if explicit else "SELECT 0, 0 WHERE false"
    batch.con.execute(f"CREATE TABLE own_contacts AS {own}")
    concerned = "SELECT project_id, contact_key FROM told UNION FROM departed UNION FROM own_contacts"
    if not batch.count(f"SELECT count(*) FROM ({concerned})"):
        return
    pull(batch, CONTACTS, f"{PERSON} IN (SELECT {PERSON} FROM ({concerned}))", "before.contacts")
    batch.con.execute(
        f"""INSERT INTO told SELECT project_id, {WORDS} FROM before.contacts
        WHERE source IS NULL AND project_id <> 0 AND {PERSON} NOT IN (SELECT {PERSON} FROM departed)"""
    )
    batch.empty(CONTACTS)
    batch.widen(CONTACTS)
    batch.con.execute(
        f"""INSERT INTO fact.contacts ({names(CONTACTS)}{", _row" if explicit else ""})
        SELECT project_id, {SUM_OF_WORDS}, {batch.load_id}, NULL, NULL {", NULL" if explicit else ""} FROM told
        WHERE {PERSON} NOT IN (SELECT {PERSON} FROM own_contacts)
        AND {PERSON} NOT IN (SELECT {PERSON} FROM before.contacts WHERE source IS NOT NULL)
        GROUP BY project_id, contact_key"""
    )
    batch.con.execute(
        f"""DELETE FROM before.contacts WHERE source IS NOT NULL
        AND {PERSON} NOT IN (SELECT {PERSON} FROM own_contacts)"""
    )  # they stay as they are


def saying(batch: Batch, fact: Fact) -> str:
    """SQL of what each row of one table says of a person; '' where none says anything."""
    there = batch.held(fact)
    if not {"_phone", "_contact"} & there:
        return ""
    said = {c: c if c in there else "NULL::VARCHAR" for c in ("_phone", "_contact", "_contact_name", "_email")}
    customer = f"nullif(trim({said['_contact']}), '')"
    fields = f"CASE WHEN {customer} IS NOT NULL THEN json_object('contact', {customer})::VARCHAR END"
    return (
        f'SELECT project_id, "{fact.id}" AS fact_id, contact_key, {said["_phone"]} AS phone, '
        f"{said['_contact_name']} AS name, {said['_email']} AS email, {fields} AS fields "
        f'FROM fact."{fact.name}" WHERE contact_key IS NOT NULL AND _row IS NOT NULL'
    )


def keep_sayings(batch: Batch) -> None:
    """Keep what each row of no project says apart, and add what the other rows of no project say of the same people.

    A row may leave for its project later: then it takes along what it said itself, and nothing that others said.
    """
    batch.empty(SAYINGS)
    for fact in NAMING:
        if batch.has(fact) and (words := saying(batch, fact)):
            batch.con.execute(
                f"""INSERT INTO fact.sayings SELECT 0, fact_id, {WORDS}, {batch.load_id}, NULL, NULL FROM ({words})
                WHERE project_id = 0"""
            )
    mine = ["SELECT 0 WHERE false"]  # of the rows that are said anew, or belong to a project now
    for fact in NAMING:
        if batch.has(fact):
            anew = "_row IS NOT NULL OR" if "_row" in batch.held(fact) else ""
            mine.append(f'SELECT "{fact.id}" FROM fact."{fact.name}" WHERE {anew} project_id <> 0')
    if exists(batch, "withdrawn", "calls"):
        mine.append("SELECT id FROM withdrawn.calls")
    pull(batch, SAYINGS, f"fact_id IN ({' UNION ALL '.join(mine)})", "before.sayings")
    people = "SELECT contact_key FROM told WHERE project_id = 0 UNION SELECT contact_key FROM before.sayings"
    pull(
        batch,
        SAYINGS,
        f"contact_key IN ({people}) AND fact_id NOT IN (SELECT fact_id FROM before.sayings)",
        "other_sayings",
    )
    batch.con.execute(f"INSERT INTO told SELECT 0, {WORDS} FROM other_sayings")


def find_departed(batch: Batch) -> None:
    """Make `departed`: the people in projects (or none) that a row leaves, and where no row of theirs is left."""
    batch.con.execute(
        """CREATE TABLE departed AS SELECT DISTINCT 0::BIGINT AS project_id, contact_key FROM before.sayings
        WHERE contact_key NOT IN (SELECT contact_key FROM told WHERE project_id = 0)"""
    )
    for fact in NAMING:
        if batch.has(fact):
            same = f'f."{fact.id}" = b."{fact.id}" AND f.project_id = b.project_id AND f.contact_key = b.contact_key'
            batch.con.execute(
                f"""INSERT INTO departed SELECT DISTINCT project_id, contact_key FROM before."{fact.name}" b
                WHERE contact_key IS NOT NULL AND project_id <> 0
                AND NOT EXISTS (FROM fact."{fact.name}" f WHERE {same})
                AND {PERSON} NOT IN (SELECT {PERSON} FROM told)"""
            )
    for fact in NAMING:
        if not batch.count("SELECT count(*) FROM departed WHERE project_id <> 0"):
            return
        gone = f'AND "{fact.id}" NOT IN (SELECT "{fact.id}" FROM fact."{fact.name}")' if batch.has(fact) else ""
        left = f"project_id <> 0 AND {PERSON} IN (SELECT {PERSON} FROM departed) {gone}"
        pull(batch, fact, left, "staying", columns=("project_id", "contact_key"))
        batch.con.execute(f"DELETE FROM departed WHERE {PERSON} IN (SELECT {PERSON} FROM staying)")
