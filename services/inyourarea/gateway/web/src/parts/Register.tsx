/** A page for operators: one more is made above, and what there is stands below. */
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Link } from "../router";
import { say } from "../words/language";
import { Message, VideoProblem } from "./Message";
import { useAsked } from "./useAsked";

const NOTHING = { tokens: "noTokens", webhooks: "noWebhooks" } as const;
type Room = keyof typeof NOTHING;

interface Props<T> {
  room: Room;
  other: Room;
  ask: () => Promise<{ items: T[] }>;
  /** Both call `again` once something has changed. */
  make: (again: () => void) => ComponentChildren;
  row: (one: T, again: () => void) => ComponentChildren;
}

export function Register<T>({ room, other, ask, make, row }: Props<T>) {
  const [asked, again] = useAsked(room, ask);
  useEffect(() => {
    document.title = `${say(room)} · InYourArea`;
  });
  if (asked.is === "coming") return <Message title={say("loading")} />;
  if (asked.is === "refused") return <VideoProblem error={asked.error} again={again} />;
  const { items } = asked.value;
  return (
    <section class="operate" data-testid={room}>
      <h1>{say(room)}</h1>
      <p class="hint">
        {say(`${room}Help`)} <Link to={`/${other}`}>{say(other)}</Link>
      </p>
      {make(again)}
      {items.length === 0 && <p class="hint">{say(NOTHING[room])}</p>}
      <ul class="rows">{items.map((one) => row(one, again))}</ul>
    </section>
  );
}
