/** For operators: which programs are told of what, and whether they heard it. */
import { useState } from "preact/hooks";
import { api } from "../api/client";
import { EVENTS, type EventName, type Webhook } from "../api/types";
import { Failure } from "../parts/Failure";
import { Form } from "../parts/Form";
import { VideoProblem } from "../parts/Message";
import { Register } from "../parts/Register";
import { Secret } from "../parts/Secret";
import { useAsked } from "../parts/useAsked";
import { useDeed } from "../parts/useDeed";
import { Link } from "../router";
import { moment, say } from "../words/language";

export function Webhooks() {
  return (
    <Register
      room="webhooks"
      other="tokens"
      ask={api.webhooks}
      make={(again) => <Make made={again} />}
      row={(webhook, again) => <Row key={webhook.id} webhook={webhook} removed={again} />}
    />
  );
}

function Make({ made }: { made: () => void }) {
  const [secret, setSecret] = useState("");
  const make = async (read: (field: string) => string, said: FormData) => {
    const events = said.getAll("event") as EventName[];
    if (!events.length) throw new Error(say("chooseEvents"));
    setSecret((await api.makeWebhook(read("url"), events)).secret);
    made();
  };
  return (
    <>
      <Form class="sheet" name="make-webhook" text={say("makeWebhook")} does={make}>
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
      </Form>
      {secret && <Secret text={secret} />}
    </>
  );
}

function Row({ webhook, removed }: { webhook: Webhook; removed: () => void }) {
  const [open, setOpen] = useState(false);
  const { failure, attempt } = useDeed();
  const remove = () => attempt(() => api.removeWebhook(webhook.id).then(removed));
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
