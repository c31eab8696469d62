"""The definitions of an invented centre: projects, people, objects, who owns and belongs when, targets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from random import Random

from projection import Definitions, Row, Tables
from world_rules import rules

ZONE = "Europe/Warsaw"
MS = timedelta(milliseconds=1)
NOBODY = "0"


def _utc(*parts: int) -> datetime:
    return datetime(parts[0], parts[1], parts[2], parts[3], tzinfo=UTC)


# Local midnight to local midnight, two days; the third instant is the change of the clock, or just noon.
SCENES = {
    "autumn": (_utc(2025, 10, 24, 22), _utc(2025, 10, 26, 23), _utc(2025, 10, 26, 1)),
    "spring": (_utc(2025, 3, 28, 23), _utc(2025, 3, 30, 22), _utc(2025, 3, 30, 1)),
    "summer": (_utc(2025, 6, 1, 22), _utc(2025, 6, 3, 22), _utc(2025, 6, 2, 10)),
}


@dataclass(frozen=True)
class Shape:
    """How large a world is, and the seed of the rest."""

    seed: int
    scene: str
    projects: int
    calls: int
    chains: int
    blocks: int
    extras: int


class Centre:
    """One centre's definitions and its interesting instants."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.start, self.end, self.change = SCENES[shape.scene]
        self.now = self.end + timedelta(days=10)
        rng = self.rng("centre")
        self.letters = "ABCD"[: shape.projects]
        self.giver, self.taker = rng.sample(self.letters, 2)
        self.third = rng.choice([x for x in self.letters if x not in (self.giver, self.taker)])
        self.move = rng.choice((self.change, self.change - timedelta(hours=1), self.start + timedelta(hours=12)))
        self.middle = self.start + timedelta(hours=rng.choice((18, 25, 30)))
        both = "".join(sorted(self.giver + self.taker))
        self.moving = f"Desk CANARY-{both}-q9"
        self.loose = "Loose CANARY-0-q8"
        self.seasonal = f"Seasonal CANARY-{self.third}-q7"
        everyone = self.letters
        self.operators = {
            f"operator-CANARY-{both}-o1": [(self.giver, None, None), (self.taker, None, None)],
            f"one-CANARY-{self.giver}-o2": [(self.giver, None, None)],
            f"moved-CANARY-{''.join(sorted(self.taker + self.third))}-o3": [
                (self.taker, None, self.middle),
                (self.third, self.middle, None),
            ],
            "none-CANARY-0-o4": [],
            f"all-CANARY-{everyone}-o5": [(x, None, None) for x in everyone],
            f"briefly-CANARY-{self.third}-o6": [(self.third, self.start + timedelta(hours=9), self.middle)],
        }
        self.asking_operator = next(iter(self.operators))

    def rng(self, what: str) -> Random:
        """Chance for one thing; it does not depend on the chance of other things."""
        return Random(f"{self.shape.seed} {what}")

    def name(self, letter: str) -> str:
        """A project's name."""
        return f"Project {letter} CANARY-{letter}-p"

    @cached_property
    def known(self) -> Definitions:
        """Who owned what and when."""
        return Definitions(self.definitions())

    def owned(self, kind: str, letter: str, *instants: datetime) -> list[str]:
        """Objects of a kind that a project owns at each of the instants; of nobody for the letter 0."""
        names = [r["name"] for r in self.objects if r["kind"] == kind]
        wanted = None if letter == NOBODY else self.name(letter)
        return [n for n in names if all(self.known.owner(kind, n, at) == wanted for at in instants)]

    def moment(self, rng: Random) -> datetime:
        """An instant in or near the period, often one on which something turns."""
        special = [self.start, self.start - MS, self.end, self.end - MS, self.move, self.move - MS, self.move + MS]
        special += [self.change + timedelta(minutes=m) for m in (-30, 0, 30)] + [self.change - MS, self.middle]
        hours = int((self.end - self.start) / timedelta(hours=1))
        half_hour = self.start + timedelta(minutes=30 * rng.randrange(2 * hours))
        anywhere = self.start + timedelta(milliseconds=rng.randrange(hours * 3_600_000))
        outside = rng.choice((self.start - timedelta(days=3, hours=2), self.end + timedelta(hours=5, seconds=1)))
        near = self.move + timedelta(seconds=rng.randint(-90, 90))
        return rng.choice([rng.choice(special), half_hour, anywhere, anywhere, near, outside])

    def definitions(self) -> Tables:
        """The tables that are loaded first."""
        return {
            "projects": [
                {
                    "name": self.name(x),
                    "description": f"about CANARY-{x}-d",
                    "client": f"Client CANARY-{x}-k",
                    "created_at": self.start - timedelta(days=400),
                }
                for x in self.letters
            ],
            "users": self._users,
            "memberships": self._memberships,
            "objects": self.objects,
            "project_objects": self._ownership,
            "targets": self._targets,
            "results": self._results,
            **rules(self),
        }

    @property
    def _asking(self) -> dict[str, tuple[str, list[tuple[str, datetime | None, datetime | None]]]]:
        single, other, third = self.giver, self.taker, self.third
        pair = (single, third) if self.shape.seed % 2 else (single, other)
        left = self.end - timedelta(hours=3)
        return {
            f"single-CANARY-{single}-v1": ("Supervisor", [(single, None, None)]),
            f"other-CANARY-{other}-v2": ("Supervisor", [(other, None, left), (other, left, None)]),
            f"pair-CANARY-{''.join(pair)}-v3": ("Supervisor", [(x, None, None) for x in pair]),
            f"client-CANARY-{third}-v4": ("Client", [(third, None, None)]),
            "stranger-CANARY-0-v5": ("Supervisor", []),
            f"former-CANARY-{single}-v6": ("Supervisor", [(single, None, left)]),
            "admin-see-all": ("Admin", []),
        }

    @property
    def _users(self) -> list[Row]:
        people = dict.fromkeys(self.operators, "Operator") | {x: role for x, (role, _) in self._asking.items()}
        groups = {self.asking_operator: "Morning;Late"}
        return [
            {
                "login": login,
                "name": f"Name of {login}",
                "email": f"{login.lower()}@example.com",
                "role": role,
                "active": True,
                "groups": groups.get(login),
            }
            for login, role in people.items()
        ]

    @property
    def _memberships(self) -> list[Row]:
        stays = [(x, stay) for x, stays in self.operators.items() for stay in stays]
        stays += [(x, stay) for x, (_, stays) in self._asking.items() for stay in stays]
        return [
            {"login": x, "project": self.name(letter), "valid_from": since, "valid_to": until}
            for x, (letter, since, until) in stays
        ]

    @cached_property
    def objects(self) -> list[Row]:
        names = [("queue", self.moving), ("queue", self.loose), ("queue", self.seasonal)]
        for x in self.letters:
            names += [("queue", f"Sales CANARY-{x}-q1"), ("scenario", f"Menu CANARY-{x}-s1")]
            names += [("crm_form", f"Script CANARY-{x}-f1"), ("dialer", f"Dialer CANARY-{x}-n1")]
        names += [("queue", f"Care CANARY-{self.letters[0]}-q2"), ("dialer", "Loose CANARY-0-n2")]
        names += [("line", f"line CANARY-{x}-l0") for x in self.letters]
        names += [("sip_provider", "Carrier CANARY-AB-y1"), ("sip_provider", f"Carrier CANARY-{self.third}-y2")]
        return [{"kind": k, "name": n, "source_id": None, "attributes": '{"capacity": 30}'} for k, n in names]

    @cached_property
    def _ownership(self) -> list[Row]:
        free = (self.moving, self.loose, self.seasonal)
        owned: list[tuple[str, str, str, datetime | None, datetime | None]] = [
            ("queue", self.moving, self.giver, None, self.move),
            ("queue", self.moving, self.taker, self.move, None),
            ("queue", self.seasonal, self.third, None, self.middle),
        ]
        for row in self.objects:
            letters = row["name"].split("CANARY-")[1].split("-")[0]
            if row["name"] not in free and letters != NOBODY:
                owned += [(row["kind"], row["name"], x, None, None) for x in letters]
        return [
            {"kind": k, "name": n, "project": self.name(x), "valid_from": since, "valid_to": until}
            for k, n, x, since, until in owned
        ]

    @property
    def _results(self) -> list[Row]:
        """What is a sale: said with yes and no, with yes alone, or of no result."""
        words = {f"sale CANARY-{x}-r1": True for x in self.letters} | {
            f"refusal CANARY-{x}-r2": False for x in self.letters
        }
        said = [(result.split("-")[1], result, sale) for result, sale in words.items()]
        return [
            {"project": self.name(letter), "result": result, "person": True, "sale": sale, "final": True}
            for letter, result, sale in said
            if (self.letters.index(letter) + self.shape.seed) % 3 != 2 and (sale or self.shape.seed % 2)
        ]

    @property
    def _targets(self) -> list[Row]:
        """Of each queue in turn: one target; one that changes; none; one that begins late; one without the rest."""
        rows: list[Row] = []
        for i, queue in enumerate(r["name"] for r in self.objects if r["kind"] == "queue"):
            plain = {"queue": queue, "answer_within_s": 20, "short_abandon_s": 5, "goal": 0.8, "valid_from": None}
            plain |= {"reply_within_s": 20}
            later = {
                "queue": queue,
                "answer_within_s": 30,
                "short_abandon_s": 10,
                "goal": 0.9,
                "valid_from": self.middle,
            }
            bare = {"queue": queue, "answer_within_s": 20, "short_abandon_s": None, "goal": None, "valid_from": None}
            rows += ([plain, later], [later], [], [plain], [bare])[(i + self.shape.seed) % 5]
        return rows
