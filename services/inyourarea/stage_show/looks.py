"""The one fixed group of nine and the dancers: faces, hair and clothes, as tables.

A trained detector knows these looks, so they do not change. Each member is told by hair shape, hair
colour, face and outfit together; hair shapes differ in outline, so that they are told apart under
coloured light too.
"""

from dataclasses import dataclass, replace

from inyourarea.stage_show.colour import Bgr, bgr, colour_distance, lab
from inyourarea.stage_show.spec import MEMBER_NAMES

LOOK_ALIKE_MOST_DE = 8.0


@dataclass(frozen=True)
class Face:
    """Skin, eyes, brows and mouth; lengths are factors of an ordinary face."""

    skin: Bgr
    iris: Bgr
    lips: Bgr
    brow: Bgr
    brow_thick: float = 1.0
    eye_width: float = 1.0
    eye_height: float = 1.0
    jaw: float = 0.22
    liner: float = 1.0
    blush: float = 0.18


@dataclass(frozen=True)
class Hair:
    """A style (how it falls) and a fringe (how it frames the face), with its colour."""

    style: str
    fringe: str
    colour: Bgr
    volume: float = 1.0
    ribbon: Bgr | None = None


@dataclass(frozen=True)
class Outfit:
    """Clothes: what covers the torso, arms and legs, in which colours and with which pattern."""

    top: Bgr
    accent: Bgr
    bottom: Bgr
    shoes: Bgr
    sleeve: str
    cut: str
    pattern: str


@dataclass(frozen=True)
class Look:
    """A person's looks; ``height`` is a factor of 1.66 m; the second outfit is for the change."""

    name: str
    height: float
    face: Face
    hair: Hair
    outfits: tuple[Outfit, Outfit]


def made_face(skin: str, iris: str, lips: str, brow: str, **factors: float) -> Face:
    """Give a face by its colours, ``rrggbb``."""
    return Face(bgr(skin), bgr(iris), bgr(lips), bgr(brow), **factors)


def made_outfit(colours: str, sleeve: str, cut: str, pattern: str) -> Outfit:
    """Give clothes: top, accent, bottom and shoes as ``rrggbb rrggbb rrggbb rrggbb``."""
    top, accent, bottom, shoes = (bgr(code) for code in colours.split())
    return Outfit(top, accent, bottom, shoes, sleeve, cut, pattern)


def made_hair(style: str, fringe: str, colour: str, volume: float = 1.0, ribbon: str = "") -> Hair:
    """Give hair, its colour and its ribbon's as ``rrggbb``."""
    return Hair(style, fringe, bgr(colour), volume, bgr(ribbon) if ribbon else None)


def member_looks() -> dict[str, Look]:
    """Give the nine members' looks by name, in class order."""
    faces = (
        made_face("f6d9c4", "3a2a20", "d8455f", "2a1c18", eye_width=1.1, eye_height=1.1, liner=1.3),
        made_face("fbe3d3", "3f6f9f", "c41230", "a07b42", brow_thick=0.8, jaw=0.28),
        made_face("f3cfae", "4b7a3a", "e0785a", "9c4c1c", eye_height=1.25, blush=0.34, jaw=0.16),
        made_face("e9bf99", "5b4030", "b8606a", "1f5a58", brow_thick=1.5, jaw=0.12, eye_width=0.92),
        made_face("f8d6c6", "7a4b70", "e83f8c", "a8446c", eye_width=1.15, liner=1.5, jaw=0.26),
        made_face(
            "eec6a0",
            "2d1d16",
            "cf5a50",
            "3b2417",
            eye_width=0.95,
            brow_thick=1.25,
            blush=0.26,
            jaw=0.14,
        ),
        made_face("f4d7cd", "5a4a9a", "a83f86", "6f5596", eye_height=1.2, jaw=0.24, liner=0.8),
        made_face("8d5a3c", "24150e", "9c2f3a", "24140e", brow_thick=1.2, eye_width=1.08, jaw=0.16),
        made_face("c68d63", "6a4a2a", "8f3038", "4a4a52", brow_thick=1.1, jaw=0.3, liner=1.6),
    )
    hairs = (
        made_hair("straight", "blunt", "17151c"),
        made_hair("bob", "side", "f0dc9c", 1.1),
        made_hair("ponytail", "wisps", "e2641c", ribbon="ffffff"),
        made_hair("pixie", "spiky", "22b7ae", 1.15),
        made_hair("wavy", "centre", "ee4fa0", 1.1),
        made_hair("buns", "blunt", "5b3420", ribbon="f5d020"),
        made_hair("twintails", "centre", "9a7ae0", ribbon="202028"),
        made_hair("afro", "none", "3a1f14"),
        made_hair("beret", "side", "d5d9e0", ribbon="b01226"),
    )
    first = (
        made_outfit("f7f7f7 181820 1c1c26 15151a", "short", "skirt", "collar"),
        made_outfit("c4162c f2e8e0 17171c 17171c", "long", "shorts", "zip"),
        made_outfit("2f9e57 e9f5d8 2f9e57 f2f2ee", "none", "dress", "plain"),
        made_outfit("1d1d24 cfd4dc aeb6c2 30303a", "short", "trousers", "cross"),
        made_outfit("f4eef2 e77fb2 f4eef2 e8b8d0", "none", "dress", "sash"),
        made_outfit("f2c81e 2a4fa0 2f5fb8 f4f4f4", "short", "skirt", "stripes"),
        made_outfit("26262e f2f2f2 6b4fb0 26262e", "long", "skirt", "check"),
        made_outfit("d8a32c 5c1230 701838 2a1018", "none", "trousers", "belt"),
        made_outfit("1e2f66 e9e9ee 1e2f66 101018", "long", "skirt", "buttons"),
    )
    second = (
        made_outfit("7a1f2e f2d8d0 2a1216 15151a", "long", "trousers", "zip"),
        made_outfit("3fb6d8 ffffff f4f4f8 f4f4f8", "none", "dress", "stripes"),
        made_outfit("20242e f08a3c 3a3f4c 20242e", "long", "shorts", "cross"),
        made_outfit("f4f4ee 20b0a8 f4f4ee d0d0d0", "none", "trousers", "plain"),
        made_outfit("16161c ee4fa0 5a1840 16161c", "short", "shorts", "belt"),
        made_outfit("b8e0d0 ffffff 8a6fc0 ffffff", "none", "dress", "buttons"),
        made_outfit("e8d26a 4a3a8a f2f2f2 4a3a8a", "short", "shorts", "sash"),
        made_outfit("f0ece4 c03a2a f0ece4 c8b070", "short", "dress", "cross"),
        made_outfit("a8202c 16161c 24242c 16161c", "short", "trousers", "check"),
    )
    heights = (0.985, 1.02, 0.97, 1.01, 1.0, 0.965, 0.975, 1.03, 1.04)
    table = zip(MEMBER_NAMES, heights, faces, hairs, first, second, strict=True)
    return {
        name: Look(name, height, face, hair, (a, b)) for name, height, face, hair, a, b in table
    }


def dancer_look(number: int) -> Look:
    """Give a backing dancer: grey clothes, dark cap or short dark hair, a face of no member."""
    skins = ("e2b48c", "b97f56", "f0cdb0", "7a4e34")
    face = made_face(
        skins[number % 4],
        "2a1d16",
        "a8685e",
        "1c1614",
        brow_thick=1.3,
        jaw=0.1,
        liner=0.4,
        blush=0.05,
    )
    styles = (("cap", "none", "1a1a1e"), ("crop", "none", "1d1714"), ("cap", "none", "3a3a42"))
    hair = made_hair(*styles[number % 3])
    outfit = made_outfit(
        "3a3d44 55585f 2a2c31 1a1a1c", ("short", "long")[number % 2], "trousers", "plain"
    )
    return Look(f"dancer-{number + 1}", 1.05 + 0.02 * (number % 3), face, hair, (outfit, outfit))


def look_alike(outfit: Outfit) -> Outfit:
    """Give almost the same outfit: each colour a few dE darker or lighter, never more than 8."""
    return replace(
        outfit,
        top=_shift(outfit.top),
        accent=_shift(outfit.accent),
        bottom=_shift(outfit.bottom),
        shoes=_shift(outfit.shoes),
    )


def outfit_distance(first: Outfit, second: Outfit) -> float:
    """Give the largest colour difference (dE) of two outfits' tops, accents, bottoms or shoes."""
    pairs = zip(
        (first.top, first.accent, first.bottom, first.shoes),
        (second.top, second.accent, second.bottom, second.shoes),
        strict=True,
    )
    return max(colour_distance(a, b) for a, b in pairs)


def _shift(colour: Bgr) -> Bgr:
    """Move a colour by 4 to 7 dE: lighter where it is dark, darker where it is light."""
    step = 1 if lab(colour)[0] < 50 else -1
    best = colour
    for amount in range(1, 40):
        b, g, r = (min(255, max(0, channel + step * amount)) for channel in colour)
        if colour_distance(colour, (b, g, r)) > 6.0:
            break
        best = (b, g, r)
    return best
