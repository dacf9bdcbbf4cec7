/** The encoded fancam: a second, silent video kept beside the first by its speed. */
import { correction, drift, Median, type Shown } from "./drift";
import { onPresented } from "./presented";
import { attach, type Source } from "./source";

/** So many measurements are looked at together, a sixth of a second at 30 frames a second. */
const MEASUREMENTS = 5;
/** On coming back to a hidden page more than this is put right by a seek, in seconds. */
const RETURN_BEYOND_S = 0.1;
/** So far behind its beginning a moment is surely inside a frame, in seconds. */
const INSIDE_S = 0.004;
/** A fancam that could not be played is tried a second time after so long, in milliseconds. */
const AGAIN_MS = 3000;
/** A new fancam starts this much ahead, about what a seek takes, in seconds. */
const LEAD_S = 0.06;

export class Pair {
  private slave: HTMLVideoElement | null = null;
  private coming: HTMLVideoElement | null = null;
  private master: Shown | null = null;
  private shown: Shown | null = null;
  private readonly median = new Median(MEASUREMENTS);
  private unfollow: () => void = () => {};
  /** The stage waits for the fancam. */
  private holding = false;
  private url = "";
  /** The fancam that has failed once already. */
  private failed = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly detached = new WeakMap<HTMLVideoElement, () => void>();
  private rate = 1;
  private readonly ending = new AbortController();
  /** Seconds by which the fancam is ahead, for the page and for tests. */
  drift = 0;
  /** Seeks that were not asked for by anybody. */
  seeks = 0;

  /**
   * `waits` is called with true when the stage must wait for the fancam, and with false when no longer;
   * `broken` with true when the fancam could not be played, and with false when it is tried (again).
   */
  constructor(
    private readonly video: HTMLVideoElement,
    private readonly place: HTMLElement,
    private readonly waits: (waiting: boolean) => void,
    private readonly broken: (broken: boolean) => void,
  ) {
    const { signal } = this.ending;
    video.addEventListener("waiting", () => this.slave?.pause(), { signal });
    video.addEventListener("playing", () => this.go(), { signal });
    // While the stage waits for the fancam, that must go on.
    video.addEventListener("pause", () => this.holding || this.rest(), { signal });
    video.addEventListener("seeking", () => this.seek(video.currentTime), { signal });
    video.addEventListener("ratechange", () => this.setRate(video.playbackRate), { signal });
    document.addEventListener("visibilitychange", () => this.comeBack(), { signal });
    this.rate = video.playbackRate;
  }

  close(): void {
    this.ending.abort();
    clearTimeout(this.timer);
    this.empty();
  }

  /** Another fancam is shown as soon as it stands where the stage is; until then the one before. */
  show(source: Source): void {
    if (source.url === this.url) return;
    this.url = source.url;
    this.broken(false);
    clearTimeout(this.timer);
    this.discard(this.coming);
    const video = document.createElement("video");
    video.muted = true;
    video.playsInline = true;
    video.preload = "auto";
    video.dataset.testid = "fancam-video";
    this.detached.set(video, attach(video, source));
    this.coming = video;
    video.addEventListener("error", () => this.fail(video, source));
    const once = { once: true };
    video.addEventListener(
      "loadedmetadata",
      () => {
        video.currentTime = this.video.currentTime + (this.playing ? LEAD_S * this.rate : 0);
        video.addEventListener("seeked", () => this.change(video), once);
      },
      once,
    );
  }

  /** Nobody waits for the fancam any more: it shows the frame that the stage rests at. */
  rest(): void {
    this.holding = false;
    const slave = this.slave;
    // The event comes late: by then the stage may be playing again.
    if (!slave || !this.video.paused) return;
    slave.pause();
    // At rest the two must show the same frame: a pause is somebody's wish, so a seek is allowed.
    // A busy browser's clock is ahead of its picture: what counts is the frame that the stage shows.
    const shown = this.master ? this.master.mediaTime + INSIDE_S : this.video.currentTime;
    if (!this.video.seeking && shown !== slave.currentTime) slave.currentTime = shown;
    this.median.clear();
  }

  /** What the stage shows; called for each of its presented frames. */
  presented(mediaTime: number, at: number): void {
    this.master = { mediaTime, at };
    this.correct();
  }

  private get playing(): boolean {
    return !this.video.paused;
  }

  private change(video: HTMLVideoElement): void {
    if (video !== this.coming) return;
    this.coming = null;
    this.unfollow();
    const before = this.slave;
    this.slave = video;
    this.median.clear();
    this.shown = null;
    this.unfollow = onPresented(video, (mediaTime, at) => {
      this.shown = { mediaTime, at };
      this.correct();
    });
    video.addEventListener("waiting", () => this.hold(true));
    video.addEventListener("playing", () => this.hold(false));
    video.addEventListener("canplaythrough", () => this.hold(false));
    video.playbackRate = this.rate;
    this.place.append(video);
    this.discard(before);
    this.hold(false);
    if (this.playing) void video.play().catch(() => {});
  }

  /** What is shown would stand still, or be another member: better nothing, and the stage goes on. */
  private fail(video: HTMLVideoElement, source: Source): void {
    if (video !== this.slave && video !== this.coming) return;
    this.empty();
    this.hold(false);
    this.url = "";
    if (this.failed === source.url) return this.broken(true);
    this.failed = source.url;
    this.timer = setTimeout(() => this.show(source), AGAIN_MS);
  }

  private hold(waiting: boolean): void {
    if (waiting === this.holding || (waiting && (!this.playing || this.slave?.seeking))) return;
    this.holding = waiting;
    this.waits(waiting);
  }

  private go(): void {
    this.holding = false;
    this.median.clear();
    if (this.slave) void this.slave.play().catch(() => {});
  }

  private seek(seconds: number): void {
    if (this.slave) this.slave.currentTime = seconds;
    this.median.clear();
    this.shown = this.master = null;
  }

  private setRate(rate: number): void {
    this.rate = rate;
    if (this.slave) this.slave.playbackRate = rate;
    this.median.clear();
  }

  private comeBack(): void {
    const slave = this.slave;
    if (document.hidden || !slave) return;
    this.median.clear();
    if (Math.abs(slave.currentTime - this.video.currentTime) > RETURN_BEYOND_S) this.seek(this.video.currentTime);
    if (this.playing) void slave.play().catch(() => {});
  }

  private correct(): void {
    const slave = this.slave;
    if (!slave || !this.master || !this.shown || slave.seeking || slave.paused || this.video.paused) return;
    this.drift = this.median.add(drift(this.master, this.shown, this.rate));
    const wanted = correction(this.drift);
    if (wanted.seek) {
      this.seeks += 1;
      this.seek(this.video.currentTime);
      return;
    }
    const speed = this.rate * wanted.factor;
    // Setting it costs the decoder something, so small differences are left alone.
    if (Math.abs(slave.playbackRate - speed) > 0.01 * this.rate) slave.playbackRate = speed;
  }

  private empty(): void {
    this.unfollow();
    for (const video of [this.slave, this.coming]) this.discard(video);
    this.slave = this.coming = null;
  }

  private discard(video: HTMLVideoElement | null): void {
    if (!video) return;
    this.detached.get(video)?.();
    video.remove();
  }
}
