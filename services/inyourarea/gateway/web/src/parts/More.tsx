/** The button under a list that goes on. To be keyed by the list and its end: what comes late is then left out. */
import { useEffect, useRef, useState } from "preact/hooks";
import { say } from "../words/language";
import { inWords } from "./Message";
import { tell } from "./toast";

interface Props<Page> {
  ask: () => Promise<Page>;
  add: (page: Page) => void;
}

export function More<Page>({ ask, add }: Props<Page>) {
  const [busy, setBusy] = useState(false);
  const gone = useRef(false);
  useEffect(() => () => void (gone.current = true), []);
  const show = async () => {
    setBusy(true);
    try {
      const page = await ask();
      if (!gone.current) add(page);
    } catch (error) {
      if (!gone.current) tell(inWords(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <button type="button" class="button" disabled={busy} onClick={() => void show()} data-testid="more">
      {say("more")}
    </button>
  );
}
