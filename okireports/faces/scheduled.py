"""What schedules make: exports and digests, as their viewers ask for them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from okireports.delivery import digest as digests

if TYPE_CHECKING:
    from okireports.delivery import Exported
    from okireports.faces.center import Center
    from okireports.schedule import Order


def export(center: Center, order: Order) -> Exported:
    """Make the files of an order, in its viewer's name."""
    return center.viewer(order.viewer, reason=order.reason).export(
        order.dest,
        period=period(order),
        projects=list(order.projects),
        reports=order.reports,
        tables=order.tables,
        formats=order.formats,
        digest=order.digest,
        language=order.language,
    )


def digest(center: Center, order: Order, project: int) -> digests.Digest:
    """Make the page about one project of an order, as mail carries it."""
    viewer = center.viewer(order.viewer, reason=order.reason)
    return digests.for_mail(viewer, project, period(order), order.language)


def period(order: Order) -> tuple[datetime, datetime]:
    """The time that an order is about, as reports take it."""
    return order.start.replace(tzinfo=UTC), order.end.replace(tzinfo=UTC)
