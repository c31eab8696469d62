"""Administration in a notebook: what is clicked is done as by the methods, and what is hidden is in no control."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from threading import Thread
from typing import Any

import ipywidgets
import pytest
from ipywidgets.widgets.widget import _instances

import growing
import okireports
import worlds
from laws import Trial
from okireports.access import RIGHTS
from okireports.disk import write
from okireports.errors import NotACenter, Refused, UnknownViewer
from okireports.faces import Center
from okireports.tables import EXCLUSIVE, OBJECT_KINDS
from okireports.widgets import Administration
from okireports.widgets.administration.sight import ENTRIES, MOST

WHY = {"actor": "admin", "reason": "a test"}
NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)
MANAGES = [right for right in RIGHTS if right.startswith("manage_")]


class Clock:
    """The centre's clock: each look at it is a moment later."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Alpha and Beta with a queue each; boss and anna supervise, olek and ola operate, lena leads Alpha."""
    made = growing.make(tmp_path_factory.mktemp("widgets"))
    made.roles.create("Lead", copy="Supervisor", add=MANAGES, take=["list_projects"], reports=["*"], **WHY)
    made.users.create("lena", role="Lead", name="Lena Example", **WHY)
    made.projects.add_member("Alpha", "lena", **WHY)
    made.groups.create("Early", members=["olek", "boss"], **WHY)
    made.groups.create("Late", members=["ola"], **WHY)
    return made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def center(template: Center, tmp_path: Path, clock: Clock) -> Center:
    """One's own copy of it."""
    return okireports.open(growing.copy(template, tmp_path).path, now=clock)


@pytest.fixture
def opened() -> Iterator[Callable[..., Administration]]:
    """Opens widgets that nobody watches, and closes them; nothing of them is left."""
    before, made = set(_instances), []

    def make(center: Center, actor: str = "admin", watch: float | None = None) -> Administration:
        made.append(Administration(center.folder, center.clock, actor, "a test", watch))
        return made[-1]

    yield make
    for widget in made:
        widget.close()
    assert set(_instances) == before


Opened = Callable[..., Administration]


def tile(widget: Administration, name: str) -> ipywidgets.Button:
    """The tile of a project."""
    return next(b for b in widget.tiles.grid.children if name in b.description or name in b.tooltip)


def names(widget: Administration) -> list[str]:
    return [made.description for made in widget.tiles.grid.children]


def values(listing: ipywidgets.SelectMultiple) -> list[str]:
    return [value for _, value in listing.options]


def click(widget: Administration, button: ipywidgets.Button, reason: str = "clicked") -> str:
    """Click with a reason; what is said then."""
    widget.reason.value = reason
    button.click()
    return str(widget.status.value)


def inside(widget: ipywidgets.Widget) -> list[ipywidgets.Widget]:
    """A widget and everything that is shown in it."""
    return [widget, *(found for child in getattr(widget, "children", ()) for found in inside(child))]


def state() -> str:
    """All that the page knows: the state of every widget that there is, shown or not."""
    return "\n".join(repr(widget.get_state()) for widget in list(_instances.values()))


def newest(center: Center) -> dict[str, Any]:
    return dict(center.audit.frame.iloc[-1])


# Doing


def test_a_project_from_its_beginning_to_its_end(center: Center, opened: Opened) -> None:
    widget = opened(center)
    widget.tiles.name.value, widget.tiles.client.value = "Gamma", "Example Ltd"
    assert "Gamma" in click(widget, widget.tiles.create, "a new client")
    entry = newest(center)
    assert (entry["actor"], entry["action"], entry["reason"]) == ("admin", "create project", "a new client")
    assert widget.reason.value == "" and widget.tiles.name.value == ""  # the next change has a reason of its own

    tile(widget, "Gamma").click()
    widget.members.others.value = ("ola", "olek")
    click(widget, widget.members.add)
    assert list(center.viewer("olek").projects["project"]) == ["Alpha", "Gamma"]
    assert values(widget.members.members) == ["ola", "olek"] and widget.members.members.value == ()
    widget.members.members.value = ("ola",)
    click(widget, widget.members.remove)
    widget.members.login.value = "lena"
    click(widget, widget.members.add_login)
    assert values(widget.members.members) == ["lena", "olek"]

    for kind in OBJECT_KINDS:
        widget.objects.kind.value = kind
        widget.objects.name.value = f"Gamma {kind}"
        click(widget, widget.objects.add)
        assert values(widget.objects.objects) == [f"Gamma {kind}"]
        assert (widget.objects.move in widget.objects.box.children) == (kind in EXCLUSIVE)
    row = center.projects.frame.set_index("project").loc["Gamma"]
    assert (row["members"], row["objects"], row["client"]) == (2, len(OBJECT_KINDS), "Example Ltd")
    assert [label for label, _ in widget.objects.kind.options] == [f"{k.replace('_', ' ')} (1)" for k in OBJECT_KINDS]

    widget.objects.kind.value = "queue"
    widget.objects.objects.value, widget.objects.to.value = ("Gamma queue",), "Beta"
    click(widget, widget.objects.move)
    assert values(widget.objects.objects) == []
    tile(widget, "Beta").click()
    assert values(widget.objects.objects) == ["Beta line", "Gamma queue"]
    widget.objects.objects.value = ("Gamma queue",)
    click(widget, widget.objects.remove)
    assert values(widget.objects.objects) == ["Beta line"]

    tile(widget, "Gamma").click()
    widget.settings.name.value = "Delta"
    click(widget, widget.settings.rename)
    assert names(widget)[2] == "\u2068Delta\u2069 (open)"
    assert widget.settings.archive.disabled  # twice, because it cannot be taken back
    widget.settings.sure.value = True
    click(widget, widget.settings.archive)
    assert names(widget) == ["Alpha", "Beta"] and not widget.settings.sure.value
    assert widget.settings.archive not in inside(widget) and widget.members.add not in inside(widget)
    widget.tiles.archived.value = True
    assert names(widget)[2] == "\u2068Delta\u2069 (archived, open)"
    assert center.audit.verify() == []


def test_people_are_chosen_by_group(center: Center, opened: Opened) -> None:
    widget = opened(center)
    tile(widget, "Beta").click()
    assert widget.members.group.options == ("Early", "Late")
    widget.members.group.value = "Early"
    assert (values(widget.members.members), values(widget.members.others)) == (["boss"], ["olek"])
    click(widget, widget.members.add_group)
    assert (values(widget.members.members), values(widget.members.others)) == (["boss", "olek"], [])
    click(widget, widget.members.remove_group)
    assert (values(widget.members.members), values(widget.members.others)) == ([], ["boss", "olek"])
    widget.members.group.value, widget.members.search.value = "", "LENA EX"
    assert values(widget.members.others) == ["lena"]


def test_several_people_are_one_change_or_none(center: Center, opened: Opened) -> None:
    widget = opened(center)
    tile(widget, "Beta").click()
    widget.members.others.value = ("anna", "olek")
    center.users.change("anna", active=False, **WHY)  # somebody else, meanwhile
    center.projects.add_member("Beta", "olek", **WHY)
    before = center.folder.current()
    assert "role='alert'" in click(widget, widget.members.add) and "olek" in widget.status.value
    assert center.folder.current() == before


def test_a_change_without_a_reason_is_not_made(center: Center, opened: Opened) -> None:
    widget, before = opened(center), center.folder.current()
    widget.tiles.name.value = "Gamma"
    assert "Reason" in click(widget, widget.tiles.create, "  ")
    assert center.folder.current() == before
    assert widget.tiles.name.value == "Gamma"  # what was typed stays
    assert "Gamma" in click(widget, widget.tiles.create) and center.folder.current() != before


WRONG: list[tuple[str, Callable[[Administration], ipywidgets.Button], str]] = [
    ("the name of another", lambda w: set_to(w.settings.rename, w.settings.name, "Beta"), "already"),
    ("no name", lambda w: set_to(w.settings.rename, w.settings.name, ""), "a name has no blanks"),
    ("nobody chosen", lambda w: w.members.add, "Choose people"),
    ("nobody to remove", lambda w: w.members.remove, "Choose people"),
    ("nobody of this login", lambda w: set_to(w.members.add_login, w.members.login, "<b>"), "no user &#x27;&lt;b&gt;"),
    ("a member already", lambda w: set_to(w.members.add_login, w.members.login, "olek"), "already"),
    ("no such group", lambda w: set_to(w.members.add_group, w.members.group, "Erly"), "Did you mean &#x27;Early"),
    ("no object chosen", lambda w: w.objects.move, "Choose objects"),
    ("no object to remove", lambda w: w.objects.remove, "Choose objects"),
    ("an object that is there", lambda w: set_to(w.objects.add, w.objects.name, "Alpha line"), "already"),
    ("a project that is not", lambda w: set_to(w.objects.move, w.objects.to, "Gamma", w.objects.objects), "no project"),
]


def set_to(
    button: ipywidgets.Button, control: ipywidgets.Text, value: str, chosen: ipywidgets.SelectMultiple | None = None
) -> ipywidgets.Button:
    """A button, after a control was set and all of a list chosen."""
    control.value = value
    if chosen is not None:
        chosen.value = tuple(values(chosen))
    return button


@pytest.mark.parametrize(("what", "prepared", "said"), WRONG, ids=[what for what, *_ in WRONG])
def test_what_is_wrong_is_said_in_place(
    center: Center,
    opened: Opened,
    what: str,
    prepared: Callable[[Administration], ipywidgets.Button],
    said: str,
) -> None:
    widget, before = opened(center), center.folder.current()
    tile(widget, "Alpha").click()
    told = click(widget, prepared(widget))
    assert told.startswith("<p role='alert' ") and said in told
    assert center.folder.current() == before
    widget.tiles.name.value = "Gamma"
    assert "role='status'" in click(widget, widget.tiles.create)  # it is usable still


def test_what_is_said_stands_where_it_was_asked(center: Center, opened: Opened) -> None:
    widget = opened(center)
    tile(widget, "Alpha").click()
    for panel in (widget.members, widget.objects):
        click(widget, panel.remove)
        assert panel.said.children == (widget.status,) and inside(widget).count(widget.status) == 1
    tile(widget, "Beta").click()
    assert widget.top.children == (widget.status,) and widget.status.value == ""


def test_a_sentence_is_said_once_and_where_it_stays(center: Center, opened: Opened) -> None:
    widget = opened(center)
    tile(widget, "Alpha").click()
    told: list[tuple[str, ipywidgets.Box]] = []

    def drawn(change: object) -> None:
        standing = [place for place in inside(widget) if widget.status in getattr(place, "children", ())]
        assert len(standing) <= 1  # in two places it would be read out twice
        if widget.status.value:
            told.append((widget.status.value, *standing))

    widget.status.observe(drawn, "value")
    for place in widget.places:
        place.observe(drawn, "children")
    said = []
    for panel, button, name in (
        (widget.members, widget.members.remove, None),  # nobody is chosen
        (widget.objects, widget.objects.add, widget.objects.name),
        (widget.tiles, widget.tiles.create, widget.tiles.name),
        (widget.members, widget.members.remove, None),
    ):
        if name is not None:
            name.value = "Gamma"
        said.append((click(widget, button), panel.said))
    assert told == said


def test_a_change_that_was_made_is_not_said_over_what_went_wrong_then(
    center: Center, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = opened(center)

    def fails(sight: object) -> None:
        raise OSError("the disk is gone")

    monkeypatch.setattr(widget, "show", fails)
    widget.tiles.name.value = "Gamma"
    told = click(widget, widget.tiles.create)
    assert "role='alert'" in told and "the disk is gone" in told and widget.top.children == (widget.status,)
    assert "Gamma" in list(center.viewer("admin", reason="a test").projects["project"])


# Rights


def test_names_of_all_projects_without_their_objects(center: Center, opened: Opened) -> None:
    widget = opened(center, "anna")  # a supervisor of Alpha
    assert names(widget) == ["Alpha", "\u2068Beta\u2069 (name only)"]
    assert all(made.disabled for made in widget.tiles.grid.children)
    widget.choose(1)
    buttons = {w.description for w in inside(widget) if isinstance(w, ipywidgets.Button)} - set(names(widget))
    assert buttons == {"Refresh", "Newer entries", "Older entries"}
    assert "Beta" not in widget.entries.table.value and "Beta line" not in state()
    assert widget.project is None and "olek" not in str(widget.members.members.options)


@pytest.mark.parametrize("right", ["manage_projects", "manage_access"])
def test_each_right_brings_its_own_controls(center: Center, opened: Opened, right: str) -> None:
    center.roles.create("One", copy="Operator", add=[right], **WHY)
    center.users.create("nina", role="One", projects=["Alpha"], **WHY)
    widget = opened(center, "nina")
    tile(widget, "Alpha").click()
    held = inside(widget)
    projects = (widget.tiles.create, widget.settings.rename, widget.objects.add, widget.objects.objects)
    people = (widget.members.add, widget.members.members, widget.members.add_group)
    assert [control in held for control in projects] == [right == "manage_projects"] * 4
    assert [control in held for control in people] == [right == "manage_access"] * 3
    assert ("olek" in state()) == (right == "manage_access")
    assert ("Alpha line" in state()) == (right == "manage_projects")
    assert "Beta" not in state()
    assert widget.entries.table.value == ""  # she may not read the log


@pytest.mark.parametrize("restriction", ["aliases", "own_rows_only"])
def test_who_sees_people_by_aliases_sees_no_members(center: Center, opened: Opened, restriction: str) -> None:
    center.roles.create("Blind", copy="Lead", add=[restriction], take=["run_sql"], **WHY)
    center.users.create("nina", role="Blind", projects=["Alpha"], **WHY)
    widget = opened(center, "nina")
    tile(widget, "Alpha").click()
    assert "Alpha line" in state() and "olek" not in state() and widget.entries.table.value == ""


def test_who_may_do_nothing_is_refused_and_that_is_noted(center: Center) -> None:
    with pytest.raises(Refused, match="manage_access"):
        center.admin("olek")
    with pytest.raises(UnknownViewer):
        center.admin("nobody")
    with pytest.raises(Refused, match="reason"):
        center.admin("admin", reason="")
    growing.touch(center, 1)
    log = center.audit.frame
    assert list(log[log["action"] == "refused"]["actor"]) == ["olek", "nobody", "admin"]


def test_opening_is_written_down(center: Center, opened: Opened) -> None:
    opened(center, "lena")
    growing.touch(center, 1)
    entry = center.audit.frame.query("action == 'begin administration'").iloc[0]
    assert (entry["actor"], entry["reason"]) == ("lena", "a test")


def test_a_right_that_is_gone_is_gone_at_once(center: Center, opened: Opened) -> None:
    widget = opened(center, "lena")
    tile(widget, "Alpha").click()
    widget.members.login.value = "ola"
    center.roles.change("Lead", take=["manage_access"], **WHY)
    before = center.folder.current()
    told = click(widget, widget.members.add_login)  # the button is drawn still
    assert "lacks the right &#x27;manage_access&#x27;" in told and center.folder.current() == before
    assert widget.members.add not in inside(widget) and widget.objects.add in inside(widget)
    assert values(widget.members.members) == [] and widget.members.login.value == ""
    assert widget.status in inside(widget)  # though the panel that asked is gone
    growing.touch(center, 1)
    assert center.audit.frame.query("action == 'refused'").iloc[-1]["subject"] == "manage_access"


def test_a_project_that_is_gone_leaves_nothing_behind(center: Center, opened: Opened) -> None:
    widget = opened(center, "lena")
    tile(widget, "Alpha").click()
    assert {"Alpha", "olek", "Alpha line"} <= {name for name in ("Alpha", "olek", "Alpha line") if name in state()}
    center.projects.remove_member("Alpha", "lena", **WHY)
    widget.again.click()
    assert names(widget) == [] and widget.project is None
    assert [name for name in ("Alpha", "olek", "Alpha line") if name in state()] == []


def test_a_person_that_is_gone_sees_nothing_until_she_is_back(center: Center, opened: Opened) -> None:
    widget = opened(center, "lena")
    tile(widget, "Alpha").click()
    center.users.change("lena", active=False, **WHY)
    widget.again.click()
    assert "no active user" in widget.status.value
    assert [name for name in ("Alpha", "olek", "boss", "Alpha line") if name in state()] == []
    center.users.change("lena", active=True, **WHY)
    widget.again.click()
    assert names(widget) == ["Alpha"] and widget.status.value == ""


def test_an_admin_can_take_away_her_own_right(center: Center, opened: Opened) -> None:
    widget = opened(center, "lena")
    tile(widget, "Alpha").click()
    widget.members.members.value = ("lena",)
    click(widget, widget.members.remove)
    assert names(widget) == [] and "olek" not in state() and "Alpha" not in state()


def test_a_membership_that_ends_closes_the_project(center: Center, clock: Clock, opened: Opened) -> None:
    center.users.create("nina", role="Lead", **WHY)
    center.projects.add_member("Alpha", "nina", valid_to=NOW + timedelta(hours=1), **WHY)
    widget = opened(center, "nina")
    assert names(widget) == ["Alpha"]
    clock.now += timedelta(hours=1)
    widget.again.click()
    assert names(widget) == []


# What is hidden


def test_people_of_other_projects_are_not_named(center: Center, opened: Opened) -> None:
    """Boss works in both; lena sees that he works in hers."""
    widget = opened(center, "lena")
    tile(widget, "Alpha").click()
    assert dict((v, k) for k, v in widget.members.members.options)["boss"] == (
        "\u2068boss\u2069 · Supervisor · in \u2068Alpha\u2069"
    )
    assert [name for name in ("ola", "Beta", "Late") if name in state()] == []
    widget.members.group.value = "Late"
    told = click(widget, widget.members.add_group)
    widget.members.group.value = "Nope"
    assert told.replace("Late", "Nope") == click(widget, widget.members.add_group)


def test_what_is_shown_does_not_depend_on_what_is_hidden(tmp_path: Path, opened: Opened) -> None:
    """Two centres, one of them without Beta: lena's widget holds the same texts."""
    shown = []
    for number, hidden in enumerate((True, False)):
        tables = growing.DEFINITIONS if hidden else {k: [r for r in v if "Beta" not in r.values()] for k, v in DEFINED}
        center = okireports.create(tmp_path / str(number), now=NOW)
        center.load(growing.write(tmp_path / f"definitions {number}", tables))
        center.roles.create("Lead", copy="Supervisor", add=MANAGES, take=["list_projects"], reports=["*"], **WHY)
        if hidden:
            center.projects.add_object("Beta", "dialer", "Beta dialer", **WHY)
        center.users.create("lena", role="Lead", projects=["Alpha"], **WHY)
        widget = opened(center, "lena")
        tile(widget, "Alpha").click()
        widget.objects.kind.value = "dialer"
        shown.append([{k: v for k, v in w.get_state().items() if k not in OF_NO_MEANING} for w in inside(widget)])
    assert shown[0] == shown[1] and "olek" in str(shown[0])


DEFINED = growing.DEFINITIONS.items()
OF_NO_MEANING = ("children", "layout", "style")  # names of other widgets, which are drawn by chance


@pytest.fixture(scope="module")
def trial() -> Iterator[Trial]:
    """An invented world: a canary in every text that may be hidden."""
    made = Trial(worlds.world(3))
    yield made
    made.close()


@pytest.mark.parametrize("kind", ["single", "other", "pair", "former", "stranger"])
def test_no_hidden_text_is_in_any_control(trial: Trial, opened: Opened, tmp_path: Path, kind: str) -> None:
    center = okireports.open(growing.copy(trial.center, tmp_path).path, now=trial.world.now)
    viewer = trial.world.viewer(kind)
    admin = trial.world.viewer("admin")
    who = {"actor": admin.login, "reason": "a test"}
    center.roles.create("Lead", copy="Supervisor", add=MANAGES, take=["list_projects"], reports=["*"], **who)
    center.users.change(viewer.login, role="Lead", **who)
    hidden = worlds.canaries(trial.world, worlds.Viewer(viewer.login, "Supervisor", viewer.projects))
    assert hidden
    widget = opened(center, viewer.login)
    assert len(names(widget)) == len(viewer.projects or ())
    for made in list(widget.tiles.grid.children):
        made.click()
        assert widget.objects.add in inside(widget)
        for of in OBJECT_KINDS:
            widget.objects.kind.value = of
            assert found(hidden, state()) == set()
    widget.close()
    everything = opened(center, admin.login)
    everything.tiles.tiles[0].click()
    assert found(hidden, state())  # the search can find


def found(texts: frozenset[str], where: str) -> set[str]:
    return {text for text in texts if text.lower() in where.lower()}


# Names


class Tags(HTMLParser):
    """The tags and attributes of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(f"{tag} {name}" for name, _ in attrs)}


OURS = {
    "h4",
    "h4 style",
    "p",
    "p role",
    "p style",
    "bdi",
    "table",
    "table aria-label",
    "thead",
    "tbody",
    "tr",
    "td",
    "td style",
}
OURS |= {"th", "th scope", "th style"}


@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "<img src=x onerror='alert(1)'>", "\u05e9\u05dc\u05d5\u05dd", "&amp;", "x" * 200],
)
def test_a_name_is_only_a_name(center: Center, opened: Opened, name: str) -> None:
    center.users.create("nina", name=name, **WHY)
    center.groups.create(name, members=["nina"], **WHY)
    widget = opened(center)
    widget.tiles.name.value = name
    click(widget, widget.tiles.create, name)
    widget.tiles.search.value = name
    tile(widget, name).click()
    widget.objects.name.value = name
    click(widget, widget.objects.add)
    widget.members.login.value = name
    click(widget, widget.members.add_login)
    assert name[:30] in str(widget.members.others.options)
    pieces = [w for w in inside(widget) if isinstance(w, ipywidgets.HTML)]
    assert len(pieces) > 8
    for piece in pieces:
        assert Tags(piece.value).found <= OURS
    labelled = [w for w in inside(widget) if hasattr(w, "description")]
    assert [w for w in labelled if getattr(w, "description_allow_html", False)] == []
    assert max(len(w.description) for w in labelled) < 90  # a long name does not push the others away


def test_every_control_has_a_label(center: Center, opened: Opened) -> None:
    widget = opened(center)
    tile(widget, "Alpha").click()
    controls = [w for w in inside(widget) if {"value", "on_click"} & set(dir(w)) and not isinstance(w, ipywidgets.HTML)]
    assert len(controls) > 25
    assert [w for w in controls if not (w.description and w.tooltip)] == []
    labels = [w.description for w in controls]
    assert len(set(labels)) == len(labels)  # one can be told from another without seeing where it stands
    assert [w for w in controls if getattr(w, "button_style", "")] == []  # their colours are too pale to be read


def test_a_saved_notebook_keeps_nothing_of_it(center: Center, opened: Opened) -> None:
    widget = opened(center, "lena")
    tile(widget, "Alpha").click()
    assert repr(widget) == "<Administration for lena>"
    assert "Alpha" not in str(widget._repr_mimebundle_())


# The change log


def test_the_log_beside_is_that_of_the_viewer(center: Center, opened: Opened) -> None:
    for number in range(ENTRIES + 5):
        center.projects.add_object("Alpha", "queue", f"Line {number:03d}", **WHY)
    center.projects.add_object("Beta", "queue", "Another's", **WHY)
    widget = opened(center, "lena")
    mine = center.viewer("lena").audit
    rows = [row.count("<td") for row in widget.entries.table.value.split("<tr>")[2:]]
    assert len(mine) > ENTRIES and rows == [7] * ENTRIES
    assert "Another" not in widget.entries.table.value and f"Line {ENTRIES + 4:03d}" in widget.entries.table.value
    assert widget.entries.newer.disabled and not widget.entries.older.disabled
    widget.entries.older.click()
    assert widget.entries.table.value.count("<tr>") == 1 + len(mine) - ENTRIES
    assert widget.entries.older.disabled and "Line 000" in widget.entries.table.value
    widget.entries.newer.click()
    assert widget.entries.newer.disabled


def test_the_log_is_in_plain_words_and_local_time(center: Center, opened: Opened) -> None:
    center.projects.add_member("Alpha", "ola", valid_to=datetime(2026, 2, 1, 11, tzinfo=UTC), **WHY)
    center.projects.change("Alpha", description='{"to": "2026-02-01 11:00:00"}', **WHY)
    table = opened(center, "lena").entries.table.value
    assert "to: 2026-02-01 12:00:00; user: ola</bdi>" in table
    assert "description: {&quot;to&quot;: &quot;2026-02-01 11:00:00&quot;}" in table  # a text is what it is
    assert "null" not in table and "None" not in table


# Others, meanwhile


def test_what_another_one_changes_comes_by_itself(center: Center, opened: Opened) -> None:
    widget = opened(center, "lena", watch=0.05)
    center.projects.create("Gamma", **WHY)
    center.projects.add_member("Gamma", "lena", **WHY)
    end = time.monotonic() + 30
    while names(widget) != ["Alpha", "Gamma"]:
        assert time.monotonic() < end, "it has not come"
        time.sleep(0.02)


def test_two_admins_at_once_lose_nothing(center: Center, opened: Opened) -> None:
    widgets = [opened(center), opened(center, "lena")]
    for widget in widgets:
        tile(widget, "Alpha").click()

    def work(widget: Administration) -> None:
        for number in range(4):
            widget.objects.name.value = f"{widget.actor} {number}"
            assert "role='status'" in click(widget, widget.objects.add)

    threads = [Thread(target=work, args=(widget,)) for widget in widgets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for widget in widgets:
        widget.again.click()
        assert len(values(widget.objects.objects)) == 9
    assert center.audit.verify() == []


def test_a_centre_that_is_gone_is_said(center: Center, opened: Opened) -> None:
    widget = opened(center)
    center.folder.pointer.rename(center.path / "elsewhere")
    widget.again.click()
    assert "is not a centre" in widget.status.value and names(widget) == []
    with pytest.raises(NotACenter):
        center.admin("admin")
    (center.path / "elsewhere").rename(center.folder.pointer)
    widget.again.click()
    assert names(widget) == ["Alpha", "Beta"]


def test_a_centre_without_projects_says_so(tmp_path: Path, opened: Opened) -> None:
    center = okireports.create(tmp_path / "simple", security="simplified", now=NOW)
    widget = opened(center)
    widget.tiles.name.value = "Gamma"
    assert "no projects" in click(widget, widget.tiles.create)


# Many


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """2,000 projects, 10,000 people in three each, a queue in each project, all in one of 200 groups."""
    center = okireports.create(tmp_path_factory.mktemp("crowd") / "center", now=NOW)
    with write(center.folder, "bulk") as writer:
        for table, rows in {
            "projects": "SELECT i, 'Project ' || i, NULL, NULL, '2025-01-01', NULL FROM range(1, 2001) r(i)",
            "users": "SELECT i, 'user' || i, 'Name ' || i, NULL, 'Operator', true FROM range(2, 10002) r(i)",
            "memberships": "SELECT i, 1 + (i * (j + 1)) % 2000, NULL, NULL FROM range(2, 10002) r(i), range(3) s(j)",
            "objects": "SELECT i, 'queue', 'Queue ' || i, NULL, NULL FROM range(1, 2001) r(i)",
            "project_objects": "SELECT i, i, NULL, NULL FROM range(1, 2001) r(i)",
            "groups": "SELECT i, 'Group ' || i FROM range(1, 201) r(i)",
            "group_members": "SELECT 1 + i % 200, i, NULL, NULL FROM range(2, 10002) r(i)",
        }.items():
            writer.con.execute(f"INSERT INTO control.{table} {rows}")
    return center


def test_two_thousand_projects_and_ten_thousand_people(crowd: Center, opened: Opened) -> None:
    begun, before = time.process_time(), len(_instances)
    widget = opened(crowd)
    assert len(names(widget)) == MOST and widget.tiles.more.value == "1,950 more: search"
    widget.tiles.search.value = "project 1234"
    assert names(widget) == ["Project 1234"] and widget.tiles.more.value == ""
    tile(widget, "Project 1234").click()
    assert len(values(widget.members.others)) == MOST
    assert int(widget.members.more_others.value.split()[0].replace(",", "")) > 9_900
    widget.members.search.value = "user9876"
    assert values(widget.members.others) == ["user9876"]
    widget.members.others.value = ("user9876",)
    click(widget, widget.members.add)
    widget.members.group.value = "Group 77"
    assert values(widget.members.members) == ["user9876"]  # 9876 = 49 x 200 + 76
    assert len(widget.members.group.options) == 1
    assert len(_instances) - before < 3 * 150  # with their layouts and styles
    assert len(state()) < 300_000
    assert time.process_time() - begun < 20
