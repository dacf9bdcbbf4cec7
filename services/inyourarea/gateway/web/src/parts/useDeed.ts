/** Something that a form does: while it runs, and what was said against it. */
import { useState } from "preact/hooks";
import { inWords } from "./Message";

interface Deed {
  busy: boolean;
  failure: string;
  /** Runs it unless one is running. */
  attempt: (deed: () => Promise<void>) => void;
}

export function useDeed(): Deed {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");
  const run = async (deed: () => Promise<void>) => {
    setBusy(true);
    setFailure("");
    try {
      await deed();
    } catch (error) {
      setFailure(inWords(error));
    } finally {
      setBusy(false);
    }
  };
  return { busy, failure, attempt: (deed) => void (busy || run(deed)) };
}
