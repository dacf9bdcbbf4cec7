/** The loops of a video: mark, name, keep, play, forget. */
import { useState } from "preact/hooks";
import { dropLoop, keepLoop, loopOf, readLoops, type Loop } from "../player/loops";
import type { Player } from "../player/player";
import { IconButton } from "../parts/IconButton";
import { say } from "../words/language";
import { clock } from "../words/time";

interface Props {
  player: Player;
  video: string;
  start: () => void;
  end: () => void;
}

export function LoopPanel({ player, video, start, end }: Props) {
  const [kept, setKept] = useState<Loop[]>(() => readLoops(localStorage, video));
  const loop = player.loop.value;
  const keep = (event: SubmitEvent) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget as HTMLFormElement).get("name") ?? "").trim();
    if (!loop || !name) return;
    setKept(keepLoop(localStorage, video, { ...loop, name }));
    player.loop.value = { ...loop, name };
  };
  return (
    <section class="panel loops" aria-label={say("loops")} data-testid="loop-panel">
      <div class="loop-now">
        <button type="button" class="button" onClick={start}>
          <kbd>[</kbd> {say("loopStart")}
        </button>
        <button type="button" class="button" onClick={end}>
          <kbd>]</kbd> {say("loopEnd")}
        </button>
        <label class="tick">
          <input type="checkbox" checked={player.countsIn.value} onChange={(event) => (player.countsIn.value = event.currentTarget.checked)} />
          {say("countIn")}
        </label>
        {loop && (
          <button type="button" class="button" onClick={() => player.setLoop(null)}>
            {say("loopOff")}
          </button>
        )}
      </div>
      {loop ? (
        <form class="loop-keep" onSubmit={keep} key={`${loop.a}-${loop.b}`}>
          <span class="loop-span">
            {clock(loop.a, 1)} – {clock(loop.b, 1)}
          </span>
          <input name="name" aria-label={say("loopName")} placeholder={say("loopName")} defaultValue={loop.name} maxLength={60} required />
          <button type="submit" class="button">
            {say("loopKeep")}
          </button>
        </form>
      ) : (
        <p class="hint">{say("loopNone")}</p>
      )}
      {kept.length > 0 && (
        <ul class="loop-list">
          {kept.map((one) => (
            <li key={one.name}>
              <button type="button" class={`chip ${loop && same(one, loop) ? "is-on" : ""}`} onClick={() => player.setLoop(one)}>
                {one.name}
                <small>
                  {clock(one.a, 1)} – {clock(one.b, 1)}
                </small>
              </button>
              <IconButton icon="close" label={say("loopDrop", { name: one.name })} onClick={() => setKept(dropLoop(localStorage, video, one.name))} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

const same = (one: Loop, other: Loop) => one.a === other.a && one.b === other.b;

/** Marks one end of the loop where the player is; the other end stays, or is the video's. */
export function markLoop(player: Player, end: "a" | "b"): void {
  const length = player.scene.value?.times.end ?? 0;
  const now = player.seconds.value;
  const before = player.loop.value;
  const made =
    end === "a" ? loopOf(now, before && before.b > now ? before.b : length, length) : loopOf(before && before.a < now ? before.a : 0, now, length);
  if (!made) return;
  // The start is only noted; the end starts the practice.
  if (end === "a") player.loop.value = made;
  else player.setLoop(made);
}
