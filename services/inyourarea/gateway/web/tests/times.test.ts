import { describe, expect, test } from "vitest";
import { Times } from "../src/player/times";

/** NTSC frames, as the gateway writes them: the first pts, then differences. */
const ntsc = Times.read({ time_base: "1/30000", pts: [9009, ...Array<number>(299).fill(1001)] });

describe("the pts table", () => {
  test("puts frame 0 at 0 whatever its pts is", () => {
    expect(ntsc.seconds(0)).toBe(0);
    expect(ntsc.seconds(299)).toBeCloseTo((299 * 1001) / 30000, 9);
  });

  test("finds every frame by its timestamp, rounded down or up", () => {
    for (let frame = 0; frame < ntsc.frames; frame++) {
      const micros = (frame * 1001 * 1e6) / 30000;
      expect(ntsc.nearest(Math.floor(micros))).toBe(frame);
      expect(ntsc.nearest(Math.ceil(micros))).toBe(frame);
    }
  });

  test("follows a variable frame rate", () => {
    const uneven = Times.read({ time_base: "1/1000", pts: [0, 10, 200, 10] });
    expect(uneven.nearest(108_000)).toBe(1);
    expect(uneven.nearest(112_000)).toBe(2);
    expect(uneven.shownAt(0.2)).toBe(1);
    expect(uneven.shownAt(0.21)).toBe(2);
  });

  test("stays inside the video", () => {
    expect(ntsc.nearest(-5)).toBe(0);
    expect(ntsc.nearest(1e12)).toBe(299);
    expect(ntsc.shownAt(-1)).toBe(0);
    expect(ntsc.end).toBeCloseTo((300 * 1001) / 30000, 9);
  });

  test("a seek inside a frame shows that frame", () => {
    for (const frame of [0, 1, 17, 298, 299]) expect(ntsc.shownAt(ntsc.inside(frame))).toBe(frame);
  });

  test("a video of one frame has a time too", () => {
    const one = Times.read({ time_base: "1/25", pts: [3] });
    expect([one.nearest(0), one.seconds(0), one.end]).toEqual([0, 0, 0]);
  });
});
