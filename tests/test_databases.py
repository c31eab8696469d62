"""PostgreSQL and MariaDB as sources: what a mapping's queries give, from a watermark on, and what goes wrong.

Each test runs against both servers, which are real and this file's own.
"""

from __future__ import annotations

import gc
import json
import logging
import sys
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import loaded
import servers
from okireports.errors import LoadError
from okireports.sources import database
from okireports.sources.database import address

SERVERS = [
    pytest.param("postgres", marks=pytest.mark.debian("postgresql")),
    pytest.param("mariadb", marks=pytest.mark.debian("mariadb-server")),
]
MAPPING = """
[source]
name = "switch"
timezone = "Europe/Warsaw"

[[table]]
table = "calls"
from = "calls"
watermark = "changed_at"
[table.columns]
source_id = "id"
direction = { const = "inbound" }
started_at = "started"
ended_at = "ended"
outcome = { column = "disposition", words = { ANSWERED = "answered", "NO ANSWER" = "abandoned" } }
queue = "queue"
"""
TABLE = """CREATE TABLE calls (id BIGINT PRIMARY KEY, started {instant}, ended {instant}, disposition VARCHAR(40),
queue VARCHAR(40), changed_at {instant})"""


@pytest.fixture(scope="module", params=SERVERS)
def running(request):
    """A server, for all tests of this file."""
    with getattr(servers, request.param)() as server:
        yield server


@pytest.fixture
def server(running):
    """The server with an empty table of calls."""
    instant = {"postgresql": "timestamptz", "mysql": "TIMESTAMP(3) NULL"}[running.kind]
    running.run("DROP TABLE IF EXISTS calls", TABLE.format(instant=instant))
    return running


@pytest.fixture
def center(tmp_path):
    return loaded.centre(tmp_path / "centre")


@pytest.fixture
def mapping(tmp_path):
    path = tmp_path / "switch.toml"
    path.write_text(MAPPING)
    return str(path)


def offset(server):
    """What an instant in UTC ends with, as the server takes it."""
    return "+00" if server.kind == "postgresql" else ""


def put(server, id, hour, changed, *, disposition="ANSWERED", day=2):
    """Write a call into the database, new or known; it lasts a minute."""
    zone, at = offset(server), f"2025-06-{day:02} {hour:02}"
    changed = f"'2025-06-{changed}{zone}'" if changed else "NULL"
    server.run(
        f"DELETE FROM calls WHERE id = {id}",
        f"INSERT INTO calls VALUES ({id}, '{at}:00:00{zone}', '{at}:01:00{zone}', '{disposition}', 'Acme sales', "
        f"{changed})",
    )


def started(center):
    return {int(r["source_id"]): r["started_at"].hour for r in loaded.stored(center).get("calls", [])}


# What is read


def test_a_table_is_loaded(server, center, mapping):
    put(server, 1, 8, "02 08:01:00")
    put(server, 2, 9, "02 09:01:00", disposition="NO ANSWER")
    result = center.load(server.url(), source=mapping)
    assert (result.rows_in, result.rows_loaded, result.rows_rejected) == (2, 2, 0)
    rows = sorted(loaded.stored(center)["calls"], key=lambda r: r["source_id"])
    assert [(r["source_id"], r["started_at"], r["outcome"], r["project"], r["source"]) for r in rows] == [
        ("1", loaded.utc("02 08:00:00"), "answered", "Acme", "switch"),
        ("2", loaded.utc("02 09:00:00"), "abandoned", "Acme", "switch"),
    ]


TYPED = {  # what a query gives -> the text that a mapping reads
    "postgresql": {
        "42::bigint": "42",
        "1.50::numeric(10, 2)": "1.50",
        "0.1::float8": "0.1",
        "true": "true",
        "'zażółć — 客'": "zażółć — 客",
        "''": None,
        "NULL::text": None,
        "date '2025-06-01'": "2025-06-01",
        "timestamp '2025-06-01 10:00:00.25'": "2025-06-01 10:00:00.25",
        "timestamptz '2025-06-01 10:00:00.25+02'": "2025-06-01 08:00:00.25+00",
        "interval '1 day 02:03:04.5'": "26:03:04.500",
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "'{\"a\": [1]}'::jsonb": '{"a": [1]}',
        "array['x', 'y']": "{x,y}",
    },
    "mysql": {
        "CAST(42 AS SIGNED)": "42",
        "CAST(1.5 AS DECIMAL(10, 2))": "1.50",
        "0.1e0": "0.1",
        "true": "1",
        "(SELECT flags FROM stamps)": "5",
        "'zażółć — 客'": "zażółć — 客",
        "''": None,
        "NULL": None,
        "DATE '2025-06-01'": "2025-06-01",
        "TIMESTAMP '2025-06-01 10:00:00.25'": "2025-06-01 10:00:00.25",
        "(SELECT max(at) FROM stamps)": "2025-06-01 08:00:00+00",  # a TIMESTAMP knows its instant
        "(SELECT max(nothing) FROM stamps)": None,  # 0000-00-00
        "CAST('26:03:04' AS TIME)": "26:03:04",
        "JSON_ARRAY(1, 'a')": '[1, "a"]',
        "CAST('text' AS BINARY)": "text",
        "x'ff00'": "ff00",
    },
}


def test_every_type_comes_as_text(running):
    if running.kind == "mysql":
        running.run(
            "DROP TABLE IF EXISTS stamps",
            "SET sql_mode = ''",
            "SET time_zone = '+02:00'",
            "CREATE TABLE stamps (at TIMESTAMP, nothing DATETIME, flags BIT(3))",
            "INSERT INTO stamps VALUES ('2025-06-01 10:00:00', '0000-00-00', b'101')",
        )
    cases = TYPED[running.kind]
    query = ", ".join(f"{sql} AS c{i}" for i, sql in enumerate(cases))
    session = database.connect(running.url())
    relation = f"(SELECT {query}) AS q"
    with duckdb.connect() as con:
        rows = database.queries.QueryRows(session, "q", relation, session.columns(relation))
        con.execute(f"CREATE TABLE t ({', '.join(f'c{i} VARCHAR' for i in range(len(cases)))}, _file USMALLINT)")
        assert rows.insert(con, "t", {c: c for c in rows.columns}, 0) == 1
        given = con.execute("FROM t").fetchone()[:-1]
    session.close()
    assert dict(zip(cases, given, strict=True)) == cases


def test_times_without_an_offset_are_local_to_the_mappings_zone(server, center, mapping):
    local = {"postgresql": "timestamp", "mysql": "DATETIME"}[server.kind]
    server.run("DROP TABLE calls", TABLE.format(instant=local))
    server.run("INSERT INTO calls VALUES (1, '2025-06-02 10:00', '2025-06-02 10:01', 'ANSWERED', NULL, NULL)")
    center.load(server.url(), source=mapping)
    assert started(center) == {1: 8}  # Warsaw is two hours ahead


def test_a_query_with_a_join_makes_several_tables(server, center, tmp_path):
    put(server, 1, 8, "02 08:01:00")
    put(server, 2, 9, "02 09:01:00")
    server.run("DROP TABLE IF EXISTS scores", "CREATE TABLE scores (call_id BIGINT, score INT)")
    server.run("INSERT INTO scores VALUES (2, 5)")
    query = 'query = """SELECT c.*, s.score FROM calls c LEFT JOIN scores s ON s.call_id = c.id -- all;"""\n'
    rating = f"""
[[table]]
table = "ratings"
{query}watermark = "changed_at"
needs = ["score"]
[table.columns]
source_id = "id"
call = "id"
score = "score"
kind = {{ const = "csat" }}
at = "ended"
"""
    path = tmp_path / "joined.toml"
    path.write_text(MAPPING.replace('from = "calls"\n', query) + rating)
    result = center.load(server.url(), source=str(path))
    assert result.rows_in == 3
    assert started(center) == {1: 8, 2: 9}
    assert loaded.one(center, "ratings")["score"] == 5
    assert [f["file"] for f in files_of(center)] == ["query of calls"]  # one query was asked for both tables


def test_a_schema_and_strange_names(server, center, mapping):
    quote = '"' if server.kind == "postgresql" else "`"
    name = f"{quote}odd 'table' %s{quote}"
    server.run(f"DROP TABLE IF EXISTS {name}", f"CREATE TABLE {name} AS SELECT * FROM calls")
    schema = "public" if server.kind == "postgresql" else "centre"
    Path(mapping).write_text(MAPPING.replace('from = "calls"', f"from = \"{schema}.odd 'table' %s\""))
    assert center.load(server.url(), source=mapping).rows_in == 0


def test_rejects_name_the_query_and_the_row(server, center, mapping):
    put(server, 1, 8, "02 08:01:00")
    server.run(f"INSERT INTO calls VALUES (2, '2025-06-02 09:00{offset(server)}', NULL, 'ANSWERED', NULL, NULL)")
    result = center.load(server.url(), source=mapping)
    assert [(r.table_name, r.file, r.line, r.column_name) for r in result.rejects.itertuples()] == [
        ("calls", "calls", 2, "ended_at")
    ]


def test_rows_are_streamed(running):
    """A hundred thousand rows of a kilobyte are never all in the hands of Python."""
    wide = {"postgresql": "repeat('x', 1000) AS w FROM generate_series(1, 100000) g(n)"}
    wide["mysql"] = "REPEAT('x', 1000) AS w FROM seq_1_to_100000"
    session = database.connect(running.url())
    relation = f"(SELECT {wide[running.kind]}) AS q"
    kinds = session.columns(relation)
    tracemalloc.start()
    rows = sum(batch.num_rows for batch in session.stream(relation, kinds, None))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    session.close()
    assert rows == 100_000
    assert most < 60_000_000, f"{most:,} bytes of the 100 MB were held at once"


def test_nothing_can_be_written(server, center, mapping):
    put(server, 1, 8, "02 08:01:00")
    owner = server.url(user="owner")
    if server.kind == "postgresql":
        server.run("CREATE OR REPLACE FUNCTION clear() RETURNS bigint LANGUAGE sql AS 'DELETE FROM calls RETURNING id'")
    text = {"postgresql": "SELECT clear() AS id"}
    text["mysql"] = "SELECT 1 AS id) q; DELETE FROM calls; SELECT * FROM (SELECT 1"
    Path(mapping).write_text(MAPPING.replace('from = "calls"', f'query = "{text[server.kind]}"'))
    with pytest.raises(LoadError):
        center.load(owner, source=mapping)
    assert server.run("SELECT count(*) FROM calls")[0][0] == 1


# From the watermark on


def files_of(center):
    return json.loads(center.loads["files"].iloc[0])


def test_only_what_came_since_the_watermark_is_read(server, center, mapping):
    put(server, 1, 1, "02 01:00:00")
    put(server, 2, 9, "02 09:00:00")
    assert center.load(server.url(), source=mapping).rows_in == 2
    assert files_of(center)[0]["mark"] == "2025-06-02 09:00:00"
    put(server, 3, 10, "02 10:00:00")
    put(server, 4, 3, "02 07:00:00")  # committed late, within the overlap of two hours
    put(server, 5, 3, "02 06:59:59")  # before it
    put(server, 1, 2, "02 10:00:00")  # corrected
    put(server, 6, 4, None)  # nobody knows when
    result = center.load(server.url(), source=mapping)
    assert result.rows_in == 5  # 1, 3, 4, 6, and 2 once more
    assert result.rows_updated == 1
    assert started(center) == {1: 2, 2: 9, 3: 10, 4: 3, 6: 4}
    assert center.sync(server.url(), source=mapping, whole=True).rows_in == 6
    assert started(center) == {1: 2, 2: 9, 3: 10, 4: 3, 5: 3, 6: 4}


def test_a_sync_without_news_writes_nothing(server, center, mapping):
    assert center.sync(server.url(), source=mapping) is None
    put(server, 1, 8, "02 08:00:00")
    assert center.sync(server.url(), source=mapping).rows_in == 1
    server.run("DELETE FROM calls")
    generation = center.folder.current().generation
    assert center.sync(server.url(), source=mapping) is None
    assert center.folder.current().generation == generation
    assert started(center) == {1: 8}  # what is gone there stays here


def test_a_row_from_the_future_hides_nothing(server, center, mapping):
    put(server, 1, 8, "02 08:00:00")
    server.run(f"UPDATE calls SET changed_at = '2037-01-01 00:00{offset(server)}'")
    center.load(server.url(), source=mapping)
    assert files_of(center)[0]["mark"] == "2025-12-01 12:00:00"  # the time of the load
    server.run(f"UPDATE calls SET changed_at = '2025-12-01 13:00{offset(server)}', disposition = 'NO ANSWER'")
    assert center.load(server.url(), source=mapping).rows_updated == 1


@pytest.mark.parametrize("change", ["rollback", "mapping", "overlap"])
def test_the_watermark_belongs_to_the_rows_that_it_stands_for(server, center, mapping, change):
    put(server, 1, 1, "02 01:00:00")
    center.load(server.url(), source=mapping)
    put(server, 2, 9, "02 09:00:00")
    center.load(server.url(), source=mapping)
    if change == "rollback":
        center.rollback(actor="admin", reason="a test")
        assert started(center) == {1: 1}
    else:  # by another mapping all rows are other rows
        text = MAPPING.replace('name = "switch"', 'name = "switch"\nnulls = ["-"]')
        Path(mapping).write_text(text if change == "mapping" else MAPPING + "\n")
    assert center.load(server.url(), source=mapping).rows_in == 2
    assert started(center) == {1: 1, 2: 9}


def test_a_load_that_fails_does_not_move_the_watermark(server, center, mapping):
    put(server, 1, 1, "02 01:00:00")
    center.load(server.url(), source=mapping)
    put(server, 2, 9, "02 09:00:00")
    server.run(f"INSERT INTO calls VALUES (3, NULL, NULL, 'ANSWERED', NULL, '2025-06-02 20:00{offset(server)}')")
    with pytest.raises(LoadError, match="strict"):
        center.load(server.url(), source=mapping, strict=True)
    assert started(center) == {1: 1}
    server.run("DELETE FROM calls WHERE id = 3")
    center.load(server.url(), source=mapping, strict=True)
    assert started(center) == {1: 1, 2: 9}


@pytest.mark.parametrize(
    ("column", "values", "overlap", "read"),
    [
        ("BIGINT", ["1", "1499", "2500", "2600"], "", 2),  # from 1,500 on
        ("BIGINT", ["1", "1500", "2500", "2600"], "", 3),
        ("BIGINT", ["1", "1500", "2500", "2600"], "overlap = 0\n", 2),
        ("BIGINT", ["1", "1499", "2500", "2600"], "overlap = 1001\n", 3),
        ("DATE", ["'2025-06-01'", "'2025-06-08'", "'2025-06-09'", "'2025-06-09'"], "", 3),  # two hours: a day
        ("DATE", ["'2025-06-01'", "'2025-06-08'", "'2025-06-09'", "'2025-06-09'"], "overlap = 0\n", 2),
        ("DATE", ["'2025-06-01'", "'2025-06-08'", "'2025-06-09'", "'2025-06-09'"], "overlap = 700000\n", 4),
    ],
)
def test_numbers_and_days_as_watermarks(server, center, mapping, column, values, overlap, read):
    server.run("ALTER TABLE calls DROP COLUMN changed_at", f"ALTER TABLE calls ADD COLUMN changed_at {column}")
    Path(mapping).write_text(MAPPING.replace("[table.columns]", f"{overlap}[table.columns]"))
    for id, value in enumerate(values):
        if id == 3:
            assert center.load(server.url(), source=mapping).rows_in == 3
        at = f"'2025-06-02 08:00{offset(server)}'"
        server.run(f"INSERT INTO calls VALUES ({id}, {at}, {at}, 'ANSWERED', NULL, {value})")
    assert center.load(server.url(), source=mapping).rows_in == read


def test_a_local_watermark_in_the_night_of_the_autumn_change(server, center, mapping):
    """A row of the second 02:10 comes after one of the first 02:59, and has a smaller watermark."""
    local = {"postgresql": "timestamp", "mysql": "DATETIME"}[server.kind]
    server.run("ALTER TABLE calls DROP COLUMN changed_at", f"ALTER TABLE calls ADD COLUMN changed_at {local}")
    at = f"'2025-10-26 00:00{offset(server)}'"
    server.run(f"INSERT INTO calls VALUES (1, {at}, {at}, 'ANSWERED', NULL, '2025-10-26 02:59:59')")
    center.load(server.url(), source=mapping)
    server.run(f"INSERT INTO calls VALUES (2, {at}, {at}, 'ANSWERED', NULL, '2025-10-26 02:10:00')")
    center.load(server.url(), source=mapping)
    assert started(center) == {1: 0, 2: 0}


def test_a_text_is_no_watermark(server, center, mapping):
    Path(mapping).write_text(MAPPING.replace('watermark = "changed_at"', 'watermark = "queue"'))
    with pytest.raises(LoadError, match=r"calls, column queue: A watermark has to be a time.*CAST"):
        center.load(server.url(), source=mapping)


@settings(max_examples=5, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    steps=st.lists(
        st.one_of(st.just("sync"), st.tuples(st.integers(1, 5), st.integers(0, 23), st.integers(0, 7199))),
        min_size=1,
        max_size=10,
    )
)
def test_late_and_corrected_rows_end_in_the_tables_of_one_clean_load(running, tmp_path_factory, steps):
    """A clock runs; each row is stamped up to two hours before it is committed."""
    path = tmp_path_factory.mktemp("late")
    (path / "switch.toml").write_text(MAPPING)
    center, clean = loaded.centre(path / "centre"), loaded.centre(path / "clean")
    instant = {"postgresql": "timestamptz", "mysql": "TIMESTAMP(3) NULL"}[running.kind]
    running.run("DROP TABLE IF EXISTS calls", TABLE.format(instant=instant))
    for number, step in enumerate([*steps, "sync"]):
        if step == "sync":
            center.sync(running.url(), source=str(path / "switch.toml"))
        else:
            id, hour, late = step
            stamp = datetime.fromtimestamp(1748822400 + number * 600 - late, UTC)
            put(running, id, hour, f"{stamp:%d %H:%M:%S}" if stamp.month == 6 else "01 00:00:00")
    clean.load(running.url(), source=str(path / "switch.toml"))
    assert loaded.difference(loaded.content(clean), loaded.content(center)) == {}


# What goes wrong


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: s.url(password="not-the-word"), "password|Access denied"),
        (lambda s: s.url(port=servers.free_port()), "refused"),
        (lambda s: s.url().replace("127.0.0.1", "nowhere.invalid"), "nowhere.invalid"),
        (lambda s: s.url().replace("/centre", "/elsewhere"), "elsewhere"),
        (lambda s: s.url(user="nobody"), "nobody"),
        (lambda s: s.url(tail="?colour=red"), "colour"),
    ],
    ids=["password", "port", "host", "database", "user", "option"],
)
def test_a_database_that_cannot_be_opened(server, center, mapping, change, said):
    before = loaded.content(center, but=())
    with pytest.raises(LoadError, match=said) as caught:
        center.load(change(server), source=mapping)
    assert str(caught.value).startswith(f"{server.kind}://")
    assert "\n" not in str(caught.value)
    assert loaded.content(center, but=()) == before and len(center.loads) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m.replace('from = "calls"', 'from = "cals"'), "cals"),
        (lambda m: m.replace('"disposition"', '"dispositon"'), "calls, column dispositon.*Did you mean 'disposition'"),
        (lambda m: m.replace('"changed_at"', '"changed"'), "calls, column changed: There is no such column"),
        (lambda m: m.replace('from = "calls"', 'query = "SELECT nothing FROM calls"'), "query of calls: .*nothing"),
        (lambda m: m.replace('from = "calls"', 'query = "SELEKT 1"'), "query of calls: The query is refused"),
        (lambda m: m.replace('from = "calls"', 'query = "SELECT id, id FROM calls"'), "(?i)(twice|duplicate).*"),
        (lambda m: m.replace('from = "calls"\nwatermark = "changed_at"\n', ""), "does not say where"),
        (lambda m: m.replace('from = "calls"', 'file = "calls.csv"'), "needs `from` or `query`"),
        (lambda m: m.replace('from = "calls"', 'from = "calls"\nquery = "SELECT 1"'), "from one place"),
        (lambda m: m.replace("[table.columns]", "overlap = -1\n[table.columns]"), "negative"),
        (lambda m: m.replace('watermark = "changed_at"', "overlap = 1"), "needs a `watermark`"),
    ],
)
def test_a_mapping_that_does_not_fit(server, center, mapping, change, said):
    Path(mapping).write_text(change(MAPPING))
    with pytest.raises(LoadError, match=said):
        center.load(server.url(), source=mapping)
    assert len(center.loads) == 1


@pytest.mark.parametrize("after", [10, 3_000, 60_000, 1_000_000])
def test_a_connection_that_drops_leaves_nothing_half_loaded(server, center, mapping, after):
    """After so many bytes the line is cut: while it is opened, or while rows come."""
    put(server, 1, 8, "02 08:00:00")
    center.load(server.url(), source=mapping)
    at, zone = "2025-06-02 10:00:00", offset(server)
    series = {"postgresql": "generate_series(10, 40000) AS g(seq)", "mysql": "seq_10_to_40000"}[server.kind]
    values = f"'{at}{zone}', '{at}{zone}', 'ANSWERED', 'Acme sales', '{at}{zone}'"
    server.run(f"INSERT INTO calls SELECT seq, {values} FROM {series}")
    mark = files_of(center)
    said = r"cannot be opened|cannot be read|refused|stopped answering"
    with servers.cutting(server.port, after) as port, pytest.raises(LoadError, match=said):
        center.load(server.url(port=port), source=mapping)
    gc.collect()
    assert started(center) == {1: 8}
    assert files_of(center) == mark
    assert center.load(server.url(), source=mapping).rows_in == 39_992


def test_the_password_is_nowhere(server, center, mapping, caplog):
    """Neither in a file of the centre, nor in the record, a message, an exception or a log."""
    caplog.set_level(logging.DEBUG)
    put(server, 1, 8, "02 08:00:00")
    put(server, 2, 9, "02 08:00:00")
    server.run("UPDATE calls SET ended = NULL WHERE id = 2")
    steps = []
    result = center.load(server.url(), source=mapping, progress=steps.append)
    said = [str(result), repr(result), str(steps), caplog.text, center.loads.to_string(), str(center.audit.frame)]
    for url in (server.url(user="nobody"), server.url(port=servers.free_port()), server.url(tail="?sslmode=x&a=b")):
        with pytest.raises(LoadError) as caught:
            center.load(url, source=mapping)
        error = caught.value
        said += [str(error), repr(error), repr(error.__cause__), str(error.file)]
    said += [repr(address.parse(server.url())), address.parse(server.url()).shown]
    for secret in (servers.PASSWORD, servers.ESCAPED):
        assert not any(secret in text for text in said)
        assert not [p for p in center.path.rglob("*") if p.is_file() and secret.encode() in p.read_bytes()]
    assert any(p.parent.name == "rejects" for p in center.path.rglob("*.parquet"))


def test_the_password_may_come_from_the_environment(server, center, mapping, monkeypatch):
    monkeypatch.setenv({"postgresql": "PGPASSWORD", "mysql": "MYSQL_PWD"}[server.kind], servers.PASSWORD)
    put(server, 1, 8, "02 08:00:00")
    url = server.url().replace(f":{servers.ESCAPED}@", "@")
    assert "horse" not in url
    assert center.load(url, source=mapping).rows_in == 1


# Without a server


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:secret@db.example.com/centre", "postgresql://ann@db.example.com/centre"),
        ("postgres://ann:s%2Fecret@db.example.com:54/centre?sslmode=no", "postgresql://ann@db.example.com:54/centre"),
        ("mariadb://db.example.com/centre?password=secret", "mysql://db.example.com/centre"),
        ("mysql://ann:secret@[::1]:3307/centre", "mysql://ann@[::1]:3307/centre"),
    ],
)
def test_an_address_is_shown_without_its_password(url, shown):
    found = address.parse(url)
    assert found.shown == shown
    assert found.password in ("secret", "s/ecret")
    assert "ecret" not in repr(found)
    assert found.redacted(f"no {found.password}\nhere") == "no *** here"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:12/sec@ret@db.example.com/centre",
        "postgresql://ann:sec#ret@db.example.com/centre",
        "postgresql://ann:sec?ret@db.example.com/centre",
        "postgresql://ann:sec/ret@db.example.com/centre",
        "postgresql://ann:sec[ret@db.example.com/centre",
        "postgresql://ann:secret@db.example.com:port/centre",
        "postgresql://ann:secret@/centre",
        "postgresql://ann:secret@db.example.com",
        "postgresql://ann:secret@db.example.com/",
    ],
)
def test_an_address_that_cannot_be_read_is_not_repeated(url):
    with pytest.raises(LoadError, match="address of the database is wrong") as caught:
        address.parse(url)
    assert not any(part in str(caught.value) for part in ("sec", "ret@", "12/"))


@pytest.mark.parametrize(
    ("path", "is_url"),
    [
        ("postgresql://h/d", True),
        ("MariaDB://h/d", True),
        ("exports/2025", False),
        (Path("mysql:/x"), False),
        ("https://example.com/calls.csv", False),
    ],
)
def test_what_is_the_address_of_a_database(path, is_url):
    assert database.is_url(path) is is_url


def test_a_database_needs_a_mapping(center):
    with pytest.raises(LoadError, match="mapping"):
        center.load("postgresql://ann:secret@db.example.com/centre")


def test_a_mapping_of_a_database_needs_one(center, mapping, tmp_path):
    with pytest.raises(LoadError, match="lie in a database"):
        center.load(tmp_path, source=mapping)


@pytest.mark.parametrize(
    ("scheme", "driver", "extra"),
    [("postgresql", "adbc_driver_postgresql", "postgres"), ("mysql", "pymysql", "mysql")],
)
def test_a_driver_that_is_not_installed_is_named(monkeypatch, scheme, driver, extra):
    for module in [name for name in sys.modules if name.startswith(f"{driver}.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(LoadError, match=rf"{driver}.*okireports\[{extra}\]"):
        database.connect(f"{scheme}://db.example.com/centre")
