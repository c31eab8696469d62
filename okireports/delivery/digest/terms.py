"""What the figures of a digest mean, for those who read no code: one sentence for each, in English and Polish."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from okireports.columns import label
from okireports.language import place
from okireports.report import find, titled

# (report, figure): English, Polish. Where "" stands for the report, it means the same in all of them.
TERMS: dict[tuple[str, str], tuple[str, str]] = {
    ("", "offered"): (
        "contacts that stood in a queue for people; those that a robot answered, or that were turned away before the "
        "queue, are not among them",
        "kontakty, które czekały w kolejce na człowieka; bez obsłużonych przez robota i odrzuconych przed kolejką",
    ),
    ("", "answered"): ("offered contacts that an operator answered", "oferowane kontakty, które odebrał operator"),
    ("", "lost"): (
        "offered contacts in which the customer gave up waiting, asked to be called back, or left a message",
        "oferowane kontakty, w których klient zrezygnował z czekania, poprosił o oddzwonienie lub nagrał wiadomość",
    ),
    ("", "abandoned"): (
        "offered contacts in which the customer gave up waiting",
        "oferowane kontakty, w których klient zrezygnował z czekania",
    ),
    ("", "callback_requested"): (
        "offered contacts in which the customer asked to be called back",
        "oferowane kontakty, w których klient poprosił o oddzwonienie",
    ),
    ("", "voicemail"): (
        "offered contacts in which the customer left a message",
        "oferowane kontakty, w których klient nagrał wiadomość",
    ),
    ("", "abandon_rate"): ("abandoned / offered", "porzucone / oferowane"),
    ("", "asa_s"): ("mean wait of answered contacts", "średnie oczekiwanie odebranych kontaktów"),
    ("", "max_wait_s"): ("of offered contacts", "spośród oferowanych kontaktów"),
    ("", "aht_s"): (
        "mean time of talk, hold and wrap-up of the contacts that operators handled",
        "średni czas rozmowy, zawieszenia i pracy po rozmowie w kontaktach obsłużonych przez operatorów",
    ),
    ("", "occupancy"): (
        "time with customers (Waiting, Busy, PCP) as a share of that and of the time in Ready",
        "czas z klientem (Waiting, Busy, PCP) w stosunku do tego czasu i czasu gotowości (Ready) razem",
    ),
    ("", "inbound"): (
        "customers' calls, each with all its transfers as one",
        "połączenia klientów, każde razem z przekazaniami jako jedno",
    ),
    ("", "accepted"): (
        "those of them that an operator or a robot answered",
        "te z nich, które odebrał operator lub robot",
    ),
    ("", "offered_per_day"): (
        "offered contacts of the hour, divided by the days of the period that have it",
        "oferowane kontakty danej godziny podzielone przez liczbę dni okresu, które ją mają",
    ),
    ("", "cumulative_share"): (
        "of the offered contacts that ended so, how many had waited less",
        "jaka część oferowanych kontaktów z takim zakończeniem czekała krócej",
    ),
    ("", "contacts"): ("contacts of every direction", "kontakty we wszystkich kierunkach"),
    ("", "attempts"): ("calls that a dialer made", "połączenia wykonane przez dialer"),
    ("", "persons"): (
        "attempts at which a person picked up, whether connected or dropped",
        "próby, w których odebrał człowiek, połączony albo porzucony",
    ),
    ("", "machines"): ("attempts that a machine answered", "próby, w których odebrał automat"),
    ("", "contact_rate"): ("persons reached / attempts", "dodzwonienia / próby"),
    ("dialer_summary", "sales"): ("attempts whose result is a sale", "próby zakończone sprzedażą"),
    ("dialer_summary", "conversion"): ("sales / persons reached", "sprzedaże / dodzwonienia"),
    ("", "drops"): (
        "attempts at which a person picked up and no operator was free",
        "próby, w których odebrał człowiek, a żaden operator nie był wolny",
    ),
    ("", "drop_rate_persons"): ("drops / persons reached", "porzucone przez dialer / dodzwonienia"),
    ("", "dialogues"): (
        "chats and mail threads by their start; in the table and the chart SMS, too",
        "czaty i wątki pocztowe według początku; w tabeli i na wykresie także SMS",
    ),
    ("", "replied"): ("dialogues with a first reply", "dialogi z pierwszą odpowiedzią"),
    ("", "in_time_rate"): (
        "first replies within the promised time / dialogues that have one",
        "pierwsze odpowiedzi w obiecanym czasie / dialogi, które taki czas mają",
    ),
    ("", "first_reply_s"): (
        "mean time from the start to the first reply",
        "średni czas od początku do pierwszej odpowiedzi",
    ),
    ("", "first_reply_p90_s"): (
        "nine of ten dialogues with a reply waited no longer for it",
        "dziewięć na dziesięć dialogów z odpowiedzią nie czekało na nią dłużej",
    ),
    ("", "handle_s"): (
        "mean time from the first reply to the close",
        "średni czas od pierwszej odpowiedzi do zamknięcia",
    ),
    ("", "concurrent_peak"): (
        "dialogues that were in progress at one instant",
        "dialogi prowadzone w jednej chwili",
    ),
    ("", "messages"): ("SMS that were sent", "wysłane SMS-y"),
    ("sms_delivery", "share"): ("of the template's SMS", "w stosunku do SMS-ów z danego szablonu"),
    ("sms_delivery", "amount"): (
        "SMS at the mean price of one in the period",
        "liczba SMS-ów razy średnia cena jednego w okresie",
    ),
    ("", "asked"): ("ratings that were asked for", "liczba próśb o ocenę"),
    ("", "answers"): ("ratings that were given", "liczba udzielonych ocen"),
    ("", "response_rate"): ("answers / asked", "odpowiedzi / zapytani"),
    ("", "csat"): (
        "share of 4 and 5 among ratings from 1 to 5",
        "udział ocen 4 i 5 wśród ocen od 1 do 5",
    ),
    ("", "nps"): (
        "share of 9 and 10, less that of 0 to 6, among ratings from 0 to 10",
        "udział ocen 9 i 10 pomniejszony o udział ocen od 0 do 6, wśród ocen od 0 do 10",
    ),
    ("", "handled"): (
        "contacts that operators answered, in both directions",
        "kontakty odebrane przez operatorów, w obu kierunkach",
    ),
    ("", "logged_s"): ("time in any status but Offline", "czas w każdym statusie poza Offline"),
    ("", "ready_share"): ("share of the time logged in", "udział w czasie zalogowania"),
    ("", "away_share"): ("share of the time logged in", "udział w czasie zalogowania"),
    ("", "na_share"): (
        "share of the time logged in that went to contacts of other projects",
        "udział w czasie zalogowania zajęty kontaktami innych projektów",
    ),
    ("", "orders"): ("orders that were taken, cancelled ones too", "przyjęte zamówienia, także anulowane"),
    ("", "cancelled"): ("orders that were cancelled", "anulowane zamówienia"),
    ("orders", "amount"): ("of orders that were not cancelled", "wartość zamówień, których nie anulowano"),
    ("", "mean_amount"): ("amount / orders that were not cancelled", "kwota / zamówienia, których nie anulowano"),
    ("", "orders_per_100"): ("orders to 100 handled contacts", "zamówienia na 100 obsłużonych kontaktów"),
}  # fmt: skip
LEVELS = {  # the service level, by the centre's formula
    "short": (
        "answered in time / (offered - abandoned at once)",
        "odebrane w czasie / (oferowane - porzucone od razu)",
    ),
    "offered": ("answered in time / offered", "odebrane w czasie / oferowane"),
    "answered": ("answered in time / answered", "odebrane w czasie / odebrane"),
    "positive": (
        "(answered in time + abandoned in time) / offered",
        "(odebrane w czasie + porzucone w czasie) / oferowane",
    ),
    "ignore": (
        "answered in time / (offered - abandoned in time)",
        "odebrane w czasie / (oferowane - porzucone w czasie)",
    ),
}


def told(shown: Iterable[tuple[str, str]], formula: str, language: str) -> tuple[tuple[str, str], ...]:
    """What figures are called and mean, each once; `shown` are pairs of a report and a figure of it.

    Where two are called the same, the report's title tells them apart.
    """
    said: dict[tuple[str, str], str] = {}  # word, meaning: title of the report
    for report, name in shown:
        text = LEVELS[formula] if name == "service_level" else TERMS.get((report, name)) or TERMS.get(("", name))
        if text is not None:
            said.setdefault(
                (label(name, report).words(language), text[place(language)]), titled(find(report), language)
            )
    often = Counter(word for word, _ in said)
    return tuple((f"{word} ({title})" if often[word] > 1 else word, text) for (word, text), title in said.items())
