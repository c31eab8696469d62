"""The administration widget in JupyterLab, in a real browser: a manager of some projects at work, and what she meets.

She leads Birch and Larch. All that belongs to a third project, and to no project of hers, has `canary` in its name.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import okireports
from desk import Desk, Room, canaries, controls, plain
from live import chromium, lab
from okireports.access import RIGHTS
from okireports.faces import Center
from okireports.tables import OBJECT_KINDS

pytestmark = pytest.mark.debian("chromium", "fonts-dejavu-core")

BIRCH, LARCH, HIDDEN = "Birch", "Larch", "canary-project"
WHY = {"actor": "admin", "reason": "a test"}
MANAGES = [right for right in RIGHTS if right.startswith("manage_")]
PEOPLE = {  # login -> name, role, projects
    "lena": ("Lena Example", "Lead", [BIRCH, LARCH]),
    "boss": ("Bożena Wzór", "Supervisor", [BIRCH, HIDDEN]),
    "olek": ("Olek Przykład", "Operator", [BIRCH]),
    "iga": ("Iga Przykład", "Operator", [BIRCH]),
    "nina": ("Nina Sample", "Operator", [LARCH]),
    "canary-hana": ("Hana Canary", "Operator", [HIDDEN]),
    "canary-nobody": ("Canary Nobody", "Canary role", []),
}
ORDER = [  # of Tab, while Birch is open
    "Reason", "Refresh", "Search projects", "Archived ones too", "Birch (open)", "Larch",
    "New project", "Description", "Client", "Create project",
    "New name", "Rename", "Yes, archive it",
    "Search people", "Group", "Members", "Remove from project", "Remove group",
    "Not in it", "Add to project", "Add group", "Login", "Add login",
    "Kind", "Search objects", "Objects", "Remove objects", "Object", "Add object", "Move to", "Move objects",
]  # fmt: skip
FAULTS = """
from okireports.widgets import Administration
from okireports.widgets.administration.sight import Sight
Sight.mine = property(lambda sight: [1, 2, 3])  # as if all the projects were hers
del Administration.__repr__
"""


# ---- the centre ------------------------------------------------------------------------------------------------------
def founded(path: Path) -> Center:
    """Two projects of hers and one of others, which have shared a person, a group and a queue."""
    center = okireports.create(path)
    center.roles.create("Lead", copy="Supervisor", add=MANAGES, take=["list_projects"], reports=["*"], **WHY)
    center.roles.create("Canary role", copy="Operator", **WHY)
    with center.change("admin", reason="a test") as change:
        change.projects.create(BIRCH, client="Example Ltd")
        change.projects.create(LARCH)
        change.projects.create("canary-before", client="Canary Ltd", description="a canary is in it")
        change.projects.rename("canary-before", HIDDEN)
        change.projects.create("canary-archived")
        change.projects.archive("canary-archived")
        for login, (name, role, projects) in PEOPLE.items():
            change.users.create(login, name=name, role=role, projects=projects)
        change.groups.create("Early", members=["olek", "canary-hana"])
        change.groups.create("canary-group", members=["canary-hana"])
        for kind in OBJECT_KINDS:
            for project, name in ((BIRCH, "Birch"), (LARCH, "Larch"), (HIDDEN, "canary")):
                change.projects.add_object(project, kind, f"{name} {kind}")
    with center.change("admin", reason="a canary's reason") as change:
        change.projects.add_object(HIDDEN, "queue", "Birch second queue")
        change.projects.change(HIDDEN, client="Another canary")
    center.projects.move_object("queue", "Birch second queue", BIRCH, **WHY)
    return center


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    folder, home = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("home")
    center = founded(tmp_path_factory.mktemp("centre") / "center")
    with lab(folder, home) as address, chromium() as browser:
        yield Room(folder, address, browser, center)


@pytest.fixture(scope="module")
def opened(room: Room) -> Desk:
    return room.desk("desk")


@pytest.fixture
def desk(opened: Desk) -> Desk:
    """The widget, opened anew."""
    opened.begin()
    return opened


@pytest.fixture(scope="module")
def faulty(room: Room) -> Desk:
    """A widget that shows what it must not, and says so in its text."""
    return room.desk("faulty", FAULTS)


# ---- what a manager does ---------------------------------------------------------------------------------------------
def test_the_tiles_are_her_projects(desk: Desk) -> None:
    buttons = [plain(text) for text in desk.widget.get_by_role("button").all_inner_texts()]
    assert buttons == ["Refresh", BIRCH, LARCH, "Create project", "Newer entries", "Older entries"]


def test_a_tile_opens_its_project(desk: Desk) -> None:
    desk.open(BIRCH)
    assert {"boss", "iga", "lena", "olek"} <= {*desk.logins("Members")}
    assert "boss · Bożena Wzór · Supervisor · in Birch" in desk.options("Members")  # and not where else
    assert desk.options("Objects")[:2] == ["Birch queue", "Birch second queue"]
    assert [kind.split(" (")[0] for kind in desk.options("Kind")] == [kind.replace("_", " ") for kind in OBJECT_KINDS]
    desk.choose("Kind", "ip phone (1)")
    desk.until(lambda: desk.options("Objects") == ["Birch ip_phone"])


def test_a_search_finds(desk: Desk) -> None:
    desk.type("Search projects", "LAR")
    desk.until(lambda: [desk.tile(name).filter(visible=True).count() for name in (LARCH, BIRCH)] == [1, 0])
    desk.type("Search projects", "")
    desk.open(BIRCH)
    desk.type("Search people", "bozena")
    desk.until(lambda: desk.logins("Members") == ["boss"])
    desk.type("Search people", "przyk")
    desk.until(lambda: desk.logins("Members") == ["iga", "olek"])
    desk.type("Group", "Early")
    desk.until(lambda: desk.logins("Members") == ["olek"])
    desk.type("Search objects", "second")
    desk.until(lambda: desk.options("Objects") == ["Birch second queue"])


def test_a_member_and_an_object_are_put_in(desk: Desk) -> None:
    desk.open(LARCH)
    desk.choose("Not in it", "iga")
    desk.change("Add to project", "Iga helps with parcels", "Now in the project: iga.")
    desk.until(lambda: "iga" in desk.logins("Members") and "iga" not in desk.logins("Not in it"))
    desk.until(lambda: desk.entry()[-1] == "Iga helps with parcels")
    _, who, what, of, before, after, _ = desk.entry()
    assert (who, what, of, before) == ("lena", "add member", "project Larch", "") and "user: iga" in after
    assert list(desk.center.viewer("iga").projects["project"]) == [BIRCH, LARCH]

    assert desk.field("Reason").input_value() == ""  # the next change has a reason of its own
    desk.type("Object", "Parcel desk")
    desk.change("Add object", "a second line", "The queue Parcel desk is in the project.")
    desk.until(lambda: desk.options("Objects") == ["Larch queue", "Parcel desk"])
    desk.until(lambda: desk.entry()[1:4] == ["lena", "add object", "queue Parcel desk (Larch)"])
    log = desk.center.audit
    newest = log.frame.iloc[-1]
    assert (newest["actor"], newest["subject"], newest["reason"]) == ("lena", "Parcel desk", "a second line")
    assert log.verify() == []


def test_a_refusal_is_a_sentence_in_place(desk: Desk) -> None:
    desk.open(BIRCH)
    before = desk.center.folder.current()
    desk.type("Login", "nina")
    desk.change("Add login", "", "Say why in the field Reason", role="alert")
    assert desk.field("Login").input_value() == "nina"  # what was typed stays
    desk.type("Login", "nikt")
    desk.change("Add login", "she helps", "no user 'nikt'", role="alert")
    desk.type("Object", "Birch queue")
    desk.change("Add object", "twice", "already", role="alert")
    assert desk.center.folder.current() == before
    desk.type("Login", "nina")
    desk.change("Add login", "she helps", "Now in the project: nina.")
    assert BIRCH in list(desk.center.viewer("nina").projects["project"])
    assert len(desk.said()) == 1


def test_what_others_change_comes_by_itself(desk: Desk) -> None:
    desk.open(BIRCH)
    desk.center.projects.add_object(BIRCH, "queue", "Birch third queue", **WHY)
    desk.until(lambda: "Birch third queue" in desk.options("Objects"))
    desk.center.roles.change("Lead", take=["manage_access"], **WHY)
    try:
        desk.until(lambda: not desk.button("Add to project").is_visible())
        assert desk.button("Add object").is_visible()
    finally:
        desk.center.roles.change("Lead", add=["manage_access"], **WHY)
    desk.until(lambda: "olek" in desk.logins("Members"))


# ---- without a pointer, without eyes ---------------------------------------------------------------------------------
def test_every_control_has_a_name(desk: Desk) -> None:
    desk.open(BIRCH)
    found = controls(desk.widget)
    assert {kind for kind, _ in found} == {"button", "textbox", "combobox", "listbox", "checkbox"}
    assert [kind for kind, name in found if not name] == []
    names = [name for _, name in found]
    assert {*ORDER} <= {*names} and len(names) == len({*names})


def test_the_keyboard_reaches_all_of_it_in_order(desk: Desk) -> None:
    focused = desk.widget.locator("*:focus")
    here = [("button", "Birch (open)")]  # the keyboard keeps its place
    desk.press(lambda: desk.tile(BIRCH).press("Enter"), lambda: focused.count() and controls(focused) == here)
    desk.field("Kind").wait_for()
    desk.field("Reason").focus()
    met = ["Reason"]
    for _ in range(len(ORDER) + 5):
        desk.page.keyboard.press("Tab")
        if not focused.count():
            break
        met.append(controls(focused)[0][1])
    assert met[: len(ORDER)] == ORDER and {*met[len(ORDER) :]} <= {"Newer entries", "Older entries"}


# ---- what is hidden --------------------------------------------------------------------------------------------------
def walked(desk: Desk) -> dict[str, str]:
    """All that was in the page while each kind of object was looked at, what the kernel sent, and what is saved."""
    pages = [desk.held()]
    first = desk.entry()
    desk.press(desk.button("Older entries").click, lambda: desk.entry() != first)
    desk.field("Archived ones too").check()
    for project in (BIRCH, LARCH):
        pages.append(desk.held())
        desk.open(project)
        for number, kind in enumerate(OBJECT_KINDS):
            desk.field("Kind").select_option(index=number)
            desk.until(lambda of=f"{project} {kind}": of in desk.options("Objects"))  # type: ignore[misc]
            pages.append(desk.held())
    desk.command("docmanager:save")
    sent = b"\n".join(desk.watch.sent).decode("utf-8", errors="replace")
    return {"page": "\n".join(pages), "sent": sent, "saved": desk.file.read_text("utf-8")}


def test_nothing_hidden_reaches_the_page(desk: Desk) -> None:
    held = walked(desk)
    assert canaries(held) == {"page": set(), "sent": set(), "saved": set()}
    for shown in ("Birch ip_phone", "Larch scenario", "Nina Sample", "add member"):
        assert shown in held["page"] and shown in held["sent"]
    assert held["saved"].count("<Administration for lena>") == 2 and LARCH not in held["saved"]


def test_what_is_planted_is_found(faulty: Desk) -> None:
    """Were the search blind, the test above would say nothing."""
    faulty.turn_to()
    found = canaries(walked(faulty))
    assert [name for name, texts in found.items() if HIDDEN not in texts] == []
    assert "canary-hana" in found["page"] and "canary-hana" in found["sent"]


def test_nothing_is_asked_from_outside_and_no_script_fails(desk: Desk) -> None:
    desk.open(LARCH)
    assert desk.watch.inside > 20
    assert (desk.watch.outside, desk.watch.complaints) == ([], [])
