"""How sure a name is, frame by frame."""

import numpy as np
import pytest

from inyourarea.track.identity import Cast, sure_by_frame


def sure(*tracklets):
    """One person's sureness in ten frames, of tracklets (first frame, last frame, sureness)."""
    spans = np.array([tracklet[:2] for tracklet in tracklets], dtype=np.int32)
    cast = Cast(np.zeros(len(spans), np.int32), np.array([one[2] for one in tracklets]), ("Aria",))
    return sure_by_frame(cast, spans, 10)[0]


def test_an_unsure_tracklet_that_overlaps_a_sure_one_leaves_it_sure_until_there():
    assert sure((0, 7, 0.9), (6, 9, 0.5)) == pytest.approx([0.9] * 6 + [0.5] * 4)


def test_between_two_tracklets_a_name_is_as_sure_as_the_nearer_makes_it():
    told = sure((1, 2, 0.9), (6, 7, 0.5))
    assert told == pytest.approx([0.9, 0.9, 0.9, 0.8, 0.7, 0.6, 0.5, 0.5, 0.5, 0.5])


def test_who_is_in_no_tracklet_is_not_sure_anywhere():
    cast = Cast(np.array([-1], np.int32), np.array([0.9]), ("Aria",))
    assert not sure_by_frame(cast, np.array([[0, 9]], np.int32), 10).any()
