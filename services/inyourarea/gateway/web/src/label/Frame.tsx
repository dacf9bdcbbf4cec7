/** One frame on the desk: what is done to its boxes, kept as it is done. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Box, LabelBox, Labels } from "../api/types";
import { inWords } from "../parts/Message";
import { tell } from "../parts/toast";
import { moment, say } from "../words/language";
import { BoxEditor } from "./BoxEditor";
import { carryOver, move } from "./boxes";
import type { Desk } from "./desk";
import { Naming } from "./Naming";
import { colorOf } from "./palette";
import { redo, resume, settle, stroke, undo, type Strokes } from "./strokes";

interface Props {
  desk: Desk;
  labels: Labels;
  isReview: boolean;
  /** Strokes of frames that were left, so that they can still be undone there. */
  kept: Map<string, Strokes>;
  /** This frame is done with, for now. */
  next: () => void;
  back: () => void;
  /** Another frame is to be worked on. */
  open: (picture: string) => void;
}

export function Frame({ desk, labels, isReview, kept, next, back, open }: Props) {
  const { picture, size } = labels;
  const { members } = desk.dataset.value;
  const waiting = desk.outbox.find("labels", picture);
  const [strokes, setStrokes] = useState(() => resume(kept.get(picture), waiting?.kind === "labels" ? waiting : labels));
  /** For what was waited for, such as a new member: boxes may have been drawn since. */
  const newest = useRef(strokes);
  newest.current = strokes;
  const [selected, setSelected] = useState(-1);
  const [brush, setBrush] = useState(members[0] ?? "");
  const { boxes } = strokes.now;
  const chosen = boxes[selected];
  void desk.outbox.turn.value;
  const attempt = (deed: () => Promise<void>) => void deed().catch((error: unknown) => tell(inWords(error)));

  const goTo = (to: Strokes | null) => {
    if (!to) return;
    kept.set(picture, to);
    newest.current = to;
    setStrokes(to);
    desk.outbox.put({ kind: "labels", id: picture, version: labels.version, ...to.now });
  };
  const change = (to: readonly LabelBox[]) => goTo(stroke(newest.current, to));
  const changeOne = (index: number, to: Partial<LabelBox>) =>
    change(newest.current.now.boxes.map((one, at) => (at === index ? { ...one, ...to, state: "confirmed" as const } : one)));

  const drawn = (box: Box) => {
    change([...boxes, { box, member: brush, tracklet: "", view: "", state: "confirmed" }]);
    setSelected(boxes.length);
  };
  const choose = (member: string) => {
    setBrush(member);
    const index = newest.current.now.boxes.findIndex(({ box }) => box === chosen?.box);
    if (chosen && index >= 0) changeOne(index, { member, tracklet: chosen.member === member ? chosen.tracklet : "" });
  };
  const remove = () => {
    if (!chosen) return;
    change(boxes.filter((_, index) => index !== selected));
    setSelected(-1);
  };
  const turn = () => chosen && changeOne(selected, { view: chosen.view === "profile" ? "frontal" : "profile" });
  const isNobody = () => chosen && changeOne(selected, { member: "", tracklet: "" });
  const isLeftOut = strokes.now.state === "rejected";
  const finish = () => {
    if (isReview && isLeftOut) {
      goTo(strokes); // it is: said by somebody else, too
      next();
      return;
    }
    // To say nothing of a box is not to say that it is no member's.
    const unnamed = boxes.findIndex(({ member, state }) => !member && state === "proposed");
    if (unnamed >= 0) {
      setSelected(unnamed);
      tell(say("nameFirst"));
      return;
    }
    // Whoever says that the frame is right says so of all its boxes.
    goTo(settle(strokes, { boxes: boxes.map((one) => ({ ...one, state: "confirmed" })), state: "confirmed" }));
    next();
  };
  const reject = () => {
    // In a review the work is not right, and comes back to whoever labels; else the picture teaches nothing.
    const proposed = boxes.map((one) => ({ ...one, state: "proposed" as const }));
    goTo(settle(strokes, isReview ? { boxes: proposed, state: "proposed" } : { boxes, state: "rejected" }));
    next();
  };
  const copy = async () => {
    if (!labels.next) return;
    const there = await desk.labels(labels.next);
    const waits = desk.outbox.find("labels", there.picture);
    const now = waits?.kind === "labels" ? waits : there;
    const to = stroke(resume(kept.get(there.picture), now), carryOver(chosen ? [chosen] : boxes, now.boxes));
    kept.set(there.picture, to);
    desk.outbox.put({ kind: "labels", id: there.picture, version: there.version, ...to.now });
    open(there.picture);
  };

  useLayoutEffect(() => {
    const heard = (event: KeyboardEvent) => {
      if ((event.target as Element).matches("input, select, textarea") || event.altKey) return;
      const key = event.key.toLowerCase();
      const isCommand = event.ctrlKey || event.metaKey;
      if (isCommand) {
        if (key === "z") goTo(event.shiftKey ? redo(strokes) : undo(strokes));
        else if (key === "y") goTo(redo(strokes));
        else return;
        event.preventDefault();
        setSelected(-1);
        return;
      }
      const member = desk.memberOf(key);
      const step = event.shiftKey ? 10 : 1;
      const nudge: Record<string, [number, number] | undefined> = { arrowleft: [-step, 0], arrowright: [step, 0], arrowup: [0, -step], arrowdown: [0, step] };
      const by = nudge[key];
      if (event.repeat && !by) return; // a key that is held says nothing of frames that nobody has seen
      if (by && chosen) changeOne(selected, { box: move(chosen.box, ...by, size) });
      else if (member) choose(member);
      else if (key === "x") isNobody();
      else if (key === "delete" || key === "backspace") remove();
      else if (key === "p") turn();
      else if (key === "c") attempt(copy);
      else if (key === "v") setSelected(boxes.length ? (selected + 1) % boxes.length : -1);
      else if (key === "escape") setSelected(-1);
      else if (key === "." || key === "s") next();
      else if (key === ",") back();
      else if (key === "n") reject();
      else if ((key === "enter" && !(event.target as Element).matches("button, a, summary")) || (key === "y" && isReview)) finish();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", heard);
    return () => removeEventListener("keydown", heard);
  });

  const problem = waiting?.trouble;
  const wasRefused = useRef(false);
  useEffect(() => {
    if (wasRefused.current && !waiting) open(picture); // thrown away: what is there is shown
    wasRefused.current = problem !== undefined;
  });
  const theirs = async () => {
    await desk.anew(picture);
    desk.outbox.forget({ kind: "labels", id: picture });
  };
  const mine = async () => {
    desk.outbox.insist(picture, (await desk.anew(picture)).version);
    open(picture);
  };
  return (
    <div class="frame" data-testid="frame" data-picture={picture}>
      {problem && (
        <div class="notice" role="alert" data-testid="conflict">
          <span>{problem.status === 409 ? say("conflict", { by: problem.by || say("somebody") }) : problem.text}</span>
          <button type="button" class="button" onClick={() => attempt(theirs)} data-testid="take-theirs">
            {say("takeTheirs")}
          </button>
          {problem.status === 409 && (
            <button type="button" class="button" onClick={() => attempt(mine)} data-testid="keep-mine">
              {say("keepMine")}
            </button>
          )}
        </div>
      )}
      <BoxEditor
        key={picture}
        url={labels.url}
        size={size}
        boxes={boxes}
        members={members}
        selected={selected}
        select={setSelected}
        drawn={drawn}
        changed={(index, box) => changeOne(index, { box })}
      />
      <div class="frame-side">
        <p class="eyebrow" data-testid="made-by">
          {labels.version > 1 ? say("frameBy", { by: labels.by || say("thisMachine"), at: moment(labels.at) }) : say("frameProposed")}
          {isLeftOut && ` · ${say("frameLeftOut")}`}
        </p>
        <Naming desk={desk} chosen={chosen ? chosen.member : brush} choose={choose} />
        <ul class="box-list" aria-label={say("boxList")}>
          {boxes.map((one, index) => (
            <li key={index}>
              <button type="button" class={`plain ${index === selected ? "is-on" : ""}`} aria-pressed={index === selected} onClick={() => setSelected(index === selected ? -1 : index)} data-testid="box-row">
                <span class="dot" style={{ backgroundColor: colorOf(members, one.member) }} aria-hidden="true" />{" "}
                {one.member || say(one.state === "proposed" ? "boxUnnamed" : "boxNobody")}
                {one.view && ` · ${say(one.view === "profile" ? "viewProfile" : "viewFrontal")}`}
                {one.state === "proposed" && ` · ${say("boxProposed")}`}
              </button>
            </li>
          ))}
        </ul>
        <div class="buttons">
          <button type="button" class="button is-main" onClick={finish} data-testid="finish">
            <kbd>{isReview ? "Y" : "Enter"}</kbd> {say(isReview ? "accept" : "finishFrame")}
          </button>
          <button type="button" class="button" onClick={reject} data-testid="reject">
            <kbd>N</kbd> {say(isReview ? "sendBack" : "rejectFrame")}
          </button>
          <button type="button" class="button" onClick={back} data-testid="frame-back" aria-label={say("framePrevious")}>
            <kbd>,</kbd>
          </button>
          <button type="button" class="button" onClick={next} data-testid="frame-next" aria-label={say("frameNext")}>
            <kbd>.</kbd>
          </button>
        </div>
        <div class="buttons">
          <button type="button" class="button" disabled={!strokes.past.length} onClick={() => goTo(undo(strokes))} data-testid="undo">
            {say("undoStroke")}
          </button>
          <button type="button" class="button" disabled={!strokes.future.length} onClick={() => goTo(redo(strokes))} data-testid="redo">
            {say("redoStroke")}
          </button>
          <button type="button" class="button" disabled={!chosen} onClick={remove} data-testid="delete-box">
            {say("deleteBox")}
          </button>
          <button type="button" class="button" disabled={!chosen} onClick={isNobody} data-testid="box-nobody">
            <kbd>X</kbd> {say("noMember")}
          </button>
          <button type="button" class="button" disabled={!chosen} onClick={turn} data-testid="turn">
            <kbd>P</kbd> {say(chosen?.view === "profile" ? "viewFrontal" : "viewProfile")}
          </button>
          <button type="button" class="button" disabled={!labels.next || !boxes.length} onClick={() => attempt(copy)} data-testid="copy-on">
            <kbd>C</kbd> {say("copyOn")}
          </button>
        </div>
      </div>
    </div>
  );
}
