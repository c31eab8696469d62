"""Mappings that come with the package: each `<name>.toml` here is a source of its own, `source="<name>"`."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent
NAMES = tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


def mapping(source: str) -> Path | None:
    """The mapping that a source means: a path as it is, or one that comes with the package; None for other sources."""
    if source.endswith(".toml"):
        return Path(source)
    return _FOLDER / f"{source}.toml" if source in NAMES else None
