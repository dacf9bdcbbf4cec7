"""Write the card of a group's model in words."""

from inyourarea.contracts.datasets import TEST
from inyourarea.contracts.model import ModelInfo
from inyourarea.train.group_figures import MOST_LOST, Figures
from inyourarea.train.mistakes import NOBODY
from inyourarea.train.parity import BOX_TOLERANCE_PX, SCORE_TOLERANCE


def card(info: ModelInfo, network: str, figures: Figures) -> str:
    """The model card as Markdown."""
    shots = "of shots that it has never seen" if figures.judged_on == TEST else "those held out"
    return TEXT.format(
        name=info.name,
        version=info.revision,
        members=", ".join(info.classes),
        network=network,
        size=f"{info.width}x{info.height}",
        start=figures.start,
        windows=figures.windows,
        spread=_spread(figures),
        pictures=", ".join(f"{count} `{split}`" for split, count in figures.pictures.items()),
        warnings="".join(f"\n**{warning}**\n" for warning in figures.warnings),
        judged=figures.pictures[figures.judged_on],
        shots=shots,
        confidence=info.confidence,
        judged_by=_judged_by(figures),
        members_table=_members(figures),
        confusion=_confusion(figures),
        whole_run=_whole_run(figures),
        mistakes="\n".join(
            f"- `{file}` ({picture}): {words}" for file, picture, words in figures.mistakes
        )
        or "None.",
        numbers=figures.numbers,
        most_lost=MOST_LOST,
        files="\n".join(
            f"| {numbers} | {marks[0]:.4f} | {marks[1]:.4f} |"
            for numbers, marks in figures.marks.items()
        ),
        box_px=BOX_TOLERANCE_PX,
        score=SCORE_TOLERANCE,
        runtimes=_runtimes(figures),
    )


def _spread(figures: Figures) -> str:
    if not figures.spread:
        return ""
    return (
        f"- **Names**: {figures.spread} boxes have a name that people gave elsewhere: to the same "
        "person in another shot, or by a network that has learned from them. The figures below are "
        "judged by no network's names.\n"
    )


def _judged_by(figures: Figures) -> str:
    boxes = sum(one.boxes for one in figures.members.values())
    return JUDGED_BY.format(boxes=boxes, placed=figures.placed, hidden=figures.hidden)


def _members(figures: Figures) -> str:
    rows = [
        f"| {name} | {one.boxes} | {one.map50:.3f} | {one.map50_95:.3f} | {one.precision:.3f} "
        f"| {one.recall:.3f} |"
        for name, one in figures.members.items()
    ]
    mean = figures.mean
    return "\n".join([*rows, f"| **all** | | **{mean[0]:.3f}** | **{mean[1]:.3f}** | | |"])


def _confusion(figures: Figures) -> str:
    names = [*figures.members, NOBODY]
    rows = [
        [f"**{truth}**", *(str(figures.confusion[truth].get(said, 0)) for said in names)]
        for truth in names
    ]
    table = [["who was there", *names], ["---"] * (len(names) + 1), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in table)


def _whole_run(figures: Figures) -> str:
    found = figures.whole_run
    if not found.all:
        return found.words
    rows = [
        f"| {name} | {one.boxes} | {one.right:.1%} | {one.other:.1%} |"
        for name, one in [*found.members.items(), ("**all**", found.all)]
    ]
    head = ["| member | faces | right | another's |", "|---|---|---|---|"]
    return "\n".join([HOW_IT_RAN, *head, *rows, "", found.words])


def _runtimes(figures: Figures) -> str:
    rows = []
    for one in figures.runtimes:
        cpu = "" if one.cpu_ms is None else f"{one.cpu_ms:.0f}"
        is_true = {True: "yes", False: "**no**", None: "not asked"}[one.is_true]
        rows.append(
            f"| {one.name} | {one.like} | {one.pictures} | {one.box_px:.3f} | {one.score:.4f} "
            f"| {is_true} | {cpu} | {1000 / one.ms:.1f} |"
        )
    return "\n".join(rows)


JUDGED_BY = """\
Of their {boxes} boxes {placed} were only named, and lie where the weights that it started from see
the face; the others stand where people or the detector put them. {hidden} places where somebody may
be whom nobody has named are painted over, so that a model is neither right nor wrong there. In a
picture that somebody has confirmed no box is moved and no such place is looked for.
"""

HOW_IT_RAN = """\
The dataset's own videos were run as `inyourarea run` does it, but nothing was drawn. Of the faces
in `test` that people have confirmed to be a member's, those are right on which the run has her box
(IoU .5), and another's those on which it has only somebody else's. In the rest of these videos may
be shots that the model has learned from.
"""

TEXT = """# The model `{name}`, version {version}

It knows {members}, and nobody else, in pictures like those that it learned from.

- **Network**: {network} in ultralytics' "u" variant (anchor-free, split head). AGPL-3.0, as
  ultralytics is.
- **Started from** {start}.
- **File**: keeps the model contract: uint8 frames of {size} in, the size that it learned at; boxes
  and class scores after class-agnostic suppression out. It looks at every frame twice with the
  same weights, as it is and at half its size.
- **Pictures**: {pictures}. It saw {windows} windows of those to learn from.
{spread}{warnings}
## What it reaches

On {judged} pictures, {shots}; average precision by COCO's 101 points, of every class's
score of a box, as where ultralytics validates; precision and recall at the confidence
{confidence}, which was chosen on `val`, of each box's best class.

{judged_by}
| member | boxes | mAP50 | mAP50-95 | precision | recall |
|---|---|---|---|---|---|
{members_table}

Who was taken for whom (IoU .5; `nobody` in a column: not seen; in a row: there was no member):

{confusion}

The worst mistakes, as pictures in `mistakes/`:

{mistakes}

## What a run makes of it

{whole_run}

## The exported files

`model.onnx` computes in {numbers}; all other figures here are of it. Where people are found on a
CPU that is 8 bits, if they lose at most {most_lost[0]} and {most_lost[1]} of the means here, and
float32 elsewhere:

| numbers | mAP50 | mAP50-95 |
|---|---|---|
{files}

Every box that a runtime tells is looked up among those of what it is compared with, and one that
it does not tell counts with its score: at most {box_px} px and {score} in score may lie between. Of
8 bits that is not asked, which move both; what comes of it is above. What a picture costs was
measured on the machine that trained, one after another.

| runtime | compared with | pictures | px | score | within | ms of CPU | pictures a second |
|---|---|---|---|---|---|---|---|
{runtimes}
"""
