"""Definitions that change: which of several with the same key holds at an instant."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
from ibis.expr.types import IntegerValue, Table

from okireports.clock import ms

ALWAYS, NEVER = -(2**62), 2**62  # ms: before and after anything that is stored


def holding(definitions: Table, keys: Sequence[str]) -> Table:
    """Definitions with `holds_from` and `holds_to` (ms, half-open): each until the next one of the same keys.

    The columns are `valid_from` (NULL: since ever) and the keys, which are not NULL.
    """
    t = definitions.mutate(holds_from=ms(definitions.valid_from).coalesce(ALWAYS))
    following = t.holds_from.lead().over(ibis.window(group_by=keys, order_by="holds_from"))
    return t.mutate(holds_to=following.coalesce(NEVER))


def in_force(t: Table, definitions: Table, keys: Sequence[str], x: IntegerValue) -> Table:
    """Rows with the columns of the definition that holds at `x` (ms); rows without one are left out."""
    t = t.mutate(asked_at=x).join(holding(definitions, keys), keys)
    return t.filter(t.asked_at >= t.holds_from, t.asked_at < t.holds_to)
