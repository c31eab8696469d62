"""What the parts of the notebook's widgets say, in English and Polish."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from okireports.language import place, separated

EVERY = "part"  # what any part may have to say

WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "part.gone": (
            "The kernel is gone: run the cell again.",
            "Jądro już nie działa: uruchom komórkę ponownie.",
        ),
        "picker.label": ("Projects", "Projekty"),
        "picker.search": ("Search: {label}", "Szukaj: {label}"),
        "picker.hint": ("Search", "Szukaj"),
        "picker.all": ("All", "Wszystkie"),
        "picker.none": ("None", "Żadne"),
        "picker.all_found": ("All that are found", "Wszystkie znalezione"),
        "picker.none_found": ("None that is found", "Żadne ze znalezionych"),
        "picker.count": ("{chosen} of {all}", "{chosen} z {all}"),
        "picker.more": ("{count} more: search", "jeszcze {count}: wyszukaj"),
        "picker.empty": ("There is nothing to choose.", "Nie ma nic do wyboru."),
        "picker.nothing": ("Nothing is found.", "Nic nie znaleziono."),
        "status.busy": ("Working…", "Trwa praca…"),
        "status.done": ("Done.", "Gotowe."),
        "status.failed": ("It failed.", "Nie udało się."),
        "status.stopped": ("Stopped.", "Zatrzymano."),
        "status.elapsed": ("{seconds} s", "{seconds} s"),
        "pager.label": ("Rows", "Wiersze"),
        "pager.search": ("Search: {label}", "Szukaj: {label}"),
        "pager.hint": ("Search", "Szukaj"),
        "pager.size": ("Rows per page", "Wierszy na stronie"),
        "pager.pages": ("Pages: {label}", "Strony: {label}"),
        "pager.first": ("First", "Pierwsza"),
        "pager.previous": ("Previous", "Poprzednia"),
        "pager.next": ("Next", "Następna"),
        "pager.last": ("Last", "Ostatnia"),
        "pager.page": ("Page", "Strona"),
        "pager.of": ("of {count}", "z {count}"),
        "pager.rows": ("Rows {first} to {last} of {all}", "Wiersze od {first} do {last} z {all}"),
        "pager.nothing": ("No rows.", "Brak wierszy."),
        "pager.loading": ("Loading…", "Wczytywanie…"),
        "pager.failed": ("This page could not be read ({error}).", "Nie udało się odczytać tej strony ({error})."),
        "pager.sum": ("Total", "Razem"),
        "pager.open": ("Open", "Otwórz"),
        "pager.open_row": ("Open row {number}", "Otwórz wiersz {number}"),
        "actions.copied": ("Copied.", "Skopiowano."),
        "actions.saved": ("Downloaded: {name}", "Pobrano: {name}"),
        "actions.by_hand": ("Press Ctrl+C to copy it.", "Naciśnij Ctrl+C, aby skopiować."),
        "actions.text": ("Text to copy", "Tekst do skopiowania"),
        "actions.close": ("Close", "Zamknij"),
        "period.label": ("Period", "Okres"),
        "period.today": ("Today", "Dzisiaj"),
        "period.yesterday": ("Yesterday", "Wczoraj"),
        "period.this week": ("This week", "Ten tydzień"),
        "period.last week": ("Last week", "Poprzedni tydzień"),
        "period.last 7 days": ("Last 7 days", "Ostatnie 7 dni"),
        "period.this month": ("This month", "Ten miesiąc"),
        "period.last month": ("Last month", "Poprzedni miesiąc"),
        "period.last 30 days": ("Last 30 days", "Ostatnie 30 dni"),
        "period.this year": ("This year", "Ten rok"),
        "period.last year": ("Last year", "Poprzedni rok"),
        "period.dates": ("From … to …", "Od … do …"),
        "period.first": ("First day", "Pierwszy dzień"),
        "period.last": ("Last day", "Ostatni dzień"),
        "period.backwards": ("The last day is before the first.", "Ostatni dzień jest przed pierwszym."),
        "period.months": (
            "January February March April May June July August September October November December",
            "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
        ),
        "reports.every": ("All sections", "Wszystkie działy"),
        "reports.section": ("Section", "Dział"),
        "reports.search": ("Search reports", "Szukaj raportu"),
        "reports.label": ("Report", "Raport"),
        "option.by": ("Interval", "Przedział"),
        "option.per": ("For each", "Dla każdego"),
        "option.recognised_text": ("Recognised text", "Rozpoznany tekst"),
        "option.reads": ("Reads too", "Także odczyty"),
        "value.None": ("none", "brak"),
        "value.15min": ("15 minutes", "15 minut"),
        "value.30min": ("30 minutes", "30 minut"),
        "value.hour": ("hour", "godzina"),
        "value.day": ("day", "dzień"),
        "value.week": ("week", "tydzień"),
        "value.month": ("month", "miesiąc"),
        "value.project": ("project", "projekt"),
        "value.line": ("line", "linia"),
        "value.provider": ("provider", "operator SIP"),
        "value.queue": ("queue", "kolejka"),
        "value.operator": ("operator", "operator"),
        "value.channel": ("channel", "kanał"),
        "filter.queues": ("Queues", "Kolejki"),
        "filter.dialers": ("Dialers", "Dialery"),
        "filter.operators": ("Operators", "Operatorzy"),
        "filter.groups": ("Groups", "Grupy"),
        "filter.lines": ("Lines", "Linie"),
        "filter.providers": ("Providers", "Operatorzy SIP"),
        "views.table": ("Table", "Tabela"),
        "views.chart": ("Chart", "Wykres"),
        "views.definitions": ("Definitions", "Definicje"),
        "views.sql": ("SQL", "SQL"),
        "views.format": ("Format", "Format"),
        "views.download": ("Download", "Pobierz"),
        "views.copy": ("Copy as code", "Kopiuj jako kod"),
        "views.copy_hint": ("Copy the Python call that gives this", "Kopiuj wywołanie w Pythonie, które to daje"),
        "views.held": ("What held in this period", "Co obowiązywało w tym okresie"),
        "views.of": ("Of the projects", "Z projektów"),
        "looking.error": ("It failed ({error}).", "Nie udało się ({error})."),
        "contacts.title": ("Contacts of: {row}", "Kontakty: {row}"),
        "contacts.close": ("Close the contacts", "Zamknij kontakty"),
        "explorer.title": ("Reports for {viewer}", "Raporty: {viewer}"),
        "looking.refresh": ("Refresh", "Odśwież"),
        "looking.refresh_hint": ("Look again at what is there now", "Sprawdź ponownie, co jest teraz dostępne"),
        "explorer.choose": (
            "Choose a project, a period and a report.",
            "Wybierz projekt, okres i raport.",
        ),
        "looking.nothing": (
            "There is no project in which you may run a report. Ask an administrator to add you to one.",
            "Nie ma projektu, w którym możesz uruchomić raport. Poproś administratora o dodanie do projektu.",
        ),
        "explorer.rows": ("Rows: {count}", "Wierszy: {count}"),
        "looking.newer": (
            "There is newer data: refresh to see it.",
            "Są nowsze dane: odśwież, aby je zobaczyć.",
        ),
        "dashboard.title": ("Dashboard for {viewer}", "Pulpit: {viewer}"),
        "dashboard.choose": ("Choose a project and a period.", "Wybierz projekt i okres."),
        "dashboard.nothing": ("You may run none of these reports.", "Nie możesz uruchomić żadnego z tych raportów."),
        "dashboard.done": ("Reports: {count}", "Raportów: {count}"),
        "dashboard.rows": ("Rows: {report}", "Wiersze: {report}"),
        "dashboard.chart": ("Chart: {report}", "Wykres: {report}"),
        "static.run": (
            "Run this cell in Jupyter to choose projects, a period and reports.",
            "Uruchom tę komórkę w Jupyterze, żeby wybrać projekty, okres i raporty.",
        ),
    }
)


def say(language: str, key: str, *, missing: str | None = None, **values: object) -> str:
    """A sentence in a language, with values put into it; `missing` is what stands where there is none."""
    if missing is not None and key not in WORDS:
        return missing
    return WORDS[key][place(language)].format(**values)


def number(language: str, count: int) -> str:
    """A whole number with its thousands apart."""
    return separated(f"{count:,}", language)


def words(language: str, part: str) -> dict[str, str]:
    """All that a part says, for the page, which puts the values in."""
    at = place(language)
    keys = (key.split(".") for key in WORDS)
    return {name: WORDS[f"{of}.{name}"][at] for of, name in keys if of in (part, EVERY)}
