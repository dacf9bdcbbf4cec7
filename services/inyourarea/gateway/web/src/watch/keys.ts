/** What keys do on the watch page. */
import type { Player } from "../player/player";
import { RATES } from "../player/links";

export interface Deeds {
  player: Player;
  full: () => void;
  edit: () => void;
  loopStart: () => void;
  loopEnd: () => void;
  loopToggle: () => void;
  help: () => void;
  leave: () => void;
}

/** Seconds that an arrow jumps, and with Shift. */
const JUMP_S = 5;
const SMALL_JUMP_S = 1;

/** Whether the key meant something. Keys typed into a field, or while a window is open, mean what they say there. */
export function press(event: KeyboardEvent, deeds: Deeds): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || isTyping(event.target, event.key)) return false;
  const deed = deedOf(event, deeds);
  deed?.();
  return deed !== null;
}

function deedOf(event: KeyboardEvent, deeds: Deeds): (() => void) | null {
  const { player } = deeds;
  const number = /^(?:Digit|Numpad)([1-9])$/.exec(event.code)?.[1];
  if (number) {
    const person = player.scene.value?.people[Number(number) - 1];
    return person ? () => void (player.person.value = person.id) : null;
  }
  const jump = event.shiftKey ? SMALL_JUMP_S : JUMP_S;
  switch (event.key.length === 1 ? event.key.toLowerCase() : event.key) {
    case " ":
    case "k":
      return () => player.toggle();
    case "ArrowLeft":
      return () => player.seek(player.seconds.value - jump);
    case "ArrowRight":
      return () => player.seek(player.seconds.value + jump);
    case ",":
      return () => player.step(-1);
    case ".":
      return () => player.step(1);
    case "g":
      return () => void (player.grid.value = !player.grid.value);
    case "m":
      return () => void (player.mirror.value = !player.mirror.value);
    case "f":
      return deeds.full;
    case "e":
      return deeds.edit;
    case "[":
      return deeds.loopStart;
    case "]":
      return deeds.loopEnd;
    case "l":
      return deeds.loopToggle;
    case "-":
      return () => void (player.rate.value = nextRate(player.rate.value, -1));
    case "=":
    case "+":
      return () => void (player.rate.value = nextRate(player.rate.value, 1));
    case "Escape":
      return deeds.leave;
    case "?":
      return deeds.help;
    default:
      return null;
  }
}

function nextRate(rate: number, step: 1 | -1): number {
  const rates = step > 0 ? RATES.filter((one) => one > rate) : RATES.filter((one) => one < rate).reverse();
  return rates[0] ?? rate;
}

/** Fields take all keys; buttons take Space and Enter; sliders and lists take the arrows. */
function isTyping(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement && ["checkbox", "radio", "button"].includes(target.type)) return key === " ";
  if (target.matches("input, textarea, select, [contenteditable]")) return true;
  return key === " " && target.matches("button, a, summary");
}
