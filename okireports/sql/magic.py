"""`%%okisql` for notebooks: a cell of SQL, asked by a viewer who stands in a variable.

%load_ext okireports

%%okisql viewer --as by_queue
SELECT queue, count(*) AS contacts FROM calls GROUP BY ALL
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from okireports.errors import BadOption

if TYPE_CHECKING:
    from okireports.sql.selection import Selection

NAME = "okisql"


class Words(argparse.ArgumentParser):
    """The words of the first line; what is wrong with them is an error, and never the end of the kernel."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and how it is written."""
        raise BadOption(f"{message}. {self.format_usage().strip()}")


def words() -> Words:
    """What may stand after `%%okisql`."""
    parser = Words(prog=f"%%{NAME}", add_help=False, allow_abbrev=False)
    parser.add_argument("viewer", help="a variable: center.viewer(...)")
    parser.add_argument("--as", dest="name", help="a variable for the result")
    parser.add_argument("--project", action="append", dest="projects", help="only of this project; several times")
    parser.add_argument("--rows", type=int, help="a result of more is an error")
    parser.add_argument("--seconds", type=float, help="a query that runs longer is ended")
    parser.add_argument("--memory-mb", type=int, help="a query that needs more is ended")
    return parser


def okisql(line: str, cell: str, variables: Mapping[str, Any]) -> tuple[str | None, Selection]:
    """Run a cell's query; gives the name for the result, if there is one, and the result.

    Args:
        line: the viewer's variable and options.
        cell: the query.
        variables: those of the notebook.

    Raises:
        BadOption: the line cannot be understood, or names no viewer.
    """
    try:
        said = vars(words().parse_args(shlex.split(line)))
    except ValueError as error:
        raise BadOption(f"%%{NAME} {line.strip()}: {error}.") from None
    asked, name = said.pop("viewer"), said.pop("name")
    viewer: Any = variables.get(asked)
    if not callable(getattr(viewer, "sql", None)):
        raise BadOption(f"There is no viewer in a variable {asked!r}: make one, {asked} = center.viewer('anna').")
    if name is not None and not name.isidentifier():
        raise BadOption(f"--as {name!r}: that is no name of a variable.")
    options = {key: value for key, value in said.items() if value is not None}
    result: Selection = viewer.sql(cell, **options)
    return name, result


def load(shell: Any) -> None:
    """Teach a notebook's shell the magic."""

    def run(line: str, cell: str) -> Selection | None:
        name, result = okisql(line, cell, shell.user_ns)
        if name is None:
            return result
        shell.user_ns[name] = result
        return None

    shell.register_magic_function(run, magic_kind="cell", magic_name=NAME)
