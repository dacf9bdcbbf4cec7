/** The review queue: every span to look at, beside the person's reference face, one key each. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Span, VideoToReview, Watch } from "../api/types";
import { Failure } from "../parts/Failure";
import { Message, VideoProblem } from "../parts/Message";
import { useAsked } from "../parts/useAsked";
import type { Scene } from "../player/player";
import { Approve } from "../review/Approve";
import { Ask } from "../review/Ask";
import { meet, stepsOf, type Answer, type Step, type Subject } from "../review/queue";
import { called, reason, say } from "../words/language";
import { sceneOf } from "../watch/scene";

/** Videos that are gone through for a page: the gateway's most. */
const A_PAGE = 100;

export function Review() {
  const [asked, again] = useAsked("review", everything);
  const [answers, setAnswers] = useState<ReadonlyMap<string, Answer>>(new Map());
  const met = useRef<Subject[]>([]);
  useEffect(() => {
    document.title = `${say("review")} · InYourArea`;
  });
  useMemo(() => {
    if (asked.is === "there") met.current = meet(met.current, asked.value);
  }, [asked]);
  // What was corrected is asked for anew, and may still be there.
  useEffect(() => setAnswers((before) => new Map([...before].filter(([, answer]) => answer !== "corrected"))), [asked]);
  if (asked.is === "coming") return <Message title={say("loading")} />;
  if (asked.is === "refused") return <VideoProblem error={asked.error} again={again} />;
  const steps = stepsOf(met.current, answers);
  const [step, next] = steps;
  const later = [...answers].filter(([, answer]) => answer === "later");
  if (!step && later.length) {
    const anew = () => {
      setAnswers(new Map([...answers].filter(([, answer]) => answer !== "later")));
      again();
    };
    return (
      <Message title={say("reviewLater", { n: later.length })} text={say("reviewLaterHelp")} back>
        <p>
          <button type="button" class="button" onClick={anew}>
            {say("again")}
          </button>
        </p>
      </Message>
    );
  }
  if (!step) return <Message title={say("reviewDone")} text={say("reviewDoneHelp")} back />;
  const answered = (answer: Answer) => {
    setAnswers(new Map([...answers, [step.key, answer]]));
    if (answer === "corrected") again(); // other stretches of the video may be gone, or new
  };
  return (
    <section class="review">
      <header>
        <h1>{say("review")}</h1>
        <p class="hint">{say("reviewHelp")}</p>
        <span class="status" data-testid="to-go">
          {say("reviewOf", { n: steps.filter(({ span }) => span).length })}
        </span>
      </header>
      <OfVideo key={`${step.subject.video} ${step.subject.run}`} step={step} answered={answered} again={again} />
      {next && (
        <p class="hint" data-testid="next">
          {say("reviewNext", { what: inShort(next) })}
        </p>
      )}
    </section>
  );
}

function inShort({ subject, span }: Step): string {
  const name = called({ name: subject.name, names: {} });
  return `${name} · ${span ? reason(span) : say("approve")} · ${subject.title}`;
}

/** All that waits for an editor, page by page: so that what is left can be counted. */
async function everything(signal: AbortSignal): Promise<VideoToReview[]> {
  const found: VideoToReview[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.review(cursor ? { cursor, limit: A_PAGE } : { limit: A_PAGE }, signal);
    found.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor);
  return found;
}

interface Props {
  step: Step;
  answered: (answer: Answer) => void;
  again: () => void;
}

/** What it takes to show a video's stretches is fetched when the first of them is reached. */
function OfVideo({ step, answered, again }: Props) {
  const { video, run, person } = step.subject;
  const [asked, retry] = useAsked(`${video} ${run}`, () => shownOf(video));
  const [isGone, setGone] = useState(false);
  if (asked.is === "coming") return <Message title={say("loading")} />;
  if (asked.is === "refused") return <VideoProblem error={asked.error} again={retry} />;
  const { watch, scene } = asked.value;
  const somebody = watch.people.find(({ id }) => id === person);
  const anew = () => {
    setGone(false);
    retry();
    again();
  };
  if (isGone || !somebody || (step.span && !isThere(somebody.spans, step.span))) return <Gone again={anew} later={() => answered("later")} />;
  const props = { watch, person: somebody, answered };
  return step.span ? <Ask key={step.key} {...props} scene={scene} span={step.span} gone={() => setGone(true)} /> : <Approve key={step.key} {...props} />;
}

async function shownOf(video: string): Promise<{ watch: Watch; scene: Scene }> {
  const watch = await api.watch(video);
  return { watch, scene: await sceneOf(watch) };
}

const isThere = (spans: Span[], span: Span) => spans.some(({ id }) => id === span.id);

/** Somebody else has corrected the video since the queue was asked for. */
function Gone({ again, later }: { again: () => void; later: () => void }) {
  return (
    <div class="ask">
      <Failure text={say("stale")} />
      <div class="buttons">
        <button type="button" class="button is-main" onClick={again}>
          {say("again")}
        </button>
        <button type="button" class="button" onClick={later}>
          {say("later")}
        </button>
      </div>
    </div>
  );
}
