/** What was done to a picture's boxes, step by step, so that it can be undone and done again. */
import type { LabelBox } from "../api/types";

export interface Strokes {
  readonly past: readonly (readonly LabelBox[])[];
  readonly now: readonly LabelBox[];
  readonly future: readonly (readonly LabelBox[])[];
}

/** Steps that can be undone: more than anybody remembers having done to one picture. */
const MOST = 200;

export const begin = (now: readonly LabelBox[]): Strokes => ({ past: [], now, future: [] });

export function stroke({ past, now }: Strokes, to: readonly LabelBox[]): Strokes {
  return { past: [...past, now].slice(-MOST), now: to, future: [] };
}

export function undo({ past, now, future }: Strokes): Strokes | null {
  const last = past.at(-1);
  return last ? { past: past.slice(0, -1), now: last, future: [now, ...future] } : null;
}

export function redo({ past, now, future }: Strokes): Strokes | null {
  const [next, ...later] = future;
  return next ? { past: [...past, now], now: next, future: later } : null;
}
