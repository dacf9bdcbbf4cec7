/** Labelling a dataset: tracklets by the hundred, then single frames, then what others did. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api } from "../api/client";
import type { DatasetInShort, LabelQueue, Tally as Counts } from "../api/types";
import { Desk } from "../label/desk";
import { Frames, type Start } from "../label/Frames";
import type { Item } from "../label/outbox";
import { Rules } from "../label/Rules";
import { Strips } from "../label/Strips";
import { Tally } from "../label/Tally";
import { Training } from "../label/Training";
import { Message, VideoProblem } from "../parts/Message";
import { useAsked } from "../parts/useAsked";
import { Link } from "../router";
import { me } from "../session";
import { say } from "../words/language";

/** What is asked for of each kind at a time. */
const A_PAGE = 200;
const KINDS = ["tracklets", "frames", "review"] as const;
type Kind = (typeof KINDS)[number];

export function LabelPage({ name }: { name: string }) {
  const [asked, again] = useAsked(name, async () => {
    const [dataset, tally] = await Promise.all([api.dataset(name), api.tally(name)]);
    return { dataset, tally };
  });
  useEffect(() => {
    document.title = `${name} · ${say("datasets")} · InYourArea`;
  }, [name]);
  if (asked.is === "coming") return <Message title={say("loading")} />;
  if (asked.is === "refused") return <VideoProblem error={asked.error} again={again} />;
  return <AtDesk {...asked.value} />;
}

function AtDesk({ dataset, tally }: { dataset: DatasetInShort; tally: Counts }) {
  const desk = useMemo(() => new Desk(dataset, tally, me.value?.name ?? ""), []);
  useEffect(() => desk.close, []);
  const [asked, again] = useAsked(dataset.name, () => api.labelQueue(dataset.name, A_PAGE));
  const last = useRef<LabelQueue | null>(null);
  if (asked.is === "there") last.current = asked.value;
  const queue = last.current; // while it can not be asked, what was told before
  const [kind, setKind] = useState<Kind | null>(null);
  /** A picture that waits for a decision, to be opened first. */
  const [start, setStart] = useState<Start | undefined>(undefined);
  const [hasRules, setRules] = useState(false);
  desk.again = again;
  const waits = desk.outbox.waiting.value;
  const troubled = waits.filter(({ trouble }) => trouble);
  const look = ({ id }: Item) => {
    setStart((before) => ({ picture: id, turn: (before?.turn ?? 0) + 1 }));
    setKind("frames");
  };
  return (
    <section class="labelling">
      <header class="label-head">
        <h1>{dataset.name}</h1>
        <button type="button" class="button" onClick={() => setRules(true)} data-testid="show-rules">
          {say("rules")}
        </button>
        <Link to="/datasets">{say("datasets")}</Link>
        <span class="status" role="status" data-testid="kept" data-waiting={waits.length}>
          {troubled.length ? say("keptTrouble", { n: troubled.length }) : waits.length ? say(desk.outbox.isAway.value ? "keptHere" : "keptSending", { n: waits.length }) : say("keptAll")}
        </span>
      </header>
      {troubled.length > 0 && (
        <ul class="troubled" aria-label={say("keptTrouble", { n: troubled.length })}>
          {troubled.map((item) => (
            <li key={`${item.kind} ${item.id}`} class="notice">
              <span>{item.trouble?.status === 409 ? say(item.kind === "labels" ? "conflict" : "nameConflict", { by: item.trouble.by || say("somebody") }) : item.trouble?.text}</span>
              {item.kind === "labels" && (
                <button type="button" class="button" onClick={() => look(item)} data-testid="troubled">
                  {say("look")}
                </button>
              )}
              {(item.kind === "tracklet" || item.trouble?.status !== 409) && (
                <button type="button" class="button" onClick={() => desk.outbox.forget(item)} data-testid="discard">
                  {say("discard")}
                </button>
              )}
              {item.kind === "tracklet" && item.trouble?.status === 409 && (
                <button type="button" class="button" onClick={() => desk.outbox.insistOnName(item.id)} data-testid="keep-my-name">
                  {say("keepMine")}
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      <Tally tally={desk.tally.value} />
      {hasRules && <Rules close={() => setRules(false)} />}
      {asked.is === "refused" ? <VideoProblem error={asked.error} again={again} /> : !queue && <Message title={say("loading")} />}
      {queue && <Work desk={desk} queue={queue} kind={kind ?? first(queue)} start={start} choose={(to) => (setKind(to), setStart(undefined), again())} />}
      <Training dataset={dataset.name} />
    </section>
  );
}

/** What is to be done first: a name for many boxes gives most. */
function first(queue: LabelQueue): Kind {
  return KINDS.find((kind) => queue[kind].total) ?? "tracklets";
}

interface WorkProps {
  desk: Desk;
  queue: LabelQueue;
  kind: Kind;
  start: Start | undefined;
  choose: (kind: Kind) => void;
}

function Work({ desk, queue, kind, start, choose }: WorkProps) {
  const { name, pictures } = desk.dataset.value;
  if (!pictures && !queue[first(queue)].total) {
    return (
      <div class="strip-done" role="status" data-testid="no-pictures">
        <p>{say("noPictures", { name })}</p>
        <p>
          <code>{`inyourarea collect VIDEO --dataset DIR/.inyourarea/datasets/${name}`}</code>
        </p>
        <button type="button" class="button" onClick={() => desk.again()}>
          {say("again")}
        </button>
      </div>
    );
  }
  return (
    <>
      <div class="tabs label-tabs" role="group" aria-label={say("labelQueue")}>
        {KINDS.map((one) => (
          <button type="button" key={one} aria-pressed={one === kind} onClick={() => choose(one)} data-testid={`queue-${one}`}>
            {say(`queue_${one}`, { n: queue[one].total })}
          </button>
        ))}
      </div>
      <p class="hint">{say(`queueHelp_${kind}`)}</p>
      {kind === "tracklets" && <Strips key="strips" desk={desk} {...queue.tracklets} strips={queue.tracklets.items} />}
      {kind !== "tracklets" && <Frames key={`${kind} ${start?.turn ?? ""}`} start={start} desk={desk} waiting={queue[kind].items} total={queue[kind].total} isReview={kind === "review"} />}
    </>
  );
}
