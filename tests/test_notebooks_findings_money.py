"""What the notebooks on the dialer, connections, CRM and money say that they found is so in the invented centre."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import pandas as pd
import pytest

import okireports as oki
from okireports.faces import Center

ROOT = Path(__file__).parent.parent
QUARTER, JUNE = ("2026-04-01", "2026-07-01"), "2026-06"
DIALER, MONEY = "05-dialer-and-quality", "06-crm-and-money"


class People:
    """Their reports on the centre of the notebooks, each asked once."""

    def __init__(self, center: Center) -> None:
        reasons = {"admin": "the month's accounts"}
        viewer = cache(lambda login: center.viewer(login, reason=reasons.get(login)))
        self.frame = cache(
            lambda login, name, period, **options: viewer(login).report(name, period=period, **options).frame
        )

    def tobias(self, name: str, period: Any = JUNE, **options: Any) -> pd.DataFrame:
        """A report of the outbound projects."""
        frame: pd.DataFrame = self.frame("tobias", name, period, **options)
        return frame

    def ursula(self, name: str, period: Any = QUARTER) -> pd.DataFrame:
        """A report of the survey."""
        frame: pd.DataFrame = self.frame("ursula", name, period)
        return frame

    def admin(self, name: str, period: Any = JUNE, **options: Any) -> pd.DataFrame:
        """A report of the whole centre."""
        frame: pd.DataFrame = self.frame("admin", name, period, **options)
        return frame


@pytest.fixture(scope="module")
def people() -> Iterator[People]:
    with TemporaryDirectory() as folder:
        yield People(oki.demo(Path(folder) / "demo", calls=20_000))


@pytest.fixture(scope="module", params=[DIALER, MONEY])
def told(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A notebook and all its prose in one line."""
    cells = nbformat.read(ROOT / "notebooks" / f"{request.param}.ipynb", as_version=4).cells
    return request.param, " ".join(" ".join(c.source.split()) for c in cells if c.cell_type == "markdown")


# ---- dialer and quality ----------------------------------------------------------------------------------------------
def dune(p: People) -> pd.DataFrame:
    """Dune's dialer, month by month."""
    return p.tobias("dialer_summary", QUARTER, by="month").query("dialer == 'Dune offers'")


def the_same_share(p: People) -> bool:
    return bool(dune(p)["attempts"].is_monotonic_increasing and {*dune(p)["contact_rate"].round(2)} == {0.38})


def fewer_buy(p: People) -> bool:
    april, may, june = dune(p)["conversion"]
    more = dune(p)["sales"].is_monotonic_increasing
    return bool(april > 1 / 4.5 and 0.2 < may < 0.23 and 0.2 < june < 0.23 and more)


def hours(p: People) -> pd.DataFrame:
    """Attempts and persons by hour of the quarter."""
    sums = p.tobias("reachability", QUARTER).groupby("hour")[["attempts", "persons"]].sum()
    return sums.assign(rate=sums["persons"] / sums["attempts"])


def there_early_and_late(p: People) -> bool:
    rate = hours(p)["rate"]
    noon = rate[[13, 14, 15]]
    return bool((rate[[7, 8, 9, 18]] > 0.65).all() and noon.between(0.31, 0.39).all())


def called_at_the_worst_time(p: People) -> bool:
    attempts = hours(p)["attempts"]
    rare = attempts[attempts.index < 10].sum() + attempts[attempts.index >= 18].sum()
    return bool(round(attempts[[13, 14, 15]].sum() / rare) >= 3)


def records_are_tried(p: People) -> bool:
    found = p.tobias("imports")
    return bool(found["tried"].sum() / found["records"].sum() > 0.9)


def wrong_numbers(p: People) -> bool:
    found = p.tobias("task_results", dialers="Dune offers").set_index("result")["share"]
    return bool(abs(found["wrong number"] - 0.2) < 0.01)


def over_the_limit(p: People) -> bool:
    found = p.tobias("dropped_calls", QUARTER)
    over = found[found["over"].fillna(False)]
    since = found.query("dialer == 'Dune offers' and day > '2026-06-12'")["rolling_30d_rate"]
    days = len(over) == 49 and {*over["dialer"]} == {"Dune offers"} and f"{over['day'].max():%d %B}" == "12 June"
    return days and bool(since.between(0.02, 0.03).all() and since.max() > 0.027)


def message_is_heard(p: People) -> bool:
    return bool(p.tobias("autoinformer")["listened_share"].between(0.87, 0.96).all())


def one_provider(p: People) -> bool:
    june = p.tobias("connection_quality", by=None).set_index("provider")["poor_share"].round(2)
    weeks = p.tobias("connection_quality", QUARTER, by="week").set_index("provider")["poor_share"]
    return june.to_dict() == {"Budget Voice": 0.84, "Telco North": 0.0, "Telco South": 0.0} and bool(
        weeks["Budget Voice"].min() > 0.7
    )


def slow_but_not_worse(p: People) -> bool:
    found = p.tobias("provider_statistics").query("direction == 'outbound'").set_index("provider")
    return bool(
        found["pdd_s"].round(1).to_dict() == {"Budget Voice": 3.5, "Telco North": 1.0, "Telco South": 1.0}
        and found.loc["Budget Voice", "ner"] >= found["ner"].max()
    )


def no_operators_line(p: People) -> bool:
    return bool(p.tobias("operator_line_quality")["mos"].between(3.8, 4.2).all())


# ---- CRM and money ---------------------------------------------------------------------------------------------------
def open_requests(p: People) -> pd.DataFrame:
    """Requests of the quarter that are open."""
    return p.tobias("request_log", QUARTER).query("closed_at.isna()")


def one_in_seven(p: People) -> bool:
    return bool(round(len(p.tobias("request_log", QUARTER)) / len(open_requests(p))) == 7)


def since_april(p: People) -> bool:
    oldest = open_requests(p).nlargest(5, "age_s")
    return bool((oldest["created_at"].dt.month == 4).all() and "Lost" not in {*open_requests(p)["stage"]})


def narrow_second_stage(p: People) -> bool:
    rows = p.tobias("funnel", QUARTER).query("stage not in ('Done', 'Lost')").set_index(["form", "position"])
    rate = rows["conversion"]
    seconds = rate.xs(2, level="position")
    return bool((rate.groupby("form").idxmin().str[1] == 2).all() and seconds.between(0.79, 0.81).all())


def confirmed_visits(p: People) -> bool:
    rows = p.tobias("funnel", QUARTER).set_index(["form", "stage"])["conversion"]
    return bool(round(rows["Cedar visit", "Confirmed"], 2) == 0.85)


def yes_and_no(p: People) -> bool:
    rows = p.ursula("answers").query("question == 'Would you vote?'").set_index("answer")
    yes, no = rows.loc["yes"], rows.loc["no"]
    return bool(no["share"] < yes["share"] < 0.5 and no["share_high"] > yes["share_low"])


def who_is_missing(p: People) -> bool:
    rows = p.ursula("quotas").set_index("quota")
    full, half = rows.loc["Age 18-29"], rows.loc["Age 45-59"]
    return bool(
        full["collected"] > full["goal"]
        and half["collected_share"] < 0.5
        and f"{half['forecast_end_at']:%B}" == "October"
        and pd.isna(full["forecast_end_at"])
    )


def dune_more_acme_less(p: People) -> bool:
    rows = p.admin("orders", QUARTER, by="month").set_index(["project", "interval"])["amount"]
    acme, energy = (rows[project].to_list() for project in ("Acme Shop", "Dune Energy"))
    return acme[-1] < acme[-2] and energy[-1] > energy[-2]


def best_seller(p: People) -> bool:
    rows = p.tobias("orders", per="operator").query("handled >= 20").set_index("operator")
    best = rows.loc[rows["orders_per_100"].idxmax()]
    return bool(round(best["orders_per_100"]) == 32 and best["orders"] == 26)


def mostly_wages(p: People) -> bool:
    rows = p.admin("costs").query("currency == 'PLN'")
    paid = rows["amount"].sum()
    of_nobody = rows[rows["project"].isna()]["amount"].sum()
    wages = rows.query("kind == 'wage'")["amount"].sum()
    return abs(float(wages / paid) - 0.9) < 0.02 and abs(float(of_nobody / paid) - 0.5) < 0.02


def nobody_kept_the_level(p: People) -> bool:
    rows = p.admin("contract").query("term == 'Service level'")
    return len(rows) == 6 and bool(~rows["met"].any() and (rows["penalty_amount"] > 0).all())


def acme_kept_the_limit(p: People) -> bool:
    rows = p.admin("contract").set_index(["project", "term"])
    return bool(rows["met"]["Acme Shop", "Abandoned"] and rows["headroom"]["Acme Shop", "Abandoned"] == 27)


def nothing_is_wrong(p: People) -> bool:
    return bool(p.admin("data_quality")["affected"].sum() == 0)


FOUND = {
    DIALER: {
        "works more from month to month and reaches the same share: 38 persons of 100 attempts.": the_same_share,
        "In April one person in four bought, since then little more than one in five": fewer_buy,
        "Before 10 and after 18 o'clock two of three attempts find somebody": there_early_and_late,
        "three times as many attempts fall into these hours.": called_at_the_worst_time,
        "Nearly every record is tried within its week.": records_are_tried,
        "A fifth of Dune's tasks end with a wrong number": wrong_numbers,
        "above the limit on 49 days of the quarter, the last of them 12 June.": over_the_limit,
        "Nine tenths of the message are heard": message_is_heard,
        "84 % of June's calls over Budget Voice are poor, over the two others none.": one_provider,
        "rings after three and a half seconds, over the others after one.": slow_but_not_worse,
        "the means of all operators lie between 3.8 and 4.2.": no_operators_line,
    },
    MONEY: {
        "One request in seven is open.": one_in_seven,
        "the oldest have waited since April, and nobody has closed them as lost.": since_april,
        "Both forms are narrowest at their second stage: of ten who are offered something, two": narrow_second_stage,
        "Once a visit is confirmed, 85 % happen.": confirmed_visits,
        "Slightly more would vote than not, but the intervals of yes and no overlap": yes_and_no,
        "Of those from 45 to 59 not half is collected; as things go it would be October.": who_is_missing,
        "June brought Dune more than May, Acme less.": dune_more_acme_less,
        "takes 32 orders in 100 contacts, and with 26 orders": best_seller,
        "Nine tenths of what is paid in zlotys are wages, and half of all that is of no project": mostly_wages,
        "No project reached its service level in June, and each pays for it.": nobody_kept_the_level,
        "Acme kept its limit of abandoned calls with 27 to spare.": acme_kept_the_limit,
        "Nothing is wrong with this centre's data.": nothing_is_wrong,
    },
}


@pytest.mark.parametrize(("name", "sentence"), [(name, s) for name, found in FOUND.items() for s in found])
def test_what_was_found_is_so(people: People, name: str, sentence: str) -> None:
    assert FOUND[name][sentence](people)


def test_nothing_is_found_unproved(told: tuple[str, str]) -> None:
    name, prose = told
    assert [sentence for sentence in FOUND[name] if sentence not in prose] == []
    for part in prose.split("**Found.** ")[1:]:
        assert any(sentence in part for sentence in FOUND[name]), part
