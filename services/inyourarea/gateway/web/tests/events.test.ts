/** A video is followed until nobody wants to: what ends a browser's stream for good is made good. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { followVideo } from "../src/api/events";
import type { Video } from "../src/api/types";

/** As much of the browser's as is asked of it. */
class Stream extends EventTarget {
  static readonly CLOSED = 2;
  static made: Stream[] = [];
  readyState = 1;

  constructor(readonly url: string) {
    super();
    Stream.made.push(this);
  }

  close(): void {
    this.readyState = Stream.CLOSED;
  }

  /** The gateway answered with an error (then it is closed), or the connection broke. */
  fail(readyState: number): void {
    this.readyState = readyState;
    this.dispatchEvent(new Event("error"));
  }

  tell(video: Partial<Video>): void {
    this.dispatchEvent(Object.assign(new Event("video"), { data: JSON.stringify(video) }));
  }
}

/** The page: another tab may be looked at. */
class Page extends EventTarget {
  hidden = false;

  show(isShown: boolean): void {
    this.hidden = !isShown;
    this.dispatchEvent(new Event("visibilitychange"));
  }
}

let page: Page;
const answer = (status: number) => vi.stubGlobal("fetch", async () => new Response("{}", { status }));
/** Who asks the server now. */
const open = () => Stream.made.filter(({ readyState }) => readyState !== Stream.CLOSED).length;

beforeEach(() => {
  vi.useFakeTimers();
  Stream.made = [];
  page = new Page();
  vi.stubGlobal("EventSource", Stream);
  vi.stubGlobal("document", page);
  answer(200);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const HOUR_MS = 3_600_000;

test("a stream that was answered with an error is opened again, as often as that takes", async () => {
  const told: string[] = [];
  followVideo("v", ({ id }) => told.push(id), () => told.push("deleted"));
  Stream.made[0]?.fail(Stream.CLOSED);
  await vi.advanceTimersByTimeAsync(0);
  expect(Stream.made.length).toBe(1); // not at once: the gateway may be beginning anew
  answer(503);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  Stream.made[1]?.fail(Stream.CLOSED);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  Stream.made[2]?.tell({ id: "v" });
  expect(Stream.made.map(({ url }) => url)).toEqual(Array(3).fill("/api/v1/videos/v/events"));
  expect(told).toEqual(["v"]);
});

test("a connection that breaks is left to the browser", async () => {
  followVideo("v", () => {}, () => {});
  Stream.made[0]?.fail(0);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(Stream.made.length).toBe(1);
});

test("who leaves or hears that the video is gone asks no more", async () => {
  const stop = followVideo("v", () => {}, () => {});
  Stream.made[0]?.fail(Stream.CLOSED);
  stop();
  const told: string[] = [];
  followVideo("w", () => {}, () => told.push("deleted"));
  Stream.made[1]?.dispatchEvent(new Event("deleted"));
  page.show(true);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect(Stream.made.length).toBe(2);
  expect([open(), told]).toEqual([0, ["deleted"]]);
});

test.each([404, 410])("a deletion that nobody heard of is told by the answer %i", async (status) => {
  const told: string[] = [];
  followVideo("v", () => {}, () => told.push("deleted"));
  answer(status);
  Stream.made[0]?.fail(Stream.CLOSED);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect([Stream.made.length, told]).toEqual([1, ["deleted"]]);
});

test("a page that nobody sees holds no connection, and hears how it is when it is seen again", async () => {
  const told: string[] = [];
  page.hidden = true; // opened in a tab of its own
  const stop = followVideo("v", ({ id }) => told.push(id), () => {});
  expect(Stream.made.length).toBe(0);
  page.show(true);
  Stream.made[0]?.fail(Stream.CLOSED);
  page.show(false);
  await vi.advanceTimersByTimeAsync(HOUR_MS);
  expect([Stream.made.length, open()]).toEqual([1, 0]);
  page.show(true);
  Stream.made[1]?.tell({ id: "v" });
  expect([told, open()]).toEqual([["v"], 1]);
  stop();
  page.show(true);
  expect([Stream.made.length, open()]).toEqual([2, 0]);
});
