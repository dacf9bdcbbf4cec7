/** Which of the two ways plays, and why. */

export type Mode = "virtual" | "encoded";
export type Wish = "auto" | Mode;
export type Reason = "chosen" | "best" | "no-stage" | "no-frames" | "dropped" | "pixels" | "data" | "no-file";

export interface Facts {
  /** The stage can be played here; without it a fancam plays by itself. */
  stage: boolean;
  /** VideoFrame and requestVideoFrameCallback are there. */
  frames: boolean;
  /** An encoded fancam of this person and aspect is there. */
  encoded: boolean;
  /** Share of frames that the browser dropped lately. */
  dropped: number;
  /** Pixels per source pixel that the stage rendition has. */
  renditionScale: number;
  /** Typical window width, source pixels. */
  windowWidth: number;
  /** The encoded fancam's width, pixels. */
  fancamWidth: number;
  saveData: boolean;
}

/** More than this and the stage stutters; the encoded stage needs no drawing. */
const DROPPED = 0.2;
/** Fewer pixels than this share are seen as softer. */
const AS_SHARP = 0.9;

export function choose(wish: Wish, facts: Facts): { mode: Mode; reason: Reason } {
  if (!facts.stage) return { mode: "encoded", reason: "no-stage" };
  if (!facts.encoded) return { mode: "virtual", reason: wish === "virtual" ? "chosen" : facts.frames ? "best" : "no-file" };
  if (!facts.frames) return { mode: "encoded", reason: "no-frames" };
  if (wish !== "auto") return { mode: wish, reason: "chosen" };
  if (facts.saveData) return { mode: "encoded", reason: "data" };
  if (facts.dropped > DROPPED) return { mode: "encoded", reason: "dropped" };
  const drawn = facts.windowWidth * facts.renditionScale;
  const filed = Math.min(facts.windowWidth, facts.fancamWidth);
  if (drawn < AS_SHARP * filed) return { mode: "encoded", reason: "pixels" };
  return { mode: "virtual", reason: "best" };
}
