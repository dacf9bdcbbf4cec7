/** How a second video is kept beside the first: measured by presented frames, corrected by its speed. */

/** What a video showed last: media seconds, and when that was on screen (milliseconds). */
export interface Shown {
  mediaTime: number;
  at: number;
}

/** Seconds by which the slave is ahead, both carried on to the same moment at the master's speed. */
export function drift(master: Shown, slave: Shown, rate: number): number {
  return slave.mediaTime - master.mediaTime - ((slave.at - master.at) / 1000) * rate;
}

/** Below this nothing is corrected, in seconds; less than a frame at 30 a second. Source: timingsrc. */
export const TOLERANCE_S = 0.025;
/** From here on a seek is quicker than any speed, in seconds. */
export const SEEK_BEYOND_S = 1;

/** A drift shrinks to a third in about this time, in seconds. Source: timingsrc, (|d| + .5) / .5. */
const CALM_S = 0.5;
/** The same for a drift that everybody sees: half a second must be made up within one. */
const HURRIED_S = 0.2;
/** From here on everybody sees it, in seconds. */
const SEEN_S = 0.1;

export type Correction = { seek: true } | { seek: false; factor: number };

/** By which factor the slave plays until the drift is gone. */
export function correction(d: number): Correction {
  if (Math.abs(d) > SEEK_BEYOND_S) return { seek: true };
  if (Math.abs(d) < TOLERANCE_S) return { seek: false, factor: 1 };
  const within = Math.abs(d) > SEEN_S ? HURRIED_S : CALM_S;
  const factor = (Math.abs(d) + within) / within;
  return { seek: false, factor: d < 0 ? factor : 1 / factor };
}

/** Middle of the last few measurements: a single late callback says nothing. */
export class Median {
  private readonly values: number[] = [];

  constructor(private readonly length: number) {}

  add(value: number): number {
    this.values.push(value);
    if (this.values.length > this.length) this.values.shift();
    const sorted = [...this.values].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? value;
  }

  clear(): void {
    this.values.length = 0;
  }
}
