/** For operators: which programs are told of what, and whether they heard it. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import { EVENTS, type EventName, type Webhook } from "../api/types";
import { Failure } from "../parts/Failure";
import { Message, VideoProblem } from "../parts/Message";
import { Secret } from "../parts/Secret";
import { useAsked } from "../parts/useAsked";
import { useDeed } from "../parts/useDeed";
import { Link } from "../router";
import { moment, say } from "../words/language";

export function Webhooks() {
  const [asked, again] = useAsked("webhooks", () => api.webhooks());
  useEffect(() => {
    document.title = `${say("webhooks")} · InYourArea`;
  });
  if (asked.is === "coming") return <Message title={say("loading")} />;
  if (asked.is === "refused") return <VideoProblem error={asked.error} again={again} />;
  const { items } = asked.value;
  return (
    <section class="operate" data-testid="webhooks">
      <h1>{say("webhooks")}</h1>
      <p class="hint">
        {say("webhooksHelp")} <Link to="/tokens">{say("tokens")}</Link>
      </p>
      <Make made={again} />
      {items.length === 0 && <p class="hint">{say("noWebhooks")}</p>}
      <ul class="rows">
        {items.map((webhook) => (
          <Row key={webhook.id} webhook={webhook} removed={again} />
        ))}
      </ul>
    </section>
  );
}

function Make({ made }: { made: () => void }) {
  const { busy, failure, attempt, refuse } = useDeed();
  const [secret, setSecret] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const said = new FormData(form);
    const events = said.getAll("event") as EventName[];
    if (!events.length) return refuse(say("chooseEvents"));
    attempt(async () => {
      setSecret((await api.makeWebhook(String(said.get("url")).trim(), events)).secret);
      form.reset();
      made();
    });
  };
  return (
    <>
      <form class="form sheet" onSubmit={submit} data-testid="make-webhook">
        <label class="field">
          <span>{say("webhookUrl")}</span>
          <input name="url" type="url" maxLength={2000} required placeholder="https://" />
        </label>
        <fieldset class="choices">
          <legend>{say("tellOf")}</legend>
          {EVENTS.map((event) => (
            <label class="pick" key={event}>
              <input type="checkbox" name="event" value={event} />
              <span>{say(`event_${event}`)}</span>
            </label>
          ))}
        </fieldset>
        <Failure text={failure} />
        <button type="submit" class="button is-main" disabled={busy}>
          {say("makeWebhook")}
        </button>
      </form>
      {secret && <Secret text={secret} />}
    </>
  );
}

function Row({ webhook, removed }: { webhook: Webhook; removed: () => void }) {
  const [open, setOpen] = useState(false);
  const { failure, attempt } = useDeed();
  const remove = () =>
    attempt(async () => {
      await api.removeWebhook(webhook.id);
      removed();
    });
  return (
    <li>
      <strong>{webhook.url}</strong>
      <span class="rows-more">{webhook.events.map((event) => say(`event_${event}`)).join(", ")}</span>
      <button type="button" class="button" aria-expanded={open} onClick={() => setOpen(!open)}>
        {say("deliveries")}
      </button>
      <button type="button" class="button" onClick={remove} aria-label={`${say("remove")}: ${webhook.url}`}>
        {say("remove")}
      </button>
      <Failure text={failure} />
      {open && <Deliveries webhook={webhook.id} />}
    </li>
  );
}

function Deliveries({ webhook }: { webhook: string }) {
  const [asked, again] = useAsked(webhook, () => api.deliveries(webhook));
  if (asked.is === "coming") return <p class="hint">{say("loading")}</p>;
  if (asked.is === "refused") return <VideoProblem error={asked.error} again={again} />;
  const { items } = asked.value;
  if (!items.length) return <p class="hint">{say("noDeliveries")}</p>;
  return (
    <ul class="rows deliveries">
      {items.map((delivery) => (
        <li key={delivery.id} class={delivery.state === "delivered" ? "is-over" : ""}>
          <span>{moment(delivery.created_at)}</span>
          <Link to={`/watch/${delivery.video_id}`}>{say(`event_${delivery.event}`)}</Link>
          <span>{say(`delivery_${delivery.state}`)}</span>
          <span class="rows-more">
            {delivery.answer} {delivery.next_try_at && say("nextTry", { at: moment(delivery.next_try_at) })}
          </span>
        </li>
      ))}
    </ul>
  );
}
