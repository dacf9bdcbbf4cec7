import { describe, expect, test } from "vitest";
import { Boxes } from "../src/player/boxes";
import { pinAt, pinOver } from "../src/edit/pins";
import { Times } from "../src/player/times";

const boxes = new Boxes({
  people: {
    p1: [
      { first_frame: 2, boxes: [100, 100, 140, 150, 2, 0, 2, 0] },
      { first_frame: 8, boxes: [300, 100, 340, 150] },
    ],
    p2: [{ first_frame: 2, boxes: [110, 110, 130, 130, 0, 0, 0, 0] }],
  },
  others: [{ frame: 3, box: [500, 50, 560, 120] }],
});

describe("faces", () => {
  test("are where the runs say, and nowhere between them", () => {
    expect(boxes.of("p1", 3)).toEqual([102, 100, 142, 150]);
    expect(boxes.of("p1", 5)).toBeNull();
    expect(boxes.firstIn("p1", 5, 20)).toEqual({ frame: 8, box: [300, 100, 340, 150] });
    expect(boxes.firstIn("p1", 5, 7)).toBeNull();
  });

  test("the smallest one that holds the point is hit", () => {
    expect(boxes.hit(2, 120, 120)?.person).toBe("p2");
    expect(boxes.hit(2, 105, 105)?.person).toBe("p1");
  });

  test("beside all of them the nearest within a face's width is hit", () => {
    expect(boxes.hit(3, 570, 90)?.person).toBeNull();
    expect(boxes.hit(3, 900, 900)).toBeNull();
  });
});

describe("a pin", () => {
  const times = Times.read({ time_base: "1/25", pts: [0, ...Array<number>(50).fill(1)] });

  test("stands inside its frame, at the middle of the face", () => {
    expect(pinAt(times, 2, [100, 100, 141, 150], { is: "p2" })).toEqual({ from_s: 0.1, x: 121, y: 125, person: "p2" });
  });

  test("over a stretch it speaks of the person who is shown there", () => {
    expect(pinOver(times, 2, 12, "p1", { isNot: "p1" })).toEqual({ from_s: 0.1, to_s: 0.5, of: "p1", person: "p1", denies: true });
    expect(pinOver(times, 2, 2, "p1", { isNobody: true })).toEqual({ from_s: 0.1, to_s: 0.1, of: "p1", nobody: true });
  });
});
