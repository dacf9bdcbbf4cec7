/** The video's name, and what is still done to it. */
import type { Video } from "../api/types";
import { Link } from "../router";
import { aboutLong, say } from "../words/language";
import { stageName } from "./Making";

interface Props {
  video: Video;
  /** Opens what can be changed of it; null where nothing may be. */
  details: (() => void) | null;
}

export function Title({ video, details }: Props) {
  const now = video.state === "working" ? video.progress.find(({ done, total }) => done < total) : undefined;
  return (
    <header class="title">
      <h1>{video.title}</h1>
      {video.group && (
        <Link to={`/group/${encodeURIComponent(video.group)}`} class="title-group">
          {video.group}
        </Link>
      )}
      {details && (
        <button type="button" class="plain" onClick={details} data-testid="show-details">
          {say("details")}
        </button>
      )}
      {now && (
        <span class="title-work" role="status" data-testid="work">
          {stageName(now.stage)}: {say("redrawn", { done: now.done, total: now.total })}
          {video.left_s !== null && `, ${say("left", { time: aboutLong(video.left_s) })}`}
        </span>
      )}
    </header>
  );
}
