/** One person's states in time, what to look at, the loop, and where the player is. */
import { useComputed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Span, State } from "../api/types";
import type { Player } from "../player/player";
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
  const now = useComputed(() => Math.floor(player.seconds.value)).value;
  if (!scene || !person) return null;
  const { times } = scene;
  const share = (frame: number) => (frame >= times.frames ? 1 : times.seconds(frame) / times.end);
  const frameAt = (event: PointerEvent): number => {
    const box = track.current?.getBoundingClientRect();
    return box ? times.shownAt(((event.clientX - box.left) / box.width) * times.end) : 0;
  };
  const down = (event: PointerEvent) => {
    if (event.button) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    begun.current = frameAt(event);
    player.seekFrame(begun.current);
    if (select) select(null);
  };
  const move = (event: PointerEvent) => {
    if (begun.current === null) return;
    const frame = frameAt(event);
    player.seekFrame(frame);
    if (select && frame !== begun.current) {
      select({ from: Math.min(begun.current, frame), to: Math.max(begun.current, frame) });
    }
  };
  const up = () => {
    begun.current = null;
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

function Playhead({ player }: { player: Player }) {
  const at = player.seconds.value / (player.scene.value?.times.end || 1);
  return <div class="playhead" style={{ "--at": Math.min(1, at) }} data-testid="playhead" />;
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
