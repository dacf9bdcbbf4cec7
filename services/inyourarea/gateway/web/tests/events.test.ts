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

beforeEach(() => {
  vi.useFakeTimers();
  Stream.made = [];
  vi.stubGlobal("EventSource", Stream);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const HOUR_MS = 3_600_000;

test("a stream that was answered with an error is opened again, as often as that takes", () => {
  const told: string[] = [];
  followVideo("v", ({ id }) => told.push(id));
  Stream.made[0]?.fail(Stream.CLOSED);
  expect(Stream.made.length).toBe(1); // not at once: the gateway may be beginning anew
  vi.advanceTimersByTime(HOUR_MS);
  Stream.made[1]?.fail(Stream.CLOSED);
  vi.advanceTimersByTime(HOUR_MS);
  Stream.made[2]?.tell({ id: "v" });
  expect(Stream.made.map(({ url }) => url)).toEqual(Array(3).fill("/api/v1/videos/v/events"));
  expect(told).toEqual(["v"]);
});

test("a connection that breaks is left to the browser", () => {
  followVideo("v", () => {});
  Stream.made[0]?.fail(0);
  vi.advanceTimersByTime(HOUR_MS);
  expect(Stream.made.length).toBe(1);
});

test("who leaves or hears that the video is gone asks no more", () => {
  const stop = followVideo("v", () => {});
  Stream.made[0]?.fail(Stream.CLOSED);
  stop();
  followVideo("w", () => {});
  Stream.made[1]?.dispatchEvent(new Event("deleted"));
  vi.advanceTimersByTime(HOUR_MS);
  expect(Stream.made.length).toBe(2);
  expect(Stream.made[1]?.readyState).toBe(Stream.CLOSED);
});
