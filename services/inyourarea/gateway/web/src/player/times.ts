/** When each frame is presented: the pts table of a video, in the browser's microseconds. */

export class Times {
  private constructor(
    /** Of every frame, in microseconds; frame 0 is at 0. */
    private readonly starts: Float64Array,
  ) {}

  /** From the gateway's table: the first pts, then differences, in units of the time base. */
  static read(table: { time_base: string; pts: readonly number[] }): Times {
    const [numerator = 1, denominator = 1] = table.time_base.split("/").map(Number);
    const starts = new Float64Array(table.pts.length);
    let pts = 0;
    for (let frame = 1; frame < starts.length; frame++) {
      pts += table.pts[frame] ?? 0;
      starts[frame] = (pts * numerator * 1e6) / denominator;
    }
    return new Times(starts);
  }

  get frames(): number {
    return this.starts.length;
  }

  /** The frame whose time is nearest; browsers round timestamps, so equality is not to be had. */
  nearest(micros: number): number {
    const after = this.firstAfter(micros);
    if (after === 0) return 0;
    if (after === this.frames) return this.frames - 1;
    return micros - this.at(after - 1) <= this.at(after) - micros ? after - 1 : after;
  }

  /** The frame that is on screen then: the last one at or before it. */
  shownAt(seconds: number): number {
    // Half a microsecond of grace: seconds are doubles and pts are fractions.
    return Math.max(0, this.firstAfter(seconds * 1e6 + 0.5) - 1);
  }

  seconds(frame: number): number {
    return this.at(frame) / 1e6;
  }

  /** A moment inside the frame, where a seek surely lands on it and not on its neighbour. */
  inside(frame: number): number {
    return (this.at(frame) + this.lengthOf(frame) / 2) / 1e6;
  }

  /** When the last frame ends, taken to last as long as the one before it. */
  get end(): number {
    const last = this.frames - 1;
    return last < 0 ? 0 : (this.at(last) + this.lengthOf(last)) / 1e6;
  }

  private at(frame: number): number {
    return this.starts[Math.min(Math.max(frame, 0), this.frames - 1)] ?? 0;
  }

  private lengthOf(frame: number): number {
    const start = Math.max(0, Math.min(frame, this.frames - 2));
    return this.at(start + 1) - this.at(start);
  }

  private firstAfter(micros: number): number {
    let low = 0;
    let high = this.frames;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.starts[middle] ?? 0) <= micros) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
