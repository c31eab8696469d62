"""The facts of an invented centre, but for statuses and shifts: a few rows of every table, calls above all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from projection import Row, Tables
from world_centre import NOBODY, Centre
from world_rules import plan_of, questions_of, stages_of

Add = Callable[[str, str, Row], None]
Mark = Callable[[str], str]

WAITS = (0, 0.25, 4.999, 5, 5.001, 9.999, 12.345, 19.999, 20, 20.001, 30, 30.001, 75.5)
TALKS = (0, 0.001, 17.5, 60, 125.25, 1800)
CHAINS = (
    "giver taker",
    "giver taker giver",
    "giver giver",
    "giver 0 third",
    "taker third giver",
    "third taker",
    "0 giver",
)


def seconds(value: float) -> timedelta:
    """A length of time, to the millisecond."""
    return timedelta(milliseconds=round(value * 1000))


def facts(centre: Centre) -> Tables:
    """All facts but statuses and shifts."""
    tables: Tables = {"tasks": [_task(centre, i, x) for i, x in enumerate((*centre.letters, NOBODY, *centre.letters))]}
    calls = [_loose(centre, i) for i in range(centre.shape.calls)]
    for i in range(centre.shape.chains):
        calls += _chain(centre, i)
    centre.rng("order of calls").shuffle(calls)
    tables["calls"] = calls
    homes, used = _homes(centre, tables), set[str]()
    for i in range(centre.shape.extras):
        letter = (centre.letters + NOBODY)[i % (len(centre.letters) + 1)]
        # Each call once: its rings and steps have no id but the call's.
        free = [c for c in calls if homes[c["source_id"]] == letter and c["source_id"] not in used]
        call = centre.rng(f"call of extra {i}").choice(free) if free else None
        used |= {call["source_id"]} if call else set()
        _extras(centre, tables, f"x{i}", letter, call)
    return tables


def _homes(centre: Centre, tables: Tables) -> dict[str, str]:
    """Each call's project as a letter."""
    centre.known.facts["tasks"] = {r["source_id"]: r for r in tables["tasks"]}
    centre.known.facts["calls"] = {r["source_id"]: r for r in tables["calls"]}
    letters = {centre.name(x): x for x in centre.letters}
    homes = {r["source_id"]: centre.known.project_of("calls", r) for r in tables["calls"]}
    return {call: letters[home] if home else NOBODY for call, home in homes.items()}


# Calls


def _loose(centre: Centre, i: int) -> Row:
    rng = centre.rng(f"call {i}")
    letter = rng.choice((*centre.letters, centre.giver, centre.taker, NOBODY))
    kind = rng.choice((_queued, _queued, _queued, _queued, _dialled, _dialled, _direct, _direct, _before_queue))
    return kind(centre, rng, f"c{i}", letter, centre.moment(rng))


def _chain(centre: Centre, i: int) -> list[Row]:
    """An interaction of several contacts; some say where they were transferred to, one may name a later contact."""
    rng = centre.rng(f"chain {i}")
    parts = {"giver": centre.giver, "taker": centre.taker, "third": centre.third, NOBODY: NOBODY}
    letters = [parts[word] for word in rng.choice(CHAINS).split()]
    at, rows = centre.moment(rng), []
    for n, letter in enumerate(letters):
        row = _queued(centre, rng, f"h{i}n{n}", letter, at)
        rows.append(row)
        at = max(row["ended_at"] + seconds(rng.choice((-1, 0, 0.5, 3))), at + seconds(0.001))
    interaction = rng.choice((rows[0]["source_id"], f"CANARY-{NOBODY}-i{i}"))
    for row in rows:
        row["interaction"] = interaction
    for n, row in enumerate(rows[:-1]):
        later = rows[rng.randrange(n + 1, len(rows))]
        row["transfer_to"] = rng.choice((None, rows[n + 1]["source_id"], later["source_id"]))
    return rows


def _place(centre: Centre, rng: Random, letter: str, at: datetime) -> Row:
    """What makes a call belong to a project: its queue, or a queue that its explicit project overrules."""
    queues = centre.owned("queue", letter, at)
    chosen: Row = {"queue": rng.choice(queues)} if queues else {}
    if letter == NOBODY:
        return rng.choice(({}, chosen, {"queue": centre.loose}))
    explicit = {"project": centre.name(letter)}
    overruled = centre.moving if letter in (centre.giver, centre.taker) else centre.loose
    return rng.choice((chosen, chosen, chosen, explicit, explicit | {"queue": overruled}))


def _call(centre: Centre, rng: Random, key: str, letter: str, at: datetime) -> Row:
    """What every call has; the rest comes with its kind."""
    ours = f"+4822000{'ABCD'.find(letter) + 1:02}{rng.randrange(2):02}"
    phone = rng.choice((ours, ours, "+48220009001", "+48220009002", None))
    row: Row = {
        "source_id": f"CANARY-{letter}-{key}",
        "direction": "inbound",
        "started_at": at,
        "ended_at": at,
        "outcome": "other",
        "operator": rng.choice(list(centre.operators)),
        "provider": rng.choice(("Carrier CANARY-AB-y1", None)) if letter in "AB" else None,
        "line": f"line CANARY-{letter}-l{rng.randrange(2)}",
        "result": rng.choice((None, f"sale CANARY-{letter}-r1", f"refusal CANARY-{letter}-r2")),
        "sip_code": rng.choice((None, 200, 486)),
        "mos": rng.choice((None, Decimal("4.12"), Decimal("3.1"))),
        "ended_by": rng.choice(("customer", "operator", "system", None)),
    }
    if phone:
        row |= caller(letter, phone)
    if rng.random() < 0.4:
        row |= {"cost": Decimal(rng.choice(("0.125", "1", "0.333333"))), "currency": rng.choice(("PLN", "EUR"))}
    if rng.random() < 0.4:
        row |= {
            "recording": f"https://recordings.example.com/CANARY-{letter}-w{key}.wav",
            "recording_bytes": 4000 + len(key),
        }
    return row


def caller(letter: str, phone: str) -> Row:
    """A person as one project knows them: the same phone has another name in another project."""
    tail = f"{letter}-b{phone[-4:]}"
    return {"phone": phone, "contact_name": f"Caller CANARY-{tail}", "email": f"CANARY-{tail}@example.com"}


def _queued(centre: Centre, rng: Random, key: str, letter: str, at: datetime) -> Row:
    row = _call(centre, rng, key, letter, at) | _place(centre, rng, letter, at)
    row["queued_at"] = at + seconds(rng.choice((0, 0, 0.5, 8)))
    words = ["answered"] * 6 + ["abandoned"] * 3 + ["callback_requested", "voicemail", "flow_out", "failed"]
    row["outcome"] = outcome = rng.choice([*words, "refused", "closed", "teleported"])
    reached = row["queued_at"] + seconds(rng.choice(WAITS))
    row["ended_at"] = reached
    if outcome in ("refused", "closed"):
        row |= {"queued_at": None, "ended_at": at, "operator": None}
    elif outcome == "answered":
        _talk(rng, row, reached)
        if rng.random() < 0.12:
            row |= {"by_robot": True, "operator": None}
    elif rng.random() < 0.8:
        row["operator"] = None
    if outcome == "abandoned" and rng.random() < 0.2:
        row["wait_s"] = 5
    return row


def _talk(rng: Random, row: Row, answered: datetime) -> None:
    talk, hold = seconds(rng.choice(TALKS)), rng.choice((None, 0, 0.25, 40))
    row |= {"answered_at": answered, "ended_at": answered + talk + seconds(hold or 0), "hold_s": hold}
    row |= {"wrap_s": rng.choice((None, 0, 12.5, 25)), "ring_s": rng.choice((None, 0.75, 6))}


def _dialled(centre: Centre, rng: Random, key: str, letter: str, at: datetime) -> Row:
    row = _call(centre, rng, key, letter, at) | {"direction": "outbound", "attempt_no": rng.randint(1, 3)}
    row["task"] = _task_id(letter, rng.choice(_task_numbers(centre, letter)))
    # Without a dialer of its own it takes the project of its task.
    if rng.random() < 0.7:
        row["dialer"] = rng.choice(centre.owned("dialer", letter, at))
    row["outcome"] = rng.choice(
        ("answered", "answered", "busy", "no_answer", "machine", "dropped", "rejected", "failed")
    )
    picked = at + seconds(rng.choice((2, 4.5)))
    row |= {"post_dial_s": rng.choice((None, 1.25)), "ended_at": picked}
    if row["outcome"] in ("answered", "dropped"):
        row["picked_up_at"] = picked
    if row["outcome"] == "answered":
        _talk(rng, row, picked + seconds(rng.choice((0, 1.5))))
        row["by_robot"] = rng.choice((None, False))
    else:
        row["operator"] = None
    return row | _message(centre, key)


def _message(centre: Centre, key: str) -> Row:
    """What was played: nothing, a part, all, or more than all of a message whose length is not always known."""
    rng = centre.rng(f"message {key}")
    if rng.random() < 0.4:
        return {}
    return {"played_s": rng.choice((0, 3.5, 12, 14)), "message_s": rng.choice((None, 0, 12, 12))}


def _direct(centre: Centre, rng: Random, key: str, letter: str, at: datetime) -> Row:
    """A call of no queue or dialer: by its form, its explicit project, or of no project."""
    row = _call(centre, rng, key, letter, at) | {"direction": rng.choice(("internal", "outbound", "inbound"))}
    if letter != NOBODY:
        form = {"form": rng.choice(centre.owned("crm_form", letter, at))}
        row |= rng.choice(({"project": centre.name(letter)}, form))
    row["outcome"] = rng.choice(("answered", "answered", "no_answer"))
    if row["outcome"] == "answered":
        _talk(rng, row, at + seconds(3))
    return row


def _before_queue(centre: Centre, rng: Random, key: str, letter: str, at: datetime) -> Row:
    """Hung up in the scenario, before any queue."""
    row = _call(centre, rng, key, letter, at) | {"operator": None, "outcome": "left_in_scenario"}
    if letter != NOBODY:
        row["scenario"] = rng.choice(centre.owned("scenario", letter, at))
    row["ended_at"] = at + seconds(rng.choice((0, 7)))
    return row


# Tasks


def _task_numbers(centre: Centre, letter: str) -> list[int]:
    order = (*centre.letters, NOBODY, *centre.letters)
    return [i for i, x in enumerate(order) if x == letter]


def _task_id(letter: str, i: int) -> str:
    return f"CANARY-{letter}-t{i}"


def _task(centre: Centre, i: int, letter: str) -> Row:
    rng = centre.rng(f"task {i}")
    at = centre.start + timedelta(hours=rng.randrange(-30, 30))
    return {
        "source_id": _task_id(letter, i),
        "dialer": rng.choice(centre.owned("dialer", letter, at)),
        "import": f"import CANARY-{letter}-m1",
        "created_at": at,
        "closed_at": rng.choice((None, at + timedelta(hours=2))),
        "state": rng.choice(("open", "done", "exhausted")),
        "priority": 1,
        "attempts": rng.randrange(3),
        "max_attempts": 3,
        "next_attempt_at": rng.choice((None, at + timedelta(hours=1))),
        "region": f"region CANARY-{letter}-g1",
        "result": rng.choice((None, f"result CANARY-{letter}-r3")),
    } | (caller(letter, f"+4822000{i:02}77") | _way_of(centre, i, letter))


def _way_of(centre: Centre, i: int, letter: str) -> Row:
    """How far a task has come: attempts that the source does not count, too many of them, a sale."""
    rng = centre.rng(f"way of task {i}")
    way: Row = {"attempts": rng.choice((None, 0, 1, 3, 4)), "max_attempts": rng.choice((None, 3, 3))}
    return way | ({"result": f"sale CANARY-{letter}-r1"} if rng.random() < 0.4 else {})


# The other tables


def _extras(centre: Centre, tables: Tables, key: str, letter: str, call: Row | None) -> None:
    """A row or two of every other table for one project (or none)."""
    rng = centre.rng(f"extra {key}")
    own = {"operator": rng.choice(list(centre.operators))}

    def mark(code: str) -> str:
        return f"CANARY-{letter}-{code}{key}"

    def add(table: str, code: str, row: Row) -> None:
        tables.setdefault(table, []).append({"source_id": mark(code), **row} if code else row)

    at = centre.start + timedelta(milliseconds=rng.randrange(40 * 3_600_000))
    home = {} if letter == NOBODY else {"project": centre.name(letter)}
    if call:
        at = call["ended_at"] + seconds(rng.choice((0, 30)))
        _of_call(centre, rng, add, mark, letter, call)
    dialogue = _place(centre, rng, letter, at) | own | caller(letter, f"+48220008{rng.randrange(3)}00")
    dialogue |= {"channel": rng.choice(("chat", "mail", "sms")), "direction": rng.choice(("inbound", "outbound"))}
    dialogue |= {"template": f"template {mark('a')}", "subject": f"subject {mark('j')}", "started_at": at}
    dialogue |= {"first_reply_at": at + seconds(31.5), "closed_at": rng.choice((None, at + timedelta(minutes=9)))}
    dialogue |= {
        "messages_in": 2,
        "messages_out": rng.randrange(3),
        "outcome": rng.choice(("closed", "delivered", None)),
    }
    add("dialogues", "e", dialogue)
    forms = centre.owned("crm_form", letter, at)
    request = caller(letter, "+48220009001") | own | ({"form": rng.choice(forms)} if forms else home)
    request |= {
        "created_at": at,
        "closed_at": None,
        "stage": f"stage {mark('h')}",
        "result": rng.choice((None, mark("z"))),
    }
    request |= {"value": Decimal("99.5"), "currency": rng.choice(("PLN", "EUR"))}
    add("requests", "u", request | _way_of_request(centre, add, mark, letter, request, call))
    parent = {"request": mark("u")}
    add("stage_changes", "k", parent | own | {"seq": 1, "stage": f"stage {mark('h')}", "at": at + seconds(5)})
    add("answers", "y", parent | {"question": f"why {mark('q')}", "answer": f"so {mark('v')}", "at": at + seconds(9)})
    order = (
        parent
        | own
        | caller(letter, "+48220009002")
        | {"at": at + seconds(60), "state": rng.choice(("paid", "cancelled"))}
    )
    add("orders", "x", order | {"amount": Decimal("10.01"), "currency": "PLN"})
    wage = (
        home | own | {"kind": "wage", "quantity": Decimal("1.5"), "unit": "h", "amount": Decimal(40), "currency": "PLN"}
    )
    add("charges", "n", wage | {"at": at})
    talk = {
        "dialogue": mark("e"),
        "kind": "csat",
        "score": rng.choice((None, 1, 3, 4, 5)),
        "comment": f"said {mark('c')}",
    }
    add("ratings", "d", talk | own | {"at": at + timedelta(minutes=10)})


def _way_of_request(centre: Centre, add: Add, mark: Mark, letter: str, request: Row, call: Row | None) -> Row:
    """A request's way through its form: stages again and at one instant, answers twice; how it ended, and its call."""
    rng, at, parent = centre.rng(f"way of request {mark('u')}"), request["created_at"], {"request": mark("u")}
    for n in range(rng.choice((0, 2, 3, 5))):
        later = at + seconds(rng.choice((0, 60, 60, 7200, 7200.5, 200_000)))
        change: Row = {"seq": rng.choice((n + 2, n + 2, None)), "stage": rng.choice(stages_of(letter)), "at": later}
        add("stage_changes", f"k{n}n", parent | {"operator": request["operator"]} | change)
    form = {"form": request["form"]} if "form" in request else {}
    for n, question in enumerate(questions_of(letter) if letter != NOBODY else ()):
        for m in range(rng.choice((0, 1, 1, 2))):
            said = rng.choice((*questions_of(letter)[question], None))
            row: Row = {"question": question, "answer": said, "at": at + seconds(rng.choice((1, 20_000)))}
            add("answers", f"y{n}{m}n", parent | form | row)
    money: Row = {"amount": rng.choice((None, Decimal("20.5"))), "currency": rng.choice(("PLN", "EUR", None))}
    placed: Row = {"at": at + seconds(120), "state": rng.choice(("cancelled", "sent", None)), "operator": None}
    add("orders", "x2n", parent | placed | money)
    from_call = call["source_id"] if call and rng.random() < 0.7 else None
    return {"closed_at": rng.choice((None, at + timedelta(hours=3))), "call": from_call}


def _of_call(centre: Centre, rng: Random, add: Add, mark: Mark, letter: str, call: Row) -> None:
    """What hangs on a call, placed by it."""
    parent, at = {"call": call["source_id"]}, call["started_at"]
    who = {"operator": call.get("operator") or rng.choice(list(centre.operators))}
    add(
        "rings",
        "",
        parent
        | who
        | {
            "started_at": at,
            "ended_at": at + seconds(6),
            "result": rng.choice((f"ring {mark('b')}", "answered", None)),
        },
    )
    steps = [
        {"step_no": n, "node": f"node CANARY-{letter}-o{n}", "at": at + seconds(n), "ended_at": at + seconds(n + 1)}
        for n in range(1, rng.choice((2, 3, 4)))
    ]
    steps[-1]["ended_at"] = rng.choice((None, steps[-1]["ended_at"]))
    scenarios = centre.owned("scenario", letter, at)
    for step in steps:
        menu = {"scenario": rng.choice(scenarios)} if scenarios and rng.random() < 0.7 else {}
        heard = {
            "input_kind": "speech",
            "input": mark("i"),
            "recognised_text": f"heard CANARY-{letter}-s{rng.randrange(2)}",
        }
        said = rng.choice((heard, heard, {"input_kind": "dtmf", "input": "1"}, {}))
        add("ivr_steps", "", parent | step | menu | said | {"goal": rng.choice((None, mark("g")))})
    evaluator = rng.choice(list(centre.operators)[:2])
    plan = rng.choice((plan_of(evaluator), f"plan {mark('p')}", None))
    check = {"evaluation": mark("f"), "plan": plan, "form": f"list CANARY-{letter}-l1", "max_score": Decimal(5)}
    check |= {"evaluator": evaluator, "at": call["ended_at"] + seconds(30)}
    for n, score in enumerate((Decimal("4.5"), rng.choice((None, Decimal(2), Decimal("3.25"))), Decimal(1))):
        of = {"criterion": f"criterion CANARY-{letter}-r{n}", "score": score}
        of["comment"] = rng.choice((None, f"note {mark('c')}{n}", f"note {mark('c')}"))
        add("evaluations", f"m{n}", parent | who | check | of)
    said = {"kind": "nps", "score": rng.choice((None, 0, 6, 7, 9, 10)), "comment": f"said {mark('c')}"}
    queues = (call.get("queue"), call.get("queue"), None)  # where it moved on meanwhile, the rating goes with it
    add("ratings", "w", parent | who | said | {"queue": rng.choice(queues), "at": call["ended_at"]})
    csat = {"kind": "csat", "score": rng.choice((None, 2, 4, 5)), "comment": None, "at": call["ended_at"]}
    add("ratings", "s", parent | who | csat)
    for n in range(rng.choice((1, 2, 3))):
        heard_at = at + seconds(rng.choice((0, 5, 40)))
        add("speech_hits", f"v{n}", parent | who | {"rule": f"rule CANARY-{letter}-t{n % 2}", "at": heard_at})
    money = {"kind": "telephony", "quantity": Decimal("0.5"), "unit": "min", "amount": Decimal("0.07")}
    add("charges", "o", parent | money | {"currency": rng.choice(("PLN", "EUR")), "at": at})
    file = {"url": f"https://recordings.example.com/{mark('a')}.wav", "bytes": 900, "length_s": 12.5}
    add("recordings", "q", parent | file | {"at": at + seconds(1)})
