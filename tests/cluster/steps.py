"""Which lines of a service's log say that a step was really done, and not only told again."""

import re
from collections.abc import Mapping
from typing import Any

_OF_A_SEGMENT = re.compile(
    r"drew \d+ frames (for the detector|for \d+ (fancams|lower rungs)|of the stage in \d+ sizes)"
    r"|found people in \d+ frames"
)
_OF_A_VIDEO = re.compile(
    r"took out the sound|told \d+ people apart|joined the (stage|fancam .+)"
    r"|drew \d+ faces|streamed \d+ fancams"
)
#: Of what there may be fewer where a part was there already.
_COUNT = re.compile(r"(?<= )\d+ ")

#: A video, a segment or none, and what was done.
Step = tuple[str, str, str]


def read_step(line: Mapping[str, Any]) -> Step | None:
    """The step that a line of the log says was done; none where it says something else."""
    text = line["text"]
    if _OF_A_SEGMENT.fullmatch(text):
        place = str(line["segment"])
    elif _OF_A_VIDEO.fullmatch(text):  # whichever segment came last
        place = ""
    else:
        return None
    return line["video_id"], place, _COUNT.sub("", text)
