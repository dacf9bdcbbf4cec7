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
