import { describe, expect, test } from "vitest";
import { dropLoop, keepLoop, loopOf, readLoops } from "../src/player/loops";
import { readView, writeView } from "../src/player/links";
import { readRange } from "../src/upload/range";
import { language } from "../src/words/language";
import { retold } from "../src/words/reasons";
import { quoted } from "../src/words/shell";
import { TEXTS } from "../src/words/texts";
import { clock, parseClock } from "../src/words/time";

class FakeShelf {
  private readonly kept = new Map<string, string>();
  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.kept.set(key, value);
  }
}

test.each([
  ["ive", "ive"],
  ["a-b_2.toml", "a-b_2.toml"],
  ["", "''"],
  ["Red Velvet", "'Red Velvet'"],
  ["소녀시대", "'소녀시대'"],
  ["Girls' Day; $(ls)", `'Girls'"'"' Day; $(ls)'`],
])("the name %j is the word %s of a command", (name, word) => {
  expect(quoted(name)).toBe(word);
});

describe("times", () => {
  test.each([
    [0, 0, "0:00"],
    [62.94, 0, "1:02"],
    [62.94, 1, "1:02.9"],
    [3725, 0, "1:02:05"],
    [0.1 * 3, 1, "0:00.3"],
    [-3, 0, "0:00"],
  ])("%s s reads %s digits as %s", (seconds, digits, text) => {
    expect(clock(seconds, digits)).toBe(text);
  });

  test("are read as they are written", () => {
    expect([parseClock("62"), parseClock("1:02.5"), parseClock("1:00:02")]).toEqual([62, 62.5, 3602]);
    expect([parseClock(""), parseClock("1:-2"), parseClock("a"), parseClock("1:2:3:4")]).toEqual([null, null, null, null]);
  });

  test("a range has its ends in order", () => {
    expect(readRange("", "")).toEqual({});
    expect(readRange("1:02", "1:32")).toEqual({ from_s: 62, to_s: 92 });
    expect(readRange("1:32", "1:02")).toBeNull();
    expect(readRange("soon", "")).toBeNull();
  });
});

describe("loops", () => {
  test("have their ends in order and inside the video", () => {
    expect(loopOf(5, 2, 8)).toEqual({ name: "", a: 2, b: 5 });
    expect(loopOf(-1, 99, 8)).toEqual({ name: "", a: 0, b: 8 });
    expect(loopOf(2, 2.1, 8)).toBeNull();
  });

  test("are kept per video, by name, in the order of time", () => {
    const shelf = new FakeShelf();
    keepLoop(shelf, "v1", { name: "chorus", a: 20, b: 30 });
    keepLoop(shelf, "v1", { name: "intro", a: 0, b: 5 });
    keepLoop(shelf, "v1", { name: "chorus", a: 21, b: 29 });
    expect(readLoops(shelf, "v1").map(({ name, a }) => [name, a])).toEqual([
      ["intro", 0],
      ["chorus", 21],
    ]);
    expect(readLoops(shelf, "v2")).toEqual([]);
    expect(dropLoop(shelf, "v1", "intro")).toHaveLength(1);
  });

  test("what somebody else put there is left out", () => {
    const shelf = new FakeShelf();
    shelf.setItem("loops:v", '[{"name":1},{"name":"x","a":2,"b":1},null]');
    expect(readLoops(shelf, "v")).toEqual([]);
    shelf.setItem("loops:v", "{");
    expect(readLoops(shelf, "v")).toEqual([]);
  });
});

describe("links", () => {
  test("carry member, loop, speed and mirror there and back", () => {
    const view = { person: "p 2&", aspect: "4:5", a: 1.5, b: 3.25, loop: "후렴 1", countsIn: false, rate: 0.5, mirror: true };
    expect(readView(writeView(view, "9:16"))).toEqual(view);
  });

  test("say nothing of what is usual", () => {
    const plain = { person: null, aspect: "9:16", a: null, b: null, loop: null, countsIn: true, rate: 1, mirror: false };
    expect(writeView(plain, "9:16")).toBe("");
  });

  test("nonsense is passed over", () => {
    expect(readView("?a=9&b=2&rate=400&mirror=yes&loop=x")).toEqual({ person: null, aspect: null, a: null, b: null, loop: null, countsIn: true, rate: 1, mirror: false });
    expect(readView("?a=&b=3&rate=x").a).toBeNull();
  });
});

describe("texts", () => {
  test("both languages put in the same things", () => {
    const holes = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).sort();
    for (const [en, ko] of Object.values(TEXTS)) expect(holes(ko)).toEqual(holes(en));
  });
});

describe("what the gateway said", () => {
  const tooLong = "opening the video was given up: it took more than 600 s; export it again, shorter or smaller";

  test("is shown as it came in English, and where nobody knows it", () => {
    language.value = "en";
    expect(retold(tooLong)).toBe(tooLong);
    language.value = "ko";
    expect(retold("ValueError: broken inside")).toBe("ValueError: broken inside");
    expect(retold("")).toBe("");
  });

  test("is told in Korean with its figures, and with what stands in it", () => {
    language.value = "ko";
    expect(retold("the video is cut short after 1,203 frames; copy or download it again")).toMatch(/^영상이 1,203프레임 뒤에서/);
    expect(retold(tooLong)).toBe("영상 열기: 600초가 넘게 걸렸습니다. 그래서 그만두었습니다. 더 짧거나 작게 다시 내보내세요.");
    expect(retold("The pin for 'a$& (b)' at 1.00 s hits nobody: no face is seen then.")).toContain("‘a$& (b)’");
  });
});
