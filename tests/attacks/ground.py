"""What attacks beside SQL are tried on: a centre with many hidden rows, and a search through all that comes out.

Of Acme, which is the viewer's, there are five contacts of one queue, one operator and one line; of another project
20,000, of no project 50. Every text of theirs holds a canary.
"""

from __future__ import annotations

import io
import json
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

import pandas as pd
import pyarrow as pa

import loaded
import okireports
from okireports.errors import OkiReportsError
from okireports.faces import Center, Result, Viewer

HIDDEN = 20_000
DAY = "2025-06-02"
AT = datetime.fromisoformat(f"{DAY}T10:00:00+00:00")
CANARIES = ("canary", "+4822999", "4822999")
COLUMNS = "queued_at,answered_at,queue,operator,phone,contact_name,line,result,cost,recording"
DEFINITIONS = {
    "projects": "name\nAcme\nCANARY project\n",
    "users": """
        login,name,role,groups
        anna,Anna Example,Operator,Morning
        sue,Sue Example,Supervisor,
        clive,Clive Example,Client,
        bob,Bob Example,Supervisor,
        canary-bea,CANARY Bea,Operator,CANARY group
        """,
    "memberships": """
        login,project
        anna,Acme
        anna,CANARY project
        sue,Acme
        clive,Acme
        bob,CANARY project
        canary-bea,CANARY project
        """,
    "objects": """
        kind,name,project
        queue,Acme sales,Acme
        scenario,Acme menu,Acme
        queue,CANARY queue,CANARY project
        queue,CANARY loose,
        dialer,CANARY dialer,CANARY project
        sip_provider,CANARY carrier,CANARY project
        scenario,CANARY menu,CANARY project
        """,
    "results": """
        project,result,person,sale,final
        Acme,done,true,true,true
        CANARY project,CANARY result,true,true,true
        """,
    "targets": "queue,answer_within_s,short_abandon_s,goal\nAcme sales,20,5,0.8\nCANARY queue,777,5,0.1234\n",
}


@dataclass
class Ground:
    """The centre, and a folder for files."""

    center: Center
    folder: Path
    clock: list[datetime] = field(default_factory=lambda: [loaded.NOW])

    def ask(self, login: str, report: str, **given: Any) -> Result:
        """A report over the day on which everything happens."""
        return self.center.viewer(login).report(report, **{"period": DAY, **given})

    def viewer(self, login: str = "sue") -> Viewer:
        """Someone who asks."""
        return self.center.viewer(login)


def made(folder: Path) -> Ground:
    """The centre with everything in it."""
    ground = Ground(loaded.centre(folder / "centre", {}), folder)
    center = ground.center
    ours = (
        line(f"a-{n}", AT + timedelta(minutes=n), "Acme sales,anna,+48220000101,Abel Example,L1,done,1.5,a.wav")
        for n in range(5)
    )
    theirs = "CANARY queue,canary-bea,+4822999{0:04},CANARY name {0},CANARY line {0},CANARY result,7,CANARY.wav"
    nobody = "CANARY loose,canary-bea,+4822999{0:04},CANARY name,CANARY line,CANARY result,7,CANARY.wav"
    hidden = (line(f"CANARY-{n}", AT, theirs.format(n % 10_000), "abandoned") for n in range(HIDDEN))
    loose = (line(f"CANARY-0-{n}", AT, nobody.format(n), "abandoned") for n in range(50))
    statuses = [
        f"anna,Ready,{DAY}T10:10:00Z,{DAY}T10:30:00Z,,,",
        f"anna,Busy,{DAY}T10:30:00Z,{DAY}T10:31:00Z,CANARY queue,CANARY reason,CANARY comment",
        f"anna,Ready,{DAY}T10:31:00Z,{DAY}T11:00:00Z,,,",
        f"canary-bea,Away,{DAY}T10:00:00Z,{DAY}T11:00:00Z,,CANARY reason,CANARY comment",
    ]
    ratings = [f"r-0,csat,a-0,5,ours,{DAY}T10:05:00Z"]
    ratings += [f"CANARY-r-{n},csat,CANARY-{n},1,CANARY comment,{DAY}T10:05:00Z" for n in range(300)]
    steps = [f"a-0,1,Acme menu,hello,{DAY}T10:00:00Z"]
    steps += [f"CANARY-{n},1,CANARY menu,CANARY node,{DAY}T10:00:00Z" for n in range(300)]
    result = loaded.load(
        center,
        DEFINITIONS
        | {
            "calls": loaded.calls(*ours, *hidden, *loose, columns=COLUMNS),
            "statuses": "\n".join(["operator,status,started_at,ended_at,queue,reason,comment", *statuses]) + "\n",
            "ratings": "\n".join(["source_id,kind,call,score,comment,at", *ratings]) + "\n",
            "ivr_steps": "\n".join(["call,step_no,scenario,node,at", *steps]) + "\n",
        },
    )
    assert (result.rows_rejected, result.rows_unassigned) == (0, 50), result.rejects
    return ground


def line(source_id: str, at: datetime, rest: str, outcome: str = "answered") -> str:
    """A line of calls of a minute, which waited for ten seconds."""
    answered = (at + timedelta(seconds=10)).isoformat() if outcome == "answered" else ""
    return loaded.call(source_id, at.isoformat(), at.isoformat(), answered, rest, outcome=outcome)


def small(folder: Path, names: list[str]) -> Center:
    """A centre in which one call each stands in queues of strange names; sue sees them all."""
    center = okireports.create(folder / "centre", now=loaded.NOW)
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    rows = [loaded.call(f"n-{n}", AT.isoformat(), AT.isoformat(), name, name) for n, name in enumerate(quoted)]
    loaded.load(
        center,
        {
            "projects": "name\nAcme\n",
            "users": "login,role\nsue,Supervisor\n",
            "memberships": "login,project\nsue,Acme\n",
            "objects": "\n".join(["kind,name,project", *(f"queue,{name},Acme" for name in quoted)]) + "\n",
            "calls": loaded.calls(*rows, columns="queued_at,queue,result"),
        },
    )
    return center


# Searching


def leaks(*said: object) -> list[str]:
    """The canaries in whatever it is: texts, bytes, tables with their whole buffers, frames, charts, errors."""
    return [c for thing in said for text in texts(thing) for c in CANARIES if c in text.lower()]


def texts(thing: Any) -> Iterator[str]:
    """All that can be read in a thing, also where it is only carried along."""
    if isinstance(thing, bytes):
        yield from packed(thing)
    elif isinstance(thing, pa.Table):
        yield f"{thing.schema} {thing.schema.metadata} {thing.to_pylist()}"
        for column in thing.columns:
            for chunk in column.chunks:  # a slice carries its parent's buffers
                yield from (b.to_pybytes().decode("latin-1") for b in chunk.buffers() if b is not None)
    elif isinstance(thing, pd.DataFrame):
        yield f"{thing.to_csv()} {thing.attrs} {thing.dtypes}"
        yield pickle.dumps(thing).decode("latin-1")
    elif isinstance(thing, BaseException):
        yield from (f"{e!r} {e} {vars(e)} {getattr(e, '__notes__', '')}" for e in chain(thing))
    elif isinstance(thing, Path):
        yield from (
            text
            for p in ([thing] if thing.is_file() else thing.rglob("*"))
            if p.is_file()
            for text in packed(p.read_bytes())
        )
    elif isinstance(thing, dict):
        yield json.dumps(thing, default=str)
        yield from (text for value in thing.values() if isinstance(value, bytes) for text in packed(value))
    else:
        yield str(thing)


def packed(content: bytes) -> Iterator[str]:
    """Bytes as text, and what an archive among them holds."""
    yield content.decode("latin-1")
    try:
        with ZipFile(io.BytesIO(content)) as book:
            yield from (book.read(name).decode("utf-8", "replace") for name in book.namelist())
    except BadZipFile:
        return


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those behind it, shown or not."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def everything(result: Result) -> list[object]:
    """All that a result says in a session, without drawing it."""
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, result.arrow.schema) as writer:
        writer.write_table(result.arrow)
    told = f"{result!r} {result.provenance!r} {result.sql}"
    page = result.pages.page(1, 1000)
    told += f"{result.pages!r} {page!r}"
    rows = [result.arrow, result.frame, page.table]
    return [*rows, stream.getvalue().to_pybytes(), told, pickle.dumps(vars(result.provenance))]


def refusal(ask: Callable[[], object]) -> tuple[str, BaseException]:
    """The kind of error that a question meets, and the error."""
    try:
        ask()
    except (OkiReportsError, OSError, ValueError) as error:
        return type(error).__name__, error
    return "nothing", Exception()
