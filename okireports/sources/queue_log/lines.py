"""The lines of a log as they stand in its files: pipe form or table form, split into fields, with the way back."""

from __future__ import annotations

import codecs
import gzip
import re
from collections.abc import Sequence
from io import BufferedReader
from pathlib import Path
from typing import IO, NamedTuple, cast

import duckdb

from okireports.errors import LoadError
from okireports.sources import encodings, folder, packed
from okireports.sources.csv_file import CsvFile, Dialect
from okireports.sources.feed import Before, Reject, Scratch, SourceFile, Staged
from okireports.sources.packed import Found
from okireports.sources.quoting import file, ident, text

LINES = "raw.queue_lines"  # t, callid, queue, agent, event, data (all behind), fields (how many), line, _file
APART = "chr(31)"  # between the fields of `data`
BROKEN = "\x02"  # stands in a copy for what no log writes; a line that holds it is rejected
LONGEST = 100_000  # bytes of a line
_TABLES = (".parquet", ".xlsx", ".xls")
_FIRST = re.compile(rb"[0-9]{9,10}([.][0-9]+)?[|][^|]*[|][^|]*[|][^|]*[|][A-Za-z]")
_NAMES = {"time": "t", "callid": "callid", "queuename": "queue", "queue": "queue", "agent": "agent", "event": "event"}
_NEEDED = {"t", "callid", "queue", "agent", "event"}


class _EveryLine:
    """A file whose every line is a row."""

    def lines(self, ordinals: Sequence[int]) -> list[int]:
        return [n + 1 for n in ordinals]


class Read(NamedTuple):
    """What was read: the files, where their rows stand, and lines that were no rows at all."""

    files: tuple[SourceFile, ...]
    staged: tuple[Staged, ...]
    rejects: tuple[Reject, ...]
    scratch: Scratch  # holds the unpacked copies for as long as lines may be asked for


def stage(con: duckdb.DuckDBPyConnection, found: Sequence[Found], before: Before, encoding: str | None = None) -> Read:
    """Make `LINES` of the log's files, but of those that were read before.

    Raises:
        LoadError: one cannot be opened, or there is no such encoding.
    """
    con.execute(
        f"""CREATE OR REPLACE TABLE {LINES} (t VARCHAR, callid VARCHAR, queue VARCHAR, agent VARCHAR, event VARCHAR,
        data VARCHAR, fields INTEGER, line VARCHAR, _file USMALLINT)"""
    )
    scratch = Scratch()
    files: list[SourceFile] = []
    staged: list[Staged] = []
    rejects: list[Reject] = []
    for one in found:
        print_of = folder.fingerprint(one.path, one.name)
        if print_of in before.files:
            continue
        first, index = sum(s.rows for s in staged), len(files)
        files.append(print_of)
        path = _in_utf_8(one.unpack(scratch) if one.is_packed else one.path, one.name, scratch, encoding)
        dialect = _table(path)
        if dialect is None:
            rows = _insert_text(con, _readable(path, one.name, scratch), one.name, index)
            staged.append(Staged(index, first, rows, _EveryLine()))
        else:
            table = CsvFile(path, one.name, scratch, dialect)
            staged.append(Staged(index, first, _insert_table(con, table, index), table))
            rejects += table.rejects("calls")
    return Read(tuple(files), tuple(staged), tuple(rejects), scratch)


def find(root: Path) -> tuple[list[Found], int]:
    """The log's files, packed or not, and how many others lie there.

    In a folder or an archive: those called so, and those whose first line is one of a log or the header of its table;
    a single file is taken at the word of who names it.
    """
    every = list(packed.found(root))
    if root.is_file() and [one.path for one in every] == [root] and not every[0].member:
        return every, 0
    found = [one for one in every if "queue_log" in one.inner.name.lower() or looks_like_one(one)]
    return found, len(every) - len(found)


def looks_like_one(one: Found) -> bool:
    """Is its first line one of a log, or the header of its table?"""
    if one.kind in _TABLES:
        return False
    scratch = Scratch()
    path = one.unpack(scratch) if one.is_packed else one.path
    with path.open("rb") as source:
        start = source.readline(10_000)
    return _FIRST.match(start) is not None or _table(path) is not None


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as source:
        zipped = source.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path, "rb")) if zipped else path.open("rb")


def _table(path: Path) -> Dialect | None:
    """How a table is written, None where the first line is not the header of one."""
    try:
        with path.open("rb") as source:
            header = source.readline(10_000).decode("utf-8-sig", errors="replace").lower()
    except OSError as error:
        raise LoadError(f"The file cannot be opened: {error.strerror}.", file=path.name) from error
    for delimiter in (",", ";", "\t", "|"):
        names = {_NAMES.get(cell.strip(' "\r\n'), "") for cell in header.split(delimiter)}
        if names >= _NEEDED:
            return Dialect(delimiter=delimiter)
    return None


def _in_utf_8(path: Path, name: str, scratch: Scratch, encoding: str | None) -> Path:
    """The file itself, or a copy of one that is said (or, by "auto", found) to be in another encoding."""
    if encoding == "auto":
        encoding = encodings.detect(path)
    if encoding is None or encodings.is_utf_8(encoding):
        return path
    target = scratch.new(path.suffix)
    try:
        with path.open(encoding=encoding, errors="replace", newline="") as source, target.open("wb") as out:
            while piece := source.read(1 << 20):
                out.write(piece.encode())
    except LookupError as error:
        raise LoadError(f"There is no encoding {encoding!r}.", file=name) from error
    return target


def _readable(path: Path, name: str, scratch: Scratch) -> Path:
    """The file itself, or a copy without what the engine stumbles over: archives, bytes that are no text, NULs."""
    try:
        with _open(path) as source:
            if not isinstance(source, BufferedReader) or not _plain(source):
                target = scratch.new(".txt")
                with _open(path) as again:
                    _copy(again, target)
                return target
    except (OSError, EOFError) as error:
        raise LoadError(f"The file cannot be read: {error}.", file=name) from error
    return path


def _plain(source: IO[bytes]) -> bool:
    decoder, since = codecs.getincrementaldecoder("utf-8")(), 0
    while chunk := source.read(1 << 20):
        if b"\0" in chunk or b"\r" in chunk or b"\x01" in chunk or b"\x02" in chunk:
            return False
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            return False
        if since + chunk.find(b"\n") > LONGEST or max(map(len, chunk.split(b"\n"))) > LONGEST:
            return False
        since = len(chunk) - chunk.rfind(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _copy(source: IO[bytes], target: Path) -> None:
    bad = bytes.maketrans(b"\0\x01\r", b"\x02\x02 ")
    with target.open("wb") as out:
        while line := source.readline(LONGEST + 1):
            ended = line.endswith(b"\n")
            said = line.rstrip(b"\r\n").decode("utf-8", errors="replace").encode().translate(bad)
            if not ended and len(line) > LONGEST:
                said = said[:1000].decode("utf-8", errors="replace").encode() + BROKEN.encode()
                while (rest := source.readline(LONGEST)) and not rest.endswith(b"\n"):
                    pass
            out.write(said + b"\n")


def _insert_text(con: duckdb.DuckDBPyConnection, path: Path, name: str, index: int) -> int:
    if path.stat().st_size == 0:
        return 0
    after = " + ".join(f"length(f[{n}])" for n in range(1, 6)) + " + 6"
    try:
        done = con.execute(f"""
            INSERT INTO {LINES}
            SELECT f[1], f[2], f[3], f[4], f[5], CASE WHEN len(f) > 5 THEN replace(line[{after}:], '|', {APART}) END,
                len(f), line, {index}::USMALLINT
            FROM (SELECT line, string_split(line, '|') AS f FROM read_csv({file(path)}, auto_detect=false, header=false,
                delim={text(chr(1))}, quote='', escape='', columns={{'line': 'VARCHAR'}}, null_padding=false))
            """).fetchone()
    except duckdb.Error as error:
        raise LoadError(f"The file cannot be read: {str(error).splitlines()[0]}", file=name) from error
    return int(done[0]) if done else 0


def _insert_table(con: duckdb.DuckDBPyConnection, table: CsvFile, index: int) -> int:
    by_name = {column.lower(): column for column in table.columns if column}
    chosen = {new: by_name[old] for old, new in reversed(_NAMES.items()) if old in by_name}
    more = sorted((n for n in by_name if n.startswith("data") and n[4:].isdigit()), key=lambda n: int(n[4:]))
    chosen |= {n: by_name[n] for n in more} | ({"data": by_name["data"]} if "data" in by_name else {})
    columns = ", ".join(f"{ident(n)} VARCHAR" for n in chosen)
    con.execute(f"CREATE OR REPLACE TABLE raw.queue_cells ({columns}, _file USMALLINT)")
    rows = table.insert(con, "raw.queue_cells", chosen, index)
    apart = f", {APART}, ".join(f"coalesce({n}, '')" for n in more)
    data = f"concat({apart})" if more else f"replace(data, '|', {APART})" if "data" in chosen else "NULL"
    line = ", ".join([*sorted(_NEEDED), *(n for n in chosen if n.startswith("data"))])
    con.execute(
        f"""INSERT INTO {LINES} SELECT t, callid, queue, agent, event, {data}, 5,
        concat_ws('|', {line}), _file FROM raw.queue_cells ORDER BY rowid"""
    )
    con.execute("DROP TABLE raw.queue_cells")
    return rows
