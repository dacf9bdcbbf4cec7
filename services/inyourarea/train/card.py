"""Write a model's card from measured figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inyourarea.contracts.model import ModelInfo
from inyourarea.train.measure import Recall
from inyourarea.train.octaves import half_of
from inyourarea.train.show_pictures import PICTURE_SIZE


@dataclass(frozen=True, slots=True)
class HeightRow:
    """Recall of faces of one height in pixels of 1080p: of the file, and of each look alone."""

    height: float
    both: Recall
    full: Recall
    half: Recall


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured: ``pictures`` counts those learned from, measured on, close."""

    progress: Mapping[str, Any]
    pictures: tuple[int, int, int]
    precision: Mapping[str, tuple[float, float]]
    with_hidden: Mapping[str, tuple[float, float]]
    heights: Sequence[HeightRow]
    f1: Mapping[float, float]

    @property
    def mean_precision(self) -> tuple[float, float]:
        """mAP50 and mAP50-95 over all members."""
        return _mean(self.precision)


def _mean(table: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    mean = np.mean(list(table.values()), axis=0)
    return float(mean[0]), float(mean[1])


def card(figures: Figures, info: ModelInfo) -> str:
    """The model card as Markdown."""
    return TEXT.format(
        name=info.name,
        members=", ".join(info.classes),
        size=_size(info),
        half=_size(half_of(info)),
        picture="x".join(map(str, PICTURE_SIZE)),
        revision=info.revision,
        confidence=info.confidence,
        drawn=figures.pictures[0],
        unseen=figures.pictures[1],
        close=figures.pictures[2],
        windows=figures.progress["windows"],
        epochs=figures.progress["epochs"],
        box_px=figures.progress["box_px"],
        score=figures.progress["score"],
        precision=_precision(figures),
        heights=_heights(figures.heights),
        f1=_f1(figures.f1),
        hidden50=_mean(figures.with_hidden)[0],
        hidden95=_mean(figures.with_hidden)[1],
    )


def _size(info: ModelInfo) -> str:
    return f"{info.width}x{info.height}"


def _precision(figures: Figures) -> str:
    rows = [f"| {name} | {ap[0]:.3f} | {ap[1]:.3f} |" for name, ap in figures.precision.items()]
    mean = figures.mean_precision
    return "\n".join([*rows, f"| **all** | **{mean[0]:.3f}** | **{mean[1]:.3f}** |"])


def _heights(rows: Sequence[HeightRow]) -> str:
    return "\n".join(_height(row) for row in rows)


def _height(row: HeightRow) -> str:
    cells = [f"{row.height:.0f}", f"{row.both.height:.0f}", str(row.both.faces)]
    for recall in (row.both, row.full, row.half):
        cells += [f"{recall.found:.1%}", f"{recall.named:.1%}"]
    return "| " + " | ".join(cells) + " |"


def _f1(levels: Mapping[float, float]) -> str:
    head = ["confidence", *(f"{level:.2f}" for level in levels)]
    values = ["F1", *(f"{value:.3f}" for value in levels.values())]
    rows = [head, ["---"] * len(head), values]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


TEXT = """# The model `{name}`

It knows the nine members of the drawn stage show by face, hair and outfit together, and nobody
else: {members}. It is there for the demo, the tests and the
exam, and as an example of what a group's own model is.

- **Network**: YOLOv5n in ultralytics' "u" variant (anchor-free, split head; `yolov5n.yaml`, nine
  classes, 2.5 million weights), trained from scratch, without any other data or weights. AGPL-3.0,
  as ultralytics is.
- **File**: `{revision}/model.onnx` keeps the model contract: uint8 frames of {size} in; boxes and
  class scores after class-agnostic suppression out. It looks at every frame at half its size
  ({half}) and, unless it sees nothing but a close-up there, as it is, with the same weights (see
  `train/octaves.py`), and computes in 8 bits, weights in 7 (`train/int8.py`), the distances and
  logits at its end in float32; what all that costs and brings is in `docs/adr/0005` and `0036`. In
  float32 it differed from the network by at most {box_px:.2f} px and {score:.4f} in score.
- **To train further**: `show.pt` (float16) is what `ultralytics.YOLO("models/show/show.pt")` takes.
- **Another from nothing**: `make show-model`, which is `inyourarea train-show`.

## What it learned from

{drawn} pictures of training shows (seeds 1000 to 1539; 3 to 9 members; 80 % `hard`, the rest
`handheld` and `easy`; of every part of a show, close shots more often than they come), drawn at
1920x1080, scaled to {picture}, and kept as JPEG of quality 55 to 92.
It saw {windows} windows of 416x288 pixels in {epochs} short epochs, put mostly where people are,
half of them at the pictures' own scale, the rest scaled so that a face is 12 to 210 px high, with
white balance and exposure changed; pictures with close-ups came four times as often as others.

A member is a face whose head is seen by at least 40 %, on the stage **and on the LED wall** (a
detector sees the same face there; telling live from screen is the identity step's work), **turned
away or not** (hair and outfit tell who it is; the box is where the face would be). Dancers are
background. Frames within a dissolve or wipe are left out, of training and of the figures below.

## What it reaches

On {unseen} pictures ({picture}) of 30 shows that it has never seen (seeds 530 to 559), measured on
the file itself: faces of all sizes, the LED wall and turned-away heads included. Average precision
by COCO's 101 points, of every class's score of a box, as where ultralytics validates; boxes whose
best score is below .05 are not in the file's answer. A member is asked for
when at least half of her head is in sight, as everywhere in this project; a box on one who is
hidden further is neither right nor wrong.

| member | mAP50 | mAP50-95 |
|---|---|---|
{precision}

The student project of 2021 reached .961 and .633 on 96 easier pictures. With heads of which only 40
to 50 % are in sight asked for as well, it is {hidden50:.3f} and {hidden95:.3f}.

Recall of live members with at least half of the head in sight, at IoU .5 and confidence
{confidence}: *found* by a box of whatever class, and *named* right; heights within a quarter of an
octave; {close} pictures of close shots of further unseen shows (560 to 589) are counted in. The
four last columns are what each look finds alone, in float32.

| px in 1080p | at {size} | faces | found | named | {size}: found | named | {half}: found | named |
|---|---|---|---|---|---|---|---|---|
{heights}

A hard show draws no face under 24 px of 1080p, so there is no row for less; in the picture that the
model is given those are 16 px high.

So there are two looks, and no tiles: a wide shot's faces, 24 to 45 px in 1080p, are lost at {half},
those of a close-up at {size}; each is found by the other.

F1 of all members together, by confidence:

{f1}

## What it does not know

Real people, other drawings, other outfits: its answers there mean nothing. Faces of less than 12 px
in 1080p were never asked for. In dissolves, under strobe light and behind others its scores
are honest but low; the identity step weighs them over a whole tracklet.
"""
