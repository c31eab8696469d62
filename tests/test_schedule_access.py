"""Who gets what of a schedule: looked up when it runs, of its viewer and of each recipient."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import growing
import okireports
import posting
from okireports.errors import BadOption, ChangeError, Refused, UnknownName, UnknownViewer
from posting import WHY, Clock, Mailbox, Maker, attached, daily, posted, runner, schedules, states

PARTNER = "partner@example.com"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> okireports.Center:
    """Beside boss (both) and anna (Alpha): ola of Beta is a Supervisor too, clive of Alpha a Client."""
    clock = Clock()
    clock.to("2025-06-01 12:00")
    center = okireports.open(posting.made(tmp_path_factory.mktemp("template")).path, now=clock)
    center.users.change("ola", role="Supervisor", email="ola@example.com", **WHY)
    center.users.create("clive", role="Client", email="clive@example.com", projects="Alpha", **WHY)
    center.users.change("admin", email="admin@example.com", **WHY)
    return center


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.to("2025-06-02 12:00")
    return clock


@pytest.fixture
def center(template: okireports.Center, tmp_path: Path, clock: Clock) -> okireports.Center:
    return okireports.open(growing.copy(template, tmp_path).path, now=clock)


@pytest.fixture
def box(center: okireports.Center) -> Iterator[Mailbox]:
    box = Mailbox()
    with posting.served(box) as port:
        posted(center, port)
        yield box


def day(center: okireports.Center, clock: Clock, number: int, maker: Maker | None = None) -> list[str]:
    """A pass on the morning of a day of June, which is about the day before."""
    clock.to(f"2025-06-{number:02d} 06:30")
    return states(runner(center, maker).due())


def got(box: Mailbox, login: str) -> list[str]:
    """The subjects that someone got, in their order, without the period; what was there is taken away."""
    mine = [str(m["Subject"]).split(": ")[0] for m in box.messages if m["To"].addresses[0].username == login]
    box.taken[:] = [(to, content) for to, content in box.taken if to.split("@")[0] != login]
    return mine


def entries(center: okireports.Center) -> list[dict[str, Any]]:
    """What the journal and the log say of schedules, whose rows a change has taken in."""
    growing.touch(center, len(center.audit.frame))
    frame = center.audit.frame
    rows: list[dict[str, Any]] = frame[frame["subject_kind"] == "schedule"].to_dict("records")
    return rows


def test_a_recipient_who_left_gets_nothing_and_the_owner_is_told(
    center: okireports.Center, clock: Clock, box: Mailbox
) -> None:
    daily(center, recipients=["anna"], projects=["Alpha"])
    assert day(center, clock, 3) == ["done"] and got(box, "anna") == ["Alpha"] and got(box, "boss") == []
    center.projects.remove_member("Alpha", "anna", **WHY)
    assert day(center, clock, 4) == ["done"] and got(box, "anna") == []
    told = [m.get_content() for m in box.messages]
    assert len(told) == 1 and "anna got nothing of Alpha: she is not among those who may see it." in told[0]
    assert got(box, "boss") == ["Schedule Daily"]
    assert day(center, clock, 5) == ["done"] and got(box, "anna") == got(box, "boss") == [], "she is told once"
    center.projects.add_member("Alpha", "anna", **WHY)
    assert day(center, clock, 6) == ["done"] and got(box, "anna") == ["Alpha"]
    assert "anna gets files of Alpha again." in box.messages[0].get_content()
    kept = schedules(center).deliveries()
    assert list(kept[kept["kind"] == "mail"]["state"]) == ["accepted", "withheld", "withheld", "accepted"]
    log = [
        (e["action"], json.loads(e["after"])["recipient"]) for e in entries(center) if e["action"] != "create schedule"
    ]
    assert log == [("send", "anna"), ("withhold", "anna"), ("withhold", "anna"), ("send", "anna")]


def test_who_leaves_between_two_attempts_gets_nothing(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    box.fault = lambda stage, to, content: "450 come again" if stage == "rcpt" else None
    daily(center, recipients=["anna"], projects=["Alpha"])
    assert day(center, clock, 3) == ["waiting"]
    center.projects.remove_member("Alpha", "anna", **WHY)
    box.fault = lambda stage, to, content: None
    clock.to("2025-06-03 06:31")
    assert states(runner(center).due()) == ["done"] and got(box, "anna") == []
    assert got(box, "boss") == ["Schedule Daily"]


def test_hidden_people_and_nobody_are_the_same(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """ola works in Beta only; ghost is nobody. What is said is the same, when it is made and when it runs."""
    said = []
    for name in ("ola", "ghost"):
        with pytest.raises(UnknownName) as refusal:
            daily(center, "anna", recipients=[name])
        said.append(str(refusal.value).replace(name, "X"))
    assert said[0] == said[1]
    daily(center, "anna", recipients=["anna"])
    rows = growing.query(center, "SELECT definition FROM control.schedules")
    for name in ("ola", "ghost"):
        with okireports.disk.write(center.folder, "change") as writer:
            text = rows[0][0].replace('["anna"]', f'["anna", "{name}"]')
            writer.con.execute("UPDATE control.schedules SET definition = ?, since = '2025-06-02 11:00'", [text])
        clock.to("2025-06-03 06:30" if name == "ola" else "2025-06-04 06:30")
        assert states(runner(center).due()) == ["done"]
    notices = [m.get_content() for m in box.messages if "recipients" in m["Subject"]]
    told = [text.replace("ola", "X").replace("ghost", "X").split("Due:")[1][20:] for text in notices]
    assert len(told) == 2 and told[0].splitlines()[1] == told[1].splitlines()[1] and "X got nothing of Alpha" in told[0]


def test_a_recipient_who_sees_less_gets_her_own(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """Phone numbers are in boss's call log, and not in that of a role without the right; clive sees aliases."""
    center.roles.create("Plain", copy="Supervisor", take=["see_phone_numbers"], **WHY)
    center.users.change("anna", role="Plain", **WHY)
    maker = Maker(center)
    daily(center, recipients=["anna", "boss", "clive"], projects=["Alpha"], reports=["call_log"])
    assert day(center, clock, 3, maker) == ["done"]
    assert [order.viewer for order in maker.orders] == ["anna", "boss", "clive"]
    files = {m["To"].addresses[0].username: next(iter(attached(m).values())) for m in box.messages}
    assert b"+48220000" in files["boss"] and b"+48220000" not in files["anna"] + files["clive"]
    assert b"olek" in files["boss"] and b"olek" in files["anna"] and b"olek" not in files["clive"]


def test_a_recipient_who_may_not_have_it_all(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """A Client runs no reports about people; an Operator may export nothing; the others get theirs."""
    daily(center, recipients=["anna", "clive"], projects=["Alpha"], reports=["operator_summary"])
    assert day(center, clock, 3) == ["done"]
    assert got(box, "anna") == ["Alpha"] and got(box, "clive") == []
    assert "clive got nothing of Alpha: her role may not have all that is asked for." in box.messages[0].get_content()
    with pytest.raises(BadOption, match="olek lacks the right 'export'"):
        daily(center, recipients=["olek"], projects=["Alpha"])
    center.users.change("anna", email="anna@example.com\nBcc: x@example.com", **WHY)
    with pytest.raises(BadOption, match="anna has no address"):
        daily(center, recipients=["anna"], projects=["Alpha"])


def test_seeing_everything_is_not_inherited(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """Neither by what an admin schedules nor by what she is sent."""
    with pytest.raises(Refused, match="not a member"):
        daily(center, "admin", recipients=["admin"])
    with pytest.raises(UnknownName):
        daily(center, recipients=["admin"])
    center.projects.add_member("Alpha", "admin", **WHY)
    with pytest.raises(UnknownName):
        daily(center, "admin", projects=["Beta"], recipients=["admin"])
    daily(center, "admin", recipients=["admin"])
    daily(center, recipients=["admin"])
    maker = Maker(center)
    assert day(center, clock, 3, maker) == ["done", "done"]
    assert [(order.viewer, order.projects) for order in maker.orders] == [("admin", (1,)), ("boss", (1, 2))]
    assert got(box, "admin") == ["Alpha", "Alpha"]


def test_a_viewer_who_is_gone(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """Nothing is made or sent; who looks after schedules hears of it, without a word of a project."""
    schedules(center).set_post(alerts="it@example.com", **WHY)
    maker = Maker(center)
    daily(center, recipients=["anna", "boss"], projects=["Alpha"])
    center.users.change("boss", active=False, **WHY)
    assert day(center, clock, 3, maker) == ["refused"]
    assert maker.orders == [] and list(box.subjects) == [("it@example.com", "Schedule Daily: refused")]
    assert "Alpha" not in box.messages[0].as_string()
    assert day(center, clock, 3, maker) == []
    center.users.change("boss", active=True, **WHY)
    assert day(center, clock, 4, maker) == ["done"]
    assert got(box, "anna") == ["Alpha"] and got(box, "boss") == ["Alpha", "Schedule Daily"]


@pytest.mark.parametrize("right", ["schedule", "export"])
def test_a_right_that_is_gone(center: okireports.Center, clock: Clock, box: Mailbox, right: str) -> None:
    daily(center, recipients=["anna"], projects=["Alpha"])
    center.roles.create("Less", copy="Supervisor", take=[right], **WHY)
    center.users.change("boss", role="Less", **WHY)
    assert day(center, clock, 3) == ["refused"]
    assert got(box, "anna") == [] and right in box.messages[0].get_content() and got(box, "boss") == ["Schedule Daily"]
    refusals = [e for e in entries(center) if e["action"] == "refused"]
    assert len(refusals) == 1 and right in refusals[0]["reason"]


def test_projects_that_are_gone(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """A lost one is named as it was called when it was hers; without any there is nothing to run."""
    daily(center, recipients=["boss"], projects=["Alpha", "Beta"])
    assert day(center, clock, 3) == ["done"] and got(box, "boss") == ["Alpha", "Beta"]
    center.projects.remove_member("Beta", "boss", **WHY)
    center.projects.rename("Beta", "CANARY", **WHY)
    assert day(center, clock, 4) == ["done"]
    assert "Beta is not yours any more" in box.messages[1].get_content()
    assert b"CANARY" not in b"".join(content for _, content in box.taken)
    assert got(box, "boss") == ["Alpha", "Schedule Daily"]
    assert day(center, clock, 5) == ["done"] and got(box, "boss") == ["Alpha"]
    center.projects.remove_member("Alpha", "boss", **WHY)
    assert day(center, clock, 6) == ["refused"] and got(box, "boss") == ["Schedule Daily"]


def test_each_of_hers_follows_her(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    daily(center, "anna", recipients=["anna"])
    assert day(center, clock, 3) == ["done"] and got(box, "anna") == ["Alpha"]
    center.projects.add_member("Beta", "anna", **WHY)
    assert day(center, clock, 4) == ["done"]
    assert "The project Beta is among those" in box.messages[-1].get_content()
    assert got(box, "anna") == ["Alpha", "Beta", "Schedule Daily"]
    center.projects.remove_member("Beta", "anna", **WHY)
    center.projects.rename("Beta", "CANARY", **WHY)
    assert day(center, clock, 5) == ["done"] and got(box, "anna") == ["Alpha", "Schedule Daily"]
    assert b"CANARY" not in b"".join(content for _, content in box.taken)


def test_an_outside_address_is_bound_to_a_project(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    with pytest.raises(Refused, match="bound to none"):
        daily(center, addresses=[PARTNER])
    for actor in ("boss", "anna"):
        with pytest.raises(Refused, match="manage_access"):
            schedules(center).allow(PARTNER, "Alpha", actor=actor, reason="a test")
    with pytest.raises(BadOption):
        schedules(center).allow("partner", "Alpha", **WHY)
    schedules(center).allow(PARTNER, "Alpha", **WHY)
    with pytest.raises(ChangeError, match="already"):
        schedules(center).allow(PARTNER.upper().replace("EXAMPLE.COM", "example.com"), "Alpha", **WHY)
    daily(center, addresses=[PARTNER])
    assert day(center, clock, 3) == ["done"] and got(box, "partner") == ["Alpha"]
    schedules(center).disallow(PARTNER, "Alpha", **WHY)
    box.taken.clear()
    assert day(center, clock, 4) == ["done"] and got(box, "partner") == [] and got(box, "boss") == ["Schedule Daily"]
    with pytest.raises(ChangeError, match="gets nothing"):
        schedules(center).disallow(PARTNER, "Alpha", **WHY)


def test_who_makes_a_schedule_for_another(center: okireports.Center) -> None:
    """It takes manage_access, every right that opens a table, and the projects; hidden people stay unknown."""
    center.roles.create("Lead", copy="Supervisor", add=["manage_access"], **WHY)
    for role, works in (("Lead", True), ("Supervisor", False)):
        center.users.change("anna", role=role, **WHY)
        if not works:
            with pytest.raises(Refused, match="manage_access"):
                daily(center, viewer="boss", actor="anna", projects=["Alpha"], recipients=["anna"])
            continue
        id = daily(center, viewer="boss", actor="anna", projects=["Alpha"], recipients=["anna"])
        with pytest.raises(Refused, match="names those"):
            daily(center, viewer="boss", actor="anna", recipients=["anna"])
        said = []
        for hidden in ("Beta", "Bet4"):
            with pytest.raises(UnknownName) as unknown:
                daily(center, viewer="boss", actor="anna", projects=["Alpha", hidden], recipients=["anna"])
            said.append(str(unknown.value).replace(hidden, "X"))
        assert said[0] == said[1] and "mean" not in said[0]
        said.clear()
        for login in ("ola", "ghost"):
            with pytest.raises(UnknownViewer) as refusal:
                daily(center, viewer=login, actor="anna", projects=["Alpha"], recipients=["anna"])
            said.append(str(refusal.value).replace(login, "X"))
        assert said[0] == said[1]
        schedules(center).pause(id, actor="anna", reason="a test")
    center.roles.create("Blind", copy="Supervisor", add=["manage_access"], take=["see_phone_numbers"], **WHY)
    center.users.change("anna", role="Blind", **WHY)
    with pytest.raises(Refused, match="see_phone_numbers"):
        daily(center, viewer="boss", actor="anna", projects=["Alpha"], recipients=["anna"])


def test_a_schedule_is_changed_by_its_viewer_or_who_manages_her(center: okireports.Center) -> None:
    id = daily(center, recipients=["boss"], projects=["Beta"])
    said = []
    for number in (id, 99):
        with pytest.raises(UnknownName) as refusal:
            schedules(center).remove(number, actor="anna", reason="a test")
        said.append(str(refusal.value).replace(str(number), "N"))
    assert said[0] == said[1]
    schedules(center).remove(id, **WHY)
    with pytest.raises(UnknownName):
        schedules(center).resume(id, actor="boss", reason="a test")


def test_the_log_tells_each_project_its_own(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """anna reads of the schedule over both that it sends Alpha's to her; of Beta, and of ola, nothing."""
    daily(center, recipients=["anna", "ola"], period="last week")
    day(center, clock, 3)
    entries(center)
    hers = center.viewer("anna").audit
    text = "\n".join(map(str, hers[hers["subject_kind"] == "schedule"].to_numpy().ravel()))
    assert '"anna"' in text and "ola" not in text and "Beta" not in text
    whole = [e for e in entries(center) if e["action"] == "create schedule"]
    assert "ola" in whole[0]["after"]


def test_nothing_goes_out_that_is_not_written_down(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    daily(center, recipients=["anna"], projects=["Alpha"])
    journal = center.folder.journal
    moved = journal.with_name("elsewhere")
    journal.rename(moved)
    journal.write_text("a file where the journal should be")
    try:
        assert day(center, clock, 3) == ["waiting"] and got(box, "anna") == []
    finally:
        journal.unlink()
        moved.rename(journal)
    clock.to("2025-06-03 06:31")
    assert states(runner(center).due()) == ["done"] and got(box, "anna") == ["Alpha"]


def test_who_leaves_while_files_are_made_gets_nothing(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """Rights are looked up once more before each message; what she had been made is not sent."""
    maker = Maker(center)

    def leaving(order: object) -> None:
        if len(maker.orders) == 1:
            center.projects.remove_member("Alpha", "anna", **WHY)

    maker.fail = leaving
    daily(center, recipients=["anna", "boss"], projects=["Alpha"])
    assert day(center, clock, 3, maker) == ["waiting"] and box.taken == []
    clock.to("2025-06-03 06:31")
    assert states(runner(center, maker).due()) == ["done"]
    assert got(box, "anna") == [] and got(box, "boss") == ["Alpha", "Schedule Daily"]


def test_a_destination_keeps_no_more_than_the_run_may_see(
    center: okireports.Center, clock: Clock, box: Mailbox, tmp_path: Path
) -> None:
    """The first attempt made files of Beta too; before the second one boss lost it, and the right to see numbers."""
    place = tmp_path / "reports"
    place.mkdir()
    box.fault = lambda stage, to, content: "450 come again" if stage == "rcpt" else None
    more: dict[str, Any] = {"tables": "*", "recipients": ["boss"], "destinations": [place]}
    daily(center, **more)
    clock.to("2025-06-03 06:30")
    assert states(center.schedules.run_due()) == ["waiting"]
    (made,) = place.glob("*/*")
    assert {path.name for path in made.glob("000*/*")} >= {"calls", "contacts", "manifest.json"}
    (made / "read-by-us").write_text("somebody else's")
    center.projects.remove_member("Beta", "boss", **WHY)
    center.roles.create("Plain", copy="Supervisor", take=["see_phone_numbers"], **WHY)
    center.users.change("boss", role="Plain", **WHY)
    box.fault = lambda stage, to, content: None
    clock.to("2025-06-03 06:31")
    assert states(center.schedules.run_due()) == ["done"]
    assert sorted(path.name for path in made.iterdir()) == ["0001-Alpha", "manifest.json", "read-by-us"]
    assert (made / "0001-Alpha" / "calls").is_dir() and not (made / "0001-Alpha" / "contacts").exists()
    found = okireports.verify(made)
    assert found.whole and found.additional == ("read-by-us",)


def test_nobody_is_named_twice(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """Letters of another size are the same person; one who is a login and an address would have two ways in."""
    schedules(center).allow(PARTNER, "Alpha", **WHY)
    center.users.create("partner@example.com", role="Client", projects="Alpha", email=PARTNER, **WHY)
    with pytest.raises(BadOption, match="both"):
        daily(center, recipients=["Partner@example.com"], addresses=[PARTNER], projects=["Alpha"])
    again = [PARTNER, "Partner@example.com"]
    daily(center, recipients=["anna", "ANNA"], addresses=again, projects=["Alpha"])
    assert day(center, clock, 3) == ["done"]
    assert sorted(to.lower() for to, _ in box.taken) == ["anna@example.com", "partner@example.com"]
    assert sorted(schedules(center).deliveries()["recipient"]) == ["Partner@example.com", "anna"]


def test_what_somebody_had_with_others_is_not_kept_back(center: okireports.Center, clock: Clock, box: Mailbox) -> None:
    """anna got both in one message, and then lost one of them, while boss still waited for his."""
    center.projects.add_member("Beta", "anna", **WHY)
    box.fault = lambda stage, to, content: "450 come again" if (stage, to[:4]) == ("rcpt", "boss") else None
    daily(center, recipients=["anna", "boss"], together=True)
    assert day(center, clock, 3) == ["waiting"] and got(box, "anna") == ["2 projects"]
    center.projects.remove_member("Beta", "anna", **WHY)
    box.fault = lambda stage, to, content: None
    clock.to("2025-06-03 06:31")
    assert states(runner(center).due()) == ["done"] and got(box, "boss") == ["2 projects"]
    assert list(schedules(center).deliveries()["state"]) == ["accepted", "accepted"]
