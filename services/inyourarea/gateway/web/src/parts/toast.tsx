/** A sentence in passing, at the foot of the page. */
import { signal } from "@preact/signals";

/** Long enough to read two lines, in milliseconds. */
const STAYS_MS = 5000;

const said = signal("");
let timer: ReturnType<typeof setTimeout> | undefined;

export function tell(text: string): void {
  said.value = text;
  clearTimeout(timer);
  timer = setTimeout(() => (said.value = ""), STAYS_MS);
}

export function Toast() {
  return (
    <div class="toast" role="status" aria-live="polite" hidden={!said.value}>
      {said.value}
    </div>
  );
}
