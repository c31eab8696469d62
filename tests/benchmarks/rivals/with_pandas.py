"""The ten reports in pandas, over frames that are in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from rivals.engine import Engine
from rivals.frames import (
    COUNTED,
    OFFERED,
    Frame,
    followed,
    is_answered,
    is_handled,
    is_offered,
    share,
    went_on,
    with_flags,
)
from rivals.rows import BINS, COLUMNS, NAMES, ZONE, Scope, days_with

KEYS = ["project_id", "queue_id", "operator_id"]
TIMES = ["talk_ms", "hold_ms", "wrap_ms"]


class Pandas(Engine):
    """Frames in memory."""

    def __init__(self, folder: Path) -> None:
        """Read the files."""
        self.names = {table: pd.read_parquet(folder / f"{table}.parquet") for table in NAMES}
        self.tables = {table: Frame(folder, table) for table in COLUMNS}

    def ask(self, name: str, scope: Scope) -> pd.DataFrame:
        """The rows of a report."""
        made: pd.DataFrame = getattr(self, name)(scope)
        return made

    def calls(self, scope: Scope, columns: list[str], *, ends: bool = True) -> pd.DataFrame:
        """The contacts of a question."""
        return self.tables["calls"].some(scope, list(dict.fromkeys(columns)), ends=ends)

    def named(self, frame: pd.DataFrame, table: str, id: str, column: str | None = None) -> pd.Series:
        """The names of ids."""
        label = NAMES[table]
        return frame[id].map(self.names[table].set_index(f"{label}_id")[label]).rename(column or label)

    def queue_summary(self, scope: Scope) -> pd.DataFrame:
        """Queues in sum."""
        rows = self.calls(scope, [*COUNTED, *KEYS[:2], *TIMES, "went_to_other", "transfer_to_call_id"])
        rows = rows[rows["queued_at"].notna() | rows["queue_id"].notna()]
        rows = with_flags(rows, "offered", "answered", "in_time", "abandoned", "short", "handled")
        rows["talk"], rows["hold"], rows["wrap"] = (rows[c].fillna(0) for c in ("talk_ms", "hold_ms", "wrap_ms"))
        rows["handling"] = (rows["talk"] + rows["hold"] + rows["wrap"]).where(rows["handled"])
        rows["gone"] = rows["handled"] & went_on(rows)
        rows["answered_wait"] = rows["wait_ms"].where(rows["answered"])
        rows["offered_wait"] = rows["wait_ms"].where(rows["offered"])
        words = ("callback_requested", "voicemail", "flow_out", "failed")
        for word in words:
            rows[word] = rows["offered"] & (rows["outcome"] == word)
        grouped = rows.groupby(["project_id", "queue_id"], dropna=False)
        counts = ["offered", "answered", "in_time", "abandoned", "short", *words, "handled", "gone"]
        k = grouped[[*counts, "talk", "hold", "wrap", "handling"]].sum()
        k["asa_s"] = grouped["answered_wait"].mean() / 1000
        k["wait_p90_s"] = grouped["answered_wait"].quantile(0.9) / 1000
        k["max_wait_s"] = grouped["offered_wait"].max() / 1000
        k = k.reset_index()
        return pd.DataFrame(
            {
                "project": self.named(k, "projects", "project_id"), "queue": self.named(k, "queues", "queue_id"),
                "offered": k["offered"], "answered": k["answered"], "answered_in_time": k["in_time"],
                "abandoned": k["abandoned"], "abandoned_short": k["short"], **{word: k[word] for word in words},
                "service_level": share(k["in_time"], k["offered"] - k["short"]),
                "abandon_rate": share(k["abandoned"], k["offered"]), "asa_s": k["asa_s"],
                "wait_p90_s": k["wait_p90_s"], "max_wait_s": k["max_wait_s"],
                "aht_s": share(k["handling"], k["handled"]) / 1000, "talk_s": k["talk"] / 1000,
                "hold_s": k["hold"] / 1000, "wrap_s": k["wrap"] / 1000, "transferred": k["gone"],
            }
        )  # fmt: skip

    def service_level(self, scope: Scope) -> pd.DataFrame:
        """Service level by half hours."""
        rows = self.calls(scope, [*COUNTED, *KEYS[:2], "started_at", "goal"])
        rows = with_flags(rows[rows["queued_at"].notna()], "offered", "answered", "in_time", "abandoned", "short")
        rows["interval"] = rows["started_at"].dt.floor("30min")
        rows["answered_wait"] = rows["wait_ms"].where(rows["answered"])
        grouped = rows.groupby(["project_id", "queue_id", "interval"], dropna=False)
        k = grouped[["offered", "in_time", "short", "abandoned"]].sum()
        k["goal"], k["asa_s"] = grouped["goal"].max(), grouped["answered_wait"].mean() / 1000
        k = k.reset_index()
        level = share(k["in_time"], k["offered"] - k["short"])
        met = (level >= k["goal"]).astype("boolean").mask(level.isna() | k["goal"].isna())
        return pd.DataFrame(
            {
                "project": self.named(k, "projects", "project_id"), "queue": self.named(k, "queues", "queue_id"),
                "interval": k["interval"], "offered": k["offered"], "answered_in_time": k["in_time"],
                "abandoned_short": k["short"], "service_level": level, "goal": k["goal"], "met": met,
                "asa_s": k["asa_s"], "abandon_rate": share(k["abandoned"], k["offered"]),
            }
        )  # fmt: skip

    def service_level_variants(self, scope: Scope) -> pd.DataFrame:
        """Service level by each definition."""
        rows = self.calls(scope, [*COUNTED, *KEYS[:2]])
        rows = rows[rows["queued_at"].notna()]
        rows = with_flags(rows, "offered", "answered", "in_time", "abandoned", "short", "soon")
        grouped = rows.groupby(["project_id", "queue_id"], dropna=False)
        k = grouped[["offered", "answered", "in_time", "abandoned", "short", "soon"]].sum()
        k[["answer_within_s", "short_abandon_s"]] = grouped[["answer_within_s", "short_abandon_s"]].max()
        k = k.reset_index()
        return pd.DataFrame(
            {
                "project": self.named(k, "projects", "project_id"), "queue": self.named(k, "queues", "queue_id"),
                "offered": k["offered"], "answered": k["answered"], "answered_in_time": k["in_time"],
                "abandoned": k["abandoned"], "abandoned_short": k["short"], "abandoned_in_time": k["soon"],
                "answer_within_s": k["answer_within_s"], "short_abandon_s": k["short_abandon_s"],
                "sl_short": share(k["in_time"], k["offered"] - k["short"]),
                "sl_offered": share(k["in_time"], k["offered"]), "sl_answered": share(k["in_time"], k["answered"]),
                "sl_positive": share(k["in_time"] + k["soon"], k["offered"]),
                "sl_ignore": share(k["in_time"], k["offered"] - k["soon"]),
            }
        )  # fmt: skip

    def calls_by_hour(self, scope: Scope) -> pd.DataFrame:
        """Peak hours."""
        rows = with_flags(self.calls(scope, [*COUNTED, "started_at"]), "offered", "answered", "in_time", "short")
        rows = rows.loc[rows["offered"], ["started_at", "offered", "answered", "in_time", "short"]]
        local = rows["started_at"].dt.tz_localize("UTC").dt.tz_convert(ZONE)
        keys = [(local.dt.dayofweek + 1).rename("weekday"), local.dt.hour.rename("hour")]
        k = rows.groupby(keys)[["offered", "answered", "in_time", "short"]].sum().reset_index()
        days = days_with(scope)
        k["days"] = [days[key] for key in zip(k["weekday"], k["hour"], strict=True)]
        level = share(k["in_time"], k["offered"] - k["short"])
        k = k.rename(columns={"in_time": "answered_in_time"})[
            ["weekday", "hour", "days", "offered", "answered", "answered_in_time"]
        ]
        return k.assign(service_level=level, offered_per_day=k["offered"] / k["days"])

    def wait_distribution(self, scope: Scope) -> pd.DataFrame:
        """How long offered contacts waited."""
        rows = self.calls(scope, [*OFFERED, "wait_ms"])
        rows = rows.loc[is_offered(rows) & rows["wait_ms"].notna(), ["outcome", "wait_ms"]]
        edges = [since * 1000 for since, _ in BINS]
        bins = np.searchsorted(edges, rows["wait_ms"].to_numpy(), side="right") - 1
        k = pd.crosstab(rows["outcome"].cat.remove_unused_categories(), bins)
        k = k.reindex(columns=range(len(BINS)), fill_value=0)
        total = k.sum(axis=1)
        long = k.rename_axis(index="outcome", columns="bin").stack().rename("contacts").reset_index()
        totals = long["outcome"].map(total).astype("float64")
        so_far = k.cumsum(axis=1).stack().to_numpy()
        return pd.DataFrame(
            {
                "outcome": long["outcome"].astype(str), "wait_from_s": [BINS[n][0] for n in long["bin"]],
                "contacts": long["contacts"], "share": long["contacts"] / totals, "cumulative_share": so_far / totals,
            }
        )  # fmt: skip

    def call_outcomes(self, scope: Scope) -> pd.DataFrame:
        """Contacts by how they ended and their result."""
        rows = self.calls(scope, ["outcome", "result", "answered_at", "talk_ms"])
        rows = rows.assign(talk=rows["talk_ms"].where(is_answered(rows)))
        grouped = rows.groupby(["outcome", "result"], dropna=False, observed=True)
        k = pd.DataFrame({"contacts": grouped.size(), "talk_mean_s": grouped["talk"].mean() / 1000}).reset_index()
        k.insert(3, "share", k["contacts"] / k["contacts"].sum())
        return k[["outcome", "result", "contacts", "share", "talk_mean_s"]]

    def operator_calls(self, scope: Scope) -> pd.DataFrame:
        """Operators' contacts, and the rings that they missed."""
        needed = [*OFFERED, "operator_id", "direction", *TIMES, "went_to_other", "transfer_to_call_id"]
        rows = self.calls(scope, needed)
        rows = rows[rows["operator_id"].notna()]
        rows = rows.assign(
            handled=is_handled(rows), inbound=rows["direction"] == "inbound", outbound=rows["direction"] == "outbound",
            talk=rows["talk_ms"].fillna(0), hold=rows["hold_ms"].fillna(0), wrap=rows["wrap_ms"].fillna(0),
        )  # fmt: skip
        rows["handling"] = (rows["talk"] + rows["hold"] + rows["wrap"]).where(rows["handled"])
        rows["gone"] = rows["handled"] & went_on(rows)
        counts = ["inbound", "outbound", "handled", "talk", "hold", "wrap", "handling", "gone"]
        worked = rows.groupby("operator_id")[counts].sum()
        rings = self.tables["rings"].some(scope, ["operator_id", "result"])
        missed = rings["result"].notna() & (rings["result"] != "answered")
        rung = missed.groupby(rings["operator_id"]).sum().rename("missed")
        k = worked.join(rung, how="outer").fillna(0).rename_axis("operator_id").reset_index()
        return pd.DataFrame(
            {
                "operator": self.named(k, "operators", "operator_id"), "inbound": k["inbound"],
                "outbound": k["outbound"], "handled": k["handled"], "missed_rings": k["missed"],
                "talk_s": k["talk"] / 1000, "hold_s": k["hold"] / 1000, "wrap_s": k["wrap"] / 1000,
                "aht_s": share(k["handling"], k["handled"]) / 1000, "transferred": k["gone"],
                "transfer_rate": share(k["gone"], k["handled"]), "share": k["handled"] / k["handled"].sum(),
            }
        )  # fmt: skip

    def speech_analytics(self, scope: Scope) -> pd.DataFrame:
        """What was found in the contacts that operators handled."""
        rows = self.calls(scope, [*OFFERED, "call_id", "operator_id"])
        rows = rows.loc[is_handled(rows) & rows["operator_id"].notna(), ["call_id", "operator_id"]]
        hits = self.tables["speech_hits"].some(scope, ["call_id", "rule"], ends=False).merge(rows, on="call_id")
        grouped = hits.groupby(["operator_id", "rule"], observed=True)["call_id"]
        k = pd.DataFrame({"hits": grouped.size(), "calls": grouped.nunique()}).reset_index()
        handled = k["operator_id"].map(rows["operator_id"].value_counts())
        return pd.DataFrame(
            {
                "operator": self.named(k, "operators", "operator_id"), "rule": k["rule"], "hits": k["hits"],
                "calls": k["calls"], "handled": handled, "share": k["calls"] / handled,
            }
        )  # fmt: skip

    def transfers(self, scope: Scope) -> pd.DataFrame:
        """Who passed customers on to whom."""
        keys, figures = KEYS, [*OFFERED, "call_id", "wait_ms"]
        rows = self.calls(scope, [*keys, *figures, "transfer_to_call_id", "went_to_other", "came_from_other"])
        sides = [f"{end}_{key}" for end in ("from", "to") for key in keys]
        passing = rows.loc[rows["transfer_to_call_id"].notna(), [*keys, "transfer_to_call_id"]]
        passing = passing.astype({"transfer_to_call_id": "int64"})
        later = self.calls(scope, [*keys, *figures], ends=False)
        following = followed(later[later["call_id"].isin(passing["transfer_to_call_id"])])
        froms, tos = (dict(zip(keys, names, strict=True)) for names in (sides[:3], sides[3:]))
        one = passing.rename(columns=froms).merge(
            following[[*keys, "call_id", "answered", "lost", "wait_ms"]].rename(columns=tos),
            left_on="transfer_to_call_id", right_on="call_id", how="left",
        )  # fmt: skip
        away = rows.loc[rows["transfer_to_call_id"].isna() & rows["went_to_other"], keys]
        back = followed(rows[rows["came_from_other"]])[[*keys, "call_id", "answered", "lost", "wait_ms"]]
        parts = [
            one.assign(from_other=False, to_other=False),
            away.rename(columns=froms).assign(from_other=False, to_other=True),
            back.rename(columns=tos).assign(from_other=True, to_other=False),
        ]
        every = pd.concat(parts, ignore_index=True)
        every["answered"], every["lost"] = (every[c].eq(True).fillna(False) for c in ("answered", "lost"))
        every["known"] = every["call_id"].notna()
        grouped = every.groupby([*sides, "from_other", "to_other"], dropna=False)
        k = grouped[["known", "answered", "lost"]].sum()
        k["transfers"], k["extra"] = grouped.size(), grouped["wait_ms"].mean() / 1000
        k = k.reset_index()
        known = k["known"] > 0
        names = {
            f"{end}_{label}": self.named(k, table, f"{end}_{label}_id")
            for end in ("from", "to")
            for table, label in NAMES.items()
        }
        for end in ("from", "to"):
            names[f"{end}_project"] = names[f"{end}_project"].mask(k[f"{end}_other"], "other project")
        return pd.DataFrame(names).assign(
            transfers=k["transfers"], share=k["transfers"] / k["transfers"].sum(),
            answered_after=k["answered"].astype("Int64").where(known),
            lost_after=k["lost"].astype("Int64").where(known),
            extra_wait_s=k["extra"],
        )  # fmt: skip

    def reachability(self, scope: Scope) -> pd.DataFrame:
        """When persons are reached."""
        rows = self.calls(scope, ["started_at", "dialer_id", "attempt_no", "picked_up_at", "outcome"])
        rows = rows[rows["dialer_id"].notna()]
        hour = rows["started_at"].dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.hour.rename("hour")
        person = rows["picked_up_at"].notna() & rows["outcome"].isin(["answered", "dropped"])
        grouped = person.groupby([rows["attempt_no"], hour], dropna=False)
        k = pd.DataFrame({"attempts": grouped.size(), "persons": grouped.sum()}).reset_index()
        return k.assign(contact_rate=k["persons"] / k["attempts"])
