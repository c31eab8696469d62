"""The words of charts: what they say of themselves, and what stands for codes, in English and Polish."""

from __future__ import annotations

from typing import Any

WORDS = {
    "empty": ("No data in this period", "Brak danych w tym okresie"),
    "zero": ("All figures are 0 in this period", "Wszystkie wartości w tym okresie są równe 0"),
    "needs": ("This chart needs columns that are not here: {}", "Wykres wymaga kolumn, których tu nie ma: {}"),
    "null": ("(none)", "(brak)"),
    "true": ("yes", "tak"),
    "false": ("no", "nie"),
    "others": ("others", "pozostałe"),
    "together": ("{} together, not to scale", "razem {}, poza skalą"),
    "count": ("Number", "Liczba"),
    "rows:call": ("Calls", "Połączenia"),
    "rows:task": ("Tasks", "Zadania"),
    "rows:dialogue": ("Dialogues", "Dialogi"),
    "rows:request": ("Requests", "Procesy"),
    "rows:seq": ("Changes", "Zmiany"),
    "rows:status": ("Statuses", "Statusy"),
    "s": ("Time", "Czas"),
    "share": ("Share", "Udział"),
    "value": ("Value", "Wartość"),
    "ofgoal": ("Of the goal", "Względem celu"),
    "figure": ("{}", "{}"),
    "goal": ("dashed: the goal, {}", "linia przerywana: cel, {}"),
    "goals": ("dashed: the goal", "linia przerywana: cel"),
    "limit": ("dashed: the limit, {}", "linia przerywana: limit, {}"),
    "limits": ("dashed: the limit", "linia przerywana: limit"),
    "band": ("shaded: 95 % confidence", "zacienione: 95 % ufności"),
    "line": ("line: 95 % confidence", "linia: 95 % ufności"),
    "down": ("shaded: down to {}", "zacienione, dolna granica: {}"),
    "below": ("Waited less than", "Czas oczekiwania poniżej"),
    "latest": ("The latest interval, from {}", "Ostatni przedział, od {}"),
    "summed": ("Summed by {}", "Zsumowano według {}"),
    "per": ("by {}", "według {}"),
    "some": ("{} largest of {} shown", "Pokazano {} największych z {}"),
    "first": ("first {} of {} shown", "pokazano pierwsze {} z {}"),
    "rest": ("the smallest {} are together as “others”", "najmniejsze ({}) razem jako „pozostałe”"),
    "twice": ("the hour that comes twice is drawn as one", "godzina powtórzona przy zmianie czasu jako jedna"),
    "rough": ("averages and percentiles are approximate", "średnie i percentyle są przybliżone"),
    "15min": ("15 minutes", "15 minut"),
    "30min": ("30 minutes", "30 minut"),
    "hour": ("hour", "godzin"),
    "day": ("day", "dni"),
    "week": ("week", "tygodni"),
    "month": ("month", "miesięcy"),
}
STATUSES = ("Ready", "Waiting", "Busy", "PCP", "Away", "N/A")  # in the order of their colours
PLACED = ("outcome", "reached")  # of these the order and the colours are the same in every chart
# Codes as people read them, and the place of their colour.
CODES: dict[str, dict[str, tuple[str, str, int | None]]] = {
    "outcome": {
        "answered": ("answered", "odebrane", 0),
        "abandoned": ("abandoned", "porzucone", 1),
        "callback_requested": ("callback requested", "zamówione oddzwonienie", 4),
        "voicemail": ("voicemail", "poczta głosowa", 3),
        "flow_out": ("flowed out", "przekierowane", 5),
        "no_answer": ("no answer", "nieodebrane", 6),
        "busy": ("busy", "zajęte", 9),
        "failed": ("failed", "nieudane", 8),
        "dropped": ("dropped", "porzucone przez dialer", 2),
        "machine": ("machine", "automat", 11),
        "rejected": ("rejected", "odrzucone", 10),
        "refused": ("refused", "odmowa przyjęcia", 10),
        "closed": ("closed", "poza godzinami", 2),
        "left_in_scenario": ("left in scenario", "rozłączone w scenariuszu", 7),
        "other": ("other", "inne", 11),
    },
    "reached": {
        "true": ("called back, reached", "oddzwoniono, odebrano", 0),
        "false": ("called back, not reached", "oddzwoniono, nie odebrano", 5),
        "null": ("not called back", "nie oddzwoniono", 1),
    },
    "kind": {  # of violations
        "late": ("late", "spóźnienie", None),
        "left_early": ("left early", "wcześniejsze wyjście", None),
        "long_away": ("long away", "długie Away", None),
        "slow_reply": ("slow reply", "wolna odpowiedź", None),
        "kpi_missed": ("KPI missed", "nieosiągnięte KPI", None),
        "outside_hours": ("outside hours", "poza godzinami", None),
    },
}
WEEKDAYS = (
    ("Mon", "pon."), ("Tue", "wt."), ("Wed", "śr."), ("Thu", "czw."), ("Fri", "pt."),
    ("Sat", "sob."), ("Sun", "niedz."),
)  # fmt: skip
POLISH: dict[str, Any] = {
    "number": {"decimal": ",", "thousands": "\u00a0", "grouping": [3], "currency": ["", ""]},
    "time": {
        "dateTime": "%A, %e %B %Y, %X",
        "date": "%d.%m.%Y",
        "time": "%H:%M:%S",
        "periods": ["", ""],
        "days": ["niedziela", "poniedziałek", "wtorek", "środa", "czwartek", "piątek", "sobota"],
        "shortDays": ["niedz.", "pon.", "wt.", "śr.", "czw.", "pt.", "sob."],
        "months": [
            "stycznia", "lutego", "marca", "kwietnia", "maja", "czerwca",
            "lipca", "sierpnia", "września", "października", "listopada", "grudnia",
        ],
        "shortMonths": ["sty", "lut", "mar", "kwi", "maj", "cze", "lip", "sie", "wrz", "paź", "lis", "gru"],
    },
}  # fmt: skip
