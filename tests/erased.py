"""A centre with a customer who is to be forgotten, one who stays, and ways to look for what is left of either.

Whatever is written of the first holds HERS, whatever is written of the second holds KEPT.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

import loaded
from okireports.faces import Center

PHONE, OTHER = "+48220000101", "+48220000102"
DIGITS = "220000101"
SPELT = ("+48 22 000 01 01", "0048220000101", "022 000-01-01", "220000101", "(22) 000.01.01")
HERS, KEPT = "Traceme", "Stayput"
WHY = {"actor": "admin", "reason": "she asked"}
ASKED = f"SELECT count(*) FROM contacts WHERE phone = '{PHONE}' OR email = 'hers.{HERS}@example.com'"


def card(word: str) -> str:
    """A customer's name and address, as the cells of a file."""
    return f"{word} Example,hers.{word}@example.com"


def files(word: str = HERS, spelt: tuple[str, ...] = SPELT, mark: str = "h") -> dict[str, str]:
    """All that is known of one customer: calls in two projects and in none, what hangs on them, a row that is wrong."""
    at, who = "2025-06-02T10:00:00Z", card(word)
    url = f"https://recordings.example.com/{word}.wav"
    return {
        "calls": loaded.calls(
            loaded.call(f"{mark}1", at, "Acme sales", "anna", spelt[0], who, url, "1.5", "", ""),
            loaded.call(f"{mark}2", "2025-06-03T10:00:00Z", "Bolt care", "bea", spelt[1], who, "", "", "", ""),
            loaded.call(f"{mark}3", "2025-06-04T10:00:00Z", "Loose", "cyd", spelt[2], who, "", "", "", ""),
            loaded.call(f"{mark}4", "2025-06-02T10:02:00Z", "Acme sales", "anna", "", ",", url, "", f"{mark}1", ""),
            loaded.call(f"{mark}5", "2025-06-05T10:00:00Z", "Acme sales", "anna", "", ",", url, "", "", f"{mark}t"),
            loaded.call(f"{mark}6 {spelt[3]}", "2025-06-06T10:00:00Z", "Acme sales", "anna", spelt[3], who, *[""] * 4),
            columns="queue,operator,phone,contact_name,email,recording,cost,interaction,task",
        ),
        "tasks": f"source_id,dialer,phone,created_at,state\n{mark}t,Acme dialer,{spelt[4]},{at},open\n",
        "requests": (
            f"source_id,form,phone,contact_name,email,call,created_at\n{mark}r,Acme form,{spelt[0]},{who},,{at}\n"
        ),
        "answers": f"source_id,request,question,answer,at\n{mark}a,{mark}r,why,so {word},{at}\n",
        "stage_changes": f"source_id,request,seq,stage,at\n{mark}g {word},{mark}r,1,new,{at}\n",
        "orders": f"source_id,request,phone,amount,currency,at\n{mark}o {word},{mark}r,{spelt[0]},10,PLN,{at}\n",
        "dialogues": (
            f"source_id,channel,project,phone,started_at,subject\n{mark}d {word},mail,Bolt,{spelt[0]},{at},on {word}\n"
        ),
        "evaluations": (
            "source_id,evaluation,call,operator,criterion,score,comment,at\n"
            f"{mark}e,{mark}e,{mark}1,anna,tone,4,to {word},{at}\n"
        ),
        "ratings": (
            f"source_id,kind,call,dialogue,score,comment,at\n{mark}w,csat,{mark}1,,4,by {word},{at}\n"
            f"{mark}v,csat,,{mark}d {word},5,again {word},{at}\n{mark}u,csat,{mark}1,,9,wrong {word},{at}\n"
        ),
        "ivr_steps": (
            "call,step_no,scenario,input_kind,input,recognised_text,at\n"
            f"{mark}1,1,Acme menu,speech,i {word},r {word},{at}\n"
        ),
        "statuses": (
            f"operator,status,started_at,ended_at,call,queue,comment\n"
            f"{'anna' if mark == 'h' else 'bea'},Busy,{at},2025-06-02T10:01:00Z,{mark}1,Acme sales,about {word}\n"
        ),
        "recordings": (
            f"source_id,call,url,at\n{mark}q {word},{mark}1,https://recordings.example.com/2{word}.wav,{at}\n"
        ),
        "charges": f"source_id,call,kind,amount,currency,at\n{mark}c {word},{mark}1,sms,0.2,PLN,{at}\n",
        "contacts": f"project,phone,name,email\nAcme,{spelt[4]},{word} Explicit,{word}@example.com\n",
    }


def wrong(mark: str = "h") -> str:
    """Rows that are rejected: one says her number, one hangs on her call."""
    return loaded.calls(
        f"{mark}x,inbound,2025-06-09T10:00:00Z,,answered,Acme sales,22 000 01 01", columns="queue,phone"
    )


def centre(path: Path) -> Center:
    """Both customers, several generations, rejected rows, a query in the log and one that waits in the journal."""
    made = loaded.centre(path)
    made.settings.change(calling_code="48", actor="admin", reason="numbers without a code are of here")
    quota = "name,form,question,answer,goal\nages,Acme form,age,18-25,10\n"
    loaded.load(made, {"quotas": quota} | files(KEPT, (OTHER,) * 5, "k"))
    said = files()
    said["answers"] += "hz,hr,age,18-25,2025-06-02T10:00:00Z\n"
    loaded.load(made, said)
    loaded.load(made, {"calls": wrong()})
    viewer = made.viewer("sue")
    viewer.sql(ASKED)
    made.users.create("new", actor="admin", reason=f"she of {PHONE} said so")
    viewer.sql(ASKED)
    return made


def texts(center: Center) -> Iterator[tuple[str, str]]:
    """Every text of every file of a centre, with where it stands; the secret apart."""
    for path in sorted(center.path.rglob("*")):
        name = str(path.relative_to(center.path))
        if path.suffix == ".duckdb":
            yield from ((f"{name} {where}", text) for where, text in texts_of(path))
        elif path.suffix == ".parquet":
            with duckdb.connect() as con:
                for row in con.execute(f"FROM read_parquet('{path}')").fetchall():
                    yield from ((name, str(value)) for value in row if value is not None)
        elif path.is_file() and name != "SECRET":
            yield name, path.read_text("utf-8")


def texts_of(path: Path) -> Iterator[tuple[str, str]]:
    """Every text of every column of every table of a database."""
    with duckdb.connect() as con:
        con.execute(f"ATTACH '{path}' AS held (READ_ONLY)")
        columns = con.execute(
            """SELECT table_name, column_name FROM duckdb_columns()
            WHERE database_name = 'held' AND data_type LIKE 'VARCHAR%'"""
        ).fetchall()
        for table, column in columns:
            rows = con.execute(f'SELECT "{column}"::VARCHAR FROM held."{table}" WHERE "{column}" IS NOT NULL')
            yield from ((f"{table}.{column}", text) for (text,) in rows.fetchall())


def left(center: Center, *words: str) -> set[str]:
    """Where any of these words stands, in bytes or in a text; numbers are compared by their digits."""
    raw = [(w, p) for p in center.path.rglob("*") if p.is_file() and p.name != "SECRET" for w in words]
    found = {str(p.relative_to(center.path)) for w, p in raw if w.lower().encode() in p.read_bytes().lower()}
    for where, text in texts(center):
        bare = "".join(c for c in text if c not in " ().-/")
        found |= {where for w in words if w.lower() in text.lower() or w in bare}
    return found


def rows(center: Center, word: str) -> list[str]:
    """All that is stored, but the rows of one customer by the mark of her sources' ids, in an order of its own."""
    content = loaded.content(center)
    return sorted(f"{table} {row}" for table, said in content.items() for row in said if word in row)


def snapshot(center: Center) -> dict[str, bytes]:
    """Every file of a centre."""
    return {str(p.relative_to(center.path)): p.read_bytes() for p in center.path.rglob("*") if p.is_file()}


def last_entry(center: Center) -> dict[str, Any]:
    """The newest entry of the change log, with what it tells."""
    entry: dict[str, Any] = center.audit.frame.iloc[-1].to_dict()
    return entry | {"after": json.loads(entry["after"] or "null")}
