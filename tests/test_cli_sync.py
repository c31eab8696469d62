"""`okireports sync`: what it says, what it loads, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

import loaded
import servers
from commands import run
from loaded import call, calls


@pytest.fixture
def center(tmp_path: Path) -> Path:
    return loaded.centre(tmp_path / "centre").path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return loaded.write(tmp_path / "exports", {"calls/1": calls(call("a"), call("b"))})


def test_it_loads_what_is_new_and_says_so(center: Path, folder: Path) -> None:
    assert run("sync", center, folder).stdout.startswith("load 2: 2 rows in, 2 loaded")
    assert run("sync", center, folder).stdout == "Nothing is new.\n"
    loaded.write(folder, {"calls/2": calls(call("c"))})
    assert run("sync", center, folder).stdout.startswith("load 3: 1 rows in, 1 loaded")


def test_what_load_has_loaded_is_not_new(center: Path, folder: Path) -> None:
    run("load", center, folder)
    assert run("sync", center, folder).stdout == "Nothing is new.\n"
    assert run("sync", center, folder, "--whole").stdout.startswith(
        "load 3: 2 rows in, 2 loaded, 0 rejected, 0 updated"
    )


def test_the_encoding_of_files_can_be_said(center: Path, tmp_path: Path) -> None:
    text = calls(call("ż")).encode("utf-16")
    path = tmp_path / "wide" / "calls.csv"
    path.parent.mkdir()
    path.write_bytes(text)
    assert "not text in UTF-8" in run("sync", center, path.parent, code=1).stderr
    said = run("sync", center, path.parent, "--encoding", "utf-16").stdout
    assert said.startswith("load 2: 1 rows in, 1 loaded")


def test_rejected_rows_are_shown(center: Path, folder: Path) -> None:
    loaded.write(folder, {"calls/2": calls("c,inbound,soon,later,answered")})
    said = run("sync", center, folder).stdout
    assert "1 rejected" in said and "calls/2.csv" in said and "soon" in said
    assert "soon" not in run("sync", center, folder, "--whole", "--rejects", "0").stdout


def test_an_error_is_one_line_and_leaves_what_was_there(center: Path, folder: Path) -> None:
    loaded.write(folder, {"calls/2": "source_id\nc\n"})
    result = run("sync", center, folder, code=1)
    assert result.stderr.startswith("error: calls/2.csv") and result.stderr.count("\n") == 1
    assert "Nothing of this load was published" in result.stderr
    (folder / "calls" / "2.csv").unlink()
    assert "2 rows in" in run("sync", center, folder).stdout


@pytest.mark.parametrize("command", ["load", "sync"])
def test_the_password_of_a_database_is_not_printed(center: Path, tmp_path: Path, command: str) -> None:
    mapping = tmp_path / "switch.toml"
    mapping.write_text(
        '[source]\nname = "switch"\n[[table]]\ntable = "projects"\nfrom = "clients"\n[table.columns]\nname = "name"\n'
    )
    url = f"mysql://ann:secret-word@127.0.0.1:{servers.free_port()}/centre"
    result = run(command, center, url, "--source", mapping, code=1)
    assert result.stderr.startswith("error: mysql://ann@127.0.0.1:") and result.stderr.count("\n") == 1
    assert "refused" in result.stderr and "secret-word" not in result.output


@pytest.mark.debian("mariadb-server")
def test_a_database_is_kept_up_with(center: Path, tmp_path: Path) -> None:
    mapping = tmp_path / "switch.toml"
    mapping.write_text(
        """
        [source]
        name = "switch"
        [[table]]
        table = "calls"
        from = "calls"
        watermark = "id"
        overlap = 0
        [table.columns]
        source_id = "id"
        direction = { const = "inbound" }
        started_at = "at"
        ended_at = "at"
        outcome = { const = "answered" }
        """
    )
    with servers.mariadb() as server:
        server.run("CREATE TABLE calls (id BIGINT, at DATETIME)", "INSERT INTO calls SELECT seq, now() FROM seq_1_to_5")
        words = ("sync", center, server.url(), "--source", mapping)
        assert "5 rows in, 5 loaded" in run(*words).stdout
        server.run("INSERT INTO calls SELECT seq, now() FROM seq_6_to_8")
        assert "4 rows in, 4 loaded" in run(*words).stdout  # the last one once more
