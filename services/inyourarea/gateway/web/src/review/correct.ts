/** A correction of what was looked at, and of nothing else. */
import { api } from "../api/client";
import type { Pin, Watch } from "../api/types";

/** The pin is set; false where another run is shown by now: it would be about a picture that nobody has seen. */
export async function correct({ video, run_id }: Watch, pin: Pin): Promise<boolean> {
  const { revision, pins } = await api.pins(video.id);
  // Asked for after the pins: whatever is set from here on makes their revision stale.
  if ((await api.video(video.id)).shown_run_id !== run_id) return false;
  await api.setPins(video.id, revision, [...pins, pin]);
  return true;
}
