"""The command line as tests ask it: how a command ends, and the one line of an error."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from okireports.cli import app


def run(*words: object, code: int = 0) -> Result:
    """Run the command line in this process; `code` is how it must end."""
    result = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert result.exit_code == code, result.output
    return result


def refused(*words: object) -> str:
    """The one line of an error."""
    result = run(*words, code=1)
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1 and result.stderr.startswith("error: ")
    return result.stderr


def misunderstood(*words: object) -> str:
    """What is said of a command that was not understood."""
    return " ".join(run(*words, code=2).stderr.replace("│", " ").split())
