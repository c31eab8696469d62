"""Sealed extracts: what one viewer may see, in a file of its own that holds nothing else.

asking   who may make one, for whom, over what, and the trace that it leaves
control  the control file, cut down to what she may know
content  her rows, and the file that they are put into
target   where it may lie; it appears whole or not at all
"""

from __future__ import annotations

from okireports.extract.asking import make

__all__ = ["make"]
