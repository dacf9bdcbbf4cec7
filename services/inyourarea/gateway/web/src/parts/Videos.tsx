/** A list of videos that keeps up: as long as one shown is in work, all that are shown are asked for again. */
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api, type VideoQuery } from "../api/client";
import type { Video } from "../api/types";
import { say } from "../words/language";
import { Card } from "./Card";
import { inWords } from "./Message";
import { More } from "./More";

/** After the last change of what is searched for it is asked for, in milliseconds. */
const PAUSE_MS = 200;
/** While something is in work all that is shown is asked for again, in milliseconds. */
const REFRESH_MS = 4000;

interface List {
  /** What was searched for. */
  of: string;
  videos: Video[];
  cursor: string | null;
}

interface Props {
  query: Omit<VideoQuery, "cursor">;
  /** What is shown where there is none. */
  children: ComponentChildren;
}

export function Videos({ query, children }: Props) {
  const [list, setList] = useState<List | null>(null);
  const [failure, setFailure] = useState("");
  const [turn, setTurn] = useState(0);
  const of = JSON.stringify(query);

  useEffect(() => {
    const ending = new AbortController();
    const shown = list?.of === of ? list.videos.length : 0;
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      try {
        const found = await asManyAs(shown, query, ending.signal);
        if (ending.signal.aborted) return;
        setFailure("");
        setList({ of, ...found });
        if (found.videos.some((video) => video.state === "working")) timer = setTimeout(() => void ask(), REFRESH_MS);
      } catch (error) {
        if (!ending.signal.aborted) setFailure(inWords(error));
      }
    };
    timer = setTimeout(() => void ask(), list ? PAUSE_MS : 0);
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [of, turn]);

  const again = () => setTurn((before) => before + 1);
  const add = (page: { items: Video[]; next_cursor: string | null }) => {
    setList((before) => before && { ...before, videos: [...before.videos, ...page.items], cursor: page.next_cursor });
    again();
  };
  const changed = (video: Video) => {
    setList((before) => before && { ...before, videos: before.videos.map((one) => (one.id === video.id ? video : one)) });
    again();
  };

  return (
    <>
      {failure && (
        <div class="failure" role="alert">
          <p>{failure}</p>
          <button type="button" class="button" onClick={again}>
            {say("again")}
          </button>
        </div>
      )}
      {list?.videos.length === 0 && children}
      <ul class="cards" data-testid="videos">
        {list?.videos.map((video) => (
          <Card key={video.id} video={video} changed={changed} />
        ))}
      </ul>
      {list?.cursor && list.of === of && (
        <More key={`${of} ${list.cursor}`} ask={() => api.videos({ ...query, cursor: list.cursor ?? "" })} add={add} />
      )}
    </>
  );
}

/** The newest of what is searched for, page by page: no fewer than are shown. */
async function asManyAs(shown: number, query: VideoQuery, signal: AbortSignal): Promise<Omit<List, "of">> {
  const videos: Video[] = [];
  let cursor: string | null = "";
  do {
    const page: Awaited<ReturnType<typeof api.videos>> = await api.videos({ ...query, cursor }, signal);
    videos.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor && videos.length < shown);
  return { videos, cursor };
}
