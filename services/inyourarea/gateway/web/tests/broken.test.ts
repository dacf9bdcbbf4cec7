/** What can not be played: nothing wrong is shown, nothing waits for it, and it can be tried again. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Pair } from "../src/player/pair";
import { Player, type Scene } from "../src/player/player";
import { attach } from "../src/player/source";
import { Film } from "./film";

/** As much of hls.js as is asked of it. */
const hls = vi.hoisted(() => ({ fail: () => {}, media: null as HTMLVideoElement | null }));
vi.mock("hls.js", () => ({
  default: class {
    static readonly Events = { ERROR: "error" };
    static isSupported(): boolean {
      return true;
    }
    on(_event: string, heard: (event: string, data: object) => void): void {
      hls.fail = () => heard("error", { fatal: true });
    }
    loadSource(): void {}
    attachMedia(media: HTMLVideoElement): void {
      hls.media = media;
    }
    destroy(): void {
      hls.media?.load();
    }
  },
}));

const canvas = { width: 0, height: 0, getContext: () => ({ canvas, drawImage: () => {} }) };
const page = { hidden: false, addEventListener: () => {}, createElement: (name: string) => (name === "video" ? new Film() : canvas) };

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", page);
  vi.stubGlobal("HTMLVideoElement", Film);
  vi.stubGlobal("HTMLMediaElement", { HAVE_CURRENT_DATA: 2 });
  vi.stubGlobal("MediaError", { MEDIA_ERR_NETWORK: 2, MEDIA_ERR_DECODE: 3, MEDIA_ERR_SRC_NOT_SUPPORTED: 4 });
  Film.made = [];
  Film.shown.clear();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const source = (name: string) => ({ url: `/${name}.mp4`, hls_url: null });
const shown = () => [...Film.shown].map(({ src }) => src);
const place = { append: (film: Film) => Film.shown.add(film) } as unknown as HTMLElement;

describe("a fancam beside the stage", () => {
  let stage: Film;
  let pair: Pair;
  let waits: boolean[];
  let broken: boolean[];
  /** The fancam that was asked for last. */
  const last = () => Film.made.at(-1) as Film;

  beforeEach(() => {
    stage = new Film();
    [waits, broken] = [[], []];
    pair = new Pair(stage.element, place, (wait) => waits.push(wait), (is) => broken.push(is));
    pair.show(source("Ana"));
    last().tell("loadedmetadata", "seeked");
    expect(shown()).toEqual(["/Ana.mp4"]);
  });

  test("is nobody else's where hers can not be played", () => {
    pair.show(source("Bo"));
    last().fail(4);
    expect([shown(), broken.at(-1)]).toEqual([[], false]);
    vi.advanceTimersByTime(10_000);
    expect(last().src).toBe("/Bo.mp4"); // it may have been a moment's trouble
    last().fail(4);
    expect([shown(), broken.at(-1)]).toEqual([[], true]);
    const made = Film.made.length;
    vi.advanceTimersByTime(3_600_000);
    expect(Film.made.length).toBe(made);
  });

  test("is tried again when somebody wants it", () => {
    pair.show(source("Bo"));
    last().fail(2);
    vi.advanceTimersByTime(10_000);
    last().fail(2);
    pair.show(source("Bo"));
    expect(broken.at(-1)).toBe(false);
    last().tell("loadedmetadata", "seeked");
    expect(shown()).toEqual(["/Bo.mp4"]);
  });

  test("that fails while the stage waits for it is waited for no longer", () => {
    void stage.play();
    last().tell("waiting");
    expect(waits).toEqual([true]);
    last().fail(2);
    expect([waits, shown()]).toEqual([[true, false], []]);
  });

  test("that the stage waited for rests when nobody wants to see it play", () => {
    void stage.play();
    stage.tell("playing");
    last().tell("waiting");
    stage.pause();
    stage.tell("pause");
    expect(last().paused).toBe(false); // it is waited for
    pair.rest();
    expect(last().paused).toBe(true);
  });

  test("is not tried again on a page that was left", () => {
    last().fail(2);
    pair.close();
    const made = Film.made.length;
    vi.advanceTimersByTime(3_600_000);
    expect(Film.made.length).toBe(made);
  });
});

describe("a stage", () => {
  let film: Film;
  let player: Player;
  const answer = (status: number) => vi.stubGlobal("fetch", async () => ({ ok: status < 400 }));

  beforeEach(() => {
    film = new Film();
    player = new Player(film.element);
    const times = { frames: 100, end: 10, inside: (frame: number) => frame / 10, seconds: (frame: number) => frame / 10 };
    player.show({ video: { stage: source("stage") }, times, people: [], cameras: new Map() } as unknown as Scene);
    player.play();
    player.seekFrame(50);
  });
  afterEach(() => player.close());

  test.each([
    ["that the browser can not decode", 3, 200, "unplayable"],
    ["of a kind that the browser does not know", 4, 200, "unplayable"],
    ["that is not there", 4, 503, "away"],
    ["whose connection was lost", 2, 200, "away"],
  ])("%s is told so", async (_what, code, status, told) => {
    answer(status);
    film.tell("waiting");
    film.fail(code);
    await vi.runAllTimersAsync();
    expect([player.broken.value, player.playing.value, player.waiting.value]).toEqual([told, false, false]);
  });

  test("is fetched anew from the moment that was shown", async () => {
    answer(503);
    film.fail(4);
    await vi.runAllTimersAsync();
    film.src = "";
    player.tryAgain();
    expect([film.src, player.broken.value]).toEqual(["/stage.mp4", ""]);
    film.tell("loadedmetadata");
    expect(film.currentTime).toBe(5);
  });

  test("that is paused is not waited for", () => {
    film.tell("waiting");
    player.pause();
    expect(player.waiting.value).toBe(false);
  });
});

test("a file that takes the place of pieces goes on where they ended", async () => {
  vi.stubGlobal("navigator", { connection: { effectiveType: "3g" } });
  vi.stubGlobal("MediaSource", {});
  const film = new Film();
  attach(film.element, { url: "/stage.mp4", hls_url: "/stage.m3u8" });
  await vi.dynamicImportSettled();
  film.currentTime = 7;
  void film.play();
  hls.fail();
  expect([film.src, film.currentTime, film.paused]).toEqual(["/stage.mp4", 7, false]);
});
