/** Where a video's bytes come from: one mp4 by ranges, or HLS where the connection is thin. */
import type Hls from "hls.js";

/** The rung with the fewest pixels, for whoever wants less data. */
const SMALLEST = 0;

export interface Source {
  url: string;
  hls_url: string | null;
}

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

/** Whether the file can be fetched now: of one that did not come browsers tell as of one that they can not play. */
export async function comes(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { method: "HEAD", cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

/** The video plays the source; returns what undoes it. hls.js is fetched only where it is needed. */
export function attach(video: HTMLVideoElement, source: Source): () => void {
  const { thin, saveData } = connection();
  if (!source.hls_url || !thin) {
    video.src = source.url;
    return () => clear(video);
  }
  // Browsers that play HLS themselves differ in what they make of it: only those with nothing else do here.
  if (!("MediaSource" in globalThis) && video.canPlayType("application/vnd.apple.mpegurl")) {
    video.src = source.hls_url;
    return () => clear(video);
  }
  let undo = () => clear(video);
  let gone = false;
  const address = source.hls_url;
  const playFile = (hls?: Hls) => {
    if (gone) return;
    const { currentTime, paused } = video;
    hls?.destroy();
    video.src = source.url;
    video.currentTime = currentTime;
    if (!paused) void video.play().catch(() => {});
  };
  // Not the light build: it leaves out the sound, which is a rendition of its own.
  import("hls.js").then(({ default: Hls }) => {
    if (gone) return;
    if (!Hls.isSupported()) return playFile();
    const hls = new Hls({ enableWorker: false });
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (data.fatal) playFile(hls);
    });
    hls.loadSource(address);
    if (saveData) hls.autoLevelCapping = SMALLEST; // loading a source lifts it
    hls.attachMedia(video);
    undo = () => {
      hls.destroy();
      clear(video);
    };
  }, () => playFile());
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
