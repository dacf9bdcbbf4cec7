/** Tracklets: a strip of one face's pictures at a time, and one key names them all; one strip of each person comes first. */
import { useEffect, useState } from "preact/hooks";
import type { Strip } from "../api/types";
import { useKeys } from "../review/useKeys";
import { say } from "../words/language";
import type { Desk } from "./desk";
import { Naming } from "./Naming";

interface Props {
  desk: Desk;
  strips: readonly Strip[];
  /** How many there are, and of how many people; those that were fetched are the first. */
  total: number;
  people: number;
}

/** Strips whose pictures are fetched before they are reached. */
const AHEAD = 3;

export function Strips({ desk, strips, total, people }: Props) {
  // Where a strip was named, it is passed; so one goes back by taking the last name back.
  const [named, setNamed] = useState<readonly { strip: Strip; member: string }[]>([]);
  // Whose name was taken back, the last one first: a list that was fetched meanwhile lacks them.
  const [back, setBack] = useState<readonly Strip[]>([]);
  const [later, setLater] = useState<ReadonlySet<string>>(new Set());
  const passed = new Set([...named.map((one) => one.strip.tracklet), ...later]);
  const left = [...back, ...without(back, strips)].filter(({ tracklet }) => !passed.has(tracklet));
  const [strip] = left;
  const togo = { left: total - strips.length + left.length, people: people - firsts(strips) + firsts(left) };
  const proposed = strip?.member || (named.find((one) => one.strip.person === strip?.person)?.member ?? "");

  const name = (member: string) => {
    if (!strip) return;
    desk.outbox.put({ kind: "tracklet", id: strip.tracklet, member, state: "confirmed" });
    setNamed((before) => [...before, { strip, member }]); // a new member was waited for: others may have been named
  };
  const skip = () => strip && setLater(new Set([...later, strip.tracklet]));
  const takeBack = () => {
    const last = named.at(-1);
    if (!last) return;
    desk.outbox.takeNameBack(last.strip.tracklet, last.member);
    setNamed(named.slice(0, -1));
    setBack([last.strip, ...without([last.strip], back)]);
  };
  useKeys((key) => {
    const member = desk.memberOf(key);
    if (member) name(member);
    else if (key === "enter" && proposed) name(proposed);
    else if (key === "x") name("");
    else if (key === "s") skip();
    else if (key === "z" || key === "backspace") takeBack();
  });
  // Where all are left for later, the same would come again.
  const goesOn = !strip && togo.left > 0 && !strips.every(({ tracklet }) => later.has(tracklet));
  const allSent = desk.outbox.waiting.value.every(({ trouble }) => trouble);
  useEffect(() => {
    if (!goesOn || !allSent) return;
    setBack([]); // they have passed again, too
    desk.again(); // those behind, once the gateway knows what was named
  }, [goesOn, allSent]);
  useEffect(() => {
    for (const { faces } of left.slice(1, 1 + AHEAD)) for (const { url } of faces) new Image().src = url;
  }, [strip]);

  if (!strip) {
    const told = goesOn ? "stripsMore" : togo.left ? "stripsBehind" : later.size ? "stripsLater" : "stripsDone";
    return (
      <div class="strip-done" role="status" data-testid="strips-done">
        <p>{say(told, { n: later.size, left: togo.left })}</p>
        <div class="buttons">
          <button type="button" class="button" onClick={() => (setLater(new Set()), desk.again())}>
            {say("again")}
          </button>
          <button type="button" class="button" disabled={!named.length} onClick={takeBack}>
            {say("takeBack")}
          </button>
        </div>
      </div>
    );
  }
  return (
    <div class="strip" data-testid="strip" data-tracklet={strip.tracklet} data-first={strip.is_first}>
      <p class="eyebrow" aria-live="polite">
        {strip.is_first ? say("stripPerson", { n: strip.boxes, gives: strip.gives, people: togo.people }) : say("stripOf", { n: strip.boxes, left: togo.left })}
      </p>
      {!strip.is_first && <p class="hint">{say("stripsOther")}</p>}
      <ul class="faces-strip" aria-label={say("stripFaces")}>
        {strip.faces.map((face) => (
          <Crop key={face.url} {...face} />
        ))}
      </ul>
      <Naming desk={desk} chosen={proposed} choose={name} />
      <div class="buttons">
        {proposed && (
          <button type="button" class="button is-main" onClick={() => name(proposed)} data-testid="as-proposed">
            <kbd>Enter</kbd> {say("asProposed", { name: proposed })}
          </button>
        )}
        <button type="button" class="button" onClick={() => name("")} data-testid="no-member">
          <kbd>X</kbd> {say("noMember")}
        </button>
        <button type="button" class="button" onClick={skip} data-testid="later">
          <kbd>S</kbd> {say("later")}
        </button>
        <button type="button" class="button" disabled={!named.length} onClick={takeBack} data-testid="take-back">
          <kbd>Z</kbd> {say("takeBack")}
        </button>
      </div>
    </div>
  );
}

function without(some: readonly Strip[], strips: readonly Strip[]): Strip[] {
  return strips.filter(({ tracklet }) => !some.some((one) => one.tracklet === tracklet));
}

function firsts(strips: readonly Strip[]): number {
  return strips.filter((one) => one.is_first).length;
}

/** Of a face's sides, added around it: hair and shoulders tell people apart, too. */
const AROUND = 0.35;

function Crop({ url, size: [width, height], box: [x1, y1, x2, y2] }: Strip["faces"][number]) {
  const side = Math.max(x2 - x1, y2 - y1) * (1 + 2 * AROUND);
  const view = [(x1 + x2 - side) / 2, (y1 + y2 - side) / 2, side, side];
  return (
    <li>
      <svg viewBox={view.join(" ")} role="img" aria-label={say("stripFace")}>
        <image href={url} width={width} height={height} />
      </svg>
    </li>
  );
}
