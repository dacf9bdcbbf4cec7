/** Frames one after the other: those that teach most, or those that somebody else has labelled. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Waiting } from "../api/types";
import { Message, VideoProblem } from "../parts/Message";
import { useAsked } from "../parts/useAsked";
import { say } from "../words/language";
import type { Desk } from "./desk";
import { Frame } from "./Frame";
import type { Strokes } from "./strokes";

interface Props {
  desk: Desk;
  waiting: readonly Waiting[];
  /** How many there are; those that were fetched are the first. */
  total: number;
  isReview: boolean;
  start: Start | undefined;
}

/** A frame to begin with, whether it is in the queue or not; each time it is asked for has a turn of its own. */
export interface Start {
  picture: string;
  turn: number;
}

/** A frame besides the queue: the one to begin with, or where boxes were copied to. */
interface Beside {
  picture: string;
  turn: number;
  /** Nothing of the queue is done with it. */
  isBefore: boolean;
}

/** Frames whose labels and pixels are fetched before they are reached. */
const AHEAD = 3;

export function Frames({ desk, waiting, total, isReview, start }: Props) {
  // By name: another list neither takes the picture from under the hand nor passes one over.
  const [passed, setPassed] = useState<readonly string[]>([]);
  const here = useRef<string | undefined>(undefined);
  const [beside, setBeside] = useState<Beside | null>(start ? { picture: start.picture, turn: 1, isBefore: true } : null);
  // The list at whose end another was asked for: what was passed and is in that one, too, was left for later.
  const [ended, setEnded] = useState<readonly Waiting[] | null>(null);
  const kept = useRef(new Map<string, Strokes>());
  const isPassed = new Set(passed);
  const left = waiting.filter((one) => !isPassed.has(one.picture));
  // One that nobody has touched here, and that was done elsewhere meanwhile, gives way.
  const isHere = here.current !== undefined && (kept.current.has(here.current) || waiting.some((one) => one.picture === here.current));
  if (!isHere) here.current = left[0]?.picture;
  const picture = beside?.picture ?? here.current;
  useEffect(() => {
    const ahead = left.filter((one) => one.picture !== here.current).slice(0, AHEAD);
    for (const one of ahead) void desk.labels(one.picture).catch(() => {});
  }, [here.current, waiting]);
  const goesOn = !picture && total > 0 && (ended === null || ended === waiting);
  const allSent = desk.outbox.waiting.value.every(({ trouble }) => trouble);
  useEffect(() => {
    if (!goesOn || !allSent || ended) return;
    setEnded(waiting);
    desk.again(); // once the gateway knows what was done
  }, [goesOn, allSent, ended]);

  if (!picture) {
    const behind = total - waiting.length;
    const told = goesOn ? "framesMore" : behind > 0 ? "framesBehind" : total ? "framesLater" : isReview ? "labelReviewDone" : "framesDone";
    const again = () => {
      if (!goesOn) setPassed([]);
      setEnded(null);
      desk.again();
    };
    return (
      <div class="strip-done" role="status" data-testid="frames-done">
        <p>{say(told, { n: waiting.length, left: behind })}</p>
        <div class="buttons">
          <button type="button" class="button" onClick={again}>
            {say("again")}
          </button>
        </div>
      </div>
    );
  }
  const next = () => {
    setBeside(null);
    if (beside?.isBefore || !here.current) return;
    setPassed([...passed, here.current]);
    setEnded(null);
    here.current = undefined;
  };
  const back = () => {
    setBeside(null);
    const last = passed.at(-1);
    if (beside || !last) return;
    setPassed(passed.slice(0, -1));
    here.current = last;
  };
  return (
    <Opened
      key={`${picture} ${beside?.turn ?? 0}`}
      desk={desk}
      picture={picture}
      isReview={isReview}
      kept={kept.current}
      next={next}
      back={back}
      open={(other) => setBeside({ picture: other, turn: (beside?.turn ?? 0) + 1, isBefore: beside?.isBefore ?? false })}
    />
  );
}

interface OpenedProps {
  desk: Desk;
  picture: string;
  isReview: boolean;
  kept: Map<string, Strokes>;
  next: () => void;
  back: () => void;
  open: (picture: string) => void;
}

function Opened({ desk, picture, ...rest }: OpenedProps) {
  const [asked, again] = useAsked(picture, () => desk.labels(picture));
  useEffect(() => {
    // The next frame of the shot may be wanted, to copy boxes to.
    if (asked.is === "there" && asked.value.next) void desk.labels(asked.value.next).catch(() => {});
  }, [asked]);
  if (asked.is === "coming") return <Message title={say("loading")} />;
  if (asked.is === "refused") return <VideoProblem error={asked.error} again={again} />;
  return <Frame desk={desk} labels={asked.value} {...rest} />;
}
