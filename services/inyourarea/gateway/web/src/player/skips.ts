/** Which share of frames never came on screen, over the last few seconds of steady playing. */

/** Long enough that a hiccup at the start is not taken for a slow machine, in milliseconds. */
const WINDOW_MS = 5000;

export class Skips {
  private first = 0;
  private since = 0;
  private seen = 0;

  /** The share at the end of each window, else null. */
  add(frame: number, at: number): number | null {
    if (!this.seen || frame < this.first) {
      this.first = frame;
      this.since = at;
      this.seen = 1;
      return null;
    }
    this.seen += 1;
    if (at - this.since < WINDOW_MS) return null;
    const share = 1 - this.seen / (frame - this.first + 1);
    this.clear();
    return Math.max(0, share);
  }

  clear(): void {
    this.seen = 0;
  }
}
