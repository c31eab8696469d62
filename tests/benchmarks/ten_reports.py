"""Ten reports beside what one would pick instead, over the same rows in the same run; their figures must be equal.

    python tests/benchmarks/ten_reports.py [--scale 10] [--centre FOLDER] [--out benchmarks.json]
        [--engines pandas polars postgres clickhouse] [--reports NAME ...] [--viewers one three all]
        [--lengths month year] [--keep FOLDER] [--patience S]

Beside okireports stand pandas with frames in memory, Polars over Parquet of a folder for each project, PostgreSQL with
row-level security and indexes by project and time (a server that is started here), and ClickHouse (chdb) with tables
sorted by project and time. Filling them is told apart and not counted. okireports opens viewer and files anew for each
answer. Each engine is a process of its own, asked the same questions one after another: the median of 7 after a first.
Memory is the peak of the first run of a question, of that process with its rows and of PostgreSQL's server with it. It
fails where figures differ, of all rows and columns; about time nothing here asserts, it says where okireports is not
ahead.

`--keep` names a folder, which PostgreSQL's user must be able to reach, in which rows, filled engines and answers stay:
who starts again with the same `--out` goes on where it stopped, as long as the centre is the same. With `--patience S`
a question is run as often as S seconds have time for, in odd numbers; where there is no time for a second run, the
first is what counts. How many runs a median is of is written down with it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
from centres import VIEWERS, login, periods
from every_report import LENGTHS, begun, keep, ms, opened
from figures import difference, in_order, loose
from rivals.rows import ZONE, dump, projects_of
from rivals.sql import TEN

from okireports.faces import Center

ENGINES = ("pandas", "polars", "postgres", "clickhouse")
KEYS = {"service_level": 3, "operator_calls": 1, "transfers": 6}  # leading columns that tell rows apart; else 2
TOLERANCE = 1e-9
MEMORY = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
MEMORY_FOR_A_CALL = 700  # bytes that pandas needs while its frames are made, the other tables with them


def main() -> None:
    """Measure, compare, and print."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="okireports-bench-") as scratch:
        center, counts = opened(asked, Path(scratch))
        told = begun(asked.out, center)
        told["projects"] = counts
        folder = stand(asked.keep or Path(scratch, "kept"), center)
        wanted = list(questions(asked, center, projects_of(folder / "rows")))
        rivals: dict[str, Any] = told.setdefault("rivals", {})
        for engine in ("okireports", *asked.engines):
            rival = rivals.setdefault(engine, {"questions": {}})
            if engine == "pandas" and told["rows"]["calls"] * MEMORY_FOR_A_CALL > 0.8 * MEMORY:
                print(f"{engine}: {told['rows']['calls']:,} calls do not fit into this machine's memory")
                rival["too_large"] = True
                continue
            answers = folder / "answers" / engine
            answers.mkdir(parents=True, exist_ok=True)
            left = [one for one in wanted if one["key"] not in rival["questions"] or not answer(answers, one).exists()]
            given = {
                "engine": engine, "centre": str(center.path), "now": center.clock().isoformat(),
                "folder": str(folder / "rows"), "kept": str(folder) if asked.keep else None, "answers": str(answers),
                "questions": left, "patience_s": asked.patience,
            }  # fmt: skip
            for said in process(given) if left else ():
                if "key" in said:
                    rival["questions"][said.pop("key")] = said
                else:
                    rival |= said
                    print(f"{engine}: {said}", flush=True)
                keep(asked.out, told)
        other = list(differing(rivals, wanted, folder / "answers"))
        keep(asked.out, told)
    show({engine: rival for engine, rival in rivals.items() if engine in ("okireports", *asked.engines)})
    if other:
        sys.exit("other figures:\n" + "\n".join(other))


def arguments() -> argparse.Namespace:
    """What was asked for."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--scale", type=float, default=10, help="millions of calls of the centre that is made")
    asked.add_argument("--centre", type=Path, help="one that is there already")
    asked.add_argument("--out", type=Path, default=Path("benchmarks.json"))
    asked.add_argument("--engines", nargs="*", choices=ENGINES, default=list(ENGINES))
    asked.add_argument("--reports", nargs="*", choices=TEN, default=list(TEN))
    asked.add_argument("--viewers", nargs="*", choices=[*VIEWERS], default=["one", "three", "all"])
    asked.add_argument("--lengths", nargs="*", choices=LENGTHS, default=["month", "year"])
    asked.add_argument("--keep", type=Path, help="a folder in which filled engines stay")
    asked.add_argument("--patience", type=float, help="seconds for the runs of one question; without it all are run")
    return asked.parse_args()


def stand(folder: Path, center: Center) -> Path:
    """The folder with a centre's rows; what it holds of another one is removed."""
    with center.folder.reading() as reading:
        files = reading.con.execute('SELECT project_id, "table", file, bytes FROM control.segments ORDER BY ALL')
        named = hashlib.sha256(json.dumps(files.fetchall()).encode()).hexdigest()
    about, rows = folder / "of", folder / "rows"
    if not about.exists() and folder.exists() and any(folder.iterdir()):
        sys.exit(f"{folder} holds something else")
    if not rows.exists() or about.read_text("utf-8") != named:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        about.write_text(named, "utf-8")
        dump(center.viewer("admin", reason="benchmark"), folder / "rows.part")
        (folder / "rows.part").rename(rows)
    return folder.absolute()


def questions(asked: argparse.Namespace, center: Center, every: tuple[int, ...]) -> Iterator[dict[str, Any]]:
    """Each question, as the engines take it."""
    for who in asked.viewers:
        name, reason = login(center, who)
        hers = center.viewer(name, reason=reason).projects["project_id"].tolist()
        for length, days in periods(center, asked.lengths).items():
            start, end = (utc(day) for day in days)
            for report in asked.reports:
                yield {
                    "key": f"{who}/{report}/{length}", "who": who, "report": report, "everything": who == "all",
                    "projects": list(every) if who == "all" else hers, "start": start, "end": end,
                }  # fmt: skip


def utc(day: str) -> str:
    """The instant, naive UTC, at which a local day begins."""
    return datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC).replace(tzinfo=None).isoformat()


def answer(answers: Path, question: dict[str, Any]) -> Path:
    """The file of an answer."""
    return answers / f"{question['key'].replace('/', '-')}.parquet"


def process(asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What an engine's process says, line by line."""
    here = Path(__file__).parent
    words = [sys.executable, "-m", "rivals.engines"]
    path = [str(here), str(here.parent), *sys.path[1:]]
    environment = os.environ | {"PYTHONPATH": ":".join(dict.fromkeys(path))}
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as running:
        assert running.stdin is not None and running.stdout is not None
        running.stdin.write(json.dumps(asked))
        running.stdin.close()
        yield from (json.loads(line) for line in running.stdout if line.startswith("{"))
    if running.returncode:
        sys.exit(f"{asked['engine']} stopped with {running.returncode}")


def differing(rivals: dict[str, Any], wanted: list[dict[str, Any]], answers: Path) -> Iterator[str]:
    """Where an engine gave other figures than okireports; whether they are the same is written down with each."""
    for question in wanted:
        ours = ordered(answer(answers / "okireports", question), question)
        for engine, rival in rivals.items():
            file = answer(answers / engine, question)
            if engine != "okireports" and question["key"] in rival["questions"] and file.exists():
                found = difference(ours, ordered(file, question), TOLERANCE)
                rival["questions"][question["key"]]["same"] = found is None
                if found:
                    yield f"{question['key']}, okireports and {engine}: {found}"


def ordered(file: Path, question: dict[str, Any]) -> pa.Table:
    """An answer, in the order and the types in which answers are compared."""
    given = pq.read_table(file)
    kept = given.select([name for name in given.column_names if name != "currency"])  # no rival is asked for it
    return in_order(loose(kept), KEYS.get(question["report"], 2))


def show(rivals: dict[str, Any]) -> None:
    """Print milliseconds, how many times as long the others take, and where okireports is not ahead."""
    ours, others = rivals["okireports"]["questions"], {n: r for n, r in rivals.items() if n != "okireports"}
    print(f"{'question':<38} {'okireports':>10} " + " ".join(f"{name:>19}" for name in others))
    behind = []
    for key, mine in ours.items():
        cells = []
        for name, rival in others.items():
            told = rival["questions"].get(key)
            times = told["wall_s"] / mine["wall_s"] if told else math.nan
            cells.append(f"{ms(told['wall_s'])} ms {times:7.2f} x" if told else f"{'-':>19}")
            behind += [(key, name, times)] if times < 1 else []
        print(f"{key:<38} {ms(mine['wall_s'])} ms " + " ".join(cells))
    print("ahead of every one on each" if not behind else "not ahead:")
    for key, name, times in behind:
        print(f"  {key}: {name} takes {times:.2f} times as long")


if __name__ == "__main__":
    main()
