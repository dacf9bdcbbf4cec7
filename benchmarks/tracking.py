"""What it costs to tell who is where, and to plan all cameras: CPU seconds, so one core's time.

A generated show of eight members and two dancers, 30 frames/s, cut every four seconds, as the tests
of the track stage have it (`tests/unit/track/rehearsal.py`): once with a model that names
them, once told apart by their looks.
"""

import argparse
import time

from inyourarea.core.detections import Detections
from inyourarea.core.framing import FRAMINGS
from inyourarea.core.picture import parse_aspect
from inyourarea.core.signals import Signals
from inyourarea.core.tracks import Tracks
from inyourarea.track.camera import plan_cameras
from inyourarea.track.departures import departure_evidence
from inyourarea.track.shots import find_shots
from inyourarea.track.solve import Question, solve_tracks
from inyourarea.track.standpoint import standpoint_from_motion
from rehearsal import Eyes, Truth, detect, rehearse
from test_golden import signals_of, with_portraits

PEOPLE, FPS, THRESHOLD = 8, 30, 0.3
#: CPU seconds for 10,000 frames of eight people: tracking and planning, and planning alone.
BOTH_S, CAMERA_S, FRAMES = 15.0, 5.0, 10_000


def main() -> None:
    """Track and plan; print the seconds beside the targets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=FRAMES)
    frames = parser.parse_args().frames
    truth = rehearse(seed=11, members=PEOPLE, seconds=frames / FPS)
    signals = signals_of(truth.shots, frames)
    for words, classes in (("by a model", PEOPLE), ("by their looks", 0)):
        found = with_portraits(detect(truth, seed=3, eyes=Eyes(stride=2), classes=classes))
        began = time.process_time()
        tracks = track(truth, signals, found, truth.names[:classes])
        tracked = time.process_time()
        plan(tracks, signals)
        ended = time.process_time()
        print(
            f"{frames} frames, {len(tracks.people)} people told {words}: tracking and planning "
            f"{ended - began:.1f} s of CPU, cameras alone {ended - tracked:.1f} s "
            f"(targets for {FRAMES} <= {BOTH_S:g} s, <= {CAMERA_S:g} s)"
        )


def track(truth: Truth, signals: Signals, found: Detections, members: tuple[str, ...]) -> Tracks:
    """Shots and tracks, as the stage's handler asks for them."""
    people = departure_evidence(found, truth.timeline, len(members), THRESHOLD)
    return solve_tracks(
        Question(
            detections=found,
            shots=find_shots(signals, truth.timeline, people),
            timeline=truth.timeline,
            size=truth.size,
            classes=members,
            threshold=THRESHOLD,
            people=0 if members else PEOPLE,
            motion=signals.motion,
        )
    )


def plan(tracks: Tracks, signals: Signals) -> None:
    """Everybody's camera, 9:16 and head to toe."""
    standpoint = standpoint_from_motion(signals.motion, tracks.shots, tracks.size)
    plan_cameras(tracks, FRAMINGS["full"], parse_aspect("9:16"), standpoint)


if __name__ == "__main__":
    main()
