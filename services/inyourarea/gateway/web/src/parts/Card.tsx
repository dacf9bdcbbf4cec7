/** One video of a list. */
import type { Video } from "../api/types";
import { stageName } from "../watch/Making";
import { Link } from "../router";
import { mayEdit } from "../session";
import { say } from "../words/language";
import { clock } from "../words/time";
import { Icon } from "./Icon";
import { Retry, trouble } from "./Retry";

interface Props {
  video: Video;
  /** The video was tried again. */
  changed: (video: Video) => void;
}

export function Card({ video, changed }: Props) {
  const why = trouble(video);
  const length = video.source ? clock(video.source.duration_s) : null;
  return (
    <li class={`card is-${video.state}`}>
      <Link to={`/watch/${video.id}`} class="card-link">
        <span class="poster">
          {video.poster_url ? <img src={video.poster_url} alt="" loading="lazy" decoding="async" /> : <Icon name="mark" />}
          {length && <span class="length">{length}</span>}
        </span>
        <strong class="card-title" title={video.title}>{video.title}</strong>
      </Link>
      <p class="card-facts">
        {video.group && <Link to={`/group/${encodeURIComponent(video.group)}`}>{video.group}</Link>}
        {video.state !== "ready" && <Doing video={video} />}
        {Object.entries(video.labels).map(([key, value]) => (
          <span key={key} class="tag">
            {key}: {value}
          </span>
        ))}
      </p>
      {why && mayEdit.value && (
        <div class="card-trouble" data-testid="trouble">
          <p title={why}>{why}</p>
          <Retry video={video} changed={changed} />
        </div>
      )}
    </li>
  );
}

function Doing({ video }: { video: Video }) {
  const now = video.progress.find(({ done, total }) => done < total);
  if (video.state !== "working" || !now) return <span class={`status is-${video.state}`}>{say(`state_${video.state}`)}</span>;
  return (
    <span class="status is-working">
      {stageName(now.stage)}
      <progress max={Math.max(1, now.total)} value={now.done} aria-label={stageName(now.stage)} />
    </span>
  );
}
