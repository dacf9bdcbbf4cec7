/** One person's states in time, what to look at, the loop, and where the player is. */
import { useComputed, useSignal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Span, State } from "../api/types";
import type { Player } from "../player/player";
import { spriteCell } from "../player/sprite";
import { stretches, told } from "../player/states";
import { called, reason, say } from "../words/language";
import { clock } from "../words/time";

export interface Selection {
  from: number;
  to: number;
}

interface Props {
  player: Player;
  /** Frames marked while correcting; null where dragging seeks. */
  selection?: Selection | null;
  select?: ((selection: Selection | null) => void) | undefined;
}

const STATES: State[] = ["observed", "followed", "filled", "open", "absent"];

export function Timeline({ player, selection, select }: Props) {
  const scene = player.scene.value;
  const person = player.shownPerson.value;
  const track = useRef<HTMLDivElement>(null);
  const begun = useRef<number | null>(null);
  const pointed = useSignal<Pointed | null>(null);
  const now = useComputed(() => Math.floor(player.seconds.value)).value;
  if (!scene || !person) return null;
  const { times } = scene;
  const share = (frame: number) => (frame >= times.frames ? 1 : times.seconds(frame) / times.end);
  const frameAt = (event: PointerEvent): number => {
    const box = track.current?.getBoundingClientRect();
    if (!box) return 0;
    const frame = times.shownAt(((event.clientX - box.left) / box.width) * times.end);
    const along = Math.max(0, Math.min(event.clientX - box.left, box.width));
    pointed.value = { seconds: times.seconds(frame), along, width: box.width };
    return frame;
  };
  const down = (event: PointerEvent) => {
    if (event.button) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    begun.current = frameAt(event);
    player.seekFrame(begun.current);
    if (select) select(null);
  };
  const move = (event: PointerEvent) => {
    const frame = frameAt(event);
    if (begun.current === null) return;
    player.seekFrame(frame);
    if (select && frame !== begun.current) {
      select({ from: Math.min(begun.current, frame), to: Math.max(begun.current, frame) });
    }
  };
  const up = (event: PointerEvent) => {
    begun.current = null;
    // A finger that is lifted points at nothing any more; a mouse does until it leaves.
    if (event.pointerType !== "mouse") pointed.value = null;
  };
  const press = (event: KeyboardEvent) => {
    const to = keyed(event.key, player.seconds.value, times.end);
    if (to === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    player.seek(to);
  };
  return (
    <div class="timeline">
      <div
        class={`track ${select ? "is-selecting" : ""}`}
        ref={track}
        data-testid="timeline"
        role="slider"
        tabIndex={0}
        aria-label={say("timeline")}
        aria-valuemin={0}
        aria-valuemax={Math.round(times.end)}
        aria-valuenow={now}
        aria-valuetext={`${clock(now)}, ${called(person)}: ${say(`state_${player.state.value}`)}`}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onPointerCancel={up}
        onPointerLeave={() => begun.current === null && (pointed.value = null)}
        onKeyDown={press}
      >
        <States player={player} />
        {player.loop.value && (
          <Mark kind="loop" from={player.loop.value.a / times.end} to={player.loop.value.b / times.end} />
        )}
        {selection && <Mark kind="selection" from={share(selection.from)} to={share(selection.to + 1)} />}
        {person.spans.map((span) => (
          <SpanMark key={span.id} span={span} from={share(span.from_frame)} to={share(span.to_frame + 1)} />
        ))}
        <Playhead player={player} />
        <Preview player={player} pointed={pointed} />
      </div>
      <ul class="legend">
        {STATES.map((state) => (
          <li key={state} class={`is-${state}`}>
            {say(`state_${state}`)}
          </li>
        ))}
        {person.spans.length > 0 && <li class="is-span">{say("lookAt")}</li>}
      </ul>
    </div>
  );
}

/** Where on the timeline somebody points. */
interface Pointed {
  seconds: number;
  /** Pixels from the timeline's left end, and its length. */
  along: number;
  width: number;
}

/** The stage as it is where somebody points, above the timeline and never beyond its ends. */
function Preview({ player, pointed }: { player: Player; pointed: Signal<Pointed | null> }) {
  const scene = player.scene.value;
  const at = pointed.value;
  if (!scene || !at) return null;
  const sprite = scene.video.stage?.sprite;
  const half = (sprite?.width ?? 60) / 2;
  const cell = sprite && spriteCell(sprite, at.seconds, scene.times.end);
  const picture = sprite && cell && { backgroundImage: `url("${sprite.url}")`, backgroundPosition: `${-cell.x}px ${-cell.y}px`, width: `${sprite.width}px`, height: `${sprite.height}px` };
  return (
    <div class="preview" style={{ left: `${Math.max(half, Math.min(at.along, at.width - half))}px` }} aria-hidden="true" data-testid="preview-picture">
      {picture && <div class={`preview-picture ${player.mirror.value ? "is-mirrored" : ""}`} style={picture} />}
      <span>{clock(at.seconds, 1)}</span>
    </div>
  );
}

/** Seconds of an arrow, and the share of the video of a page, as sliders have them; other arrows are the page's. */
const STEP_S = 5;
const PAGE = 0.1;

/** Where a key takes the timeline, in seconds; null where it means nothing there. */
export function keyed(key: string, now: number, end: number): number | null {
  const to: Record<string, number> = {
    Home: 0,
    End: end,
    PageUp: now + PAGE * end,
    PageDown: now - PAGE * end,
    ArrowUp: now + STEP_S,
    ArrowDown: now - STEP_S,
  };
  return to[key] ?? null;
}

function Playhead({ player }: { player: Player }) {
  const at = player.seconds.value / (player.scene.value?.times.end || 1);
  return <div class="playhead" style={{ transform: `translateX(${100 * Math.min(1, at)}%)` }} data-testid="playhead" />;
}

function SpanMark({ span, from, to }: { span: Span; from: number; to: number }) {
  return <Mark kind={span.confirmed ? "span is-confirmed" : "span"} from={from} to={to} title={reason(span)} />;
}

function Mark({ kind, from, to, title }: { kind: string; from: number; to: number; title?: string }) {
  return <div class={`mark ${kind}`} style={{ "--from": from, "--to": to }} title={title} />;
}

/** Heights of the bar's parts as shares of it: what is surer stands taller. */
const HEIGHT: Record<State, number> = { observed: 1, followed: 0.76, filled: 0.52, open: 0.28, absent: 0 };

function States({ player }: { player: Player }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scene = player.scene.value;
  const person = player.shownPerson.value;
  useEffect(() => {
    const element = canvas.current;
    const pen = element?.getContext("2d");
    if (!element || !pen || !scene || !person) return;
    const draw = () => {
      const density = devicePixelRatio || 1;
      const [width, height] = [element.clientWidth * density, element.clientHeight * density];
      element.width = width;
      element.height = height;
      const colours = getComputedStyle(element);
      const x = (frame: number) => (frame >= scene.times.frames ? 1 : scene.times.seconds(frame) / scene.times.end) * width;
      for (const { from, to, state } of told(stretches(person.states, scene.times.frames))) {
        const tall = Math.max(density, HEIGHT[state] * height);
        pen.fillStyle = colours.getPropertyValue(`--state-${state}`);
        pen.fillRect(x(from), (height - tall) / 2, Math.max(1, x(to) - x(from)), tall);
      }
    };
    const observer = new ResizeObserver(draw);
    observer.observe(element);
    return () => observer.disconnect();
  }, [scene, person]);
  return <canvas class="states" ref={canvas} aria-hidden="true" />;
}
