import { describe, expect, test } from "vitest";
import { Camera, isCrop } from "../src/player/camera";

const file = {
  unit: 16,
  people: { p1: { size: [216, 384] as [number, number], windows: [160, 320, 3616, 6464, 8, -16, 8, -16, -168, -304, 27096, 10832] } },
};

function camera(): Camera {
  const read = Camera.read(file).get("p1");
  if (!read) throw new Error("no camera");
  return read;
}

describe("a camera path", () => {
  test("is summed up from differences in sixteenths of a pixel", () => {
    expect(camera().frames).toBe(3);
    expect(camera().window(0)).toEqual({ x: 10, y: 20, width: 216, height: 384 });
    expect(camera().window(1)).toEqual({ x: 10.5, y: 19, width: 216, height: 384 });
    expect(camera().window(2)).toEqual({ x: 0, y: 0, width: 1920, height: 1080 });
  });

  test("tells a crop from the whole stage of an absent person", () => {
    expect(isCrop(camera().window(1), camera().size)).toBe(true);
    expect(isCrop(camera().window(2), camera().size)).toBe(false);
  });

  test("its typical width leaves the whole stage out", () => {
    expect(camera().typicalWidth).toBe(216);
  });

  test("a frame beyond the end shows the last window", () => {
    expect(camera().window(99)).toEqual(camera().window(2));
  });
});
