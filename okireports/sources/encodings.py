"""In which encoding a text is, as far as its bytes tell: UTF surely, the two Polish ones by their letters."""

from __future__ import annotations

import codecs
from pathlib import Path

UTF_8 = ("utf-8", "utf8", "utf-8-sig")
NAMES = {"utf-8": "UTF-8", "utf-16": "UTF-16", "cp1250": "Windows-1250", "iso-8859-2": "ISO 8859-2 (Latin-2)"}
_PIECE = 1 << 20
# the bytes of the letters that the two encodings place differently (the others are alike): Ą Ś Ź ą ś ź, Š Ť Ž š ť ž
_CP1250 = bytes([0xA5, 0x8C, 0x8F, 0xB9, 0x9C, 0x9F, 0x8A, 0x8D, 0x8E, 0x9A, 0x9D, 0x9E])
_LATIN2 = bytes([0xA1, 0xA6, 0xAC, 0xB1, 0xB6, 0xBC, 0xA9, 0xAB, 0xAE, 0xBB, 0xBE])


def is_utf_8(encoding: str) -> bool:
    """Is this a name of UTF-8?"""
    return encoding.lower().replace("_", "-") in UTF_8


def told(encoding: str) -> str:
    """How people call an encoding."""
    return NAMES.get(encoding, encoding.removesuffix("-sig").upper())


def detect(path: Path, most: int | None = None) -> str:
    """The encoding of a file (or of its first `most` bytes), a name that Python knows; read piece by piece."""
    decoder, counts, plain, read = codecs.getincrementaldecoder("utf-8")(), [0, 0], True, 0
    with path.open("rb") as source:
        piece = source.read(_PIECE)
        if wide := _wide(piece):
            return wide
        while piece:
            if plain:
                try:
                    decoder.decode(piece)
                except UnicodeDecodeError:
                    plain = False
            for place, letters in enumerate((_CP1250, _LATIN2)):
                counts[place] += _count(piece, letters)
            read += len(piece)
            piece = source.read(_PIECE) if most is None or read < most else b""
    if plain and (most is not None or not decoder.getstate()[0]):
        return "utf-8"
    return "iso-8859-2" if counts[1] > counts[0] else "cp1250"


def _count(piece: bytes, letters: bytes) -> int:
    return len(piece) - len(piece.translate(None, letters))


def _wide(start: bytes) -> str | None:
    """UTF-16, by its mark or by the zeros that plain letters leave at every other place."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = start[:4096:2].count(0), start[1:4096:2].count(0)
    half = min(len(start), 4096) // 2
    if half and max(even, odd) > 0.6 * half and min(even, odd) < 0.1 * half:
        return "utf-16-le" if odd > even else "utf-16-be"
    return None
