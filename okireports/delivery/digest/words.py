"""What a digest says, in English and Polish: sentences, figures, changes, and stretches of time."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from okireports.columns import Unit
from okireports.language import place, separated
from okireports.period import Period, utc

MINUTE, HOUR = 60, 3600  # seconds
CLOCK = 2 * MINUTE  # from which a length is said in minutes
WORDS = {
    "title": ("{project}: {period}", "{project}: {period}"),
    "zone": ("time zone {zone}", "strefa czasowa {zone}"),
    "before": ("compared with {period}", "w porównaniu z okresem {period}"),
    "alone": ("there is nothing before to compare with", "brak wcześniejszego okresu do porównania"),
    "running": ("not over yet: as of {at}", "okres jeszcze trwa: stan na {at}"),
    "future": ("has not begun yet", "okres jeszcze się nie zaczął"),
    "generation": ("data of generation {n}", "dane z generacji {n}"),
    "headline": ("Headline figures", "Najważniejsze wyniki"),
    "group:calls": ("Calls in queues", "Połączenia w kolejkach"),
    "group:operators": ("Operators", "Operatorzy"),
    "group:dialer": ("Dialers", "Dialery"),
    "group:dialogues": ("Chats and mail", "Czaty i poczta"),
    "group:sms": ("SMS", "SMS"),
    "group:satisfaction": ("Satisfaction", "Satysfakcja klientów"),
    "group:orders": ("Orders", "Zamówienia"),
    "was": ("before: {value}", "poprzednio: {value}"),
    "na": ("n/a", "b.d."),
    "none": ("(none)", "(brak)"),
    "same": ("no change", "bez zmian"),
    "up:count": ("{by} more", "o {by} więcej"),
    "down:count": ("{by} fewer", "o {by} mniej"),
    "up:money": ("{by} more", "o {by} więcej"),
    "down:money": ("{by} less", "o {by} mniej"),
    "up:share": ("{by} higher", "o {by} więcej"),
    "down:share": ("{by} lower", "o {by} mniej"),
    "up:s": ("{by} longer", "o {by} dłużej"),
    "down:s": ("{by} shorter", "o {by} krócej"),
    "good": ("{change}, better", "{change}, lepiej"),
    "bad": ("{change}, worse", "{change}, gorzej"),
    "points": ("{n} points", "{n} p.p."),
    "about": (
        "≈: a mean of the rows of the table, weighted by how much stands behind each; close to the exact figure.",
        "≈: średnia z wierszy tabeli, ważona tym, ile za każdym z nich stoi; bliska dokładnemu wynikowi.",
    ),
    "left": ("The {shown} largest of {all} are shown.", "Pokazano {shown} największych z {all}."),
    "nothing": ("There is nothing in this period.", "W tym okresie nie ma danych."),
    "terms": ("What the figures mean", "Co oznaczają wyniki"),
    "held": ("What held in this period", "Co obowiązywało w tym okresie"),
    "settings": ("Settings of the centre", "Ustawienia centrum"),
    "targets": ("Targets of queues", "Cele kolejek"),
    "results": ("Results of contacts", "Wyniki kontaktów"),
    "page": ("page", "strona"),
    "formula": ("Formula of the service level", "Wzór poziomu obsługi"),
    "reply_within_s": ("Reply within (s)", "Odpowiedzieć w ciągu (s)"),
    "valid_from": ("From", "Od"),
    "valid_to": ("Until", "Do"),
    "sale": ("Sale", "Sprzedaż"),
    "person": ("Person reached", "Dodzwoniono się"),
    "final": ("Final", "Ostateczny"),
    "yes": ("yes", "tak"),
    "no": ("no", "nie"),
}  # fmt: skip
MONTHS = (
    "January February March April May June July August September October November December".split(),
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia".split(),
)
WHOLE_MONTHS = (
    MONTHS[0],
    "styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień".split(),
)


def say(language: str, key: str, **values: object) -> str:
    """A sentence, with values put into it."""
    return WORDS[key][place(language)].format(**values)


# ---- figures ---------------------------------------------------------------------------------------------------------
def number(value: float, digits: int, language: str) -> str:
    """A number with so many digits after the point, thousands apart."""
    return separated(f"{value:z,.{digits}f}", language)


def figure(value: float | None, unit: Unit, language: str, currency: str = "") -> str:
    """A figure as a person reads it: 1,234; 85.0%; 31.4 s; 6 min 14 s; n/a where there is none."""
    if value is None:
        return say(language, "na")
    if unit == "share":
        return f"{number(value * 100, 1, language)}%"
    if unit == "s":
        return length(value, language)
    if unit == "money":
        return f"{number(value, 2, language)} {currency}".strip()  # on two lines where it is long
    return number(value, 0 if unit == "count" else 2, language)


def shown(value: float, unit: Unit) -> float:
    """A figure as exactly as it is shown: what people subtract is what they see."""
    if unit == "s" and round(value, 1) >= CLOCK:
        return float(round(value) if round(value) < HOUR else round(value / MINUTE) * MINUTE)
    if unit == "share":
        return round(value * 100, 1)  # per cent
    return round(value, {"s": 1, "count": 0}.get(unit, 2))


def measures(before: float, unit: Unit) -> bool:
    """Can a change be said of what was before? Of nothing no count and no amount is a share."""
    return before != 0 or unit in ("share", "s")


def length(seconds: float, language: str) -> str:
    """A length of time, in parts that a person can think of."""
    if round(seconds, 1) < CLOCK:
        return f"{number(seconds, 1, language)}\u00a0s"
    whole = round(seconds)
    if whole < HOUR:
        return f"{whole // MINUTE}\u00a0min {whole % MINUTE}\u00a0s"
    minutes = round(seconds / MINUTE)
    return f"{number(minutes // MINUTE, 0, language)}\u00a0h {minutes % MINUTE}\u00a0min"


def change(value: float | None, before: float | None, unit: Unit, language: str) -> str:
    """How a figure changed, in words and figures.

    Counts and money by a share of what was before, which is n/a where that was nothing; shares by points, lengths by
    time.
    """
    if value is None or before is None:
        return say(language, "na")
    value, before = shown(value, unit), shown(before, unit)
    if value == before:
        return say(language, "same")
    if not measures(before, unit):
        return say(language, "na")
    way = "up" if value > before else "down"
    gap = abs(value - before)
    if unit == "share":
        by = say(language, "points", n=number(gap, 1, language))
    elif unit == "s":
        by = length(gap, language)
    else:
        by = f"{number(gap / abs(before) * 100, 1, language)}%"
    return say(language, f"{way}:{unit}", by=by)


# ---- time ------------------------------------------------------------------------------------------------------------
def span(period: Period, language: str) -> str:
    """A stretch of local time in words: June 2026; 3 June 2026; 1-7 June 2026; 3 June 2026 08:00 - 12:00."""
    first, last = period.local(period.start), period.local(period.end)
    if (utc(first.date(), period.zone), utc(last.date(), period.zone)) != (period.start, period.end):
        end = clock(last) if first.date() == last.date() else moment(last, language)
        return f"{moment(first, language)} - {end}"
    return days(first.date(), last.date() - timedelta(days=1), language)


def days(first: date, last: date, language: str) -> str:
    """Local days, the last one included: what is the same of both is said once."""
    after = last + timedelta(days=1)
    if (first.month, first.day, after.month, after.day) == (1, 1, 1, 1) and after.year == first.year + 1:
        return str(first.year)
    if first.day == 1 and after.day == 1 and (after - first).days <= 31:
        return f"{WHOLE_MONTHS[place(language)][first.month - 1]} {first.year}"
    return dates(first, last, language)


def dates(first: date, last: date, language: str) -> str:
    """From one date to another."""
    months = MONTHS[place(language)]
    end = f"{last.day} {months[last.month - 1]} {last.year}"
    if first == last:
        return end
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}-{end}"
    year = "" if first.year == last.year else f" {first.year}"
    return f"{first.day} {months[first.month - 1]}{year} - {end}"


def moment(at: datetime, language: str) -> str:
    """A local date and time."""
    return f"{at.day} {MONTHS[place(language)][at.month - 1]} {at.year} {clock(at)}"


def clock(at: datetime) -> str:
    """The time of day, with the offset where the clock shows it twice, with seconds where there are some."""
    twice = at.utcoffset() != at.replace(fold=1 - at.fold).utcoffset()
    shown = f"{at:%H:%M:%S}" if at.second or at.microsecond else f"{at:%H:%M}"
    return f"{shown} {at:%z}" if twice else shown
