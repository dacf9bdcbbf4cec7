import { expect, it } from "vitest";
import { spriteCell } from "../src/player/sprite";

const sprite = { url: "", columns: 10, rows: 2, interval_s: 1, width: 160, height: 90 };

it("shows the picture that was taken nearest", () => {
  expect(spriteCell(sprite, 0.4, 19.9)).toEqual({ x: 0, y: 0 });
  expect(spriteCell(sprite, 9.6, 19.9)).toEqual({ x: 0, y: 90 });
  expect(spriteCell(sprite, 12, 19.9)).toEqual({ x: 320, y: 90 });
});

it("shows the last picture at the end, and not the empty rest of the sheet", () => {
  expect(spriteCell(sprite, 19.9, 19.9)).toEqual({ x: 1440, y: 90 });
  expect(spriteCell(sprite, 13, 12.5)).toEqual({ x: 320, y: 90 });
  expect(spriteCell(sprite, -1, 12.5)).toEqual({ x: 0, y: 0 });
});
