/** Pins as the gateway takes them: at a face in a frame, or over a stretch that begins at one. */
import type { Box, Pin } from "../api/types";
import type { Times } from "../player/times";

/** Who it is: a person's id or a new name; nobody; or who it is not. */
export type Verdict = { is: string } | { isNobody: true } | { isNot: string };

/** Whoever has that box in that frame; with a last frame, until the end of that one. */
export function pinAt(times: Times, frame: number, box: Box, verdict: Verdict, last?: number): Pin {
  const pin: Pin = {
    // A moment inside the frame: a pin holds for the last frame that begins before it.
    from_s: milli(times.inside(frame)),
    x: Math.round((box[0] + box[2]) / 2),
    y: Math.round((box[1] + box[3]) / 2),
    denies: "isNot" in verdict,
  };
  if (last !== undefined && last > frame) pin.to_s = milli(times.inside(last));
  if ("is" in verdict) pin.person = verdict.is;
  else if ("isNot" in verdict) pin.person = verdict.isNot;
  else pin.nobody = true;
  return pin;
}

const milli = (seconds: number) => Math.round(seconds * 1000) / 1000;
