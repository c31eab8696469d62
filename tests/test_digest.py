"""A project's digest: what it says can be counted by hand, and nothing but what its viewer may see goes into it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import growing
import okireports
from growing import ALPHA, BETA
from okireports import run
from okireports.columns import label
from okireports.delivery import digest
from okireports.delivery.digest import asking, contents, figures, headline, held, page, terms, words
from okireports.delivery.digest.asking import back
from okireports.errors import BadOption, BadPeriod, OkiReportsError, Refused, UnknownName
from okireports.export.cells import is_figure
from okireports.faces import Center
from okireports.period import parse
from okireports.report import find

WHY = {"actor": "admin", "reason": "a test"}
DAY = "2025-06-03"  # the second day of the centre
Anna = Callable[..., digest.Contents]
PNG = b"\x89PNG\r\n\x1a\n"


class Elements(HTMLParser):
    """The elements of a page, with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, attribute: str) -> list[str]:
        return [value for _, attrs in self.elements if (value := attrs.get(attribute)) is not None]

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Two days: twice as many calls on the second one."""
    path = tmp_path_factory.mktemp("digest")
    center = growing.make(path)
    center.load(growing.day(path, 0))
    center.load(growing.day(path, 1, each=2))
    return center


@pytest.fixture
def center(kept: Center, tmp_path: Path) -> Center:
    """A copy of it, which may be changed."""
    return growing.copy(kept, tmp_path)


@pytest.fixture(scope="module")
def anna(kept: Center) -> Callable[..., digest.Contents]:
    """What Alpha's digest says to Anna, asked once for each period and language."""
    known: dict[tuple[str, str], digest.Contents] = {}

    def gather(period: str = DAY, language: str = "en") -> digest.Contents:
        if (period, language) not in known:
            known[period, language] = digest.gathered(kept.viewer("anna"), "Alpha", period, language)
        return known[period, language]

    return gather


def made(center: Center, login: str = "anna", project: str | int = "Alpha", **more: Any) -> digest.Digest:
    return digest.made(center.viewer(login), project, **{"period": DAY, **more})


def whole(made: digest.Digest) -> str:
    return "\n".join((made.title, made.html, made.text))


# ---- what it says ----------------------------------------------------------------------------------------------------
def test_the_figures_are_those_that_one_counts_with_those_of_the_day_before(anna: Anna) -> None:
    lines = digest.as_page(anna()).text.splitlines()
    assert lines[0] == "Alpha: 3 June 2025"
    end = lines.index("What the figures mean")
    said = {name: figure for line in lines[:end] for name, _, figure in [line.partition(": ")]}
    assert said["Offered"] == f"{2 * ALPHA} (100.0% more; before: {ALPHA})"
    assert said["Answered"] == f"{2 * ALPHA} (100.0% more; before: {ALPHA})"
    assert said["Lost"] == "0 (no change; before: 0)"
    assert said["Service level"] == "100.0% (no change; before: 100.0%)"
    assert said["Speed of answer"] == "10.0 s (no change; before: 10.0 s)"
    assert "Occupancy" not in said  # nobody's status is known
    assert said["Alpha line"].startswith(f"Offered {2 * ALPHA}; Answered {2 * ALPHA}; ")


def test_a_figure_that_was_nothing_before_has_no_percentage(anna: Anna) -> None:
    text = digest.as_page(anna("2025-06-02")).text
    assert f"Offered: {ALPHA} (n/a; before: 0)" in text
    assert "Service level: 100.0% (n/a; before: n/a)" in text


def test_in_polish_it_says_the_same(anna: Anna) -> None:
    said = digest.as_page(anna(language="pl"))
    assert said.title == "Alpha: 3 czerwca 2025"
    assert f"Oferowane: {2 * ALPHA} (o 100,0% więcej; poprzednio: {ALPHA})" in said.text
    assert 'lang="pl"' in said.html
    english = {term for entry in terms.TERMS.values() for term in entry[:1]} | {en for en, _ in terms.LEVELS.values()}
    found = [text for text in english if text in said.html or text in said.text]
    assert not found


def test_a_period_without_rows_says_so(anna: Anna) -> None:
    text = digest.as_page(anna("2025-05-01")).text
    assert "There is nothing in this period." in text


@pytest.mark.parametrize(
    ("asked", "now", "wanted"),
    [
        ("2026-06", "2026-07-01T06:00", ("2026-05-02", "2026-06-01")),  # thirty days before thirty days
        ("2026-03-30", "2026-07-01T06:00", ("2026-03-29", "2026-03-30")),  # a day of 23 hours
        ("2025-W44", "2026-07-01T06:00", ("2025-10-20", "2025-10-27")),  # a week of 169 hours
        (("2026-06-02T08:00", "2026-06-02T12:00"), "2026-07-01T06:00", ("2026-06-02T04:00", "2026-06-02T08:00")),
        ("2026-06", "2026-06-11T10:30", ("2026-05-02", "2026-05-12T12:30")),  # as much as has passed, local time
    ],
)
def test_the_period_before_has_the_same_length(kept: Center, asked: Any, now: str, wanted: tuple[str, str]) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    viewing = okireports.open(kept.path, now=at).viewer("anna").viewing(["Alpha"])
    period = parse(asked, zone="Europe/Warsaw", now=at)
    before = asking.earlier(period, viewing, 0)
    expected = parse(wanted, zone="Europe/Warsaw", now=at)
    assert before is not None
    assert (before.start, before.end) == (expected.start, expected.end)


def test_back_and_back_again_is_a_whole_number_of_periods() -> None:
    period = parse("2025-10-26", zone="Europe/Warsaw", now=datetime(2026, 1, 1, tzinfo=UTC))
    assert period.end - period.start == timedelta(hours=25)
    assert period.start - back(period.start, period) == timedelta(hours=24)


@pytest.mark.parametrize("first", ["2025-10-25", "2026-03-28"])
def test_two_days_are_two_days_whatever_the_clocks_do(kept: Center, first: str) -> None:
    """49 or 47 hours: by hour, with the hours of the day on which they are most."""
    last = str(datetime.fromisoformat(first).date() + timedelta(days=2))
    asked = asking.opened(kept.viewer("anna"), "Alpha", (first, last))
    assert asked.days == contents.TWO_DAYS
    assert contents.interval(asked.days) == "hour"


def test_what_has_not_begun_is_compared_with_nothing(kept: Center) -> None:
    """Of the period before it may be that little has passed, too."""
    evening = okireports.open(kept.path, now=datetime(2025, 6, 3, 20, tzinfo=UTC))
    text = made(evening, period="2025-06-04").text
    assert "has not begun yet" in text
    assert "compared with" not in text
    assert "nothing before" not in text
    assert "There is nothing in this period." in text


def test_a_period_that_goes_on_is_compared_with_as_much_of_the_one_before(kept: Center) -> None:
    """By nine o'clock in Warsaw no call of the second day has begun; at six past, three of Alpha have."""
    noon = okireports.open(kept.path, now=datetime(2025, 6, 3, 8, 3, tzinfo=UTC))
    text = made(noon).text
    assert "not over yet: as of 3 June 2025 10:03" in text
    assert "compared with 2 June 2025 00:00 - 10:03" in text
    assert "before: 3)" in text  # of the first day's five those before that time


@pytest.mark.parametrize(
    ("value", "before", "unit", "good", "said", "po_polsku"),
    [
        (1100.0, 1000.0, "count", "", "10.0% more", "o 10,0% więcej"),
        (900.0, 1000.0, "count", "down", "10.0% fewer, better", "o 10,0% mniej, lepiej"),
        (5.0, 0.0, "count", "down", "n/a", "b.d."),
        (0.0, 0.0, "count", "", "no change", "bez zmian"),
        (None, 3.0, "count", "", "n/a", "b.d."),
        (0.7588, 0.7604, "share", "up", "0.1 points lower, worse", "o 0,1 p.p. mniej, gorzej"),  # 75.9% after 76.0%
        (14.93, 14.97, "s", "down", "0.1 s shorter, better", "o 0,1 s krócej, lepiej"),  # 14.9 s after 15.0 s
        (14.93, 14.94, "s", "down", "no change", "bez zmian"),
        (0.0125, 0.0124, "share", "up", "no change", "bez zmian"),
        (374.1, 357.0, "s", "", "17.0 s longer", "o 17,0 s dłużej"),  # 6 min 14 s after 5 min 57 s
        (7200.0, 3600.0, "s", "down", "1 h 0 min longer, worse", "o 1 h 0 min dłużej, gorzej"),
        (-50.0, -100.0, "money", "", "50.0% more", "o 50,0% więcej"),
    ],
)
def test_changes_in_words(value: float | None, before: float, unit: Any, good: str, said: str, po_polsku: str) -> None:
    name = {"count": "lost", "share": "service_level", "s": "asa_s", "money": "amount"}[unit]
    one = headline.Figure(name, "queue_summary", good, headline.Total(value), headline.Total(before))
    shown = [figures.said(one, language)[1].replace("\u00a0", " ") for language in ("en", "pl")]
    assert shown == [said, po_polsku]
    assert figures.turned(one) == ("better" if "better" in said else "worse" if "worse" in said else "")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.04, "0.0 s"),
        (-0.04, "0.0 s"),
        (119.94, "119.9 s"),
        (119.96, "2 min 0 s"),
        (3599.6, "1 h 0 min"),
        (218_180.0, "60 h 36 min"),
    ],
)
def test_lengths_of_time_have_no_sixtieth_part(seconds: float, said: str) -> None:
    assert words.length(seconds, "en").replace("\u00a0", " ") == said


@pytest.mark.parametrize(
    ("asked", "en", "pl"),
    [
        ("2026", "2026", "2026"),
        ("2026-02", "February 2026", "luty 2026"),
        ("2026-06-03", "3 June 2026", "3 czerwca 2026"),
        ("2026-W23", "1-7 June 2026", "1-7 czerwca 2026"),
        ("2026-W01", "29 December 2025 - 4 January 2026", "29 grudnia 2025 - 4 stycznia 2026"),
        (("2026-05-28", "2026-06-04"), "28 May - 3 June 2026", "28 maja - 3 czerwca 2026"),
        (("2025-10-26T02:30", "2025-10-26T05:00"), "26 October 2025 02:30 +0200 - 05:00", None),
    ],
)
def test_periods_in_words(asked: Any, en: str, pl: str | None) -> None:
    period = parse(asked, zone="Europe/Warsaw", now=datetime(2027, 1, 1, tzinfo=UTC))
    assert words.span(period, "en") == en
    assert pl is None or words.span(period, "pl") == pl


@pytest.mark.parametrize(
    ("name", "value", "en", "pl"),
    [
        ("goal", 0.8, "80%", "80%"),
        ("goal", 0.825, "82.50%", "82,50%"),
        ("goal", 0.29, "29%", "29%"),
        ("reply_within_s", 14_400, "14,400", "14\u00a0400"),
        ("valid_from", datetime(2026, 6, 3, 8, tzinfo=UTC), "3 June 2026 08:00", "3 czerwca 2026 08:00"),
    ],
)
def test_what_held_in_words(name: str, value: object, en: str, pl: str) -> None:
    assert [held.said(value, name, language) for language in ("en", "pl")] == [en, pl]


# ---- how figures of several rows come together -----------------------------------------------------------------------
def dialogues(*rows: tuple[int, int, float]) -> pd.DataFrame:
    made = pd.DataFrame(list(rows), columns=["dialogues", "in_time", "in_time_rate"])
    return made.astype({"dialogues": "Int64", "in_time": "Int64"})


def test_replies_in_time_are_of_those_that_were_promised_one() -> None:
    """Of ten chats all were promised a reply, of ninety mails only ten."""
    found = headline.in_time(dialogues((10, 9, 0.9), (90, 5, 0.5)))
    assert found == headline.Total(pytest.approx(14 / 20))
    nobody = headline.in_time(dialogues((10, 9, 0.9), (90, 0, float("nan"))))
    assert nobody == headline.Total(pytest.approx(0.9))
    assert headline.in_time(dialogues((10, 0, float("nan")))) == headline.Total(None)


def test_what_cannot_be_worked_out_is_marked() -> None:
    """With none in time nothing tells how many should have been."""
    found = headline.in_time(dialogues((10, 9, 0.9), (90, 0, 0.0)))
    assert found == headline.Total(pytest.approx(0.09), exact=False)
    figure = headline.Figure("in_time_rate", "dialogue_summary", "up", found, found)
    assert figures.said(figure, "en") == ("≈ 9.0%", "no change", "before: ≈ 9.0%")


def test_money_of_two_currencies_is_not_added_up(kept: Center) -> None:
    def orders(*rows: tuple[str | None, float]) -> Any:
        frame = pd.DataFrame(list(rows), columns=["currency", "amount"])
        return asking.Given(_answer(kept, "orders"), frame)

    assert headline.money(orders(("PLN", 3.0), ("EUR", 4.0)), "amount") is None
    assert headline.money(orders(("PLN", 3.0), (None, 4.0)), "amount") is None
    assert headline.money(orders(("PLN", 3.0), (None, float("nan"))), "amount") == headline.Total(3.0, True, "PLN")
    assert headline.money(orders(("PLN", 3.0), ("PLN", 4.0)), "amount") == headline.Total(7.0, True, "PLN")


def test_no_money_is_none_in_every_currency() -> None:
    none, some, other = headline.Total(0.0), headline.Total(3.33, True, "PLN"), headline.Total(2.0, True, "EUR")

    def said(now: headline.Total, before: headline.Total) -> tuple[str, ...]:
        one = headline.Figure("amount", "orders", "up", now, before)
        return tuple(text.replace("\u00a0", " ") for text in figures.said(one, "en"))

    assert said(none, some) == ("0.00 PLN", "100.0% less, worse", "before: 3.33 PLN")
    assert said(some, none) == ("3.33 PLN", "n/a", "before: 0.00 PLN")
    assert said(some, other) == ("3.33 PLN", "n/a", "before: 2.00 EUR")


def _answer(center: Center, name: str) -> Any:
    return center.viewer("anna").report(name, period=DAY, projects=["Alpha"]).answer


# ---- whose it is -----------------------------------------------------------------------------------------------------
def test_a_project_that_is_not_hers_is_one_that_there_is_not(kept: Center) -> None:
    said = []
    for name in ("Beta", "Gamma"):
        with pytest.raises(UnknownName) as error:
            made(kept, project=name)
        said.append(str(error.value).replace(name, "it"))
    assert said[0] == said[1]


def test_a_right_that_is_gone_is_gone_at_the_next_digest(center: Center) -> None:
    assert made(center).text
    center.projects.remove_member("Alpha", "anna", **WHY)
    with pytest.raises(UnknownName):
        made(center)


@pytest.mark.parametrize("login", ["olek", "audrey"])
def test_who_may_run_none_of_its_reports_is_refused_and_that_is_written_down(center: Center, login: str) -> None:
    if login == "audrey":
        center.users.create("audrey", role="Auditor", projects=["Alpha"], **WHY)
    with pytest.raises(Refused, match="none of the reports"):
        made(center, login)
    center.users.create("later", **WHY)  # the next writer folds the journal into the log
    entries = growing.query(center, "SELECT actor, action FROM control.audit WHERE action = 'refused'")
    assert (login, "refused") in entries


def test_a_role_has_of_it_what_it_may_run(center: Center) -> None:
    center.users.create("clive", role="Client", projects=["Alpha"], **WHY)
    center.roles.create("Waiting", copy="Client", reports=["wait_distribution"], **WHY)
    center.users.create("walter", role="Waiting", projects=["Alpha"], **WHY)
    parts = {login: [part.report for part in gathered(center, login).parts] for login in ("anna", "clive", "walter")}
    able = {login: set(center.viewer(login).reports["name"]) for login in parts}
    assert "queue_summary" in parts["clive"]
    assert parts["walter"] == ["wait_distribution"]
    for login, shown in parts.items():
        assert shown == [name for name in parts["anna"] if name in able[login]], login
        if login != "anna":
            assert all(find(name).section.name != "users" for name in shown)
    assert not gathered(center, "walter").groups
    center.roles.create("Peaks", copy="Client", reports=["calls_by_hour"], **WHY)
    center.users.change("walter", role="Peaks", **WHY)
    assert not gathered(center, "walter").parts  # a day has no peaks
    assert "There is nothing in this period." in made(center, "walter").text
    center.roles.create("Staff", copy="Client", reports=["staffing_by_interval"], **WHY)
    center.users.change("walter", role="Staff", **WHY)
    assert not gathered(center, "walter").parts


def gathered(center: Center, login: str = "anna", project: str = "Alpha", **more: Any) -> digest.Contents:
    return digest.gathered(center.viewer(login), project, **{"period": DAY, **more})


def test_who_sees_only_her_own_rows_gets_no_figures_of_everybody(center: Center) -> None:
    center.roles.create("Own", copy="Operator", add=["own_rows_only"], reports=["*"], **WHY)
    center.users.change("olek", role="Own", **WHY)
    found = gathered(center, "olek")
    assert found.parts
    assert not any(find(part.report).collective for part in found.parts)


def test_who_sees_everything_gives_a_reason_and_gets_one_project(kept: Center) -> None:
    with pytest.raises(Refused):
        digest.made(kept.viewer("admin"), "Alpha", DAY)
    said = whole(digest.made(kept.viewer("admin", reason="a look"), "Alpha", DAY))
    assert "Alpha line" in said
    assert "Beta" not in said


def test_what_happens_in_another_project_changes_nothing(center: Center, tmp_path: Path) -> None:
    """The boss belongs to both: each digest is of one project, whatever the other one holds."""
    before = [gathered(center, login) for login in ("anna", "boss")]
    said = [(digest.as_page(one), digest.as_mail(one)) for one in before]
    at = growing.FIRST + timedelta(days=1)
    calls = [growing.call(f"canary-{i}", at, "Beta line", "ola") for i in range(50)]
    center.load(growing.write(tmp_path / "beta", {"calls": calls}))
    after = [gathered(center, login) for login in ("anna", "boss")]
    assert [(digest.as_page(one), digest.as_mail(one)) for one in after] == said
    assert said[0] == said[1]
    assert f"Offered: {BETA * 2 + 50} " in made(center, "boss", "Beta").text


def test_what_is_published_while_it_is_made_is_not_in_it(
    center: Center, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between any two of its reports more calls of the same day are loaded."""
    before = whole(made(center))
    really, loads = run.run, []

    def meanwhile(*asked: Any) -> Any:
        if len(loads) < 2:  # a reader's files are kept for at least three generations
            at = growing.FIRST + timedelta(days=1, hours=1 + len(loads))
            call = growing.call(f"later-{len(loads)}", at, "Alpha line", "olek")
            loads.append(center.load(growing.write(tmp_path / f"later{len(loads)}", {"calls": [call]})))
        return really(*asked)

    monkeypatch.setattr(run, "run", meanwhile)
    assert whole(made(center)) == before
    assert f"Offered: {2 * ALPHA + 2} " in made(center).text


def test_an_extract_that_holds_the_period_alone_is_compared_with_nothing(center: Center, tmp_path: Path) -> None:
    path = center.extract("anna", tmp_path / "anna.duckdb", period=DAY)
    text = digest.made(okireports.open(path, now=growing.NOW).viewer("anna"), "Alpha", DAY).text
    assert "there is nothing before to compare with" in text
    assert f"Offered: {2 * ALPHA}\n" in text
    alone = Elements(digest.made(okireports.open(path, now=growing.NOW).viewer("anna"), "Alpha", DAY).html)
    assert not [
        attrs for tag, attrs in alone.elements if tag == "dd" and attrs.get("class", "") != "value" and "class" in attrs
    ]


@pytest.mark.parametrize(
    ("asked", "error"),
    [({"language": "de"}, BadOption), ({"period": "someday"}, BadPeriod), ({"project": ["Alpha"]}, OkiReportsError)],
)
def test_a_question_that_cannot_be_read_is_an_error(kept: Center, asked: dict[str, Any], error: type) -> None:
    with pytest.raises(error):
        made(kept, **asked)


# ---- what it is made of ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("language", ["en", "pl"])
def test_the_page_needs_nothing_from_outside(anna: Anna, language: str) -> None:
    said = digest.as_page(anna(language=language))
    found = Elements(said.html)
    assert not {"script", "link", "iframe", "object"} & found.tags
    assert all(source.startswith("data:image/png;base64,") for source in found.all("src"))
    assert found.all("src")
    assert not found.all("href")
    assert not re.search(r"url\(|@import|https?:", said.html)
    assert "default-src 'none'" in "".join(found.all("content"))
    assert all(found.all("alt")), "a chart without words"
    assert not said.pictures
    assert {attrs.get("scope") for tag, attrs in found.elements if tag == "th"} == {"col"}


@pytest.mark.parametrize("language", ["en", "pl"])
def test_the_mail_shows_its_pictures_by_their_ids_and_has_its_styles_in_the_elements(anna: Anna, language: str) -> None:
    said = digest.as_mail(anna(language=language))
    mail = Elements(said.html)
    assert not {"script", "link", "style"} & mail.tags
    assert sorted(source.removeprefix("cid:") for source in mail.all("src")) == sorted(said.pictures)
    assert said.pictures
    assert all(picture.startswith(PNG) for picture in said.pictures.values())
    assert {attrs.get("scope") for tag, attrs in mail.elements if tag == "th"} == {"col"}
    assert len(said.html.encode()) < 100_000  # above that some mail programs cut it
    assert said.text == digest.as_page(anna(language=language)).text


HOSTILE = """</title></style><script>alert("x")</script>'; } * { color: red } \\ <img src=x> & ${7*7} {{7*7}}"""


def test_a_name_is_never_markup(center: Center) -> None:
    center.projects.rename("Alpha", HOSTILE, **WHY)
    name = center.viewer("anna").projects["project"].iloc[0]
    contents = digest.gathered(center.viewer("anna"), 1, DAY)
    for said in (digest.as_page(contents), digest.as_mail(contents)):
        found = Elements(said.html)
        assert not {"script"} & found.tags
        assert all(source.startswith(("data:image/png;base64,", "cid:")) for source in found.all("src"))
        assert name.strip() in "".join(found.text)
        assert "\n" not in said.title
        assert said.html.count("</style>") <= 1


@pytest.mark.parametrize("rows", [3, 20, 21, 60])
def test_of_a_long_table_the_largest_rows_are_shown_in_its_order(rows: int) -> None:
    cells = tuple((f"queue {i:02}", str(i)) for i in range(rows))
    table = contents.Table(("Queue", "Offered"), (False, True), cells, tuple(rows - 1 - i for i in range(rows)), rows)
    kept = table.largest(20)
    assert kept.rows == cells[max(0, rows - 20) :]
    assert kept.largest(20) == kept
    assert ("The 20 largest of" in page.tabled("Queues", kept, "en")) == (rows > 20)


def test_every_figure_that_is_shown_is_explained(kept: Center) -> None:
    """In both languages; and everything that is explained is shown."""
    shown = {(wish.report, wish.name) for group in headline.WISHES.values() for wish in group}
    for wish in contents.WISHES:
        held = _answer(kept, wish.report).rows.schema
        figures = {field.name for field in held if is_figure(field)} | {"amount", "mean_amount"}
        shown |= {(wish.report, name) for name in (*wish.figures, *(set(wish.columns) & figures))}
    silent = {pair for pair in shown if not terms.told([pair], "short", "en")}
    assert not silent
    needless = {
        (report, name) for report, name in terms.TERMS if not any(n == name and report in ("", r) for r, n in shown)
    }
    assert not needless
    assert all(label(name, report) for report, name in shown)


def test_columns_that_a_table_names_are_in_its_report(kept: Center) -> None:
    for wish in contents.WISHES:
        there = set(_answer(kept, wish.report).rows.schema.names)
        closed = {"amount", "currency"} if wish.report == "sms_delivery" else set()
        assert set(wish.columns) - closed <= there, wish.report


READ = {
    "call_outcomes": "476da320",
    "calls_by_hour": "7d83a271",
    "customer_satisfaction": "fb98a7b8",
    "dialer_summary": "4822da8b",
    "dialogue_summary": "56dcdf1d",
    "inbound_statistics": "b548ef72",
    "operator_summary": "2e5dffbe",
    "orders": "8b528a81",
    "queue_summary": "e62d6119",
    "service_level": "61a53bbc",
    "sms_delivery": "5a12093b",
    "staffing_by_interval": "69646b8d",
    "wait_distribution": "a1bab988",
}


@pytest.mark.parametrize("name", sorted({w.report for w in contents.WISHES} | {"staffing_by_interval"}))
def test_the_words_are_those_of_the_definitions(name: str) -> None:
    """Where a report's definition has changed, read again what terms.py says of its figures, in both languages."""
    assert hashlib.sha256(find(name).definitions.encode()).hexdigest()[:8] == READ[name]


def test_a_viewer_hands_it_out_and_the_same_rows_give_the_same_bytes(kept: Center, anna: Anna) -> None:
    viewer = kept.viewer("anna")
    assert viewer.digest("Alpha", period=DAY, language="pl") == digest.as_page(anna(language="pl"))
    assert digest.for_mail(viewer, 1, DAY) == digest.as_mail(anna())
