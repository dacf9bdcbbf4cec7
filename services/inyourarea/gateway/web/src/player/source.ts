/** Where a video's bytes come from: one mp4 by ranges, or HLS where the connection is thin. */

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

/** The video plays the source; returns what undoes it. hls.js is fetched only where it is needed. */
export function attach(video: HTMLVideoElement, source: Source, thin: boolean): () => void {
  if (!source.hls_url || !thin) {
    video.src = source.url;
    return () => clear(video);
  }
  if (video.canPlayType("application/vnd.apple.mpegurl")) {
    video.src = source.hls_url;
    return () => clear(video);
  }
  let undo = () => clear(video);
  let gone = false;
  const address = source.hls_url;
  void import("hls.js/light").then(({ default: Hls }) => {
    if (gone) return;
    if (!Hls.isSupported()) {
      video.src = source.url;
      return;
    }
    const hls = new Hls();
    hls.on(Hls.Events.ERROR, (_event, data) => {
      if (!data.fatal) return;
      hls.destroy();
      video.src = source.url;
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
