"""The ten reports in Polars, lazily over Parquet: a viewer's folders are scanned and no other.

Each question is asked the quicker of two ways: rows stream through in pieces, or lie in memory.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import polars as pl

from rivals.engine import Engine
from rivals.rows import BINS, NAMES, STARTS, ZONE, Scope, days_with, files

ANSWERED = (pl.col("outcome") == "answered") & pl.col("answered_at").is_not_null()
ROBOT = pl.col("by_robot").fill_null(False)
HANDLED = ANSWERED & ~ROBOT
OFFERED = (
    pl.col("queued_at").is_not_null()
    & ~pl.col("outcome").is_in(["refused", "closed", "left_in_scenario"])
    & ~(ROBOT & pl.col("answered_at").is_not_null())
)
ABANDONED = pl.col("outcome") == "abandoned"
WITHIN = pl.col("wait_ms") <= pl.col("answer_within_s") * 1000
SHORT = ABANDONED & (pl.col("wait_ms") < pl.col("short_abandon_s") * 1000)
WENT_ON = pl.col("went_to_other").fill_null(False) | pl.col("transfer_to_call_id").is_not_null()
LOST = OFFERED & pl.col("outcome").is_in(["abandoned", "callback_requested", "voicemail"])
PERSON = pl.col("picked_up_at").is_not_null() & pl.col("outcome").is_in(["answered", "dropped"])
HANDLING = pl.col("talk_ms").fill_null(0) + pl.col("hold_ms").fill_null(0) + pl.col("wrap_ms").fill_null(0)
KEYS = ("project_id", "queue_id", "operator_id")


class Polars(Engine):
    """Files that are scanned when they are asked for."""

    def __init__(self, folder: Path) -> None:
        """Remember where the files are."""
        self.folder = folder
        self.names = {table: pl.read_parquet(folder / f"{table}.parquet") for table in NAMES}
        self.quicker: dict[tuple[str, Scope], str] = {}  # which of its two ways

    def prepare(self, name: str, scope: Scope) -> None:
        """Ask both ways: in pieces that stream through, and all in memory."""
        taken = {}
        for way in ("streaming", "in-memory"):
            begun = time.perf_counter()
            getattr(self, name)(scope).collect(engine=way)
            taken[way] = time.perf_counter() - begun
        self.quicker[name, scope] = min(taken, key=lambda way: taken[way])

    def ask(self, name: str, scope: Scope) -> Any:
        """The rows of a report, as Arrow."""
        return getattr(self, name)(scope).collect(engine=self.quicker[name, scope]).to_arrow()

    def some(self, table: str, scope: Scope, *, ends: bool = True) -> pl.LazyFrame:
        """The rows of a table that are visible and start in the period, or later."""
        rows = pl.scan_parquet(files(self.folder, table, scope), hive_partitioning=False)
        start = pl.col(STARTS[table])
        return rows.filter((start >= scope.start) & (start < scope.end) if ends else start >= scope.start)

    def named(self, rows: pl.LazyFrame, table: str, id: str, column: str) -> pl.LazyFrame:
        """Rows with the names of ids."""
        label = NAMES[table]
        names = self.names[table].lazy().select(pl.col(f"{label}_id").alias(id), pl.col(label).alias(column))
        return rows.join(names, on=id, how="left", maintain_order="none")

    def of_queues(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Rows with their project and queue."""
        return self.named(self.named(rows, "projects", "project_id", "project"), "queues", "queue_id", "queue")

    def queue_summary(self, scope: Scope) -> pl.LazyFrame:
        """Queues in sum."""
        rows = self.some("calls", scope).filter(pl.col("queued_at").is_not_null() | pl.col("queue_id").is_not_null())
        words = ("callback_requested", "voicemail", "flow_out", "failed")
        answered_wait = pl.col("wait_ms").filter(OFFERED & ANSWERED)
        k = rows.group_by("project_id", "queue_id").agg(
            counted(OFFERED, "offered"), counted(OFFERED & ANSWERED, "answered"),
            counted(OFFERED & ANSWERED & WITHIN, "answered_in_time"), counted(OFFERED & ABANDONED, "abandoned"),
            counted(OFFERED & SHORT, "abandoned_short"),
            *(counted(OFFERED & (pl.col("outcome") == word), word) for word in words),
            (answered_wait.mean() / 1000).alias("asa_s"),
            (answered_wait.quantile(0.9, interpolation="linear") / 1000).alias("wait_p90_s"),
            (pl.col("wait_ms").filter(OFFERED).max() / 1000).alias("max_wait_s"),
            counted(HANDLED, "handled"), HANDLING.filter(HANDLED).sum().alias("handling"),
            *((pl.col(f"{c}_ms").sum() / 1000).alias(f"{c}_s") for c in ("talk", "hold", "wrap")),
            counted(HANDLED & WENT_ON, "transferred"),
        )  # fmt: skip
        return self.of_queues(k).select(
            "project", "queue", "offered", "answered", "answered_in_time", "abandoned", "abandoned_short", *words,
            share("answered_in_time", pl.col("offered") - pl.col("abandoned_short")).alias("service_level"),
            share("abandoned", pl.col("offered")).alias("abandon_rate"), "asa_s", "wait_p90_s", "max_wait_s",
            (share("handling", pl.col("handled")) / 1000).alias("aht_s"), "talk_s", "hold_s", "wrap_s", "transferred",
        )  # fmt: skip

    def service_level(self, scope: Scope) -> pl.LazyFrame:
        """Service level by half hours."""
        rows = self.some("calls", scope).filter(pl.col("queued_at").is_not_null())
        k = rows.group_by("project_id", "queue_id", pl.col("started_at").dt.truncate("30m").alias("interval")).agg(
            counted(OFFERED, "offered"), counted(OFFERED & ANSWERED & WITHIN, "answered_in_time"),
            counted(OFFERED & SHORT, "abandoned_short"), counted(OFFERED & ABANDONED, "abandoned"),
            pl.col("goal").max().cast(pl.Float64),
            (pl.col("wait_ms").filter(OFFERED & ANSWERED).mean() / 1000).alias("asa_s"),
        )  # fmt: skip
        level = share("answered_in_time", pl.col("offered") - pl.col("abandoned_short"))
        return self.of_queues(k).select(
            "project", "queue", "interval", "offered", "answered_in_time", "abandoned_short",
            level.alias("service_level"), "goal", (level >= pl.col("goal")).alias("met"), "asa_s",
            share("abandoned", pl.col("offered")).alias("abandon_rate"),
        )  # fmt: skip

    def service_level_variants(self, scope: Scope) -> pl.LazyFrame:
        """Service level by each definition."""
        rows = self.some("calls", scope).filter(pl.col("queued_at").is_not_null())
        k = rows.group_by("project_id", "queue_id").agg(
            counted(OFFERED, "offered"), counted(OFFERED & ANSWERED, "answered"),
            counted(OFFERED & ANSWERED & WITHIN, "answered_in_time"), counted(OFFERED & ABANDONED, "abandoned"),
            counted(OFFERED & SHORT, "abandoned_short"), counted(OFFERED & ABANDONED & WITHIN, "abandoned_in_time"),
            pl.col("answer_within_s").max(), pl.col("short_abandon_s").max(),
        )  # fmt: skip
        offered, in_time = pl.col("offered"), "answered_in_time"
        return self.of_queues(k).select(
            "project", "queue", "offered", "answered", in_time, "abandoned", "abandoned_short", "abandoned_in_time",
            "answer_within_s", "short_abandon_s",
            share(in_time, offered - pl.col("abandoned_short")).alias("sl_short"),
            share(in_time, offered).alias("sl_offered"), share(in_time, pl.col("answered")).alias("sl_answered"),
            ((pl.col(in_time) + pl.col("abandoned_in_time")) / positive(offered)).alias("sl_positive"),
            share(in_time, offered - pl.col("abandoned_in_time")).alias("sl_ignore"),
        )  # fmt: skip

    def calls_by_hour(self, scope: Scope) -> pl.LazyFrame:
        """Peak hours."""
        local = pl.col("started_at").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
        weekday, hour = (part.cast(pl.Int64) for part in (local.dt.weekday(), local.dt.hour()))
        k = self.some("calls", scope).filter(OFFERED).group_by(weekday.alias("weekday"), hour.alias("hour")).agg(
            pl.len().alias("offered"), counted(ANSWERED, "answered"), counted(ANSWERED & WITHIN, "answered_in_time"),
            counted(SHORT, "short"),
        )  # fmt: skip
        days = [(w, h, n) for (w, h), n in days_with(scope).items()]
        spine = pl.LazyFrame(days, schema={"weekday": pl.Int64, "hour": pl.Int64, "days": pl.Int64}, orient="row")
        return k.join(spine, on=["weekday", "hour"]).select(
            "weekday", "hour", "days", "offered", "answered", "answered_in_time",
            share("answered_in_time", pl.col("offered") - pl.col("short")).alias("service_level"),
            (pl.col("offered") / pl.col("days")).alias("offered_per_day"),
        )  # fmt: skip

    def wait_distribution(self, scope: Scope) -> pl.LazyFrame:
        """How long offered contacts waited."""
        rows = self.some("calls", scope).filter(OFFERED & pl.col("wait_ms").is_not_null())
        edges = [since * 1000 for since, _ in BINS[1:]]
        labels = [str(since) for since, _ in BINS]
        bins = pl.col("wait_ms").cut(edges, labels=labels, left_closed=True).cast(pl.String).cast(pl.Int64)
        k = rows.group_by("outcome", bins.alias("wait_from_s")).agg(pl.len().alias("contacts"))
        grid = (
            k.select("outcome").unique().join(pl.LazyFrame({"wait_from_s": [since for since, _ in BINS]}), how="cross")
        )
        every = grid.join(k, on=["outcome", "wait_from_s"], how="left").with_columns(pl.col("contacts").fill_null(0))
        total, so_far = pl.col("contacts").sum().over("outcome"), pl.col("contacts").cum_sum().over("outcome")
        return every.sort("outcome", "wait_from_s").with_columns(
            (pl.col("contacts") / total).alias("share"), (so_far / total).alias("cumulative_share")
        )

    def call_outcomes(self, scope: Scope) -> pl.LazyFrame:
        """Contacts by how they ended and their result."""
        k = self.some("calls", scope).group_by("outcome", "result").agg(
            pl.len().alias("contacts"), (pl.col("talk_ms").filter(ANSWERED).mean() / 1000).alias("talk_mean_s")
        )  # fmt: skip
        return k.select(
            "outcome",
            "result",
            "contacts",
            (pl.col("contacts") / pl.col("contacts").sum()).alias("share"),
            "talk_mean_s",
        )

    def operator_calls(self, scope: Scope) -> pl.LazyFrame:
        """Operators' contacts, and the rings that they missed."""
        rows = self.some("calls", scope).filter(pl.col("operator_id").is_not_null())
        worked = rows.group_by("operator_id").agg(
            counted(pl.col("direction") == "inbound", "inbound"),
            counted(pl.col("direction") == "outbound", "outbound"), counted(HANDLED, "handled"),
            *(pl.col(f"{c}_ms").sum() for c in ("talk", "hold", "wrap")),
            HANDLING.filter(HANDLED).sum().alias("handling"), counted(HANDLED & WENT_ON, "transferred"),
        )  # fmt: skip
        missed = counted(pl.col("result") != "answered", "missed_rings")
        rung = self.some("rings", scope).group_by("operator_id").agg(missed)
        k = worked.join(rung, on="operator_id", how="full", coalesce=True).with_columns(
            pl.col(
                "inbound", "outbound", "handled", "missed_rings", "transferred", "talk_ms", "hold_ms", "wrap_ms"
            ).fill_null(0)
        )
        return self.named(k, "operators", "operator_id", "operator").select(
            "operator", "inbound", "outbound", "handled", "missed_rings",
            *((pl.col(f"{c}_ms") / 1000).alias(f"{c}_s") for c in ("talk", "hold", "wrap")),
            (share("handling", pl.col("handled")) / 1000).alias("aht_s"), "transferred",
            share("transferred", pl.col("handled")).alias("transfer_rate"),
            (pl.col("handled") / positive(pl.col("handled").sum())).alias("share"),
        )  # fmt: skip

    def speech_analytics(self, scope: Scope) -> pl.LazyFrame:
        """What was found in the contacts that operators handled."""
        rows = self.some("calls", scope).filter(HANDLED & pl.col("operator_id").is_not_null())
        rows = rows.select("call_id", "operator_id")
        hits = self.some("speech_hits", scope, ends=False).select("call_id", "rule")
        found = hits.join(rows, on="call_id").group_by("operator_id", "rule").agg(
            pl.len().alias("hits"), pl.col("call_id").n_unique().alias("calls")
        )  # fmt: skip
        handling = rows.group_by("operator_id").agg(pl.len().alias("handled"))
        k = self.named(found.join(handling, on="operator_id"), "operators", "operator_id", "operator")
        return k.select(
            "operator", "rule", "hits", "calls", "handled", share("calls", pl.col("handled")).alias("share")
        )

    def transfers(self, scope: Scope) -> pl.LazyFrame:
        """Who passed customers on to whom."""
        rows = self.some("calls", scope)
        figures = (ANSWERED.alias("answered"), LOST.alias("lost"), "wait_ms")
        froms, tos = ([pl.col(key).alias(f"{end}_{key}") for key in KEYS] for end in ("from", "to"))
        passing = rows.filter(pl.col("transfer_to_call_id").is_not_null()).select(
            *froms, next=pl.col("transfer_to_call_id")
        )
        later = self.some("calls", scope, ends=False)
        following = later.select(*tos, "call_id", *figures, next=pl.col("call_id"))
        one = passing.join(following, on="next", how="left").drop("next")
        away = rows.filter(pl.col("transfer_to_call_id").is_null() & pl.col("went_to_other")).select(*froms)
        back = rows.filter(pl.col("came_from_other")).select(*tos, "call_id", *figures)
        every = pl.concat(
            [
                one.with_columns(from_other=False, to_other=False),
                away.with_columns(from_other=False, to_other=True),
                back.with_columns(from_other=True, to_other=False),
            ],
            how="diagonal",
        )
        sides = [f"{end}_{key}" for end in ("from", "to") for key in KEYS]
        k = every.group_by(*sides, "from_other", "to_other").agg(
            pl.len().alias("transfers"), pl.col("call_id").count().alias("known"),
            pl.col("answered").sum().cast(pl.Int64), pl.col("lost").sum().cast(pl.Int64),
            (pl.col("wait_ms").mean() / 1000).alias("extra_wait_s"),
        )  # fmt: skip
        for end in ("from", "to"):
            for table, label in NAMES.items():
                k = self.named(k, table, f"{end}_{label}_id", f"{end}_{label}")
            other = pl.when(f"{end}_other").then(pl.lit("other project")).otherwise(pl.col(f"{end}_project"))
            k = k.with_columns(other.alias(f"{end}_project"))
        known = pl.col("known") > 0
        return k.select(
            *(f"{end}_{label}" for end in ("from", "to") for label in NAMES.values()), "transfers",
            (pl.col("transfers") / pl.col("transfers").sum()).alias("share"),
            pl.when(known).then("answered").alias("answered_after"), pl.when(known).then("lost").alias("lost_after"),
            "extra_wait_s",
        )  # fmt: skip

    def reachability(self, scope: Scope) -> pl.LazyFrame:
        """When persons are reached."""
        local = pl.col("started_at").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
        rows = self.some("calls", scope).filter(pl.col("dialer_id").is_not_null())
        k = rows.group_by("attempt_no", local.dt.hour().cast(pl.Int64).alias("hour")).agg(
            pl.len().alias("attempts"), counted(PERSON, "persons")
        )  # fmt: skip
        return k.with_columns(share("persons", pl.col("attempts")).alias("contact_rate"))


def counted(where: pl.Expr, name: str) -> pl.Expr:
    """How many rows are so."""
    return where.sum().cast(pl.Int64).alias(name)


def share(part: str, of: pl.Expr) -> pl.Expr:
    """A part of something; of nothing it is null."""
    return pl.col(part) / positive(of)


def positive(of: pl.Expr) -> pl.Expr:
    """A number, or null where it is 0."""
    return pl.when(of != 0).then(of)
