/** A video whose fancams are being made, or could not be: progress per stage, or why. */
import { useState } from "preact/hooks";
import { api } from "../api/client";
import type { Progress, Video } from "../api/types";
import { Details } from "../edit/Details";
import { Failure } from "../parts/Failure";
import { inWords } from "../parts/Message";
import { Retry, trouble } from "../parts/Retry";
import { Link } from "../router";
import { mayEdit } from "../session";
import { aboutLong, say, sayAny } from "../words/language";
import { retold } from "../words/reasons";

export function stageName(stage: string): string {
  const key = `stage_${stage.split(" ")[0]}`;
  const text = sayAny(key);
  return text === key ? stage : text;
}

export function Making({ video, changed }: { video: Video; changed: (video: Video) => void }) {
  const [failure, setFailure] = useState("");
  const [details, setDetails] = useState(false);
  const attempt = (deed: Promise<Video>) => void deed.then(changed, (error: unknown) => setFailure(inWords(error)));
  return (
    <section class="making" data-testid="making">
      <p class="eyebrow">{video.title}</p>
      {video.state === "failed" && (
        <>
          <h1>{say("failedRun")}</h1>
          <p class="failure" role="alert" data-testid="failure">
            {trouble(video)}
          </p>
        </>
      )}
      {video.state === "cancelled" && <h1>{say("cancelledRun")}</h1>}
      {(video.state === "working" || video.state === "ready") && (
        <>
          <h1>{say("working")}</h1>
          <p class="hint">
            {video.left_s !== null && `${say("left", { time: aboutLong(video.left_s) })}. `}
            {say("workingHelp")}
          </p>
          <Stages progress={video.progress} />
          {video.reused && video.reused.done > 0 && <p class="hint">{say("reused", video.reused)}</p>}
          {video.source?.warning && <p class="notice">{retold(video.source.warning)}</p>}
        </>
      )}
      <Failure text={failure} />
      <div class="buttons">
        {video.shown_run_id && (
          <Link to={`/watch/${video.id}`} class="button is-main">
            {say("watch")}
          </Link>
        )}
        {mayEdit.value && video.state === "working" && (
          <button type="button" class="button" onClick={() => attempt(api.cancel(video.id))}>
            {say("cancelRun")}
          </button>
        )}
        <Retry video={video} changed={changed} />
        {mayEdit.value && (
          <button type="button" class="button" onClick={() => setDetails(true)} data-testid="show-details">
            {say("details")}
          </button>
        )}
        <Link to="/" class="button">
          {say("back")}
        </Link>
      </div>
      {details && <Details video={video} changed={changed} close={() => setDetails(false)} />}
    </section>
  );
}

export function Stages({ progress }: { progress: Progress[] }) {
  return (
    <ol class="stages" data-testid="progress">
      {progress.map(({ stage, done, total }) => (
        <li key={stage} class={done >= total && total > 0 ? "is-done" : done > 0 ? "is-now" : ""}>
          <span>{stageName(stage)}</span>
          <progress max={Math.max(1, total)} value={done} aria-label={stageName(stage)} />
          <small>{say("ofTotal", { done, total })}</small>
        </li>
      ))}
    </ol>
  );
}
