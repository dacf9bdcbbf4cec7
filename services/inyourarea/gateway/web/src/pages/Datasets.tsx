/** The datasets of this site, and a new one. */
import { useEffect } from "preact/hooks";
import { api } from "../api/client";
import { Form } from "../parts/Form";
import { Message, VideoProblem } from "../parts/Message";
import { useAsked } from "../parts/useAsked";
import { go, Link } from "../router";
import { say } from "../words/language";

export function Datasets() {
  const [asked, again] = useAsked("datasets", () => api.datasets());
  useEffect(() => {
    document.title = `${say("datasets")} · InYourArea`;
  });
  if (asked.is === "coming") return <Message title={say("loading")} />;
  if (asked.is === "refused") return <VideoProblem error={asked.error} again={again} />;
  const { items } = asked.value;
  return (
    <section class="operate" data-testid="datasets">
      <h1>{say("datasets")}</h1>
      <p class="hint">{say("datasetsHelp")}</p>
      {items.length === 0 && <p class="hint">{say("noDatasets")}</p>}
      <ul class="rows">
        {items.map(({ name, members, pictures }) => (
          <li key={name}>
            <strong class="rows-more">
              <Link to={`/label/${encodeURIComponent(name)}`}>{name}</Link>
            </strong>
            <span>{members.join(", ")}</span>
            <span>{say("datasetPictures", { n: pictures })}</span>
          </li>
        ))}
      </ul>
      <Form
        name="new-dataset"
        text={say("makeDataset")}
        class="sheet"
        does={async (read) => {
          const members = read("members").split(/[\n,]/).map((one) => one.trim()).filter(Boolean);
          const made = await api.makeDataset(read("name"), members);
          go(`/label/${encodeURIComponent(made.name)}`);
        }}
      >
        <label class="field">
          <span>{say("datasetName")}</span>
          <input name="name" required maxLength={63} pattern="[a-z0-9][a-z0-9_\-]*" autocomplete="off" />
          <small>{say("datasetNameHelp")}</small>
        </label>
        <label class="field">
          <span>{say("datasetMembers")}</span>
          <textarea name="members" rows={4} required />
          <small>{say("datasetMembersHelp")}</small>
        </label>
      </Form>
    </section>
  );
}
