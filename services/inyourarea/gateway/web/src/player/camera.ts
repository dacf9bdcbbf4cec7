/** Camera paths: the window of every frame and person, in source pixels. */
import type { CameraFile } from "../api/types";

export interface Window {
  x: number;
  y: number;
  width: number;
  height: number;
}

export class Camera {
  private constructor(
    /** The encoded fancam's size, which gives the picture's shape. */
    readonly size: readonly [number, number],
    private readonly edges: Float32Array,
  ) {}

  /** One path per person; the file holds the first window, then differences, in 1/unit pixels. */
  static read(file: CameraFile): Map<string, Camera> {
    return new Map(
      Object.entries(file.people).map(([person, path]) => [
        person,
        new Camera(path.size, undiffer(path.windows, file.unit)),
      ]),
    );
  }

  get frames(): number {
    return this.edges.length / 4;
  }

  window(frame: number): Window {
    const at = 4 * Math.min(Math.max(frame, 0), this.frames - 1);
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = this.edges.subarray(at, at + 4);
    return { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
  }

  /** Median width of the windows that follow the person, in source pixels. */
  get typicalWidth(): number {
    const widths: number[] = [];
    for (let frame = 0; frame < this.frames; frame++) {
      const window = this.window(frame);
      if (isCrop(window, this.size)) widths.push(window.width);
    }
    widths.sort((a, b) => a - b);
    return widths[widths.length >> 1] ?? 0;
  }
}

/** Windows of one shape differ by rounding only; a whole stage in an upright picture by far more. */
const SAME_SHAPE = 0.04;

/** Whether the window fills the picture; the whole stage, shown while a person is absent, does not. */
export function isCrop(window: Window, size: readonly [number, number]): boolean {
  const shape = (window.width / window.height) * (size[1] / size[0]);
  return Math.abs(shape - 1) < SAME_SHAPE;
}

function undiffer(differences: readonly number[], unit: number): Float32Array {
  const edges = new Float32Array(differences.length);
  const sum = [0, 0, 0, 0];
  differences.forEach((difference, at) => {
    const edge = (sum[at % 4] ?? 0) + difference;
    sum[at % 4] = edge;
    edges[at] = edge / unit;
  });
  return edges;
}
