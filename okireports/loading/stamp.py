"""Values become facts of the model: local time to UTC, names to ids, and each row to the project that owns it.

A row belongs to the project that owned its queue (else dialer, scenario, form) when it started, else to its parent's;
what no rule places belongs to no project (0).
"""

from __future__ import annotations

from collections.abc import Mapping

from okireports import clock
from okireports.disk.folder import quoted
from okireports.loading import arrival, plausible, thresholds
from okireports.loading.batch import Batch, fact_id, keyed
from okireports.loading.contacts import contact_key, normal_phone
from okireports.loading.names import login_fault
from okireports.loading.stored import pull
from okireports.loading.typed import reject
from okireports.tables import FACTS, Column, Fact

ALWAYS_HELD = (
    "contact_key",
    "interaction_id",
    "episode_key",
    "operator_id",
    "talk_ms",
    "hold_ms",
    "transfer_to_call_id",
)
NAMED = 20  # names that nothing declares, of one column, that a load names one by one
PLANNED = ("shifts",)  # what may lie ahead
OWNERS = """SELECT object_id, project_id,
coalesce(valid_from, TIMESTAMP '0001-01-01') AS since, coalesce(valid_to, TIMESTAMP '9999-12-31') AS until
FROM control.project_objects JOIN control.objects USING (object_id)
WHERE kind IN ('queue', 'dialer', 'scenario', 'crm_form')"""


def prepare(batch: Batch) -> None:
    """The small tables that stamping looks things up in: people, things, owners, targets, projects by name."""
    run = batch.con.execute
    run("SET VARIABLE secret = $1", [batch.secret])
    run(
        """CREATE TABLE people AS
        SELECT lower(login) AS ref, user_id FROM control.users UNION ALL
        SELECT lower(name), min(user_id) FROM control.users u WHERE name IS NOT NULL
        AND NOT EXISTS (FROM control.users o WHERE lower(o.login) = lower(u.name))
        GROUP BY lower(name) HAVING count(*) = 1"""
    )
    run("CREATE TABLE things AS SELECT kind, name AS ref, object_id FROM control.objects")
    run(f"CREATE TABLE owners AS {OWNERS}")
    thresholds.prepare(batch)
    run("CREATE TABLE clients AS SELECT name AS ref, project_id FROM control.projects WHERE archived_at IS NULL")


def localise(batch: Batch, fact: Fact) -> None:
    """Local clock times become UTC, by the zone's rules in force; doubtful ones are counted, or rejected on demand."""
    columns = batch.columns(f'typed."{fact.name}"')
    for name in sorted(c.removeprefix("_local_") for c in columns if c.startswith("_local_")):
        table, of = f'typed."{fact.name}"', f'"_local_{name}"'
        span = batch.con.execute(f'SELECT min("{name}"), max("{name}") FROM {table} WHERE {of}').fetchone()
        if span and span[0] is not None:
            rules = clock.local_offsets(batch.zone, span[0], span[1])
            for rule in rules:
                if rule.kind == "plain":
                    continue
                from_, to = f"TIMESTAMP '{rule.start_local}'", f"TIMESTAMP '{rule.end_local}'"
                within = f't."{name}" >= {from_} AND t."{name}" < {to} AND t.{of}'
                if batch.ambiguous == "reject":
                    reject(batch, fact, within, f"this local time is {rule.kind} in {batch.zone}", name)
                elif count := batch.count(f"SELECT count(*) FROM {table} t WHERE {within}"):
                    batch.notes[f"{rule.kind} local time taken as the {batch.ambiguous} one"] += count
            later = batch.ambiguous == "later"
            offsets = [rule.later_offset_ms if later else rule.offset_ms for rule in rules]
            shift = " ".join(
                f"WHEN \"{name}\" < TIMESTAMP '{rule.end_local}' THEN {offset}"
                for rule, offset in zip(rules[:-1], offsets, strict=False)
            )
            case = f"CASE {shift} ELSE {offsets[-1]} END" if shift else str(offsets[-1])
            batch.con.execute(f'UPDATE {table} SET "{name}" = "{name}" - to_milliseconds({case}) WHERE {of}')
        batch.con.execute(f'ALTER TABLE {table} DROP COLUMN "_local_{name}"')


def refuse_rows(batch: Batch, fact: Fact) -> None:
    """Rows that contradict themselves, name no known project, or stand twice with different content."""
    given = batch.columns(f'typed."{fact.name}"')
    if fact.start in given and fact.end in given:
        reject(batch, fact, f't."{fact.end}" < t."{fact.start}"', "it ends before it starts", fact.end)
    if fact.start in given and fact.name not in PLANNED:
        refuse_future(batch, fact)
    if "project" in given:
        unknown = "t.project IS NOT NULL AND t.project NOT IN (SELECT ref FROM clients)"
        reject(batch, fact, unknown, "there is no such project", "project")
    plausible.refuse_off_scale(batch, fact, given)
    settle_doubles(batch, fact, given)


def refuse_future(batch: Batch, fact: Fact) -> None:
    """What happened cannot have begun after it is loaded.

    Less than a day ahead is another clock or zone, and is counted. More is a misprint (a year; day and month swapped)
    and would stretch, say, the operator's status before it to that day: it is rejected.
    """
    start, now = f't."{fact.start}"', f"{quoted(batch.now.isoformat())}::TIMESTAMP"
    reject(batch, fact, f"{start} > {now} + INTERVAL 1 DAY", "it starts more than a day after it is loaded", fact.start)
    if ahead := batch.count(f'SELECT count(*) FROM typed."{fact.name}" t WHERE {start} > {now}'):
        batch.notes[f"{fact.name} that start after they are loaded, by less than a day: is the zone right?"] += ahead


def settle_doubles(batch: Batch, fact: Fact, given: set[str]) -> None:
    """A row that stands twice counts once; the same id with different content is rejected, since nobody knows which."""
    key = [k for k in (fact.key or ("source_id",)) if k in given]
    key += [k for k in ("project",) if fact.name == "statuses" and {"masked", k} <= given]
    key += [k for k in ("phone", "contact") if fact.name == "contacts" and k in given]
    table = f'typed."{fact.name}"'
    if fact.name == "contacts" and "phone" in given:  # of two spellings of one number nobody knows which row counts
        batch.con.execute(f"UPDATE {table} SET phone = {normal_phone('phone')}")
    if "operator" in key:  # by name or login, it is one person
        batch.con.execute(
            f"""UPDATE {table} t SET operator = u.login FROM people p JOIN control.users u USING (user_id)
            WHERE p.ref = lower(t.operator) AND t.operator <> u.login"""
        )
    said = {k: f'lower(t."{k}")' if k == "operator" else f't."{k}"' for k in key}
    columns, keys = ", ".join(f'"{k}"' for k in key), ", ".join(f'{sql} AS "{k}"' for k, sql in said.items())
    batch.con.execute(
        f"""CREATE OR REPLACE TABLE doubled AS SELECT {keys} FROM {table} t GROUP BY {", ".join(said.values())}
        HAVING count(*) > 1"""
    )
    if not batch.count("SELECT count(*) FROM doubled"):
        return
    same = " AND ".join(f'd."{k}" IS NOT DISTINCT FROM {sql}' for k, sql in said.items())
    if batch.later_wins:
        doubles = f"SELECT {keys}, _row FROM {table} t WHERE EXISTS (FROM doubled d WHERE {same})"
        arrival.keep_last(batch, fact, doubles, columns)
        return
    batch.con.execute(
        f"""CREATE OR REPLACE TABLE twice AS SELECT _row, count(DISTINCT content) OVER w AS contents,
        row_number() OVER (PARTITION BY {columns} ORDER BY _row) AS nth FROM (
        SELECT {keys}, _row, hash(({", ".join(f't."{c}"' for c in sorted(given - {"_row", "_file"}))})) AS content
        FROM {table} t WHERE EXISTS (FROM doubled d WHERE {same}))
        WINDOW w AS (PARTITION BY {columns})"""
    )
    reject(
        batch,
        fact,
        "t._row IN (SELECT _row FROM twice WHERE contents > 1)",
        f"the same {', '.join(key)} stands in this load with different content",
        key[0] if key[0] in given else None,
    )
    again = batch.count(f"DELETE FROM {table} WHERE _row IN (SELECT _row FROM twice WHERE nth > 1)")
    if again:
        batch.notes[f"{fact.name}: repeated rows, each counted once"] += again


def stamp(batch: Batch, fact: Fact) -> None:
    """Make `fact.<name>`: rows of the model, each with the project that owns it."""
    given = batch.columns(f'typed."{fact.name}"')
    joins, ids = references(fact, given, quoted(batch.feed.source))
    parents = place_parents(batch, fact, ids)
    owners = [f"o_{c.name}.project_id" for c in fact.placing if c.given in given]
    placed = ["clients.project_id"] if "project" in given else []
    project = f"coalesce({', '.join([*placed, *owners, *parents, '0::BIGINT'])})"
    if batch.settings["security"] == "simplified":
        project = "1::BIGINT"
    joins += ["LEFT JOIN clients ON clients.ref = t.project"] if "project" in given else []
    at = f't."{fact.start}"' if fact.start else "now()::TIMESTAMP"
    for column in fact.placing:
        if column.given in given:
            o = f"o_{column.name}"
            joins.append(
                f"LEFT JOIN owners {o} ON {o}.object_id = {ids[column.name]} AND {at} >= {o}.since AND {at} < {o}.until"
            )
    for parent in fact.parents:
        if parent in ids:
            joins.append(f"LEFT JOIN placed_{parent} p_{parent} ON p_{parent}.id = {ids[parent]}")
    if fact.name in ("calls", "dialogues") and "queue" in given:
        joins.append(
            f"LEFT JOIN goals ON goals.queue_id = {ids['queue_id']} AND {at} >= goals.since AND {at} < goals.until"
        )
    values = [f"{project} AS project_id"]
    for column in fact.columns:
        value = value_of(batch, fact, column, given, ids)
        if not value.startswith("NULL::") or column.name in ALWAYS_HELD:  # what no row fills takes no memory
            values.append(f'{value} AS "{column.name}"')
    values += [f"{batch.load_id}::BIGINT AS load_id", f"{quoted(batch.feed.source)} AS source"]
    values.append("t.source_id" if "source_id" in given else "NULL::VARCHAR AS source_id")
    values += [f'{extra} AS "{name}"' for name, extra in extras(given).items()]
    select = f'SELECT {", ".join(values)} FROM typed."{fact.name}" t {" ".join(joins)}'
    batch.con.execute(f'CREATE TABLE fact."{fact.name}" AS {with_keys(fact, given, select)}')
    name_unknown(batch, fact, given)


def references(fact: Fact, given: set[str], source: str) -> tuple[list[str], dict[str, str]]:
    """The joins that turn names into ids, and SQL of each id."""
    joins, ids = [], {}
    for column in fact.columns:
        if column.given not in given or column.given is None:
            continue
        ref = f"r_{column.name}"
        if column.role == "person":
            joins.append(f'LEFT JOIN people {ref} ON {ref}.ref = lower(t."{column.given}")')
            ids[column.name] = f"{ref}.user_id"
        elif column.role == "object":
            joins.append(
                f'LEFT JOIN things {ref} ON {ref}.kind = {quoted(column.target)} AND {ref}.ref = t."{column.given}"'
            )
            ids[column.name] = f"{ref}.object_id"
        elif column.role == "fact":
            ids[column.name] = fact_id(quoted(column.target), source, f't."{column.given}"')
    return joins, ids


def place_parents(batch: Batch, fact: Fact, ids: Mapping[str, str]) -> list[str]:
    """Look up where parents belong: among the rows of this load, else among the published ones."""
    found = []
    for name in fact.parents:
        if name not in ids:
            continue
        parent = FACTS[next(c.target for c in fact.columns if c.name == name)]
        placed, typed = f"placed_{name}", f'typed."{fact.name}"'
        known = f'SELECT "{parent.id}" AS id, project_id FROM fact."{parent.name}"'
        none = "SELECT 0::BIGINT AS id, 0::BIGINT AS project_id WHERE false"
        batch.con.execute(f"CREATE OR REPLACE TABLE {placed} AS {known if batch.has(parent) else none}")
        missing = f"SELECT {ids[name]} AS id FROM {typed} t ANTI JOIN {placed} p ON p.id = {ids[name]}"
        batch.con.execute(
            f"CREATE OR REPLACE TABLE missing AS SELECT DISTINCT id FROM ({missing}) WHERE id IS NOT NULL"
        )
        wanted = f'"{parent.id}" IN (SELECT id FROM missing)'
        pull(batch, parent, wanted, "found", columns=("project_id", str(parent.id)))
        batch.con.execute(f'INSERT INTO {placed} SELECT "{parent.id}", project_id FROM found')
        found.append(f"nullif(p_{name}.project_id, 0)")
    return found


def value_of(batch: Batch, fact: Fact, column: Column, given: set[str], ids: Mapping[str, str]) -> str:
    """SQL of one column of the model."""
    source = quoted(batch.feed.source)
    null = f"NULL::{column.type}"
    if column.role == "own":
        return own_id(fact, source, given)
    if column.name == "transfer_to_call_id":
        return null
    if column.name in ids:
        return ids[column.name]
    if column.role == "stamped":
        return thresholds.stamped(batch, fact, column, given)
    if column.role in ("contact", "interaction"):
        return null
    if fact.name == "calls" and column.name in ("wait_ms", "talk_ms"):
        return computed(column.name, given)
    if fact.name == "contacts" and column.name == "phone" and "phone" in given:
        return normal_phone("t.phone")
    if column.name in ("went_to_other", "came_from_other", "masked"):
        return f'coalesce(t."{column.given}", false)' if column.given in given else "false"
    return f't."{column.given}"::{column.type}' if column.given in given else null


def own_id(fact: Fact, source: str, given: set[str]) -> str:
    """SQL of the row's own id: a hash of its table, source and source's id, or of its key."""
    table = quoted(fact.name)
    if not fact.key:
        return fact_id(table, source, "t.source_id")
    parts = {
        "call": "t.call",
        "operator": "coalesce(r_operator_id.user_id::VARCHAR, lower(t.operator))",
        "step_no": "t.step_no::VARCHAR",
        "started_at": "epoch_ms(t.started_at)::VARCHAR",
    }
    kind = f"CASE WHEN t.masked THEN 'masked' ELSE {table} END" if "masked" in given else table
    return fact_id(kind, source, *(parts[k] for k in fact.key))


def computed(name: str, given: set[str]) -> str:
    """SQL of a duration: as given, else from the instants where they allow it; never negative."""
    at = {c: (f"t.{c}" if c in given else "NULL::TIMESTAMP") for c in ("queued_at", "answered_at", "ended_at")}
    hold = "coalesce(t.hold_s, 0)" if "hold_s" in given else "0"
    if name == "wait_ms":
        said, length = (
            "wait_s",
            f"epoch_ms(coalesce({at['answered_at']}, {at['ended_at']})) - epoch_ms({at['queued_at']})",
        )
    else:
        said, length = "talk_s", f"epoch_ms({at['ended_at']}) - epoch_ms({at['answered_at']}) - {hold}"
    worked_out = f"CASE WHEN {length} >= 0 THEN {length} END"
    return f"coalesce(t.{said}, {worked_out})" if said in given else worked_out


def extras(given: set[str]) -> dict[str, str]:
    """What later steps split off: columns with an underscore, which are not stored."""
    plain = ("phone", "contact", "contact_name", "email", "cost", "currency", "recording", "recording_bytes")
    told = {f"_{name}": f't."{name}"' for name in (*plain, "transfer_to", "interaction") if name in given}
    if "phone" in given:
        told["_phone"] = normal_phone("t.phone")
    told |= {f"_{name}": f't."{name}"' for name in ("went_to_other", "came_from_other") if name in given}
    return told | {"_row": "t._row"}


def with_keys(fact: Fact, given: set[str], select: str) -> str:
    """SQL of the rows with the keys that depend on the project: of the customer and of the interaction."""
    keys = {}
    if {"phone", "contact"} & given and any(c.role == "contact" for c in fact.columns):
        keys["contact_key"] = contact_key(given)
    if fact.name == "calls":
        other = fact_id("'calls'", "source", "_interaction") if "interaction" in given else "NULL"
        keys["interaction_id"] = interaction_id(f"coalesce({other}, call_id)")
    if fact.name == "statuses":
        started = "epoch_ms(started_at)::VARCHAR"
        keys["episode_key"] = (
            f"CASE WHEN masked THEN {keyed(chr(39) + 'episode' + chr(39), 'operator_id::VARCHAR', started)} END"
        )
    if not keys:
        return select
    replaced = ", ".join(f'{sql} AS "{name}"' for name, sql in keys.items())
    return f"SELECT * REPLACE ({replaced}) FROM ({select})"


def interaction_id(interaction_key: str) -> str:
    """SQL: the interaction as this project knows it."""
    return keyed("'interaction'", "project_id::VARCHAR", f"({interaction_key})::VARCHAR")


def name_unknown(batch: Batch, fact: Fact, given: set[str]) -> None:
    """Name what rows point at and nothing declares: they are loaded without it."""
    for column in fact.columns:
        if column.role not in ("person", "object") or column.given not in given:
            continue
        rows = batch.con.execute(
            f"""SELECT t."{column.given}", count(*) FROM typed."{fact.name}" t
            JOIN fact."{fact.name}" f ON f._row = t._row AND f."{column.name}" IS NULL
            WHERE t."{column.given}" IS NOT NULL GROUP BY ALL ORDER BY ALL"""
        ).fetchall()
        for name, count in rows[:NAMED]:
            batch.notes[f"{column.given} {name!r} is not declared: {fact.name} rows without it"] += count
        if more := rows[NAMED:]:
            said = (
                f"{len(more):,} further names in column {column.given} are not declared: {fact.name} rows without them"
            )
            batch.notes[said] += sum(count for _, count in more)


def create_missing(batch: Batch) -> list[tuple[str, str]]:
    """Declare the people and objects that facts name and nothing declares; objects then belong to no project.

    Returns:
        The (kind, name) of each, for the change log.
    """
    made: list[tuple[str, str]] = []
    for name in batch.feed.tables:
        fact = FACTS.get(name)
        if fact is None:
            continue
        given = batch.columns(batch.feed.tables[name])
        for column in fact.columns:
            if column.given not in given or column.role not in ("person", "object"):
                continue
            ref = f'trim("{column.given}"::VARCHAR)'
            refs = f"SELECT DISTINCT {ref} AS ref FROM {batch.feed.tables[name]} WHERE {ref} <> ''"
            if column.role == "person":
                known = "SELECT 1 FROM control.users u WHERE lower(u.login) = lower(ref) OR lower(u.name) = lower(ref)"
                sql = """INSERT INTO control.users SELECT (SELECT coalesce(max(user_id), 0) FROM control.users)
                + row_number() OVER (ORDER BY ref), ref, NULL, NULL, 'Operator', true"""
            else:
                known = f"SELECT 1 FROM control.objects o WHERE o.kind = {quoted(column.target)} AND o.name = ref"
                sql = f"""INSERT INTO control.objects SELECT (SELECT coalesce(max(object_id), 0) FROM control.objects)
                + row_number() OVER (ORDER BY ref), {quoted(column.target)}, ref, NULL, NULL"""
            unknown = f"SELECT min(ref) AS ref FROM ({refs}) WHERE NOT EXISTS ({known}) GROUP BY "
            unknown += "lower(ref)" if column.role == "person" else "ref"
            new = [ref for (ref,) in batch.con.execute(f"SELECT ref FROM ({unknown}) ORDER BY ref").fetchall()]
            if column.role == "person":
                new = [ref for ref in new if not login_fault(ref)]
            if new:
                batch.con.execute(f"{sql} FROM (SELECT unnest($1) AS ref)", [new])
                made += [("user" if column.role == "person" else column.target, ref) for ref in new]
    return made
