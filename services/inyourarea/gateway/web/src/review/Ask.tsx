/** Is it her? One stretch, going round, beside her reference face. */
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { api } from "../api/client";
import type { Person, Span, Watch } from "../api/types";
import { pinOver, type Verdict } from "../edit/pins";
import { Verdicts } from "../edit/Verdicts";
import { Failure } from "../parts/Failure";
import { tell } from "../parts/toast";
import { useDeed } from "../parts/useDeed";
import { Player, type Scene } from "../player/player";
import { go } from "../router";
import { called, reason, say } from "../words/language";
import { clock } from "../words/time";
import { correct } from "./correct";
import type { Answer } from "./queue";
import { Reference } from "./Reference";
import { useKeys } from "./useKeys";

interface Props {
  watch: Watch;
  scene: Scene;
  person: Person;
  span: Span;
  answered: (answer: Answer) => void;
  /** Somebody else has corrected the video since it was fetched. */
  gone: () => void;
}

/** Seconds shown before and after a span, so that one sees where it comes from. */
const MARGIN_S = 0.7;

export function Ask({ watch, scene, person, span, answered, gone }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const place = useRef<HTMLDivElement>(null);
  const { busy, failure, attempt } = useDeed();
  const player = useMemo(() => {
    const video = document.createElement("video");
    video.playsInline = true;
    return new Player(video);
  }, []);

  const alone = player.alone.value;
  useLayoutEffect(() => {
    player.video.className = alone ? "picture" : "unseen";
    return canvas.current ? player.drawing.addFancam(canvas.current, () => person.id) : undefined;
  }, [alone]);
  useEffect(() => {
    place.current?.prepend(player.video);
    player.countsIn.value = false;
    player.muted.value = true;
    player.wish.value = "virtual";
    player.aspect.value = watch.aspects[0] ?? "9:16";
    player.person.value = person.id;
    player.show(scene);
    player.setLoop({ name: "", a, b });
    return () => player.close();
  }, []);

  const confirm = () =>
    attempt(async () => {
      await api.confirmSpan(watch.video.id, span.id);
      answered("right");
    });
  const judge = (verdict: Verdict) =>
    attempt(async () => {
      if (!(await correct(watch, pinOver(scene.times, span.from_frame, span.to_frame, person.id, verdict)))) return gone();
      tell(say("applied"));
      answered("corrected");
    });
  const later = () => answered("later");
  // Where nobody was seen there is nothing that could be given to somebody: she is pointed out on the stage.
  const isSeen = span.why !== "unseen";
  const a = Math.max(0, scene.times.seconds(span.from_frame) - MARGIN_S);
  const b = Math.min(scene.times.end, scene.times.seconds(span.to_frame) + MARGIN_S);
  const no = isSeen
    ? () => judge({ isNot: person.id })
    : () => go(`/watch/${watch.video.id}?person=${encodeURIComponent(person.id)}&a=${a.toFixed(2)}&b=${b.toFixed(2)}`);
  useKeys((key) => {
    const other = watch.people[Number(key) - 1];
    if (key === "y" || other === person) confirm();
    else if (key === "n") no();
    else if (key === "s") later();
    else if (other && isSeen) judge({ is: other.id });
  });

  const inside = player.frame.value >= span.from_frame && player.frame.value <= span.to_frame;
  return (
    <div class="ask" aria-busy={busy}>
      <Reference watch={watch} person={person} />
      <div class={`ask-picture ${inside ? "is-inside" : ""}`} ref={place} style={{ "--fancam": player.shape.value }}>
        {!alone && <canvas ref={canvas} class="picture" data-testid="review-canvas" role="img" aria-label={say("fancamOf", { name: called(person) })} />}
      </div>
      <div class="answers">
        <p class="eyebrow">
          {clock(scene.times.seconds(span.from_frame), 1)} – {clock(scene.times.seconds(span.to_frame), 1)}
        </p>
        <p>{reason(span)}</p>
        <Failure text={failure} />
        <div class="buttons">
          <button type="button" class="button is-main" disabled={busy} onClick={confirm} data-testid="yes">
            <kbd>Y</kbd> {say(isSeen ? "yes" : "confirm")}
          </button>
          <button type="button" class="button" disabled={busy} onClick={no} data-testid="no">
            <kbd>N</kbd> {say(isSeen ? "no" : "pointOut")}
          </button>
          <button type="button" class="button" disabled={busy} onClick={later} data-testid="later">
            <kbd>S</kbd> {say("later")}
          </button>
        </div>
        {isSeen && (
          <>
            <p class="hint">{say("reviewOthers")}</p>
            <Verdicts people={watch.people} taken={person} judge={judge} />
          </>
        )}
      </div>
    </div>
  );
}
