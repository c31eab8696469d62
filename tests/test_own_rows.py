"""Who sees only her own rows: what she handled, and nothing that others do for the same customers."""

from __future__ import annotations

from datetime import datetime

import pytest

import loaded
from okireports.engines.duck import Wanted, session
from okireports.faces import Center, Viewer

WHY = {"actor": "admin", "reason": "a test"}
JUNE = (datetime(2025, 6, 1), datetime(2025, 7, 1))  # naive UTC
MET = ("+48220000101", "+48220000102")  # the first has been met by both, the second by Anna alone


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Olga and Anna work in Acme, whose dialer has a task for each of two customers; Olga sees her own rows."""
    made = loaded.centre(tmp_path_factory.mktemp("own") / "centre")
    made.roles.create("Alone", copy="Operator", add=("own_rows_only",), reports=("*",), **WHY)
    made.users.create("olga", role="Alone", **WHY)
    made.projects.add_member("Acme", "olga", **WHY)
    calls = [
        loaded.call("olgas", "2025-06-02T10:00:00Z", f"Acme dialer,olga,{MET[0]}"),
        loaded.call("annas", "2025-06-03T10:00:00Z", f"Acme dialer,anna,{MET[0]}"),
        loaded.call("another", "2025-06-03T11:00:00Z", f"Acme dialer,anna,{MET[1]}"),
    ]
    tasks = [f"t{n},Acme dialer,{phone},2025-06-01T10:00:00Z,open" for n, phone in enumerate(MET)]
    files = {
        "calls": loaded.calls(*calls, columns="dialer,operator,phone"),
        "tasks": "\n".join(["source_id,dialer,phone,created_at,state", *tasks]),
    }
    loaded.load(made, files)
    return made


def counts(viewer: Viewer) -> dict[str, int]:
    """How many rows are open to her."""
    tables = ("calls", "tasks", "contacts")
    with session(viewer.viewing(), lambda scope, settings: Wanted(tables, *JUNE)) as opened:
        return {name: opened.arrow(f'SELECT * FROM "{name}"').num_rows for name in tables}


def test_her_calls_and_the_customers_of_these_are_hers(center: Center) -> None:
    assert counts(center.viewer("sue")) == {"calls": 3, "tasks": 2, "contacts": 2}
    assert counts(center.viewer("olga")).items() >= {"calls": 1, "contacts": 1}.items()


def test_a_task_of_a_customer_of_hers_is_the_work_of_others_as_well(center: Center) -> None:
    assert counts(center.viewer("olga"))["tasks"] == 0
