/** Play, step, speed, and how it is shown. */
import type { Reason, Wish } from "../player/choose";
import { RATES } from "../player/links";
import type { Player } from "../player/player";
import { IconButton } from "../parts/IconButton";
import { say, shapeName } from "../words/language";
import { clock } from "../words/time";
import { canFloat, fullWindow } from "./comfort";

interface Props {
  player: Player;
  full: () => void;
  float: () => void;
  share: () => void;
  download: () => void;
  loops: () => void;
  keys: () => void;
  edit: (() => void) | null;
  editing: boolean;
}

export function Transport(props: Props) {
  const { player } = props;
  return (
    <div class="transport">
      <div class="transport-part">
        <IconButton
          class="play"
          icon={player.playing.value ? "pause" : "play"}
          label={say(player.playing.value ? "pause" : "play")}
          hint={say("space")}
          data-testid="play"
          onClick={() => player.toggle()}
        />
        <IconButton icon="back" label={say("frameBack")} hint="," onClick={() => player.step(-1)} />
        <IconButton icon="on" label={say("frameOn")} hint="." onClick={() => player.step(1)} />
        <Time player={player} />
        <Sound player={player} />
      </div>
      <div class="transport-part">
        <Speed player={player} />
        <IconButton icon="loop" label={say("loops")} hint="[ ]" on={player.loop.value !== null} onClick={props.loops} data-testid="loops" />
        <IconButton icon="mirror" label={say("mirror")} hint="M" on={player.mirror.value} onClick={() => (player.mirror.value = !player.mirror.value)} data-testid="mirror" />
        {!player.alone.value && <IconButton icon="grid" label={say("grid")} hint="G" on={player.grid.value} onClick={() => (player.grid.value = !player.grid.value)} data-testid="show-grid" />}
        <Shape player={player} />
        <ModeChoice player={player} />
      </div>
      <div class="transport-part is-end">
        {props.edit && <IconButton icon="edit" label={say("edit")} hint="E" on={props.editing} onClick={props.edit} data-testid="edit" />}
        <IconButton icon="download" label={say("download")} onClick={props.download} data-testid="download" />
        <IconButton icon="share" label={say("share")} onClick={props.share} data-testid="share" />
        <IconButton class="wide-only" icon="keys" label={say("keys")} hint="?" onClick={props.keys} />
        {canFloat() && <IconButton class="wide-only" icon="pip" label={say("pip")} onClick={props.float} data-testid="float" />}
        <IconButton
          icon={fullWindow.value ? "unfull" : "full"}
          label={say(fullWindow.value ? "leaveFullScreen" : "fullScreen")}
          hint="F"
          onClick={props.full}
          data-testid="full"
        />
      </div>
    </div>
  );
}

function Time({ player }: { player: Player }) {
  return (
    <span class="time">
      <span data-testid="time">{clock(player.seconds.value, 1)}</span>
      <span class="time-end"> / {clock(player.scene.value?.times.end ?? 0)}</span>
    </span>
  );
}

function Sound({ player }: { player: Player }) {
  if (player.scene.value?.video.source?.has_audio === false) return null;
  const silent = player.muted.value || player.volume.value === 0;
  const turn = (event: Event) => {
    player.volume.value = Number((event.currentTarget as HTMLInputElement).value);
    player.muted.value = false;
  };
  return (
    <span class="sound">
      <IconButton icon={silent ? "mute" : "sound"} label={say(silent ? "unmute" : "mute")} onClick={() => (player.muted.value = !silent)} />
      <input class="wide-only" type="range" min="0" max="1" step="0.05" aria-label={say("sound")} value={silent ? 0 : player.volume.value} onInput={turn} />
    </span>
  );
}

function Speed({ player }: { player: Player }) {
  const rates = [...new Set<number>([...RATES, player.rate.value])].sort((a, b) => a - b);
  return (
    <Choice label={say("speed")} value={String(player.rate.value)} testId="speed" pick={(rate) => (player.rate.value = Number(rate))}>
      {rates.map((rate) => [String(rate), `${rate}×`])}
    </Choice>
  );
}

function Shape({ player }: { player: Player }) {
  const aspects = [...(player.scene.value?.cameras.keys() ?? [])];
  if (aspects.length < 2) return null;
  return (
    <Choice label={say("shape")} value={player.aspect.value} testId="shape" pick={(aspect) => (player.aspect.value = aspect)}>
      {aspects.map((aspect) => [aspect, shapeName(aspect)])}
    </Choice>
  );
}

function ModeChoice({ player }: { player: Player }) {
  if (player.alone.value) return null;
  const { mode, reason } = player.chosen.value;
  const wishes: Wish[] = ["auto", "virtual", "encoded"];
  const word = (wish: Wish) => (wish === "auto" ? `${say(`mode_${mode}`)} (${say("mode_auto")})` : say(`mode_${wish}`));
  return (
    <span class="mode" data-testid="mode" data-mode={mode} data-reason={reason} title={`${say(`modeHelp_${mode}`)} (${why(reason)})`}>
      <Choice label={say("mode")} value={player.wish.value} testId="mode-choice" pick={(wish) => (player.wish.value = wish as Wish)}>
        {wishes.map((wish) => [wish, word(wish)])}
      </Choice>
    </span>
  );
}

const why = (reason: Reason) => say(`why_${reason}`);

interface ChoiceProps {
  label: string;
  value: string;
  testId: string;
  pick: (value: string) => void;
  children: (readonly [value: string, text: string])[];
}

function Choice({ label, value, testId, pick, children }: ChoiceProps) {
  return (
    <select class="choice" aria-label={label} title={label} value={value} data-testid={testId} onChange={(event) => pick(event.currentTarget.value)}>
      {children.map(([one, text]) => (
        <option key={one} value={one} selected={one === value}>
          {text}
        </option>
      ))}
    </select>
  );
}
