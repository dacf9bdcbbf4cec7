/** The dataset's newest training: how far it is, what came of it, and the buttons to end it and for another. */
import { useEffect, useRef } from "preact/hooks";
import { api } from "../api/client";
import type { Trained, TrainingNow } from "../api/types";
import { Failure } from "../parts/Failure";
import { useAsked } from "../parts/useAsked";
import { useDeed } from "../parts/useDeed";
import { aboutLong, moment, say, sayAny } from "../words/language";
import { retold } from "../words/reasons";
import { quoted } from "../words/shell";

/** How often it is asked how far a training is. */
const POLL_MS = 2000;

export function Training({ dataset }: { dataset: string }) {
  const [asked, again] = useAsked(`training ${dataset}`, () => api.training(dataset));
  const { busy, failure, attempt } = useDeed();
  const last = useRef<TrainingNow | null>(null);
  if (asked.is === "there") last.current = asked.value;
  const told = last.current; // while it can not be asked, what was told before
  const isUnderWay = told?.training != null && !hasEnded(told.training);
  const isAtWork = told?.training?.state === "working"; // one that only waits may be told again: that may have been lost
  useEffect(() => {
    if (!isUnderWay) return;
    const asking = setTimeout(again, POLL_MS);
    return () => clearTimeout(asking);
  }, [asked]);
  if (told === null) return null;
  const train = async () => {
    await api.train(dataset);
    again();
  };
  const cancel = async () => {
    await api.cancelTraining(dataset);
    again();
  };
  return (
    <section class="tally training" aria-label={say("training")} data-testid="training" data-state={told.training?.state ?? "none"}>
      {told.training && <State training={told.training} />}
      {told.why_not && !isUnderWay && <p class="hint">{told.why_not}</p>}
      <Failure text={failure} />
      <button type="button" class="button" disabled={busy || isAtWork || told.why_not !== null} onClick={() => attempt(train)} data-testid="train">
        {say("train")}
      </button>
      {isUnderWay && (
        <button type="button" class="button" disabled={busy} onClick={() => attempt(cancel)} data-testid="cancel-training">
          {say("trainingCancel")}
        </button>
      )}
    </section>
  );
}

function State({ training }: { training: Trained }) {
  const { state, group, done, total, failure, version, worse, members } = training;
  if (state === "failed") return <Failure text={say("trainingFailed", { why: retold(failure ?? "") })} />;
  if (state === "cancelled") return <p role="status">{say("trainingCancelled", { by: training.cancelled_by || say("somebody"), at: moment(training.at) })}</p>;
  if (!hasEnded(training)) {
    const share = total ? Math.floor((100 * done) / total) : 0;
    return (
      <p role="status">
        <span>{state === "waiting" ? say("trainingWaits") : farOf(training, share)}</span> <progress max={100} value={share} aria-label={say("training")} />
      </p>
    );
  }
  return (
    <>
      <p role="status">{say(training.is_used ? "trainingUsed" : "trainingKept", { group, version: version ?? 0 })}</p>
      {!training.is_used && (
        <p class="hint">
          {worse.join("; ")}. {say("trainingUse", { command: `inyourarea models use ${quoted(group)} ${version} --force` })}
        </p>
      )}
      {training.judged_on && training.judged_on !== "test" && <p class="hint">{say("trainingJudgedOn", { part: training.judged_on })}</p>}
      <dl>
        {members.map((one) => (
          <div key={one.name}>
            <dt>{one.name}</dt>
            <dd>
              <small>{say("trainingReached", { map50: one.map50.toFixed(3), map50_95: one.map50_95.toFixed(3) })}</small>
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function hasEnded({ state }: Trained): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}

/** What is being done, how much of it is, and how long the rest may take. */
function farOf({ step, done, total, left_s }: Trained, share: number): string {
  const key = `training_${step.replaceAll(" ", "_")}`;
  const text = sayAny(key);
  const name = text === key ? step : text;
  if (!total) return `${name}…`;
  const isRounds = step === "learning" || step === "teacher";
  const parts = [`${name}: ${share} %`, say(isRounds ? "trainingRounds" : "trainingPictures", { done, total })];
  if (left_s) parts.push(say("trainingLeft", { time: aboutLong(left_s) }));
  return parts.join(" · ");
}
