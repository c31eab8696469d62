"""Files as they are: packed, in other encodings, with any line ends, behind a URL, growing while they are read."""

from __future__ import annotations

import gzip
import http.server
import io
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
import pytest

import loaded
from loaded import one, stored
from okireports import sources
from okireports.errors import LoadError
from okireports.sources import encodings, packed, records
from okireports.sources.csv_file import CsvFile

KNOWN = {"calls": frozenset({"source_id", "comment"}), "users": frozenset({"login"})}
REQUIRED = {"calls": frozenset({"source_id"}), "users": frozenset({"login"})}
ROWS = [("1", "a"), ("2", 'says "hi"'), ("3", "two\nlines")]
TEXT = 'source_id,comment\n1,a\n2,"says ""hi"""\n3,"two\nlines"\n'
SOURCE = '[source]\nname = "vendor"\n'
CALLS = """
[[table]]
table = "calls"
[table.columns]
source_id = "Id"
direction = { const = "inbound" }
started_at = "Start"
ended_at = "Start"
outcome = { const = "answered" }
"""


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def small(con: duckdb.DuckDBPyConnection, path: Path | str, **options: str) -> sources.Feed:
    """With two columns only."""
    return sources.read(con, path, source="canonical", known=KNOWN, required=REQUIRED, **options)


def rows(con: duckdb.DuckDBPyConnection, columns: str = "source_id, comment") -> list[tuple[object, ...]]:
    return con.execute(f"SELECT {columns} FROM raw.calls ORDER BY rowid").fetchall()


def zst(data: bytes) -> bytes:
    return pa.compress(data, codec="zstd", asbytes=True)


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


# Packed


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("calls.csv.gz", gzip.compress(TEXT.encode())),
        ("calls.csv.gz", gzip.compress(TEXT[:25].encode()) + gzip.compress(TEXT[25:].encode())),
        ("CALLS.CSV.ZST", None),
        ("calls/june.csv.gz", gzip.compress(TEXT.encode())),
        ("export.zip", zipped(**{"calls.csv": TEXT.encode(), "__MACOSX/._calls.csv": b"x", ".hidden": b"y"})),
        ("export.zip", zipped(**{"calls/june.csv": TEXT.encode()})),
        ("calls/june.zip", zipped(**{"june.csv": TEXT.encode()})),
    ],
    ids=["gzip", "gzip in two members", "zstd", "gzip in a folder", "zip", "zip of a folder", "zip in a folder"],
)
def test_packed_files_are_read_like_plain_ones(con, tmp_path: Path, name: str, data: bytes | None) -> None:
    path = tmp_path / "in" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(zst(TEXT.encode()) if data is None else data)
    feed = small(con, tmp_path / "in")
    assert rows(con) == ROWS
    inside = {"export.zip": "calls.csv", "calls/june.zip": "june.csv"}
    (where,) = feed.locate(con, "calls", [2])
    assert where[1] == 4
    assert where[0].startswith(name) and (name not in inside or "/" in where[0])
    assert feed.files[0].bytes == path.stat().st_size
    assert len(feed.files) == 1


def test_one_packed_file_may_be_given(con, tmp_path: Path) -> None:
    (tmp_path / "calls.csv.gz").write_bytes(gzip.compress(TEXT.encode()))
    assert small(con, tmp_path / "calls.csv.gz").locate(con, "calls", [0]) == [("calls.csv.gz", 2)]
    (tmp_path / "all.zip").write_bytes(zipped(**{"calls.csv": TEXT.encode(), "users.csv": b"login\nanna\n"}))
    feed = small(con, tmp_path / "all.zip")
    assert [f.path for f in feed.files] == ["all.zip/calls.csv", "all.zip/users.csv"]
    assert rows(con) == ROWS


def test_a_packed_parquet_file_and_a_mapping_of_members(con, tmp_path: Path) -> None:
    con.sql("SELECT 7 AS source_id").write_parquet(str(tmp_path / "x"))
    (tmp_path / "calls.parquet.gz").write_bytes(gzip.compress((tmp_path / "x").read_bytes()))
    (tmp_path / "x").unlink()
    small(con, tmp_path)
    assert rows(con, "source_id") == [(7,)]
    (tmp_path / "map.toml").write_text(SOURCE + CALLS.replace('"calls"\n', '"calls"\nfile = "cdr-*.csv"\n'))
    (tmp_path / "day.zip").write_bytes(zipped(**{"cdr-1.csv": b"Id,Start\na,2025-06-01\n", "other.csv": b"x\n"}))
    (tmp_path / "cdr-2.csv.gz").write_bytes(gzip.compress(b"Id,Start\nb,2025-06-02\n"))
    feed = sources.read(con, tmp_path, source=str(tmp_path / "map.toml"))
    assert rows(con, "source_id") == [("b",), ("a",)]
    assert feed.locate(con, "calls", [0, 1]) == [("cdr-2.csv.gz", 2), ("day.zip/cdr-1.csv", 2)]


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("calls.csv.gz", gzip.compress(TEXT.encode())[:-12], "cannot be unpacked"),
        ("calls.csv.gz", b"\x1f\x8b\x08\x00garbage that is no deflate stream", "cannot be unpacked"),
        ("calls.csv.gz", TEXT.encode(), "cannot be unpacked"),
        ("calls.csv.zst", TEXT.encode(), "cannot be unpacked"),
        ("calls.csv", gzip.compress(TEXT.encode()), "this is a gzip archive"),
        ("calls.csv.gz", gzip.compress(b""), "empty"),
        ("calls.zip", zipped(**{"calls.csv": TEXT.encode()})[:-30], "cannot be opened"),
        ("calls.zip", b"no archive", "cannot be opened"),
    ],
)
def test_a_damaged_archive_is_refused(con, tmp_path: Path, name: str, data: bytes, told: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(LoadError, match=told) as caught:
        small(con, tmp_path)
    assert (caught.value.file or "").startswith(name)


def test_a_torn_zst_file_is_refused(con, tmp_path: Path) -> None:
    (tmp_path / "calls.csv.zst").write_bytes(zst(TEXT.encode() * 500)[:-20])
    with pytest.raises(LoadError):
        small(con, tmp_path)


def test_a_member_cannot_lead_out_of_the_archive(con, tmp_path: Path) -> None:
    """Members are unpacked under numbers of our own; their names are words of messages and no more."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "calls.zip").write_bytes(zipped(**{"calls/x.csv": b"source_id\n1\n"}))
    (tmp_path / "in" / "evil.zip").write_bytes(zipped(**{"calls/../../../evil.csv": b"source_id\n2\n"}))
    small(con, tmp_path / "in")
    assert rows(con, "source_id") == [("1",), ("2",)] or rows(con, "source_id") == [("1",)]
    assert not list(tmp_path.rglob("evil.csv"))


# Encodings

POLISH = "Id,Start,Kto\n1,2025-06-01,Łucja Śmiała\n2,2025-06-02,Gżegżółka źdźbła ąę\n"


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("cp1250", "Windows-1250"),
        ("iso-8859-2", "ISO 8859-2 (Latin-2)"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16-LE"),
        ("utf-16-be", "UTF-16-BE"),
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_encoding_is_found_out_and_told(con, tmp_path: Path, encoding: str, told: str, end: str) -> None:
    (tmp_path / "x.csv").write_bytes(POLISH.replace("\n", end).encode(encoding))
    (tmp_path / "map.toml").write_text(SOURCE + 'encoding = "auto"\n' + CALLS + 'operator = "Kto"\n')
    feed = sources.read(con, tmp_path / "x.csv", source=str(tmp_path / "map.toml"))
    assert rows(con, "operator") == [("Łucja Śmiała",), ("Gżegżółka źdźbła ąę",)]
    assert feed.notes == {f"files read as {told}, as found out": 1}
    assert feed.locate(con, "calls", [1]) == [("x.csv", 3)]


def test_an_encoding_may_be_given(con, tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_bytes("source_id,comment\n1,Śmiała\n".encode("cp1250"))
    small(con, tmp_path, encoding="cp1250")
    assert rows(con) == [("1", "Śmiała")]
    small(con, tmp_path, encoding="auto")
    assert rows(con) == [("1", "Śmiała")]
    with pytest.raises(LoadError, match="It looks like Windows-1250") as caught:
        small(con, tmp_path)
    assert caught.value.line == 2
    with pytest.raises(LoadError, match="no encoding 'cp-nothing'"):
        small(con, tmp_path, encoding="cp-nothing")


def test_what_the_first_megabyte_hides(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"a" * (1 << 20) + "Ś".encode("cp1250"))
    assert encodings.detect(path) == "cp1250"
    path.write_bytes(b"a" * ((1 << 20) - 1) + "Ś".encode())  # a letter across two pieces
    assert encodings.detect(path) == "utf-8"


# Line ends and quotes


def test_line_ends_of_three_kinds_in_one_file(con, tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_bytes(b'source_id,comment\r\n1,a\n2,b\r\n3,"c\r\nd"\n4,e\r\n')
    feed = small(con, tmp_path)
    assert [r[0] for r in rows(con)] == ["1", "2", "3", "4"]
    assert feed.rejects is None
    assert feed.locate(con, "calls", [3]) == [("calls.csv", 6)]


@pytest.mark.parametrize("data", [b"1,\ra", b"1,\ra\n", b"1,x\na\r2,y\n", b"1,x\r\n2,y\ra\r\n", b"1,x\r\na\r"])
def test_a_carriage_return_alone_ends_a_line_too(con, tmp_path: Path, data: bytes) -> None:
    """Whether the engine by itself takes it for one depends on the rest of the file; here it always does."""
    (tmp_path / "calls.csv").write_bytes(b"source_id,comment\n" + data)
    feed = small(con, tmp_path)
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    good = [n for n, line in enumerate(lines, 2) if b"," in line]
    assert feed.locate(con, "calls", range(len(good))) == [("calls.csv", n) for n in good]
    (bad,) = con.execute(f"SELECT line FROM {feed.rejects}").fetchall()
    assert bad == (lines.index(b"a") + 2,)


def test_a_carriage_return_at_the_end_of_a_piece(tmp_path: Path) -> None:
    piece = 1 << 20
    for data, expected in (
        (b"x" * (piece - 1) + b"\r\n", False),
        (b"x" * (piece - 1) + b"\ry", True),
        (b"x" * (piece - 1) + b"\r", True),
        (b"\r\n" * 9, False),
        (b"a\r\nb\rc\r\n", True),
    ):
        (tmp_path / "x").write_bytes(data)
        assert records.has_lone_returns(tmp_path / "x") == expected


def test_quotes_inside_quotes(con, tmp_path: Path) -> None:
    (tmp_path / "calls.csv").write_text('source_id,comment\n1,"a ""b"" c, d"\n2,""""\n3,"he said "hi" twice"\n4,x\n')
    feed = small(con, tmp_path)
    assert rows(con) == [("1", 'a "b" c, d'), ("2", '"'), ("4", "x")]
    assert con.execute(f"SELECT line, reason FROM {feed.rejects}").fetchall() == [(4, "text after a closing quote")]


def test_quotes_that_are_escaped(con, tmp_path: Path) -> None:
    """As MySQL writes them."""
    (tmp_path / "x.csv").write_text('"Id","Start"\n"a \\"b\\", c","2025-06-01"\n"d","2025\n"\n"e\\\\","x"\n"f\n')
    (tmp_path / "map.toml").write_text(SOURCE + 'escape = "\\\\"\n' + CALLS)
    feed = sources.read(con, tmp_path / "x.csv", source=str(tmp_path / "map.toml"))
    assert rows(con, "source_id") == [('a "b", c',), ("d",), ("e\\",)]
    assert con.execute(f"SELECT line FROM {feed.rejects}").fetchall() == [(6,)]
    assert feed.locate(con, "calls", [2]) == [("x.csv", 5)]


# A file that grows


@pytest.fixture
def growing(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Between the opening of the next file and the reading of its rows somebody appends to it."""

    def append(more: bytes) -> None:
        real = CsvFile._copy

        def copy(self: CsvFile, *arguments: object) -> None:
            if not self._grew:
                with self.path.open("ab") as out:
                    out.write(more)
            real(self, *arguments)

        monkeypatch.setattr(CsvFile, "_copy", copy)

    return append


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be", "cp1250"])
@pytest.mark.parametrize("torn", ["", "3,ś", '3,"ś\n'])
def test_of_a_growing_file_whole_lines_are_read_and_the_rest_next_time(
    con, tmp_path: Path, growing: Callable[[bytes], None], monkeypatch: pytest.MonkeyPatch, encoding: str, torn: str
) -> None:
    whole = "source_id,comment\n1,ą\n2,ć\n"
    path = tmp_path / "calls.csv"
    path.write_bytes((whole + torn).encode(encoding))
    plain = encoding.removesuffix("-be") + ("-be" if encoding.endswith("be") else "-le" if "16" in encoding else "")
    growing("0\n4,after\n5,torn".encode(plain))
    feed = small(con, tmp_path, encoding=encoding)
    kept = [("1", "ą"), ("2", "ć")]
    assert rows(con) == kept
    assert [count for note, count in feed.notes.items() if "grew" in note] == [1]
    broken = con.execute(f"SELECT line FROM {feed.rejects}").fetchall() if feed.rejects else []
    assert broken == ([(4,)] if "\n" in torn else [])
    first = whole + (torn if "\n" in torn else "")
    assert feed.files[0].bytes == len(first.encode(encoding))
    monkeypatch.undo()
    with path.open("ab") as out:
        out.write('\n6,"x"\n'.encode(plain))
    small(con, tmp_path, encoding=encoding)
    ids = [r[0] for r in rows(con)]
    assert ids[:2] == ["1", "2"] and ids[-1] == "6" and "4" in ids


def test_a_growing_file_of_a_centre(tmp_path: Path, growing: Callable[[bytes], None]) -> None:
    """What a load saw half of, the next one has whole; nothing is there twice."""
    center = loaded.centre(tmp_path / "centre")
    folder = loaded.write(tmp_path / "in", {}) if (tmp_path / "in").mkdir() is None else tmp_path
    text = loaded.calls(loaded.call("c-1"), loaded.call("c-2"))
    path = folder / "calls.csv"
    path.write_text(text[:-4])  # the last line is being written
    with pytest.MonkeyPatch.context() as patch:
        real = CsvFile._copy

        def copy(self: CsvFile, *arguments: object) -> None:
            path.write_text(text)
            real(self, *arguments)

        patch.setattr(CsvFile, "_copy", copy)
        first = center.load(folder)
    assert (first.rows_in, first.rows_loaded, first.rows_rejected) == (1, 1, 0)
    assert set(loaded.places(center)) == {"c-1"}
    second = center.load(folder)
    assert (second.rows_in, second.rows_loaded) == (2, 2)
    assert set(loaded.places(center)) == {"c-1", "c-2"}


def test_a_file_that_becomes_shorter_is_refused(con, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(TEXT)
    real = CsvFile._copy

    def copy(self: CsvFile, *arguments: object) -> None:
        os.truncate(path, 20)
        real(self, *arguments)

    monkeypatch.setattr(CsvFile, "_copy", copy)
    with pytest.raises(LoadError, match="shorter"):
        small(con, tmp_path)


def test_a_file_without_one_whole_line(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("source_id,comm")
    with pytest.raises(LoadError, match="no whole line"):
        records.whole_lines(tmp_path / "x", tmp_path / "y", 14, "utf-8")


# Behind a URL


class Files(http.server.BaseHTTPRequestHandler):
    """A web server of files, and as much of S3 as reading takes: HEAD, GET and the list of a bucket."""

    files: dict[str, bytes]
    asked: list[str]

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.asked.append(f"{self.path} {self.headers.get('Authorization', '')}".strip())
        path, query = unquote(urlsplit(self.path).path).lstrip("/"), parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            return self.say(200, self.listing(path, query.get("prefix", [""])[0], "delimiter" in query))
        if path not in self.files:
            return self.say(404, b"")
        data, span = self.files[path], self.headers.get("Range")
        if not span:
            return self.say(200, data)
        first, last = (int(n) for n in span.removeprefix("bytes=").split("-"))
        part = data[first : last + 1]
        return self.say(206, part, {"Content-Range": f"bytes {first}-{first + len(part) - 1}/{len(data)}"})

    def listing(self, bucket: str, prefix: str, flat: bool) -> bytes:
        keys = [k.removeprefix(f"{bucket.rstrip('/')}/") for k in self.files]
        keys = sorted(k for k in keys if k.startswith(prefix))
        inside = [k for k in keys if not flat or "/" not in k.removeprefix(prefix)]
        folders = {prefix + k.removeprefix(prefix).split("/")[0] + "/" for k in keys if k not in inside}
        files = "".join(
            f"<Contents><Key>{k}</Key><Size>1</Size><LastModified>2025-01-01T00:00:00.000Z</LastModified></Contents>"
            for k in inside
        )
        below = "".join(f"<CommonPrefixes><Prefix>{f}</Prefix></CommonPrefixes>" for f in sorted(folders))
        space = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
        count = len(inside) + len(folders)
        return (
            f"<ListBucketResult {space}><IsTruncated>false</IsTruncated><KeyCount>{count}</KeyCount>"
            f"{files}{below}</ListBucketResult>"
        ).encode()

    def say(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        promised = len(data) + 100 * ("torn" in self.path)
        named = {"Content-Length": str(promised), "ETag": '"x"', "Last-Modified": "Wed, 01 Jan 2025 00:00:00 GMT"}
        for name, value in (named | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def log_message(self, *arguments: object) -> None:
        """Nothing is printed."""


@contextmanager
def served(files: dict[str, bytes]) -> Iterator[tuple[str, list[str]]]:
    """Files on a port of this machine; gives its address and the requests that came."""
    handler = type("Served", (Files,), {"files": files, "asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}", handler.asked
        finally:
            server.shutdown()
            thread.join()


def test_a_file_of_a_web_server(con) -> None:
    with served({"data/calls.csv.gz": gzip.compress(TEXT.encode())}) as (host, asked):
        feed = small(con, f"http://user:secret@{host}/data/calls.csv.gz?signature=hidden#x")
    assert rows(con) == ROWS
    assert feed.files[0].path == "calls.csv.gz"
    assert feed.locate(con, "calls", [2]) == [("calls.csv.gz", 4)]  # the copy lives as long as the feed
    assert asked == ["/data/calls.csv.gz?signature=hidden Basic dXNlcjpzZWNyZXQ="]


@pytest.mark.parametrize(
    ("path", "told"), [("absent.csv", "Not Found|404"), ("torn/calls.csv", "broke|more expected"), ("", "no file")]
)
def test_a_web_server_that_does_not_give_it(con, path: str, told: str) -> None:
    with served({"torn/calls.csv": TEXT.encode()}) as (host, _), pytest.raises(LoadError, match=told) as caught:
        small(con, f"http://user:secret@{host}/{path}?key=hidden")
    assert "secret" not in str(caught.value) and "hidden" not in str(caught.value)
    assert caught.value.file == f"http://{host}/{path}"


def test_a_server_that_is_not_there(con) -> None:
    with served({}) as (host, _):
        pass
    with pytest.raises(LoadError, match="cannot be fetched"):
        small(con, f"http://{host}/calls.csv")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    files = {
        "lake/june/calls.csv": TEXT.encode(),
        "lake/june/users.csv": b"login\nanna\n",
        "lake/one/calls.csv": b"source_id,comment\n9,z\n",
    }
    with served(files) as (host, _):
        yield f"endpoint_override={host}&scheme=http&region=eu-central-1"


def test_a_folder_in_object_storage(con, bucket: str) -> None:
    feed = small(con, f"s3://lake/june?{bucket}")
    assert rows(con) == ROWS
    assert [f.path for f in feed.files] == ["calls.csv", "users.csv"]
    small(con, f"s3://lake/one/calls.csv?{bucket}")
    assert rows(con) == [("9", "z")]


def test_nothing_in_object_storage(con, bucket: str) -> None:
    with pytest.raises(LoadError, match="nothing at this address") as caught:
        small(con, f"s3://lake/absent?{bucket}")
    assert caught.value.file == "s3://lake/absent"


def test_a_url_loads_into_a_centre(tmp_path: Path) -> None:
    center = loaded.centre(tmp_path / "centre")
    text = loaded.calls(loaded.call("c-1", "2025-06-02T10:00:00Z", "Acme sales"), "bad,row", columns="queue")
    with served({"calls.csv": text.encode()}) as (host, _):
        result = center.load(f"http://{host}/calls.csv")
    assert (result.rows_loaded, result.rows_rejected) == (1, 1)
    assert list(result.rejects["line"]) == [3]
    assert loaded.places(center) == {"c-1": "Acme"}


# Zones, changes of the clock, and the future

WARSAW = ZoneInfo("Europe/Warsaw")


def shown(at: datetime, **options: object) -> str:
    return at.strftime("%d.%m.%Y %H:%M")


@pytest.mark.parametrize(
    ("zone", "ambiguous", "expected"),
    [
        # 02:30 of 26 October is at 00:30 and at 01:30 UTC; 02:30 of 30 March is never: taken as 01:30 or 00:30 UTC
        ("Europe/Warsaw", "earlier", {"october": datetime(2025, 10, 26, 0, 30)}),
        ("Europe/Warsaw", "later", {"october": datetime(2025, 10, 26, 1, 30)}),
        ("Europe/Warsaw", "reject", {"october": None, "march": None}),
        ("UTC", "earlier", {"october": datetime(2025, 10, 26, 2, 30), "march": datetime(2025, 3, 30, 2, 30)}),
    ],
)
def test_both_changes_of_the_clock_in_a_vendors_file(
    tmp_path: Path, zone: str, ambiguous: str, expected: dict[str, datetime | None]
) -> None:
    center = loaded.centre(tmp_path / "centre", timezone="Asia/Tokyo", definitions={})
    local = {"october": "26.10.2025 02:30", "march": "30.03.2025 02:30", "june": "15.06.2025 02:30"}
    path = tmp_path / "x.csv"
    path.write_text("Id,Start\n" + "".join(f"{name},{at}\n" for name, at in local.items()))
    form = '{ column = "Start", format = "%d.%m.%Y %H:%M" }'
    toml = f'{SOURCE}timezone = "{zone}"\n' + CALLS.replace('_at = "Start"', f"_at = {form}")
    (tmp_path / "map.toml").write_text(toml)
    result = center.load(path, source=str(tmp_path / "map.toml"), ambiguous=ambiguous)
    found = {r["source_id"]: r["started_at"] for r in stored(center)["calls"]}
    june = datetime(2025, 6, 15, 2, 30, tzinfo=ZoneInfo(zone)).astimezone(UTC).replace(tzinfo=None)
    assert found["june"] == june
    for name, at in expected.items():
        assert found.get(name) == at
    rejected = [name for name, at in expected.items() if at is None]
    assert result.rows_rejected == len(rejected)
    assert result.rows_in == 3


def test_rows_from_the_future(tmp_path: Path) -> None:
    """Less than a day ahead is a clock or a zone: counted. More is a misprint: rejected. Plans may be ahead."""
    center = loaded.centre(tmp_path / "centre")
    at = [loaded.NOW + ahead for ahead in (timedelta(0), timedelta(hours=23), timedelta(days=1, seconds=1))]
    text = loaded.calls(*(loaded.call(f"c-{n}", moment.isoformat()) for n, moment in enumerate(at)))
    result = loaded.load(
        center,
        {
            "calls": text,
            "shifts": "source_id,operator,activity,starts_at,ends_at\n"
            "s-1,anna,work,2026-06-01T08:00:00Z,2026-06-01T16:00:00Z\n",
            "statuses": "operator,status,started_at\nanna,Ready,2025-06-01T08:00:00Z\nanna,Busy,2052-06-01T08:00:00Z\n",
        },
    )
    assert result.rows_rejected == 2
    assert set(result.rejects["reason"]) == {"it starts more than a day after it is loaded"}
    assert set(result.rejects["column_name"]) == {"started_at"}
    assert [n for note, n in result.notes.items() if "start after they are loaded" in note] == [1]
    assert set(loaded.places(center)) == {"c-0", "c-1"}
    assert {s["ended_at"] for s in stored(center)["statuses"]} == {None}  # no status stretches to a misprint
    assert one(center, "shifts", project="Acme")["starts_at"] == datetime(2026, 6, 1, 8)


def test_what_is_found_keeps_its_names(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x")
    (tmp_path / "b.csv.gz").write_text("x")
    (tmp_path / "c.zip").write_bytes(zipped(**{"d/e.csv": b"x"}))
    found = {one.name: str(one.inner) for one in packed.found(tmp_path)}
    assert found == {"a.csv": "a.csv", "b.csv.gz": "b.csv", "c.zip/d/e.csv": "d/e.csv"}
