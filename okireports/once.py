"""What an aggregation asks of each row again and again is asked once: counts by conditions share parts of them.

Whether a contact was offered is a part of a dozen figures of queues. An engine that gets each figure as it is written
works that out a dozen times; as a column below the aggregation it is worked out once. And rows that are read twice may
be looked for once: `read_once`.
"""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir

COLUMN = "_once_{}"  # what a condition is called below the aggregation; nothing above sees it
ROWS = "_read_once"  # what rows are called that are looked for once, until a statement numbers them
LOGIC = (ops.And, ops.Or, ops.Not)


def read_once(table: ir.Table) -> ir.Table:
    """The same rows under a name, by which an engine looks for them once though they are read several times."""
    return table.alias(ROWS)


def asked_once(table: ir.Table) -> ir.Table:
    """The same rows, of whose aggregations each gets the conditions that its figures share as columns.

    What is to be read once gets a name of its own: there may be several such in a statement.
    """
    numbers = count()

    def once(node: Any, rewritten: Any) -> Any:
        node = node.__recreate__(rewritten) if rewritten else node
        if isinstance(node, ops.AliasedRelation) and node.name == ROWS:
            return ops.AliasedRelation(f"{ROWS}_{next(numbers)}", node.parent)
        return _with_columns(node) if isinstance(node, ops.Aggregate) else node

    return table.op().replace(once).to_expr()


def _with_columns(node: ops.Aggregate) -> ops.Aggregate:
    conditions = shared(node)
    if not conditions:
        return node
    named = {COLUMN.format(place): condition for place, condition in enumerate(conditions)}
    for part in (*node.groups.values(), *node.metrics.values()):
        fields = part.find(ops.Field, filter=lambda n: isinstance(n, ops.Value) and n not in conditions)
        named |= {field.name: field for field in fields}
    below = ops.Project(node.parent, named)
    lifted = {value: ops.Field(below, name) for name, value in named.items()} | {node.parent: below}

    def above(value: Any, rewritten: Any) -> Any:
        if value in lifted or isinstance(value, ops.Field):  # one that is not there is only a part of a condition
            return lifted.get(value, value)
        return value.__recreate__(rewritten) if rewritten else value

    groups, metrics = (
        {name: value.replace(above) for name, value in values.items()} for values in (node.groups, node.metrics)
    )
    return ops.Aggregate(below, groups, metrics)


def shared(node: ops.Aggregate) -> list[ops.Value]:
    """Conditions of several comparisons that are a part of two others, or of two figures; of nested ones the inner."""
    parts = dict.fromkeys(part for figure in node.metrics.values() for part in _parts(figure))
    uses = Counter(child for part in parts for child in {*part.__children__})
    rows = (part for part in parts if isinstance(part, LOGIC) and part.shape.is_columnar())  # no sum has a part in it
    able = {part for part in rows if uses[part] > 1 and _comparisons(part) > 1}
    return [part for part in parts if part in able and len(able.intersection(_parts(part))) == 1]


def _parts(value: ops.Value) -> list[ops.Value]:
    """A value and all that it is made of, as far as the row goes."""
    found: list[ops.Value] = value.find(ops.Value, filter=ops.Value)
    return found


def _comparisons(value: ops.Value) -> int:
    """How many comparisons a condition puts together."""
    return sum(_comparisons(child) for child in value.__children__) if isinstance(value, LOGIC) else 1
