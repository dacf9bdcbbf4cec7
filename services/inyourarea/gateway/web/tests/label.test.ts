/** Labelling: what strokes make of boxes, how they are undone, and that none is lost on the way. */
import { describe, expect, test } from "vitest";
import { Problem } from "../src/api/client";
import type { Box, LabelBox, Labels, LabelsWanted } from "../src/api/types";
import { between, carryOver, handleAt, HANDLES, hit, move, place, resize } from "../src/label/boxes";
import { Memory, Outbox, type Post } from "../src/label/outbox";
import { KEYS, memberOf } from "../src/label/palette";
import { begin, redo, stroke, undo } from "../src/label/strokes";

const SIZE = [640, 360] as const;
const of = (box: Box, member = "", state: LabelBox["state"] = "proposed"): LabelBox => ({ box, member, tracklet: "", view: "", state });

describe("boxes", () => {
  test("have their corners in order and inside the picture", () => {
    expect(between({ x: 50, y: 90 }, { x: 10, y: -20 }, SIZE)).toEqual([10, 0, 50, 90]);
    expect(between({ x: 600, y: 300 }, { x: 900, y: 900 }, SIZE)).toEqual([600, 300, 640, 360]);
    expect(between({ x: 10, y: 10 }, { x: 13, y: 80 }, SIZE)).toBeNull();
  });

  test("keep their size where they are pushed against the edge", () => {
    expect(move([10, 10, 50, 60], -30, 500, SIZE)).toEqual([0, 310, 40, 360]);
    expect(move([10.25, 10, 50, 60], 1, 1, SIZE)).toEqual([11.3, 11, 51, 61]);
  });

  test("follow the handle that is pulled, and turn round", () => {
    const box: Box = [100, 100, 200, 150];
    expect(resize(box, "se", { x: 220, y: 180 }, SIZE)).toEqual([100, 100, 220, 180]);
    expect(resize(box, "n", { x: 0, y: 90 }, SIZE)).toEqual([100, 90, 200, 150]);
    expect(resize(box, "w", { x: 260, y: 0 }, SIZE)).toEqual([200, 100, 260, 150]);
  });

  test("are held by the nearest handle, none of them far away", () => {
    const box: Box = [100, 100, 200, 150];
    for (const handle of HANDLES) expect(handleAt(box, place(box, handle), 8)).toBe(handle);
    expect(handleAt(box, { x: 203, y: 152 }, 8)).toBe("se");
    expect(handleAt(box, { x: 150, y: 125 }, 8)).toBeNull();
  });

  test("are hit where they are smallest", () => {
    const boxes = [of([0, 0, 100, 100]), of([20, 20, 40, 40])];
    expect(hit(boxes, { x: 30, y: 30 })).toBe(1);
    expect(hit(boxes, { x: 60, y: 60 })).toBe(0);
    expect(hit(boxes, { x: 160, y: 60 })).toBe(-1);
  });

  test("are carried over but for members who are confirmed there", () => {
    const from = [of([0, 0, 10, 10], "Ana", "confirmed"), of([20, 0, 30, 10], "Bo", "confirmed"), of([40, 0, 50, 10])];
    const into = [of([1, 0, 11, 10], "Ana", "confirmed"), of([22, 0, 32, 10], "Bo"), of([60, 0, 70, 10])];
    expect(carryOver(from, into).map(({ box, member }) => [member, box[0]])).toEqual([
      ["Ana", 1],
      ["", 60],
      ["Bo", 20],
    ]);
  });
});

test("strokes are undone and done again, until another one is made", () => {
  const [a, b, c] = [[of([0, 0, 9, 9])], [of([1, 0, 9, 9])], [of([2, 0, 9, 9])]] as const;
  const two = stroke(stroke(begin(a), b), c);
  const one = undo(two);
  expect(one?.now).toBe(b);
  expect(redo(one ?? two)?.now).toBe(c);
  expect(redo(stroke(one ?? two, a))).toBeNull();
  expect(undo(begin(a))).toBeNull();
});

test("a key names the member in its place", () => {
  const members = Array.from({ length: 12 }, (_, n) => `m${n}`);
  expect([memberOf(members, "1"), memberOf(members, "0"), memberOf(members, "q")]).toEqual(["m0", "m9", "m10"]);
  expect(memberOf(members, "x")).toBeUndefined();
  expect(new Set(KEYS).size).toBe(KEYS.length);
});

/** A gateway that keeps labels, can be away, and can lose an answer. */
class Gateway implements Post {
  readonly kept = new Map<string, Labels>();
  isAway = false;
  loses = false;
  asked = 0;

  set(picture: string, version: number, boxes: readonly LabelBox[], by = "Lee"): Labels {
    const labels: Labels = { picture, url: "", version, size: SIZE, by, at: "", state: "proposed", split: "train", boxes: [...boxes], previous: null, next: null };
    this.kept.set(picture, labels);
    return labels;
  }

  async label(picture: string, { version, boxes }: LabelsWanted): Promise<Labels> {
    this.asked += 1;
    if (this.isAway) throw new Problem(0, "unreachable", "");
    const now = this.kept.get(picture);
    if (now && now.version !== version) throw new Problem(409, "", "", "stale-edit", 0, { by: now.by, version: now.version });
    const labels = this.set(picture, version + 1, boxes, "Kim");
    if (this.loses) {
      this.loses = false;
      throw new Problem(0, "unreachable", "");
    }
    return labels;
  }

  async labels(picture: string): Promise<Labels> {
    return this.kept.get(picture) ?? this.set(picture, 1, []);
  }

  async name(): Promise<{ boxes: number }> {
    if (this.isAway) throw new Problem(0, "unreachable", "");
    return { boxes: 3 };
  }
}

describe("an outbox", () => {
  const drawn = (x: number) => [of([x, 0, x + 10, 10], "Ana", "confirmed")];
  const item = (x: number, version = 1) => ({ kind: "labels" as const, id: "p", version, state: "proposed" as const, boxes: drawn(x) });
  const until = async (is: () => boolean) => {
    for (let n = 0; n < 400 && !is(); n += 1) await new Promise((done) => setTimeout(done, 10));
    expect(is()).toBe(true);
  };

  test("is emptied by what the gateway takes, the newest stroke last", async () => {
    const gateway = new Gateway();
    const outbox = new Outbox(new Memory(), "Kim", "show", gateway);
    for (const x of [1, 2, 3]) outbox.put(item(x));
    await until(() => outbox.waiting.value.length === 0);
    expect(gateway.kept.get("p")?.boxes).toEqual(drawn(3));
  });

  test("keeps what can not be sent, for another page of the same person, too", async () => {
    const gateway = new Gateway();
    const shelf = new Memory();
    gateway.isAway = true;
    const lost = new Outbox(shelf, "Kim", "show", gateway);
    lost.put(item(1));
    lost.put({ kind: "tracklet", id: "t", member: "Ana", state: "confirmed" });
    await until(() => lost.isAway.value);
    lost.stop();
    gateway.isAway = false;
    expect(new Outbox(shelf, "Lee", "show", gateway).waiting.value).toEqual([]);
    const found = new Outbox(shelf, "Kim", "show", gateway);
    expect(found.waiting.value.map(({ id }) => id)).toEqual(["p", "t"]);
    await found.send();
    await until(() => found.waiting.value.length === 0);
    expect(gateway.kept.get("p")?.boxes).toEqual(drawn(1));
  });

  test("knows its own stroke whose answer was lost, and puts the next one upon it", async () => {
    const gateway = new Gateway();
    const shelf = new Memory();
    gateway.loses = true;
    const lost = new Outbox(shelf, "Kim", "show", gateway);
    lost.put(item(1));
    await until(() => lost.isAway.value);
    lost.stop();
    const found = new Outbox(shelf, "Kim", "show", gateway);
    found.put(item(2));
    await until(() => found.waiting.value.length === 0);
    expect(gateway.kept.get("p")).toMatchObject({ version: 3, boxes: drawn(2) });
  });

  test("keeps what somebody else was faster with until one of both is chosen", async () => {
    const gateway = new Gateway();
    gateway.set("p", 2, drawn(9));
    const outbox = new Outbox(new Memory(), "Kim", "show", gateway);
    outbox.put(item(1));
    await until(() => outbox.find("labels", "p")?.trouble !== undefined);
    expect(outbox.find("labels", "p")?.trouble).toMatchObject({ status: 409, by: "Lee" });
    outbox.put(item(2));
    expect(gateway.kept.get("p")?.boxes).toEqual(drawn(9));
    outbox.insist("p", 2);
    await until(() => outbox.waiting.value.length === 0);
    expect(gateway.kept.get("p")?.boxes).toEqual(drawn(2));
  });
});
