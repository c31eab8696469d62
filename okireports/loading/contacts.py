"""Customers: one key per person and project, so that nobody joins across projects; numbers in a table of their own."""

from __future__ import annotations

from okireports.loading.batch import Batch, keyed, names
from okireports.loading.stored import pull
from okireports.tables import FACTS

CONTACTS = FACTS["contacts"]


def prepare(batch: Batch) -> None:
    """What the rules for numbers need, and `told`: what the rows of this load say of people."""
    batch.con.execute("SET VARIABLE calling_code = $1", [batch.settings.get("calling_code", "")])
    batch.con.execute(
        "CREATE TABLE told (project_id BIGINT, contact_key BIGINT, phone VARCHAR, name VARCHAR, email VARCHAR, fields VARCHAR)"
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


def identity(given: set[str], prefix: str = "_") -> str:
    """SQL: what a person is known by: the number, else the customer's id in the source."""
    known = []
    if "phone" in given:
        known.append(f"'phone:' || {prefix}phone")
    if "contact" in given:
        known.append(f"'id:' || nullif(trim({prefix}contact), '')")
    return f"coalesce({', '.join(known)})"


def contact_key(given: set[str]) -> str:
    """SQL: the key of a person in the row's project; NULL where nobody is known."""
    return keyed("'contact'", "project_id::VARCHAR", identity(given))


def gather(batch: Batch) -> None:
    """Make `fact.contacts`: the people whom this load names, one row each, beside what is known of them already.

    What an explicit row of `contacts` says stands for itself; what facts say adds up, whatever their order.
    """
    told = []
    for fact in FACTS.values():
        if fact.name == "contacts" or fact.internal or not batch.has(fact):
            continue
        there = {str(name) for name, *_ in batch.con.execute(f'DESCRIBE fact."{fact.name}"').fetchall()}
        if "contact_key" in there and {"_phone", "_contact"} & there:
            told.append(saying(fact.name, there))
    explicit = batch.has(CONTACTS)
    for words in told:
        batch.con.execute(f"INSERT INTO told {words}")
    if not explicit and not batch.count("SELECT count(*) FROM told"):
        return
    own = "SELECT project_id, contact_key FROM fact.contacts" if explicit else "SELECT 0, 0 WHERE false"
    batch.con.execute(f"CREATE TABLE own_contacts AS {own}")
    pull(batch, CONTACTS, f"(project_id, contact_key) IN (SELECT (project_id, contact_key) FROM (SELECT project_id, contact_key FROM told UNION {own}))", "before.contacts")
    batch.con.execute(
        "INSERT INTO told SELECT project_id, contact_key, phone, name, email, fields FROM before.contacts WHERE source IS NULL"
    )
    batch.empty(CONTACTS)
    batch.widen(CONTACTS)
    batch.con.execute(
        f"""INSERT INTO fact.contacts ({names(CONTACTS)}{', _row' if explicit else ''})
        SELECT project_id, contact_key, max(phone), max(name), max(email), max(fields), {batch.load_id}, NULL, NULL
        {', NULL' if explicit else ''} FROM told
        WHERE (project_id, contact_key) NOT IN (SELECT (project_id, contact_key) FROM own_contacts)
        AND (project_id, contact_key) NOT IN (SELECT (project_id, contact_key) FROM before.contacts WHERE source IS NOT NULL)
        GROUP BY project_id, contact_key"""
    )
    batch.con.execute(
        """DELETE FROM before.contacts WHERE source IS NOT NULL
        AND (project_id, contact_key) NOT IN (SELECT (project_id, contact_key) FROM own_contacts)"""
    )  # they stay as they are


def saying(table: str, there: set[str]) -> str:
    """SQL of what the rows of one table say of people."""
    phone = "_phone" if "_phone" in there else "NULL::VARCHAR"
    fields = (
        "CASE WHEN nullif(trim(_contact), '') IS NOT NULL THEN json_object('contact', trim(_contact))::VARCHAR END"
        if "_contact" in there
        else "NULL::VARCHAR"
    )
    name = "_contact_name" if "_contact_name" in there else "NULL::VARCHAR"
    email = "_email" if "_email" in there else "NULL::VARCHAR"
    return (
        f"SELECT project_id, contact_key, max({phone}) AS phone, max({name}) AS name, max({email}) AS email, "
        f'max({fields}) AS fields FROM fact."{table}" WHERE contact_key IS NOT NULL GROUP BY project_id, contact_key'
    )
