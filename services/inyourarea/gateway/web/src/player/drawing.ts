/** The virtual fancam: stage and fancams drawn in one callback from one decoded frame. */
import type { Camera } from "./camera";
import { pen, Surface } from "./surface";
import type { Times } from "./times";

export interface Plan {
  times: Times;
  /** Of the aspect that is shown, by person. */
  cameras: Map<string, Camera>;
  /** Width of the source, in whose pixels the windows are. */
  sourceWidth: number;
}

export class Drawing {
  mirror = false;
  private stage: Surface | null = null;
  private readonly whole = pen(document.createElement("canvas"));
  private readonly fancams = new Map<Surface, () => string | null>();
  /** Timestamp of the frame that `whole` holds, in microseconds. */
  private held: number | null = null;

  constructor(private readonly resized: () => void) {}

  /** The canvas shows the stage until the returned function is called. */
  addStage(canvas: HTMLCanvasElement): () => void {
    const surface = new Surface(canvas, this.resized);
    this.stage = surface;
    return () => {
      surface.close();
      if (this.stage === surface) this.stage = null;
    };
  }

  /** The canvas shows the fancam of whoever `whose` names when it is drawn, until the returned function is called. */
  addFancam(canvas: HTMLCanvasElement, whose: () => string | null): () => void {
    const surface = new Surface(canvas, this.resized);
    this.fancams.set(surface, whose);
    return () => {
      surface.close();
      this.fancams.delete(surface);
    };
  }

  /** The video is another one from now on. */
  forget(): void {
    this.held = null;
  }

  /**
   * Every canvas shows the video's present frame; returns its number, or null where there is none yet.
   * The frame is told by its own timestamp: what the element's clock says may be another frame.
   */
  drawPresent(video: HTMLVideoElement, plan: Plan): number | null {
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    const picture = new VideoFrame(video);
    try {
      const frame = plan.times.nearest(picture.timestamp);
      // Another member, or another size of a canvas: the frame at rest has been converted already.
      if (picture.timestamp !== this.held) {
        this.convert(picture, picture.displayWidth, picture.displayHeight);
        this.held = picture.timestamp;
      }
      this.draw(frame, plan);
      return frame;
    } finally {
      picture.close();
    }
  }

  /** The same where frames can not be taken: the element itself is drawn, told by its media time. */
  drawElement(video: HTMLVideoElement, mediaTime: number, plan: Plan): number | null {
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    const frame = plan.times.nearest(mediaTime * 1e6);
    this.convert(video, video.videoWidth, video.videoHeight);
    this.held = null;
    this.draw(frame, plan);
    return frame;
  }

  private draw(frame: number, plan: Plan): void {
    const picture = this.whole.canvas;
    const scale = picture.width / plan.sourceWidth;
    this.stage?.drawWhole(picture, this.mirror);
    for (const [surface, whose] of this.fancams) {
      const camera = plan.cameras.get(whose() ?? "");
      if (camera) surface.drawWindow(picture, camera.window(frame), scale, camera.size, this.mirror);
    }
  }

  /**
   * `whole` is the frame as a canvas of its own size. A frame's colours are converted anew by every drawing of it,
   * which without a GPU costs more than all else (9 members: 390 ms each time; after one conversion 35).
   */
  private convert(decoded: VideoFrame | HTMLVideoElement, width: number, height: number): void {
    const { canvas } = this.whole;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    this.whole.drawImage(decoded, 0, 0, width, height);
  }
}
