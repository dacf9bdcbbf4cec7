/** Where the stage's bytes come from: one mp4 by ranges, or HLS where the connection is thin. */
import type { Stage } from "../api/types";

interface Connection {
  saveData?: boolean;
  effectiveType?: string;
}

export function connection(): { saveData: boolean; thin: boolean } {
  const known = (navigator as Navigator & { connection?: Connection }).connection;
  const saveData = known?.saveData ?? false;
  // The megabits that browsers tell are of what was fetched last, on loopback 1.5: not asked.
  const slow = known?.effectiveType !== undefined && known.effectiveType !== "4g";
  return { saveData, thin: saveData || slow };
}

/** The video plays the stage; returns what undoes it. hls.js is fetched only where it is needed. */
export function attach(video: HTMLVideoElement, stage: Stage, thin: boolean): () => void {
  if (!stage.hls_url || !thin) {
    video.src = stage.url;
    return () => clear(video);
  }
  if (video.canPlayType("application/vnd.apple.mpegurl")) {
    video.src = stage.hls_url;
    return () => clear(video);
  }
  let undo = () => clear(video);
  let gone = false;
  const address = stage.hls_url;
  void import("hls.js/light").then(({ default: Hls }) => {
    if (gone) return;
    if (!Hls.isSupported()) {
      video.src = stage.url;
      return;
    }
    const hls = new Hls();
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (!data.fatal) return;
      hls.destroy();
      video.src = stage.url;
    });
    hls.loadSource(address);
    hls.attachMedia(video);
    undo = () => {
      hls.destroy();
      clear(video);
    };
  });
  return () => {
    gone = true;
    undo();
  };
}

function clear(video: HTMLVideoElement): void {
  video.pause();
  video.removeAttribute("src");
  video.load();
}
