"""What is written to recipients, and to the one whose schedule it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from pathlib import Path

from okireports.access import Project
from okireports.admin.change import local_words
from okireports.clock import TICK
from okireports.delivery.digest import Digest
from okireports.period import Period
from okireports.schedule.making import Made
from okireports.schedule.message import Letter
from okireports.schedule.post import Post
from okireports.schedule.rows import Schedule
from okireports.schedule.texts import body, say

END = re.compile(r"</body>", re.IGNORECASE)


def of_projects(
    schedule: Schedule,
    period: Period,
    projects: Sequence[Project],
    made: Made,
    digests: Sequence[Digest | None],
    post: Post,
) -> Letter:
    """The message with the files of a project, or of several.

    The digest of one project is its body; of several, each stands among the files.
    """
    language = schedule.definition.language
    words = spelt(period, language)
    if len(projects) == 1:
        subject = say(language, "title", project=projects[0].name, period=words)
    else:
        subject = say(language, "several", count=len(projects), period=words)
    about = [say(language, "about", project=project.name, period=words) for project in projects]
    files = [(name, path) for project in projects for name, path in named(made, project, len(projects) > 1)]
    fits = sum(path.stat().st_size for _, path in files) <= post.limit
    told = [*about, *beside(files, made, projects, post, language, schedule.viewer, fits)]
    digest = digests[0] if len(projects) == 1 else None
    carried = tuple(files) if fits else ()
    if digest is None:
        return Letter(subject, body(language, told, schedule.viewer), files=carried)
    plain = body(language, [digest.text.rstrip(), "", *told[1:]], schedule.viewer)
    html = with_lines(digest.html, told[1:], say(language, "foot", viewer=schedule.viewer))
    return Letter(digest.title, plain, html, digest.pictures, carried)


def named(made: Made, project: Project, several: bool) -> Iterator[tuple[str, Path]]:
    """The files of a project; of several projects with the project's id before each name."""
    for name, path in made.files(project):
        yield (f"{project.id:04d}-{name}" if several else name), path


def beside(
    files: Sequence[tuple[str, Path]],
    made: Made,
    projects: Sequence[Project],
    post: Post,
    language: str,
    viewer: str,
    fits: bool,
) -> list[str]:
    """The lines about the files: attached, or where they lie."""
    left_out = [f"  {why}" for project in projects for why in made.left_out(project)]
    missing = [say(language, "left out"), *left_out] if left_out else []
    if not files:
        return missing
    names = [f"  {name} ({size(path.stat().st_size)})" for name, path in files]
    if fits:
        return [say(language, "attached"), *names, *missing]
    found = [place for project in projects if (place := made.place(project)) is not None]
    places = [say(language, "lies", path=place) for place in found] or [say(language, "ask", viewer=viewer)]
    return [say(language, "too large", limit=f"{float(post.limit_mb):g}"), *names, *places, *missing]


def with_lines(html: str, lines: Sequence[str], foot: str) -> str:
    """A digest with lines about the files at its end."""
    told = "".join(f"<p style='white-space:pre-wrap;margin:4px 0'>{escape(line)}</p>" for line in [*lines, foot])
    return END.sub(lambda end: told + end.group(), html, count=1) if END.search(html) else html + told


def spelt(period: Period, language: str) -> str:
    """A period in words; in Polish as dates in figures, which need no grammar."""
    if language == "en":
        return period.words.removesuffix(" (in the future)")
    whole = all(local_words(at, period.zone).endswith("00:00:00") for at in (period.start, period.end))
    ends: list[datetime] = [period.start, period.end - TICK if whole else period.end]
    shown = [local_words(at, period.zone) for at in ends]
    first, last = (text[:10] if whole else text[:16] for text in shown)
    return f"{first}, {period.zone}" if first == last else f"{first} - {last}, {period.zone}"


def size(count: int) -> str:
    """Bytes as people read them."""
    return (
        f"{count:,} B"
        if count < 10_000
        else f"{count / 1000:,.0f} kB"
        if count < 10_000_000
        else f"{count / 1e6:,.0f} MB"
    )
