"""Lines of text out of a file that somebody else wrote, in bounded memory."""

from collections.abc import Iterator
from typing import BinaryIO

from inyourarea.core.errors import Refused

#: No row of boxes, pins or names is near this long; a file without line ends must not fill memory.
LONGEST_LINE_BYTES = 64 * 1024


def text_lines(stream: BinaryIO, refusal: type[Refused]) -> Iterator[str]:
    """The lines of a UTF-8 file (with or without byte order mark), each with its line end.

    Raises:
        refusal: a line is over 64 KiB, or is not UTF-8 text.
    """
    number = 0
    while line := stream.readline(LONGEST_LINE_BYTES + 1):
        number += 1
        if len(line) > LONGEST_LINE_BYTES:
            raise refusal(
                f"Line {number} is longer than {LONGEST_LINE_BYTES} bytes; "
                "give a text file with one row per line."
            )
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            raise refusal(
                f"Line {number} is not UTF-8 text; save the file as CSV in UTF-8."
            ) from None
        yield text
