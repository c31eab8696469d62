"""A result as a file, by its suffix: csv, parquet, json, xlsx, html, png, svg; and as a notebook shows it.

The same input gives the same bytes. A file appears whole or not at all: it is written under another name in the same
folder, forced to the disk, and then renamed. It can be read by its owner only (mode 0600), for it holds what one viewer
may see.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from okireports.errors import BadOption, did_you_mean

if TYPE_CHECKING:  # heavy, and a CSV needs no chart
    from okireports.charts.paper import Drawing
    from okireports.rows import Rows


@dataclass(frozen=True)
class Content:
    """What a file is made of: the rows, the chart (made when it is asked for), and what is told about them."""

    rows: Rows
    chart: Callable[[], Drawing] | None
    meta: Mapping[str, Any]

    def drawn(self) -> Drawing:
        """The chart; BadOption when the result has none."""
        if self.chart is None:
            raise BadOption("This result has no chart: save it as csv, parquet, json or xlsx.")
        return self.chart()

    def told(self, name: str) -> str:
        """One entry of `meta` as text, '' when it is not given."""
        value = self.meta.get(name)
        return "" if value is None else str(value)


def save(
    path: str | os.PathLike[str],
    *,
    rows: Rows,
    chart: Drawing | Callable[[], Drawing] | None = None,
    meta: Mapping[str, Any] | None = None,
) -> Path:
    """Write a result to `path` and return it.

    `rows` are typed as `frames.arrow` types them; `chart` is the chart or a function that makes it, for html, png and
    svg. Of `meta` these are shown: title, period, description, definitions, report, language ("en", "pl"); all of it
    goes into json and parquet. Raises BadOption for a suffix that is not known, a folder that does not exist and a
    chart that there is not.
    """
    target = Path(path)
    writer = _writer(target)
    if not target.parent.is_dir():
        raise BadOption(f"There is no folder {str(target.parent)!r}: make it first, or save somewhere else.")
    if target.is_dir():
        raise BadOption(f"{str(target)!r} is a folder: name a file.")
    content = Content(rows, chart if chart is None or callable(chart) else lambda: chart, dict(meta or {}))
    with appearing(target) as file:
        writer(file, content)
    return target


def shown(
    *,
    rows: Rows,
    chart: Callable[[], Drawing] | None = None,
    meta: Mapping[str, Any] | None = None,
    library: bool = True,
) -> dict[str, str | bytes]:
    """A result as notebooks show it, by media type: HTML of the chart and the first rows; the chart as a picture.

    `library=False` leaves out the script that draws, where another piece of the same HTML brings it.
    """
    from okireports.charts import png
    from okireports.export.page import piece

    content = Content(rows, chart, dict(meta or {}))
    return {"text/html": piece(content, library=library)} | ({"image/png": png(content.drawn())} if chart else {})


def suffixes() -> tuple[str, ...]:
    """The suffixes that `save` knows."""
    return tuple(_WRITERS)


@contextmanager
def appearing(target: Path) -> Iterator[IO[bytes]]:
    """A file that takes its name when all of it is on the disk; whatever goes wrong before leaves nothing."""
    number, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)  # mode 0600
    try:
        with os.fdopen(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name, too
    finally:
        os.close(folder)


def _csv(file: IO[bytes], content: Content) -> None:
    from okireports.export.delimited import write

    write(file, content.rows)


def _parquet(file: IO[bytes], content: Content) -> None:
    from okireports.export.parquet import write

    write(file, content.rows, content.meta)


def _json(file: IO[bytes], content: Content) -> None:
    from okireports.export.records import write

    write(file, content.rows.table(), content.meta)


def _xlsx(file: IO[bytes], content: Content) -> None:
    from okireports.export.workbook import write

    write(file, content)


def _html(file: IO[bytes], content: Content) -> None:
    from okireports.export.page import page

    file.write(page(content).encode())


def _png(file: IO[bytes], content: Content) -> None:
    from okireports.charts import png

    file.write(png(content.drawn()))


def _svg(file: IO[bytes], content: Content) -> None:
    from okireports.charts import svg

    file.write(svg(content.drawn()).encode())


_WRITERS: Mapping[str, Callable[[IO[bytes], Content], None]] = {
    ".csv": _csv,
    ".parquet": _parquet,
    ".json": _json,
    ".xlsx": _xlsx,
    ".html": _html,
    ".png": _png,
    ".svg": _svg,
}


def _writer(target: Path) -> Callable[[IO[bytes], Content], None]:
    suffix = target.suffix.lower()
    if suffix in _WRITERS:
        return _WRITERS[suffix]
    hint = did_you_mean(suffix, _WRITERS) if suffix else ""
    raise BadOption(f"A file cannot be saved as {suffix or 'a name without suffix'!r}; there are {_listed()}.{hint}")


def _listed() -> str:
    names = list(_WRITERS)
    return f"{', '.join(names[:-1])} and {names[-1]}"
