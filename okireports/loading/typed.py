"""Text becomes values: one pass over the raw rows; what cannot be read is a rejected row with its column and value."""

from __future__ import annotations

from dataclasses import dataclass

from okireports.disk.folder import quoted
from okireports.loading.batch import Batch
from okireports.tables import OUTCOMES, Column, Fact

EARLIEST, LATEST = -2_208_902_400_000_000, 7_258_032_000_000_000  # µs: 1900-01-02, 2199-12-31; misprints lie outside
UTC_ENDS = ("Z", "z", "UTC", "+00:00", "-00:00", "+0000", "-0000", "+00")  # an offset of nothing


@dataclass(frozen=True)
class Reading:
    """How a raw column is read: SQL of its value, whether reading can fail, and SQL of whether it is local time.

    `first` are columns that value and local are worked out of: each is computed once.
    """

    name: str
    value: str
    can_fail: bool = True
    local: str | None = None
    first: tuple[tuple[str, str], ...] = ()


def type_rows(batch: Batch, fact: Fact) -> None:
    """Make `typed.<name>` of `raw.<name>`: values, with `_row` and `_file`; what cannot be read is rejected."""
    raw = batch.feed.tables[fact.name]
    kinds = {str(name): str(kind) for name, kind, *_ in batch.con.execute(f"DESCRIBE {raw}").fetchall()}
    given = {name: column for name, column in fact.given.items() if name in kinds}
    readings = [read_column(name, column, kinds[name]) for name, column in given.items()]
    needed = fact.required - {"outcome"}
    unread = '"{0}" IS NULL AND nullif(trim("_raw_{0}"), \'\') IS NOT NULL'
    faults = [(r.name, unread.format(r.name), "the value cannot be read") for r in readings if r.can_fail]
    faults += [(r.name, f'"{r.name}" IS NULL', "a value is missing") for r in readings if r.name in needed]
    case = " ".join(f"WHEN {test} THEN {index}" for index, (_, test, _) in enumerate(faults))
    first = [f'{sql} AS "{name}"' for r in readings for name, sql in r.first]
    values = [f'{r.value} AS "{r.name}"' for r in readings]
    values += [f'raw."{r.name}"::VARCHAR AS "_raw_{r.name}"' for r in readings if r.can_fail]
    values += [f'{r.local} AS "_local_{r.name}"' for r in readings if r.local]
    kept = [f'"{r.name}"' for r in readings] + [f'"_local_{r.name}"' for r in readings if r.local]
    batch.con.execute(
        f"""CREATE TABLE typed."{fact.name}" AS SELECT {", ".join(kept)}, _row, _file,
        {f"CASE {case} END" if faults else "NULL"}::SMALLINT AS _fault
        FROM (SELECT {", ".join(values)}, _row, _file FROM (
        SELECT {", ".join([*first, "*"])}, rowid AS _row FROM {raw}) raw)"""
    )
    for index, (column, _, reason) in enumerate(faults):
        reject(batch, fact, f"_fault = {index}", reason, column)
    batch.con.execute(f'ALTER TABLE typed."{fact.name}" DROP COLUMN _fault')
    count_negative(batch, fact, given)


def reject(batch: Batch, fact: Fact, where: str, reason: str, column: str | None = None) -> int:
    """Take rows out of `typed` and keep them, as they came, with the reason."""
    if not batch.count(f'SELECT count(*) FROM typed."{fact.name}" t WHERE {where}'):
        return 0
    raw = batch.feed.tables[fact.name]
    value = f'CAST(raw."{column}" AS VARCHAR)' if column else "NULL"
    kept = batch.count(
        f"""INSERT INTO rejected SELECT {quoted(fact.name)}, t._row, {quoted(column) if column else "NULL"}, {value},
        {quoted(reason)}, to_json(raw)::VARCHAR FROM {raw} raw JOIN typed."{fact.name}" t ON raw.rowid = t._row
        WHERE {where}"""
    )
    batch.con.execute(f'DELETE FROM typed."{fact.name}" t WHERE {where}')
    return kept


def read_column(name: str, column: Column | None, kind: str) -> Reading:
    """How one raw column is read."""
    raw = f'"{name}"'
    if column is None:
        type = {"cost": "DECIMAL(18,6)", "recording_bytes": "BIGINT"}.get(name, "VARCHAR")
        return number(name, type) if type != "VARCHAR" else Reading(name, tidy(raw), can_fail=False)
    if column.role in ("own", "person", "object", "fact", "interaction"):
        return Reading(name, tidy(f"{raw}::VARCHAR"), can_fail=False)
    if column.type == "TIMESTAMP":
        return instant(name, kind)
    if column.duration:
        value = f"TRY_CAST(round(TRY_CAST({raw} AS DOUBLE) * 1000) AS BIGINT)"
        return Reading(name, value)
    if column.type == "BOOLEAN":
        value = f"TRY_CAST({tidy(raw + '::VARCHAR')} AS BOOLEAN)"
        return Reading(name, value)
    if column.type == "VARCHAR":
        return Reading(name, f"nullif({raw}::VARCHAR, '')", can_fail=False)
    return number(name, column.type)


def number(name: str, type: str) -> Reading:
    """A number; of whole ones nothing is rounded away."""
    raw = f'"{name}"'
    exact = f"TRY_CAST({tidy(raw + '::VARCHAR')} AS DECIMAL(38,6))"
    value = (
        f"CASE WHEN {exact} = floor({exact}) THEN TRY_CAST({exact} AS BIGINT) END"
        if type == "BIGINT"
        else (f"TRY_CAST({tidy(raw + '::VARCHAR')} AS {type})")
    )
    return Reading(name, value)


def instant(name: str, kind: str) -> Reading:
    """An instant: with an offset it becomes UTC here, without one it stays local until the zone's rules are known."""
    raw = f'"{name}"'
    if kind.startswith("TIMESTAMP WITH TIME ZONE"):
        return Reading(name, in_ms(f"make_timestamp(epoch_us({raw}))"), can_fail=False)
    if kind.startswith(("TIMESTAMP", "DATE")):
        return Reading(name, in_ms(f"{raw}::TIMESTAMP"), False, f"{raw} IS NOT NULL")
    text, zoned, plain = f"{raw}::VARCHAR", f"_zoned_{name}", f"_plain_{name}"
    first = (
        (zoned, f"epoch_us(TRY_CAST({text} AS TIMESTAMPTZ))"),  # heeds an offset, takes what has none for UTC
        (plain, f"epoch_us(TRY_CAST({text} AS TIMESTAMP))"),  # overlooks an offset
    )
    trimmed = f"epoch_us(TRY_CAST(trim({text}) AS TIMESTAMPTZ))"
    read = f'coalesce("{zoned}", CASE WHEN {raw} IS NOT NULL THEN {trimmed} END)'
    whole = f"make_timestamp(({read} + 500) // 1000 * 1000)"
    value = f"CASE WHEN {read} BETWEEN {EARLIEST} AND {LATEST} THEN {whole} END"
    spelt_utc = " OR ".join(f"trim({text}) LIKE '%{end}'" for end in UTC_ENDS)
    rare = f"WHEN {raw} IS NOT NULL THEN epoch_us(TRY_CAST(trim({text}) AS TIMESTAMP)) = {trimmed}"
    naive = f'CASE WHEN "{zoned}" IS NOT NULL THEN "{zoned}" = "{plain}" {rare} END'
    return Reading(name, value, True, f"CASE WHEN {naive} THEN NOT ({spelt_utc}) ELSE false END", first)


def in_ms(at: str) -> str:
    """Rounded to whole milliseconds."""
    return f"make_timestamp((epoch_us({at}) + 500) // 1000 * 1000)"


def tidy(text: str) -> str:
    """Without blanks at its ends; nothing left is NULL. Looking for blanks costs a fifth of taking them off."""
    blank = f"{text} LIKE ' %' OR {text} LIKE '% ' OR strlen({text}) <> length({text})"  # blanks are not all ASCII
    return f"CASE WHEN {blank} THEN nullif(trim({text}), '') ELSE nullif({text}, '') END"


def count_negative(batch: Batch, fact: Fact, given: dict[str, Column | None]) -> None:
    """A duration that a source gives as negative is not known; it is counted."""
    for name, column in given.items():
        if column and column.duration:
            kept = batch.count(f'UPDATE typed."{fact.name}" SET "{name}" = NULL WHERE "{name}" < 0')
            if kept:
                batch.notes[f"negative {name} taken as not known"] += kept


def tidy_words(batch: Batch, fact: Fact) -> None:
    """Words of closed lists in their one spelling; an unknown outcome becomes `other`, other words a reject."""
    given = batch.columns(f'typed."{fact.name}"')
    for name, words in fact.words.items():
        if name not in given:
            continue
        spelt = " ".join(f"WHEN {quoted(word.lower())} THEN {quoted(word)}" for word in sorted(words))
        permitted = ", ".join(quoted(word) for word in sorted(words))
        batch.con.execute(
            f'UPDATE typed."{fact.name}" SET "{name}" = CASE lower(trim("{name}")) {spelt} ELSE "{name}" END '
            f'WHERE "{name}" NOT IN ({permitted})'
        )
        reject(batch, fact, f't."{name}" NOT IN ({permitted})', f"not one of {', '.join(sorted(words))}", name)
    if fact.name == "calls":
        known = ", ".join(quoted(word) for word in sorted(OUTCOMES))
        if "source_outcome" not in given:
            batch.con.execute("ALTER TABLE typed.calls ADD COLUMN source_outcome VARCHAR")
        odd = batch.con.execute(
            f"SELECT outcome, count(*) FROM typed.calls WHERE outcome NOT IN ({known}) GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        for word, count in odd:
            batch.notes[f"outcome {word!r} is not known, taken as other"] += count
        if missing := batch.count("SELECT count(*) FROM typed.calls WHERE outcome IS NULL"):
            batch.notes["outcome not given, taken as other"] += missing
        batch.con.execute(
            f"""UPDATE typed.calls SET source_outcome = coalesce(source_outcome, outcome),
            outcome = CASE WHEN lower(trim(outcome)) IN ({known}) THEN lower(trim(outcome)) ELSE 'other' END
            WHERE outcome IS NULL OR outcome NOT IN ({known})"""
        )
