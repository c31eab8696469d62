"""The columns of the catalogue: every one is declared, and says how it is summed."""

from __future__ import annotations

import re

import pytest

from okireports.columns import label, names
from okireports.errors import BadOption

# Columns of some reports of the catalogue, as its page writes them.
CATALOGUE = {
    "queue_summary": "project queue offered answered answered_in_time abandoned abandoned_short callback_requested "
    "voicemail flow_out failed service_level abandon_rate asa_s wait_p90_s max_wait_s aht_s talk_s hold_s wrap_s "
    "transferred",
    "call_log": "call started_at project direction queue dialer scenario operator line contact_key phone outcome "
    "result wait_s ring_s talk_s hold_s wrap_s duration_s ended_by came_from_other went_to_other sip_code mos "
    "recording cost currency",
    "contract": "project term interval metric actual target met headroom penalty_amount bonus_amount invoice_amount "
    "currency",
    "recording_storage": "project month recordings length_s bytes oldest_at expiring_30d",
    "quotas": "form quota goal collected collected_share pace forecast_end_at",
}


@pytest.mark.parametrize("report", CATALOGUE)
def test_every_column_of_a_report_is_declared(report: str) -> None:
    for name in CATALOGUE[report].split():
        found = label(name, report)
        assert found.en and found.pl and found.unit


def test_there_are_the_figures_of_55_reports() -> None:
    assert len(names()) > 300


@pytest.mark.parametrize("name", ["", "no_such_column", "Offered", "share_of_wallet_s", "made_up_rate"])
def test_an_undeclared_name_raises_key_error(name: str) -> None:
    with pytest.raises(KeyError):
        label(name)


@pytest.mark.parametrize(
    ("suffix", "unit"),
    [("_rate", "share"), ("_share", "share"), ("_at", "instant"), ("_ms", "ms"), ("_amount", "money")],
)
def test_a_suffix_says_the_unit(suffix: str, unit: str) -> None:
    ending = [name for name in names() if name.endswith(suffix)]
    assert ending
    assert {label(name).unit for name in ending} == {unit}


def test_seconds_end_in_s() -> None:
    assert {n for n in names() if label(n).unit == "s"} == {n for n in names() if n.endswith("_s")} - {"wait_from_s"}


def test_parts_and_weights_are_declared_columns() -> None:
    for name in names():
        found = label(name)
        named = [*(found.parts[0] + found.parts[1] if found.parts else ()), *found.weight]
        assert {part.removeprefix("-") for part in named if part} <= set(names()), name


def test_a_share_is_never_summed() -> None:
    assert {label(n).rollup for n in names() if label(n).unit in ("share", "mos", "percent")} <= {
        "mean", "quantile", "max", "last", "low", "high", "none",
    }  # fmt: skip


def test_formats_fit_the_units() -> None:
    assert (label("service_level").format, label("service_level").excel) == (".1%", "0.0%")
    assert label("amount").excel == "#,##0.00"
    assert label("asa_s").heading() == "Speed of answer (s)"
    assert label("asa_s").heading("pl") == "Średni czas do odebrania (s)"
    assert label("offered").heading("pl") == "Oferowane"


def test_polish_labels_are_not_english_ones_left_over() -> None:
    same = {n for n in names() if label(n).en == label(n).pl}
    assert len(same) < 40  # ASR, MOS, Operator, Status ...
    assert not any(re.search("[ąćęłńóśźż]", label(n).en) for n in names())


def test_a_name_may_mean_something_else_in_one_report() -> None:
    assert label("goal").unit == "share"
    assert label("goal", "quotas").unit == "count"
    assert label("goal", "service_level") == label("goal")
    assert label("duration_s", "inbound_statistics").rollup == "mean"
    assert label("duration_s").rollup == "sum"


def test_the_centres_formula_says_what_a_service_level_is_made_of() -> None:
    assert label("service_level").parts == (("answered_in_time",), ("offered", "-abandoned_short"))
    assert label("service_level", formula="offered").parts == (("answered_in_time",), ("offered",))
    positive = (("answered_in_time", "abandoned_in_time"), ("offered",))
    assert label("service_level", formula="positive").parts == positive
    with pytest.raises(BadOption, match="short"):
        label("service_level", formula="best")
