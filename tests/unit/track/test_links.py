"""Which tracklets may go on as which."""

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from inyourarea.track.links import LONGEST_LINK_S, MOST_OVERLAP_S, links_between
from inyourarea.track.tracklets import Sightings, tracklets_from_labels
from rehearsal import most_memory

FPS = 30


def scene(spans):
    """Sightings and tracklets of (first frame, frames to the last, shot)."""
    rows = [(first, n, shot) for n, (first, _, shot) in enumerate(spans)]
    rows += [(first + more, n, shot) for n, (first, more, shot) in enumerate(spans)]
    frame, label, shot = np.array(sorted(rows), dtype=np.int32).T
    corner = 100.0 * label[:, None] + np.zeros(2)
    sightings = Sightings(
        row=np.arange(frame.size, dtype=np.int32),
        frame=frame,
        shot=shot,
        seconds=frame / FPS,
        xyxy=np.concatenate([corner, corner + 50], axis=1),
        confidence=np.ones(frame.size),
        scores=np.zeros((frame.size, 0)),
        appearance=np.zeros((frame.size, 0)),
        portrait=np.zeros((frame.size, 0), np.uint8),
    )
    return sightings, tracklets_from_labels(label)


def all_pairs(sightings, tracklets):
    """What `Links` says it has, asked of every pair."""
    start, end = sightings.seconds[tracklets.start], sightings.seconds[tracklets.end]
    shot = sightings.shot[tracklets.start]
    gap = start[None, :] - end[:, None]
    follows = (gap > -MOST_OVERLAP_S) & (gap <= LONGEST_LINK_S)
    follows &= (start[None, :] > start[:, None]) & (end[None, :] > end[:, None])
    follows &= shot[None, :] == shot[:, None]
    return np.argwhere(follows).tolist()


@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.integers(1, 90), st.just(0)), min_size=1, max_size=40
    )
)
@example([(0, 10, 0), (7, 10, 0), (85, 5, 0), (86, 5, 0)])
def test_links_are_all_pairs_that_are_near_enough_in_their_order(spans):
    sightings, tracklets = scene(spans)
    links = links_between(sightings, tracklets)
    assert np.stack([links.a, links.b], axis=1).tolist() == all_pairs(sightings, tracklets)


def test_nothing_goes_on_over_a_cut():
    sightings, tracklets = scene([(0, 10, 0), (12, 10, 0), (23, 10, 1), (35, 10, 1)])
    links = links_between(sightings, tracklets)
    assert list(zip(links.a.tolist(), links.b.tolist(), strict=True)) == [(0, 1), (2, 3)]


def test_memory_for_links_grows_as_a_shot_does_and_not_with_its_square():
    def peak(tracklets):
        long = scene([(45 * (n // 8) + 3 * (n % 8), 40, 0) for n in range(tracklets)])
        return most_memory(links_between, *long)

    assert peak(4000) < 5 * peak(1000)
