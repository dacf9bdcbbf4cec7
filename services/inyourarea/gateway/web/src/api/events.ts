/** What the gateway says about a video while it changes (Server-Sent Events). */
import { API } from "./client";
import type { Video } from "./types";

/** Calls back with the video now and whenever it changes; the browser reconnects by itself. */
export function followVideo(id: string, changed: (video: Video) => void, deleted: () => void = () => {}): () => void {
  const events = new EventSource(`${API}/videos/${encodeURIComponent(id)}/events`);
  events.addEventListener("video", (event) => changed(JSON.parse((event as MessageEvent<string>).data) as Video));
  events.addEventListener("deleted", () => {
    events.close();
    deleted();
  });
  return () => events.close();
}
