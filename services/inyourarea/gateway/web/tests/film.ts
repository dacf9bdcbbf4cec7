/** As much of a video element as the player asks of one; nothing is decoded. */
export class Film extends EventTarget {
  /** Every one that the page has made. */
  static made: Film[] = [];
  /** What is on the page. */
  static shown = new Set<Film>();
  src = "";
  currentTime = 0;
  paused = true;
  ended = false;
  seeking = false;
  muted = false;
  volume = 1;
  playbackRate = 1;
  readyState = 0;
  videoWidth = 0;
  videoHeight = 0;
  error: { code: number } | null = null;
  readonly dataset = {};

  constructor() {
    super();
    Film.made.push(this);
  }

  play(): Promise<void> {
    this.paused = false;
    return Promise.resolve();
  }

  pause(): void {
    this.paused = true;
  }

  load(): void {
    this.paused = true;
    this.currentTime = 0;
  }

  getAttribute(): string {
    return this.src;
  }

  removeAttribute(): void {
    this.src = "";
  }

  remove(): void {
    Film.shown.delete(this);
  }

  canPlayType(): string {
    return "";
  }

  requestVideoFrameCallback(): number {
    return 0;
  }

  cancelVideoFrameCallback(): void {}

  tell(...events: string[]): void {
    for (const event of events) this.dispatchEvent(new Event(event));
  }

  fail(code: number): void {
    this.error = { code };
    this.tell("error");
  }

  get element(): HTMLVideoElement {
    return this as unknown as HTMLVideoElement;
  }
}
