"""The report on who may see which project: as it is when the period ends, and when each of them last looked."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import growing
import okireports
from handmade import by, records, store, types
from okireports.access import OVERSIGHT
from okireports.faces import Center
from okireports.reports.company import access_matrix

WHY = {"actor": "admin", "reason": "a test"}
AUDIT = "audit of July"
NOON = datetime(2025, 6, 15, 12)


# By hand


def table(name: str, *rows: dict[str, Any]) -> Any:
    kinds = {"BIGINT": "int64", "VARCHAR": "string", "TIMESTAMP": "timestamp(6)", "BOOLEAN": "boolean", "DATE": "date"}
    return store(name, rows, {column: kinds[kind] for column, kind in OVERSIGHT[name].columns})


def member(login: str, project: int, since: datetime | None = None, until: datetime | None = None) -> dict[str, Any]:
    """A membership of project 1, Alpha, 2, Beta, or 3, Default."""
    name = {1: "Alpha", 2: "Beta", 3: "Default"}[project]
    day = since.date() if since else None
    row = {"login": login, "project_id": project, "project": name, "through": "member"}
    return {**row, "since": day, "valid_from": since, "valid_to": until}


def matrix(*accesses: dict[str, Any], runs: Any = (), now: datetime = NOON, **active: bool) -> list[dict[str, Any]]:
    """The rows of the report for June."""
    logins = dict.fromkeys(a["login"] for a in accesses)
    users = [{"login": x, "role": "Supervisor", "active": active.get(x, True)} for x in logins]
    runs = [{"login": login, "project_id": project, "at": at} for login, project, at in runs]
    role = {"role": "Supervisor", "rights": "export, run_sql"}
    june = by(None)
    t = access_matrix(
        table("accesses", *accesses), table("users", *users), table("roles", role), table("report_runs", *runs),
        period=june, now=min(now, june.end),
    )  # fmt: skip
    return records(t)


def test_types_are_those_of_the_catalogue() -> None:
    t = access_matrix(
        *(table(name) for name in ("accesses", "users", "roles", "report_runs")), period=by(None), now=NOON
    )
    assert types(t) == {
        **dict.fromkeys(("login", "project", "role", "rights"), "string"),
        **{"since": "date32[day]", "last_report_at": "timestamp[us]", "still_in_default": "bool"},
    }


def test_memberships_are_half_open_and_those_of_the_end() -> None:
    tick = timedelta(milliseconds=1)
    held = [
        member("anna", 1, None, NOON),  # ended now
        member("bea", 1, None, NOON + tick),
        member("cyd", 1, NOON),  # begins now
        member("dan", 1, NOON + tick),
        member("eve", 1),
    ]
    assert [(r["login"], r["since"]) for r in matrix(*held)] == [
        ("bea", None),
        ("cyd", date(2025, 6, 15)),
        ("eve", None),
    ]
    end = by(None).end
    border = [member("anna", 1, None, end), member("bea", 1, end), member("cyd", 1, end - tick)]
    assert [r["login"] for r in matrix(*border, now=end + timedelta(days=9))] == ["anna", "cyd"]


def test_one_row_a_person_and_project() -> None:
    everything = member("anna", 1) | {"through": "see_all_projects"}
    (row,) = matrix(everything, member("anna", 1, NOON))
    assert row["since"] is None and row["role"] == "Supervisor" and row["rights"] == "export, run_sql"
    (row,) = matrix(member("bea", 2, NOON - timedelta(days=9)), member("bea", 2, NOON - timedelta(days=3)))
    assert row["since"] == date(2025, 6, 6)
    assert matrix(member("cyd", 1), cyd=False) == []


def test_the_last_report_over_the_project() -> None:
    joined, before, after = NOON - timedelta(days=5), NOON - timedelta(days=6), NOON - timedelta(days=1)
    held = [member("anna", 1, joined), member("anna", 2)]

    def last(*runs: tuple[str, int | None, datetime]) -> list[datetime | None]:
        return [row["last_report_at"] for row in matrix(*held, runs=runs)]

    assert last() == [None, None]
    assert last(("anna", None, before)) == [None, before]  # over all that were hers then
    assert last(("anna", None, after), ("anna", None, before)) == [after, after]
    assert last(("anna", 1, before)) == [before, None]  # it names Alpha: she saw it
    assert last(("anna", 1, before), ("anna", None, after), ("anna", 2, NOON)) == [after, NOON]
    assert last(("bea", None, after)) == [None, None]
    assert last(("anna", None, by(None).end)) == [None, None]


def test_who_is_still_in_default() -> None:
    rows = matrix(
        *(member("anna", 3), member("anna", 1)),
        *(member("bea", 3), member("bea", 1, None, NOON)),
        *(member("cyd", 1), member("cyd", 2)),
        *(member("dan", project) | {"through": "see_all_projects"} for project in (1, 3)),
    )
    assert {r["login"] for r in rows if r["still_in_default"]} == {"anna"}
    assert sum(r["still_in_default"] for r in rows) == 2
    assert None not in [r["still_in_default"] for r in rows]


# In a centre


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Center:
    path = tmp_path_factory.mktemp("matrix")
    made = growing.make(path)
    made.roles.create("Lead", copy="Supervisor", reports=["*"], **WHY)
    made.users.create("lena", role="Lead", **WHY)
    made.projects.add_member("Alpha", "lena", **WHY)
    made.users.create("audrey", role="Auditor", **WHY)
    made.users.change("ola", active=False, **WHY)
    return made


def pairs(center: Center, login: str, period: Any = "2025-07", **options: Any) -> set[tuple[str, str]]:
    frame = center.viewer(login, reason=AUDIT).report("access_matrix", period=period, **options).frame
    return set(zip(frame["login"], frame["project"], strict=True))


def test_each_sees_her_own_projects(center: Center) -> None:
    alpha = {(login, "Alpha") for login in ("admin", "anna", "boss", "lena", "olek")}
    beta = {("admin", "Beta"), ("boss", "Beta")}  # ola is inactive
    assert pairs(center, "lena") == alpha
    assert pairs(center, "admin") == pairs(center, "audrey") == alpha | beta
    assert pairs(center, "admin", projects="Beta") == beta


def test_it_says_who_may_look(center: Center) -> None:
    """Everyone who is named sees the project, and nobody else does."""
    said = pairs(center, "admin")
    for login in center.users.frame.query("active")["login"]:
        mine = center.viewer(login, reason=AUDIT).projects["project"]
        assert {project for who, project in said if who == login} == set(mine), login


def test_an_earlier_period_knows_who_was_in(center: Center) -> None:
    assert ("lena", "Alpha") not in pairs(center, "admin", "2025-06")
    assert ("lena", "Alpha") in pairs(center, "admin", "2025-07-01")


def test_since_is_a_local_date(tmp_path: Path) -> None:
    late = datetime.fromisoformat("2025-06-30T22:30:00+00:00")  # half past midnight in Warsaw
    made = okireports.create(tmp_path / "center", now=late)
    made.projects.create("Alpha", **WHY)
    made.users.create("anna", **WHY)
    made.projects.add_member("Alpha", "anna", **WHY)
    frame = made.viewer("admin", reason=AUDIT).report("access_matrix", period="2025-07-01").frame
    assert frame["login"].tolist() == ["admin", "anna"] and frame["since"].isna().tolist() == [True, False]
    assert str(frame["since"][1].date()) == "2025-07-01"


def test_a_simplified_centre_shows_everyone(tmp_path: Path) -> None:
    made = okireports.create(tmp_path / "center", now=growing.NOW, security="simplified")
    made.users.create("sue", role="Supervisor", **WHY)
    frame = made.viewer("admin", reason=AUDIT).report("access_matrix", period="2025-07").frame
    assert list(zip(frame["login"], frame["project"], strict=True)) == [("admin", "Everything"), ("sue", "Everything")]
    assert frame["still_in_default"].tolist() == [False, False]


def test_reads_count_once_they_are_in_the_log(center: Center, tmp_path: Path) -> None:
    made = growing.copy(center, tmp_path)
    made.users.create("nina", **WHY)  # what was read before is in the log now
    made.viewer("boss").report("queue_summary", period=growing.YEAR, projects="Beta")
    made.preview_as("anna", **WHY).report("queue_summary", period=growing.YEAR)  # the admin's look, not anna's

    def looked() -> set[tuple[str, str]]:
        viewer = made.viewer("audrey", reason=AUDIT)
        frame = viewer.report("access_matrix", period=("2025-01-01", "2099-12-31")).frame
        frame = frame[frame["last_report_at"].notna()]
        return set(zip(frame["login"], frame["project"], strict=True))

    before = looked()
    made.users.create("nora", **WHY)
    assert looked() - before == {("boss", "Beta")}


def test_the_chart_has_a_cell_for_each_row(center: Center) -> None:
    result = center.viewer("admin", reason=AUDIT).report("access_matrix", period="2025-07")
    spec = result.chart.to_dict()
    (rows,) = spec["datasets"].values() if "datasets" in spec else (spec["data"]["values"],)
    assert {(r["login"], r["project"], r["role"]) for r in rows} == set(
        zip(result.frame["login"], result.frame["project"], result.frame["role"], strict=True)
    )
