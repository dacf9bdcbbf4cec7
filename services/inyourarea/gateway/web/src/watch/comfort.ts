/** What the device offers around a player: full screen, picture in picture, a screen that stays awake. */
import { effect, signal } from "@preact/signals";
import type { Player } from "../player/player";

/** The player fills the window; where the browser has no full screen (iPhone) that is all there is. */
export const fullWindow = signal(false);

export async function toggleFull(element: HTMLElement | null): Promise<void> {
  if (!element) return;
  if (document.fullscreenElement) return document.exitFullscreen();
  if (fullWindow.value) {
    fullWindow.value = false;
    return;
  }
  fullWindow.value = true;
  if (!element.requestFullscreen) return;
  try {
    await element.requestFullscreen();
  } catch {
    // The full window stays.
  }
}

/** The page follows when full screen ends by Escape or a swipe. */
export function followFull(): () => void {
  const ended = () => {
    if (!document.fullscreenElement) fullWindow.value = false;
  };
  document.addEventListener("fullscreenchange", ended);
  return () => {
    document.removeEventListener("fullscreenchange", ended);
    fullWindow.value = false;
  };
}

export const canFloat = () => Boolean(document.pictureInPictureEnabled);

/** The fancam floats over other windows: its canvas as a stream, or its own video. */
export async function toggleFloat(fancam: HTMLElement | null, player: Player): Promise<void> {
  if (document.pictureInPictureElement) return document.exitPictureInPicture();
  const own = fancam?.querySelector<HTMLVideoElement>("video:not([data-float])");
  if (own) {
    await own.requestPictureInPicture();
    return;
  }
  const canvas = fancam?.querySelector("canvas");
  if (!canvas) return;
  const floating = document.createElement("video");
  floating.dataset.float = "";
  floating.muted = true;
  floating.playsInline = true;
  floating.srcObject = canvas.captureStream();
  // A canvas at rest gives no frame, and without one the stream does not begin.
  requestAnimationFrame(() => player.redraw());
  await floating.play();
  await floating.requestPictureInPicture();
  floating.addEventListener("leavepictureinpicture", () => (floating.srcObject = null), { once: true });
}

/** The screen does not go dark while the video plays. */
export function stayAwake(player: Player): () => void {
  let lock: WakeLockSentinel | null = null;
  let ended = false;
  const want = async () => {
    if (!("wakeLock" in navigator)) return;
    if (!player.playing.value || document.hidden || ended) {
      await lock?.release();
      lock = null;
    } else if (!lock || lock.released) {
      // Refused on low battery: then the screen goes dark as always.
      lock = await navigator.wakeLock.request("screen").catch(() => null);
    }
  };
  const look = () => void want();
  document.addEventListener("visibilitychange", look);
  const stop = effect(() => {
    void player.playing.value;
    look();
  });
  return () => {
    ended = true;
    stop();
    document.removeEventListener("visibilitychange", look);
    look();
  };
}

/** The browsers inside messengers and social apps, which lack half of what a player needs. */
const IN_APP = /KAKAOTALK|NAVER\(inapp|Instagram|FBAN|FBAV|FB_IAB|\bLine\/|MicroMessenger|Twitter|TikTok|musical_ly|DaumApps/i;

export function isInApp(agent: string): boolean {
  return IN_APP.test(agent);
}

export async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
