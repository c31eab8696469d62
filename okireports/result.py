"""What a report gave, as people take it: a dataframe, an Arrow table, a chart, a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from okireports import behind, run
from okireports.answer import Answer, Provenance
from okireports.errors import ResultTooLarge
from okireports.own import failing
from okireports.run import Question

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from okireports.pages import Pages


@dataclass(frozen=True)
class Result:
    """What a report gave: the same rows as a dataframe, an Arrow table, a chart and a file."""

    answer: Answer
    _question: Question
    _ask: Callable[[Question], Answer]  # asks, for the same viewer, as she is now

    @cached_property
    def arrow(self) -> pa.Table:
        """The rows: instants in the centre's zone, counts int64, money decimal."""
        return self.answer.rows.table()

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows as a dataframe.

        Raises:
            ResultTooLarge: more than a million rows; save them, or take a page with `limit`.
        """
        from okireports import frames

        if self.answer.rows.count > run.MOST_ROWS:
            raise ResultTooLarge(
                f"{self.answer.rows.count:,} rows are more than a dataframe should hold ({run.MOST_ROWS:,}). Write "
                "them with result.save('log.parquet'), or take a page: report(..., limit=1000, offset=0)."
            )
        return frames.frame(self.arrow)

    @cached_property
    def details(self) -> pd.DataFrame:
        """The rows behind the figures, of a report that has some; asked anew, of what she may see now.

        Raises:
            BadOption: the report has none.
            ResultTooLarge: more than a million rows.
            Refused, UnknownReport: she may not see it any more.
        """
        return self._again(replace(self._question, details=True)).frame

    def contacts(self, row: int | Mapping[str, object], *, limit: int | None = None, offset: int = 0) -> Result:
        """The call log of exactly those contacts that a row counts; asked anew, of what she may see now.

        It is of the same projects, period, filters and options, and has as many rows as the column says that
        `answer.report.contacts` names. `limit` and `offset` cut a page out of it.

        Args:
            row: its position in the frame, or its values by column, at least of those that tell rows apart.
            limit: at most so many contacts, the newest first.
            offset: without the first of them.

        Raises:
            BadOption: the report is no summary of contacts, or the row is not named by its columns.
            UnknownName: there is no such row, or none that she can see: the same error.
            Refused, UnknownReport: she may not see it, or the call log, any more.
        """
        named = behind.named_row(self.answer.report, self.arrow, row)
        return self._again(self._question.opened(named, limit, offset))

    def _again(self, question: Question) -> Result:
        """The answer to another question of the same viewer."""
        return Result(self._ask(question), question, self._ask)

    @cached_property
    def chart(self) -> Any:
        """The rows as an Altair chart."""
        return drawn(self.answer, self.frame)

    @cached_property
    def pages(self) -> Pages:
        """The rows a page at a time, sorted and searched where they are: `pages.page(1, 100, sort="started_at")`."""
        from okireports.pages import Pages

        return Pages(self.answer.rows, self.answer.report.name)

    @property
    def sql(self) -> str:
        """The statement that made the rows, over the tables as the viewer sees them."""
        return self.answer.sql

    @property
    def provenance(self) -> Provenance:
        """Where the rows come from."""
        return self.answer.provenance

    def save(self, path: str | os.PathLike[str], *, language: str = "en") -> Path:
        """Write the result: .csv, .parquet, .xlsx, .json, .html, .png or .svg, by the suffix; whole or not at all.

        `language`, "en" or "pl", is that of titles, headings and charts.

        Raises:
            BadOption: there is no such format or language, or the file cannot be there.
        """
        from okireports import export

        meta = self.answer.meta_in(language)
        chart = (lambda: self.chart) if language == "en" else lambda: drawn(self.answer, self.frame, language)
        return export.save(path, rows=self.answer.rows, chart=chart, meta=meta)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows for Polars, DuckDB and others that take an Arrow stream."""
        import pyarrow as pa

        batches = (batch for part in self.answer.rows.parts() for batch in part.to_batches())
        reader = pa.RecordBatchReader.from_batches(self.answer.rows.schema, batches)
        stream: object = reader.__arrow_c_stream__(requested_schema)  # type: ignore[no-untyped-call]  # its stubs
        return stream

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        """In a notebook: the chart, live where scripts run and else a picture; the first rows; and a line of text."""
        from okireports import export

        drawn = (lambda: self.chart) if self.answer.rows.count <= run.MOST_ROWS else None  # a chart needs the frame
        return {**export.shown(rows=self.answer.rows, chart=drawn, meta=self.answer.meta), "text/plain": repr(self)}

    def __repr__(self) -> str:
        """In a terminal: what it is, not what is in it."""
        p = self.provenance
        return f"<{self.answer.report.title}: {self.answer.rows.count:,} rows, {p.period}, {', '.join(p.projects)}>"


def drawn(answer: Answer, frame: pd.DataFrame, language: str = "en") -> Any:
    """The chart of an answer: over the same frame, nothing is asked again."""
    from okireports import charts

    asked, said = answer.report, answer.provenance
    with failing(asked, "chart"):
        return charts.draw(
            asked.chart,
            frame,
            title=asked.title if language == "en" else asked.pl,
            zone=said.zone,
            by=answer.by,
            language=language,
            subtitle=said.period,
            report=asked.name,
            formula=said.formula,
            period=(said.start, said.end),
            week_start=answer.week_start,
        )
