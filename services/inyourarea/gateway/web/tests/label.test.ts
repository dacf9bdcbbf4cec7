/** Labelling: what strokes make of boxes, how they are undone, and that none is lost on the way. */
import { describe, expect, test, vi } from "vitest";
import { Problem } from "../src/api/client";
import type { Box, LabelBox, Labels, LabelsWanted, Tally, TrackletNamed } from "../src/api/types";
import { between, carryOver, handleAt, HANDLES, hit, move, place, resize, workedOn } from "../src/label/boxes";
import { Desk } from "../src/label/desk";
import { Memory, Outbox, type Post } from "../src/label/outbox";
import { KEYS, memberOf } from "../src/label/palette";
import { begin, redo, resume, settle, stroke, undo } from "../src/label/strokes";

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

  test("are held by their middle, however small they are and thick the finger", () => {
    const box: Box = [100, 100, 130, 130];
    expect(handleAt(box, { x: 118, y: 112 }, 40)).toBeNull();
    expect(handleAt(box, { x: 127, y: 126 }, 40)).toBe("se");
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

test("a rejected picture that is worked on is rejected no more", () => {
  expect((["proposed", "confirmed", "rejected"] as const).map(workedOn)).toEqual(["proposed", "confirmed", "proposed"]);
});

test("strokes are undone and done again, until another one is made", () => {
  const [a, b, c] = [[of([0, 0, 9, 9])], [of([1, 0, 9, 9])], [of([2, 0, 9, 9])]] as const;
  const first = begin({ boxes: a, state: "proposed" });
  const two = stroke(stroke(first, b), c);
  const one = undo(two);
  expect(one?.now.boxes).toBe(b);
  expect(redo(one ?? two)?.now.boxes).toBe(c);
  expect(redo(stroke(one ?? two, a))).toBeNull();
  expect(undo(first)).toBeNull();
});

test("a picture that was finished goes back to where it was, what was said of it included", () => {
  const box = of([0, 0, 9, 9]);
  const emptied = stroke(begin({ boxes: [box], state: "proposed" }), []);
  const finished = settle(emptied, { boxes: [], state: "confirmed" });
  expect(finished.now).toEqual({ boxes: [], state: "confirmed" });
  const back = undo(resume(finished, { boxes: [], state: "confirmed" }));
  expect(back?.now).toEqual({ boxes: [box], state: "proposed" });
  expect(redo(back ?? finished)?.now).toEqual({ boxes: [], state: "confirmed" });
});

test("to say that a picture is right is a step where that says something of its boxes", () => {
  const named = [of([0, 0, 9, 9], "Ana")];
  const right = [of([0, 0, 9, 9], "Ana", "confirmed")];
  const finished = settle(begin({ boxes: named, state: "proposed" }), { boxes: right, state: "confirmed" });
  expect(undo(finished)?.now).toEqual({ boxes: named, state: "proposed" });
});

test("a picture that was left out comes back by undoing that", () => {
  const named = [of([0, 0, 9, 9], "Ana")];
  const out = settle(begin({ boxes: named, state: "proposed" }), { boxes: named, state: "rejected" });
  expect(undo(resume(out, out.now))?.now).toEqual({ boxes: named, state: "proposed" });
});

test("what was done to other boxes than are there now is not undone", () => {
  const before = stroke(begin({ boxes: [], state: "proposed" }), [of([0, 0, 9, 9])]);
  expect(undo(resume(before, { boxes: [of([1, 0, 9, 9])], state: "proposed" }))).toBeNull();
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
  /** Of each picture that is sent: what is wrong with it. */
  refuses = 0;
  /** Who has confirmed a face of a tracklet as another's. */
  denies = "";
  readonly names: TrackletNamed[] = [];
  /** What the tracklet is called, and was called before that: who takes a name back is left with the one before. */
  private readonly past: string[] = [];
  losesNames = false;

  get called(): string {
    return this.past.at(-1) ?? "";
  }

  set(picture: string, version: number, boxes: readonly LabelBox[], by = "Lee"): Labels {
    const labels: Labels = { picture, url: "", version, size: SIZE, by, at: "", state: "proposed", split: "train", boxes: [...boxes], previous: null, next: null };
    this.kept.set(picture, labels);
    return labels;
  }

  async label(picture: string, { version, boxes }: LabelsWanted): Promise<Labels> {
    this.asked += 1;
    if (this.isAway) throw new Problem(0, "unreachable", "");
    if (this.refuses) throw new Problem(this.refuses, "", "");
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

  async name(_tracklet: string, named: TrackletNamed): Promise<{ boxes: number }> {
    if (this.isAway) throw new Problem(0, "unreachable", "");
    if (this.denies && !named.insist) throw new Problem(409, "", "", "stale-edit", 0, { by: this.denies });
    this.names.push(named);
    if (named.state === "confirmed") this.past.push(named.member);
    else if (named.member === this.called) this.past.pop();
    if (this.losesNames) throw new Problem(0, "unreachable", "");
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

  test("hears of what another tab has sent, and puts the next stroke upon it", async () => {
    const gateway = new Gateway();
    const shelf = new Memory();
    const outbox = new Outbox(shelf, "Kim", "show", gateway);
    const gone = vi.fn();
    outbox.gone = ({ id }) => gone(id);
    gateway.isAway = true;
    outbox.put(item(1));
    await until(() => outbox.isAway.value);
    outbox.stop();
    gateway.isAway = false;
    await new Outbox(shelf, "Kim", "show", gateway).send();
    expect(gateway.kept.get("p")).toMatchObject({ version: 2, boxes: drawn(1) });
    await outbox.send();
    expect([outbox.waiting.value, outbox.isAway.value]).toEqual([[], false]);
    expect(gone.mock.calls).toEqual([["p"]]);
    outbox.put(item(2));
    await until(() => outbox.waiting.value.length === 0);
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

  test("does not take for its own that somebody else has left out the same boxes", async () => {
    const gateway = new Gateway();
    gateway.set("p", 2, drawn(1)).state = "rejected";
    const outbox = new Outbox(new Memory(), "Kim", "show", gateway);
    outbox.put(item(1));
    await until(() => outbox.find("labels", "p")?.trouble?.status === 409);
    expect(gateway.kept.get("p")).toMatchObject({ version: 2, state: "rejected" });
  });

  test("sends what was refused again once it is another, unless somebody was faster", async () => {
    const gateway = new Gateway();
    gateway.refuses = 422;
    const outbox = new Outbox(new Memory(), "Kim", "show", gateway);
    outbox.put(item(1));
    await until(() => outbox.find("labels", "p")?.trouble?.status === 422);
    gateway.refuses = 0;
    outbox.put(item(2));
    await until(() => outbox.waiting.value.length === 0);
    expect(gateway.kept.get("p")?.boxes).toEqual(drawn(2));
  });

  const name = { kind: "tracklet" as const, id: "t", member: "Ana", state: "confirmed" as const };

  test("keeps a name that somebody else denies until it is insisted on, or taken back", async () => {
    const gateway = new Gateway();
    gateway.denies = "Lee";
    const outbox = new Outbox(new Memory(), "Kim", "show", gateway);
    const isDenied = () => outbox.find("tracklet", "t")?.trouble !== undefined;
    outbox.put(name);
    await until(isDenied);
    expect(outbox.find("tracklet", "t")?.trouble).toMatchObject({ status: 409, by: "Lee" });
    outbox.takeNameBack("t", "Ana");
    expect(outbox.waiting.value).toEqual([]);
    outbox.put(name);
    await until(isDenied);
    outbox.insistOnName("t");
    await until(() => outbox.waiting.value.length === 0);
    expect(gateway.names).toEqual([{ member: "Ana", state: "confirmed", insist: true }]);
  });

  test("takes back the name that was given, and none that was never sent", async () => {
    const gateway = new Gateway();
    const outbox = new Outbox(new Memory(), "Kim", "show", gateway);
    gateway.isAway = true;
    outbox.put({ ...name, id: "other" });
    await until(() => outbox.isAway.value);
    outbox.put(name);
    outbox.takeNameBack("t", "Ana");
    expect(outbox.waiting.value.map(({ id }) => id)).toEqual(["other"]);
    gateway.isAway = false;
    await outbox.send();
    await until(() => outbox.waiting.value.length === 0);
    outbox.takeNameBack("other", "Ana");
    await until(() => outbox.waiting.value.length === 0);
    expect(gateway.names.map(({ member, state }) => [member, state])).toEqual([
      ["Ana", "confirmed"],
      ["Ana", "proposed"],
    ]);
  });

  test("asks for another name alone where the one before was refused", async () => {
    const gateway = new Gateway();
    gateway.denies = "Lee";
    const outbox = new Outbox(new Memory(), "Kim", "show", gateway);
    outbox.put(name);
    await until(() => outbox.find("tracklet", "t")?.trouble !== undefined);
    gateway.denies = "";
    outbox.put({ ...name, member: "Bo" });
    await until(() => outbox.waiting.value.length === 0);
    expect(gateway.names.map(({ member }) => member)).toEqual(["Bo"]);
  });

  test("takes back every name that the gateway may have heard, whatever was said after it", async () => {
    const gateway = new Gateway();
    const outbox = new Outbox(new Memory(), "Kim", "show", gateway);
    gateway.losesNames = true;
    outbox.put(name);
    await until(() => outbox.isAway.value);
    expect(gateway.called).toBe("Ana");
    gateway.isAway = true;
    outbox.takeNameBack("t", "Ana");
    outbox.put({ ...name, member: "Bo" });
    outbox.takeNameBack("t", "Bo");
    gateway.isAway = gateway.losesNames = false;
    await outbox.send();
    await until(() => outbox.waiting.value.length === 0);
    expect(gateway.called).toBe("");
  });

  test("takes back the name that was taken before another is given", async () => {
    const gateway = new Gateway();
    const outbox = new Outbox(new Memory(), "Kim", "show", gateway);
    outbox.put(name);
    await until(() => outbox.waiting.value.length === 0);
    gateway.isAway = true;
    outbox.takeNameBack("t", "Ana");
    await until(() => outbox.isAway.value);
    outbox.stop();
    outbox.put({ ...name, member: "Bo" });
    gateway.isAway = false;
    await outbox.send();
    await until(() => outbox.waiting.value.length === 0);
    outbox.takeNameBack("t", "Bo");
    await until(() => outbox.waiting.value.length === 0);
    expect(gateway.called).toBe("");
  });

  test("goes on without a shelf that is full", async () => {
    const gateway = new Gateway();
    const shelf = new Memory();
    const outbox = new Outbox(shelf, "Kim", "show", gateway);
    gateway.isAway = true;
    outbox.put(item(1));
    await until(() => outbox.isAway.value);
    shelf.setItem = () => {
      throw new DOMException("", "QuotaExceededError");
    };
    outbox.put(item(2));
    outbox.put(name);
    expect(outbox.waiting.value.map(({ id }) => id)).toEqual(["p", "t"]);
    // Another page finds no stroke that is older than the last one.
    expect(new Outbox(shelf, "Kim", "show", gateway).waiting.value).toEqual([]);
    gateway.isAway = false;
    await outbox.send();
    await until(() => outbox.waiting.value.length === 0);
    expect(gateway.kept.get("p")?.boxes).toEqual(drawn(2));
    expect(gateway.called).toBe("Ana");
    expect(shelf.length).toBe(0);
  });
});

describe("a desk", () => {
  /** The dataset as the gateway has it; others add to it. */
  let there = { name: "show", version: 1, members: ["Ana"], pictures: 0 };
  const isStale = { type: "urn:inyourarea:problem:stale-edit", status: 409 };
  const answer = (what: unknown, status = 200) => new Response(JSON.stringify(what), { status });
  const gateway = async (_url: string, { method, body }: RequestInit = {}) => {
    if (method !== "POST") return answer(there);
    const { version, name } = JSON.parse(String(body)) as { version: number; name: string };
    if (version !== there.version) return answer(isStale, 409);
    there = { ...there, version: version + 1, members: [...there.members, name.trim()] };
    return answer(there);
  };

  test("adds a member to those whom others have added meanwhile, and calls her as she is kept", async () => {
    vi.stubGlobal("fetch", gateway);
    vi.stubGlobal("addEventListener", () => {});
    vi.stubGlobal("removeEventListener", () => {});
    const desk = new Desk(there, {} as Tally, "Kim");
    there = { ...there, version: 2, members: ["Ana", "Bo"] };
    expect(await desk.addMember("Cho ")).toBe("Cho");
    expect(desk.dataset.value.members).toEqual(["Ana", "Bo", "Cho"]);
    there = { ...there, version: 4, members: [...there.members, "Dan"] };
    expect(await desk.addMember("Dan")).toBe("Dan");
    expect(desk.dataset.value.members).toEqual(["Ana", "Bo", "Cho", "Dan"]);
    desk.close();
    vi.unstubAllGlobals();
  });

  const name = { kind: "tracklet" as const, id: "t", member: "Ana", state: "confirmed" as const };
  const picture = { picture: "p", url: "", version: 1, boxes: [] };

  /** A page's listeners, its storage and what it asks of the gateway. */
  function page({ isFull = false, ask = async (_url: string, _how?: RequestInit): Promise<Response> => new Promise(() => {}) }) {
    const listeners = new Map<string, Set<(event: unknown) => void>>();
    const storage = new Memory();
    const setItem = (key: string, text: string) => {
      if (isFull) throw new DOMException("", "QuotaExceededError");
      storage.setItem(key, text);
    };
    const { getItem, removeItem, key } = storage;
    vi.stubGlobal("fetch", ask);
    vi.stubGlobal("localStorage", { getItem, setItem, removeItem, key, get length() { return storage.length; } });
    vi.stubGlobal("Image", class { decode = async () => {}; });
    vi.stubGlobal("addEventListener", (kind: string, heard: () => void) => listeners.set(kind, (listeners.get(kind) ?? new Set()).add(heard)));
    vi.stubGlobal("removeEventListener", (kind: string, heard: () => void) => listeners.get(kind)?.delete(heard));
    const hears = (kind: string, event: unknown = {}) => listeners.get(kind)?.forEach((heard) => heard(event));
    const isWarned = () => {
      const preventDefault = vi.fn();
      hears("beforeunload", { preventDefault });
      return preventDefault.mock.calls.length > 0;
    };
    return { storage, hears, isWarned };
  }

  test("asks for a picture once the names that make another version of it are there", async () => {
    const asked: string[] = [];
    let answerName = (_answer: Response) => {};
    page({
      ask: (url, how) => {
        asked.push(`${how?.method} ${url.split("/").at(-1)}`);
        return url.includes("tracklets") ? new Promise((done) => (answerName = done)) : Promise.resolve(answer(picture));
      },
    });
    const desk = new Desk(there, {} as Tally, "Kim");
    await desk.labels("p");
    desk.outbox.put(name);
    const labels = desk.labels("p");
    await new Promise((done) => setTimeout(done, 20));
    expect(asked).toEqual(["GET labels", "PUT t"]);
    answerName(answer({ boxes: 1 }));
    await labels;
    expect(asked).toEqual(["GET labels", "PUT t", "GET labels"]);
    desk.close();
    vi.unstubAllGlobals();
  });

  test("says so where a name is on its way and the gateway can not be reached", async () => {
    page({ ask: (url) => (url.includes("tracklets") ? Promise.reject(new TypeError()) : Promise.resolve(answer(picture))) });
    const desk = new Desk(there, {} as Tally, "Kim");
    desk.outbox.put(name);
    await expect(desk.labels("p")).rejects.toMatchObject({ status: 0 });
    desk.close();
    vi.unstubAllGlobals();
  });

  test("asks anew for a picture whose stroke another tab has sent", async () => {
    let version = 0;
    const { storage, hears } = page({
      ask: (_url, how) => (how?.method === "GET" ? Promise.resolve(answer({ ...picture, version: (version += 1) })) : new Promise(() => {})),
    });
    const desk = new Desk(there, {} as Tally, "Kim");
    await desk.labels("p");
    desk.outbox.put({ kind: "labels", id: "p", version: 1, state: "proposed", boxes: [] });
    storage.removeItem(storage.key(0) ?? "");
    hears("storage");
    expect(desk.outbox.waiting.value).toEqual([]);
    expect((await desk.labels("p")).version).toBe(2);
    desk.close();
    vi.unstubAllGlobals();
  });

  test("finds what the storage has refused to the desk before it, and warns who leaves meanwhile", () => {
    const { isWarned } = page({ isFull: true });
    const first = new Desk(there, {} as Tally, "Kim");
    first.outbox.put(name);
    first.close();
    expect(isWarned()).toBe(true);
    const next = new Desk(there, {} as Tally, "Kim");
    expect(next.outbox.waiting.value).toMatchObject([name]);
    next.outbox.forget(name);
    expect(isWarned()).toBe(false);
    next.close();
    vi.unstubAllGlobals();
  });

  test.each([
    ["full", true],
    ["roomy", false],
  ])("warns who leaves while something waits in memory alone: storage is %s", (_, isFull) => {
    const { isWarned } = page({ isFull });
    const desk = new Desk(there, {} as Tally, "Kim");
    expect(isWarned()).toBe(false);
    desk.outbox.put(name);
    expect(isWarned()).toBe(isFull);
    desk.outbox.forget(name);
    desk.close();
    vi.unstubAllGlobals();
  });
});
