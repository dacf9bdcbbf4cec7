"""Who is taken for whom, and the pictures of it."""

from pathlib import Path

import cv2
import numpy as np

from inyourarea.train.measure import precision_and_recall
from inyourarea.train.mistakes import confusion, write_mistakes
from inyourarea.train.parity import Answer, apart, is_within
from told import PLACES, answers

NAMES = ("Kim", "Lee")

SEEN = {
    "a": answers([(0, 0), (1, 1)], [(0, 0, 0.9), (1, 0, 0.8)]),
    "b": answers([(0, 0)], [(2, 1, 0.7), (0, 0, 0.1)]),
}


def test_everybody_is_counted_by_who_she_is_and_who_was_said() -> None:
    found = confusion(SEEN, NAMES, 0.3)
    assert found.table() == {
        "Kim": {"Kim": 1, "nobody": 1},
        "Lee": {"Kim": 1},
        "nobody": {"Lee": 1},
    }


def test_the_worst_mistake_is_a_wrong_name() -> None:
    words = [one.words for one in confusion(SEEN, NAMES, 0.3).mistakes]
    assert words == [
        "Lee was taken for Kim (0.80)",
        "Lee was seen where no member is (0.70)",
        "Kim was not seen",
    ]


def test_each_mistake_is_a_picture_of_its_place(tmp_path: Path) -> None:
    picture = np.zeros((60, 140, 3), np.uint8)
    picture[10:40, 60:80] = (200, 40, 40)  # BGR
    for name in SEEN:
        cv2.imwrite(str(tmp_path / f"{name}.jpg"), picture)
    shown = tmp_path / "mistakes"
    shown.mkdir()
    (shown / "07.jpg").write_bytes(b"of an earlier run")
    written = write_mistakes(confusion(SEEN, NAMES, 0.3).mistakes, tmp_path, shown)
    assert [file.name for file, _ in written] == ["01.jpg", "02.jpg", "03.jpg"]
    assert {file.name for file in shown.iterdir()} == {"01.jpg", "02.jpg", "03.jpg"}
    first = cv2.imread(str(shown / "01.jpg"))
    assert first.shape == (320, 320, 3)
    assert first[160, 160].tolist()[0] > 150  # blue is in the middle: who was misnamed


def test_precision_and_recall_at_a_confidence() -> None:
    both = list(SEEN.values())
    assert precision_and_recall(both, 0, 0.3) == (0.5, 0.5)
    assert precision_and_recall(both, 0, 0.05) == (2 / 3, 1.0)
    precision, recall = precision_and_recall(both, 1, 0.75)
    assert np.isnan(precision)
    assert recall == 0.0


def test_answers_are_laid_beside_each_other_in_any_order() -> None:
    scores = np.array([[0.9, 0.0], [0.0, 0.8], [0.04, 0.05]])
    moved = PLACES[[1, 0]] + 0.25
    given = np.array([[0.0, 0.805], [0.9, 0.0], [0.0, 0.0]])
    found = apart(
        Answer(PLACES[None], scores[None]),
        Answer(np.concatenate([moved, np.zeros((1, 4))])[None], given[None]),
        floor=0.05,
    )
    np.testing.assert_allclose(found, (0.25, 0.005))
    assert is_within(*found)
    assert not is_within(0.6, 0.0)


def test_a_box_that_an_answer_lost_is_as_far_as_its_score_unless_another_suppresses_it() -> None:
    box = PLACES[:1]
    kept = Answer(box[None], np.array([[[0.9, 0.1]]]))
    none = Answer(np.zeros((1, 1, 4)), np.zeros((1, 1, 2)))
    assert apart(kept, kept, floor=0.05) == (0, 0)
    np.testing.assert_allclose(apart(kept, none, floor=0.05), (0, 0.85))
    double = Answer(np.concatenate([box, box + 1])[None], np.array([[[0.9, 0.1], [0.2, 0.8]]]))
    assert apart(double, kept, floor=0.05) == (0, 0)
    apart_from_it = double._replace(boxes=np.concatenate([box, box + 500])[None])
    np.testing.assert_allclose(apart(apart_from_it, kept, floor=0.05), (0, 0.75))
    may_go = apart_from_it._replace(is_told=np.array([[True, False]]))
    assert apart(may_go, kept, floor=0.05) == (0, 0)
