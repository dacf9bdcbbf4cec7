import { afterEach, expect, it, vi } from "vitest";
import { tellsTime } from "../src/player/presented";

const video = (currentTime: number, seeking = false) => ({ currentTime, seeking }) as HTMLVideoElement;

function handingOut(timestamp: number): void {
  vi.stubGlobal("VideoFrame", class {
    timestamp = timestamp;
    close() {}
  });
}

afterEach(() => vi.unstubAllGlobals());

it("knows frames that are all at 0 from the first that can not be", () => {
  handingOut(0);
  expect(tellsTime(video(0.5), 0.5)).toBe(false);
  handingOut(500_000);
  expect(tellsTime(video(0.5), 0.5)).toBe(true);
});

it("says nothing while 0 may be right", () => {
  handingOut(0);
  expect(tellsTime(video(0.03), 0.03)).toBeNull();
  expect(tellsTime(video(0.01), 5)).toBeNull();
  expect(tellsTime(video(5, true), 5)).toBeNull();
});
