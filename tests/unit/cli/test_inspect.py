"""What ``inyourarea inspect`` says of cuts: a rate, and how high it may be all the same."""

import pytest

from inyourarea.cli.inspect import lines_of
from inyourarea.embedded.inspect import Inspection


@pytest.mark.parametrize(
    ("sampled_s", "cuts", "said"),
    [
        (6.0, 0, "no cut in what was looked at: about 0 cuts per minute, hardly more than 30"),
        (6.0, 1, "1 cut in what was looked at: about 10 cuts per minute, hardly more than 47"),
        (12.0, 3, "3 cuts in what was looked at: about 15 cuts per minute, hardly more than 39"),
        (12.0, 4, "about 20 cuts per minute"),
    ],
)
def test_how_often_it_is_cut_is_told_and_how_sure_that_is(
    sampled_s: float, cuts: int, said: str
) -> None:
    found = Inspection((1920, 1080), 12.0, sampled_s, cuts, (), "Nobody was seen.")
    assert said in list(lines_of(found))
