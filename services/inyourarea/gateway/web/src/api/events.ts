/** What the gateway says about a video while it changes (Server-Sent Events). */
import { API } from "./client";
import type { Video } from "./types";

/** Milliseconds until it is asked again after an answer that is no stream: with that browsers give up. */
const AGAIN_MS = 5000;

/** Calls back with the video now and whenever it changes; a broken connection is made again by the browser itself. */
export function followVideo(id: string, changed: (video: Video) => void, deleted: () => void = () => {}): () => void {
  let events: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const open = () => {
    events = new EventSource(`${API}/videos/${encodeURIComponent(id)}/events`);
    events.addEventListener("video", (event) => changed(JSON.parse((event as MessageEvent<string>).data) as Video));
    events.addEventListener("deleted", () => {
      events.close();
      deleted();
    });
    events.addEventListener("error", () => {
      if (events.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN_MS);
    });
  };
  open();
  return () => {
    clearTimeout(timer);
    events.close();
  };
}
