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
  isReview: boolean;
  /** A frame to begin with, whether it is among them or not. */
  start: string | undefined;
}

/** Frames whose labels and pixels are fetched before they are reached. */
const AHEAD = 3;
/** The turn of a frame that comes before the queue. */
const BEGINNING = -1;

export function Frames({ desk, waiting, isReview, start }: Props) {
  const [at, setAt] = useState(0);
  /** A frame besides the queue, where boxes were copied to. */
  const [beside, setBeside] = useState<{ picture: string; turn: number } | null>(start ? { picture: start, turn: BEGINNING } : null);
  const kept = useRef(new Map<string, Strokes>());
  const picture = beside?.picture ?? waiting[at]?.picture;
  useEffect(() => {
    for (const { picture: one } of waiting.slice(at + 1, at + 1 + AHEAD)) void desk.labels(one).catch(() => {});
  }, [at, waiting]);

  if (!picture) {
    return (
      <div class="strip-done" role="status" data-testid="frames-done">
        <p>{say(isReview ? "labelReviewDone" : "framesDone")}</p>
        <div class="buttons">
          <button type="button" class="button" onClick={() => (setAt(0), desk.again())}>
            {say("again")}
          </button>
        </div>
      </div>
    );
  }
  return (
    <Opened
      key={`${picture} ${beside?.turn ?? at}`}
      desk={desk}
      picture={picture}
      isReview={isReview}
      kept={kept.current}
      next={() => {
        setBeside(null);
        if (beside?.turn !== BEGINNING) setAt(at + 1);
      }}
      back={() => (beside ? setBeside(null) : setAt(Math.max(0, at - 1)))}
      open={(other) => setBeside({ picture: other, turn: (beside?.turn ?? at) + waiting.length })}
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
