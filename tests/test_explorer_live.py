"""The explorer in JupyterLab, in a real browser: a viewer of two projects at work, and what she never meets.

She sees Birch and Larch. All that belongs to a third project, of which one of their operators is too, has `canary` in
its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from playwright.sync_api import expect

from desk import canaries
from explorer_desk import BIRCH, CALLS, HIDDEN, LARCH, WHY, Explored, Room, figure, room, same
from live import PATIENCE, notes

pytestmark = pytest.mark.debian("chromium", "fonts-dejavu-core")

JUNE = "last month"
FAULTY = """viewer.explore()
desk.projects.options = [*desk.projects.options, (99, 'canary-project')]
type(desk).__repr__ = lambda explorer: str(explorer.projects.options)"""
LEAVES = "import socket\ntry:\n    socket.create_connection(({!r}, 80), timeout=1)\nexcept OSError:\n    pass\n"
SERVER, KERNEL, NAME = "192.0.2.7", "192.0.2.8", "cdn.example.com"
COUNTED = "() => { window.clicks = 0; addEventListener('click', e => { window.clicks += e.isTrusted; }, true); }"


@pytest.fixture(scope="module")
def lab_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """The server itself wants to leave the machine: it must be noted."""
    expect.set_options(timeout=PATIENCE * 1000)
    with room(tmp_path_factory.mktemp("room"), LEAVES.format(SERVER)) as opened:
        yield opened


@pytest.fixture(scope="module")
def opened(lab_room: Room) -> Explored:
    return lab_room.explored("desk")


@pytest.fixture
def desk(opened: Explored) -> Explored:
    """The explorer, opened anew."""
    opened.again()
    return opened


# ---- what a person does ----------------------------------------------------------------------------------------------
def test_one_click_from_opening_to_a_clients_call_log(desk: Explored) -> None:
    assert desk.projects() == [BIRCH, LARCH]
    desk.page.evaluate(COUNTED)
    desk.project(BIRCH).click()
    desk.shows("Rows 1 to 100 of 130")
    assert desk.page.evaluate("window.clicks") == 1
    desk.titled("Call log")
    assert {*desk.column("Project")} == {BIRCH}
    assert desk.widget.get_by_text("1 June 2025 - 30 June 2025, Europe/Warsaw", exact=True).is_visible()


def test_the_table_is_the_report(desk: Explored) -> None:
    desk.button("All").first.click()
    desk.field("Period").select_option("Last month")
    desk.shows(f"Rows 1 to 100 of {CALLS[BIRCH] + CALLS[LARCH]}")
    log = desk.viewer.report("call_log", period=JUNE).frame
    as_reported(desk.rows(), log.head(100))

    desk.field("Report").select_option("Queue summary")
    desk.titled("Queue summary")
    desk.shows("Rows 1 to 4 of 4")
    as_reported(desk.rows(), desk.viewer.report("queue_summary", period=JUNE).frame)

    desk.project(BIRCH).click()
    desk.shows("Rows 1 to 2 of 2")
    as_reported(desk.rows(), desk.viewer.report("queue_summary", period=JUNE, projects=[LARCH]).frame)

    desk.field("Period").select_option("From … to …")
    desk.field("First day").fill("2025-06-10")
    desk.field("Last day").fill("2025-06-10")
    desk.field("Last day").press("Tab")
    expect(desk.widget.get_by_text("10 June 2025, Europe/Warsaw", exact=True)).to_be_visible()
    desk.shows("Rows 1 to 2 of 2")
    as_reported(desk.rows(), desk.viewer.report("queue_summary", period="2025-06-10", projects=[LARCH]).frame)


def as_reported(shown: list[list[str]], frame: pd.DataFrame) -> None:
    """Every cell that is shown is what the frame has."""
    assert len(shown) == len(frame) > 0
    wrong = [
        (cell, value)
        for row, values in zip(shown, frame.itertuples(index=False), strict=True)
        for cell, value in zip(row, values, strict=True)
        if not same(cell, value)
    ]
    assert wrong == []


def test_the_chart_is_the_report(desk: Explored) -> None:
    desk.button("All").first.click()
    desk.field("Report").select_option("Queue summary")
    desk.titled("Queue summary")
    desk.tab("Chart").click()
    expect(desk.chart).to_have_attribute("aria-label", re.compile(r"^Queue summary\. .*Europe/Warsaw"))
    bars = desk.chart.locator("[aria-roledescription=bar]")
    expect(bars).to_have_count(8)
    said = "\n".join(str(bar.get_attribute("aria-label")) for bar in bars.all())
    found = re.findall(r"Number: (\d+); queue: ([\w ]+); series: (\w+)", said)
    frame = desk.viewer.report("queue_summary", period=JUNE).frame
    counted = {(str(row[name]), row["queue"], name.title()) for _, row in frame.iterrows() for name in PARTS}
    assert {*found} == counted
    shown = desk.chart.bounding_box()
    assert shown and shown["width"] > 400 and shown["height"] > 150

    desk.project(BIRCH).click()  # the chart follows
    expect(bars).to_have_count(4)
    assert BIRCH not in desk.chart.inner_text() + str(desk.chart.get_attribute("aria-label"))


PARTS = ("answered", "abandoned")


def test_rows_are_sorted_searched_and_turned(desk: Explored) -> None:
    desk.project(BIRCH).click()
    desk.shows("Rows 1 to 100 of 130")
    log = desk.viewer.report("call_log", period=JUNE, projects=[BIRCH]).frame
    wait = desk.table.get_by_role("columnheader").filter(has_text="Wait")
    for order in ("ascending", "descending"):
        wait.get_by_role("button").click()
        expect(wait).to_have_attribute("aria-sort", order)
        want = [float(value) for value in log["wait_s"].sort_values(ascending=order == "ascending").head(100)]
        desk.until(lambda want=want: [figure(text) for text in desk.waits()] == want)  # type: ignore[misc]
    desk.button("Next").click()
    desk.shows("Rows 101 to 130 of 130")
    assert [figure(text) for text in desk.waits()] == [*log["wait_s"].sort_values(ascending=False).tail(30)]
    calls = {*desk.column("Call")}
    desk.field("Search: Call log").fill("birch-01")
    desk.field("Search: Call log").press("Enter")
    desk.shows("Rows 1 to 10 of 10")
    assert {*desk.column("Call")} == {f"birch-01{last}" for last in range(10)}
    desk.field("Search: Call log").fill("larch")
    desk.field("Search: Call log").press("Enter")
    desk.shows("No rows.")
    assert len(calls) == 30 and calls <= {*log["call"]}


def test_a_filter_follows_the_projects(desk: Explored) -> None:
    desk.project(LARCH).click()
    desk.shows("Rows 1 to 40 of 40")
    desk.filter("Queues").click()
    queues = desk.widget.get_by_role("listbox", name="Queues").get_by_role("option")
    expect(queues).to_have_text(["Larch help", "Larch orders"])
    queues.last.click()
    count = len(desk.viewer.report("call_log", period=JUNE, queues=["Larch orders"]).frame)
    desk.shows(f"Rows 1 to {count} of {count}")
    assert {*desk.column("Queue")} == {"Larch orders"}
    expect(desk.filter("Queues (1)")).to_be_visible()
    desk.project(BIRCH).click()
    expect(queues).to_have_count(4)
    desk.project(LARCH).click()  # its queue goes with it
    expect(queues).to_have_count(2)
    desk.shows("Rows 1 to 100 of 130")


def test_what_is_shown_is_saved_and_copied(desk: Explored, tmp_path: Path) -> None:
    desk.project(LARCH).click()
    desk.field("Report").select_option("Queue summary")
    desk.titled("Queue summary")
    result = desk.viewer.report("queue_summary", period="last 30 days", projects=[LARCH])
    for kind, begins in (("csv", b""), ("parquet", b"PAR1"), ("xlsx", b"PK"), ("png", b"\x89PNG"), ("html", b"<")):
        saved = desk.saves(kind)
        assert saved.suggested_filename == f"queue_summary.{kind}"
        data = Path(saved.path()).read_bytes()
        assert data.startswith(begins) and len(data) > 100
        if kind == "csv":
            assert data == result.save(tmp_path / "queue_summary.csv").read_bytes()
    desk.button("Copy as code").click()
    expect(desk.widget.get_by_text("Copied.")).to_be_visible()
    code = desk.page.evaluate("navigator.clipboard.readText()")
    pd.testing.assert_frame_equal(eval(code, {"viewer": desk.viewer}).frame, result.frame)


def test_only_the_last_of_many_choices_is_shown(desk: Explored) -> None:
    desk.project(BIRCH).click()
    for turn in range(20):
        report = ("Queue summary", "Call log", "Service level", "Lost calls")[turn % 4]
        desk.field("Report").select_option(report)
        if turn % 3 == 0:
            desk.project(LARCH).click()
    desk.field("Report").select_option("Queue summary")
    desk.project(BIRCH).click()
    chosen = [name for name in (BIRCH, LARCH) if desk.project(name).get_attribute("aria-selected") == "true"]
    assert chosen == [LARCH]
    desk.until(lambda: [row[0] for row in desk.rows()] == [LARCH, LARCH])
    desk.titled("Queue summary")
    desk.says("Rows: 2")
    as_reported(desk.rows(), desk.viewer.report("queue_summary", period=JUNE, projects=[LARCH]).frame)
    assert desk.widget.get_by_role("alert").all_inner_texts() == [""] * desk.widget.get_by_role("alert").count()
    assert desk.python("print(desk.status.state)") == "done"
    assert desk.watch.complaints == []


# ---- what goes wrong -------------------------------------------------------------------------------------------------
def test_an_error_is_a_sentence_in_place(desk: Explored) -> None:
    desk.project(BIRCH).click()
    desk.shows("Rows 1 to 100 of 130")
    desk.field("Period").select_option("From … to …")
    desk.field("First day").fill("2025-06-20")
    desk.field("Last day").fill("2025-06-10")
    desk.field("Last day").press("Tab")
    alert = desk.widget.get_by_role("alert").filter(has_text="The last day is before the first.")
    expect(alert).to_be_visible()
    assert desk.table.count() == 0 or not desk.table.is_visible()
    desk.field("Last day").fill("2025-06-20")
    desk.field("Last day").press("Tab")
    desk.shows("Rows 1 to 8 of 8")
    expect(alert).to_have_count(0)


def test_a_project_that_is_revoked_goes(desk: Explored) -> None:
    desk.button("All").first.click()
    desk.shows("Rows 1 to 100 of 170")
    desk.center.projects.remove_member(LARCH, "anna", **WHY)
    try:
        desk.until(lambda: desk.projects() == [BIRCH])
        desk.shows("Rows 1 to 100 of 130")
        desk.until(lambda: LARCH.lower() not in desk.widget.evaluate("e => e.outerHTML").lower())
    finally:
        desk.center.projects.add_member(LARCH, "anna", **WHY)
    desk.until(lambda: desk.projects() == [BIRCH, LARCH])


# ---- in Polish -------------------------------------------------------------------------------------------------------
def test_all_of_it_is_polish(lab_room: Room) -> None:
    desk = lab_room.explored("polski", explore="viewer.explore(language='pl')")
    desk.widget.get_by_role("listbox", name="Projekty").get_by_role("option", name=BIRCH).click()
    desk.shows("Wiersze od 1 do 100 z 130")
    assert desk.tab("Wykres").is_visible() and desk.button("Kopiuj jako kod").is_visible()
    expect(desk.widget.get_by_text("1 czerwca 2025 - 30 czerwca 2025, Europe/Warsaw", exact=True)).to_be_visible()
    desk.pictured("explorer-polish")
    told = desk.widget.inner_text()
    assert re.findall(r"\b(Search|Rows|Download|Refresh|Report|Period|Next|Chart)\b", told) == []
    desk.page.close()


# ---- what is hidden --------------------------------------------------------------------------------------------------
def walked(desk: Explored) -> dict[str, str]:
    """All that was in the page while she looked at her projects, what the kernel sent, and what is saved."""
    desk.project(BIRCH).wait_for()
    pages = [desk.held()]
    desk.project(BIRCH).click()
    desk.project(LARCH).click()
    desk.shows("Rows 1 to 100 of 170")
    for filter in ("Queues", "Operators"):
        desk.filter(filter).click()
        desk.widget.get_by_role("listbox", name=filter).wait_for()
    for report in ("Call log", "Operator summary", "Transfers", "Access"):
        desk.field("Report").select_option(report)
        desk.titled(report)
        desk.says(re.compile(r"^Rows: \d"))
        desk.field("Format").select_option("csv")
        pages.append(Path(desk.saves("csv").path()).read_text())
        for tab in ("Chart", "Definitions", "SQL", "Table"):
            desk.tab(tab).click()
            pages.append(desk.held())
    desk.command("docmanager:save")
    sent = b"\n".join(desk.watch.sent).decode("utf-8", errors="replace")
    return {"page": "\n".join(pages), "sent": sent, "saved": desk.file.read_text("utf-8")}


def test_nothing_hidden_reaches_the_page(desk: Explored) -> None:
    held = walked(desk)
    assert canaries(held) == {"page": set(), "sent": set(), "saved": set()}
    for shown in ("birch-129", "Larch orders", "iga", "olek"):
        assert shown in held["page"] and shown in held["sent"]
    outputs = str([cell.get("outputs") for cell in nbformat.reads(held["saved"], 4).cells])
    assert "<Explorer for anna>" in outputs and BIRCH not in outputs


def test_what_is_planted_is_found(lab_room: Room) -> None:
    """Were the search blind, the test above would say nothing."""
    faulty = lab_room.explored("faulty", explore=FAULTY)
    found = canaries(walked(faulty))
    assert [name for name, texts in found.items() if HIDDEN not in texts] == []
    faulty.page.close()


# ---- what is asked for, and when the kernel goes ---------------------------------------------------------------------
def test_nobody_leaves_the_machine(lab_room: Room, desk: Explored) -> None:
    desk.project(BIRCH).click()
    desk.tab("Chart").click()
    expect(desk.chart).to_be_visible()
    assert desk.watch.inside > 20
    assert (desk.watch.outside, desk.watch.complaints) == ([], [])
    begun = {note.process: note.told.split()[1] for note in notes(lab_room.home) if note.what == "begun"}
    assert {"jupyterlab", "ipykernel_launcher"} <= {*begun.values()}

    def outside() -> set[tuple[str, str]]:
        told = [note for note in notes(lab_room.home) if note.what == "outside"]
        return {(begun[note.process], note.told.split()[-1]) for note in told}

    assert outside() == {("jupyterlab", SERVER)}  # what is planted there, and nothing else
    desk.python(LEAVES.format(KERNEL) + LEAVES.format(NAME))
    planted = {("ipykernel_launcher", KERNEL), ("ipykernel_launcher", NAME)}
    assert outside() == {("jupyterlab", SERVER), *planted}


def test_a_kernel_that_is_gone_is_said(desk: Explored) -> None:
    """The last one: afterwards nothing is as it was."""
    desk.project(BIRCH).click()
    desk.shows("Rows 1 to 100 of 130")
    line = desk.widget.get_by_text("The kernel is gone: run the cell again.")
    expect(line).to_have_count(0)
    desk.restart()
    expect(line.first).to_be_visible()
    desk.again()
    expect(line).to_have_count(0)
    desk.project(LARCH).click()
    desk.shows("Rows 1 to 40 of 40")
