"""Records and lines of delimited text: where a record ends, which lines break the rules, on which line a row stands."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, dropwhile
from pathlib import Path
from typing import NamedTuple

from okireports.errors import LoadError

LONGEST = 2_000_000  # bytes of one record, as the engine's own limit
_CHUNK = 1 << 20


class Record(NamedTuple):
    """One record as it stands in the text; `broken` says why it cannot be read, None when it can."""

    line: int
    text: bytes
    broken: str | None = None


class Rules(NamedTuple):
    """What separates and what quotes."""

    delimiter: bytes = b","
    quote: bytes = b'"'
    escape: bytes = b""  # b"" where a quote inside quotes is doubled


def records(lines: Iterable[bytes], rules: Rules, first: int = 1) -> Iterator[Record]:
    """Records of lines; a line whose quote is never closed is a broken record, and the next line starts afresh."""
    ends = _endings(rules)
    waiting: list[bytes] = []  # lines after an open quote that turned out to be broken: they are read once more
    source = iter(lines)
    at = first
    while True:
        line = waiting.pop() if waiting else next(source, None)
        if line is None:
            return
        if rules.quote not in line:
            yield Record(at, line, None if len(line) <= LONGEST else "longer than 2 MB")
            at += 1
            continue
        parts, state, size = [line], ends(line, False), len(line)
        while state == "open" and size <= LONGEST:
            more = waiting.pop() if waiting else next(source, None)
            if more is None:
                break
            parts.append(more)
            size += len(more)
            state = ends(more, True) if rules.quote in more else "open"
        if state == "closed" and size <= LONGEST:
            yield Record(at, b"".join(parts))
            at += len(parts)
            continue
        waiting.extend(reversed(parts[1:]))
        reason = "text after a closing quote" if state == "broken" else "a quote that is not closed"
        yield Record(at, line, reason)
        at += 1


def _endings(rules: Rules) -> Callable[[bytes, bool], str]:
    """A function (line, inside a quoted field?) -> 'closed', 'open' or 'broken'."""
    quote = re.escape(rules.quote)
    if rules.escape and rules.escape != rules.quote:
        escape = re.escape(rules.escape)
        inside = re.compile(rb"(?:[^%b%b]|%b.)*+%b" % (quote, escape, escape, quote), re.DOTALL)
    else:
        inside = re.compile(rb"(?:[^%b]|%b%b)*+%b" % (quote, quote, quote, quote))
    opening = re.compile(rb" *%b" % quote)

    def ends(line: bytes, within: bool) -> str:
        line, at = line.rstrip(b"\r\n"), 0
        while True:
            start = None if within else opening.match(line, at)
            if within or start:
                close = inside.match(line, start.end() if start else at)
                if close is None:
                    return "open"
                at, within = close.end(), False
                while line[at : at + 1] == b" ":
                    at += 1
                if at < len(line) and not line.startswith(rules.delimiter, at):
                    return "broken"
            else:
                stop = line.find(rules.delimiter, at)
                at = len(line) if stop < 0 else stop
            if at >= len(line):
                return "closed"
            at += len(rules.delimiter)

    return ends


def tidy(path: Path, target: Path, rules: Rules, *, encoding: str, skip: int) -> tuple[int, list[Record]]:
    """Write a copy in UTF-8 with plain line ends, without what stands above the header and without broken records.

    Left out above the header: the first `skip` lines and the blank ones after them. Returns how many these were, and
    the broken records with their lines in the original. This is the slow road, for files that the engine would
    misread: other encodings, titles above the header, mixed line ends, quotes that are never closed.
    """
    broken = []
    with path.open(encoding=encoding, newline=None) as source, target.open("wb") as out:
        numbered = dropwhile(lambda n: n[0] <= skip or not n[1].strip(), enumerate(source, 1))
        first, line = next(numbered, (1, ""))
        rest = chain([line.encode()], (line.encode() for _, line in numbered))
        for record in records(rest, rules, first):
            if record.broken:
                broken.append(record)
            else:
                out.write(record.text)
    return first - 1, broken


def whole_lines(path: Path, target: Path, size: int, encoding: str) -> int:
    """Copy the whole lines among the first `size` bytes of a file; returns how many bytes these are.

    Raises:
        LoadError: there is not one whole line yet.
    """
    wide = encoding.lower().replace("_", "-").startswith("utf-16")
    with path.open("rb") as source, target.open("wb") as out:
        big = wide and (encoding.lower().endswith("be") or source.peek(2)[:2] == codecs.BOM_UTF16_BE)
        end = (b"\x00\n" if big else b"\n\x00") if wide else b"\n"
        at, last = 0, 0
        while piece := source.read(min(_CHUNK, size - at)):
            place = piece.rfind(end)
            while wide and place % 2 and place >= 0:  # half of one letter and half of the next
                place = piece.rfind(end, 0, place + 1)
            last = at + place + len(end) if place >= 0 else last
            out.write(piece)
            at += len(piece)
        out.truncate(last)
    if not last:
        raise LoadError("The file has no whole line yet.", file=path.name, hint="Load it when it is written.")
    return last


def has_lone_returns(path: Path) -> bool:
    """Does a CR stand somewhere without an LF after it?"""
    lone, last = re.compile(rb"\r(?!\n)"), b""
    with path.open("rb") as source:
        while piece := source.read(_CHUNK):
            if last == b"\r" and piece[:1] != b"\n":
                return True
            last = piece[-1:]
            found = lone.search(piece) if b"\r" in piece else None
            if found and found.end() < len(piece):
                return True
    return last == b"\r"


def first_bad_line(path: Path, encoding: str) -> int | None:
    """The first line that is not text in this encoding; None where lines of bytes cannot tell (UTF-16)."""
    with path.open("rb") as source:
        for number, line in enumerate(source, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                return None if encoding.lower().replace("_", "-").startswith("utf-16") else number
    return None


def lines_at(path: Path, positions: Sequence[int]) -> list[int]:
    """The lines on which ascending byte positions (counted from 0) stand."""
    found: list[int] = []
    line, start = 1, 0
    with path.open("rb") as source:
        chunk = source.read(_CHUNK)
        for position in positions:
            while position >= start + len(chunk) and chunk:
                line += chunk.count(b"\n")
                start += len(chunk)
                chunk = source.read(_CHUNK)
            found.append(line + chunk.count(b"\n", 0, position - start))
    return found


def count_lines(path: Path) -> int:
    """How many lines a file has; a last one without an end counts."""
    count, last = 0, b"\n"
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK):
            count += chunk.count(b"\n")
            last = chunk[-1:]
    return count + (last != b"\n")


def lines_of_rows(
    path: Path, rules: Rules, ordinals: Sequence[int], refused: set[int], *, header: bool, blanks: bool
) -> list[int]:
    """The lines of rows by ascending number: header, `refused` lines and (unless `blanks`) blank lines are no rows."""
    wanted = iter(ordinals)
    target = next(wanted, None)
    found: list[int] = []
    row = -1
    with path.open("rb") as source:
        for record in records(source, rules):
            if header:
                header = False
                continue
            if record.line in refused or not (blanks or record.text.strip(b"\r\n")):
                continue
            row += 1
            while row == target:
                found.append(record.line)
                target = next(wanted, None)
            if target is None:
                break
    return found
