"""A show planned whole before a pixel is drawn.

Who, where, when, in which light, seen from where.
"""

import math
from dataclasses import dataclass

import numpy as np

from inyourarea.stage_show.camera import Points
from inyourarea.stage_show.camera_work import Shot, Stage, hand_shake, plan_shots
from inyourarea.stage_show.choreography import Tracks, plan_tracks
from inyourarea.stage_show.exam import FULL_FROM_S, foresee
from inyourarea.stage_show.led_wall import WallSpan, plan_wall
from inyourarea.stage_show.lights import Lights, plan_lights
from inyourarea.stage_show.looks import Look, Outfit, dancer_look, look_alike, member_looks
from inyourarea.stage_show.overlays import Caption, plan_captions
from inyourarea.stage_show.poses import Dance
from inyourarea.stage_show.second_group import second_looks
from inyourarea.stage_show.spec import GROUPS, ShowSpec
from inyourarea.stage_show.timeline import CUT, plan_timeline

BEATS_PER_MINUTE = (112, 128)
LETTERBOX_S = 2.4
LARGE_GROUP = 8
MOST_TRIES = 120
"""Plans that are tried for one show; one takes some 20 ms, and most shows need few."""
_STREAM = 0x57A6E
"""Keeps the show's random numbers apart from those of others who use the same seed.

Each concern has its own
stream after it, so that a change to the lights moves nobody."""
_BEAT, _PEOPLE, _CLOCK, _MOVES, _CAMERAS, _HUES, _CLOTHES, _STEPS, _LAMPS, _WALL, _WORDS = range(11)


@dataclass(frozen=True)
class Performer:
    """Somebody on stage.

    A role (member or dancer), looks, and what she wears from which frame on.
    """

    name: str
    role: str
    look: Look
    wardrobe: tuple[tuple[int, Outfit], ...]

    def outfit(self, frame: float) -> Outfit:
        """Give what she wears in a frame."""
        worn = self.wardrobe[0][1]
        for first, outfit in self.wardrobe:
            if frame >= first:
                worn = outfit
        return worn


@dataclass(frozen=True)
class Show:
    """A planned show: plain data from which every frame can be drawn by itself.

    It travels to worker processes.
    """

    spec: ShowSpec
    performers: tuple[Performer, ...]
    tracks: Tracks
    dance: Dance
    shots: tuple[Shot, ...]
    lights: Lights
    wall: tuple[WallSpan, ...]
    captions: tuple[Caption, ...]
    letterbox_until: int
    beat: float
    hues: tuple[float, float]
    look_alikes: tuple[str, str] | None
    outfit_change: tuple[str, int] | None
    shake: Points | None

    @classmethod
    def plan(cls, spec: ShowSpec) -> "Show":
        """Plan the show that a spec asks for; equal specs give equal shows.

        A hard show is planned anew, up to a limit, until it is as hard as an exam must be; the best
        is taken.
        """
        tries = 1 if spec.setting == "easy" else MOST_TRIES
        is_full = float(spec.seconds) >= FULL_FROM_S
        best: tuple[float, _Blocking] | None = None
        for attempt in range(tries):
            blocking = _block_out(spec, attempt)
            short = 0.0
            if tries > 1:
                outlook = foresee(blocking.stage, blocking.shots)
                short = outlook.shortcomings(is_full, spec.setting == "handheld")
            if best is None or short < best[0]:
                best = short, blocking
            if short == 0.0:
                break
        assert best is not None
        return _furnish(spec, best[1])

    @property
    def members(self) -> tuple[str, ...]:
        """The members' names, in the group's order."""
        return tuple(p.name for p in self.performers if p.role == "member")


@dataclass(frozen=True)
class _Blocking:
    """People's ways and the cameras: what decides how hard the show is."""

    looks: tuple[Look, ...]
    stage: Stage
    shots: tuple[Shot, ...]
    beat: float
    shake: Points | None


def _stream(spec: ShowSpec, concern: int, attempt: int = 0) -> np.random.Generator:
    return np.random.default_rng([_STREAM, spec.seed, concern, attempt])


def _block_out(spec: ShowSpec, attempt: int) -> _Blocking:
    """Plan who moves how and from where it is filmed.

    Attempts differ in all but the people and the beat.
    """
    beat = 60.0 / int(_stream(spec, _BEAT).integers(*BEATS_PER_MINUTE)) * float(spec.fps)
    people = _stream(spec, _PEOPLE)
    dancers = 0 if spec.setting == "easy" else _how_many_dancers(spec.members, people)
    looks = _choose_looks(spec, dancers, people)
    slots = plan_timeline(spec, _stream(spec, _CLOCK, attempt))
    tracks = plan_tracks(spec, dancers, beat, slots, _stream(spec, _MOVES, attempt))
    cameras = _stream(spec, _CAMERAS, attempt)
    shake = hand_shake(spec, cameras) if spec.setting == "handheld" else None
    stage = Stage(spec, tracks, np.array([look.height for look in looks]))
    return _Blocking(looks, stage, plan_shots(stage, slots, cameras, shake), beat, shake)


def _furnish(spec: ShowSpec, blocking: _Blocking) -> Show:
    """Add clothes, dance, lights, the wall and captions to what is planned."""
    fps = float(spec.fps)
    hues = _stream(spec, _HUES)
    performers, alike, change = _dress(
        spec, blocking.looks, blocking.shots, _stream(spec, _CLOTHES)
    )
    letterbox_s = LETTERBOX_S if spec.setting == "hard" else 0.0
    is_easy = spec.setting == "easy"
    return Show(
        spec=spec,
        performers=performers,
        tracks=blocking.stage.tracks,
        dance=_dance(spec, len(performers), blocking.beat, _stream(spec, _STEPS)),
        shots=blocking.shots,
        lights=plan_lights(spec, blocking.beat, _stream(spec, _LAMPS)),
        wall=() if is_easy else plan_wall(spec.members, spec.frames, fps, _stream(spec, _WALL)),
        captions=plan_captions(spec, _stream(spec, _WORDS)),
        letterbox_until=min(round(letterbox_s * fps), spec.frames // 6),
        beat=blocking.beat,
        hues=(float(hues.uniform(0, 1)), float(hues.uniform(-0.04, 0.04))),
        look_alikes=alike,
        outfit_change=change,
        shake=blocking.shake,
    )


def _dance(spec: ShowSpec, people: int, beat: float, rng: np.random.Generator) -> Dance:
    """Choose the steps.

    Everybody dances the same, some a moment late, each a little larger or smaller.
    """
    half_beat = beat / 2
    count = max(8, math.ceil(spec.frames / half_beat) + 2)
    sequence = rng.integers(0, 16, count)
    repeat = sequence[1:] == sequence[:-1]
    sequence[1:][repeat] = (sequence[1:][repeat] + 5) % 16
    delays = rng.choice([0.0, 0.0, 0.06, 0.12], people) * float(spec.fps)
    return Dance(sequence, half_beat, delays, rng.uniform(0.9, 1.05, people))


def _how_many_dancers(members: int, rng: np.random.Generator) -> int:
    """Choose 3 to 5 dancers; with a large group 3, or somebody would always be hidden."""
    return int(rng.integers(3, 6)) if members < LARGE_GROUP else 3


def _choose_looks(spec: ShowSpec, dancers: int, rng: np.random.Generator) -> tuple[Look, ...]:
    """Choose the members, in the group's order, then the dancers."""
    looks = member_looks() if spec.group == "show" else second_looks()
    names = GROUPS[spec.group]
    chosen = sorted(int(i) for i in rng.choice(len(names), spec.members, replace=False))
    return (
        *(looks[names[i]] for i in chosen),
        *(dancer_look(number) for number in range(dancers)),
    )


def _dress(
    spec: ShowSpec, looks: tuple[Look, ...], shots: tuple[Shot, ...], rng: np.random.Generator
) -> tuple[tuple[Performer, ...], tuple[str, str] | None, tuple[str, int] | None]:
    """Dress two members almost alike, and let another change her outfit at a cut.

    An easy show has neither.
    """
    wardrobe = {look.name: [(0, look.outfits[0])] for look in looks}
    order = [str(name) for name in rng.permutation([look.name for look in looks[: spec.members]])]
    alike, change = None, None
    if spec.setting != "easy":
        alike = (order[0], order[1])
        wardrobe[order[1]] = [(0, look_alike(wardrobe[order[0]][0][1]))]
        cuts = [shot.slot.first for shot in shots[1:] if shot.slot.transition == CUT]
        if cuts:
            change = (order[2], cuts[len(cuts) // 2])
            second = next(look.outfits[1] for look in looks if look.name == order[2])
            wardrobe[order[2]].append((change[1], second))
    roles = ["member" if i < spec.members else "dancer" for i in range(len(looks))]
    performers = tuple(
        Performer(look.name, role, look, tuple(wardrobe[look.name]))
        for look, role in zip(looks, roles, strict=True)
    )
    return performers, alike, change
