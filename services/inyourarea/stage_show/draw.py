"""One frame of a show.

The picture and the truth about everybody in it, from the plan and the frame's number alone.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from inyourarea.stage_show import figure as figures
from inyourarea.stage_show import led_wall, overlays, truth
from inyourarea.stage_show.camera import Camera, Points
from inyourarea.stage_show.camera_work import Shot
from inyourarea.stage_show.canvas import BLUR_FROM_PX, Canvas, smear
from inyourarea.stage_show.lights import light
from inyourarea.stage_show.plan import Show
from inyourarea.stage_show.poses import dance_poses, with_steps
from inyourarea.stage_show.skeleton import Joints, stand
from inyourarea.stage_show.spec import TruthRow
from inyourarea.stage_show.stage_set import paint_set
from inyourarea.stage_show.timeline import CUT, WIPE

MAP_ROWS = 540
"""Rows of the who-is-where map.

A face of 24 px at 1080 lines has about 100 cells, and shares do not depend on the size.
"""
SHUTTER_FRAMES = 0.5
"""The shutter is open for half of a frame's time, a film camera's 180 degrees."""
_WALL_CAMERA_M = 9.0
SHUTTER_MOMENTS = 3
"""Odd, so that the middle one is the frame's own time, at which truth is taken."""


def draw_frame(show: Show, frame: int) -> tuple[NDArray[np.uint8], list[TruthRow]]:
    """Give a frame's picture (H, W, 3) uint8 BGR and the truth about it.

    In a dissolve or wipe both pictures are drawn and the people of both have rows; see
    :class:`TruthRow`.

    Raises:
        IndexError: the show has no such frame.
    """
    if not 0 <= frame < show.spec.frames:
        raise IndexError(f"frame {frame} is not in 0..{show.spec.frames - 1}")
    first, second, weight = pictures_at(show, frame)
    picture, rows = _draw_shot(show, first, frame)
    if second is not None:
        other, other_rows = _draw_shot(show, second, frame)
        slot = show.shots[second].slot
        if slot.transition == WIPE:
            edge = truth.wipe_edge(weight, show.spec.size[0])
            picture[:, : round(edge)] = other[:, : round(edge)]
            rows = truth.uncovered(rows, (edge, float(show.spec.size[0])), 1 - weight)
            other_rows = truth.uncovered(other_rows, (0.0, edge), weight)
        else:
            picture = np.asarray(
                cv2.addWeighted(other, weight, picture, 1 - weight, 0), dtype=np.uint8
            )
            rows = truth.faded(rows, 1 - weight)
            other_rows = truth.faded(other_rows, weight)
        rows = other_rows + rows if weight < 0.5 else rows + other_rows
    picture = light(picture, show.lights, frame)
    return picture, _lay_over(show, picture, rows, frame)


def pictures_at(show: Show, frame: int) -> tuple[int, int | None, float]:
    """Give the shot that is seen; in a transition also the one that comes, with its weight 0..1."""
    for number, shot in enumerate(show.shots):
        slot = shot.slot
        half = slot.overlap // 2
        if slot.transition != CUT and slot.first - half <= frame < slot.first + half:
            return number - 1, number, (frame - (slot.first - half) + 0.5) / (2 * half)
    for number, shot in enumerate(show.shots):
        if frame <= shot.slot.last:
            return number, None, 0.0
    return len(show.shots) - 1, None, 0.0


def _lay_over(
    show: Show, picture: NDArray[np.uint8], rows: list[TruthRow], frame: int
) -> list[TruthRow]:
    """Draw captions and letterbox, and take what they cover from the visible shares."""
    width, height = show.spec.size
    covers = []
    for caption in show.captions:
        if caption.first <= frame <= caption.last:
            overlays.paint_caption(picture, caption)
            covers.append(overlays.caption_box(caption, show.spec.size))
    if frame < show.letterbox_until:
        overlays.paint_letterbox(picture)
        bar = height * overlays.LETTERBOX_SHARE
        covers += [(0.0, 0.0, float(width), bar), (0.0, height - bar, float(width), float(height))]
    return truth.covered(rows, covers)


def _joints(show: Show, frame: float) -> tuple[Joints, Points, Points]:
    """Give everybody's joints at a moment, their speed (n,) and sideways velocity (n,) in m/s."""
    tracks = show.tracks
    last = len(tracks.roots) - 1
    place = float(np.clip(frame, 0, last))
    index = min(int(place), max(0, last - 1))
    after, share = min(index + 1, last), place - index
    between = [
        a[index] + (a[after] - a[index]) * share
        for a in (tracks.roots, tracks.yaws, tracks.crouch, tracks.travelled)
    ]
    roots, yaws, crouch, travelled = between
    fps = float(show.spec.fps)
    speed = (tracks.travelled[after] - tracks.travelled[index]) * fps
    poses = with_steps(dance_poses(show.dance, frame), speed, travelled)
    poses[:, 1] -= crouch
    heights = np.array([performer.look.height for performer in show.performers])
    velocity = (tracks.roots[after, :, 0] - tracks.roots[index, :, 0]) * fps
    return stand(poses, roots, yaws, heights), speed, velocity


def _shutter(moments: int) -> Points:
    """Give the times (moments,) in frames around a frame's own time at which it is looked at."""
    return (
        np.zeros(1)
        if moments == 1
        else np.linspace(-SHUTTER_FRAMES / 2, SHUTTER_FRAMES / 2, moments)
    )


def _figures(show: Show, frame: float, moments: int) -> list[figures.Figure]:
    """Give everybody ready to be drawn, at ``moments`` times while the shutter is open."""
    drawn = [_joints(show, frame + float(offset)) for offset in _shutter(moments)]
    joints = tuple(j for j, _, _ in drawn)
    _, _, velocity = drawn[len(drawn) // 2]
    seconds = frame / float(show.spec.fps)
    people = []
    for row, performer in enumerate(show.performers):
        singing = abs(np.sin(seconds * 5.3 + row * 1.7)) * (
            1 if (int(seconds * 0.8) + row) % 3 else 0
        )
        is_blinking = (seconds * 0.37 + row * 0.61) % 1.0 < 0.045
        sway = float(np.clip(-0.04 * velocity[row], -0.12, 0.12)) + 0.015 * np.sin(
            seconds * 4 + row
        )
        people.append(
            figures.Figure(
                performer.look,
                performer.outfit(frame),
                joints,
                row,
                round(3 * singing),
                int(is_blinking),
                float(sway),
            )
        )
    return people


def _draw_shot(show: Show, number: int, frame: int) -> tuple[NDArray[np.uint8], list[TruthRow]]:
    """Draw one shot's picture without lights and overlays, and its rows."""
    shot = show.shots[number]
    camera = shot.camera(frame, show.spec.size)
    hue = show.hues[0] + show.hues[1] * frame / float(show.spec.fps)
    picture = paint_set(camera, hue, frame, float(show.spec.fps))
    screens = _draw_wall(show, picture, camera, frame)
    motion = _camera_motion(shot, frame, show.spec.size)
    if float(np.hypot(*motion)) >= BLUR_FROM_PX:
        picture = smear(picture, motion)
    canvas = Canvas.over(picture, MAP_ROWS)
    people = _figures(show, frame, SHUTTER_MOMENTS)
    cameras = [
        shot.camera(frame + float(offset), show.spec.size) for offset in _shutter(SHUTTER_MOMENTS)
    ]
    middle = people[0].joints
    depths = (middle.pelvis - np.array(camera.position)) @ camera.axes[2]
    for person in people:
        figures.floor_shadow(canvas, camera, person)
    drawn = {}
    for row in np.argsort(-depths):
        drawn[int(row)] = figures.paint(canvas, cameras, people[int(row)], int(row))
    frame_of = truth.FrameOf(frame, frame * show.spec.pts_step, number, show.spec.size)
    rows = truth.rows_of_people(frame_of, show.performers, drawn, canvas.ids)
    rows += truth.rows_of_screens(frame_of, screens, canvas.ids)
    return canvas.picture, rows


def _draw_wall(
    show: Show, picture: NDArray[np.uint8], camera: Camera, frame: int
) -> list[truth.OnScreen]:
    """Draw the wall's panels; give whom they show, in the picture's pixels."""
    fps = float(show.spec.fps)
    hue = show.hues[0] + show.hues[1] * frame / fps
    shown = []
    late = max(0.0, frame - led_wall.DELAY_S * fps)
    people: list[figures.Figure] | None = None
    for panel in range(len(led_wall.PANEL_CENTRES_M)):
        to_picture = led_wall.panel_map(panel, camera)
        if to_picture is None:
            continue
        screen = led_wall.panel_backdrop(hue, frame / fps, panel)
        members = next(
            (s.members for s in show.wall if s.panel == panel and s.first <= frame <= s.last), ()
        )
        for member, tile in zip(members, led_wall.tiles(len(members)), strict=True):
            people = people or _figures(show, late, 1)
            shown.append(_draw_tile(show, screen[:, tile], people[member], (tile, to_picture)))
        led_wall.put_panel(picture, screen, to_picture)
    return shown


def _draw_tile(
    show: Show, screen: NDArray[np.uint8], person: figures.Figure, place: tuple[slice, Points]
) -> truth.OnScreen:
    """Draw a member large on a panel's pixels, as the wall's own camera sees her."""
    tile, to_picture = place
    height, width = screen.shape[:2]
    head = person.joints.head[person.row]
    focal = led_wall.FACE_SHARE * height * _WALL_CAMERA_M / figures.FACE_HEIGHT_M
    position = (float(head[0]), float(head[1]) - _WALL_CAMERA_M, float(head[2]) - 0.11)
    camera = Camera(position, 0.0, 0.0, 0.0, focal, (width, height))
    canvas = Canvas.over(screen, height)
    drawn = figures.paint(canvas, [camera], person, 0)
    return truth.OnScreen(
        show.performers[person.row].name,
        led_wall.map_box(drawn.face_box, tile, to_picture),
        led_wall.map_box(drawn.body_box, tile, to_picture),
        drawn.turned_deg,
    )


def _camera_motion(shot: Shot, frame: int, size: tuple[int, int]) -> Points:
    """Give how far (2,) what stands still moves in the picture while the shutter is open.

    In pixels.
    """
    before, after = (
        shot.camera(frame - SHUTTER_FRAMES / 2, size),
        shot.camera(frame + SHUTTER_FRAMES / 2, size),
    )
    motion = np.array([before.pan - after.pan, after.tilt - before.tilt]) * after.focal
    length = float(np.hypot(*motion))
    return np.asarray(motion * min(1.0, figures.LONGEST_SMEAR_PX / max(length, 1e-9)))
