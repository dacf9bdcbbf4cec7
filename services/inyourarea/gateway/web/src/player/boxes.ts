/** Where the faces are: which box of which person a point of the picture hits. */
import type { Box, BoxesFile } from "../api/types";

export interface Face {
  /** Null for somebody who is no reported person. */
  person: string | null;
  box: Box;
}

export class Boxes {
  private readonly people: { person: string; runs: { first: number; boxes: Box[] }[] }[];
  private readonly others = new Map<number, Box[]>();

  constructor(file: BoxesFile) {
    this.people = Object.entries(file.people).map(([person, runs]) => ({
      person,
      runs: runs.map((run) => ({ first: run.first_frame, boxes: undiffer(run.boxes) })),
    }));
    for (const { frame, box } of file.others) {
      this.others.set(frame, [...(this.others.get(frame) ?? []), box]);
    }
  }

  of(person: string, frame: number): Box | null {
    for (const run of this.people.find((one) => one.person === person)?.runs ?? []) {
      const box = run.boxes[frame - run.first];
      if (box) return box;
    }
    return null;
  }

  /** The person's first box in the stretch, and its frame. */
  firstIn(person: string, from: number, to: number): { frame: number; box: Box } | null {
    for (let frame = from; frame <= to; frame++) {
      const box = this.of(person, frame);
      if (box) return { frame, box };
    }
    return null;
  }

  at(frame: number): Face[] {
    const faces: Face[] = [];
    for (const { person } of this.people) {
      const box = this.of(person, frame);
      if (box) faces.push({ person, box });
    }
    for (const box of this.others.get(frame) ?? []) faces.push({ person: null, box });
    return faces;
  }

  /** As the pins are read: the smallest box that holds the point, else the nearest within one face width. */
  hit(frame: number, x: number, y: number): Face | null {
    const faces = this.at(frame);
    const holding = faces.filter(({ box }) => x >= box[0] && x < box[2] && y >= box[1] && y < box[3]);
    if (holding.length) return least(holding, ({ box }) => (box[2] - box[0]) * (box[3] - box[1]));
    const near = faces.filter(({ box }) => distance(box, x, y) <= box[2] - box[0]);
    return near.length ? least(near, ({ box }) => distance(box, x, y)) : null;
  }
}

function distance(box: Box, x: number, y: number): number {
  return Math.hypot(x - (box[0] + box[2]) / 2, y - (box[1] + box[3]) / 2);
}

function least<T>(all: T[], size: (one: T) => number): T {
  return all.reduce((best, one) => (size(one) < size(best) ? one : best));
}

function undiffer(differences: readonly number[]): Box[] {
  const boxes: Box[] = [];
  const sum: [number, number, number, number] = [0, 0, 0, 0];
  for (let at = 0; at + 3 < differences.length; at += 4) {
    for (let side = 0; side < 4; side++) sum[side] = (sum[side] ?? 0) + (differences[at + side] ?? 0);
    boxes.push([...sum]);
  }
  return boxes;
}
