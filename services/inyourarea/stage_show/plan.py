"""A show planned whole before a pixel is drawn: who, where, when, in which light, seen from where."""

import math
from dataclasses import dataclass

import numpy as np

from inyourarea.stage_show.camera_work import Shot, plan_shots
from inyourarea.stage_show.choreography import Tracks, plan_tracks
from inyourarea.stage_show.led_wall import WallSpan, plan_wall
from inyourarea.stage_show.lights import Lights, plan_lights
from inyourarea.stage_show.looks import Look, Outfit, dancer_look, look_alike, member_looks
from inyourarea.stage_show.overlays import Caption, plan_captions
from inyourarea.stage_show.poses import Dance
from inyourarea.stage_show.spec import MEMBER_NAMES, ShowSpec
from inyourarea.stage_show.timeline import CUT, plan_timeline

BEATS_PER_MINUTE = (112, 128)
LETTERBOX_S = 2.4
_STREAM = 0x57A6E
"""Keeps the show's random numbers apart from those of others who use the same seed; each concern has its own
stream after it, so that a change to the lights moves nobody."""


@dataclass(frozen=True)
class Performer:
    """Somebody on stage: a role (member or dancer), looks, and what she wears from which frame on."""

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
    """A planned show: plain data from which every frame can be drawn by itself; it travels to worker processes."""

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

    @classmethod
    def plan(cls, spec: ShowSpec) -> "Show":
        """Plan the show that a spec asks for; equal specs give equal shows."""
        clock, moves, cameras, people, steps, lamps, wall, words = (
            np.random.default_rng([_STREAM, spec.seed, concern]) for concern in range(8)
        )
        beat = 60.0 / int(clock.integers(*BEATS_PER_MINUTE)) * float(spec.fps)
        hues = float(clock.uniform(0, 1)), float(clock.uniform(-0.04, 0.04))
        slots = plan_timeline(spec, clock)
        dancers = 0 if spec.setting == "easy" else int(people.integers(3, 6))
        tracks = plan_tracks(spec, dancers, beat, slots, moves)
        shots = plan_shots(spec, slots, tracks, cameras)
        performers, alike, change = _cast(spec, dancers, shots, people)
        is_broadcast = spec.setting == "hard"
        return cls(
            spec=spec,
            performers=performers,
            tracks=tracks,
            dance=_dance(spec, len(performers), beat, steps),
            shots=shots,
            lights=plan_lights(spec, beat, lamps),
            wall=()
            if spec.setting == "easy"
            else plan_wall(spec.members, spec.frames, float(spec.fps), wall),
            captions=plan_captions(spec, words),
            letterbox_until=min(round(LETTERBOX_S * float(spec.fps)), spec.frames // 6)
            if is_broadcast
            else 0,
            beat=beat,
            hues=hues,
            look_alikes=alike,
            outfit_change=change,
        )

    @property
    def members(self) -> tuple[str, ...]:
        """The members' names, in the group's order."""
        return tuple(p.name for p in self.performers if p.role == "member")


def _dance(spec: ShowSpec, people: int, beat: float, rng: np.random.Generator) -> Dance:
    """Choose the steps: everybody dances the same, some a moment late, each a little larger or smaller."""
    half_beat = beat / 2
    count = max(8, math.ceil(spec.frames / half_beat) + 2)
    sequence = rng.integers(0, 16, count)
    repeat = sequence[1:] == sequence[:-1]
    sequence[1:][repeat] = (sequence[1:][repeat] + 5) % 16
    delays = rng.choice([0.0, 0.0, 0.06, 0.12], people) * float(spec.fps)
    return Dance(sequence, half_beat, delays, rng.uniform(0.9, 1.05, people))


def _cast(
    spec: ShowSpec, dancers: int, shots: tuple[Shot, ...], rng: np.random.Generator
) -> tuple[tuple[Performer, ...], tuple[str, str] | None, tuple[str, int] | None]:
    """Choose members, dress two of them almost alike, and let another change her outfit at a cut."""
    looks = member_looks()
    chosen = sorted(int(i) for i in rng.choice(len(MEMBER_NAMES), spec.members, replace=False))
    names = [MEMBER_NAMES[i] for i in chosen]
    wardrobe: dict[str, list[tuple[int, Outfit]]] = {
        name: [(0, looks[name].outfits[0])] for name in names
    }
    order = [str(name) for name in rng.permutation(names)]
    alike, change = None, None
    if spec.setting != "easy":
        alike = (order[0], order[1])
        wardrobe[order[1]] = [(0, look_alike(wardrobe[order[0]][0][1]))]
        cuts = [shot.slot.first for shot in shots[1:] if shot.slot.transition == CUT]
        if cuts:
            change = (order[2], cuts[len(cuts) // 2])
            wardrobe[order[2]].append((change[1], looks[order[2]].outfits[1]))
    people = [Performer(name, "member", looks[name], tuple(wardrobe[name])) for name in names]
    for d in range(dancers):
        look = dancer_look(d)
        people.append(Performer(look.name, "dancer", look, ((0, look.outfits[0]),)))
    return tuple(people), alike, change
