"""Logs of switches and of the bank, packed in every way: what is read is what the plain files give."""

from __future__ import annotations

import gzip
import io
import zipfile

import duckdb
import pyarrow as pa
import pytest

from okireports import sources
from test_cdr_fuzz import GOOD
from test_queue_log_pieces import LINES
from test_sources_bank_1999 import HEADER

BANK = [
    HEADER,
    "AA0101\t33116\t9664491\t2\tPS\t990101\t0:00:31\t0:00:36\t5\t0:00:36\t0:03:09\t153\tHANG\t0:00:00\t0:00:00\t0\tNO_SERVER",
    "AA0101\t33117\t0\t0\tNW\t990101\t0:34:12\t0:34:23\t11\t0:00:00\t0:00:00\t0\tHANG\t0:00:00\t0:00:00\t0\tNO_SERVER",
]
LOGS = {
    "asterisk": ("queue_log", LINES),
    "queue_log": ("queue_log.1", LINES),
    "bank-1999": ("01_January.txt", BANK),
    **{source: ("Master.csv", lines) for source, lines in GOOD.items()},
}


def zipped(content, name):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(f"logs/{name}", content)
    return target.getvalue()


PACKINGS = {
    ".gz": lambda content, name: gzip.compress(content),
    ".zst": lambda content, name: pa.compress(content, codec="zstd", asbytes=True),
    ".zip": zipped,
}


def read(path, source):
    """What is staged: each table's rows without their file, the lines, and where the first call stands."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        feed = sources.read(con, path, source=source)
        rows = {
            name: con.execute(f"SELECT * EXCLUDE (_file) FROM {of}").to_arrow_table()
            for name, of in feed.tables.items()
        }
        return rows, feed.lines, dict(feed.ignored), feed.locate(con, "calls", [0])[0]


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("source", LOGS)
def test_packed_it_is_what_it_is_plain(tmp_path, source, packing):
    name, lines = LOGS[source]
    content = "\n".join([*lines, ""]).encode()
    for folder, file, bytes_ in (
        ("plain", name, content),
        ("packed", name + packing, PACKINGS[packing](content, name)),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / file).write_bytes(bytes_)
    rows, *counts, (_, line) = read(tmp_path / "plain", source)
    assert len(rows["calls"])
    within = f"/logs/{name}" if packing == ".zip" else ""
    assert read(tmp_path / "packed", source) == (rows, *counts, (name + packing + within, line))
    alone = read(tmp_path / "packed" / (name + packing), source)
    assert alone == (rows, *counts, (name + packing + within, line))


def test_of_the_bank_only_the_months_beside_one_another_are_read(tmp_path):
    """Rows that were set apart in a folder of their own are none of the log, packed or not."""
    (tmp_path / "dirty").mkdir()
    (tmp_path / "dirty" / "rows.txt").write_text("\n".join([*BANK, ""]))
    (tmp_path / "january.txt.gz").write_bytes(gzip.compress("\n".join([*BANK, ""]).encode()))
    (tmp_path / "notes.txt").write_text("none\n")
    with duckdb.connect() as con:
        feed = sources.read(con, tmp_path, source="bank-1999")
        assert [file.path for file in feed.files] == ["january.txt.gz"]
        assert feed.notes["files without the header of this log, ignored"] == 1
        assert con.execute("SELECT count(*) FROM raw.calls").fetchone() == (2,)


def test_an_empty_log_that_was_packed_has_no_lines(tmp_path):
    (tmp_path / "queue_log.2.gz").write_bytes(gzip.compress(b""))
    (tmp_path / "queue_log").write_text("\n".join([*LINES, ""]))
    with duckdb.connect() as con:
        assert sources.read(con, tmp_path, source="queue_log").lines == len(LINES)


def test_a_queue_log_in_another_encoding(tmp_path):
    """The agent's name in Windows-1250 and in UTF-16; unsaid, what is no UTF-8 is shown as damaged."""
    text = "1700000000|NONE|q1|Łucja|ADDMEMBER\n1700000010|NONE|q1|Łucja|REMOVEMEMBER\n"
    said = {}
    for written, asked in (("cp1250", "cp1250"), ("utf-16", "utf-16"), ("utf-16", "auto"), ("cp1250", None)):
        (tmp_path / "queue_log").write_bytes(text.encode(written))
        with duckdb.connect() as con:
            con.execute("SET TimeZone = 'UTC'")
            sources.read(con, tmp_path / "queue_log", source="queue_log", encoding=asked)
            said[written, asked] = con.execute("SELECT DISTINCT operator FROM raw.statuses").fetchall()
    assert said.pop(("cp1250", None)) == [("\ufffducja",)]
    assert set(map(tuple, said.values())) == {(("Łucja",),)}
