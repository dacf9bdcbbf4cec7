"""A second fixed group, of seven, that no committed model knows: to learn from nothing.

Its looks are made of the same hair styles, fringes and patterns as the first group's, put together
otherwise and in other colours, so that a network must learn who they are.
"""

from inyourarea.stage_show.looks import Look, made_face, made_hair, made_outfit
from inyourarea.stage_show.spec import SECOND_NAMES


def second_looks() -> dict[str, Look]:
    """Give the seven members' looks by name, in class order."""
    faces = (
        made_face("f2d3bb", "2f5a40", "b8324a", "4a1f18", eye_width=1.05, jaw=0.2),
        made_face("fae0d2", "4a3a2a", "d86a7a", "6a6a72", eye_height=1.15, jaw=0.27, liner=0.9),
        made_face("dcae84", "3a2418", "a84a3a", "241610", brow_thick=1.35, jaw=0.13),
        made_face("f6d8cc", "38618f", "e0507a", "2a3f7a", eye_width=1.12, liner=1.4, blush=0.3),
        made_face("a97048", "2a1a10", "8f2f4a", "1c120c", eye_height=1.1, jaw=0.18),
        made_face("f0cba8", "6a4f2f", "cf4040", "8f2a1a", brow_thick=0.85, jaw=0.24, blush=0.28),
        made_face("7a4c32", "1f120a", "a83a4a", "3f4f2a", eye_width=1.0, liner=1.2, jaw=0.29),
    )
    hairs = (
        made_hair("wavy", "blunt", "8f1f2a", 1.05),
        made_hair("twintails", "side", "cfd3da", ribbon="1f7a4a"),
        made_hair("bob", "centre", "1f1a18", 1.05),
        made_hair("straight", "wisps", "2f5fc0"),
        made_hair("afro", "none", "c8752c"),
        made_hair("buns", "centre", "d8452a", ribbon="30303a"),
        made_hair("pixie", "spiky", "8fc03a", 1.1),
    )
    first = (
        made_outfit("202a3a e0c060 202a3a 16161c", "none", "dress", "belt"),
        made_outfit("e8e4da 3a7a5a e8e4da 8a8a8a", "long", "trousers", "stripes"),
        made_outfit("d84a7a f4f4f4 3a1a2a 1c1c1c", "short", "shorts", "plain"),
        made_outfit("f2d25a 5a3a1a f2f2ea d8b040", "none", "skirt", "sash"),
        made_outfit("3a8a9a f0f0e4 1f3a44 16161c", "short", "dress", "buttons"),
        made_outfit("4a2a6a d0b0f0 f4f4f8 2a1a3a", "long", "skirt", "collar"),
        made_outfit("f4f4f2 d83a2a 24242a 24242a", "none", "trousers", "check"),
    )
    second = (
        made_outfit("f0f0e8 8f1f2a f0f0e8 c0c0c0", "short", "trousers", "buttons"),
        made_outfit("2a5a8a f2f2f2 16202c 16202c", "none", "dress", "zip"),
        made_outfit("5aa03a 16161c 2a2a30 f0f0f0", "long", "skirt", "cross"),
        made_outfit("1a1a20 2f5fc0 1a1a20 1a1a20", "short", "shorts", "collar"),
        made_outfit("e86a2a f8e8d0 6a2a10 3a1a0a", "none", "skirt", "stripes"),
        made_outfit("b0d8e8 ffffff 3a6a7a f0f0f0", "none", "dress", "plain"),
        made_outfit("6a1f4a e8c0d0 2a0f1f 16161c", "long", "shorts", "sash"),
    )
    heights = (1.0, 0.97, 1.025, 0.985, 1.035, 0.96, 1.01)
    table = zip(SECOND_NAMES, heights, faces, hairs, first, second, strict=True)
    return {
        name: Look(name, height, face, hair, (a, b)) for name, height, face, hair, a, b in table
    }
