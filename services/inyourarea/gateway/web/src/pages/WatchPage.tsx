/** The watch page: loads a video, waits for it while it is made, and plays it. */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { api, Problem } from "../api/client";
import { followVideo } from "../api/events";
import type { Video, Watch } from "../api/types";
import { Message, VideoProblem } from "../parts/Message";
import type { Scene } from "../player/player";
import { say } from "../words/language";
import { sceneOf } from "../watch/scene";
import { Screening } from "../watch/Screening";
import { Making } from "../watch/Making";

type Loaded = { watch: Watch; scene: Scene };

/** While fancams are drawn the page asks at most this often, in milliseconds. */
const ASK_AGAIN_MS = 1500;

export function WatchPage({ id }: { id: string }) {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [video, setVideo] = useState<Video | null>(null);
  const [error, setError] = useState<unknown>(null);
  const shown = useRef("");
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  const load = useCallback(async () => {
    timer.current = undefined;
    try {
      const watch = await api.watch(id);
      const scene = await sceneOf(watch);
      shown.current = mark(watch.video);
      setError(null);
      setVideo(watch.video);
      setLoaded({ watch, scene });
    } catch (refusal) {
      if (shown.current && refusal instanceof Problem && refusal.mayPass) {
        timer.current = setTimeout(() => void load(), ASK_AGAIN_MS); // what plays goes on
        return;
      }
      // A video that is still made, or has failed, has nothing to watch; its state says why.
      const found = await api.video(id).catch((other: unknown) => other);
      if (found instanceof Error) setError(found instanceof Problem ? found : refusal);
      else if ((found as Video).shown_run_id) setError(refusal);
      else setVideo(found as Video);
    }
  }, [id]);

  useEffect(() => {
    void load();
    return () => {
      clearTimeout(timer.current);
      shown.current = ""; // what is under way is not asked for again
    };
  }, [load]);

  const known = video !== null;
  useEffect(() => {
    if (!known) return;
    const gone = () => setError(new Problem(410, "deleted", ""));
    const changed = (now: Video) => {
      setVideo(now);
      if (!now.shown_run_id || mark(now) === shown.current) return;
      const corrected = !shown.current.startsWith(`${now.shown_run_id} ${now.revision} `);
      if (timer.current !== undefined && !corrected) return;
      clearTimeout(timer.current);
      timer.current = setTimeout(() => void load(), corrected ? 0 : ASK_AGAIN_MS);
    };
    return followVideo(id, changed, gone);
  }, [id, known, load]);

  useEffect(() => {
    document.title = video ? `${video.title} · InYourArea` : "InYourArea";
  }, [video?.title]);

  if (error) return <VideoProblem error={error} again={() => void load()} />;
  if (loaded && video) {
    return <Screening watch={loaded.watch} scene={loaded.scene} video={video} reload={() => void load()} />;
  }
  if (video) return <Making video={video} changed={setVideo} />;
  return <Message title={say("loading")} />;
}

/** What of a video changes the page: run, revision, and what was made of it since: stage, pictures, fancams. */
function mark(video: Video): string {
  const drawn = video.progress.find(({ stage }) => stage === "joining")?.done ?? 0;
  const made = [video.stage, video.stage_failure, video.poster_url].map((one) => Number(one !== null)).join("");
  return `${video.shown_run_id} ${video.revision} ${video.state} ${drawn} ${made}`;
}
