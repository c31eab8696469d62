"""How well people heard each other: the mean opinion score (MOS, 1 to 5) of contacts, measured or estimated.

`heard` gives the contacts of which one is known; figures are means of MOS, never of the rating factor R behind it.
"""

from __future__ import annotations

import ibis
from ibis.expr.types import FloatingScalar, FloatingValue, IntegerScalar, NumericColumn, NumericValue, Table

from okireports.clock import Interval, local_hour, ms
from okireports.metrics import measure, metric, ratio, tally

SCALE = (1, 5)
POOR = 3.6  # below it many people are not satisfied (ITU-T G.107)
WORST = 0.1
PLACES = "decimal(12, 4)"  # as a measured MOS is kept: sums are the same in any order
# ITU-T G.107 as Cole and Rosenbluth shortened it (2001): the default rating, what a delay takes from it, and how it
# bears the loss of packets of G.711 with concealment.
BEST_R, PER_MS, PER_MS_MORE, LONG_MS = 93.2, 0.024, 0.11, 177.3
MOST_LOST, ROBUSTNESS = 95.0, 25.1


def heard(calls: Table) -> Table:
    """Contacts whose `mos` is known: a measured one on its scale, else an estimate from loss and delay.

    `packet_loss`, `jitter_ms` and `delay_ms` that cannot be are NULL: what a source gives for no measurement.
    """
    known = {
        "mos": _within(calls.mos, *SCALE),
        "packet_loss": _within(calls.packet_loss, 0, 100),
        "jitter_ms": _within(calls.jitter_ms, 0),
        "delay_ms": _within(calls.delay_ms, 0),
    }
    t = calls.mutate(**known)
    t = t.mutate(mos=t.mos.cast(PLACES).coalesce(estimated(t.packet_loss, t.delay_ms).cast(PLACES)))
    return t.filter(t.mos.notnull())


def estimated(packet_loss: NumericValue, delay_ms: NumericValue) -> FloatingValue:
    """MOS of packet loss (%) and one-way delay (ms) by ITU-T G.107, shortened; NULL where one of them is not known."""
    lost, delay = packet_loss.cast("float64"), delay_ms.cast("float64")
    late = (delay > LONG_MS).ifelse((delay - LONG_MS) * PER_MS_MORE, 0.0)
    return of_rating(BEST_R - (delay * PER_MS + late) - lost * MOST_LOST / (lost + ROBUSTNESS))


def of_rating(r: FloatingValue) -> FloatingValue:
    """MOS of a rating factor R (ITU-T G.107, annex B), from 1 to 4.5."""
    curve = r * 0.035 + r * (r - 60) * (100 - r) * 7e-6 + 1
    return ibis.cases((r <= 0, 1.0), (r >= 100, 4.5), (curve < 1, 1.0), else_=curve)


def worst_hours(t: Table, period: Interval) -> Table:
    """Per operator the local hour whose contacts had the lowest mean MOS, of equal ones the earliest."""
    t = t.group_by("operator_id", worst_hour=local_hour(ms(t.started_at), period)).agg(**measure(t, mos))
    place = ibis.row_number().over(group_by="operator_id", order_by=[t.mos, t.worst_hour])
    t = t.mutate(place=place)
    return t.filter(t.place == 0).select("operator_id", "worst_hour")


@metric("MOS", unit="number", counts="contact", at="start")
def mos(heard: Table) -> FloatingValue:
    """Mean MOS."""
    return _mean(heard.mos)


@metric("MOS, lowest 10 %", unit="number", counts="contact", at="start")
def mos_p10(heard: Table) -> FloatingScalar:
    """A tenth of the contacts had no higher MOS; linear interpolation."""
    return heard.mos.cast("float64").quantile(WORST)


@metric("Poor calls", unit="count", counts="contact", at="start")
def poor(heard: Table) -> IntegerScalar:
    """Contacts with a MOS below 3.6."""
    return tally(heard.mos.cast("float64") < POOR)


@metric("Poor calls", unit="share", counts="contact", at="start")
def poor_share(heard: Table) -> FloatingValue:
    """poor / contacts whose MOS is known."""
    return ratio(poor(heard), heard.count())


@metric("Packet loss", unit="number", counts="contact", at="start")
def packet_loss(heard: Table) -> FloatingValue:
    """Mean loss of packets in %, of those contacts of which it is known."""
    return _mean(heard.packet_loss)


@metric("Jitter", unit="number", counts="contact", at="start")
def jitter_ms(heard: Table) -> FloatingValue:
    """Mean jitter in milliseconds, of those contacts of which it is known."""
    return _mean(heard.jitter_ms)


@metric("Delay", unit="number", counts="contact", at="start")
def delay_ms(heard: Table) -> FloatingValue:
    """Mean one-way delay in milliseconds, of those contacts of which it is known."""
    return _mean(heard.delay_ms)


def _mean(measured: NumericColumn) -> FloatingValue:
    return ratio(measured.sum(), tally(measured.notnull()))


def _within(measured: NumericColumn, lowest: int, highest: int | None = None) -> NumericColumn:
    """What was measured where it can be, else NULL."""
    possible = measured >= lowest if highest is None else measured.between(lowest, highest)
    return possible.ifelse(measured, ibis.null())
