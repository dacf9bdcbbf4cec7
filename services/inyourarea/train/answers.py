"""Ask a model file about drawn pictures and lay its answers beside the truth, for measuring."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from inyourarea.contracts.model import (
    BOXES_OUTPUT,
    FRAMES_INPUT,
    SCORES_OUTPUT,
    ModelInfo,
    check_model,
)
from inyourarea.core.letterbox import BAR_GREY, fit_letterbox
from inyourarea.runtime.onnx_session import open_session
from inyourarea.train.measure import Answers
from inyourarea.train.show_pictures import Drawn, read_truth
from inyourarea.train.windows import LabelledPicture, read_picture

THREADS = 2


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture: who was drawn, and what the model saw.

    ``boxes`` xyxy (n, 4) in the picture's pixels, ``scores`` (n, C).
    """

    drawn: tuple[Drawn, ...]
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]


def look_at_split(content: bytes, folder: Path, split: str) -> list[Seen]:
    """Run a model file over all pictures of one part of a drawn data set."""
    session, info = open_model(content)
    seen = []
    for stem, drawn in read_truth(folder, split).items():
        picture = read_picture(folder / "images" / split / f"{stem}.jpg")
        seen.append(Seen(tuple(drawn), *look_at(session, info, picture)))
    return seen


def open_model(content: bytes) -> tuple[onnxruntime.InferenceSession, ModelInfo]:
    """A model's file, ready to be asked, and what it says of itself.

    Raises:
        ModelRejected: it does not keep the contract.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = open_session(content, options)
    metadata = session.get_modelmeta().custom_metadata_map
    return session, check_model(session.get_inputs(), session.get_outputs(), metadata)


def look_at_labelled(content: bytes, pictures: Sequence[LabelledPicture]) -> dict[str, Answers]:
    """Lay a model's answers to frames of its own size beside their labels, by the files' stems."""
    session, _ = open_model(content)
    answers = {}
    for one in pictures:
        boxes, scores = session.run(
            [BOXES_OUTPUT, SCORES_OUTPUT], {FRAMES_INPUT: read_picture(one.file)[None]}
        )
        found = scores[0].max(axis=1) > 0
        answers[one.file.stem] = Answers(
            truth=one.boxes.astype(np.float64),
            truth_class=one.classes,
            doubtful=np.zeros((0, 4)),
            doubtful_class=np.zeros(0, np.int64),
            boxes=boxes[0][found].astype(np.float64),
            scores=scores[0][found].astype(np.float64),
        )
    return answers


def letterboxed(picture: NDArray[np.uint8], info: ModelInfo) -> NDArray[np.uint8]:
    """A picture as the model wants it: (height, width, 3), centred between grey bars."""
    place = fit_letterbox((picture.shape[1], picture.shape[0]), (info.width, info.height))
    frame = np.full((info.height, info.width, 3), BAR_GREY, np.uint8)
    inner = (place.inner_width, place.inner_height)
    down, right = place.top + place.inner_height, place.left + place.inner_width
    resized = cv2.resize(picture, inner, interpolation=cv2.INTER_AREA)
    frame[place.top : down, place.left : right] = resized
    return frame


def look_at(
    session: onnxruntime.InferenceSession, info: ModelInfo, picture: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a model sees in a picture of any size: boxes (n, 4) in its pixels, scores (n, C)."""
    frame = letterboxed(picture, info)
    boxes, scores = session.run([BOXES_OUTPUT, SCORES_OUTPUT], {FRAMES_INPUT: frame[None]})
    place = fit_letterbox((picture.shape[1], picture.shape[0]), (info.width, info.height))
    found = scores[0].max(axis=1) > 0
    return place.to_source(boxes[0][found]), scores[0][found].astype(np.float64)


def against(
    seen: Sequence[Seen], classes: Sequence[str], wanted: Callable[[Drawn], bool]
) -> list[Answers]:
    """Lay what was seen beside those of the drawn people who are ``wanted``.

    Those who are known but not wanted are doubtful. A model of one class knows everybody.
    """
    numbers = {name: index for index, name in enumerate(classes)}
    answers = []
    for one in seen:
        known = [drawn for drawn in one.drawn if len(classes) == 1 or drawn.name in numbers]
        boxes = np.asarray([(who.x1, who.y1, who.x2, who.y2) for who in known], np.float64)
        kinds = np.asarray([numbers.get(who.name, 0) for who in known], np.int64)
        asked = np.asarray([wanted(who) for who in known], bool)
        boxes = boxes.reshape(-1, 4)
        answers.append(
            Answers(
                truth=boxes[asked],
                truth_class=kinds[asked],
                doubtful=boxes[~asked],
                doubtful_class=kinds[~asked],
                boxes=one.boxes,
                scores=one.scores,
            )
        )
    return answers
