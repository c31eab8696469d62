"""What the numbers that customers call bring: new customers, sales and costs of interactions, and who was lost."""

from __future__ import annotations

from collections.abc import Sequence

from ibis.expr.types import IntegerScalar, Scalar, Table

from okireports.metrics import measure, metric, ratio, tally
from okireports.metrics.arithmetic import MILLISECONDS, MONEY, in_one_currency
from okireports.metrics.interactions import first_time
from okireports.metrics.volume import answered, is_accepted, is_lost


@metric("Lost", unit="count", counts="contact", at="start")
def lost(calls: Table) -> IntegerScalar:
    """Offered contacts with the outcome abandoned, callback_requested or voicemail."""
    return tally(is_lost(calls))


def interactions(calls: Table, keys: Sequence[str]) -> Table:
    """One row for each interaction and the keys, with the parts of `brought`.

    Columns beside the model's: `is_new` of `recognised`, `sale` (is the contact's result one), and, where costs are
    known, `cost`, `first_currency`, `last_currency`.
    """
    talked = is_accepted(calls) & calls.talk_ms.notnull()
    parts = measure(calls, first_time, answered, lost)
    parts |= {"talk_ms": calls.talk_ms.sum(where=talked), "talks": tally(talked), "sold": tally(calls.sale) > 0}
    if "cost" in calls.columns:
        parts["cost"] = calls.cost.sum()
        parts |= {"first_currency": calls.first_currency.min(), "last_currency": calls.last_currency.max()}
    return calls.group_by(*keys, "interaction_id").agg(**parts)


def brought(t: Table) -> dict[str, Scalar]:
    """Figures of interactions; the last two where costs are known, empty where they are in several currencies."""
    inbound, sales = t.count(), tally(t.sold)
    figures = {
        "inbound": inbound,
        **{name: t[name].sum() for name in ("first_time", "answered", "lost")},
        "talk_mean_s": ratio(t.talk_ms.sum(), t.talks.sum() * MILLISECONDS),
        "sales": sales,
        "conversion": ratio(sales, inbound),
    }
    if "cost" not in t.columns:
        return figures
    return figures | in_one_currency(t, cost_per_call=(t.cost.sum() / inbound).cast(MONEY))
