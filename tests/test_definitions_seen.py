"""Definitions are opened for those whose business they are: what a report of hers rests on, of what is hers."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import loaded
import okireports
from okireports.errors import OkiReportsError
from okireports.faces import Center

WHY = {"actor": "admin", "reason": "a test"}
QUOTAS = [
    {"form": form, "name": f"{form} quota", "question": "Q", "answer": "A", "goal": 5}
    for form in ("Acme form", "Bolt form", "Moved")
]


@pytest.fixture
def center(tmp_path: Path) -> Center:
    """Acme has a contract, whose report Sue may not run; the form Moved was Acme's, and is Bolt's from 10 June on."""
    made = loaded.centre(tmp_path / "centre")
    agreed = {"project": "Acme", "term": "Level", "metric": "service_level", "comparison": ">=", "target": 0.8}
    spans = [("Acme", "", "2025-06-10T00:00:00Z"), ("Bolt", "2025-06-10T00:00:00Z", "")]
    keys = ("kind", "name", "project", "valid_from", "valid_to")
    files = {
        "objects": [{"kind": "crm_form", "name": "Moved"}],
        "project_objects": [dict(zip(keys, ("crm_form", "Moved", *span), strict=True)) for span in spans],
        "requests": [
            {"source_id": f"r-{form}", "form": form, "project": "Acme", "created_at": "2025-05-02T10:00:00Z"}
            for form in ("Acme form", "Moved")
        ],
    }
    loaded.load(made, files | {"contracts": [agreed | {"price": 7.77}], "quotas": QUOTAS})
    return made


def test_a_contract_is_not_read_by_way_of_sql(center: Center) -> None:
    sue = center.viewer("sue")
    assert "contract" not in set(sue.reports["name"])
    with pytest.raises(OkiReportsError, match="contracts"):
        sue.sql("SELECT * FROM contracts")
    assert len(center.viewer("admin", reason="a test").sql("SELECT * FROM contracts").frame) == 1


def test_a_contract_is_not_in_the_extract_of_who_may_not_run_its_report(center: Center, tmp_path: Path) -> None:
    path = center.extract("sue", tmp_path / "sue.duckdb", **WHY)
    assert "contract" not in set(okireports.open(path, now=loaded.NOW).viewer("sue").reports["name"])
    with duckdb.connect(str(path), read_only=True) as con:
        assert con.execute("SELECT count(*) FROM control.contracts").fetchone() == (0,)
        assert "contracts" not in {name for (name,) in con.execute("SELECT view_name FROM duckdb_views()").fetchall()}


def test_a_quota_is_the_business_of_those_whose_the_form_is(center: Center) -> None:
    sue = center.viewer("sue")
    assert set(sue.sql("SELECT form FROM requests").frame["form"]) == {"Acme form", "Moved"}  # both are in her rows
    assert list(sue.sql("SELECT name FROM quotas").frame["name"]) == ["Acme form quota"]
    assert list(sue.report("quotas", period="2025-05").frame["quota"]) == ["Acme form quota"]
