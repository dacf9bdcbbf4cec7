/** The part of a video that somebody typed. */
import { parseClock } from "../words/time";

export interface Range {
  from_s?: number;
  to_s?: number;
}

/** Null where it is no range; empty fields mean the video's own ends. */
export function readRange(from: string, to: string): Range | null {
  const range: Range = {};
  if (from.trim()) {
    const seconds = parseClock(from);
    if (seconds === null) return null;
    range.from_s = seconds;
  }
  if (to.trim()) {
    const seconds = parseClock(to);
    if (seconds === null || seconds <= (range.from_s ?? 0)) return null;
    range.to_s = seconds;
  }
  return range;
}
