/** Correcting a video: what is pointed at, what would change, what was applied. */
import { batch, signal } from "@preact/signals";
import { api, Problem } from "../api/client";
import type { Person, Pin, Pins, Preview, Watch } from "../api/types";
import { inWords } from "../parts/Message";
import { tell } from "../parts/toast";
import { Boxes, type Face } from "../player/boxes";
import type { Player } from "../player/player";
import type { Selection } from "../watch/Timeline";
import { language, say } from "../words/language";
import { pinAt, pinOver, type Verdict } from "./pins";

export class Editing {
  readonly active = signal(false);
  readonly boxes = signal<Boxes | null>(null);
  readonly picked = signal<{ face: Face; frame: number } | null>(null);
  readonly selection = signal<Selection | null>(null);
  readonly pins = signal<Pins | null>(null);
  /** Said but not applied. */
  readonly pending = signal<Pin[]>([]);
  readonly preview = signal<Preview | null>(null);
  readonly busy = signal(false);
  readonly problem = signal("");
  /** What was said before each correction of this visit: the gateway may have made several pins of one. */
  readonly before = signal<readonly Pin[][]>([]);
  /** The pins as the last of them left them. */
  private left: Pins | null = null;
  private boxesUrl = "";
  private asked = 0;

  constructor(
    private readonly player: Player,
    private readonly video: string,
    /** Asks the page to fetch anew what the gateway shows. */
    private readonly reload: () => void,
  ) {}

  /** What is said but not applied stays. */
  toggle(): void {
    batch(() => {
      this.active.value = !this.active.value;
      this.picked.value = this.selection.value = null;
      this.problem.value = "";
    });
  }

  /** Boxes and pins of the run that is shown now. */
  async load(watch: Watch): Promise<void> {
    if (!this.active.value || !watch.boxes_url) return;
    try {
      if (this.boxesUrl !== watch.boxes_url) {
        this.boxes.value = new Boxes(await api.boxes(watch.boxes_url));
        this.boxesUrl = watch.boxes_url;
      }
      const pins = (this.pins.value = await api.pins(this.video));
      // The same pins may read otherwise by now: who had no id yet is called by one.
      if (this.isAsLeft(pins)) this.left = pins;
      if (this.pending.value.length) await this.look();
    } catch (error) {
      this.problem.value = inWords(error);
    }
  }

  pick(face: Face): void {
    this.player.pause();
    batch(() => {
      this.selection.value = null;
      this.picked.value = { face, frame: this.player.frame.value };
      if (face.person) this.player.person.value = face.person;
    });
  }

  select(selection: Selection | null): void {
    batch(() => {
      this.picked.value = null;
      this.selection.value = selection;
    });
  }

  /** The face that was clicked is, from here on as far as the track goes, as the verdict says. */
  judgeFace(verdict: Verdict): void {
    const picked = this.picked.value;
    const times = this.player.scene.value?.times;
    if (picked && times) this.add(pinAt(times, picked.frame, picked.face.box, verdict));
  }

  /** The person shown now is, in the marked stretch, as the verdict says. */
  judgeStretch(verdict: Verdict): void {
    const person = this.player.person.value;
    const selection = this.selection.value;
    const times = this.player.scene.value?.times;
    if (person && selection && times) this.add(pinOver(times, selection.from, selection.to, person, verdict));
  }

  /** Whether the shown person is seen anywhere in the stretch. */
  get isSeenInStretch(): boolean {
    const person = this.player.person.value;
    const selection = this.selection.value;
    return Boolean(person && selection && this.boxes.value?.firstIn(person, selection.from, selection.to));
  }

  forget(): void {
    this.asked += 1;
    batch(() => {
      this.picked.value = this.selection.value = this.preview.value = null;
      this.pending.value = [];
      this.problem.value = "";
      this.busy.value = false;
    });
  }

  async apply(): Promise<void> {
    const known = this.pins.value;
    if (!known) return;
    const before = this.isAsLeft(known) ? this.before.value : [];
    if (!(await this.put([...known.pins, ...this.pending.value]))) return;
    this.before.value = [...before, known.pins];
    tell(say("applied"));
  }

  /** The last correction of this visit is taken back, unless somebody else has set pins since. */
  async undo(): Promise<void> {
    const known = this.pins.value;
    const last = this.before.value.at(-1);
    if (!known || !last) return;
    if (!this.isAsLeft(known)) {
      this.before.value = [];
      this.problem.value = say("stale");
    } else if (await this.put(last)) {
      this.before.value = this.before.value.slice(0, -1);
      tell(say("applied"));
    }
  }

  /** What is typed is her name in the language of the page; the first one is her name everywhere. */
  async rename(person: Person, name: string): Promise<void> {
    this.problem.value = "";
    await this.attempt(async () => {
      const isFirst = person.name === person.label;
      const names = isFirst ? person.names : { ...person.names, [language.value]: name };
      await api.name(this.video, person.id, { name: isFirst ? name : person.name, names, aliases: person.aliases });
      tell(say("named", { name }));
      this.forget();
      this.reload();
    });
  }

  private isAsLeft({ revision, pins }: Pins): boolean {
    const { left } = this;
    return left !== null && (left.revision === revision || JSON.stringify(left.pins) === JSON.stringify(pins));
  }

  private add(pin: Pin): void {
    this.problem.value = "";
    this.pending.value = [...this.pending.value, pin];
    this.picked.value = this.selection.value = null;
    void this.look();
  }

  private async look(): Promise<void> {
    const turn = ++this.asked;
    const pins = this.pins.value;
    if (!pins) return;
    this.preview.value = null;
    await this.attempt(async () => {
      const preview = await api.previewPins(this.video, pins.revision, [...pins.pins, ...this.pending.value]);
      if (turn === this.asked) this.preview.value = preview;
    });
  }

  private async put(pins: Pin[]): Promise<boolean> {
    const known = this.pins.value;
    if (!known) return false;
    this.problem.value = "";
    return this.attempt(async () => {
      await api.setPins(this.video, known.revision, pins);
      this.forget();
      const now = (this.pins.value = await api.pins(this.video));
      this.left = now.revision === known.revision + 1 ? now : null; // else somebody was faster than the answer
    });
  }

  private async attempt(deed: () => Promise<void>): Promise<boolean> {
    this.busy.value = true;
    try {
      await deed();
      return true;
    } catch (error) {
      if (error instanceof Problem && error.kind === "stale-edit") {
        this.problem.value = say("stale");
        this.pins.value = await api.pins(this.video).catch(() => this.pins.value);
        this.reload();
      } else {
        this.problem.value = inWords(error);
      }
      return false;
    } finally {
      this.busy.value = false;
    }
  }
}
