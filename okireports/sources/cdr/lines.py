"""The lines of logs of calls: every file that looks like one, line by line, split into fields by the engine."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import duckdb

from okireports.errors import LoadError
from okireports.sources import encodings, packed
from okireports.sources.csv_file import CsvFile, Dialect
from okireports.sources.feed import REJECTS, Reject, Staged, keep_rejects
from okireports.sources.opening import Opening
from okireports.sources.packed import Found
from okireports.sources.quoting import text, texts
from okireports.sources.staging import Progress

LINES = "raw.cdr_lines"  # line, _file; rowid is the place of a line in all files
FIELDS = "raw.cdr_fields"  # id, _file, kind, line, f (its fields), problem
_TABLES = (".parquet", ".xlsx", ".xls")
_PEEKED = 50  # lines at the top of a file by which it is known
_ONE = r'[ \t]*(?:"(?:[^"]|"")*"|[^",]*)[ \t]*'  # one field: quotes inside quotes are doubled

Know = Callable[[Sequence[str]], str | None]


@dataclass
class Log:
    """The lines of one load: what each file is, and what became of each line."""

    con: duckdb.DuckDBPyConnection
    opening: Opening
    staged: tuple[Staged, ...]
    headers: dict[int, tuple[str, ...]]  # of files with a header: its names
    broken: list[Reject] = field(default_factory=list)  # lines that the engine could not take
    notes: Counter[str] = field(default_factory=Counter)

    def number(self, query: str) -> int:
        """The one number that a query gives."""
        row = self.con.execute(query).fetchone()
        return int(row[0] or 0) if row else 0

    @property
    def names(self) -> list[str]:
        """The names of the files."""
        return [file.path for file in self.opening.files()]

    def keep_rejects(self) -> str | None:
        """Write the lines that cannot be taken over, with their problem, column and value, to the feed's rejects."""
        keep_rejects(self.con, self.broken)
        found = self.con.execute(
            """SELECT _file, id, problem, problem_column, problem_value, line FROM raw.cdr_problems ORDER BY id"""
        ).fetchall()
        rows: list[Reject] = []
        for part in self.staged:
            mine = [r for r in found if part.first <= r[1] < part.first + part.rows]
            places = part.lines.lines([r[1] - part.first for r in mine]) if mine else []
            name = self.names[part.file] if mine else ""
            rows += [
                Reject("calls", name, line, column, value, str(problem), str(whole)[:4000])
                for line, (_, _, problem, column, value, whole) in zip(places, mine, strict=True)
            ]
        return keep_rejects(self.con, [*self.broken, *rows]) and REJECTS


def open_log(
    con: duckdb.DuckDBPyConnection,
    root: Path,
    know: Know,
    kinds: Sequence[str],
    what: str,
    encoding: str,
    progress: Progress | None,
    *,
    needed: bool = True,
) -> Log:
    """Stage the lines of every file under `root` that `know` calls one of these kinds.

    All are read at each load, those of earlier loads too: the legs of a call may stand in several files.

    Args:
        con: the staging connection.
        root: a folder, an archive or one file.
        know: the kind of a file by the fields of one of its lines, None if they tell nothing; "... header" for one
            whose fields are names.
        kinds: those that are wanted.
        what: how messages call such a file.
        encoding: of the files, or "auto".
        progress: called with (name, bytes done, bytes in all).
        needed: without one it cannot go on.

    Raises:
        LoadError: no such file, or one that is not text.
    """
    con.execute(f"CREATE OR REPLACE TABLE {LINES} (line VARCHAR, _file USMALLINT)")
    con.execute(
        f"CREATE OR REPLACE TABLE {FIELDS} (id BIGINT, _file USMALLINT, kind VARCHAR, line VARCHAR, f VARCHAR[])"
    )
    log = Log(con, Opening(), (), {})
    found = list(packed.found(root))
    total = sum(one.path.stat().st_size for one in found)
    for one in found:
        kind, names = kind_of(one, know)
        if kind not in kinds:
            log.notes["files of other kinds, ignored" if kind != "empty" else "empty files, ignored"] += 1
            continue
        _take(log, one, str(kind), names, encoding)
        if progress:
            progress(one.name, min(log.opening.bytes, total), total)
    if not log.staged and needed:
        raise LoadError(f"There is no {what} here.", file=str(root), hint="Say another source, or another folder.")
    log.notes.update(log.opening.notes())
    return log


def kind_of(one: Found, know: Know) -> tuple[str | None, tuple[str, ...] | None]:
    """What a file is, and the names in its header if it has one; known by the first line that tells anything."""
    if one.kind in _TABLES:
        return None, None
    if not one.is_packed and not one.path.stat().st_size:
        return "empty", None
    opening = Opening()  # what is only looked at is no part of the load
    path = one.open(opening.scratch) if one.is_packed or _readable(one) else None
    if path is None:
        return None, None
    encoding = "utf-8-sig"
    with path.open("rb") as source:
        start = source.read(4096)
    if b"\0" in start:
        encoding = encodings.detect(path)
    with path.open(encoding=encoding, errors="replace", newline=None) as source:
        lines = [line for line in islice(source, _PEEKED) if line.strip() and len(line) < 100_000]
    for nth, line in enumerate(lines):
        fields = [cell.strip() for cell in next(csv.reader([line.replace("\0", "")]), [])]
        kind = know(fields)
        header = bool(kind and kind.endswith(" header"))
        if kind and (not header or nth == 0):  # a text may speak of these columns further down
            return kind.removesuffix(" header"), tuple(name.lower() for name in fields) if header else None
    return None, None


def _readable(one: Found) -> bool:
    """Is it text, as far as its first bytes tell?"""
    with one.path.open("rb") as source:
        start = source.read(8)
    return not start.startswith(
        (b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"%PDF")
    )


def _take(log: Log, one: Found, kind: str, names: tuple[str, ...] | None, encoding: str) -> None:
    whole_line = Dialect(delimiter="\x01", quote="\x02", encoding=encoding, header=0, names=("line",))
    opened = log.opening.open(one, lambda file: CsvFile(file.path, file.name, log.opening.scratch, whole_line))
    if opened is None:
        return
    file, reader = opened
    first = log.number(f"SELECT count(*) FROM {LINES}")
    rows = reader.insert(log.con, LINES, {"line": "line"}, file.number)
    log.broken += [
        r._replace(reason="a control character or a line of more than 2 MB") for r in reader.rejects("calls")
    ]
    log.staged = (*log.staged, Staged(file.number, first, rows, reader))
    if names:
        log.headers[file.number] = names
    trimmed = "trim(v, ' ' || chr(9))"
    log.con.execute(f"""
        INSERT INTO {FIELDS}
        SELECT rowid, _file, {text(kind)}, line, CASE WHEN regexp_full_match(line, '(?:{_ONE},)*{_ONE}')
            THEN list_transform(regexp_extract_all(line || ',', '({_ONE}),', 1), lambda v: {_unquoted(trimmed)}) END
        FROM (SELECT rowid, _file, trim(line, chr(13) || chr(65279)) AS line FROM {LINES} WHERE rowid >= {first})
        WHERE trim(line) <> ''""")


def _unquoted(value: str) -> str:
    return f"""CASE WHEN starts_with({value}, '"') THEN replace({value}[2:-2], '""', '"') ELSE {value} END"""


def columns_of(log: Log, index: int, spellings: dict[str, tuple[str, ...]]) -> dict[str, str]:
    """SQL of each wanted column in a file with a header, by any of its spellings; NULL where it has none."""
    names = log.headers[index]
    found = {c: [f"f[{names.index(s) + 1}]" for s in (c, *other) if s in names] for c, other in spellings.items()}
    return {c: _first_given(sql) for c, sql in found.items()}


def _first_given(fields: Sequence[str]) -> str:
    if len(fields) > 1:
        return "coalesce(" + "".join(f"nullif({sql}, ''), " for sql in fields) + "'')"
    return fields[0] if fields else "NULL::VARCHAR"


def is_header(names: tuple[str, ...]) -> str:
    """SQL: is this line the header, wherever it stands?"""
    return f"coalesce(list_transform(f, lambda v: lower(trim(v))) = [{texts(names)}], false)"


def whole(width: int) -> str:
    """SQL: why a line's fields cannot be taken at all; NULL when they can. `width`: of a header."""
    return f"""CASE WHEN f IS NULL THEN 'a quote that is not closed, or text beside quotes'
        WHEN len(f) <> {width} THEN len(f) || ' fields, the header has {width}' END"""
