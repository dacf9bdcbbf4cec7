/** The virtual fancam: stage and fancams drawn in one callback from one decoded frame. */
import type { Camera } from "./camera";
import { Surface } from "./surface";
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
  private whole: CanvasRenderingContext2D | null = null;
  private readonly fancams = new Map<Surface, string>();

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

  /** The canvas shows that person's fancam until the returned function is called. */
  addFancam(canvas: HTMLCanvasElement, person: string): () => void {
    const surface = new Surface(canvas, this.resized);
    this.fancams.set(surface, person);
    return () => {
      surface.close();
      this.fancams.delete(surface);
    };
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
      this.draw(picture, picture.displayWidth, picture.displayHeight, frame, plan);
      return frame;
    } finally {
      picture.close();
    }
  }

  /** The same where frames can not be taken: the element itself is drawn, told by its media time. */
  drawElement(video: HTMLVideoElement, mediaTime: number, plan: Plan): number | null {
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    const frame = plan.times.nearest(mediaTime * 1e6);
    this.draw(video, video.videoWidth, video.videoHeight, frame, plan);
    return frame;
  }

  private draw(decoded: VideoFrame | HTMLVideoElement, width: number, height: number, frame: number, plan: Plan): void {
    const scale = width / plan.sourceWidth;
    const picture = this.convert(decoded, width, height);
    this.stage?.drawWhole(picture, this.mirror);
    for (const [surface, person] of this.fancams) {
      const camera = plan.cameras.get(person);
      if (camera) surface.drawWindow(picture, camera.window(frame), scale, camera.size, this.mirror);
    }
  }
  /**
   * The frame as a canvas of its own size. A frame's colours are converted anew by every drawing of it,
   * which without a GPU costs more than all else (9 members: 390 ms each time; after one conversion 35).
   */
  private convert(decoded: VideoFrame | HTMLVideoElement, width: number, height: number): HTMLCanvasElement {
    this.whole ??= document.createElement("canvas").getContext("2d", { alpha: false });
    if (!this.whole) throw new Error("this browser can not draw");
    const { canvas } = this.whole;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    this.whole.drawImage(decoded, 0, 0, width, height);
    return canvas;
  }
}
