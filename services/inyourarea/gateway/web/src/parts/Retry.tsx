/** A run that came to no end, and the button that takes it up again. */
import { api } from "../api/client";
import type { Video } from "../api/types";
import { mayEdit } from "../session";
import { say } from "../words/language";
import { retold } from "../words/reasons";
import { Failure } from "./Failure";
import { useDeed } from "./useDeed";

/** Why the video is not as it should be, in words; empty where it is. */
export function trouble(video: Video): string {
  if (video.state === "cancelled") return say("cancelledRun");
  if (video.state === "failed") return video.is_outdated ? say("outdated") : retold(video.failure ?? say("failedRun"));
  return video.stage_failure ? `${say("stageFailed")} ${retold(video.stage_failure)}` : "";
}

interface Props {
  video: Video;
  changed: (video: Video) => void;
}

export function Retry({ video, changed }: Props) {
  const { busy, failure, attempt } = useDeed();
  if (!mayEdit.value || !trouble(video)) return null;
  const retry = () => attempt(async () => changed(await api.retry(video.id)));
  return (
    <>
      <Failure text={failure} />
      <button type="button" class="button" disabled={busy} onClick={retry} data-testid="retry" aria-label={`${say("retry")}: ${video.title}`}>
        {say("retry")}
      </button>
    </>
  );
}
