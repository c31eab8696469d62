"""The process that runs one query: it is handed open files and a text, and has no way to anything else.

It imports nothing of okireports, is started with an empty environment, and takes its limits before it reads the query:
memory (RLIMIT_AS), processor time (RLIMIT_CPU), and no byte of any file (RLIMIT_FSIZE), so it cannot spill to the disk.
A long scalar call hears no interrupt: the parent kills the process when its time is over.

Input: a line of JSON, then the tables of names as Arrow streams of the lengths that it says. Output: an empty line when
it begins to run, a line of JSON with what went wrong or nothing, then the rows as an Arrow stream.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from typing import Any

ROOM = 80 * 2**20  # bytes of address space a thread: its stack, and what the allocator reserves for it
BATCH = 8_192  # rows that are taken at once
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def main() -> None:
    """Run the query of the input."""
    sys.path += sys.argv[1:]  # where duckdb and pyarrow lie
    die_with_parent()
    source, target = sys.stdin.buffer, sys.stdout.buffer
    request = json.loads(source.readline())
    limit_process(request)
    import duckdb
    import pyarrow as pa

    names = {name: pa.ipc.open_stream(source.read(length)).read_all() for name, length in request["names"]}
    limit_memory(request)
    try:
        with duckdb.connect(config=locked(request)) as con:
            prepare(con, request, names)
            target.write(b"\n")
            target.flush()
            rows = answer(con, request)
    except duckdb.OutOfMemoryException:
        told: dict[str, Any] = {"error": "memory"}
    except (duckdb.IOException, duckdb.InternalException, duckdb.FatalException) as error:
        corrupt = any(word in str(error) for word in ("orrupt", "checksum"))
        told = {"error": "damaged" if corrupt else "memory" if "llocat" in str(error) else "engine"}
    except duckdb.Error as error:
        told = {"error": "query", "text": str(error).partition("\n\nLINE ")[0].strip()}
    except (MemoryError, pa.ArrowException) as error:
        told = {"error": "memory" if isinstance(error, MemoryError) else "types"}
    except OverflowError:
        told = {"error": "rows"}
    else:
        give(target, rows)
        return
    target.write(json.dumps(told).encode() + b"\n")
    target.flush()


def limit_process(request: dict[str, Any]) -> None:
    """No file may grow, no core be left behind, and processor time is counted over all threads."""
    seconds = int(request["cpu_seconds"])
    for what, most in ((resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_CPU, seconds)):
        resource.setrlimit(what, (most, most))
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))  # each file is open twice for a moment
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # a write fails, and says so


def limit_memory(request: dict[str, Any]) -> None:
    """What the query may take beside what the interpreter and the libraries have by now."""
    try:
        with open("/proc/self/statm") as file:
            taken = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # not Linux
        taken = 2**30
    most = taken + request["memory"] + request["threads"] * ROOM
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def die_with_parent() -> None:
    """Where the system can: end when the parent does, however it does."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)


def locked(request: dict[str, Any]) -> dict[str, Any]:
    """The settings of the connection."""
    off = ("autoinstall_known_extensions", "autoload_known_extensions", "python_enable_replacements")
    engine = request["memory"] * 4 // 5  # the rest is for the rows that it gives
    own = {"temp_directory": "", "memory_limit": f"{engine}B", "threads": request["threads"]}
    return dict.fromkeys(off, False) | own


def prepare(con: Any, request: dict[str, Any], names: dict[str, Any]) -> None:
    """Attach the files, make the tables and views, and lock the door."""
    con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false; CREATE SCHEMA held")
    for index, descriptor in enumerate(request["files"]):
        con.execute(f"ATTACH '/dev/fd/{descriptor}' AS s{index} (READ_ONLY)")
        os.close(descriptor)
    for name, table in names.items():
        con.register("handed", table)
        con.execute(f'CREATE TABLE held."{name}" AS SELECT * FROM handed')
        con.unregister("handed")
    for statement in request["views"]:
        con.execute(statement)
    con.execute("SET enable_external_access = false; SET lock_configuration = true")


def answer(con: Any, request: dict[str, Any]) -> Any:
    """The rows of the query, a batch after the other; too many end it."""
    import pyarrow as pa

    reader = con.execute(request["query"]).to_arrow_reader(BATCH)
    batches, count = [], 0
    for batch in reader:
        count += batch.num_rows
        if count > request["rows"]:
            raise OverflowError
        batches.append(batch)
    return pa.Table.from_batches(batches, reader.schema)


def give(target: Any, rows: Any) -> None:
    """Write the rows."""
    import pyarrow as pa

    target.write(b"{}\n")
    with pa.ipc.new_stream(target, rows.schema) as writer:
        writer.write_table(rows)
    target.flush()


if __name__ == "__main__":
    main()
