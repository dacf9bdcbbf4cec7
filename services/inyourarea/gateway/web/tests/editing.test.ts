/** Correcting where others do, too: what is taken back is one's own. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Pin, Watch } from "../src/api/types";
import { Editing } from "../src/edit/editing";
import type { Player } from "../src/player/player";

// The page's address, which is read when a module is.
vi.hoisted(() => Object.assign(globalThis, { location: new URL("http://site/"), addEventListener: () => {} }));

const watch = { boxes_url: "/boxes" } as Watch;
const pin = (from_s: number, person = "Ana"): Pin => ({ from_s, x: 9, y: 9, person });

/** The gateway's pins; every entry in the video's journal raises the revision. */
let there: { revision: number; pins: Pin[] };
let editing: Editing;

const answer = (what: unknown, status = 200) => new Response(JSON.stringify(what), { status });
const gateway = async (url: string, { method, body }: RequestInit) => {
  if (url.endsWith("/boxes")) return answer({ people: {}, others: [] });
  if (method === "GET") return answer(there);
  const { revision, pins } = JSON.parse(String(body)) as typeof there;
  if (revision !== there.revision) return answer({ type: "urn:inyourarea:problem:stale-edit" }, 409);
  if (method === "PUT") there = { revision: revision + 1, pins };
  return answer({ changes: [], segments: { changed: 0, total: 1 } });
};

beforeEach(async () => {
  vi.stubGlobal("fetch", gateway);
  there = { revision: 1, pins: [] };
  editing = new Editing({} as Player, "v", () => {});
  editing.toggle();
  await editing.load(watch);
});
afterEach(() => vi.unstubAllGlobals());

const apply = (one: Pin) => {
  editing.pending.value = [one];
  return editing.apply();
};
/** Somebody else does something; its pins are these then. */
const another = (pins: Pin[]) => {
  there = { revision: there.revision + 1, pins };
};

test("corrections are taken back one by one, to where the visit found the pins", async () => {
  another([pin(1)]);
  await editing.load(watch);
  await apply(pin(2));
  await apply(pin(3));
  await editing.undo();
  expect(there.pins).toEqual([pin(1), pin(2)]);
  for (const _ of "twice") await editing.undo();
  expect(there.pins).toEqual([pin(1)]);
});

test("what somebody else has pinned meanwhile is not taken back, however often one asks", async () => {
  await apply(pin(2));
  const both = [...there.pins, pin(5, "Bo")];
  another(both);
  await editing.load(watch);
  await editing.undo();
  expect(editing.problem.value).toContain("Somebody else");
  await editing.undo();
  expect(there.pins).toEqual(both);
});

test("nor is it where the news of it comes with the refusal, or after another correction", async () => {
  await apply(pin(2));
  another([...there.pins, pin(5, "Bo")]);
  await editing.undo();
  expect(editing.problem.value).toContain("Somebody else");
  await apply(pin(6));
  for (const _ of "twice") await editing.undo();
  expect(there.pins).toEqual([pin(2), pin(5, "Bo")]);
});

test("what changes no pin is in nobody's way, nor that a new name has got an id", async () => {
  await apply(pin(2, "Dee"));
  there = { ...there, pins: [pin(2, "p7")] };
  await editing.load(watch);
  another(there.pins);
  await editing.load(watch);
  await editing.undo();
  expect(there.pins).toEqual([]);
});

test("to put the tools away takes nothing along that was said", async () => {
  editing.pending.value = [pin(2)];
  editing.toggle();
  editing.toggle();
  await editing.load(watch);
  await editing.apply();
  expect(there.pins).toEqual([pin(2)]);
});
