/**
 * What was labelled and the gateway has not got yet: kept in the browser's storage until it has.
 *
 * Everything waits under a name of its own, the newest in the place of the one before, so that a tab
 * that is closed, a browser that crashes or a lost connection takes no stroke along.
 */
import { signal } from "@preact/signals";
import { Problem } from "../api/client";
import type { Labels, LabelsWanted, TrackletNamed } from "../api/types";

/** As much of `localStorage` as it takes. */
export type Shelf = Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">;

/** A picture's boxes as they are to be. */
export interface LabelsItem extends LabelsWanted {
  kind: "labels";
  id: string;
  /** Boxes that were sent already, though no answer came: whoever reads them back knows her own. */
  sent?: string[];
}

/** Whose a tracklet is; proposed: that name was taken back. */
export interface TrackletItem extends TrackletNamed {
  kind: "tracklet";
  id: string;
  /** Names that the gateway may have heard and was not told to take back: it is, before another. */
  told?: string[];
}

type What = LabelsItem | TrackletItem;
/** Something that waits: since when, and why it waits for a person, where it does. */
export type Item = What & { at: number; trouble?: { status: number; text: string; by: string } };

export interface Post {
  label: (picture: string, wanted: LabelsWanted) => Promise<Labels>;
  labels: (picture: string) => Promise<Labels>;
  name: (tracklet: string, named: TrackletNamed) => Promise<{ boxes: number }>;
}

/** Milliseconds between tries while the gateway can not be reached; the browser's word wakes it before. */
const PAUSES_MS = [500, 1000, 2000, 5000, 10_000];

/** Tries without an answer that are remembered of a picture: those that changed it in between. */
const MOST_SENT = 20;

export class Outbox {
  /** Grows with whatever changes here. */
  readonly turn = signal(0);
  readonly waiting = signal<readonly Item[]>([]);
  readonly isAway = signal(false);
  /** Called when something waits no more, whoever has sent it or thrown it away. */
  gone: (item: Item) => void = () => {};
  /** Called after that when the gateway has taken it from here. */
  heard: (item: Item, answer: Labels | { boxes: number }) => void = () => {};
  private readonly prefix: string;
  private running: Promise<void> | undefined;
  private tries = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The newest version of each picture that the gateway has told of. */
  private readonly versions = new Map<string, number>();
  /** What was put here of each picture and not sent from here: another tab may have sent it. */
  private readonly drawn = new Map<string, string[]>();
  private last = 0;

  constructor(
    private readonly shelf: Shelf,
    who: string,
    dataset: string,
    private readonly post: Post,
    /** What the shelf refuses, as a full one does: it lasts as long as the page, as does one that is memory. */
    private readonly spare = new Map<string, Item>(),
  ) {
    this.prefix = `labelled:${encodeURIComponent(who)}:${dataset}:`;
    this.waiting.value = this.items();
  }

  /** It is kept now, and sent as soon as can be. */
  put(what: What): void {
    const before = this.find(what.kind, what.id);
    this.last = Math.max(Date.now(), this.last + 1);
    const item: Item = { ...what, at: this.last };
    if (item.kind === "labels") {
      item.version = Math.max(item.version, this.versions.get(item.id) ?? 0);
      this.drawn.set(item.id, [...(this.drawn.get(item.id) ?? []), sheetOf(item)].slice(-MOST_SENT));
      if (before?.kind === "labels") {
        if (before.sent) item.sent = before.sent;
        // Until somebody has chosen; what was refused for what it said may be right by now.
        if (before.trouble?.status === 409) item.trouble = before.trouble;
      }
    } else if (before?.kind === "tracklet" && before.told && !before.trouble) {
      item.told = [...before.told, ...(item.told ?? [])];
    }
    this.keep(item);
    void this.send();
  }

  find(kind: What["kind"], id: string): Item | undefined {
    return this.read(this.nameOf({ kind, id }));
  }

  /** Mine is to stand over what somebody else has made meanwhile. */
  insist(picture: string, version: number): void {
    const item = this.find("labels", picture);
    if (item?.kind !== "labels") return;
    const { trouble: _, ...rest } = item;
    this.keep({ ...rest, version });
    void this.send();
  }

  /** The same of a tracklet's name. */
  insistOnName(tracklet: string): void {
    const item = this.find("tracklet", tracklet);
    if (item?.kind !== "tracklet") return;
    const { trouble: _, ...rest } = item;
    this.keep({ ...rest, insist: true });
    void this.send();
  }

  /** That name was a mistake: it is not sent, or the gateway is told where it may have heard it. */
  takeNameBack(tracklet: string, member: string): void {
    const item = this.find("tracklet", tracklet);
    if (item?.kind === "tracklet" && (item.trouble || !item.told)) this.forget(item);
    else this.put({ kind: "tracklet", id: tracklet, member, state: "proposed", told: [member] });
  }

  /** Whether something that waits goes with the page: what is in the browser's storage outlives it, in memory it does not. */
  get goesWithThePage(): boolean {
    return this.items().some((item) => this.shelf instanceof Memory || this.spare.has(this.nameOf(item)));
  }

  forget({ kind, id }: Pick<Item, "kind" | "id">): void {
    this.shelf.removeItem(this.nameOf({ kind, id }));
    this.spare.delete(this.nameOf({ kind, id }));
    this.look();
  }

  /** Whatever can be sent is; one sender at a time, also among this browser's tabs where it has locks. */
  async send(): Promise<void> {
    clearTimeout(this.timer);
    if (this.running) return this.running;
    this.running = exclusively(this.prefix, () => this.drain());
    try {
      await this.running;
    } finally {
      this.running = undefined;
    }
    this.look();
    if (this.first()) this.timer = setTimeout(() => void this.send(), this.pause());
  }

  /** Whether names are on their way: they make new versions of pictures. */
  get isNaming(): boolean {
    return this.items().some(({ kind, trouble }) => kind === "tracklet" && !trouble);
  }

  /** No name is on its way any more; a Problem where the gateway can not be reached. */
  async named(): Promise<void> {
    while (this.isNaming) {
      await this.send();
      if (this.isAway.value) throw new Problem(0, "unreachable", "");
    }
  }

  /** What waits is looked at anew: another tab may have put or sent something. */
  look(): void {
    const before = this.waiting.value;
    this.waiting.value = this.items();
    this.turn.value += 1;
    if (this.waiting.value.every(({ trouble }) => trouble)) this.isAway.value = false;
    const names = new Set(this.waiting.value.map((item) => this.nameOf(item)));
    for (const item of before) if (!names.has(this.nameOf(item))) this.gone(item);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private pause(): number {
    return this.isAway.value ? (PAUSES_MS[Math.min(this.tries, PAUSES_MS.length - 1)] ?? 0) : 0;
  }

  private async drain(): Promise<void> {
    for (let item = this.first(); item; item = this.first()) {
      try {
        await this.sendOne(item);
        this.tries = 0;
        this.isAway.value = false;
      } catch (error) {
        const problem = error instanceof Problem ? error : new Problem(-1, String(error), "");
        if (!problem.mayPass) {
          this.blame(item, problem);
          continue;
        }
        this.tries += 1;
        this.isAway.value = true;
        return;
      }
    }
  }

  private first(): Item | undefined {
    return this.items().find(({ trouble }) => !trouble);
  }

  private async sendOne(item: Item): Promise<void> {
    if (item.kind === "tracklet") {
      const { member, state, insist = false, told = [] } = item;
      this.keep({ ...item, told: [...new Set([...told, member])] });
      for (const other of new Set(told.filter((one) => one !== member).reverse())) {
        await this.post.name(item.id, { member: other, state: "proposed", insist: false });
      }
      this.done(item, await this.post.name(item.id, { member, state, insist }));
      return;
    }
    const { version, state, boxes } = item;
    const sent = new Set(item.sent).add(JSON.stringify(boxes));
    this.keep({ ...item, sent: [...sent].slice(-MOST_SENT) });
    try {
      this.done(item, await this.post.label(item.id, { version, state, boxes }));
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 409) throw error;
      const theirs = await this.post.labels(item.id);
      // The answer to an earlier try was lost, or another tab has sent it: what stands there is ours.
      const isOurs = item.sent?.includes(JSON.stringify(theirs.boxes)) || this.drawn.get(item.id)?.includes(sheetOf(theirs));
      if (!isOurs) throw error;
      this.rebase(item.id, theirs.version);
    }
  }

  private done(item: Item, answer: Labels | { boxes: number }): void {
    if ("version" in answer) this.versions.set(item.id, answer.version);
    const now = this.find(item.kind, item.id);
    if (now && now.at !== item.at) {
      if ("version" in answer) this.rebase(item.id, answer.version);
    } else {
      this.drawn.delete(item.id);
      this.forget(item);
    }
    this.heard(item, answer);
  }

  private rebase(picture: string, version: number): void {
    this.versions.set(picture, version);
    const item = this.find("labels", picture);
    if (item?.kind !== "labels") return;
    const { sent: _, ...rest } = item;
    this.keep({ ...rest, version });
  }

  private blame(item: Item, { status, message, said }: Problem): void {
    const now = this.find(item.kind, item.id);
    if (now) this.keep({ ...now, trouble: { status, text: message, by: String(said["by"] ?? "") } });
  }

  private nameOf({ kind, id }: Pick<Item, "kind" | "id">): string {
    return `${this.prefix}${kind}:${id}`;
  }

  private keep(item: Item): void {
    const name = this.nameOf(item);
    try {
      this.shelf.setItem(name, JSON.stringify(item));
      this.spare.delete(name);
    } catch {
      // What is older is not to be sent in its place by another page.
      this.shelf.removeItem(name);
      this.spare.set(name, item);
    }
    this.look();
  }

  private read(name: string): Item | undefined {
    const spare = this.spare.get(name);
    if (spare) return spare;
    try {
      const item = JSON.parse(this.shelf.getItem(name) ?? "") as Item;
      return typeof item.id === "string" && typeof item.at === "number" ? item : undefined;
    } catch {
      return undefined; // somebody else's
    }
  }

  private items(): Item[] {
    const names = Array.from({ length: this.shelf.length }, (_, index) => this.shelf.key(index) ?? "");
    const mine = new Set([...names, ...this.spare.keys()].filter((name) => name.startsWith(this.prefix)));
    const found = [...mine].map((name) => this.read(name));
    return found.filter((item) => item !== undefined).sort((one, other) => one.at - other.at);
  }
}

/** A picture's boxes and what is said of it as a whole, to compare. */
const sheetOf = ({ state, boxes }: Pick<LabelsWanted, "state" | "boxes">) => JSON.stringify([state, boxes]);

async function exclusively(name: string, deed: () => Promise<void>): Promise<void> {
  // Only where the site is reached by https or on this machine; elsewhere two tabs may both send, which does no harm.
  if (typeof navigator === "undefined" || !navigator.locks) return deed();
  await navigator.locks.request(name, deed);
}

export class Memory implements Shelf {
  private readonly kept = new Map<string, string>();
  get length(): number {
    return this.kept.size;
  }
  getItem = (name: string): string | null => this.kept.get(name) ?? null;
  setItem = (name: string, text: string): void => void this.kept.set(name, text);
  removeItem = (name: string): void => void this.kept.delete(name);
  key = (index: number): string | null => [...this.kept.keys()][index] ?? null;
}

const memory = new Memory();

/** The browser's storage, or memory where it may not be used: then what waits lasts as long as the page. */
export function shelf(): Shelf {
  try {
    localStorage.getItem("");
    return localStorage;
  } catch {
    return memory;
  }
}
