"""The digest of an invented centre: its figures are those of plain SQL, and printed on A4 nothing of it is cut."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser

import okireports
from live import Watch, chromium
from okireports.delivery import digest
from okireports.delivery.digest import contents
from okireports.delivery.digest.contents import Contents, Part, Table
from okireports.delivery.digest.held import Held
from okireports.delivery.digest.page import SMALLER
from okireports.faces import Center, Viewer

NOW = datetime(2026, 7, 1, 6, tzinfo=UTC)
PERIOD = ("2026-06-16", "2026-07-01")
SPANS = {"now": ("2026-06-15 22:00", "2026-06-30 22:00"), "before": ("2026-05-31 22:00", "2026-06-15 22:00")}
POINT = 72 / 25.4  # points of a millimetre
WIDE, HIGH, SIDE, TOP, BOTTOM = (mm * POINT for mm in (210, 297, 14, 18, 16))
PRINTED = pytest.mark.debian("chromium", "poppler-utils", "fonts-dejavu-core")


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Center:
    path = tmp_path_factory.mktemp("demo") / "center"
    okireports.demo(path, calls=6_000)
    return okireports.open(path, now=NOW)


@pytest.fixture(scope="module")
def admin(center: Center) -> Viewer:
    return center.viewer("admin", reason="the digest is tested")


@pytest.fixture(scope="module")
def gathered(admin: Viewer) -> Callable[[str, str], Contents]:
    """What a digest says, each gathered once."""
    known: dict[tuple[str, str], Contents] = {}

    def gather(project: str, language: str) -> Contents:
        if (project, language) not in known:
            known[project, language] = digest.gathered(admin, project, PERIOD, language)
        return known[project, language]

    return gather


# ---- its figures -----------------------------------------------------------------------------------------------------
CALLS = """
WITH c AS (
    SELECT *, queued_at IS NOT NULL AND outcome NOT IN ('refused', 'closed', 'left_in_scenario')
        AND NOT (coalesce(by_robot, false) AND answered_at IS NOT NULL) AS stood
    FROM calls WHERE started_at >= TIMESTAMP '{0}' AND started_at < TIMESTAMP '{1}'
), d AS (SELECT *, stood AND outcome = 'answered' AND answered_at IS NOT NULL AS spoke FROM c)
SELECT
    count(*) FILTER (stood) AS offered,
    count(*) FILTER (spoke) AS answered,
    count(*) FILTER (stood AND outcome IN ('abandoned', 'callback_requested', 'voicemail')) AS lost,
    count(*) FILTER (spoke AND wait_ms <= answer_within_s * 1000) / (count(*) FILTER (stood) - count(*) FILTER (
        stood AND outcome = 'abandoned' AND wait_ms < short_abandon_s * 1000)) AS service_level,
    avg(wait_ms) FILTER (spoke) / 1000 AS asa_s,
    avg(coalesce(talk_ms, 0) + coalesce(hold_ms, 0) + coalesce(wrap_ms, 0)) FILTER (
        (queued_at IS NOT NULL OR queue_id IS NOT NULL) AND answered_at IS NOT NULL
        AND outcome = 'answered' AND NOT coalesce(by_robot, false)) / 1000 AS aht_s,
    count(*) FILTER (dialer_id IS NOT NULL) AS attempts,
    count(*) FILTER (dialer_id IS NOT NULL AND outcome = 'dropped') AS drops
FROM d
"""
WRITTEN = """
SELECT
    count(*) FILTER (channel <> 'sms') AS dialogues,
    count(*) FILTER (channel <> 'sms' AND epoch_ms(first_reply_at) - epoch_ms(started_at) <= reply_within_s * 1000)
        / count(*) FILTER (channel <> 'sms' AND reply_within_s IS NOT NULL) AS in_time_rate,
    avg(epoch_ms(first_reply_at) - epoch_ms(started_at)) FILTER (channel <> 'sms') / 1000 AS first_reply_s,
    count(*) FILTER (channel = 'sms') AS messages
FROM dialogues WHERE started_at >= TIMESTAMP '{0}' AND started_at < TIMESTAMP '{1}'
"""
RATED = """
SELECT
    count(*) FILTER (kind = 'csat' AND score IN (4, 5)) / count(*) FILTER (kind = 'csat' AND score BETWEEN 1 AND 5)
        AS csat,
    (count(*) FILTER (kind = 'nps' AND score IN (9, 10)) - count(*) FILTER (kind = 'nps' AND score BETWEEN 0 AND 6))
        / count(*) FILTER (kind = 'nps' AND score BETWEEN 0 AND 10) AS nps
FROM ratings WHERE "at" >= TIMESTAMP '{0}' AND "at" < TIMESTAMP '{1}'
"""


@pytest.mark.parametrize("project", ["Acme Shop", "Bluebird Internet", "Dune Energy"])
def test_headline_figures_are_those_of_plain_sql(
    admin: Viewer, gathered: Callable[[str, str], Contents], project: str
) -> None:
    """Of projects with one queue and with several, with dialers, chats and mail."""
    said = {f.name: f for group in gathered(project, "en").groups for f in group.figures}
    compared = []
    for which, span in SPANS.items():
        for sql in (CALLS, WRITTEN, RATED):
            for name, wanted in admin.sql(sql.format(*span), projects=[project]).frame.iloc[0].items():
                if name not in said:  # a group of which there is nothing
                    continue
                found = said[str(name)].now if which == "now" else said[str(name)].before
                assert found is not None
                value = float("nan") if found.value is None else found.value
                assert value == pytest.approx(float(wanted), nan_ok=True), (project, which, name)
                compared.append(name)
    assert {"offered", "lost", "service_level", "asa_s", "aht_s"} <= set(compared)
    assert all(compared.count(name) == 2 for name in compared)
    assert all(f.now.exact for f in said.values())


def test_without_the_report_that_tells_it_average_handling_is_a_marked_mean(center: Center, admin: Viewer) -> None:
    """Fern Logistics has three queues, one of which was another project's before."""
    center.roles.create("Queues", copy="Client", reports=["queue_summary"], actor="admin", reason="a test")
    center.users.create("quentin", role="Queues", projects=["Fern Logistics"], actor="admin", reason="a test")
    found = {}
    for viewer in (admin, center.viewer("quentin")):
        said = digest.gathered(viewer, "Fern Logistics", PERIOD)
        [found[viewer.login]] = [f.now for group in said.groups for f in group.figures if f.name == "aht_s"]
        assert ("≈" in digest.as_page(said).text) == (viewer is not admin)
    assert found["admin"].exact
    assert not found["quentin"].exact
    assert found["quentin"].value == pytest.approx(found["admin"].value, rel=0.1)


def test_figures_of_which_one_holds_the_other_never_stand_on_each_other(
    gathered: Callable[[str, str], Contents],
) -> None:
    """Persons reached are some of the attempts: over time they are lines."""
    for project in ("Cedar Clinic", "Echo Polls"):
        [drawing] = [p.drawing for p in gathered(project, "en").parts if p.report == "dialer_summary" and p.drawing]
        assert '"stack": "zero"' not in drawing.to_json()
        assert "line" in drawing.to_dict()["description"].lower()


def test_every_part_of_a_digest_is_in_one_of_them(gathered: Callable[[str, str], Contents], admin: Viewer) -> None:
    """Or what is tested here would be less than what is made."""
    shown = {part.report for p in admin.projects["project"] for part in gathered(p, "en").parts}
    assert shown == {wish.report for wish in contents.WISHES}


# ---- on paper --------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Word:
    """A word on a page; places in points from the top left."""

    page: int
    left: float
    top: float
    right: float
    bottom: float
    text: str


class Words(HTMLParser):
    """The words of a page's body."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.feed(html[html.index("<body>") :])

    def handle_data(self, data: str) -> None:
        self.words += data.split()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def printed(browser: Browser, tmp_path: Path) -> Callable[[Contents], tuple[str, Path]]:
    """Prints a digest as a reader does: the HTML of the page, and the PDF."""

    def go(said: Contents) -> tuple[str, Path]:
        made = digest.as_page(said)
        file, pdf, watch = tmp_path / "digest.html", tmp_path / "digest.pdf", Watch()
        file.write_text(made.html, "utf-8")
        page = watch.page(browser)
        page.unroute_all()  # a file is asked for, not a server
        page.goto(file.as_uri())
        page.pdf(path=pdf, prefer_css_page_size=True)
        page.close()
        assert watch.complaints == []
        assert {url for url in watch.outside if not url.startswith("data:")} <= {file.as_uri()}
        return made.html, pdf

    return go


def words_of(pdf: Path) -> tuple[list[Word], list[tuple[float, float]]]:
    """All words, and the sizes of the pages."""
    told = subprocess.run(["pdftotext", "-bbox", pdf, "-"], capture_output=True, check=True).stdout
    pages = ElementTree.fromstring(told).findall(".//{*}page")
    places = ("xMin", "yMin", "xMax", "yMax")
    words = [
        Word(number, *(float(word.attrib[place]) for place in places), word.text or "")
        for number, page in enumerate(pages, 1)
        for word in page.findall("{*}word")
    ]
    return words, [(float(page.attrib["width"]), float(page.attrib["height"])) for page in pages]


def pictures_of(pdf: Path) -> list[tuple[int, int, int, float, float]]:
    """All pictures: page, pixels, and how wide and high they are printed, in points."""
    told = subprocess.run(["pdfimages", "-list", pdf], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in told.splitlines()[2:]]
    found = [(int(r[0]), int(r[3]), int(r[4]), int(r[12]), int(r[13])) for r in rows if r[2] == "image"]
    return [(page, wide, high, wide / x * 72, high / y * 72) for page, wide, high, x, y in found]


def whole_on_paper(html: str, pdf: Path, charts: list[Part], *, broken: bool = False) -> list[Word]:
    """Check that every page is A4, every word of the page on it within the margins, and every chart on one of them.

    `broken`: words may be broken between any two letters, so that letters are counted.
    """
    words, sizes = words_of(pdf)
    assert all(size == pytest.approx((WIDE, HIGH), abs=1.0) for size in sizes)
    for word in words:
        assert word.left >= SIDE - 1, word
        assert word.right <= WIDE - SIDE + 1, word
        assert word.top > 0, word
        assert word.bottom < HIGH, word
    body = [word for word in words if word.top >= TOP - 1 and word.bottom <= HIGH - BOTTOM + 1]
    wanted, there = Words(html).words, [word.text for word in body]
    missing = Counter("".join(wanted)) - Counter("".join(there)) if broken else Counter(wanted) - Counter(there)
    assert not missing
    found = pictures_of(pdf)
    size = [(int.from_bytes(p.picture[16:20]), int.from_bytes(p.picture[20:24])) for p in charts]
    assert Counter((wide, high) for _, wide, high, _, _ in found) == Counter(size)  # one that is cut is on two pages
    for _, wide, high, across, down in found:
        if not broken:  # nothing on the page makes all of it smaller
            assert across == pytest.approx(wide / contents.SCALE * SMALLER * 0.75, abs=1.5)  # points of a pixel
        assert across <= WIDE - 2 * SIDE + 1
        assert down <= HIGH - TOP - BOTTOM + 1
        assert down / across == pytest.approx(high / wide, rel=0.02)
    return words


@PRINTED
@pytest.mark.parametrize(("project", "language"), [("Acme Shop", "en"), ("Cedar Clinic", "pl"), ("Echo Polls", "en")])
def test_on_a4_nothing_is_cut(
    gathered: Callable[[str, str], Contents],
    printed: Callable[[Contents], tuple[str, Path]],
    project: str,
    language: str,
) -> None:
    said = gathered(project, language)
    html, pdf = printed(said)
    charts = [part for part in said.parts if part.drawing is not None]
    assert charts
    words = whole_on_paper(html, pdf, charts)
    pages = max(word.page for word in words)
    assert 3 <= pages <= 9
    number = {"en": "page", "pl": "strona"}[language]
    for page in range(1, pages + 1):
        here = [word.text for word in words if word.page == page]
        assert " ".join(here).count(f"{number} {page} / {pages}") == 1
        assert page == 1 or " ".join(here).startswith(said.title)


LONG = "Warteschlangenverwaltungsabteilung_" * 8  # lines enough for a row to be cut between them


@PRINTED
def test_tables_longer_than_a_page_keep_their_rows_whole_and_repeat_their_headings(
    gathered: Callable[[str, str], Contents], printed: Callable[[Contents], tuple[str, Path]]
) -> None:
    """Names that fill several lines, more columns than fit side by side, titles that would stand alone at an end."""
    whole = gathered("Acme Shop", "en")
    heads = ("Nameheading", *(f"Figure heading {i}" for i in range(12)))
    sides = (False, *[True] * 12)
    rows = tuple((f"r{i}a {LONG} r{i}m", *(f"{i * 1000 + k:,}" for k in range(11)), f"r{i}z") for i in range(40))
    parts = [Part("queue_summary", "Long", "Longtitle", table=Table(heads, sides, rows, tuple(range(40)), 40))]
    charts = [part for part in whole.parts if part.drawing is not None]
    for i in range(40):
        small = Table(("Name", "Figure"), (False, True), ((f"first{i}", "1"), (f"second{i}", "2")), (0, 1), 2)
        parts.append(Part("queue_summary", f"Section{i}", f"Title{i}", table=small))
        parts += [charts[i % len(charts)]] if i % 5 == 0 else []
    held = (Held("Heldtitle", ("Queue", "Goal"), tuple((f"{LONG}h{i}a", f"h{i}z") for i in range(30))),)
    said = replace(whole, project=f"{LONG} '\"\\ </style>", parts=tuple(parts), held=held)
    html, pdf = printed(said)
    drawn = [part for part in parts if part.drawing is not None]
    page_of = {}
    for word in whole_on_paper(html, pdf, drawn, broken=True):
        page_of.setdefault(word.text, word.page)
    for i in range(40):
        assert page_of[f"r{i}a"] == page_of[f"r{i}m"] == page_of[f"r{i}z"], f"row {i} is cut"
    for i in range(40):
        assert page_of[f"Title{i}"] == page_of[f"first{i}"], f"the title of table {i} stands alone"
        assert page_of[f"Section{i}"] == page_of[f"Title{i}"], f"section {i} begins at the end of a page"
    pages = {page_of[f"r{i}a"] for i in range(40)}
    assert len(pages) > 2
    headed = Counter(word.page for word in words_of(pdf)[0] if word.text == "Nameheading")
    assert headed == dict.fromkeys(pages, 1)
