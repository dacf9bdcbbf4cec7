/** The review queue: every span to look at, beside the person's reference face, one key each. */
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Person, Span, Watch } from "../api/types";
import { pinOver, type Verdict } from "../edit/pins";
import { Verdicts } from "../edit/Verdicts";
import { Failure } from "../parts/Failure";
import { Icon } from "../parts/Icon";
import { inWords, Message, VideoProblem } from "../parts/Message";
import { tell } from "../parts/toast";
import { useAsked } from "../parts/useAsked";
import { Player, type Scene } from "../player/player";
import { Link } from "../router";
import { called, reason, say } from "../words/language";
import { clock } from "../words/time";
import { sceneOf } from "../watch/scene";

interface Question {
  watch: Watch;
  scene: Scene;
  person: Person;
  span: Span;
}

/** Seconds shown before and after a span, so that one sees where it comes from. */
const MARGIN_S = 0.7;

export function Review() {
  const [asked, again] = useAsked("review", questions);
  const [answered, setAnswered] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    document.title = `${say("review")} · InYourArea`;
  });
  if (asked.is === "coming") return <Message title={say("loading")} />;
  if (asked.is === "refused") return <VideoProblem error={asked.error} again={again} />;
  const left = asked.value.filter((question) => !answered.has(key(question)));
  const [question] = left;
  if (!question) return <Message title={say("reviewDone")} text={say("reviewDoneHelp")} back />;
  return (
    <section class="review">
      <header>
        <h1>{say("review")}</h1>
        <p class="hint">{say("reviewHelp")}</p>
        <span class="status" data-testid="to-go">
          {say("reviewOf", { n: left.length })}
        </span>
      </header>
      <Ask key={key(question)} question={question} answered={() => setAnswered(new Set([...answered, key(question)]))} />
    </section>
  );
}

const key = ({ watch, span }: Question) => `${watch.video.id} ${span.id}`;

async function questions(signal: AbortSignal): Promise<Question[]> {
  const { items } = await api.videos({ state: "ready", limit: 100 }, signal);
  const found: Question[] = [];
  for (const video of items) {
    const watch = await api.watch(video.id);
    const open = watch.people.flatMap((person) => person.spans.filter(({ confirmed }) => !confirmed).map((span) => ({ person, span })));
    if (!open.length) continue;
    const scene = await sceneOf(watch);
    found.push(...open.map((one) => ({ watch, scene, ...one })));
  }
  return found;
}

function Ask({ question, answered }: { question: Question; answered: () => void }) {
  const { watch, scene, person, span } = question;
  const canvas = useRef<HTMLCanvasElement>(null);
  const place = useRef<HTMLDivElement>(null);
  const [failure, setFailure] = useState("");
  const player = useMemo(() => {
    const video = document.createElement("video");
    video.className = "unseen";
    video.playsInline = true;
    return new Player(video);
  }, []);

  useEffect(() => {
    place.current?.prepend(player.video);
    const remove = canvas.current ? player.drawing.addFancam(canvas.current, () => person.id) : undefined;
    player.countsIn.value = false;
    player.muted.value = true;
    player.wish.value = "virtual";
    player.aspect.value = watch.aspects[0] ?? "9:16";
    player.person.value = person.id;
    player.show(scene);
    if (player.alone.value) player.video.className = "picture";
    const { times } = scene;
    player.setLoop({ name: "", a: Math.max(0, times.seconds(span.from_frame) - MARGIN_S), b: Math.min(times.end, times.seconds(span.to_frame) + MARGIN_S) });
    return () => {
      remove?.();
      player.close();
    };
  }, []);

  const confirm = async () => {
    try {
      await api.confirmSpan(watch.video.id, span.id);
      answered();
    } catch (error) {
      setFailure(inWords(error));
    }
  };
  const judge = async (verdict: Verdict) => {
    try {
      const { revision, pins } = await api.pins(watch.video.id);
      await api.setPins(watch.video.id, revision, [...pins, pinOver(scene.times, span.from_frame, span.to_frame, person.id, verdict)]);
      tell(say("applied"));
      answered();
    } catch (error) {
      setFailure(inWords(error));
    }
  };

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || (event.target as Element).matches("input, select, textarea")) return;
      const other = watch.people[Number(event.key) - 1];
      if (event.key === "y") void confirm();
      else if (event.key === "n") void judge({ isNot: person.id });
      else if (event.key === "s") answered();
      else if (other) void (other === person ? confirm() : judge({ is: other.id }));
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);

  const inside = player.frame.value >= span.from_frame && player.frame.value <= span.to_frame;
  return (
    <div class="ask">
      <figure class="reference">
        {person.face_url ? <img src={person.face_url} alt={say("reference")} /> : <Icon name="person" />}
        <figcaption>
          <strong>{called(person)}</strong>
          <Link to={`/watch/${watch.video.id}?person=${encodeURIComponent(person.id)}`}>{watch.video.title}</Link>
        </figcaption>
      </figure>
      <div class={`ask-picture ${inside ? "is-inside" : ""}`} ref={place} style={{ "--fancam": player.shape.value }}>
        {!player.alone.value && <canvas ref={canvas} class="picture" data-testid="review-canvas" role="img" aria-label={say("fancamOf", { name: called(person) })} />}
      </div>
      <div class="answers">
        <p class="eyebrow">
          {clock(scene.times.seconds(span.from_frame), 1)} – {clock(scene.times.seconds(span.to_frame), 1)}
        </p>
        <p>{reason(span)}</p>
        <Failure text={failure} />
        <div class="buttons">
          <button type="button" class="button is-main" onClick={() => void confirm()} data-testid="yes">
            <kbd>Y</kbd> {say("yes")}
          </button>
          <button type="button" class="button" onClick={() => void judge({ isNot: person.id })} data-testid="no">
            <kbd>N</kbd> {say("no")}
          </button>
          <button type="button" class="button" onClick={answered}>
            <kbd>S</kbd> {say("later")}
          </button>
        </div>
        <p class="hint">{say("reviewOthers")}</p>
        <Verdicts people={watch.people} taken={person} judge={(verdict) => void judge(verdict)} />
      </div>
    </div>
  );
}
