/** Boxes of a picture, in source pixels: where one is hit, and what drawing, moving and resizing make of it. */
import type { Box, LabelBox, PictureState } from "../api/types";

export interface Point {
  x: number;
  y: number;
}
export type Size = readonly [width: number, height: number];
export type Handle = "nw" | "n" | "ne" | "e" | "se" | "s" | "sw" | "w";
export const HANDLES: readonly Handle[] = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];

/** Pixels: what is smaller is a slip of the hand, and no face that a model could learn from. */
export const LEAST = 4;

/** To a tenth of a pixel: finer than any hand, and short in a file. */
const round = (value: number) => Math.round(value * 10) / 10;
const within = (value: number, most: number) => round(Math.min(most, Math.max(0, value)));

/** The box between two corners, within the picture; null where it is too small to be one. */
export function between(a: Point, b: Point, [width, height]: Size): Box | null {
  const box: Box = [
    within(Math.min(a.x, b.x), width),
    within(Math.min(a.y, b.y), height),
    within(Math.max(a.x, b.x), width),
    within(Math.max(a.y, b.y), height),
  ];
  return box[2] - box[0] < LEAST || box[3] - box[1] < LEAST ? null : box;
}

/** The same box elsewhere; it keeps its size at the picture's edge. */
export function move([x1, y1, x2, y2]: Box, dx: number, dy: number, [width, height]: Size): Box {
  const right = Math.min(Math.max(dx, -x1), width - x2);
  const down = Math.min(Math.max(dy, -y1), height - y2);
  return [round(x1 + right), round(y1 + down), round(x2 + right), round(y2 + down)];
}

/** The box with that corner or side elsewhere; pulled over the other side, it turns round. */
export function resize([x1, y1, x2, y2]: Box, handle: Handle, to: Point, size: Size): Box | null {
  const [left, right] = handle.includes("w") ? [to.x, x2] : handle.includes("e") ? [x1, to.x] : [x1, x2];
  const [top, bottom] = handle.startsWith("n") ? [to.y, y2] : handle.startsWith("s") ? [y1, to.y] : [y1, y2];
  return between({ x: left, y: top }, { x: right, y: bottom }, size);
}

export function place([x1, y1, x2, y2]: Box, handle: Handle): Point {
  return {
    x: handle.includes("w") ? x1 : handle.includes("e") ? x2 : (x1 + x2) / 2,
    y: handle.startsWith("n") ? y1 : handle.startsWith("s") ? y2 : (y1 + y2) / 2,
  };
}

/** The handle at a point, at most `slack` pixels away; the middle half of a box has none: there it is moved, however small. */
export function handleAt(box: Box, at: Point, slack: number): Handle | null {
  const [x1, y1, x2, y2] = box;
  if (Math.abs(at.x - (x1 + x2) / 2) < (x2 - x1) / 4 && Math.abs(at.y - (y1 + y2) / 2) < (y2 - y1) / 4) return null;
  let found: Handle | null = null;
  let least = slack;
  for (const handle of HANDLES) {
    const { x, y } = place(box, handle);
    const far = Math.hypot(x - at.x, y - at.y);
    if (far <= least) [found, least] = [handle, far];
  }
  return found;
}

/** The smallest box that holds the point, by its place in the list; -1: none does. */
export function hit(boxes: readonly LabelBox[], at: Point): number {
  let found = -1;
  let least = Infinity;
  boxes.forEach(({ box: [x1, y1, x2, y2] }, index) => {
    const area = (x2 - x1) * (y2 - y1);
    if (at.x >= x1 && at.x <= x2 && at.y >= y1 && at.y <= y2 && area < least) [found, least] = [index, area];
  });
  return found;
}

/** A picture's state once its boxes are worked on: then it is not rejected any more. */
export const workedOn = (state: PictureState): PictureState => (state === "rejected" ? "proposed" : state);

/** The boxes of the next frame with those of this one: a member whom somebody has confirmed there stays. */
export function carryOver(from: readonly LabelBox[], into: readonly LabelBox[]): LabelBox[] {
  const named = new Set(from.map(({ member }) => member).filter(Boolean));
  const kept = into.filter(({ member, state }) => state === "confirmed" || !named.has(member));
  const there = new Set(kept.map(({ member }) => member));
  const added = from.filter(({ member }) => member && !there.has(member));
  return [...kept, ...added.map((one) => ({ ...one, tracklet: "", state: "confirmed" as const }))];
}
