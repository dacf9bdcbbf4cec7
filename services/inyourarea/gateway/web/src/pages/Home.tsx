/** All videos: search, state, and a card for each. */
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../parts/Icon";
import { Message } from "../parts/Message";
import { Videos } from "../parts/Videos";
import { Link } from "../router";
import { mayEdit } from "../session";
import { say } from "../words/language";

const STATES = ["", "ready", "working", "failed"] as const;

export function Home() {
  const [typed, setTyped] = useState("");
  const [state, setState] = useState<string>("");
  const query = typed.trim();
  useEffect(() => {
    document.title = "InYourArea";
  }, []);
  return (
    <div class="home">
      <header class="home-head">
        <h1>{say("tagline")}</h1>
        <search class="search">
          <label>
            <Icon name="search" />
            <input type="search" aria-label={say("search")} placeholder={say("search")} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} data-testid="search" />
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
      <Videos query={{ query, state }}>
        <Nothing query={query} state={state} />
      </Videos>
    </div>
  );
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
