/** What is wanted of an upload: who is in it, how close, which shapes, which part. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Group, Submission } from "../api/types";
import { say } from "../words/language";
import { readRange } from "./range";

const ASPECTS = ["9:16", "4:5", "1:1", "16:9"];
const FRAMINGS = ["full", "upper", "face"] as const;

interface Props {
  groups: Group[];
  name: string;
  /** The form is said; only bytes are still missing. */
  waiting: boolean;
  wish: (wanted: Omit<Submission, "upload_id">) => void;
}

export function Wishes({ groups, name, waiting, wish }: Props) {
  const [failure, setFailure] = useState("");
  const [group, setGroup] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const said = new FormData(event.currentTarget as HTMLFormElement);
    const text = (field: string) => String(said.get(field) ?? "").trim();
    const range = readRange(text("from"), text("to"));
    if (!range) return setFailure(say("badRange"));
    setFailure("");
    const wanted: Omit<Submission, "upload_id"> = { ...range, framing: text("framing"), aspects: said.getAll("aspect").map(String) };
    if (text("title")) wanted.title = text("title");
    if (group) wanted.group = group;
    if (text("people")) wanted.people = Number(text("people"));
    if (!wanted.aspects?.length) wanted.aspects = ["9:16"];
    wish(wanted);
  };
  return (
    <form class="form" onSubmit={submit}>
      <label class="field">
        <span>{say("title")}</span>
        <input name="title" defaultValue={name.replace(/\.[^.]+$/, "")} maxLength={200} />
      </label>
      <div class="fields">
        <label class="field">
          <span>{say("group")}</span>
          <select name="group" value={group} onChange={(event) => setGroup(event.currentTarget.value)}>
            <option value="">{say("noGroup")}</option>
            {groups.map((one) => (
              <option key={one.name} value={one.name}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        {!group && (
          <label class="field">
            <span>{say("people")}</span>
            <input name="people" type="number" min="1" max="30" placeholder={say("findOut")} />
          </label>
        )}
      </div>
      <Choices legend={say("framing")}>
        {FRAMINGS.map((framing) => (
          <label class="pick" key={framing}>
            <input type="radio" name="framing" value={framing} defaultChecked={framing === "full"} />
            <span>{say(`framing_${framing}`)}</span>
          </label>
        ))}
      </Choices>
      <Choices legend={say("aspects")}>
        {ASPECTS.map((aspect) => (
          <label class="pick" key={aspect}>
            <input type="checkbox" name="aspect" value={aspect} defaultChecked={aspect === "9:16"} />
            <span>{aspect}</span>
          </label>
        ))}
      </Choices>
      <div class="fields">
        <label class="field">
          <span>{say("from")}</span>
          <input name="from" placeholder="0:00" inputMode="decimal" />
        </label>
        <label class="field">
          <span>{say("to")}</span>
          <input name="to" inputMode="decimal" />
        </label>
      </div>
      <p class="hint">{say("wholeVideo")}</p>
      {failure && (
        <p class="failure" role="alert">
          {failure}
        </p>
      )}
      <button type="submit" class="button is-main" disabled={waiting} data-testid="submit">
        {waiting ? say("uploading") : say("start")}
      </button>
    </form>
  );
}

function Choices({ legend, children }: { legend: string; children: ComponentChildren }) {
  return (
    <fieldset class="choices">
      <legend>{legend}</legend>
      {children}
    </fieldset>
  );
}
