"""The catalogue's output columns, each said once: its label in English and Polish, its unit, its formats, its roll-up.

A report's frame carries names; what people read of them (axis titles, number formats, file headings) comes from here,
and so does how a chart may sum the column to a coarser interval: counts and sums add up, peaks take the largest, rates
are recomputed from their parts, means are weighted. Where the parts are not in the frame, the first of `weight` that is
there weights the values; with any other than the first the result is approximate, as is any quantile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from okireports.errors import BadOption

Unit = Literal[
    "count", "s", "ms", "share", "percent", "mos", "bytes", "money", "number", "ordinal", "id", "flag", "text",
    "instant", "date", "interval",
]  # fmt: skip
# time: a mean over time, weighted by the length of the interval · none: cannot be summed
# low, high: a bound of confidence of the parts: Wilson's of a share, the normal one of a difference of shares
Rollup = Literal["sum", "max", "min", "mean", "quantile", "time", "last", "low", "high", "none"]
Parts = tuple[tuple[str, ...], tuple[str, ...]]  # numerator, denominator: names to add, with "-" before to subtract


@dataclass(frozen=True)
class Label:
    """What is known of a column: words, unit, d3 format (charts), number format (XLSX), and how it is summed."""

    en: str
    pl: str
    unit: Unit
    format: str
    excel: str
    rollup: Rollup
    parts: Parts | None = None
    weight: tuple[str, ...] = ()

    def words(self, language: str = "en") -> str:
        """The label alone."""
        return self.pl if language == "pl" else self.en

    def heading(self, language: str = "en") -> str:
        """The label with its unit, for an axis or a file's heading."""
        unit = {"s": "s", "ms": "ms", "percent": "%", "bytes": "B"}.get(self.unit)
        return f"{self.words(language)} ({unit})" if unit else self.words(language)


_FORMATS: Mapping[Unit, tuple[str, str, Rollup]] = {  # d3, XLSX, roll-up unless said otherwise
    "count": (",.0f", "#,##0", "sum"),
    "s": (",.1f", "#,##0.0", "sum"),
    "ms": (",.0f", "#,##0", "mean"),
    "share": (".1%", "0.0%", "mean"),
    "percent": (",.2f", "0.00", "mean"),
    "mos": (".2f", "0.00", "mean"),
    "bytes": (".3~s", "#,##0", "sum"),
    "money": (",.2f", "#,##0.00", "sum"),
    "number": (",.2f", "#,##0.00", "none"),
    "ordinal": (".0f", "0", "none"),
    "id": ("", "@", "none"),
    "flag": ("", "General", "none"),
    "text": ("", "@", "none"),
    "instant": ("%Y-%m-%d %H:%M", "yyyy-mm-dd hh:mm:ss", "none"),
    "date": ("%Y-%m-%d", "yyyy-mm-dd", "none"),
    "interval": ("%Y-%m-%d %H:%M", "yyyy-mm-dd hh:mm", "none"),
}

# name: English / Polish
_WORDS: Mapping[Unit, str] = {
    "text": """
operator: Operator / Operator; project: Project / Projekt; queue: Queue / Kolejka; dialer: Dialer / Dialer
scenario: Scenario / Scenariusz; form: Form / Formularz; provider: Provider / Dostawca; line: Line / Linia
channel: Channel / Kanał; direction: Direction / Kierunek; outcome: Outcome / Zakończenie; result: Result / Wynik
status: Status / Status; reason: Reason / Powód; comment: Comment / Komentarz; kind: Kind / Rodzaj; kpi: KPI / KPI
evaluator: Evaluator / Oceniający; criterion: Criterion / Kryterium; plan: Plan / Plan; rule: Rule / Reguła
phone: Phone / Telefon; ended_by: Ended by / Kto zakończył; recording: Recording / Nagranie
currency: Currency / Waluta; node: Node / Węzeł; input: Input / Wybór; called_back_by: Called back by / Oddzwonił
import: Import / Import; state: State / Stan; meaning: Meaning / Znaczenie; subject: Subject / Temat
template: Template / Szablon; stage: Stage / Etap; question: Question / Pytanie; answer: Answer / Odpowiedź
quota: Quota / Kwota; unit: Unit / Jednostka; term: Term / Warunek; metric: Metric / Miara; actor: Actor / Kto
action: Action / Czynność; before: Before / Przed; after: After / Po; login: Login / Login; role: Role / Rola
rights: Rights / Uprawnienia; check: Check / Sprawdzenie; example: Example / Przykład; trend: Trend / Trend
from_project: From project / Z projektu; from_queue: From queue / Z kolejki
from_operator: From operator / Od operatora; to_project: To project / Do projektu; to_queue: To queue / Do kolejki
to_operator: To operator / Do operatora; recognised_text: Recognised text / Rozpoznany tekst; group: Group / Grupa""",
    "id": """
call: Call / Połączenie; evaluation: Evaluation / Ocena; dialogue: Dialogue / Dialog; task: Task / Zadanie
request: Request / Proces; contact_key: Contact key / Klucz kontaktu""",
    "flag": """
came_from_other: From another project / Z innego projektu; went_to_other: To another project / Do innego projektu
met: Goal met / Cel osiągnięty; over: Over the limit / Ponad limitem
still_in_default: Still in the default project / Wciąż w projekcie domyślnym""",
    "ordinal": """
sip_code: SIP code / Kod SIP; attempt_no: Attempt / Próba; weekday: Weekday / Dzień tygodnia; hour: Hour / Godzina
worst_hour: Worst hour / Najgorsza godzina; rank: Rank / Miejsce; position: Position / Pozycja; seq: No. / Nr
wait_from_s: Wait from / Oczekiwanie od""",
    "interval": "interval: Interval / Przedział",
    "date": "day: Day / Dzień; month: Month / Miesiąc; since: Since / Od",
    "instant": """
at: Time / Czas; started_at: Start / Początek; ended_at: End / Koniec; created_at: Created / Utworzono
closed_at: Closed / Zamknięto; first_seen_at: First seen / Pierwsza obecność
last_seen_at: Last seen / Ostatnia obecność; planned_start_at: Planned start / Planowany początek
planned_end_at: Planned end / Planowany koniec; called_back_at: Called back / Oddzwoniono
last_attempt_at: Last attempt / Ostatnia próba; next_attempt_at: Next attempt / Następna próba
imported_at: Imported / Zaimportowano; forecast_end_at: Forecast end / Przewidywany koniec
oldest_at: Oldest / Najstarsze; last_report_at: Last report / Ostatni raport""",
    "count": """
offered: Offered / Oferowane; answered: Answered / Odebrane
answered_in_time: Answered in time / Odebrane w czasie; abandoned: Abandoned / Porzucone
abandoned_short: Abandoned at once / Porzucone od razu; abandoned_in_time: Abandoned in time / Porzucone w czasie
callback_requested: Callback requested / Prośby o oddzwonienie; voicemail: Voicemail / Poczta głosowa
flow_out: Flowed out / Przekierowane; failed: Failed / Nieudane; other: Other / Inne; handled: Handled / Obsłużone
inbound: Inbound / Przychodzące; outbound: Outbound / Wychodzące; missed: Missed / Nieodebrane
missed_rings: Missed rings / Nieodebrane sygnały; accepted: Accepted / Przyjęte
first_time: First-time callers / Dzwoniący pierwszy raz; lost: Lost / Utracone
transferred: Transferred / Przekazane; transfers: Transfers / Przekazania
answered_after: Answered after / Odebrane po; lost_after: Lost after / Utracone po; held: Held / Zawieszone
contacts: Contacts / Kontakty; calls: Calls / Połączenia; unknown: Unknown callers / Nieznani
repeats: Repeats / Powtórne; first_contacts: First contacts / Pierwsze kontakty
undecided: Undecided / Nierozstrzygnięte; resolved: Resolved / Rozwiązane; reached: Reached / Dodzwonione
entered: Entered / Weszło; went_on: Went on / Poszło dalej; hung_up: Hung up / Rozłączyło się; goals: Goals / Cele
moved_on: Moved on / Przeszło dalej; open: Open / Otwarte; times: Times / Razy
over_limit: Over the limit / Ponad limitem; intervals: Intervals / Przedziały; days: Days / Dni
logged_in: Logged in / Zalogowani; ready: Ready / Gotowi; busy_peak: Most busy / Najwięcej zajętych
peak: Peak / Szczyt; capacity: Capacity / Pojemność; attempts: Attempts / Próby
max_attempts: Most attempts / Limit prób; persons: Persons reached / Dodzwonienia
machines: Machines / Automaty; sales: Sales / Sprzedaże; drops: Drops / Porzucone przez dialer
tasks: Tasks / Zadania; records: Records / Rekordy; tried: Tried / Z próbą; exhausted: Exhausted / Wyczerpane
remaining: Remaining / Pozostałe; played: Played / Odtworzone; recognised: Recognised / Rozpoznane
poor: Poor calls / Słabe połączenia; seizures: Seizures / Zajęcia łącza; evaluations: Evaluations / Oceny
evaluators: Evaluators / Oceniający; ratings: Ratings / Oceny klientów; asked: Asked / Zapytani
answers: Answers / Odpowiedzi; satisfied: Satisfied / Zadowoleni; promoters: Promoters / Promotorzy
detractors: Detractors / Krytycy; hits: Hits / Trafienia; due: Due / Do wykonania; done: Done / Wykonane
dialogues: Dialogues / Dialogi; replied: Replied / Z odpowiedzią; in_time: In time / W czasie
closed: Closed / Zamknięte; concurrent_peak: Most at once / Najwięcej naraz; messages: Messages / Wiadomości
messages_in: Messages in / Wiadomości przychodzące; messages_out: Messages out / Wiadomości wychodzące
collected: Collected / Zebrane; orders: Orders / Zamówienia; cancelled: Cancelled / Anulowane
recordings: Recordings / Nagrania; expiring_30d: Expiring in 30 days / Wygasające w ciągu 30 dni
rows: Rows / Wiersze; affected: Affected / Błędne""",
    "share": """
share: Share / Udział; service_level: Service level / Poziom obsługi; goal: Goal / Cel
occupancy: Occupancy / Zajętość; asr: Accepted / Odsetek przyjętych; asr_sip: ASR / ASR; ner: NER / NER
conversion: Conversion / Konwersja; fcr: FCR / FCR; penetration: Penetration / Penetracja
adherence: Adherence / Zgodność z grafikiem; conformance: Conformance / Realizacja
utilisation: Utilisation / Wykorzystanie; attainment: Attainment / Realizacja celu; quality: Quality / Jakość
csat: CSAT / CSAT; csat_low: CSAT, low / CSAT, dolna granica; csat_high: CSAT, high / CSAT, górna granica
nps: NPS / NPS; nps_low: NPS, low / NPS, dolna granica; nps_high: NPS, high / NPS, górna granica
rating: Rating / Ranking; share_low: Share, low / Udział, dolna granica
share_high: Share, high / Udział, górna granica; pace: Pace / Tempo
sl_short: Without short abandons / Bez porzuconych od razu; sl_offered: Of offered / Z oferowanych
sl_answered: Of answered / Z odebranych; sl_positive: Abandons count as met / Porzucone jako obsłużone
sl_ignore: Early abandons ignored / Bez porzuconych w czasie; abandon_rate: Abandon rate / Odsetek porzuconych
transfer_rate: Transfer rate / Odsetek przekazanych; hold_rate: Hold rate / Odsetek zawieszonych
repeat_rate: Repeat rate / Odsetek powtórnych; response_rate: Response rate / Odsetek odpowiedzi
goal_rate: Goal rate / Odsetek celów; contact_rate: Contact rate / Odsetek dodzwonień
drop_rate_persons: Drops of persons / Porzucone z osób; drop_rate_attempts: Drops of attempts / Porzucone z prób
drop_rate_answered: Drops of answered / Porzucone z odebranych
rolling_30d_rate: Drops, 30 days / Porzucone, 30 dni; limit_rate: Limit / Limit
in_time_rate: In time / Odsetek w czasie; ready_share: Ready / Gotowość; waiting_share: Waiting / Oczekiwanie
busy_share: Busy / Rozmowa; pcp_share: PCP / PCP; away_share: Away / Away; na_share: N.A. / N.A.
cumulative_share: Cumulative share / Udział skumulowany; peak_share: Peak of capacity / Szczyt pojemności
listened_share: Listened / Odsłuchane; poor_share: Poor calls / Odsetek słabych
done_share: Done / Odsetek wykonanych; collected_share: Collected / Odsetek zebranych""",
    "s": """
duration_s: Duration / Czas trwania; logged_s: Logged in / Zalogowanie; ready_s: Ready / Gotowość
waiting_s: Waiting / Oczekiwanie; busy_s: Busy / Rozmowa; pcp_s: PCP / PCP; away_s: Away / Away; na_s: N.A. / N.A.
talk_s: Talk / Rozmowa; hold_s: Hold / Zawieszenie; wrap_s: Wrap-up / Po rozmowie; ring_s: Ring / Dzwonienie
aht_s: Average handling / Średni czas obsługi; asa_s: Speed of answer / Średni czas do odebrania
awt_s: Average wait / Średnie oczekiwanie; wait_s: Wait / Czas oczekiwania
wait_p50_s: Wait, median / Oczekiwanie, mediana; wait_p90_s: Wait, 90 % / Oczekiwanie, 90 %
wait_p95_s: Wait, 95 % / Oczekiwanie, 95 %; max_wait_s: Longest wait / Najdłuższe oczekiwanie
time_to_abandon_s: Time to abandon / Czas do porzucenia; mean_hold_s: Average hold / Średnie zawieszenie
talk_mean_s: Average talk / Średnia rozmowa; raw_s: Measured / Zmierzone; billed_s: Billed / Zaliczone
total_s: Total / Razem; mean_s: Average / Średnio; longest_s: Longest / Najdłużej; late_s: Late / Spóźnienie
left_early_s: Left early / Wcześniejsze wyjście; present_s: Present / Obecność; overtime_s: Overtime / Nadgodziny
planned_s: Planned / Zaplanowane; adherent_s: As planned / Zgodne z planem; worked_s: Worked / Przepracowane
time_to_callback_s: Time to callback / Czas do oddzwonienia; extra_wait_s: Extra wait / Dodatkowe oczekiwanie
operators_ready_s: Operators ready / Gotowość operatorów; acd_s: ACD / ACD
pdd_s: Post-dial delay / Opóźnienie zestawienia; first_reply_s: First reply / Pierwsza odpowiedź
first_reply_p90_s: First reply, 90 % / Pierwsza odpowiedź, 90 %; handle_s: Handling / Obsługa; age_s: Age / Wiek
median_s: Median time / Mediana czasu; length_s: Length / Długość
answer_within_s: Answer within / Odebrać w ciągu; short_abandon_s: Short abandon / Krótkie porzucenie""",
    "ms": "jitter_ms: Jitter / Jitter; delay_ms: Delay / Opóźnienie",
    "percent": "packet_loss: Packet loss / Utrata pakietów",
    "mos": "mos: MOS / MOS; mos_p10: MOS, lowest 10 % / MOS, najgorsze 10 %",
    "bytes": "bytes: Size / Rozmiar",
    "money": """
amount: Amount / Kwota; cost: Cost / Koszt; cost_per_call: Cost per call / Koszt połączenia
cost_per_sale: Cost per sale / Koszt sprzedaży; cost_per_minute: Cost per minute / Koszt minuty
per_contact: Per contact / Na kontakt; per_minute: Per minute / Na minutę
mean_amount: Average amount / Średnia kwota; penalty_amount: Penalty / Kara; bonus_amount: Bonus / Premia
invoice_amount: Invoice / Faktura; price: Price / Cena""",
    "number": """
actual: Actual / Wynik; previous_actual: Before / Poprzednio; target: Target / Cel; weight: Weight / Waga
score: Score / Wynik; max_score: Best possible / Maksimum; value: Value / Wartość; limit_value: Limit / Limit
lowest: Lowest / Najniższy; spread: Spread / Rozrzut; quantity: Quantity / Ilość; headroom: Headroom / Zapas
erlangs: Erlangs / Erlangi; busy_mean: Busy on average / Średnio zajętych; mean: Average / Średnio
offered_per_day: Offered per day / Oferowane dziennie; attempts_per_record: Attempts per record / Prób na rekord
orders_per_100: Orders per 100 / Zamówień na 100""",
}

# The words above are the ones of most reports; these reports mean something else by the name.
_ELSEWHERE: Mapping[tuple[str, str], tuple[Unit, str, str]] = {  # (report, name): unit, words, weight of a mean
    ("quotas", "goal"): ("count", "Goal / Cel", ""),
    ("lost_calls", "reached"): ("flag", "Reached / Dodzwoniono się", ""),
    ("inbound_statistics", "duration_s"): ("s", "Average duration / Średni czas trwania", "inbound"),
    ("funnel", "lost"): ("count", "Lost / Odpadło", ""),
    ("customer_satisfaction", "csat"): ("share", "CSAT / CSAT", "answers"),  # its rows are of one kind each
    ("customer_satisfaction", "nps"): ("share", "NPS / NPS", "answers"),
    ("request_log", "value"): ("money", "Value / Wartość", ""),
}

_PARTS: Mapping[str, Parts] = {
    "service_level": (("answered_in_time",), ("offered", "-abandoned_short")),
    "sl_short": (("answered_in_time",), ("offered", "-abandoned_short")),
    "sl_offered": (("answered_in_time",), ("offered",)),
    "sl_answered": (("answered_in_time",), ("answered",)),
    "sl_positive": (("answered_in_time", "abandoned_in_time"), ("offered",)),
    "sl_ignore": (("answered_in_time",), ("offered", "-abandoned_in_time")),
    "abandon_rate": (("abandoned",), ("offered",)),
    "asr": (("accepted",), ("inbound",)),
    "transfer_rate": (("transferred",), ("handled",)),
    "hold_rate": (("held",), ("handled",)),
    "aht_s": (("talk_s", "hold_s", "wrap_s"), ("handled",)),
    "occupancy": (("waiting_s", "busy_s", "pcp_s"), ("waiting_s", "busy_s", "pcp_s", "ready_s")),
    **{f"{s}_share": ((f"{s}_s",), ("logged_s",)) for s in ("ready", "waiting", "busy", "pcp", "away", "na")},
    "repeat_rate": (("repeats",), ("contacts",)),
    "fcr": (("resolved",), ("first_contacts", "-undecided")),
    "response_rate": (("answers",), ("asked",)),
    "csat": (("satisfied",), ("answers",)),
    "nps": (("promoters", "-detractors"), ("answers",)),
    "goal_rate": (("goals",), ("entered",)),
    "contact_rate": (("persons",), ("attempts",)),
    "conversion": (("sales",), ("persons",)),
    "drop_rate_attempts": (("drops",), ("attempts",)),
    "drop_rate_persons": (("drops",), ("persons",)),
    "penetration": (("tried",), ("records",)),
    "poor_share": (("poor",), ("calls",)),
    "asr_sip": (("answered",), ("seizures",)),
    "acd_s": (("talk_s",), ("answered",)),
    "quality": (("score",), ("max_score",)),
    "done_share": (("done",), ("due",)),
    "collected_share": (("collected",), ("goal",)),
    "adherence": (("adherent_s",), ("planned_s",)),
    "conformance": (("worked_s",), ("planned_s",)),
    "mean_amount": (("amount",), ("orders", "-cancelled")),
    "offered_per_day": (("offered",), ("days",)),
    "mean_s": (("total_s",), ("times",)),
}
_WEIGHTS: Mapping[str, tuple[str, ...]] = {
    "service_level": ("offered",),  # of the formulas whose parts are not in the frame
    "asa_s": ("answered", "answered_in_time", "offered"),
    "awt_s": ("offered", "inbound"),
    "aht_s": ("handled", "answered"),
    "occupancy": ("logged_s", "logged_in"),
    "utilisation": ("planned_s",),
    "talk_mean_s": ("accepted", "answered", "contacts", "tasks", "inbound"),
    "time_to_abandon_s": ("abandoned", "offered"),
    "mean_hold_s": ("held", "handled"),
    "conversion": ("persons", "inbound", "entered"),
    "ner": ("seizures",),
    "pdd_s": ("seizures",),
    "drop_rate_answered": ("", "persons"),  # its denominator is in no frame: never exact
    "attempts_per_record": ("tried",),
    "orders_per_100": ("handled",),
    "first_reply_s": ("replied", "dialogues"),
    "handle_s": ("dialogues",),
    "in_time_rate": ("dialogues",),
    "mos": ("calls",),
    "packet_loss": ("calls",),
    "jitter_ms": ("calls",),
    "delay_ms": ("calls",),
}
_QUANTILES: Mapping[str, tuple[str, ...]] = {  # and bounds of what has no parts: weighted means stand for them
    **{f"wait_p{p}_s": ("answered", "offered") for p in (50, 90, 95)},
    "first_reply_p90_s": ("replied", "dialogues"),
    "median_s": ("entered",),
    "mos_p10": ("calls",),
    **{f"share_{side}": ("answers",) for side in ("low", "high")},
}
_BOUNDS: Mapping[str, tuple[Rollup, str]] = {  # whose parts they are worked out from
    **{f"{name}_low": ("low", name) for name in ("csat", "nps")},
    **{f"{name}_high": ("high", name) for name in ("csat", "nps")},
}
_ROLLUPS: Mapping[Rollup, str] = {
    "max": "busy_peak peak peak_share capacity concurrent_peak logged_in ready max_wait_s longest_s evaluators days "
    "max_attempts goal limit_rate target limit_value answer_within_s short_abandon_s",
    "min": "lowest",
    "time": "busy_mean mean erlangs",
    "last": "rolling_30d_rate",
    "sum": "score max_score quantity",
    "none": "share cumulative_share attainment rating pace listened_share price age_s extra_wait_s time_to_callback_s "
    "cost_per_call cost_per_sale cost_per_minute per_contact per_minute",
}
_FORMULAS = {f: _PARTS[f"sl_{f}"] for f in ("short", "offered", "answered", "positive", "ignore")}
_SUFFIXES: Mapping[str, Unit] = {"_rate": "share", "_share": "share", "_at": "instant", "_s": "s", "_ms": "ms"}


def label(name: str, report: str | None = None, formula: str = "short") -> Label:
    """The label of an output column, as `report` means it where reports differ; KeyError for an undeclared name.

    `formula` is the centre's service-level formula: it says what the parts of `service_level` are.
    """
    if formula not in _FORMULAS:
        raise BadOption(f"There is no service-level formula {formula!r}; there are {', '.join(_FORMULAS)}.")
    found = _OF_REPORT.get((report or "", name)) or _LABELS.get(name) or _OWN.get(name)
    found = found or _SUPPOSED[report or "", name]
    return replace(found, parts=_FORMULAS[formula]) if name == "service_level" else found


def declare(
    name: str, en: str, pl: str | None = None, *, unit: Unit, of: tuple[str, str] | None = None, weight: str = ""
) -> None:
    """Say what a column of a report of one's own is called and counted in; said again, the last word holds.

    A chart over long periods adds counts, seconds and money up; a share or a mean only where `of` names the columns
    that it is worked out from, (numerator, denominator), or `weight` the one that weights it. Raises ValueError where
    the catalogue has a column of this name, or its ending (_s, _rate, ...) means another unit.
    """
    if name in _LABELS:
        raise ValueError(f"The column {name!r} is the catalogue's: {_LABELS[name].en}. Give yours another name.")
    ((_, made),) = _checked([(name, _made("", unit, "- / -"))]).items()
    summed = {"rollup": "mean", "parts": ((of[0],), (of[1],)) if of else None, "weight": (weight,) if weight else ()}
    _OWN[name] = replace(made, en=en, pl=pl or en, **(summed if of or weight else {}))  # type: ignore[arg-type]


def suppose(report: str, name: str, unit: Unit) -> None:
    """Label a column that nobody declared by its name, whose ending says the unit where it is a figure."""
    promised = next((u for suffix, u in _SUFFIXES.items() if name.endswith(suffix) and u != "instant"), unit)
    said = name.replace("_", " ").strip().capitalize() or name
    made = _made("", promised if unit in ("count", "number") else unit, "- / -")
    _SUPPOSED[report, name] = replace(made, en=said, pl=said)


def names() -> tuple[str, ...]:
    """Every declared name, sorted."""
    return tuple(sorted(_LABELS))


def _made(name: str, unit: Unit, words: str) -> Label:
    """The label of one entry of the tables above."""
    en, pl = (text.strip() for text in words.split(" / "))
    d3, excel, rollup = _FORMATS[unit]
    weight = _QUANTILES.get(name) or _WEIGHTS.get(name, ())
    side, bounded = _BOUNDS.get(name, (rollup, name))
    if name in _BOUNDS:
        rollup = side
    elif name in _QUANTILES:
        rollup = "quantile"
    elif weight or name in _PARTS:
        rollup = "mean"
    else:
        rollup = next((r for r, listed in _ROLLUPS.items() if name in listed.split()), rollup)
    return Label(en, pl, unit, d3, excel, rollup, _PARTS.get(bounded), weight)


def _read() -> Iterator[tuple[str, Label]]:
    for unit, words in _WORDS.items():
        for entry in words.replace("\n", ";").split(";"):
            if name := entry.partition(":")[0].strip():
                yield name, _made(name, unit, entry.partition(":")[2])


def _checked(labels: list[tuple[str, Label]]) -> dict[str, Label]:
    """The labels by name; a name said twice or a unit that its suffix contradicts fails at import."""
    for name, found in labels:
        promised = next((u for suffix, u in _SUFFIXES.items() if name.endswith(suffix)), None)
        if promised and found.unit != promised and name != "wait_from_s":  # its bins are places on an axis
            raise ValueError(f"The column {name!r} has the unit {found.unit!r}, its suffix says {promised!r}.")
    known = dict(labels)
    if len(known) < len(labels):
        raise ValueError("A column is declared twice in columns.py.")
    return known


_LABELS: Mapping[str, Label] = _checked(list(_read()))
_OWN: dict[str, Label] = {}  # declared by people
_SUPPOSED: dict[tuple[str, str], Label] = {}  # by report and name: declared by nobody
_OF_REPORT: Mapping[tuple[str, str], Label] = {
    (report, name): replace(made, rollup="mean", weight=(weight,), parts=None) if weight else made
    for (report, name), (unit, words, weight) in _ELSEWHERE.items()
    for made in (_made(name, unit, words),)
}
