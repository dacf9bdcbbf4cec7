/** The player: one clock, what it shows, and what a viewer can ask of it. The page reads its signals. */
import { batch, computed, effect, signal, untracked } from "@preact/signals";
import type { Person, State, Video } from "../api/types";
import type { Camera } from "./camera";
import { choose, type Mode, type Reason, type Wish } from "./choose";
import { Drawing, type Plan } from "./drawing";
import type { Loop } from "./loops";
import { Pair } from "./pair";
import { canTakeFrames, framesAreUntold, onPresented, rememberUntold, tellsTime } from "./presented";
import { Skips } from "./skips";
import { attach, comes, connection, type Source } from "./source";
import { stateAt } from "./states";
import type { Times } from "./times";

/** All that is shown of a run; replaced as a whole when a correction makes a new one. */
export interface Scene {
  video: Video;
  times: Times;
  people: Person[];
  /** By aspect, then by person. */
  cameras: Map<string, Map<string, Camera>>;
}

/** A step of the count-in, in milliseconds: a beat at 80 a minute. */
const BEAT_MS = 750;
/** So many frames that could not be taken in a row, and the encoded way is used. */
const REFUSALS = 5;

export class Player {
  readonly scene = signal<Scene | null>(null);
  readonly person = signal<string | null>(null);
  readonly aspect = signal("9:16");
  readonly grid = signal(false);
  readonly mirror = signal(false);
  readonly rate = signal(1);
  readonly muted = signal(false);
  readonly volume = signal(1);
  readonly wish = signal<Wish>("auto");
  readonly loop = signal<Loop | null>(null);
  readonly countsIn = signal(true);

  /** What the viewer wants; the elements may be waiting. */
  readonly playing = signal(false);
  readonly waiting = signal(false);
  readonly frame = signal(0);
  readonly seconds = signal(0);
  readonly counting = signal<number | null>(null);
  /** There is a picture. */
  readonly drawn = signal(false);
  /** Why what should play does not: the browser can not, or it did not come; empty while it may. */
  readonly broken = signal<"" | "unplayable" | "away">("");
  /** The same of the fancam's own file beside the stage. */
  readonly fancamBroken = signal(false);

  readonly drawing = new Drawing(() => this.redraw());
  private readonly skips = new Skips();
  private readonly dropped = signal(0);
  private readonly refused = signal(0);
  /** Whether frames tell their time; null until one was seen that must. */
  private readonly told = signal<boolean | null>(framesAreUntold() ? false : null);
  private readonly frames = computed(() => canTakeFrames() && this.told.value !== false && this.refused.value < REFUSALS);
  private readonly size = signal<[number, number]>([0, 0]);
  private readonly pairPlace = signal<HTMLElement | null>(null);
  private pair: Pair | null = null;
  private counter: ReturnType<typeof setTimeout> | undefined;
  private lastMedia = 0;
  /** The stage rests because the fancam is not ready. */
  private held = false;
  private readonly undo: (() => void)[] = [];

  /** There is no stage to play, yet or at all: the fancam's own file plays by itself. */
  readonly alone = computed(() => !this.scene.value?.video.stage);
  readonly shownPerson = computed(
    () => this.scene.value?.people.find(({ id }) => id === this.person.value) ?? null,
  );
  readonly state = computed<State>(() => {
    const person = this.shownPerson.value;
    return person ? stateAt(person.states, this.frame.value) : "absent";
  });
  readonly fancam = computed(() => {
    const fancams = this.shownPerson.value?.fancams ?? [];
    return fancams.find(({ aspect }) => aspect === this.aspect.value) ?? fancams[0] ?? null;
  });
  /** What plays of the fancam's own file, once it is drawn. */
  private readonly file = computed<Source | null>(() => {
    const fancam = this.fancam.value;
    return fancam?.url ? { url: fancam.url, hls_url: fancam.hls_url } : null;
  });
  readonly camera = computed<Camera | null>(() => {
    const person = this.person.value;
    return (person && this.scene.value?.cameras.get(this.aspect.value)?.get(person)) || null;
  });
  /** The picture's shape, width over height. */
  readonly shape = computed(() => {
    const [width = 9, height = 16] = this.aspect.value.split(/[:x]/).map(Number);
    const size = this.camera.value?.size;
    return size ? size[0] / size[1] : width / height;
  });
  readonly chosen = computed<{ mode: Mode; reason: Reason }>(() => {
    const scene = this.scene.value;
    const fancam = this.fancam.value;
    const source = scene?.video.source;
    return choose(this.wish.value, {
      stage: !this.alone.value,
      frames: this.frames.value,
      encoded: Boolean(fancam?.url),
      dropped: this.dropped.value,
      renditionScale: source && this.size.value[0] ? this.size.value[0] / source.width : 1,
      windowWidth: this.camera.value?.typicalWidth ?? 0,
      fancamWidth: fancam?.width ?? 0,
      saveData: connection().saveData,
    });
  });
  readonly mode = computed(() => this.chosen.value.mode);
  /** All members are shown at once; they are cut from the stage. */
  readonly tiled = computed(() => this.grid.value && !this.alone.value);
  private readonly draws = computed(() => this.mode.value === "virtual" || this.tiled.value);
  private readonly source = computed<Source | null>(() => {
    const stage = this.scene.value?.video.stage;
    if (stage) return stage;
    return this.file.value;
  });

  constructor(readonly video: HTMLVideoElement) {
    this.undo.push(
      onPresented(video, (mediaTime, at) => this.presented(mediaTime, at)),
      effect(() => {
        video.muted = this.muted.value;
        video.volume = this.volume.value;
      }),
      effect(() => {
        video.defaultPlaybackRate = video.playbackRate = this.rate.value;
        video.preservesPitch = true;
      }),
      effect(() => {
        this.drawing.mirror = this.mirror.value;
        void [this.person.value, this.aspect.value, this.scene.value, this.mode.value];
        untracked(() => this.redraw());
      }),
      effect(() => {
        const source = this.source.value;
        untracked(() => this.keepSource(source));
      }),
      effect(() => this.keepPair()),
    );
    this.listen();
  }

  close(): void {
    clearTimeout(this.counter);
    this.undo.forEach((undo) => undo());
    this.pair?.close();
    this.detach();
  }

  private detach: () => void = () => {};
  private attached = "";

  /** The scene is shown; what plays goes on where it is. */
  show(scene: Scene): void {
    this.scene.value = scene;
  }

  /** The element plays the source from the moment that is shown now; one it has is left alone. */
  private keepSource(source: Source | null): void {
    if (!source || source.url === this.attached) return;
    const at = this.frame.value;
    this.detach();
    this.drawing.forget();
    this.attached = source.url;
    batch(() => {
      this.broken.value = "";
      this.drawn.value = false;
    });
    this.detach = attach(this.video, source);
    if (at) this.video.addEventListener("loadedmetadata", () => this.seekFrame(at), { once: true });
    if (this.playing.value && this.counting.value === null) this.start();
  }

  /** What could not be played is fetched anew, from the moment that is shown. */
  tryAgain(): void {
    this.attached = "";
    this.keepSource(this.source.value);
  }

  /** The same of the fancam beside the stage. */
  tryFancam(): void {
    if (this.file.value) this.pair?.show(this.file.value);
  }

  /** Where the encoded fancam is put while it plays. */
  setPairPlace(place: HTMLElement | null): void {
    this.pairPlace.value = place;
  }

  play(): void {
    const loop = this.loop.value;
    if (loop && (this.seconds.value < loop.a - 0.05 || this.seconds.value >= loop.b - 0.02)) return this.startLoop();
    if (this.video.ended) this.video.currentTime = 0;
    this.playing.value = true;
    this.start();
  }

  pause(): void {
    clearTimeout(this.counter);
    this.counting.value = null;
    this.playing.value = this.waiting.value = false;
    this.video.pause();
    if (this.held) this.pair?.rest();
    this.held = false;
  }

  toggle(): void {
    if (this.playing.value) this.pause();
    else this.play();
  }

  seek(seconds: number): void {
    const times = this.scene.value?.times;
    if (!times) return;
    const frame = times.shownAt(Math.max(0, Math.min(seconds, times.end)));
    this.seekFrame(frame);
  }

  seekFrame(frame: number): void {
    const times = this.scene.value?.times;
    if (!times) return;
    const wanted = Math.max(0, Math.min(frame, times.frames - 1));
    this.skips.clear();
    this.video.currentTime = times.inside(wanted);
    // The page answers at once; the picture follows when it is decoded.
    batch(() => {
      this.frame.value = wanted;
      this.seconds.value = times.seconds(wanted);
    });
  }

  step(frames: number): void {
    this.pause();
    this.seekFrame(this.frame.value + frames);
  }

  /** Plays the loop from its beginning, after the count-in; null ends looping. */
  setLoop(loop: Loop | null): void {
    this.loop.value = loop;
    if (loop) this.startLoop();
    else if (this.counting.value !== null) this.pause();
  }

  private startLoop(): void {
    const loop = this.loop.value;
    if (!loop) return;
    this.playing.value = true;
    this.seek(loop.a);
    if (!this.countsIn.value) return this.start();
    this.video.pause();
    this.count(3);
  }

  private count(left: number): void {
    clearTimeout(this.counter);
    this.counting.value = left || null;
    if (!left) return this.start();
    this.counter = setTimeout(() => this.count(left - 1), BEAT_MS);
  }

  private start(): void {
    this.video.play().catch((error: unknown) => {
      // A play that a pause or a new source overtook is no refusal.
      if (error instanceof DOMException && error.name === "AbortError") return;
      this.playing.value = false;
    });
  }

  /** Draws what is there once more: another member, another size, while the video rests. */
  redraw(): void {
    if (this.draws.value) this.drawPresent(this.lastMedia);
  }

  private get plan(): Plan | null {
    const scene = this.scene.value;
    if (!scene) return null;
    return {
      times: scene.times,
      cameras: scene.cameras.get(this.aspect.value) ?? new Map<string, Camera>(),
      sourceWidth: scene.video.source?.width ?? this.video.videoWidth,
    };
  }

  private presented(mediaTime: number, at: number): void {
    this.lastMedia = mediaTime;
    const scene = this.scene.value;
    if (!scene) return;
    if (this.told.value === null && this.frames.value) this.look(mediaTime);
    const drawn = this.draws.value ? this.drawPresent(mediaTime) : null;
    const frame = drawn ?? scene.times.nearest(mediaTime * 1e6);
    if (this.mode.value === "encoded") this.pair?.presented(mediaTime, at);
    if (!this.video.seeking) {
      batch(() => {
        this.frame.value = frame;
        this.seconds.value = scene.times.seconds(frame);
      });
      this.wrap(frame, scene.times);
    }
    if (!this.video.paused && !document.hidden && this.rate.value <= 1) {
      this.dropped.value = this.skips.add(frame, at) ?? this.dropped.value;
    }
  }

  private look(mediaTime: number): void {
    try {
      this.told.value = tellsTime(this.video, mediaTime);
    } catch {
      // A frame that can not be taken is counted where it is drawn.
    }
    if (this.told.value === false) rememberUntold();
  }

  private drawPresent(mediaTime: number): number | null {
    const plan = this.plan;
    if (!plan) return null;
    if (!this.frames.value) return this.drawing.drawElement(this.video, mediaTime, plan);
    try {
      const frame = this.drawing.drawPresent(this.video, plan);
      if (this.refused.value && this.refused.value < REFUSALS) this.refused.value = 0;
      return frame;
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      this.refused.value += 1;
      return null;
    }
  }

  private wrap(frame: number, times: Times): void {
    const loop = this.loop.value;
    if (!loop || !this.playing.value || this.counting.value !== null) return;
    if (frame >= times.shownAt(loop.b)) this.startLoop();
  }

  private keepPair(): void {
    const place = this.pairPlace.value;
    const file = this.file.value;
    if (this.mode.value !== "encoded" || this.alone.value || !place || !file) {
      this.pair?.close();
      this.pair = null;
      if (this.held) untracked(() => this.waitForPair(false));
      return;
    }
    this.pair ??= new Pair(this.video, place, (waits) => this.waitForPair(waits), (broken) => (this.fancamBroken.value = broken));
    this.pair.show(file);
  }

  private waitForPair(waits: boolean): void {
    this.held = waits && this.playing.value && this.counting.value === null;
    this.waiting.value = this.held;
    if (this.held) this.video.pause();
    else if (this.playing.value && this.counting.value === null && this.video.paused) this.start();
  }

  /** For tests and the page's small print: how far apart the two are. */
  get apart(): { drift: number; seeks: number } | null {
    return this.pair && { drift: this.pair.drift, seeks: this.pair.seeks };
  }

  private async explain(code: number): Promise<void> {
    const file = this.attached;
    const came = code === MediaError.MEDIA_ERR_DECODE || (code === MediaError.MEDIA_ERR_SRC_NOT_SUPPORTED && (await comes(file)));
    if (file === this.attached) this.broken.value = came ? "unplayable" : "away";
  }

  private listen(): void {
    const ending = new AbortController();
    const { signal: until } = ending;
    const on = (event: string, does: () => void) => this.video.addEventListener(event, does, { signal: until });
    on("waiting", () => (this.waiting.value = true));
    on("playing", () => (this.waiting.value = false));
    on("canplay", () => (this.waiting.value = false));
    on("resize", () => (this.size.value = [this.video.videoWidth, this.video.videoHeight]));
    on("loadedmetadata", () => {
      this.size.value = [this.video.videoWidth, this.video.videoHeight];
      this.video.playbackRate = this.rate.value;
    });
    on("loadeddata", () => {
      this.redraw();
      this.drawn.value = true;
      this.broken.value = "";
    });
    on("seeked", () => this.redraw());
    on("ended", () => {
      if (this.loop.value && this.playing.value) this.startLoop();
      else this.playing.value = false;
    });
    on("error", () => {
      if (!this.video.getAttribute("src")) return;
      this.pause();
      void this.explain(this.video.error?.code ?? 0);
    });
    // Headphones pulled out, or a key on the keyboard: the page follows the element.
    on("pause", () => {
      // The event comes late: by then the element may be playing again.
      const itself = this.held || this.counting.value !== null || this.video.ended;
      if (!itself && this.video.paused) this.playing.value = false;
    });
    on("play", () => {
      if (this.counting.value === null) this.playing.value = true;
    });
    this.undo.push(() => ending.abort());
  }
}
