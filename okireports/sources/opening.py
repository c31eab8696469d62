"""The files of one load, opened: fingerprinted, left out when they were read before, unpacked where they are packed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from okireports.sources import folder
from okireports.sources.csv_file import CsvFile
from okireports.sources.feed import Before, Scratch, SourceFile
from okireports.sources.packed import Found
from okireports.sources.staging import Input, Reader


class Opening:
    """The files of one load in the order in which they are opened; one that several tables read counts once.

    Args:
        before: what earlier loads have read.
    """

    def __init__(self, before: Before | None = None) -> None:
        self.before = before or Before()
        self.scratch = Scratch()
        self._inputs: dict[Found, Input | None] = {}
        self._files: list[tuple[Found, SourceFile]] = []
        self._readers: dict[int, list[Reader]] = {}

    def open(self, found: Found, reader: Callable[[Input], Reader]) -> tuple[Input, Reader] | None:
        """Number a file, unpack it, and open it with `reader`; None for one that was read before."""
        if found not in self._inputs:
            self._inputs[found] = self._numbered(found)
        file = self._inputs[found]
        if file is None:
            return None
        made = reader(file)
        self._readers.setdefault(file.number, []).append(made)
        return file, made

    def _numbered(self, found: Found) -> Input | None:
        file = folder.fingerprint(found.path, found.name)
        if file in self.before.files:
            return None
        self._files.append((found, file))
        return Input(len(self._files) - 1, found.open(self.scratch), found.name, file.bytes)

    @property
    def bytes(self) -> int:
        """The size of the files opened so far, as they lie there."""
        return sum(file.bytes for _, file in self._files)

    def files(self) -> tuple[SourceFile, ...]:
        """Name, checksum and size of what was read of each file; packed ones as they lie there."""
        return tuple(self._read(number, found, file) for number, (found, file) in enumerate(self._files))

    def _read(self, number: int, found: Found, file: SourceFile) -> SourceFile:
        """A file that grows was read to where it ended when it was opened."""
        sizes = [r.size for r in self._readers[number] if isinstance(r, CsvFile)] if not found.is_packed else []
        size = min(sizes, default=file.bytes)
        return file if size == file.bytes else folder.fingerprint(found.path, found.name, size)

    def notes(self) -> Counter[str]:
        """What was found out about the files, counted."""
        notes: Counter[str] = Counter()
        for readers in self._readers.values():
            if isinstance(readers[0], CsvFile):
                notes.update(readers[0].notes())
        return notes
