"""The registry: what a report says of itself is read from its function, and options are checked against that."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal

import numpy as np
import pytest
from ibis import Table

from okireports import report as registry
from okireports.charts import bars
from okireports.clock import Interval
from okireports.errors import BadOption, UnknownReport
from okireports.report import all_reports, check_options, find

CHART = bars("queue", "answered")


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A registry of the test's own."""
    empty: dict[str, Any] = {}
    monkeypatch.setattr(registry, "REPORTS", empty)
    return empty


def register(function: Callable[..., Table], module: str = "okireports.reports.sip", **how: Any) -> Any:
    """Register a function as if it stood in a section of the catalogue."""
    function.__module__ = module
    registry.report("A title", pl="Tytuł", chart=CHART, **how)(function)
    return registry.REPORTS[function.__name__]


def example(
    calls: Table,
    queues: Table,
    charges: Table | None,
    *,
    period: Interval,
    formula: str,
    by: Interval = "day",  # type: ignore[assignment]  # the shape of a report: the run makes the Interval
    per: Literal["line", "provider"] | None = None,
    grain: Literal["call", "contact"] = "call",
    recognised_text: bool = False,
    hours: int = 24,
    limit: int | None = None,
) -> Table:
    """Example of a report, with e.g. one of everything. This is no longer the first sentence.

    `hours` is said here.

    Definitions: a contact is a contact,
    on two lines.
    """
    return calls


# ---- what is read from the function ----------------------------------------------------------------------------------
def test_everything_is_read_from_the_function(reports: dict[str, Any]) -> None:
    made = register(example, before=timedelta(days=29), collective=True)
    assert (made.name, made.title, made.pl, made.function) == ("example", "A title", "Tytuł", example)
    assert (made.section.name, made.section.title, made.section.pl) == ("sip", "SIP telephony", "Telefonia SIP")
    assert made.definitions == "a contact is a contact, on two lines."
    assert made.tables == {"calls": False, "queues": False, "charges": True}
    assert made.injected == ("period", "formula")
    assert list(made.options) == ["by", "per", "grain", "recognised_text", "hours", "limit"]
    assert {name: (option.kind, option.default) for name, option in made.options.items()} == {
        "by": ("interval", "day"),
        "per": ("choice", None),
        "grain": ("choice", "call"),
        "recognised_text": ("flag", False),
        "hours": ("count", 24),
        "limit": ("count", None),
    }
    assert made.options["by"].permitted == ("15min", "30min", "hour", "day", "week", "month", None)
    assert made.options["per"].permitted == ("line", "provider", None)
    assert made.options["grain"].permitted == ("call", "contact")
    assert (made.before, made.after, made.collective) == (timedelta(days=29), timedelta(0), True)


def test_the_description_is_the_first_sentence(reports: dict[str, Any]) -> None:
    def plain(calls: Table) -> Table:
        return calls

    plain.__doc__ = "Calls of a day,\n    counted\n\n    Definitions: none.\n"
    assert register(plain).description == "Calls of a day, counted."
    assert register(example).description == "Example of a report, with e.g. one of everything."


def test_the_decorator_leaves_the_function_alone(reports: dict[str, Any]) -> None:
    example.__module__ = "okireports.reports.crm"
    assert registry.report("A title", pl="Tytuł", chart=CHART)(example) is example


@pytest.mark.parametrize(
    ("module", "title", "pl"),
    [
        ("users", "Users", "Użytkownicy"),
        ("kpi", "KPI", "KPI"),
        ("queues", "Queues and calls", "Kolejki i połączenia"),
        ("calls", "Queues and calls", "Kolejki i połączenia"),
        ("dialer", "Dialer", "Dialer"),
        ("sip", "SIP telephony", "Telefonia SIP"),
        ("dialogues", "Chats and mail", "Czaty i poczta"),
        ("crm", "CRM", "CRM"),
        ("company", "Company", "Firma"),
    ],
)
def test_the_section_is_the_modules(reports: dict[str, Any], module: str, title: str, pl: str) -> None:
    section = register(example, f"okireports.reports.{module}").section
    assert (section.title, section.pl) == (title, pl)


# ---- what fails at import --------------------------------------------------------------------------------------------
def test_a_name_cannot_be_registered_twice(reports: dict[str, Any]) -> None:
    register(example, "okireports.reports.sip")

    def twin(calls: Table) -> Table:
        """Has another's name.

        Definitions: none.
        """
        return calls

    twin.__name__ = "example"
    with pytest.raises(ValueError, match=r"two reports 'example': in okireports\.reports\.sip"):
        register(twin, "okireports.reports.crm")
    assert reports["example"].function is example


def test_a_module_that_is_no_section_is_refused(reports: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="'weather' is no section"):
        register(example, "okireports.reports.weather")
    assert not reports


@pytest.mark.parametrize(
    "doc", [None, "", "A sentence without definitions.", "Definitions: but no sentence.", "A. Definitions: "]
)
def test_a_report_says_what_it_is(reports: dict[str, Any], doc: str | None) -> None:
    def silent(calls: Table) -> Table:
        return calls

    silent.__doc__ = doc
    with pytest.raises(ValueError, match="silent: a docstring is a sentence and, last, 'Definitions"):
        register(silent)


def _positional_option(calls: Table, limit: int) -> Table:
    return calls


def _table_with_default(calls: Table | None = None) -> Table:
    raise NotImplementedError


def _any_tables(*calls: Table) -> Table:
    return calls[0]


def _text_option(calls: Table, *, word: str = "") -> Table:
    return calls


def _no_default(calls: Table, *, limit: int) -> Table:
    return calls


def _wrong_choice(calls: Table, *, per: Literal["line"] = "queue") -> Table:  # type: ignore[assignment]  # the mistake
    return calls


def _wrong_interval(calls: Table, *, by: Interval = "fortnight") -> Table:  # type: ignore[assignment]  # the mistake
    return calls


def _chosen_period(calls: Table, *, period: str) -> Table:
    return calls


def _default_formula(calls: Table, *, formula: str = "short") -> Table:
    return calls


@pytest.mark.parametrize(
    ("function", "problem"),
    [
        (_positional_option, r"\(limit\): a positional parameter is a Table"),
        (_table_with_default, r"\(calls\): a positional parameter is a Table"),
        (_any_tables, r"\(calls\): a report takes tables by name"),
        (_text_option, r"\(word\): an option is an int"),
        (_no_default, r"\(limit\): the default .* is not a whole number from 0"),
        (_wrong_choice, r"\(per\): the default 'queue' is not 'line'"),
        (_wrong_interval, r"\(by\): the default 'fortnight' is not '15min' or "),
        (_chosen_period, r"\(period\): the run gives this; it is a plain Interval"),
        (_default_formula, r"\(formula\): the run gives this; it is a plain str"),
    ],
)
def test_a_signature_that_is_no_reports_is_refused(
    reports: dict[str, Any], function: Callable[..., Table], problem: str
) -> None:
    function.__doc__ = "A sentence.\n\nDefinitions: none."
    with pytest.raises(TypeError, match=problem):
        register(function)
    assert not reports


# ---- finding ---------------------------------------------------------------------------------------------------------
def test_the_catalogue_is_imported_when_it_is_asked_for() -> None:
    code = (
        "from okireports.report import REPORTS, all_reports, find\n"
        "assert not REPORTS\n"
        "assert find('call_log') in all_reports()\n"
        "assert {r.name for r in all_reports()} == set(REPORTS)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_reports_come_section_by_section() -> None:
    order = ["users", "kpi", "queues", "dialer", "sip", "dialogues", "crm", "company"]
    places = [order.index(r.section.name) for r in all_reports()]
    assert places == sorted(places)
    assert {"call_log", "queue_summary", "service_level"} <= {r.name for r in all_reports()}


def test_every_report_has_words_in_both_languages() -> None:
    for found in all_reports():
        assert found.title and found.pl and found.definitions, found.name
        assert found.description.endswith(".") and "\n" not in found.description, found.name


def test_an_unknown_report_is_not_found_and_a_near_one_suggested() -> None:
    with pytest.raises(UnknownReport, match=r"no report 'servce_level' .* Did you mean 'service_level'"):
        find("servce_level")


def test_what_one_may_not_run_is_as_unknown_as_what_does_not_exist() -> None:
    assert find("call_log", ["call_log"]).name == "call_log"
    with pytest.raises(UnknownReport) as hidden:
        find("service_level", ["call_log"])
    with pytest.raises(UnknownReport) as absent:
        find("service_levels", ["call_log"])
    assert str(hidden.value) == str(absent.value).replace("service_levels", "service_level")
    assert "Did you mean" not in str(hidden.value)
    with pytest.raises(UnknownReport):
        find("costs_of_nothing", ["costs_of_nothing"])


# ---- options ---------------------------------------------------------------------------------------------------------
def test_options_are_filled_in(reports: dict[str, Any]) -> None:
    made = register(example)
    defaults = {"by": "day", "per": None, "grain": "call", "recognised_text": False, "hours": 24, "limit": None}
    assert check_options(made, {}) == defaults
    assert check_options(made, {"by": None, "limit": 0}) == defaults | {"by": None, "limit": 0}
    assert check_options(made, {"per": "line", "recognised_text": True}) == defaults | {
        "per": "line",
        "recognised_text": True,
    }


def test_a_whole_number_is_one_whatever_its_type(reports: dict[str, Any]) -> None:
    limit = check_options(register(example), {"limit": np.int32(7)})["limit"]
    assert limit == 7 and type(limit) is int


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("by", "2h"),
        ("by", 30),
        ("by", ["day"]),
        ("per", "queue"),
        ("grain", None),
        ("recognised_text", None),
        ("recognised_text", "yes"),
        ("recognised_text", 1),
        ("hours", None),
        ("limit", -1),
        ("limit", 2**63),
        ("limit", 2.0),
        ("limit", "10"),
        ("limit", True),
        ("limit", np.array([1, 2])),
    ],
)
def test_other_values_are_refused(reports: dict[str, Any], name: str, value: object) -> None:
    with pytest.raises(BadOption, match=f"report 'example' cannot take {name}: .* is not .* It takes by "):
        check_options(register(example), {name: value})


@pytest.mark.parametrize("name", ["limits", "period", "formula", "calls"])
def test_an_option_that_it_does_not_have_is_refused_with_what_it_has(reports: dict[str, Any], name: str) -> None:
    with pytest.raises(BadOption) as refusal:
        check_options(register(example), {name: 5})
    text = str(refusal.value)
    assert f"has no option '{name}'." in text
    assert (
        "by ('15min' or '30min' or 'hour' or 'day' or 'week' or 'month' or None); per ('line' or 'provider' or None)"
        in text
    )
    assert "hours (a whole number from 0); limit (a whole number from 0 or None)" in text
    assert text.endswith("the filters period, projects, queues, dialers, operators, groups, lines, providers.")
    assert ("Did you mean 'limit'?" in text) == (name == "limits")


def test_a_report_without_options_says_so(reports: dict[str, Any]) -> None:
    def bare(calls: Table) -> Table:
        """Nothing to choose.

        Definitions: none.
        """
        return calls

    assert check_options(register(bare), {}) == {}
    with pytest.raises(BadOption, match="It takes no options; and the filters period"):
        check_options(reports["bare"], {"by": "day"})
