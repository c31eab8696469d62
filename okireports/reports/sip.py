"""SIP telephony: how well people heard each other, what providers' lines delivered, and how calls ended."""

from __future__ import annotations

import ibis
from ibis import Table

from okireports.charts import bars, dots, lines
from okireports.clock import Interval, grain, labelled
from okireports.metrics import connection, measure, ratio, seizures
from okireports.metrics.attached import CALL, LAG, spent
from okireports.metrics.connection import heard, worst_hours
from okireports.metrics.handling import talk_s
from okireports.metrics.intervals import starting
from okireports.metrics.sip_codes import meaning
from okireports.report import Contacts, looked_up, named, report


@report(
    "Connection quality (MOS)",
    pl="Jakość połączeń (MOS)",
    chart=lines("interval", "mos", by="provider", band=("mos_p10", "mos")),
    contacts=Contacts("calls", ("provider", "interval"), heard),
)
def connection_quality(calls: Table, providers: Table, *, by: Interval = "day") -> Table:
    """How well people heard each other on each provider's lines.

    Definitions: calls are contacts whose MOS is known: measured on its scale of 1 to 5, else estimated from packet_loss
    and delay_ms by ITU-T G.107; mos is their mean, mos_p10 what the worst tenth does not exceed, poor those below 3.6,
    poor_share = poor / calls; packet_loss (%), jitter_ms and delay_ms are means of those calls that have them.
    """
    t = heard(calls)
    figures = measure(
        t, connection.mos, connection.mos_p10, connection.poor, connection.poor_share, connection.packet_loss,
        connection.jitter_ms, connection.delay_ms,
    )  # fmt: skip
    t = labelled(t.group_by("provider_id", **grain(t.started_at, by)).agg(calls=t.count(), **figures), by)
    t = named(t, provider=providers)
    columns = ["provider", *(["interval"] if by.by else [])]
    return t.order_by(*columns, "provider_id").select(*columns, "calls", *figures)


def seized(calls: Table, *, period: Interval) -> Table:
    """Contacts of the period that took a line."""
    return seizures.seized(starting(calls, period))


@report(
    "SIP providers",
    pl="Operatorzy SIP",
    chart=bars("provider", "asr_sip", by="direction"),
    after=LAG,
    collective=True,
    contacts=Contacts("seizures", ("provider", "direction", "interval"), seized),
)
def provider_statistics(
    calls: Table, providers: Table, charges: Table | None, *, period: Interval, by: Interval = None
) -> Table:
    """What each provider's lines delivered: how often a call was answered, how fast it went through, and its price.

    Definitions: seizures are inbound and outbound contacts; answered those that an operator, a robot, a person or a
    machine answered; asr_sip = answered / seizures; ner = (answered + busy + no_answer + rejected) / seizures, of
    outbound ones; acd_s = talk_s / answered; pdd_s is the mean post-dial delay where known (ITU-T E.425);
    cost_per_minute = telephony charges of the contacts / minutes of talk, empty in mixed currencies.
    """
    t = seized(calls, period=period)
    if charges is not None:
        telephony = spent(charges.filter(charges.kind == "telephony"), period)
        t = looked_up(t, telephony, CALL, "cost", "first_currency", "last_currency")
    figures = measure(
        t, seizures.seizures, seizures.answered, seizures.asr_sip, seizures.ner, seizures.acd_s, seizures.pdd_s, talk_s
    )
    figures |= seizures.price(t) if charges is not None else {}
    t = labelled(t.group_by("provider_id", "direction", **grain(t.started_at, by)).agg(**figures), by)
    t = named(t, provider=providers)
    columns = ["provider", "direction", *(["interval"] if by.by else [])]
    return t.order_by(*columns, "provider_id").select(*columns, *figures)


def coded(calls: Table) -> Table:
    """Contacts whose SIP code is known."""
    return calls.filter(calls.sip_code.notnull())


@report(
    "Termination codes",
    pl="Kody zakończenia",
    chart=bars("meaning", "calls", by="provider", stack=True),
    collective=True,
    contacts=Contacts("calls", ("provider", "sip_code"), coded),
)
def termination_codes(calls: Table, providers: Table) -> Table:
    """With which SIP codes calls ended, provider by provider, and what the codes mean.

    Definitions: contacts whose code is known; share of the provider's; meaning is the reason phrase of RFC 3261, of a
    code that it does not list the name of its class (section 7.2), empty of a number that is no SIP code.
    """
    t = coded(calls)
    t = t.group_by("provider_id", "sip_code").agg(calls=t.count())
    whole = t.calls.sum().over(ibis.window(group_by="provider_id"))
    t = t.mutate(meaning=meaning(t.sip_code), share=ratio(t.calls, whole))
    t = named(t, provider=providers).order_by("provider", "sip_code", "provider_id")
    return t.select("provider", "sip_code", "meaning", "calls", "share")


def heard_by_operators(calls: Table, *, period: Interval) -> Table:
    """Operators' contacts of the period whose MOS is known."""
    t = starting(calls, period)
    return heard(t.filter(t.operator_id.notnull()))


@report(
    "Operators' line quality",
    pl="Jakość łącza operatorów",
    chart=dots("operator", "mos", band=("mos_p10", "mos")),
    contacts=Contacts("calls", ("operator",), heard_by_operators),
)
def operator_line_quality(calls: Table, operators: Table, *, period: Interval) -> Table:
    """How well each operator and her customers heard each other, and at which hour of the day it was worst.

    Definitions: calls, mos, mos_p10, packet_loss and jitter_ms as in connection_quality, of the operator's contacts;
    worst_hour is the local hour of the start with the lowest mean MOS, of equal ones the earliest.
    """
    t = heard_by_operators(calls, period=period)
    figures = measure(t, connection.mos, connection.mos_p10, connection.packet_loss, connection.jitter_ms)
    worst = worst_hours(t, period)
    t = t.group_by("operator_id").agg(calls=t.count(), **figures)
    t = named(looked_up(t, worst, ["operator_id"], "worst_hour"), operator=operators)
    return t.order_by("operator", "operator_id").select("operator", "calls", *figures, "worst_hour")
