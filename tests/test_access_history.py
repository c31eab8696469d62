"""Who could see what on a day: rebuilt from the change log alone, it equals what was stored then."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import growing
import okireports
from laws import quick
from okireports.errors import ChangeError, OkiReportsError
from okireports.faces import Center
from twin import naive

START = datetime(2025, 6, 28, 9, 30, tzinfo=UTC)
STORED = """WITH valid AS (
    SELECT user_id, project_id FROM control.memberships
    WHERE (valid_from IS NULL OR valid_from <= $at) AND (valid_to IS NULL OR valid_to > $at)
),
held AS (
    SELECT u.login, p.name, u.role, 'member' AS through, r.rights
    FROM valid JOIN control.users u USING (user_id) JOIN control.projects p USING (project_id)
    JOIN control.roles r ON r.role = u.role
    WHERE u.active AND NOT list_contains(r.rights, 'see_all_projects')
    UNION ALL
    SELECT u.login, p.name, u.role, 'see_all_projects', r.rights
    FROM control.users u JOIN control.roles r ON r.role = u.role, control.projects p
    WHERE u.active AND list_contains(r.rights, 'see_all_projects')
)
SELECT login, name, role, through, array_to_string(rights, ', ') FROM held ORDER BY ALL"""
Access = list[tuple[Any, ...]]


class History:
    """A centre in which one thing after another is changed, and what was stored after each of them."""

    def __init__(self, folder: Path) -> None:
        self.now = START
        self.center = okireports.create(folder / "center", now=lambda: self.now)
        self.people, self.projects, self.roles = ["admin"], list[str](), ["Supervisor", "Operator", "Admin"]
        self.seen: list[tuple[datetime, Access]] = []

    def change(self, number: int, a: int, b: int, c: int) -> None:
        """One change, if the centre takes it; then time goes on, at times not at all."""
        by = {"actor": "admin", "reason": "a history"}
        with suppress(OkiReportsError):  # then nothing is published, and nothing may be in the log
            CHANGES[number](self, a, b, c, by)
        self.seen.append((self.now, stored(self.center, self.now)))
        self.now += timedelta(milliseconds=(0, 1, 3_600_000, 90_000_000)[c % 4])


def pick(names: list[str], number: int) -> str:
    return names[number % len(names)] if names else "nobody"


def create_user(h: History, a: int, b: int, c: int, by: dict[str, str]) -> None:
    login = f"user{len(h.people)}"
    h.center.users.create(login, role=pick(h.roles, b), **by)
    h.people.append(login)


def create_project(h: History, a: int, b: int, c: int, by: dict[str, str]) -> None:
    name = f"Project {len(h.projects)}"
    h.center.projects.create(name, **by)
    h.projects.append(name)


def rename_project(h: History, a: int, b: int, c: int, by: dict[str, str]) -> None:
    new = f"{pick(h.projects, a)} {b}"
    h.center.projects.rename(pick(h.projects, a), new, **by)
    h.projects[a % len(h.projects)] = new


def add_member(h: History, a: int, b: int, c: int, by: dict[str, str]) -> None:
    """From now on, from an hour ahead on, from the past on, or for a while."""
    hour = timedelta(hours=1)
    spans: list[tuple[datetime | None, datetime | None]] = [
        (None, None), (h.now + 30 * hour, None), (h.now - hour, None), (None, h.now + 26 * hour),
    ]  # fmt: skip
    since, until = spans[c % 4]
    h.center.projects.add_member(pick(h.projects, a), pick(h.people, b), valid_from=since, valid_to=until, **by)


def several(h: History, a: int, b: int, c: int, by: dict[str, str]) -> None:
    with h.center.change("admin", reason="together") as change:
        change.projects.remove_member(pick(h.projects, a), pick(h.people, b))
        change.projects.add_member(pick(h.projects, c), pick(h.people, b))


def load(h: History, a: int, b: int, c: int, by: dict[str, str]) -> None:
    """Definitions from files, a membership for a while among them, and somebody whom only a call names."""
    login, until = f"loaded{a % 3}", h.now + timedelta(hours=c)
    tables: dict[str, list[dict[str, Any]]] = {
        "projects": [{"name": f"Loaded {b % 3}"}],
        "users": [{"login": login, "role": pick(h.roles, b)}],
        "memberships": [
            {"login": login, "project": f"Loaded {b % 3}", "valid_from": "", "valid_to": until.isoformat()},
            {"login": login.upper(), "project": f"Loaded {b % 3}", "valid_from": until.isoformat(), "valid_to": ""},
        ],
        "calls": [growing.call(f"c{a}", growing.FIRST, "Line", f"only{a % 2}")],
    }
    number = len(list(h.center.path.parent.iterdir()))
    h.center.load(growing.write(h.center.path.parent / f"in{number}", tables), create_missing=True)
    h.people = [*dict.fromkeys([*h.people, login, f"only{a % 2}"])]
    h.projects = [*dict.fromkeys([*h.projects, f"Loaded {b % 3}"])]


CHANGES: list[Callable[..., object]] = [
    create_user,
    create_project,
    rename_project,
    lambda h, a, b, c, by: h.center.projects.archive(pick(h.projects, a), **by),
    add_member,
    add_member,
    lambda h, a, b, c, by: h.center.projects.remove_member(pick(h.projects, a), pick(h.people, b), **by),
    lambda h, a, b, c, by: h.center.users.change(pick(h.people, a), role=pick(h.roles, b), **by),
    lambda h, a, b, c, by: h.center.users.change(pick(h.people, a), active=bool(b % 2), **by),
    lambda h, a, b, c, by: (
        h.center.roles.create(f"Role {len(h.roles)}", copy=pick(h.roles, a), take=["export"], **by),
        h.roles.append(f"Role {len(h.roles)}"),
    ),
    lambda h, a, b, c, by: h.center.roles.change(pick(h.roles, a), add=["see_all_projects"], **by),
    several,
    load,
]
STEP = st.tuples(st.integers(0, len(CHANGES) - 1), *[st.integers(0, 7)] * 3)
BEGIN = [(1, 0, 0, 1), (0, 0, 0, 1), (0, 0, 1, 2), (4, 0, 1, 2)]  # a project, two people, one of them in it


def stored(center: Center, at: datetime) -> Access:
    """Who may see what, from the tables that access goes by."""
    with center.folder.reading() as reading:
        return reading.con.execute(STORED, {"at": naive(at)}).fetchall()


def rebuilt(center: Center, at: Any) -> Access:
    """The same from the log."""
    frame = center.audit.access_at(at)
    columns = ("login", "project", "role", "through", "rights")
    return sorted(set(zip(*(frame[name] for name in columns), strict=True)))


@settings(max_examples=15)
@given(st.lists(STEP, min_size=4, max_size=10))
def test_the_log_alone_says_who_could_see_what_at_every_instant(steps: list[tuple[int, int, int, int]]) -> None:
    with TemporaryDirectory() as folder, quick():
        history = History(Path(folder))
        for step in [*BEGIN, *steps]:
            history.change(*step)
        last = dict(history.seen)  # of changes at one instant, what holds after all of them
        for at, wanted in last.items():
            assert rebuilt(history.center, at) == sorted(set(wanted)), at
        later = history.now + timedelta(days=400)
        assert rebuilt(history.center, later) == sorted(set(stored(history.center, later)))
        assert rebuilt(history.center, START - timedelta(days=1)) == []


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = History(tmp_path)
    for step in BEGIN:
        made.change(*step)
    return made


def test_a_day_is_what_held_when_it_ended(history: History) -> None:
    by = {"actor": "admin", "reason": "a day"}
    history.now = datetime(2025, 7, 3, 21, 59, tzinfo=UTC)  # a minute before midnight in Warsaw
    history.center.projects.remove_member("Project 0", "user1", **by)

    def members(at: Any) -> set[str]:
        return {login for login, _, _, through, _ in rebuilt(history.center, at) if through == "member"}

    assert members("2025-07-02") == {"user1"}
    assert members("2025-07-03") == members("2025-07-03T23:59:00") == set()
    assert members("2025-07-03T23:58:59.999") == {"user1"}
    assert members(datetime(2025, 7, 3, 21, 58, tzinfo=UTC)) == {"user1"}
    for wrong in ("soon", "2025-13-01", None):
        with pytest.raises(ChangeError, match="no instant"):
            history.center.audit.access_at(wrong)


def test_it_is_what_the_report_says(history: History) -> None:
    """Of a day that has just ended, the matrix and the log say the same."""
    history.now = datetime(2025, 7, 5, tzinfo=UTC)
    day = "2025-07-04"
    matrix = history.center.viewer("admin", reason="a test").report("access_matrix", period=day).frame
    log = history.center.audit.access_at(day)
    for column in ("login", "project", "role", "rights"):
        assert matrix[column].tolist() == log[column].tolist()
    assert [pd.isna(a) or a == b for a, b in zip(matrix["since"], log["since"], strict=True)].count(False) == 0
    assert len(matrix) == 2


def test_reads_are_no_changes(history: History) -> None:
    before = rebuilt(history.center, history.now)
    viewer = history.center.preview_as("user1", actor="admin", reason="a test")
    viewer.report("queue_summary", period="2025")
    history.center.users.create("nora", actor="admin", reason="a test")
    assert rebuilt(history.center, history.now) == before


def test_a_simplified_centre_lets_everyone_in(tmp_path: Path) -> None:
    made = okireports.create(tmp_path / "center", now=START, security="simplified")
    made.users.create("sue", role="Supervisor", actor="admin", reason="a test")
    made.users.create("tom", actor="admin", reason="a test")
    made.users.change("tom", active=False, actor="admin", reason="a test")
    frame = made.audit.access_at(START)
    assert list(zip(frame["login"], frame["project"], frame["through"], strict=True)) == [
        ("admin", "Everything", "simplified"),
        ("sue", "Everything", "simplified"),
    ]
