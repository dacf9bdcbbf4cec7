"""What ``inyourarea inspect`` says of cuts: a rate only where the sample is long enough for one."""

import pytest

from inyourarea.cli.inspect import lines_of
from inyourarea.embedded.inspect import Inspection


@pytest.mark.parametrize(
    ("sampled_s", "cuts", "said"),
    [
        (1.9, 0, "no cut in what was looked at, too little to say how often it is cut"),
        (1.9, 1, "1 cut in what was looked at, too little to say how often it is cut"),
        (6.0, 3, "3 cuts in what was looked at, too little to say how often it is cut"),
        (12.0, 4, "about 20 cuts per minute"),
    ],
)
def test_a_rate_is_told_only_from_enough_cuts(sampled_s: float, cuts: int, said: str) -> None:
    found = Inspection((1920, 1080), 12.0, sampled_s, cuts, (), "Nobody was seen.")
    assert said in list(lines_of(found))
