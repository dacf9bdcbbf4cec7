/** Something asked of the gateway, while it is on its way, there, or refused. */
import { useCallback, useEffect, useState } from "preact/hooks";

export type Asked<T> = { is: "coming" } | { is: "there"; value: T } | { is: "refused"; error: unknown };

/** Asks again whenever `what` differs, or when the returned function is called. */
export function useAsked<T>(what: string, ask: (signal: AbortSignal) => Promise<T>): [Asked<T>, () => void] {
  const [asked, setAsked] = useState<Asked<T>>({ is: "coming" });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const ending = new AbortController();
    ask(ending.signal).then(
      (value) => !ending.signal.aborted && setAsked({ is: "there", value }),
      (error: unknown) => !ending.signal.aborted && setAsked({ is: "refused", error }),
    );
    return () => ending.abort();
  }, [what, turn]);
  return [asked, useCallback(() => setTurn((before) => before + 1), [])];
}
