import { describe, expect, test } from "vitest";
import { choose, type Facts } from "../src/player/choose";
import { correction, drift, Median } from "../src/player/drift";
import { Skips } from "../src/player/skips";
import { stateAt, stretches, told } from "../src/player/states";

describe("two videos", () => {
  test("are compared at one moment", () => {
    // The slave's frame came 20 ms later and is one frame of 40 ms further: 20 ms ahead.
    expect(drift({ mediaTime: 1, at: 500 }, { mediaTime: 1.04, at: 520 }, 1)).toBeCloseTo(0.02, 9);
    expect(drift({ mediaTime: 1, at: 500 }, { mediaTime: 1.01, at: 520 }, 0.5)).toBeCloseTo(0, 9);
  });

  test("are left alone within 25 ms", () => {
    expect(correction(0.024)).toEqual({ seek: false, factor: 1 });
  });

  test("who is behind plays faster, who is ahead slower, by the same factor", () => {
    expect(correction(-0.1)).toEqual({ seek: false, factor: 1.2 });
    expect(correction(0.1)).toEqual({ seek: false, factor: 1 / 1.2 });
  });

  test("a drift that everybody sees is made up in a hurry", () => {
    const made = correction(-0.5);
    expect(made.seek ? 0 : made.factor).toBeCloseTo(3.5, 9);
  });

  test("seek beyond one second only", () => {
    expect(correction(0.99)).toMatchObject({ seek: false });
    expect(correction(-1.01)).toEqual({ seek: true });
  });

  test("a single late callback does not count", () => {
    const median = new Median(5);
    [0, 0.001, 0, 0.002].forEach((value) => median.add(value));
    expect(median.add(0.4)).toBe(0.001);
  });
});

describe("which way plays", () => {
  const facts: Facts = { stage: true, frames: true, encoded: true, dropped: 0, renditionScale: 1, windowWidth: 300, fancamWidth: 300, saveData: false };

  test("virtual, as long as nothing speaks against it", () => {
    expect(choose("auto", facts)).toEqual({ mode: "virtual", reason: "best" });
  });

  test.each([
    ["no-frames", { frames: false }],
    ["data", { saveData: true }],
    ["dropped", { dropped: 0.4 }],
    ["pixels", { renditionScale: 0.5 }],
  ] as const)("encoded because of %s", (reason, against) => {
    expect(choose("auto", { ...facts, ...against })).toEqual({ mode: "encoded", reason });
  });

  test("a small fancam of a large window is no sharper than a smaller stage", () => {
    expect(choose("auto", { ...facts, renditionScale: 0.5, fancamWidth: 150 }).mode).toBe("virtual");
  });

  test("a wish is granted where it can be", () => {
    expect(choose("encoded", facts)).toEqual({ mode: "encoded", reason: "chosen" });
    expect(choose("virtual", { ...facts, dropped: 0.9 })).toEqual({ mode: "virtual", reason: "chosen" });
    expect(choose("virtual", { ...facts, frames: false }).mode).toBe("encoded");
    expect(choose("encoded", { ...facts, encoded: false }).mode).toBe("virtual");
    expect(choose("virtual", { ...facts, stage: false })).toEqual({ mode: "encoded", reason: "no-stage" });
  });
});

describe("lost frames", () => {
  test("are counted over five seconds", () => {
    const skips = new Skips();
    let share: number | null = null;
    for (let frame = 0; frame <= 160; frame += 2) share = skips.add(frame, frame * 33) ?? share;
    expect(share).toBeCloseTo(0.5, 1);
  });

  test("going back begins anew", () => {
    const skips = new Skips();
    skips.add(100, 0);
    expect(skips.add(3, 6000)).toBeNull();
  });
});

describe("states", () => {
  const runs = [
    [0, "observed"],
    [3, "filled"],
    [4, "observed"],
    [10, "filled"],
    [16, "observed"],
    [20, "absent"],
  ] as const;

  test("hold until the next one", () => {
    expect([0, 3, 9, 12, 25].map((frame) => stateAt(runs, frame))).toEqual(["observed", "filled", "observed", "filled", "absent"]);
    expect(stateAt([], 3)).toBe("absent");
  });

  test("what is filled between two looks reads as seen; a gap does not", () => {
    expect(told(stretches(runs, 30))).toEqual([
      { from: 0, to: 10, state: "observed" },
      { from: 10, to: 16, state: "filled" },
      { from: 16, to: 20, state: "observed" },
      { from: 20, to: 30, state: "absent" },
    ]);
  });
});
