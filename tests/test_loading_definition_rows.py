"""Definitions without rules of their own, from files: hours, tariffs, KPIs, plans and the like."""

from __future__ import annotations

from datetime import date

import pytest

import okireports
from loaded import together, write
from okireports.errors import LoadError

TARIFF = "project,status,free_s,first_s,step_s,price_per_min"


def definitions(**changed: str) -> dict[str, str]:
    return {
        "projects": "name\nAcme\n",
        "users": "login,role\nsue,Supervisor\n",
        "objects": "kind,name,project\nqueue,Acme line,Acme\ncrm_form,Acme card,Acme\n",
        "tariffs": f"{TARIFF}\nAcme,Busy,6,30,6,1.25\n",
        "hours": "queue,weekday,opens,closes,holidays\nAcme line,1,08:00,20:00,2025-12-25; 2025-12-26\n",
        "check_plans": "plan,evaluator,valid_from,valid_to,due\nMay,sue,2025-05-01,2025-06-01,10\n",
    } | changed


def test_definitions_are_kept_by_id_and_the_same_again_changes_nothing(tmp_path):
    center = okireports.create(tmp_path / "centre")
    files = write(tmp_path / "in", definitions())
    center.load(files)
    con = together(center)
    prices = con.execute("SELECT price_per_min::VARCHAR, currency FROM control.tariffs").fetchall()
    assert prices == [("1.250000", "PLN")]
    assert con.execute("SELECT opens::VARCHAR, holidays FROM control.hours").fetchall() == [
        ("08:00:00", [date(2025, 12, 25), date(2025, 12, 26)])
    ]
    joined = "SELECT login, valid_from::VARCHAR FROM control.check_plans JOIN control.users ON user_id = evaluator_id"
    assert con.execute(joined).fetchall() == [("sue", "2025-04-30 22:00:00")]
    before = len(center.audit.frame)
    center.load(files)
    assert len(center.audit.frame) == before + 1  # the load itself


def test_a_changed_definition_replaces_the_old_one_and_is_written_down(tmp_path):
    center = okireports.create(tmp_path / "centre")
    center.load(write(tmp_path / "in", definitions()))
    dearer = f"{TARIFF}\nAcme,Busy,6,30,6,1.5\n"
    center.load(write(tmp_path / "in", {"tariffs": dearer}))
    con = together(center)
    assert con.execute("SELECT price_per_min::VARCHAR FROM control.tariffs").fetchall() == [("1.500000",)]
    log = con.execute("SELECT subject, before, after FROM control.audit WHERE action = 'change tariff'").fetchall()
    assert log == [("Acme / Busy", '{"price_per_min": "1.250000"}', '{"price_per_min": "1.500000"}')]


@pytest.mark.parametrize(
    ("table", "text", "column", "said"),
    [
        ("tariffs", f"{TARIFF}\nAcmee,Busy,6,30,6,1\n", "project", "Acme"),
        ("tariffs", f"{TARIFF}\nAcme,Bussy,6,30,6,1\n", "status", "Busy"),
        ("tariffs", f"{TARIFF}\nAcme,Busy,6,30,0,1\n", "step_s", "never end"),
        (
            "tariffs",
            f"{TARIFF}\nAcme,Busy,6,30,6,x\n",
            "price_per_min",
            "12.50",
        ),
        ("tariffs", f"{TARIFF}\nAcme,Busy,6.5,30,6,1\n", "free_s", "whole"),
        ("hours", "queue,weekday,opens\nAcme lime,1,08:00\n", "queue", "Acme line"),
        ("hours", "queue,weekday,opens\nAcme line,8,08:00\n", "weekday", "Monday"),
        ("hours", "queue,weekday,opens\nAcme line,1,8 am\n", "opens", "08:00"),
        ("check_plans", "plan,evaluator,due\nMay,susan,10\n", "evaluator", "no such user"),
        ("kpis", "kpi,metric,comparison,target\nHandling,aht_s,=<,300\n", "comparison", "<="),
        ("kpis", "kpi,metric,comparison,target\nHandling,aht,<=,300\n", "metric", "Did you mean 'aht_s'?"),
        ("stages", "form,stage,position\nAcme cart,New,1\n", "form", "Acme card"),
        ("contracts", "project,term,metric,currency\nAcme,Each,handled,zloty\n", "currency", "ISO 4217"),
        ("groups", "title\nEarly\n", "name", "no such column"),
    ],
)
def test_a_wrong_definition_says_where_it_stands_and_stops_the_load(tmp_path, table, text, column, said):
    center = okireports.create(tmp_path / "centre")
    files = write(tmp_path / "in", definitions(**{table: text}))
    with pytest.raises(LoadError, match=said) as caught:
        center.load(files)
    assert (caught.value.file, caught.value.column) == (f"{table}.csv", column)
    assert caught.value.line == (2 if column != "name" else None)
    assert len(center.projects.frame) == 0
