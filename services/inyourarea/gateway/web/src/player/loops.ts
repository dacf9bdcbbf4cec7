/** Named A-B loops of a video, kept in this browser. */

export interface Loop {
  name: string;
  a: number;
  b: number;
}

/** Shorter than this nothing can be practised, in seconds. */
export const SHORTEST_S = 0.3;

/** The two ends in order and inside the video, or null where that leaves too little. */
export function loopOf(a: number, b: number, end: number, name = ""): Loop | null {
  const from = Math.max(0, Math.min(a, b));
  const to = Math.min(end, Math.max(a, b));
  return to - from >= SHORTEST_S ? { name, a: from, b: to } : null;
}

/** What a browser keeps; the part of Storage that is used. */
export type Shelf = Pick<Storage, "getItem" | "setItem">;

export function readLoops(shelf: Shelf, video: string): Loop[] {
  try {
    const kept: unknown = JSON.parse(shelf.getItem(key(video)) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isLoop) : [];
  } catch {
    return [];
  }
}

/** A loop of the same name is replaced. */
export function keepLoop(shelf: Shelf, video: string, loop: Loop): Loop[] {
  const kept = [...readLoops(shelf, video).filter(({ name }) => name !== loop.name), loop];
  kept.sort((one, other) => one.a - other.a);
  return write(shelf, video, kept);
}

export function dropLoop(shelf: Shelf, video: string, name: string): Loop[] {
  return write(
    shelf,
    video,
    readLoops(shelf, video).filter((loop) => loop.name !== name),
  );
}

function write(shelf: Shelf, video: string, loops: Loop[]): Loop[] {
  try {
    shelf.setItem(key(video), JSON.stringify(loops));
  } catch {
    // A full or forbidden store: the loops last as long as the page.
  }
  return loops;
}

function isLoop(one: unknown): one is Loop {
  const loop = one as Loop | null;
  return typeof loop?.name === "string" && Number.isFinite(loop.a) && Number.isFinite(loop.b) && loop.a < loop.b;
}

const key = (video: string) => `loops:${video}`;
