/** All videos: search, state, and a card for each. */
import { useEffect, useState } from "preact/hooks";
import { api, type VideoQuery } from "../api/client";
import type { Video } from "../api/types";
import { Icon } from "../parts/Icon";
import { inWords, Message } from "../parts/Message";
import { Card } from "../parts/Card";
import { More } from "../parts/More";
import { Link } from "../router";
import { mayEdit } from "../session";
import { say } from "../words/language";

const STATES = ["", "ready", "working", "failed"] as const;

/** After the last letter it is searched, in milliseconds. */
const PAUSE_MS = 200;
/** While something is in work all that is shown is asked for again, in milliseconds. */
const REFRESH_MS = 4000;

interface List {
  /** What was searched for. */
  of: string;
  videos: Video[];
  cursor: string | null;
}

export function Home() {
  const [query, setQuery] = useState("");
  const [state, setState] = useState<string>("");
  const [list, setList] = useState<List | null>(null);
  const [failure, setFailure] = useState("");
  const [turn, setTurn] = useState(0);
  const of = `${state} ${query.trim()}`;

  useEffect(() => {
    document.title = "InYourArea";
    const ending = new AbortController();
    const shown = list?.of === of ? list.videos.length : 0;
    let timer: ReturnType<typeof setTimeout>;
    const ask = async () => {
      try {
        const found = await asManyAs(shown, { query: query.trim(), state }, ending.signal);
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

  const add = (page: { items: Video[]; next_cursor: string | null }) => {
    setList((before) => before && { ...before, videos: [...before.videos, ...page.items], cursor: page.next_cursor });
    setTurn((before) => before + 1);
  };
  const changed = (video: Video) => {
    setList((before) => before && { ...before, videos: before.videos.map((one) => (one.id === video.id ? video : one)) });
    setTurn((before) => before + 1);
  };

  return (
    <div class="home">
      <header class="home-head">
        <h1>{say("tagline")}</h1>
        <search class="search">
          <label>
            <Icon name="search" />
            <input type="search" aria-label={say("search")} placeholder={say("search")} value={query} onInput={(event) => setQuery(event.currentTarget.value)} data-testid="search" />
          </label>
          <div class="tabs" role="group">
            {STATES.map((one) => (
              <button type="button" key={one} aria-pressed={state === one} onClick={() => setState(one)}>
                {one ? say(`state_${one}`) : say("all")}
              </button>
            ))}
          </div>
        </search>
      </header>
      {failure && (
        <div class="failure" role="alert">
          <p>{failure}</p>
          <button type="button" class="button" onClick={() => setTurn(turn + 1)}>
            {say("again")}
          </button>
        </div>
      )}
      {list?.videos.length === 0 && <Nothing query={query.trim()} state={state} />}
      <ul class="cards" data-testid="videos">
        {list?.videos.map((video) => (
          <Card key={video.id} video={video} changed={changed} />
        ))}
      </ul>
      {list?.cursor && list.of === of && (
        <More key={`${of} ${list.cursor}`} ask={() => api.videos({ query: query.trim(), state, cursor: list.cursor ?? "" })} add={add} />
      )}
    </div>
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

function Nothing({ query, state }: { query: string; state: string }) {
  if (query) return <p class="hint">{say("nothingFound", { query })}</p>;
  if (state) return <p class="hint">{say("nothingOfState")}</p>;
  return (
    <Message title={say("nothingYet")} text={say("nothingYetHelp")}>
      {mayEdit.value && (
        <p>
          <Link to="/upload" class="button is-main">
            {say("upload")}
          </Link>
        </p>
      )}
    </Message>
  );
}
