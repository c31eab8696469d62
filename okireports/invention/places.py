"""The six invented projects: when they work, what happens in them, and the queues, dialers and forms they have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

# What becomes of a call, as shares of a project's calls. What is missing to 1 is `in`, an answered call of a queue.
INBOUND = {"callback_requested": 0.015, "voicemail": 0.01, "refused": 0.01, "failed": 0.004, "internal": 0.012}
FEW = {kind: share / 4 for kind, share in INBOUND.items()}  # where most calls are the dialer's
DIALLED = ("dial", "dropped", "no_answer", "busy", "machine", "rejected", "dial_failed", "auto")
MANNED = ("in", "dial", "out", "out_no", "callback", "internal")  # an operator's time goes into these
OUTAGE = {"abandoned": 0.4, "refused": 0.06, "flow_out": 0.06, "callback_requested": 0.06, "left": 0.08}
HOLIDAY = {"closed": 1.0}


@dataclass(frozen=True)
class Queue:
    """A queue: its share of the project's queued calls, and its targets."""

    name: str
    share: float = 0.0  # 0: chats and mails only
    within: int = 20
    goal: float = 0.8
    reply_within: int | None = None


@dataclass(frozen=True)
class Project:
    """A project: `week` says how much happens on Monday, Tuesday, ...; `mix` what becomes of its calls."""

    number: int
    name: str
    client: str
    description: str
    share: float  # of all calls
    opens: int
    closes: int
    week: tuple[float, ...]
    talk: int  # median, seconds
    mix: dict[str, float]
    queues: tuple[Queue, ...]
    form: str
    stages: tuple[str, ...]
    results: tuple[str, ...]
    dialogues: tuple[float, float, float]  # chats, mails and SMS for each call
    requests: float  # share of conversations from which a request comes
    dialer: str | None = None
    currency: str = "PLN"
    works_on_holidays: bool = False
    questions: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def scenario(self) -> str:
        """The scenario that welcomes callers."""
        return f"{self.name.split()[0]} welcome"

    @property
    def mixes(self) -> Iterator[tuple[str, str, float, float]]:
        """(mix, kind, from, to): the part of [0, 1) that each kind takes in each mix."""
        outage, holiday = self.mix | OUTAGE, self.mix if self.works_on_holidays else HOLIDAY
        for name, shares in {"normal": self.mix, "outage": outage, "holiday": holiday}.items():
            at = 0.0
            for kind, share in shares.items():
                yield name, kind, at, at + share
                at += share
            if at < 1:
                yield name, "in", at, 1.0


WORKDAYS = (1.15, 1.05, 1.0, 0.98, 0.92, 0.0, 0.0)
PROJECTS = (
    Project(
        1,
        "Acme Shop",
        "Acme Retail",
        "Orders and returns of an online shop",
        0.26,
        8,
        20,
        (1.2, 1.05, 1.0, 1.0, 1.0, 0.55, 0.25),
        240,
        INBOUND
        | {"abandoned": 0.06, "flow_out": 0.01, "closed": 0.03, "left": 0.05, "robot": 0.03}
        | {"out": 0.09, "out_no": 0.03, "callback": 0.03},
        (
            Queue("Acme orders", 0.7),
            Queue("Acme returns", 0.3, 30),
            Queue("Acme chat", reply_within=60),
            Queue("Acme mail", reply_within=4 * 3600),
        ),
        "Acme order card",
        ("New", "Offer", "Payment", "Done", "Lost"),
        ("order", "question answered", "complaint", "no decision"),
        (0.16, 0.06, 0.05),
        0.32,
        questions={"How did you find us?": ("search", "friend", "newsletter", "advertisement")},
    ),
    Project(
        2,
        "Bluebird Internet",
        "Bluebird Networks",
        "Help desk of an internet provider",
        0.24,
        7,
        22,
        (1.1, 1.0, 1.0, 1.0, 1.0, 0.8, 0.7),
        380,
        INBOUND
        | {"abandoned": 0.085, "flow_out": 0.02, "closed": 0.02, "left": 0.07, "robot": 0.08}
        | {"out": 0.05, "out_no": 0.015, "callback": 0.02},
        (
            Queue("Bluebird support", 0.75, 30, 0.75),
            Queue("Bluebird billing", 0.25),
            Queue("Bluebird chat", reply_within=45),
        ),
        "Bluebird ticket",
        ("New", "Diagnosis", "Technician", "Done", "Lost"),
        ("solved", "ticket", "complaint", "dropped line"),
        (0.14, 0.0, 0.04),
        0.35,
        works_on_holidays=True,
        questions={"Was the fault removed?": ("yes", "partly", "no")},
    ),
    Project(
        3,
        "Cedar Clinic",
        "Cedar Health",
        "Registration and reminders of a clinic",
        0.14,
        7,
        18,
        WORKDAYS,
        190,
        INBOUND
        | {"abandoned": 0.07, "flow_out": 0.005, "closed": 0.02, "left": 0.03}
        | {
            "callback": 0.04,
            "out": 0.03,
            "out_no": 0.01,
            "auto": 0.17,
            "no_answer": 0.06,
            "busy": 0.02,
            "machine": 0.02,
        },
        (Queue("Cedar registration", 0.8, 30), Queue("Cedar results", 0.2, 45, 0.7)),
        "Cedar visit",
        ("New", "Date offered", "Confirmed", "Done", "Lost"),
        ("visit booked", "visit moved", "visit cancelled", "question answered"),
        (0.0, 0.0, 0.12),
        0.4,
        dialer="Cedar reminders",
        questions={"Is it a first visit?": ("yes", "no")},
    ),
    Project(
        4,
        "Dune Energy",
        "Dune Power",
        "Sale of energy contracts",
        0.18,
        9,
        19,
        WORKDAYS,
        260,
        FEW
        | {"abandoned": 0.008, "closed": 0.004, "left": 0.005, "dropped": 0.01, "no_answer": 0.27}
        | {"busy": 0.07, "machine": 0.1, "rejected": 0.05, "dial_failed": 0.03, "dial": 0.3}
        | {"out": 0.04, "out_no": 0.02, "callback": 0.004},
        (Queue("Dune information", 1.0, 20, 0.8),),
        "Dune offer",
        ("New", "Offer", "Contract sent", "Done", "Lost"),
        ("contract", "thinks about it", "refusal", "wrong number"),
        (0.0, 0.0, 0.06),
        0.45,
        dialer="Dune offers",
        currency="EUR",
        questions={"Why not?": ("price", "has a contract", "does not decide", "no interest")},
    ),
    Project(
        5,
        "Echo Polls",
        "Echo Research",
        "Opinion polls by telephone",
        0.11,
        10,
        20,
        (1.0, 1.0, 1.0, 1.05, 0.9, 0.5, 0.0),
        430,
        FEW
        | {"abandoned": 0.005, "closed": 0.004, "left": 0.005, "dropped": 0.006, "no_answer": 0.33}
        | {"busy": 0.06, "machine": 0.12, "rejected": 0.08, "dial_failed": 0.02, "dial": 0.25},
        (Queue("Echo hotline", 1.0, 30, 0.7),),
        "Echo questionnaire",
        ("Started", "Half done", "Checked", "Done", "Lost"),
        ("interview", "appointment", "refusal", "wrong person"),
        (0.0, 0.0, 0.02),
        0.85,
        dialer="Echo survey",
        questions={
            "Age": ("18-29", "30-44", "45-59", "60 and older"),
            "Sex": ("woman", "man"),
            "How content are you?": ("1", "2", "3", "4", "5"),
            "Would you vote?": ("yes", "no", "not decided"),
        },
    ),
    Project(
        6,
        "Fern Logistics",
        "Fern Parcels",
        "Parcels and couriers",
        0.07,
        6,
        18,
        (1.2, 1.1, 1.0, 1.0, 1.0, 0.3, 0.0),
        210,
        INBOUND
        | {"abandoned": 0.055, "flow_out": 0.01, "closed": 0.03, "left": 0.06, "robot": 0.06}
        | {"out": 0.08, "out_no": 0.03, "callback": 0.02},
        (Queue("Fern parcels", 0.65), Queue("Fern couriers", 0.35, 15, 0.9), Queue("Fern mail", reply_within=8 * 3600)),
        "Fern claim",
        ("New", "Search", "Decision", "Done", "Lost"),
        ("parcel found", "claim", "address changed", "question answered"),
        (0.0, 0.1, 0.1),
        0.3,
        questions={"Was it damaged?": ("yes", "no")},
    ),
)
MOVING = ("Acme returns", 1, 6)  # the queue, and the projects between which it moves
REMINDER = "Cedar reminder"  # the scenario that reads a message to those whom the clinic's dialer calls
PROVIDERS = ("Telco North", "Telco South", "Budget Voice")  # the last one is bad
SHARED = {
    "schedule": ("Office hours", "Weekend hours"),
    "list": ("Blocked numbers", "VIP numbers"),
    "template": ("Order sent", "Visit reminder", "Survey link"),
    "contact_field": ("Customer number", "Address"),
    "ip_phone": ("Desk phone 101", "Desk phone 102"),
}
