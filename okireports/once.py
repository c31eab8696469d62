"""What an aggregation asks of each row again and again is asked once: counts by conditions share parts of them.

Whether a contact was offered is a part of a dozen figures of queues. An engine that gets each figure as it is written
works that out a dozen times; as a column below the aggregation it is worked out once.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import ibis.expr.operations as ops
import ibis.expr.types as ir

COLUMN = "_once_{}"  # what a condition is called below the aggregation; nothing above sees it
LOGIC = (ops.And, ops.Or, ops.Not)


def asked_once(table: ir.Table) -> ir.Table:
    """The same rows, of whose aggregations each gets the conditions that its figures share as columns."""
    return table.op().replace(_with_columns).to_expr()


def _with_columns(node: Any, rewritten: Any) -> Any:
    node = node.__recreate__(rewritten) if rewritten else node
    if not isinstance(node, ops.Aggregate) or not (conditions := shared(node)):
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
