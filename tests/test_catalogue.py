"""The catalogue of the reports: it is not stale, and says of each report what a run of it does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import worlds
from laws import Trial
from okireports import catalogue
from okireports.errors import BadOption
from okireports.faces import Viewer
from okireports.report import REPORTS, all_reports

ROOT = Path(__file__).parent.parent
NAMES = [r.name for r in all_reports()]


def written() -> dict[str, str]:
    """What docs/catalogue.md says of each report."""
    _, *parts = re.split(r"^### (.+)\n", (ROOT / catalogue.PAGE).read_text("utf-8"), flags=re.M)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def rows(name: str) -> dict[str, list[str]]:
    """The columns of a report as the page lists them: name -> English, Polish, unit, where."""
    lines = re.findall(r"^\| `(\w+)` \| (.*) \|$", written()[name], re.M)
    return {column: [cell.strip() for cell in rest.split("|")] for column, rest in lines}


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    made = Trial(worlds.world(3))
    yield made
    made.close()


def viewer(trial: Trial, kind: str) -> Viewer:
    asking = trial.viewer(kind)
    return trial.center.viewer(asking.login, reason=asking.reason)


def test_it_is_not_stale() -> None:
    assert (ROOT / catalogue.PAGE).read_text("utf-8") == catalogue.page(), "run `make catalogue`"
    text = (ROOT / "README.md").read_text("utf-8")
    assert catalogue.readme(text) == text, "run `make catalogue`"


def test_the_command_writes_both_and_leaves_the_rest(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    before, after = text.split(catalogue.BEGIN)[0], text.split(catalogue.END)[1]
    (tmp_path / "README.md").write_text(f"{before}{catalogue.BEGIN}old\n{catalogue.END}{after}", "utf-8")
    catalogue.main(tmp_path)
    assert (tmp_path / "README.md").read_text("utf-8") == text
    assert (tmp_path / catalogue.PAGE).read_text("utf-8") == (ROOT / catalogue.PAGE).read_text("utf-8")


def test_readme_lists_every_report_once_and_links_to_it() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    linked = re.findall(r"^\| \[`(\w+)`\]\(docs/catalogue\.md#(\w+)\) \| (.+?) \| (.+?) \| .+ \|$", readme, re.M)
    assert sorted(name for name, *_ in linked) == sorted(NAMES) == sorted(written())
    for name, anchor, title, polish in linked:
        assert (anchor, title, polish) == (name, REPORTS[name].title, REPORTS[name].pl)


@pytest.mark.parametrize("name", NAMES)
def test_it_lists_the_columns_that_a_run_gives(trial: Trial, name: str) -> None:
    """Columns without a condition are always there, in this order; those of a right only for who has it."""
    listed = rows(name)
    plain = viewer(trial, "admin").report(name, period=trial.world.period).arrow.column_names
    assert [c for c in listed if c in plain] == plain
    assert {c for c, cells in listed.items() if not cells[-1] or cells[-1].startswith("right")} <= {*plain}
    for kind, closed in (("single", {"see_costs"}), ("client", {"see_costs", "see_phone_numbers"})):
        asking = viewer(trial, kind)
        if name in set(asking.reports["name"]):
            seen = asking.report(name, period=trial.world.period).arrow.column_names
            assert [c for c in plain if not any(f"`{right}`" in listed[c][-1] for right in closed)] == seen


@pytest.mark.parametrize("name", NAMES)
def test_it_says_which_values_of_options_bring_a_column(trial: Trial, name: str) -> None:
    listed, asking = rows(name), viewer(trial, "admin")
    for option, taken in REPORTS[name].options.items():
        if taken.kind == "count":
            continue
        for value in taken.permitted:
            found = asking.report(name, period=trial.world.period, **{option: value}).arrow.column_names
            said = f"`{option}={value!r}`"
            for column, cells in listed.items():
                conditions = [part for part in cells[-1].split(", ") if f"`{option}=" in part]
                for part in conditions:
                    assert (column in found) == ((said in part) != part.startswith("not ")), (column, value)


@pytest.mark.parametrize("name", NAMES)
def test_it_names_the_filters_that_a_report_takes(trial: Trial, name: str) -> None:
    said = re.findall(r"`(\w+)`", re.search(r"^\* filters: (.*)$", written()[name], re.M)[1])  # type: ignore[index]  # there
    for filter in ("queues", "dialers", "operators", "groups", "providers", "lines"):
        try:
            viewer(trial, "admin").report(name, period=trial.world.period, **{filter: ()})
            refused = False
        except BadOption:
            refused = True
        assert refused == (filter not in said), filter


@pytest.mark.parametrize("name", NAMES)
def test_it_names_what_a_report_rests_on(trial: Trial, name: str) -> None:
    line = re.search(r"^\* rests on (.*)$", written()[name], re.M)
    said = set(re.findall(r"`(\w+)`", line[1])) if line else set()
    known = viewer(trial, "admin").report(name, period=trial.world.period).provenance.definitions
    assert said == set(known)
