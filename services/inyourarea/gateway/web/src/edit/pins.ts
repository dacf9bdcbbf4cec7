/** Pins as the gateway takes them: at a face in a frame, or over a stretch of a person. */
import type { Box, Pin } from "../api/types";
import type { Times } from "../player/times";

/** Who it is: a person's id or a new name; nobody; or who it is not. */
export type Verdict = { is: string } | { isNobody: true } | { isNot: string };

/** Whoever has that box in that frame. */
export function pinAt(times: Times, frame: number, box: Box, verdict: Verdict): Pin {
  return {
    from_s: moment(times, frame),
    x: Math.round((box[0] + box[2]) / 2),
    y: Math.round((box[1] + box[3]) / 2),
    ...said(verdict),
  };
}

/** Wherever that person is from one frame to the other, both included. */
export function pinOver(times: Times, first: number, last: number, of: string, verdict: Verdict): Pin {
  return { from_s: moment(times, first), to_s: moment(times, last), of, ...said(verdict) };
}

function said(verdict: Verdict): Pick<Pin, "person" | "nobody" | "denies"> {
  if ("is" in verdict) return { person: verdict.is };
  return "isNot" in verdict ? { person: verdict.isNot, denies: true } : { nobody: true };
}

/** Inside the frame: a pin holds for the last frame that begins before it. */
const moment = (times: Times, frame: number) => milli(times.inside(frame));

const milli = (seconds: number) => Math.round(seconds * 1000) / 1000;
