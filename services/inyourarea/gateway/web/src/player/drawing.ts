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
      this.draw(picture, picture.displayWidth, frame, plan);
      return frame;
    } finally {
      picture.close();
    }
  }

  /** The same where frames can not be taken: the element itself is drawn, told by its media time. */
  drawElement(video: HTMLVideoElement, mediaTime: number, plan: Plan): number | null {
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return null;
    const frame = plan.times.nearest(mediaTime * 1e6);
    this.draw(video, video.videoWidth, frame, plan);
    return frame;
  }

  private draw(picture: CanvasImageSource, width: number, frame: number, plan: Plan): void {
    const scale = width / plan.sourceWidth;
    this.stage?.drawWhole(picture, this.mirror);
    for (const [surface, person] of this.fancams) {
      const camera = plan.cameras.get(person);
      if (camera) surface.drawWindow(picture, camera.window(frame), scale, camera.size, this.mirror);
    }
  }
}
