/** The order of a review: what is next, what is left, who can be approved; and what a correction is about. */
import { afterEach, expect, test, vi } from "vitest";
import type { Span, VideoToReview, Watch } from "../src/api/types";
import { correct } from "../src/review/correct";
import { meet, stepsOf, type Answer } from "../src/review/queue";

const span = (id: string): Span => ({ id, from_frame: 0, to_frame: 9, why: "identity", text: "", confirmed: false });
const video = (id: string, people: Record<string, string[]>, run = "run"): VideoToReview => ({
  video_id: id,
  title: id,
  run_id: run,
  people: Object.entries(people).map(([name, spans]) => ({ id: name, name, spans: spans.map(span) })),
});
const told = (subjects: ReturnType<typeof meet>, answers: [string, Answer][] = []) =>
  stepsOf(subjects, new Map(answers)).map(({ subject, span: one }) => one?.id ?? `approve ${subject.person}`);

test("every open stretch is asked for, video by video", () => {
  const subjects = meet([], [video("v", { Ana: ["a1", "a2"], Bo: ["b1"] }), video("w", { Cho: ["c1"] })]);
  expect(told(subjects)).toEqual(["a1", "a2", "b1", "c1"]);
});

test("whose last stretch was right can be approved, before the next one is asked about", () => {
  const subjects = meet([], [video("v", { Ana: ["a1", "a2"], Bo: ["b1"] })]);
  expect(told(subjects, [["v a1", "right"]])).toEqual(["a2", "b1"]);
  const both: [string, Answer][] = [["v a1", "right"], ["v a2", "right"]];
  expect(told(subjects, both)).toEqual(["approve Ana", "b1"]);
  expect(told(subjects, [...both, ["v Ana", "approved"]])).toEqual(["b1"]);
  expect(told(subjects, [...both, ["v Ana", "later"]])).toEqual(["b1"]);
});

test("who has a stretch left for later, or corrected just now, is not approved", () => {
  const subjects = meet([], [video("v", { Ana: ["a1", "a2"] })]);
  expect(told(subjects, [["v a1", "later"], ["v a2", "right"]])).toEqual([]);
  expect(told(subjects, [["v a1", "right"], ["v a2", "corrected"]])).toEqual([]);
});

test("after a correction the newer run's stretches count, and nobody is forgotten", () => {
  const before = meet([], [video("v", { Ana: ["a1"], Bo: ["b1", "b2"] })]);
  const subjects = meet(before, [video("v", { Bo: ["b2", "b3"], Cho: ["c1"] }, "newer")]);
  expect(told(subjects)).toEqual(["approve Ana", "b2", "b3", "c1"]);
  expect(told(subjects, [["v b2", "later"]])).toEqual(["approve Ana", "b3", "c1"]);
  expect(subjects.find(({ person }) => person === "Bo")?.run).toBe("newer");
});

afterEach(() => vi.unstubAllGlobals());

test.each([
  ["seen", true, [{ from_s: 1 }, { from_s: 2 }]],
  ["newer", false, [{ from_s: 1 }]],
])("a correction is only of the picture that was looked at: shown is the %s run", async (shown_run_id, isSet, left) => {
  let pins = [{ from_s: 1 }];
  vi.stubGlobal("fetch", async (url: string, { method, body }: RequestInit) => {
    if (method === "PUT") pins = JSON.parse(String(body)).pins;
    return new Response(JSON.stringify(url.endsWith("/pins") ? { revision: 4, pins } : { shown_run_id }));
  });
  expect(await correct({ video: { id: "v" }, run_id: "seen" } as Watch, { from_s: 2 })).toBe(isSet);
  expect(pins).toEqual(left);
});
