/** Stage and fancam side by side; one above the other on an upright phone. */
import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Person } from "../api/types";
import type { Player } from "../player/player";
import { stateAt } from "../player/states";
import { called, say } from "../words/language";
import { retold } from "../words/reasons";

interface Props {
  player: Player;
  video: HTMLVideoElement;
  /** What lies over the stage while somebody corrects. */
  overStage?: ComponentChildren;
}

export function Theatre({ player, video, overStage }: Props) {
  const scene = player.scene.value;
  const source = scene?.video.source;
  const shape = source ? source.width / source.height : 16 / 9;
  const grid = player.tiled.value;
  const tiles = tiling(scene?.people.length ?? 1, shape, player.shape.value);
  const beside = grid ? (tiles.across * player.shape.value) / tiles.down : player.shape.value;
  const upright = fitting(scene?.people.length ?? 1, UPRIGHT, player.shape.value);
  const shapes = { "--stage": shape, "--fancam": player.shape.value, "--beside": beside, "--across": tiles.across, "--down": tiles.down, "--upright-across": upright.across, "--upright-down": upright.down };
  return (
    <div class={`theatre ${grid ? "is-grid" : ""}`} style={shapes}>
      <StagePane player={player} video={video}>
        {overStage}
      </StagePane>
      {grid ? <GridPane player={player} /> : <FancamPane player={player} video={video} />}
    </div>
  );
}

function StagePane({ player, video, children }: { player: Player; video: HTMLVideoElement; children: ComponentChildren }) {
  const pane = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const encoded = player.mode.value === "encoded";
  const alone = player.alone.value;
  const poster = player.scene.value?.video.poster_url;
  useLayoutEffect(() => {
    if (!alone) pane.current?.prepend(video);
  }, [video, alone]);
  useLayoutEffect(() => {
    video.className = encoded ? "picture" : "unseen";
    video.classList.toggle("is-mirrored", encoded && player.mirror.value);
  }, [encoded, player.mirror.value]);
  useLayoutEffect(() => (canvas.current && !encoded ? player.drawing.addStage(canvas.current) : undefined), [encoded]);
  return (
    <figure class="pane stage" ref={pane} aria-label={say("stage")} onClick={children ? undefined : () => player.toggle()}>
      {!encoded && (
        <canvas ref={canvas} class="picture" data-testid="stage-canvas" role="img" aria-label={say("stage")} />
      )}
      {poster && (alone || !player.drawn.value) && <img class="picture poster-picture" src={poster} alt="" data-testid="poster" />}
      {alone && <NoStage player={player} />}
      {!alone && children}
      <Counting player={player} />
      {player.waiting.value && <span class="spinner" aria-label={say("loading")} />}
    </figure>
  );
}

/** Why there is no stage to see: it is being made, or could not be. */
function NoStage({ player }: { player: Player }) {
  const why = player.scene.value?.video.stage_failure;
  return (
    <p class="no-stage" role="status" data-testid="no-stage">
      <strong>{say(why ? "stageFailed" : "stageComing")}</strong>
      {why ? retold(why) : say("stageComingHelp")}
    </p>
  );
}

function Counting({ player }: { player: Player }) {
  const left = player.counting.value;
  return left === null ? null : (
    <span class="counting" key={left} data-testid="count-in" aria-live="assertive">
      {left}
    </span>
  );
}

function FancamPane({ player, video }: { player: Player; video: HTMLVideoElement }) {
  const person = player.shownPerson.value;
  const place = useRef<HTMLDivElement>(null);
  const encoded = player.mode.value === "encoded";
  const alone = player.alone.value;
  const mirrored = encoded && player.mirror.value;
  useLayoutEffect(() => {
    if (!encoded) return;
    if (alone) place.current?.prepend(video);
    player.setPairPlace(place.current);
    return () => player.setPairPlace(null);
  }, [encoded, alone, person === null]);
  if (!person) return <figure class="pane fancam" aria-label={say("fancam")} />;
  return (
    <figure class="pane fancam" aria-label={say("fancamOf", { name: called(person) })} data-testid="fancam">
      {encoded ? (
        <div ref={place} class={`pair ${mirrored && !alone ? "is-mirrored" : ""}`} key="pair" />
      ) : (
        <FancamCanvas player={player} person={person} whose={() => player.person.peek()} testId="fancam-canvas" />
      )}
      {alone && !player.fancam.value?.url && <p class="no-stage">{say("drawing")}</p>}
      {encoded && !alone && player.fancamBroken.value && (
        <div class="no-stage" role="status" data-testid="fancam-broken">
          {say("fancamBroken")}
          <button type="button" class="button" onClick={() => player.tryFancam()}>
            {say("again")}
          </button>
        </div>
      )}
      <Badge player={player} person={person} />
    </figure>
  );
}

interface FancamCanvasProps {
  player: Player;
  person: Person;
  /** Asked at each drawing, so that another member is drawn before the page has heard of it. */
  whose: () => string | null;
  testId: string;
}

function FancamCanvas({ player, person, whose, testId }: FancamCanvasProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => (canvas.current ? player.drawing.addFancam(canvas.current, whose) : undefined), []);
  return (
    <canvas
      ref={canvas}
      class="picture"
      data-testid={testId}
      role="img"
      aria-label={say("fancamOf", { name: called(person) })}
    />
  );
}

function Badge({ player, person }: { player: Player; person: Person }) {
  const away = useComputed(() => stateAt(person.states, player.frame.value) === "absent").value;
  return (
    <figcaption class="label">
      <strong>{called(person)}</strong>
      {away && (
        <span class="badge" data-testid="badge">
          {say("away")}
        </span>
      )}
    </figcaption>
  );
}

/** Every member at once; a click goes to one. */
function GridPane({ player }: { player: Player }) {
  const people = player.scene.value?.people ?? [];
  const pick = (person: Person) => {
    player.person.value = person.id;
    player.grid.value = false;
  };
  return (
    <div class="grid" data-testid="grid">
      {people.map((person) => (
        <button type="button" class="tile" key={person.id} onClick={() => pick(person)}>
          <FancamCanvas player={player} person={person} whose={() => person.id} testId={`grid-${person.id}`} />
          <Badge player={player} person={person} />
        </button>
      ))}
    </div>
  );
}

/** The theatre's shape while one fancam is shown: about what a window leaves for it. */
const ROOM = 16 / 9 + 9 / 16;
/** What the stage counts beside the members, in a view that is for the members. */
const STAGE_COUNTS = 0.25;

/** So many tiles across and down that members, and the stage beside them, become as large as they can. */
export function tiling(count: number, stage: number, fancam: number): { across: number; down: number } {
  let best = { across: 1, down: 1, worth: 0 };
  for (let down = 1; down <= count; down++) {
    const across = Math.ceil(count / down);
    const height = Math.min(1, ROOM / (stage + (across * fancam) / down));
    const worth = (count * fancam * height * height) / (down * down) + STAGE_COUNTS * stage * height * height;
    if (worth > best.worth) best = { across, down, worth };
  }
  return { across: best.across, down: best.down };
}

/** The shape of what an upright phone leaves for the members, width over height. */
const UPRIGHT = 1.35;

/** So many tiles across and down that they become as large as they can in a place of that shape. */
export function fitting(count: number, place: number, fancam: number): { across: number; down: number } {
  let best = { across: 1, down: count, height: 0 };
  for (let across = 1; across <= count; across++) {
    const down = Math.ceil(count / across);
    const height = Math.min(1 / down, place / across / fancam);
    if (height > best.height) best = { across, down, height };
  }
  return { across: best.across, down: best.down };
}
