"""Definitions that change: which of several with the same key holds at an instant."""

from __future__ import annotations

from collections.abc import Sequence

from ibis.expr.types import BooleanValue, IntegerValue, Table

from okireports.clock import ms

ALWAYS, NEVER = -(2**62), 2**62  # ms: before and after anything that is stored


def holding(definitions: Table) -> Table:
    """Definitions with `holds_from` and `holds_to` (ms, half-open) instead of `valid_from` and `valid_to`.

    Those that a run is given end where the next one of the same key begins: at most one holds at an instant.
    """
    t = definitions.mutate(
        holds_from=ms(definitions.valid_from).coalesce(ALWAYS), holds_to=ms(definitions.valid_to).coalesce(NEVER)
    )
    return t.drop("valid_from", "valid_to")


def held_at(t: Table, held: Table, keys: Sequence[str], x: str) -> list[BooleanValue]:
    """What a row of `t`, whose column `x` is an instant (ms), shares with the definition that holds then."""
    return [*(t[key] == held[key] for key in keys), t[x] >= held.holds_from, t[x] < held.holds_to]


def beside(t: Table, definitions: Table, keys: Sequence[str], x: IntegerValue, *columns: str) -> Table:
    """Rows with columns of the definition that holds at `x` (ms); NULL for rows without one."""
    t = t.mutate(asked_at=x)
    held = holding(definitions).select(*keys, *columns, "holds_from", "holds_to")
    t = t.left_join(held, held_at(t, held, keys, "asked_at"), rname="held_{name}")
    return t.drop("asked_at", "holds_from", "holds_to", *(f"held_{key}" for key in keys))


def in_force(t: Table, definitions: Table, keys: Sequence[str], x: IntegerValue) -> Table:
    """Rows with the columns of the definition that holds at `x` (ms); rows without one are left out."""
    t = t.mutate(asked_at=x).join(holding(definitions), keys)
    return t.filter(t.asked_at >= t.holds_from, t.asked_at < t.holds_to)
