"""What a page does on behalf of Python: saving a file where the browser saves files, and copying a text."""

from __future__ import annotations

from okireports.widgets.front.part import Part, script


class Actions(Part):
    """Has the page download a file or copy a text, and says there that it did.

    It must be shown somewhere; each page that shows the notebook does what is asked once, however often it is shown
    there.
    """

    _esm = script("actions")

    def __init__(self, language: str = "en") -> None:
        super().__init__("actions", language)

    def offer(self, name: str, media_type: str, data: bytes) -> None:
        """Download a file.

        Args:
            name: of the file, without folders.
            media_type: what it is, such as `text/csv`.
            data: what it holds.
        """
        self.send({"kind": "offer", "name": name, "type": media_type}, buffers=[data])

    def copy(self, text: str) -> None:
        """Put a text on the clipboard; where the browser does not let a page do that, show it to be copied by hand."""
        self.send({"kind": "copy", "text": text})
