/** What was done to a picture, step by step, so that it can be undone and done again. */
import type { LabelBox, PictureState } from "../api/types";
import { workedOn } from "./boxes";

/** A picture's boxes and what was said of it as a whole: both go back together. */
export interface Sheet {
  readonly boxes: readonly LabelBox[];
  readonly state: PictureState;
}

export interface Strokes {
  readonly past: readonly Sheet[];
  readonly now: Sheet;
  readonly future: readonly Sheet[];
}

/** Steps that can be undone: more than anybody remembers having done to one picture. */
const MOST = 200;

export const begin = ({ boxes, state }: Sheet): Strokes => ({ past: [], now: { boxes, state }, future: [] });

/** What was done goes on if the boxes are those still; of the picture something else may be said by now. */
export function resume(before: Strokes | undefined, now: Sheet): Strokes {
  const anew = begin(now);
  return before && isSame(before.now.boxes, now.boxes) ? { ...before, now: anew.now } : anew;
}

export function stroke({ past, now }: Strokes, boxes: readonly LabelBox[]): Strokes {
  return { past: [...past, now].slice(-MOST), now: { boxes, state: workedOn(now.state) }, future: [] };
}

/** Of the picture as a whole this is said; that is a step where it says something new of a box, or leaves the picture out. */
export function settle({ past, now, future }: Strokes, sheet: Sheet): Strokes {
  const isStep = isLeftOut(now) !== isLeftOut(sheet) || !isSame(now.boxes, sheet.boxes);
  if (!isStep) return { past, now: sheet, future };
  return { past: [...past, now].slice(-MOST), now: sheet, future: [] };
}

export function undo({ past, now, future }: Strokes): Strokes | null {
  const last = past.at(-1);
  return last ? { past: past.slice(0, -1), now: last, future: [now, ...future] } : null;
}

export function redo({ past, now, future }: Strokes): Strokes | null {
  const [next, ...later] = future;
  return next ? { past: [...past, now], now: next, future: later } : null;
}

const isLeftOut = ({ state }: Sheet) => state === "rejected";

const isSame = (some: readonly LabelBox[], others: readonly LabelBox[]) => JSON.stringify(some) === JSON.stringify(others);
