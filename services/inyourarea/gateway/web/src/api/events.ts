/** What the gateway says about a video while it changes (Server-Sent Events). */
import { API, api, Problem } from "./client";
import type { Video } from "./types";

/** Milliseconds until it is asked again after an answer that is no stream: with that browsers give up. */
const AGAIN_MS = 5000;

/**
 * Calls back with the video now and whenever it changes, and once it is deleted; a broken connection is made again
 * by the browser itself. A page that nobody sees has none: a browser has six to a server, for all of its pages.
 */
export function followVideo(id: string, changed: (video: Video) => void, deleted: () => void): () => void {
  let events: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const ending = new AbortController();
  const rest = () => {
    clearTimeout(timer);
    events?.close();
    events = undefined;
  };
  const stop = () => {
    rest();
    ending.abort();
  };
  const gone = () => {
    stop();
    deleted();
  };
  const open = () => {
    rest();
    if (document.hidden) return;
    const opened = new EventSource(`${API}/videos/${encodeURIComponent(id)}/events`);
    events = opened;
    opened.addEventListener("video", (event) => changed(JSON.parse((event as MessageEvent<string>).data) as Video));
    opened.addEventListener("deleted", gone);
    opened.addEventListener("error", async () => {
      if (opened.readyState !== EventSource.CLOSED) return;
      // What the answer was, a stream does not tell.
      const refusal: unknown = await api.video(id).catch((error: unknown) => error);
      if (opened !== events) return;
      if (refusal instanceof Problem && (refusal.status === 404 || refusal.status === 410)) gone();
      else timer = setTimeout(open, AGAIN_MS);
    });
  };
  document.addEventListener("visibilitychange", open, { signal: ending.signal });
  open();
  return stop;
}
