"""A first draft of a mapping for a file nobody described."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from okireports.sources import cdr, guesses, packed, queue_log
from okireports.sources.guesses import Guess
from okireports.sources.sample import Sample, take

_LENGTHS = ("wait_s", "talk_s", "hold_s")


@dataclass(frozen=True)
class Draft:
    """A draft of a mapping, and how sure each guess is; printed, it is the mapping (or the refusal).

    Args:
        toml: the text of the mapping, '' when the file does not hold calls.
        columns: each column of the file with its guessed meaning, a confidence of 0..1 and why.
        is_calls: does a row look like one call?
        refusal: why not, and what to look for instead; '' when it does.
    """

    toml: str
    columns: tuple[Guess, ...]
    is_calls: bool
    refusal: str = ""

    def __str__(self) -> str:
        return self.toml if self.is_calls else self.refusal


def inspect(file: str | Path) -> Draft:
    """Look at the first rows of a CSV, XLSX or Parquet file and draft a mapping to `calls`.

    Of a log that has a source of its own, the draft is a refusal that names it.

    Raises:
        LoadError: a file that cannot be read.
    """
    if source := _switch(Path(file)):
        switch = "FreeSWITCH" if source == cdr.FREESWITCH else "Asterisk"
        log = f"{Path(file).name} is a log of {switch}, which needs no mapping"
        return Draft("", (), False, f"{log}: load it (or the folder with all its logs) with source='{source}'.")
    sample = take(Path(file))
    found = _once([guesses.guess(c, sample.values(c)) for c in sample.columns])
    refusal = _refusal(sample, found)
    toml = "" if refusal else _Writer(sample, found).text()
    return Draft(toml, tuple(found), not refusal, refusal)


def _switch(file: Path) -> str | None:
    """The source of a switch's log, None for other files."""
    for one in packed.found(file) if file.is_file() else ():
        if not one.path.stat().st_size:
            return None
        if queue_log.looks_like_one(one) or cdr.switch(one) == "asterisk":
            return "asterisk"
        if cdr.switch(one) == "freeswitch":
            return cdr.FREESWITCH
    return None


def _once(found: list[Guess]) -> list[Guess]:
    """Each meaning for one column only: the surest, then the first."""
    kept: dict[str, Guess] = {}
    for g in found:
        if g.meaning and (g.meaning not in kept or g.confidence > kept[g.meaning].confidence):
            kept[g.meaning] = g
    return [_unless_taken(g, kept) for g in found]


def _unless_taken(g: Guess, kept: dict[str, Guess]) -> Guess:
    if g.meaning is None or kept[g.meaning] is g:
        return g
    return g._replace(meaning=None, confidence=0.1, why=f"{kept[g.meaning].column} is more likely {g.meaning}")


def _refusal(sample: Sample, found: list[Guess]) -> str:
    meanings = {g.meaning for g in found}
    sums = guesses.added_up(sample.columns)
    counts = [c for c in sample.columns if c not in sums and guesses.counted(c, sample.values(c))]
    interval = any("interval" in c.lower() for c in sums)
    per_day = bool(counts) and not meanings & {"started_at", "source_id"}
    without_id = len(sums) >= 3 and "source_id" not in meanings
    if interval or without_id or per_day or len(counts) >= 2 or (counts and sums and "source_id" not in meanings):
        told = ", ".join([*sums, *counts][:4])
        return (
            f"{sample.name} looks like figures that are already added up ({told}): a row is a day, an interval,"
            " an agent or a queue, not a call. okireports counts from the calls themselves; please look for an export"
            " called call log, call details or interactions."
        )
    if "started_at" not in meanings and "date" not in meanings:
        return (
            f"No column of {sample.name} looks like the time of a call ({', '.join(sample.columns[:8])}). If one is,"
            " please write a mapping by hand; otherwise look for an export called call log or call details."
        )
    return ""


class _Writer:
    """The text of one draft."""

    def __init__(self, sample: Sample, found: Iterable[Guess]) -> None:
        self.sample = sample
        self.by = {g.meaning: g for g in found if g.meaning}
        self.guesses = list(found)
        self.answered = self._answered()

    def text(self) -> str:
        lines = [f"# Draft of a mapping for {self.sample.name}: check every line that says so.", "", *self._source()]
        lines += ["", "[[table]]", 'table = "calls"', "", "[table.columns]", *self._calls()]
        lines += self._ratings() if "rating" in self.by else []
        lines += self._definitions()
        lines += ["", "# The columns of the file:"]
        lines += [f"# {g.column}: {g.meaning or 'not used'} ({g.confidence:.0%}; {g.why})" for g in self.guesses]
        return "\n".join(lines) + "\n"

    def _source(self) -> list[str]:
        s = self.sample
        name = "-".join(Path(s.name).stem.lower().split())
        lines = ["[source]", f"name = {_q(name)}"]
        lines += [self._zone()]
        if nothing := sorted({v for c in s.columns for v in s.values(c) if v.lower() in guesses.NOTHING}):
            lines += [f"nulls = {json.dumps(nothing, ensure_ascii=False)}"]
        if s.kind == "csv":
            lines += [f"encoding = {_q(s.encoding)}", f"delimiter = {_q(s.delimiter)}"]
        if s.header != 1:
            lines += [f"header = {s.header}"]
        if any("," in v for g in self.guesses if g.meaning in _LENGTHS for v in s.values(g.column)):
            lines += ['decimal = ","']
        return lines

    def _zone(self) -> str:
        columns, form = self._start()
        if form in ("iso", "epoch", "epoch_ms"):
            return "# no timezone is needed: its times say where they stand"
        if any(re.search(r"\b(utc|gmt|zulu)\b", guesses.spaced(c)) for c in columns):
            return 'timezone = "UTC"   # CHECK: by the heading'
        return '# timezone = "Europe/Warsaw"   # CHECK: nothing in the file says in which zone its times are'

    def _unknown(self, column: str, known: Iterable[str]) -> list[str]:
        """A comment that names the words which no list knows, the most frequent first."""
        others = Counter(v for v in self.sample.values(column) if v not in set(known))
        told = ", ".join(f"{_q(word)} ({count})" for word, count in others.most_common(10))
        return [f"# CHECK: words of {column} that are not known: {told}"] if others else []

    def _calls(self) -> list[str]:
        lines = [f"source_id = {self._id()}", 'project = { const = "New project" }   # CHECK: whose calls are these?']
        lines += [self._direction(), f"started_at = {self._instant()}{self._ambiguous()}"]
        if "queued_at" in self.by:
            lines += [f"queued_at = {self._plain('queued_at')}"]
        elif "wait_s" in self.by:
            lines += [f"queued_at = {self._instant()}   # CHECK: the wait starts with the call"]
        lines += self._answered_at()
        lines += [self._ended_at()]
        lines += [f"{m} = {self._length(m)}" for m in (*_LENGTHS, "wrap_s", "ring_s") if m in self.by]
        lines += self._outcome()
        plain = ("operator", "queue", "phone", "line", "result", "recording")
        return lines + [f"{m} = {_q(self.by[m].column)}{self._doubt(m)}" for m in plain if m in self.by]

    def _doubt(self, meaning: str) -> str:
        return "   # CHECK" if self.by[meaning].confidence < 0.7 else ""

    def _id(self) -> str:
        if "source_id" in self.by:
            return _q(self.by["source_id"].column)
        parts = [self.by[m].column for m in ("started_at", "date", "time", "phone", "operator") if m in self.by]
        return f"{{ column = {json.dumps(parts, ensure_ascii=False)} }}   # CHECK: no column looks like an id"

    def _start(self) -> tuple[list[str], str]:
        """The columns of the start, and their format."""
        if "started_at" in self.by:
            return [self.by["started_at"].column], self.by["started_at"].form or ""
        day = self.by["date"]
        if "time" not in self.by:
            return [day.column], day.form or ""
        clock = self.by["time"]
        form = "%H:%M:%S" if clock.form == "hh:mm:ss" else clock.form
        return [day.column, clock.column], f"{day.form} {form}"

    def _instant(self, add: str = "", when: str = "") -> str:
        columns, form = self._start()
        parts = [f"column = {json.dumps(columns if len(columns) > 1 else columns[0], ensure_ascii=False)}"]
        parts += [f"format = {_q(form)}"] if form and form != "iso" else []
        return "{ " + ", ".join([*parts, *filter(None, (add, when))]) + " }"

    def _ambiguous(self) -> str:
        columns, form = self._start()
        swapped = form.replace("%d/%m", "%m/%d") if "%d/%m" in form else form
        if swapped == form or not guesses.fits(self.sample.values(columns[0])[:500], [swapped.split(" ")[0], swapped]):
            return ""
        return "   # CHECK: day and month could also be the other way round"

    def _plain(self, meaning: str) -> str:
        g = self.by[meaning]
        form = f", format = {_q(g.form)}" if g.form and g.form != "iso" else ""
        return f"{{ column = {_q(g.column)}{form} }}"

    def _length(self, meaning: str) -> str:
        g = self.by[meaning]
        return f"{{ column = {_q(g.column)}, unit = {_q(g.form if g.form == 'hh:mm:ss' else 's')} }}"

    def _direction(self) -> str:
        if "direction" in self.by:
            g = self.by["direction"]
            known = guesses.words(self.sample.values(g.column), guesses.DIRECTIONS)
            return f"direction = {{ column = {_q(g.column)}, words = {_table(known)} }}   # CHECK the words"
        return 'direction = { const = "inbound" }   # CHECK'

    def _answered(self) -> str:
        """The `when` that picks answered calls, '' when no column says."""
        if "outcome" not in self.by:
            return ""
        g = self.by["outcome"]
        known = guesses.words(self.sample.values(g.column), guesses.OUTCOMES)
        theirs = [word for word, ours in known.items() if ours == "answered"]
        return f"when = {{ {_q(g.column)} = {json.dumps(theirs, ensure_ascii=False)} }}" if theirs else ""

    def _answered_at(self) -> list[str]:
        if "answered_at" in self.by:
            return [f"answered_at = {self._plain('answered_at')}"]
        if "wait_s" in self.by and self.answered:
            wait = f"add = [{self._length('wait_s')}]"
            return [f"answered_at = {self._instant(wait, self.answered)}"]
        return []

    def _ended_at(self) -> str:
        if "ended_at" in self.by:
            return f"ended_at = {self._plain('ended_at')}"
        known = ["length"] if "length" in self.by else [m for m in _LENGTHS if m in self.by]
        lengths = ", ".join(self._length(m) for m in known)
        told = "start and lengths" if known else "nothing in the file; it is the start here"
        added = f"add = [{lengths}]" if lengths else ""
        return f"ended_at = {self._instant(added)}   # CHECK: computed from {told}"

    def _outcome(self) -> list[str]:
        if "outcome" not in self.by:
            return ['outcome = { const = "answered" }   # CHECK: no column looks like an outcome']
        g = self.by["outcome"]
        known = guesses.words(self.sample.values(g.column), guesses.OUTCOMES)
        column = _q(g.column)
        return [
            f"outcome = {{ column = {column}, words = {_table(known)} }}   # CHECK the words",
            *self._unknown(g.column, known),
            f"source_outcome = {column}",
        ]

    def _ratings(self) -> list[str]:
        rating = _q(self.by["rating"].column)
        lines = ["", "[[table]]", 'table = "ratings"', f"needs = [{rating}]", "", "[table.columns]"]
        lines += [
            f"source_id = {self._id()}",
            f"call = {self._id()}",
            'kind = { const = "csat" }   # CHECK: csat or nps',
        ]
        lines += [f"score = {rating}", f"at = {self._instant()}"]
        lines += ['project = { const = "New project" }']
        return lines + [f"{m} = {_q(self.by[m].column)}" for m in ("operator", "queue") if m in self.by]

    def _definitions(self) -> list[str]:
        def rows(table: str, **cells: str) -> list[str]:
            return [
                "",
                "[[table]]",
                f'table = "{table}"',
                "",
                "[table.columns]",
                *(f"{k} = {v}" for k, v in cells.items()),
            ]

        project = '{ const = "New project" }'
        lines = rows("projects", name=project)
        if "queue" in self.by:
            lines += rows("objects", kind='{ const = "queue" }', name=_q(self.by["queue"].column), project=project)
        if "operator" in self.by:
            person = _q(self.by["operator"].column)
            lines += rows("users", login=person) + rows("memberships", login=person, project=project)
        return lines


def _q(value: str | None) -> str:
    """A text as a TOML string (JSON's escapes are TOML's)."""
    return json.dumps(value or "", ensure_ascii=False)


def _table(words: dict[str, str]) -> str:
    return "{ " + ", ".join(f"{_q(theirs)} = {_q(ours)}" for theirs, ours in words.items()) + " }" if words else "{}"
