"""A pack's picture is the same whatever was asked of it before."""

import cv2
import numpy as np

from inyourarea.detect.pictures import Pictures
from scenes import Person, pack_of, scene


def test_greys_are_those_of_the_colours_and_the_same_in_any_order() -> None:
    pack = pack_of([scene([Person(100, 60)])])
    first, second = Pictures(pack), Pictures(pack)
    grey, colours = first.grey(0), second.bgr(0)
    wanted = cv2.cvtColor(colours, cv2.COLOR_BGR2GRAY).astype(int)
    assert np.abs(grey.astype(int) - wanted).mean() < 1
    np.testing.assert_array_equal(second.grey(0), grey)
    np.testing.assert_array_equal(first.bgr(0), colours)
