/** An upload goes on by itself for as long as nobody has refused it. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Uploading } from "../src/upload/uploading";

/** As much of tus-js-client as is asked of it. */
const tus = vi.hoisted(() => ({ starts: 0, fail: (_error: object) => {} }));
vi.mock("tus-js-client", () => ({
  Upload: class {
    url = null;
    constructor(_file: File, options: { onError: (error: object) => void }) {
      tus.fail = options.onError;
    }
    start(): void {
      tus.starts += 1;
    }
    abort(): Promise<void> {
      return Promise.resolve();
    }
  },
}));

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("removeEventListener", () => {});
  tus.starts = 0;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const HOUR_MS = 3_600_000;
const file = { name: "stage.mp4", size: 7 } as File;
const answered = (status: number) => ({ originalResponse: { getStatus: () => status, getBody: () => '{"detail":"No."}' } });

test("a gateway that stays away is asked again, as often as that takes", () => {
  const uploading = new Uploading(file, () => {});
  uploading.begin();
  for (const error of [{}, answered(503), {}]) {
    const before = tus.starts;
    tus.fail(error);
    expect(uploading.phase.value).toBe("lost");
    vi.advanceTimersByTime(HOUR_MS);
    expect([tus.starts, uploading.phase.value]).toEqual([before + 1, "uploading"]);
  }
});

test("what was refused, or given up, waits for somebody", () => {
  const uploading = new Uploading(file, () => {});
  tus.fail(answered(413));
  vi.advanceTimersByTime(HOUR_MS);
  expect([tus.starts, uploading.failure.value]).toEqual([0, "No."]);
  tus.fail({});
  uploading.close();
  vi.advanceTimersByTime(HOUR_MS);
  expect(tus.starts).toBe(0);
});

test("who goes on at once is not begun a second time", () => {
  const uploading = new Uploading(file, () => {});
  tus.fail({});
  uploading.begin();
  vi.advanceTimersByTime(HOUR_MS);
  expect(tus.starts).toBe(1);
});
