"""Members are told from each other and from their dancers, who wear one outfit."""

import numpy as np

from inyourarea.track.members import cast_by_class
from inyourarea.track.pins import Orders
from inyourarea.track.tracklets import Sightings, tracklets_from_labels

FPS = 30
CLASSES = ("Aria", "Bella", "Coco", "Dana")
ARIA, BELLA, COCO, DANA, CREW = np.random.default_rng(5).gamma(0.4, 1.0, (5, 78))


def heads(*tracklets):
    """Sightings of (shot, x, colours, scores) for two seconds each, and their tracklets."""
    rng = np.random.default_rng(0)
    rows = []
    for number, (shot, x, colours, scores) in enumerate(tracklets):
        for frame in range(60):
            seen = colours * rng.gamma(8, 1 / 8, colours.size)
            score = np.array(scores[frame % len(scores)])
            place = (60 * shot + frame, number, shot, x)
            rows.append((*place, seen / np.linalg.norm(seen), score))
    rows.sort(key=lambda row: row[:2])
    frame, number, shot, x = (np.array([row[i] for row in rows]) for i in range(4))
    scores = np.array([row[5] for row in rows])
    sightings = Sightings(
        row=np.arange(len(rows), dtype=np.int32),
        frame=frame.astype(np.int32),
        shot=shot.astype(np.int32),
        seconds=frame / FPS,
        xyxy=np.stack([x, x * 0 + 300, x + 40, x * 0 + 350], axis=1).astype(np.float64),
        confidence=scores.max(axis=1),
        scores=scores,
        appearance=np.array([row[4] for row in rows]),
        portrait=np.zeros((len(rows), 0), dtype=np.uint8),
    )
    return sightings, tracklets_from_labels(number.astype(np.int32))


def names_of(*tracklets, last_present=0.0):
    """Who they are, where the place of the last one says so much for her being there in person."""
    sightings, grouped = heads(*tracklets)
    orders = Orders(is_named={}, is_not={})
    present = np.zeros(len(grouped))
    present[-1] = last_present
    cast = cast_by_class(sightings, grouped, orders, (CLASSES, 0.3), present)
    # Tracklets are ordered by first frame: as they were given, if shots were in order.
    return [CLASSES[who] if who >= 0 else None for who in cast.who]


def scores(**named):
    """A look's class scores: so much for those who are named, next to nothing for the others."""
    return tuple(named.get(name.lower(), 0.02) for name in CLASSES)


WIDE = (
    (0, 100, ARIA, [scores(aria=0.9)]),
    (0, 300, BELLA, [scores(bella=0.9)]),
    (0, 500, COCO, [scores(coco=0.9)]),
    (0, 700, DANA, [scores(dana=0.9)]),
    (0, 900, CREW, [scores(bella=0.1), scores(dana=0.1)]),
)


def test_a_dancer_who_passes_for_a_member_is_told_by_the_crew_s_outfit():
    dancer = 0.9 * CREW + 0.1 * ARIA
    assert names_of(*WIDE, (1, 300, dancer, [scores(aria=0.2)])) == [*CLASSES, None, None]


def test_a_member_whom_the_model_takes_for_others_is_told_by_her_own():
    # A head half out of the picture.
    looks = [scores(aria=0.35), scores(bella=0.3), scores(coco=0.3), scores(dana=0.25)]
    assert names_of(*WIDE, (1, 300, ARIA, looks)) == [*CLASSES, None, "Aria"]


def test_a_member_s_picture_on_a_wall_is_not_told_by_her_looks():
    weak = (1, 300, ARIA, [scores(aria=0.2)])
    assert names_of(*WIDE, weak)[-1] == "Aria"
    assert names_of(*WIDE, weak, last_present=-12.0)[-1] is None
