"""The house: imports go down, each library has its one place, files stay small, and the text is the project's own."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "okireports"

FLOORS = (
    ("errors", "clock", "period", "language", "columns", "tables", "once"),
    ("metrics", "charts", "frames", "rows", "sources", "disk", "audit"),
    ("report", "access", "loading", "invention"),
    ("reports", "engines", "own"),
    ("export", "answer", "pages", "statement", "behind", "run", "choices", "sql"),
    ("admin", "result", "catalogue", "widgets", "schedule", "extract", "delivery", "lake"),
    ("__init__", "faces", "cli", "__main__"),
)
FLOOR = {subject: floor for floor, subjects in enumerate(FLOORS) for subject in subjects}

# On one floor a subject may stand on another only as said here, with the reason.
BESIDE = {
    ("clock", "errors"): "everything may raise",
    ("columns", "errors"): "everything may raise",
    ("language", "errors"): "everything may raise",
    ("period", "errors"): "everything may raise",
    ("tables", "errors"): "everything may raise",
    ("period", "clock"): "a period is words about instants",
    ("charts", "frames"): "a chart sums a frame's rows, by the frame's own rules",
    ("audit", "disk"): "the log is written in the commit that it tells of",
    ("run", "answer"): "a run gives an answer",
    ("run", "statement"): "to what a report asks of the engine",
    ("choices", "run"): "what may be run may be chosen",
    ("run", "behind"): "or a row of it",
    ("sql", "run"): "a refusal is written down in one way",
    ("sql", "export"): "what a query gave is saved as a result is",
    ("extract", "admin"): "instants are read, and said, in one way",
    ("lake", "delivery"): "files are put where they go in one way",
    ("delivery", "admin"): "instants are read in one way",
    ("delivery", "extract"): "one state is pinned in one way, and the same right hands rows out",
    ("delivery", "result"): "what is handed out is saved as a result is",
    ("schedule", "admin"): "schedules are changed, and noted, as everything else is",
    ("schedule", "delivery"): "what no export could make is scheduled by nobody",
    ("widgets", "admin"): "what is clicked is changed through the same door",
    ("widgets", "result"): "what is chosen gives a result",
    ("invention", "access"): "an invented centre is founded like any other",
    ("invention", "loading"): "and filled through the same door",
    ("__init__", "faces"): "what people import",
    ("faces", "__init__"): "the version, and the faces' own makers",
    ("cli", "__init__"): "the command line is the library in other words",
    ("cli", "faces"): "the command line is the library in other words",
    ("__main__", "cli"): "python -m okireports is the command line",
}

# A library -> the only places (subject, or subject/module) that may import it.
PLACES = {
    "altair": {"charts"},
    "vl_convert": {"charts"},
    "ipywidgets": {"widgets"},
    "anywidget": {"widgets"},
    "pyspark": {"engines/spark"},
    "py4j": {"engines/spark"},
}
PORTABLE = ("reports", "metrics")  # they run on every engine: Ibis, and nothing that is an engine's own
DISTRIBUTIONS = {
    "ibis": "ibis-framework",
    "vl_convert": "vl-convert-python",
    "python_calamine": "python-calamine",
    "adbc_driver_postgresql": "adbc-driver-postgresql",
}
BROUGHT = {  # library -> the dependency that is made of it
    "numpy": "pandas",
    "IPython": "ipywidgets",
    "traitlets": "ipywidgets",
    "adbc_driver_manager": "adbc-driver-postgresql",
    "py4j": "pyspark",
}

LINES = 400
DRAWERS = {"util", "utils", "helper", "helpers", "base", "manager", "managers", "common", "misc"}


@dataclass(frozen=True)
class Import:
    """One import: where it stands, what it names, and whether it runs when the module is imported."""

    file: Path
    line: int
    name: str
    at_import: bool

    @property
    def where(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}"


def files() -> list[Path]:
    found = sorted(PACKAGE.rglob("*.py"))
    assert len(found) > 50, "the package was not found"
    return found


def dotted(file: Path) -> str:
    """okireports/disk/writer.py -> okireports.disk.writer; a package's own module keeps its `__init__`."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts)


def subject(name: str) -> str:
    """The part of the house that a dotted name belongs to."""
    return [*name.split("."), "__init__"][1]


MODULES = {dotted(file).removesuffix(".__init__"): file for file in files()}


def is_type_checking(test: ast.expr) -> bool:
    return "TYPE_CHECKING" in ast.dump(test)


def imports_of(file: Path) -> Iterator[Import]:
    """Every import of a file, in functions and under TYPE_CHECKING too."""

    def walk(node: ast.AST, at_import: bool) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(file, node.lineno, alias.name, at_import)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{file}:{node.lineno}: imports are written out in full"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield Import(file, node.lineno, full if full in MODULES else node.module, at_import)
        inside = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        inside = inside or (isinstance(node, ast.If) and is_type_checking(node.test))
        for child in ast.iter_child_nodes(node):
            yield from walk(child, at_import and not inside)

    yield from walk(ast.parse(file.read_text("utf-8")), True)


IMPORTS = [found for file in files() for found in imports_of(file)]
OWN = [found for found in IMPORTS if found.name.split(".")[0] == "okireports"]
FOREIGN = [
    found for found in IMPORTS
    if (top := found.name.split(".")[0]) != "okireports" and top not in sys.stdlib_module_names
]  # fmt: skip


def test_every_module_stands_on_a_floor() -> None:
    homeless = {subject(dotted(file)) for file in files()} - set(FLOOR)
    assert not homeless, f"say in FLOORS where they stand: {sorted(homeless)}"


def test_imports_only_go_down() -> None:
    up = []
    for found in OWN:
        here, there = subject(dotted(found.file)), subject(found.name)
        if here != there and FLOOR[there] >= FLOOR[here] and (here, there) not in BESIDE:
            up.append(f"{found.where}: {here} (floor {FLOOR[here]}) imports {there} (floor {FLOOR[there]})")
    assert not up, "\n".join(up)


def test_what_stands_beside_each_other_is_on_one_floor() -> None:
    assert all(FLOOR[here] == FLOOR[there] and why for (here, there), why in BESIDE.items())


def test_no_subject_stands_on_itself_by_way_of_others() -> None:
    graph: dict[str, set[str]] = {}
    for found in OWN:
        here, there = subject(dotted(found.file)), subject(found.name)
        if here != there and {here, there} != {"__init__", "faces"}:  # the faces are imported when first asked for
            graph.setdefault(here, set()).add(there)
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the circle


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for found in OWN:
        here, there = dotted(found.file), found.name
        if found.at_import and not here.endswith(".__init__"):  # a package's own module only gathers its parts
            graph.setdefault(here, set()).add(there)
    TopologicalSorter(graph).prepare()


def test_reports_and_metrics_import_only_ibis() -> None:
    wrong = [
        f"{found.where}: {found.name}"
        for found in FOREIGN
        if subject(dotted(found.file)) in PORTABLE and found.name.split(".")[0] != "ibis"
    ]
    assert not wrong, "\n".join(wrong)


def test_each_library_has_its_place() -> None:
    wrong = []
    for found in FOREIGN:
        allowed = PLACES.get(found.name.split(".")[0])
        module = dotted(found.file).split(".")[1:]
        if allowed is not None and not allowed & {module[0], "/".join(module)}:
            wrong.append(f"{found.where}: {found.name} belongs in {sorted(allowed)}")
    assert not wrong, "\n".join(wrong)


def test_every_library_is_declared_and_an_extra_is_imported_late() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[^\w.-]", r)[0].lower() for r in requirements}

    core = names(project["dependencies"])
    optional = project["optional-dependencies"]
    extras = names([r for extra, rs in optional.items() if extra not in ("dev", "bench") for r in rs])
    at_once = {found.name for found in OWN if found.at_import}  # the others are imported where they are used
    wrong = []
    for found in FOREIGN:
        top = found.name.split(".")[0]
        distribution = BROUGHT.get(top) or DISTRIBUTIONS.get(top, top)
        if distribution not in core | extras:
            wrong.append(f"{found.where}: {top} is no dependency")
        elif distribution in extras - core and found.at_import and dotted(found.file) in at_once:
            wrong.append(f"{found.where}: {top} is an extra: import it where it is used")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("okireports", {"altair", "ipywidgets", "pandas", "ibis", "duckdb", "pyarrow", "typer", "rich"}),
        ("okireports.faces", {"altair", "vl_convert", "ipywidgets", "anywidget", "IPython", "pyspark"}),
    ],
)
def test_importing_stays_light(module: str, heavy: set[str]) -> None:
    ask = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert module in loaded
    assert not loaded & heavy


@pytest.mark.parametrize("file", files(), ids=dotted)
def test_a_file_has_one_subject_and_fits_in_a_head(file: Path) -> None:
    assert len(file.read_text("utf-8").splitlines()) < LINES, "split it: one file, one subject"
    words = set(re.split(r"[_/]", dotted(file).replace(".", "/")))
    assert not words & DRAWERS, "a drawer for everything: name the subject"


@pytest.mark.parametrize("file", files(), ids=dotted)
def test_everything_public_says_what_it_is(file: Path) -> None:
    tree = ast.parse(file.read_text("utf-8"))
    silent = [dotted(file)] if not ast.get_docstring(tree) else []

    def walk(node: ast.Module | ast.ClassDef, prefix: str) -> None:
        for child in node.body:
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and child.name[0] != "_":
                if not ast.get_docstring(child):
                    silent.append(f"{prefix}{child.name}:{child.lineno}")
                if isinstance(child, ast.ClassDef):
                    walk(child, f"{prefix}{child.name}.")

    walk(tree, "")
    assert not silent


# What the project's text may not hold. A bracket keeps each pattern from finding itself.
FOREIGN_TEXT = {
    "a path of one machine": r"(?<![\w.:/\\\]})>*-])/(?:[w]ork|[h]ome|[r]oot|[t]mp|[m]nt|[U]sers)/\w|\b[A-Z]:\\[U]sers",
    "a registry's host": r"[p]ypi\.org|[p]ythonhosted\.org|[d]ebian\.org|[n]pmjs\.(?:com|org)|[p]roxy\.golang\.org",
    "words about how the work was done": (
        r"(?i)\b(?:[c]laude|[a]nthropic|[o]penai|[c]hatgpt|[c]opilot|[s]ubagents?|[l]lms?)\b|\b[l]anguage model"
        r"|\b(?:this|last|next|previous|earlier|developer'?s?) [s]essions?\b|\bthe [b]rief\b"
    ),
}


def own_texts() -> Iterator[tuple[str, str]]:
    """Every text file that is or would be committed."""
    ask = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        done = subprocess.run(ask, cwd=ROOT, capture_output=True, text=True, check=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: nothing says which files are the project's")
    for name in filter(None, done.stdout.split("\0")):
        try:
            yield name, (ROOT / name).read_text("utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):  # an image; a file that is deleted
            continue


@pytest.mark.parametrize("what", FOREIGN_TEXT)
def test_the_text_is_the_projects_own(what: str) -> None:
    pattern = re.compile(FOREIGN_TEXT[what])
    found = [
        f"{name}:{text.count(chr(10), 0, hit.start()) + 1}: {hit.group()}"
        for name, text in own_texts()
        for hit in pattern.finditer(text)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a path of one machine", "open('/wor" + "k/main/x')"),
        ("a registry's host", "https://py" + "pi.org/simple"),
        ("words about how the work was done", "found in the last ses" + "sion"),
    ],
)
def test_the_patterns_find_what_they_are_for(what: str, text: str) -> None:
    assert re.search(FOREIGN_TEXT[what], text)
    assert not re.search(FOREIGN_TEXT[what], "a session of DuckDB, see https://example.com/home/x and ./tmp/y")
