"""The exam by looks alone: hard stage shows, boxes without names, worst member first.

Everybody whose head is seen has a box, members, dancers and the wall's faces alike, jittered and
thinned out; the number of people on stage is told. `exam` draws the shows and has the options.
"""

import sys
from collections.abc import Iterator
from dataclasses import replace

from exam import Show, arguments, draw, inyourarea, papers, worst
from given_truth import give_truth

from inyourarea.cli.score import score_files
from inyourarea.core.measures import TRACK_TARGETS, Score

TARGETS = (replace(TRACK_TARGETS[0], limit=0.97), *TRACK_TARGETS[1:3])
#: Only tracks are judged here, so the fancams are small.
SMALL = ("--size", "200x630")


def main() -> int:
    """Sit the exam; 0 when every member of every show is found."""
    args = arguments(__doc__)
    passed = True
    for show in papers(args):
        draw(show)
        score = sit(show, args.run_options)
        print("\n".join(lines(show, score)), flush=True)
        passed = passed and all(TARGETS[0].is_met(m["correct"]) for m in score.tracks.values())
    print("everybody is found" if passed else "somebody is not found often enough")
    return 0 if passed else 1


def sit(show: Show, options: list[str]) -> Score:
    """Run and score one show."""
    out, boxes = show.folder / "by-looks", show.folder / "boxes.txt"
    people = give_truth(show.folder / "show", boxes)
    video = show.folder / "show" / "stage.mp4"
    told = ("--boxes", boxes, "--people", str(people))
    inyourarea("run", video, "--out", out, *told, *SMALL, *options)
    return score_files(out, show.folder / "show" / "truth.csv", None)[0]


def lines(show: Show, score: Score) -> Iterator[str]:
    """One show as a few lines."""
    yield show.title
    yield from worst(TARGETS, score.tracks)
    yield f"  IDF1 {score.idf1:.4f}"


if __name__ == "__main__":
    sys.exit(main())
