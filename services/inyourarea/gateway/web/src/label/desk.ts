/** What all labelling of a dataset shares: who the members are, what waits to be sent, how far it is. */
import { signal, type Signal } from "@preact/signals";
import { api, Problem } from "../api/client";
import type { DatasetInShort, Labels, LabelsWanted, Tally, TrackletNamed } from "../api/types";
import { Outbox, shelf, type Item } from "./outbox";
import { memberOf } from "./palette";

/** Milliseconds after which what was sent is counted anew: not at every stroke. */
const COUNTED_MS = 400;
/** Pictures whose labels are kept: those around the one that is worked on. */
const MOST_KEPT = 50;
/** What the browser's storage has refused: other pages of the site come and go meanwhile. */
const spare = new Map<string, Item>();

export class Desk {
  readonly dataset: Signal<DatasetInShort>;
  readonly tally: Signal<Tally>;
  readonly outbox: Outbox;
  /** Asks for the queue anew. */
  again: () => void = () => {};
  private readonly known = new Map<string, Promise<Labels>>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(dataset: DatasetInShort, tally: Tally, who: string) {
    const { name } = dataset;
    this.dataset = signal(dataset);
    this.tally = signal(tally);
    const post = {
      label: (picture: string, wanted: LabelsWanted) => api.label(name, picture, wanted),
      labels: (picture: string) => api.labels(name, picture),
      name: (tracklet: string, named: TrackletNamed) => api.nameTracklet(name, tracklet, named),
    };
    this.outbox = new Outbox(shelf(), who, name, post, spare);
    this.outbox.gone = (item) => {
      if (item.kind === "labels") this.known.delete(item.id);
      else this.known.clear(); // a name is in many pictures
    };
    this.outbox.heard = (item, answer) => {
      if ("version" in answer) this.known.set(item.id, Promise.resolve(answer));
      this.countSoon();
    };
    const send = () => void this.outbox.send();
    addEventListener("online", send);
    const look = () => this.outbox.look(); // another tab has written
    addEventListener("storage", look);
    const warn = (event: BeforeUnloadEvent) => {
      if (this.outbox.goesWithThePage) event.preventDefault();
    };
    addEventListener("beforeunload", warn);
    this.close = () => {
      removeEventListener("online", send);
      removeEventListener("storage", look);
      if (!this.outbox.goesWithThePage) removeEventListener("beforeunload", warn);
      clearTimeout(this.timer);
      this.outbox.stop();
    };
    send();
  }

  readonly close: () => void;

  memberOf(key: string): string | undefined {
    return memberOf(this.dataset.value.members, key);
  }

  /** There is one member more; what she is called, as the gateway keeps it. */
  async addMember(member: string): Promise<string> {
    try {
      return await this.addTo(member);
    } catch (error) {
      if (!(error instanceof Problem) || error.status !== 409) throw error;
      // Somebody else has added one meanwhile, perhaps her.
      this.dataset.value = await api.dataset(this.dataset.value.name);
      return await this.addTo(member);
    }
  }

  /** A picture's labels as the gateway has them, and its bytes, on their way at once. */
  labels(picture: string): Promise<Labels> {
    const known = this.known.get(picture);
    if (known && !this.outbox.isNaming) return known;
    const asked = this.ask(picture);
    if (this.known.size >= MOST_KEPT) this.known.delete(this.known.keys().next().value ?? "");
    this.known.set(picture, asked);
    asked.catch(() => this.known.delete(picture));
    return asked;
  }

  /** The same, whatever is known of it. */
  async anew(picture: string): Promise<Labels> {
    const known = this.known.get(picture);
    this.known.delete(picture);
    try {
      return await this.labels(picture);
    } catch (error) {
      if (known) this.known.set(picture, known);
      throw error;
    }
  }

  private async ask(picture: string): Promise<Labels> {
    await this.outbox.named(); // or the next stroke is refused for one's own name
    const labels = await api.labels(this.dataset.value.name, picture);
    await decoded(labels.url);
    return labels;
  }

  private async addTo(member: string): Promise<string> {
    const { name, version, members } = this.dataset.value;
    if (members.includes(member)) return member;
    this.dataset.value = await api.addMember(name, version, member);
    this.countSoon();
    return this.dataset.value.members.at(-1) ?? member;
  }

  private countSoon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      api.tally(this.dataset.value.name).then(
        (tally) => (this.tally.value = tally),
        () => {}, // it is told again at the next stroke
      );
    }, COUNTED_MS);
  }
}

async function decoded(url: string): Promise<void> {
  const image = new Image();
  image.src = url;
  await image.decode().catch(() => {}); // a picture that can not be shown says so itself
}
