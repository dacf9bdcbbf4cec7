/** States in time: run lengths of a person's states, looked up and cut into stretches. */
import type { State } from "../api/types";

export type Runs = readonly (readonly [firstFrame: number, state: State])[];

export interface Stretch {
  from: number;
  /** The first frame after it. */
  to: number;
  state: State;
}

export function stateAt(runs: Runs, frame: number): State {
  let state: State = "absent";
  for (const [first, held] of runs) {
    if (first > frame) break;
    state = held;
  }
  return state;
}

export function stretches(runs: Runs, frames: number): Stretch[] {
  return runs.map(([from, state], at) => ({ from, to: runs[at + 1]?.[0] ?? frames, state }));
}

/** Frames between two looks of the detector at most; what is filled there is as good as seen. */
const STRIDE = 4;

/** As a person reads them: what was filled between two looks counts as the state around it. */
export function told(all: readonly Stretch[]): Stretch[] {
  const merged: Stretch[] = [];
  all.forEach((stretch, at) => {
    const before = merged.at(-1);
    const brief = stretch.state === "filled" && stretch.to - stretch.from <= STRIDE;
    const state = brief && before && before.state === all[at + 1]?.state ? before.state : stretch.state;
    if (before?.state === state) before.to = stretch.to;
    else merged.push({ ...stretch, state });
  });
  return merged;
}
