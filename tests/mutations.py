"""Break the code on purpose, one place at a time: each break must fail a law or a twin (`make mutations`).

A break is a piece of text replaced in a copy of the package; one that no longer applies is an error too, so that the
list follows the code. `python tests/mutations.py WORD` tries those whose name holds the word; MUTATION_WORLDS says how
many worlds each is tried on.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tokenize
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
WORLDS = os.environ.get("MUTATION_WORLDS") or "20"
LAWS = ("tests/test_laws.py", "tests/test_every_report.py", "tests/test_twins.py")
TWINS = ("tests/test_twins.py", "tests/test_laws.py")
FIGURES = ("tests/test_twins.py", "tests/test_metrics.py", "tests/test_reports_queues.py")
NOTHING = ("nothing", "run.py", "", "")  # what is not broken must pass, or noticing means nothing
SWAPPED = {"<=": "<", "<": "<=", ">=": ">", ">": ">="}
FAILED, PASSED, NOT_THERE = 1, 0, -1  # pytest's exit codes; any other means that nothing was tried


@dataclass(frozen=True)
class Mutation:
    """One break: in a file of the package, this text (which stands there once) becomes that one."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = LAWS

    def applied(self, text: str) -> str:
        """The file with the break."""
        if not self.old:
            return text
        if text.count(self.old) != 1:
            raise LookupError(f"{self.name}: {self.file} holds {self.old!r} {text.count(self.old)} times, not once")
        return text.replace(self.old, self.new)


CHECKING, ATTACKS = "sql/checking.py", ("tests/attacks",)
DUCK, SCOPE, DIRECTORY = "engines/duck.py", "access/scope.py", "access/directory.py"
COPIES, SPARK, LAKE, SYNC = "engines/seen.py", "engines/spark.py", "lake/reading.py", "lake/syncing.py"
PRESENCE, TRANSFERS = "loading/presence.py", "loading/transfers.py"
EPISODES = """
    AND (episode_key IS NULL OR episode_key NOT IN (SELECT episode_key FROM mine WHERE episode_key IS NOT NULL))"""
HIDDEN = "SELECT {hidden} FROM (SELECT DISTINCT m.project_id, c.* EXCLUDE (project_id) FROM contacts_held c"
UNMASKED = 'SELECT h.* FROM (SELECT m.project_id, {names(STATUSES, but=("project_id",), of="c.")} FROM episodes c'
NEAR, SEGMENTS = "loading/neighbours.py", ("tests/test_loading_segments.py",)
OVERSIGHT, PREVIEW = "access/oversight.py", "access/preview.py"
LAKES, SPREAD = ("tests/test_lake.py",), ("tests/test_spark.py",)
SEEN = ("tests/test_definitions_seen.py",)
PAGES = ("tests/test_reports_lost_calls.py", "tests/test_reports_crm.py", "tests/test_reports_dialer.py")
BEHIND, CONTACTS = "behind.py", ("tests/test_contacts.py",)
OWN_ROWS = ("tests/test_own_rows.py",)
LOG, INSIGHT = ("tests/test_change_log.py",), ("tests/test_admin_insight.py",)
ASKING, CUT, SEALED = "extract/asking.py", "extract/control.py", "disk/sealed.py"
EXTRACTS = ("tests/test_extract.py",)
HANDING, HANDED = "delivery/asking.py", ("tests/test_delivery.py",)
SWEEP, FINAL, FORGOTTEN = "disk/sweep.py", '("forget", "retain", "restamp")', "loading/forget.py"
FORGET, RESTAMP = ("tests/test_forget.py",), ("tests/test_restamp.py",)
SIGHT, SCHEDULED = "schedule/sight.py", ("tests/test_schedule_access.py",)
AGAIN = ("tests/test_schedule.py", "tests/test_schedule_mail.py")
AT_ONCE = ("tests/test_schedule_killed.py",)
MUTATIONS = (
    Mutation("stores ignored", DUCK, "self.readable, self.scope.stores", "self.readable, None"),
    Mutation("no project is everyone's", SCOPE, "if self.everything and not self.narrowed else ()", "if True else ()"),
    Mutation("masking off", PRESENCE, HIDDEN, UNMASKED),
    Mutation("masked rows tell the status", PRESENCE, '"status": "\'N/A\'"', '"status": "\'Busy\'"'),
    Mutation("a load forgets the status before", NEAR, "    reach_neighbours(batch)\n    while", "    while", SEGMENTS),
    Mutation("a load cuts a contact in two", NEAR, "home) or reach_contacts(batch):", "home):", SEGMENTS),
    Mutation("a year takes all months along", "loading/merge.py", "> MONTHS_APART:", "> 0:", SEGMENTS),
    Mutation("column rights ignored", DUCK, "internal and scope.may(FACTS[table].right)", "internal"),
    Mutation("everything without a reason", SCOPE, "if everything and not (reason and reason.strip()):", "if False:"),
    Mutation("everyone sees everything", SCOPE, 'everything = "see_all_projects" in rights', "everything = True"),
    Mutation("old members stay", SCOPE, " AND (valid_to IS NULL OR valid_to > $now)", ""),
    Mutation("everybody has a name", DIRECTORY, "everything = NO_PROJECT in scope.stores", "everything = True"),
    Mutation("aliases ignored", DIRECTORY, 'if scope.aliases else "u.login"', 'if False else "u.login"'),
    Mutation("names of others' rows", DIRECTORY, "if scope.own_rows_only else named_by", "if False else named_by"),
    Mutation(
        "transfers of visible rows", TRANSFERS, "BY interaction_key ORDER", "BY interaction_key, project_id ORDER"
    ),
    Mutation("transfers not told back", TRANSFERS, "coalesce(j.given_came, came.call_id IS NOT NULL)", "false"),
    Mutation("own rows ignored", SCOPE, 'return "own_rows_only" in self.rights', "return False"),
    Mutation("files of others' rows", DUCK, "chosen = keep_own(con", "keep_own(con"),
    Mutation("episodes shown twice", COPIES, EPISODES, ""),
    Mutation("copies counted twice", COPIES, "if not fact.copied or not several_copies(scope)", "if True"),
    Mutation(
        "keys across projects", "loading/contacts.py", '"\'contact\'", "project_id::VARCHAR", ', "\"'contact'\", "
    ),
    Mutation(
        "interactions across projects",
        "loading/stamp.py",
        '"\'interaction\'", "project_id::VARCHAR", ',
        "\"'interaction'\", ",
    ),
    Mutation("log of other projects", OVERSIGHT, "$whole OR project_id IN (", "true OR project_id IN (", LOG),
    Mutation("hidden entries are counted", OVERSIGHT, "WHEN $whole THEN a.seq", "WHEN true THEN a.seq", LOG),
    Mutation(
        "definitions of reports that she may not run",
        "run.py",
        "for name in (*r.tables, *rules_of(r)) if name in DEFINITIONS}",
        "for name in (*DEFINITIONS, r.name)}",
        SEEN,
    ),
    Mutation(
        "quotas of a form that moved away",
        "access/definitions.py",
        "coalesce({LAST} IN (SELECT project_id FROM projects), true)",
        "true",
        SEEN,
    ),
    Mutation(
        "tasks of her customers are hers", COPIES, 'or fact.name == "contacts"', 'or "contact_key" in names', OWN_ROWS
    ),
    Mutation("the log without the right", OVERSIGHT, "return RIGHT in scope.rights and", "return True and", LOG),
    Mutation("runs over other projects", OVERSIGHT, "r.asked IS NULL AND EXISTS (", "r.asked IS NULL OR EXISTS (", LOG),
    Mutation("exports by anyone", HANDING, "    scope.demand(RIGHT)\n", "", HANDED),
    Mutation("exports of everything", HANDING, "if scope.everything:", "if False:", HANDED),
    Mutation("rows of all projects go out", "delivery/making.py", "viewing([project.id])", "viewing()", HANDED),
    Mutation("reports of all projects go out", "delivery/folder.py", "projects=[self.project.id], **", "**", HANDED),
    Mutation(
        "projects that she lost go out",
        "delivery/making.py",
        "        who.still_hers(self.folder, self.planned, self.at(self.folder, now), project, now)\n",
        "",
        HANDED,
    ),
    Mutation("previews of any project", PREVIEW, "if project in looking.projects)", "if project)", INSIGHT),
    Mutation("previews with any right", PREVIEW, "narrowest(seen.rights, looking.rights)", "seen.rights", INSIGHT),
    Mutation("previews are hers", PREVIEW, "Entry(scope.reader or scope.login", "Entry(scope.login", INSIGHT),
    Mutation("anybody asks by SQL", "sql/asking.py", "scope.demand(RIGHT)", "pass", ("tests/test_sql.py",)),
    Mutation("any function may be called", CHECKING, "    if lower in allowed:", "    if True:", ATTACKS),
    Mutation(
        "any table may be named",
        CHECKING,
        "elif table is not None and table.lower() not in ctes",
        "elif False",
        ATTACKS,
    ),
    Mutation("WITH may hide a view", CHECKING, "if taken := ctes & catalogue()[0]", "if taken := frozenset()", ATTACKS),
    Mutation("names may be qualified", CHECKING, "        if said and not (", "        if False and not (", ATTACKS),
    Mutation("the worker's door is open", "sql/worker.py", "SET enable_external_access = false; ", "", ATTACKS),
    Mutation("extracts over all her projects", ASKING, "[p.id for p in scope.projects], now)", "None, now)", EXTRACTS),
    Mutation("extracts of others' projects", ASKING, "projects if p.id in hers)", "projects)", EXTRACTS),
    Mutation(
        "extracts of more than the maker sees",
        ASKING,
        "if viewer.may(right) and not actor.may(right):",
        "if False:",
        EXTRACTS,
    ),
    Mutation("extracts by anybody", ASKING, "    viewer.demand(RIGHT)", "    pass", EXTRACTS),
    Mutation("extracts of everything", ASKING, "if viewer.everything:", "if False:", EXTRACTS),
    Mutation("extracts without a trace", ASKING, "entry, must=True)", "entry)", EXTRACTS),
    Mutation(
        "extracts of closed tables",
        "extract/content.py",
        "if may_open(self.scope, name)]",
        "if not FACTS[name].internal]",
        EXTRACTS,
    ),
    Mutation(
        "extracts beyond the period",
        "extract/content.py",
        "return meeting(fact, Wanted((), *self.spans.get(fact.name, EVER), ()))",
        'return "true"',
        EXTRACTS,
    ),
    Mutation(
        "extracts of others' customers",
        "extract/content.py",
        """return f"contact_key IN ({' UNION '.join(keys)})\"""",
        'return "true"',
        EXTRACTS,
    ),
    Mutation(
        "extracts of own rows name colleagues",
        CUT,
        "[[], []] if scope.own_rows_only else values",
        "values",
        EXTRACTS,
    ),
    Mutation(
        "extracts without aliases",
        CUT,
        "CASE WHEN u.user_id = $me THEN u.login ELSE o.operator END AS login",
        "u.login",
        EXTRACTS,
    ),
    Mutation(
        "extracts with everybody's ids",
        CUT,
        "WHERE u.user_id = $me OR o.operator_id IS NOT NULL",
        "WHERE true",
        EXTRACTS,
    ),
    Mutation("extracts that anybody opens", CUT, "u.user_id = $me AS active", "u.active", EXTRACTS),
    Mutation(
        "extracts tell who else works where",
        CUT,
        "control.memberships WHERE {HERS} AND (",
        "control.memberships WHERE (",
        EXTRACTS,
    ),
    Mutation(
        "extracts tell where a queue went",
        CUT,
        "control.project_objects WHERE {HERS} AND object_id",
        "control.project_objects WHERE object_id",
        EXTRACTS,
    ),
    Mutation("extracts never expire", SEALED, "and now >= end:", "and False:", EXTRACTS),
    Mutation("erased rows are read from a lake", LAKE, "if erased_since(con, state):", "if False:", LAKES),
    Mutation("any centre's lake is read", LAKE, "if not follows(con, state):", "if False:", LAKES),
    Mutation("a lake keeps erased rows for a day", SYNC, "and not erased_since(self.reading.con, one)", "", LAKES),
    Mutation("a lake that is behind is handed out", LAKE, "if exact and", "if False and", LAKES),
    Mutation(
        "files of all projects on Spark", SPARK, "con, opening.scope.stores, exact", "con, range(99), exact", SPREAD
    ),
    Mutation("others' rows on Spark", SPARK, "if not self.opening.scope.own_rows_only:", "if True:", SPREAD),
    Mutation("open extracts never expire", DUCK, "self.folder.admit(self.now)", "pass", EXTRACTS),
    Mutation(
        "extracts answer what they do not hold",
        SEALED,
        "if (since is not None and start < since) or (until is not None and end > until):",
        "if False:",
        EXTRACTS,
    ),
    Mutation("generations outlive forgetting", SWEEP, FINAL, '("retain", "restamp")', FORGET),
    Mutation("nobody stays forgotten", FORGOTTEN, "        keep_list(writer)", "        pass", FORGET),
    Mutation(
        "anybody can try numbers on the list",
        "loading/forgotten.py",
        """return f"sha256(getvariable('outer_pad') || unhex({inner}))\"""",
        'return f"sha256({text})"',
        FORGET,
    ),
    Mutation("loads remember the forgotten", FORGOTTEN, "        hush_loads(writer.con)", "", FORGET),
    Mutation("free blocks remember the forgotten", FORGOTTEN, "        erase.renew_control(writer)", "", FORGET),
    Mutation("rejects remember the forgotten", FORGOTTEN, "        rewrite_rejects(writer, found)", "", FORGET),
    Mutation("generations outlive a restamp", SWEEP, FINAL, '("forget", "retain")', RESTAMP),
    Mutation("a restamp leaves names", "loading/restamp.py", "return unname(batch)", "return 0", RESTAMP),
    Mutation("a restamp leaves customers", "loading/contacts.py", "told UNION FROM departed", "told", RESTAMP),
    Mutation(
        "a restamp leaves children",
        "loading/adopt.py",
        "for name, parent in moving.items()]",
        "for name, parent in ()]",
        RESTAMP,
    ),
    Mutation(
        "a restamp leaves keys of interactions",
        "loading/adopt.py",
        'if fact.name == "calls":',
        "if False:",
        RESTAMP,
    ),
    Mutation("a queue takes its past along", "loading/stamp.py", " AND {at} >= {o}.since AND {at} < {o}.until", ""),
    Mutation(
        "the period's end belongs to it",
        "statement.py",
        "table[fact.start] < end",
        "table[fact.start] <= end",
        TWINS,
    ),
    Mutation(
        "call_log looks no further",
        "reports/calls.py",
        'chart=counts("started_at"), after=LAG',
        'chart=counts("started_at")',
        TWINS,
    ),
    Mutation(
        "a page's calls begin with its newest row", "metrics/attached.py", "shown[at].min()", "shown[at].max()", PAGES
    ),
    Mutation(
        "who comes from elsewhere was not passed on",
        "metrics/transfers.py",
        " | contacts.came_from_other",
        "",
        (*TWINS, "tests/test_reports_transfers.py"),
    ),
    Mutation(
        "all shared conditions are the first",
        "once.py",
        "ops.Field(below, name) for",
        "ops.Field(below, COLUMN.format(0) if isinstance(value, LOGIC) else name) for",
        ("tests/test_once.py",),
    ),
    Mutation("a row opens more than its figure counts", BEHIND, "t.filter(contacts.where(t))", "t", CONTACTS),
    Mutation("a row opens those of other rows", BEHIND, 'in_row(t, row, there, options.get("by"))', "t", CONTACTS),
    Mutation(
        "contacts open without the call log",
        "run.py",
        "report.find(behind.LOG, runnable)",
        "report.find(behind.LOG)",
        CONTACTS,
    ),
    Mutation(
        "own rows open a report about everybody",
        "run.py",
        "own_rows_only and found.collective",
        "own_rows_only and False",
        CONTACTS,
    ),
    Mutation("a row of what is hidden is empty", "run.py", "        self.check_row(opened)\n", "", CONTACTS),
    Mutation(
        "a log in parts forgets what is around",
        BEHIND,
        'separable={*wanted.tables} <= {"calls"}',
        "separable=True",
        CONTACTS,
    ),
    Mutation(
        "rights that she lost count on",
        HANDING,
        "if (scope.rights, scope.reports) != (planned.scope.rights, planned.scope.reports):",
        "if False:",
        ("tests/test_delivery_mishaps.py",),
    ),
    Mutation("who left still gets it", SIGHT, "lacks if project in hers.projects else UNKNOWN", "lacks", SCHEDULED),
    Mutation("schedules inherit seeing everything", SIGHT, "if not scope.everything:", "if True:", SCHEDULED),
    Mutation("who sees less gets the same files", SIGHT, "if covers(hers, scope, definition)", "if True", SCHEDULED),
    Mutation("sent again", "schedule/diary.py", "if one.sent_to(recipient)", "if False", AGAIN),
    Mutation("run again", "schedule/runner.py", " if due not in by_hand]", "]", AGAIN),
    Mutation("sent without a second look", "schedule/attempt.py", "if self.seen() != looked", "if False", SCHEDULED),
    Mutation(
        "files of wider rights stay",
        "schedule/making.py",
        "            strike(exported, order.dest, self.folder)\n",
        "",
        SCHEDULED,
    ),
    Mutation("a lease for several", "schedule/lease.py", "LOCK_EX | fcntl", "LOCK_SH | fcntl", AT_ONCE),
)


def comparisons(*files: str) -> Iterator[Mutation]:
    """Each comparison of some files turned into its neighbour."""
    for file in files:
        path = ROOT / "okireports" / file
        lines = path.read_text("utf-8").splitlines(keepends=True)
        with path.open("rb") as source:
            found = [t for t in tokenize.tokenize(source.readline) if t.type == tokenize.OP and t.string in SWAPPED]
        for token in found:
            row, column = token.start
            line = lines[row - 1]
            new = line[:column] + SWAPPED[token.string] + line[column + len(token.string) :]
            yield Mutation(f"{file}:{row} {token.string} becomes {SWAPPED[token.string]}", file, line, new, FIGURES)


def trial(mutation: Mutation) -> tuple[int, float, str]:
    """Run the tests over a broken copy: pytest's exit code, seconds, and what failed first."""
    with tempfile.TemporaryDirectory(prefix="okireports-mutation-") as folder:
        here = Path(folder)
        for part in ("okireports", "tests"):
            shutil.copytree(ROOT / part, here / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", here)
        broken = here / "okireports" / mutation.file
        try:
            broken.write_text(mutation.applied(broken.read_text("utf-8")), "utf-8")
        except LookupError as problem:
            return NOT_THERE, 0.0, str(problem)
        # What Hypothesis draws is left out: it would spend minutes on shrinking what is broken on purpose.
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-k",
            "not drawn",
            *mutation.tests,
        ]
        environment = os.environ | {"WORLDS": WORLDS, "PYTHONPATH": f"{here}{os.pathsep}{here / 'tests'}"}
        began = time.monotonic()
        run = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=False)
        first = next((line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))), "")
        return run.returncode, time.monotonic() - began, first.partition(" - ")[0] or run.stdout[-500:]


def main(words: list[str]) -> int:
    """Try them all, or those that a word names; the number of those that nothing noticed."""
    every = [*MUTATIONS, *comparisons("metrics/service.py", "metrics/volume.py")]
    chosen = [m for m in every if not words or any(word in m.name for word in words)]
    wrong = 0
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        whole = pool.submit(trial, Mutation(*NOTHING, tests=tuple(sorted({t for m in chosen for t in m.tests}))))
        for mutation, (code, seconds, first) in zip(chosen, pool.map(trial, chosen), strict=True):
            verdict = {FAILED: "noticed", PASSED: "SURVIVED"}.get(code, f"NOT TRIED ({code})")
            wrong += code != FAILED
            print(f"{verdict:<10} {seconds:5.0f} s  {mutation.name:<45} {first if code != PASSED else ''}", flush=True)
        code, seconds, first = whole.result()
    print(
        f"{'passed' if code == PASSED else 'FAILED':<10} {seconds:5.0f} s  without a break "
        f"{'' if code == PASSED else first}"
    )
    print(f"{len(chosen)} breaks, {wrong} of them unnoticed")
    return min(wrong + (code != PASSED), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
