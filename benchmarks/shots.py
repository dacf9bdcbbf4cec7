"""How right the shot finder is on drawn shows, which are drawn small and straight into signals.

``python benchmarks/shots.py 600 601 --members 4`` draws shows of these seeds and prints what was
missed and what was found where nothing is, and the CPU seconds for 10,000 frames. Pictures alone:
nobody is looked for in them, so what people tell has no say.
"""

import argparse
import time

import cv2
import numpy as np

from inyourarea.core.shot_measures import measure_shots
from inyourarea.core.shots import Shot
from inyourarea.core.signals import Signals
from inyourarea.core.timeline import Timeline
from inyourarea.ingest.signals import SignalsBook
from inyourarea.runtime.source import Planes
from inyourarea.stage_show.draw import draw_frame
from inyourarea.stage_show.plan import Show
from inyourarea.stage_show.spec import SETTINGS, ShowSpec
from inyourarea.stage_show.write import shot_records, to_planes
from inyourarea.track.shots import find_shots

#: Thumbnails are 64 x 36: five pixels for each make the same ones as thirty do.
WIDTH, HEIGHT = 320, 180


def signals_of(show: Show) -> Signals:
    """What ingest would store of a show."""
    book = SignalsBook(WIDTH)
    for frame in range(show.spec.frames):
        planes = to_planes(draw_frame(show, frame)[0])
        y, colours = planes[:HEIGHT], planes[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
        pts = frame * show.spec.pts_step
        book.write(Planes(pts, y, *(np.ascontiguousarray(colour) for colour in colours)))
    return book.signals()


def main() -> None:
    """Draw, find, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="+", type=int)
    parser.add_argument("--members", type=int, default=4)
    parser.add_argument("--setting", choices=SETTINGS, default="hard")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    true = found = matched = frames = 0
    spent_s = 0.0
    for seed in args.seeds:
        spec = ShowSpec(seed, args.members, size=(WIDTH, HEIGHT), setting=args.setting)
        show = Show.plan(spec)
        signals = signals_of(show)
        timeline = Timeline(signals.pts, spec.time_base)
        truth = tuple(
            Shot(first, last, "cut" if kind == "cut" else "dissolve")
            for _, first, last, kind in shot_records(show)
        )
        start_s = time.process_time()
        measures = measure_shots(find_shots(signals, timeline), truth, timeline)
        spent_s += time.process_time() - start_s
        frames += len(timeline)
        true, found = true + measures.true_boundaries, found + measures.found_boundaries
        matched += measures.matched
        print(f"{seed}: missed {measures.missed} extra {measures.extra}", flush=True)
    print(f"F1 {2 * matched / max(1, true + found):.4f} of {true} boundaries, {found} found")
    print(f"{spent_s / frames * 10_000:.2f} CPU s for 10,000 frames")


if __name__ == "__main__":
    main()
