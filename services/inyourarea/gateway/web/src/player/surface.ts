/** A canvas as sharp as the screen: its pixels are device pixels, set in the callback that draws. */
import { isCrop, type Window } from "./camera";

/** More than any screen needs, and what every GPU can hold, in pixels to a side. */
const LARGEST = 4096;
/** The backdrop of an absent person is blurred at this height; after the blur nothing finer is left. */
const BACKDROP = 64;
/** Its blur as a share of the height, and its light; both as the encoded fancam has them. */
const BLUR = 1 / 24;
/** Made smaller than by this, plain smoothing flickers; a better one costs more. */
const COARSE = 2.5;
const DARKER = "rgb(0 0 0 / 60%)";

export function pen(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const made = canvas.getContext("2d", { alpha: false });
  if (!made) throw new Error("this browser can not draw");
  return made;
}

export class Surface {
  private readonly pen: CanvasRenderingContext2D;
  private readonly observer: ResizeObserver;
  private wanted: [number, number] = [0, 0];

  /** `resized` is called when the next drawing will differ, so that a paused picture is drawn again. */
  constructor(
    readonly canvas: HTMLCanvasElement,
    resized: () => void,
  ) {
    this.pen = pen(canvas);
    this.observer = new ResizeObserver(([entry]) => {
      if (!entry) return;
      this.wanted = pixels(entry);
      resized();
    });
    try {
      this.observer.observe(canvas, { box: "device-pixel-content-box" });
    } catch {
      this.observer.observe(canvas);
    }
  }

  close(): void {
    this.observer.disconnect();
  }

  /** The whole picture fills the canvas. */
  drawWhole(picture: CanvasImageSource, mirror: boolean): void {
    if (!this.begin(mirror)) return;
    this.pen.imageSmoothingQuality = "low";
    this.pen.drawImage(picture, 0, 0, this.canvas.width, this.canvas.height);
  }

  /**
   * The window fills the canvas; a window of another shape is shown whole over a blurred copy.
   * `scale` is the picture's pixels per source pixel, `size` the shape of the encoded fancam.
   */
  drawWindow(
    picture: CanvasImageSource,
    window: Window,
    scale: number,
    size: readonly [number, number],
    mirror: boolean,
  ): void {
    if (!this.begin(mirror)) return;
    const whole = scaled(window, scale);
    const { x, y, width, height } = whole;
    const [across, down] = [this.canvas.width, this.canvas.height];
    if (isCrop(window, size)) {
      const part = middle(whole, across / down);
      this.pen.imageSmoothingQuality = part.width > COARSE * across ? "medium" : "low";
      this.pen.drawImage(picture, part.x, part.y, part.width, part.height, 0, 0, across, down);
      return;
    }
    this.drawBackdrop(picture, whole);
    const fit = Math.min(across / width, down / height);
    const [w, h] = [width * fit, height * fit];
    this.pen.drawImage(picture, x, y, width, height, (across - w) / 2, (down - h) / 2, w, h);
  }

  private begin(mirror: boolean): boolean {
    const [width, height] = this.wanted;
    if (!width || !height) return false;
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    this.pen.setTransform(mirror ? -1 : 1, 0, 0, 1, mirror ? width : 0, 0);
    this.pen.imageSmoothingEnabled = true;
    return true;
  }

  private drawBackdrop(picture: CanvasImageSource, window: Window): void {
    const { width, height } = this.canvas;
    const small = backdrop(Math.max(4, Math.round((BACKDROP * width) / height)));
    const part = middle(window, width / height);
    small.imageSmoothingQuality = "medium";
    // Where a canvas has no filters the copy is still coarse enough to read as a blur.
    if ("filter" in small) small.filter = `blur(${BACKDROP * BLUR}px)`;
    small.drawImage(picture, part.x, part.y, part.width, part.height, 0, 0, small.canvas.width, small.canvas.height);
    this.pen.drawImage(small.canvas, 0, 0, width, height);
    this.pen.fillStyle = DARKER;
    this.pen.fillRect(0, 0, width, height);
  }
}

let scratch: CanvasRenderingContext2D | null = null;

function backdrop(width: number): CanvasRenderingContext2D {
  scratch ??= pen(document.createElement("canvas"));
  if (scratch.canvas.width !== width || scratch.canvas.height !== BACKDROP) {
    scratch.canvas.width = width;
    scratch.canvas.height = BACKDROP;
  }
  return scratch;
}

/** The largest middle part of that shape: a canvas is whole pixels, and never exactly of the window's. */
function middle({ x, y, width, height }: Window, shape: number): Window {
  const w = Math.min(width, height * shape);
  const h = Math.min(height, width / shape);
  return { x: x + (width - w) / 2, y: y + (height - h) / 2, width: w, height: h };
}

function scaled(window: Window, by: number): Window {
  return { x: window.x * by, y: window.y * by, width: window.width * by, height: window.height * by };
}

function pixels(entry: ResizeObserverEntry): [number, number] {
  const exact = entry.devicePixelContentBoxSize?.[0];
  const density = globalThis.devicePixelRatio || 1;
  const width = exact?.inlineSize ?? entry.contentRect.width * density;
  const height = exact?.blockSize ?? entry.contentRect.height * density;
  const fit = Math.min(1, LARGEST / Math.max(width, height, 1));
  return [Math.round(width * fit), Math.round(height * fit)];
}
