/** A video's title and labels; and taking it away, which asks for the title to be typed. */
import { useState } from "preact/hooks";
import { api } from "../api/client";
import type { Video } from "../api/types";
import { Dialog } from "../parts/Dialog";
import { Failure } from "../parts/Failure";
import { tell } from "../parts/toast";
import { useDeed } from "../parts/useDeed";
import { go } from "../router";
import { mayOperate } from "../session";
import { say } from "../words/language";
import { isSame, parseLabels, writeLabels } from "./fields";

interface Props {
  video: Video;
  changed: (video: Video) => void;
  close: () => void;
}

export function Details({ video, changed, close }: Props) {
  const { busy, failure, attempt, refuse } = useDeed();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const said = new FormData(event.currentTarget as HTMLFormElement);
    const labels = parseLabels(String(said.get("labels")));
    if (!labels) return refuse(say("badLabels"));
    attempt(async () => {
      changed(await api.change(video.id, { title: String(said.get("title")).trim(), labels }));
      close();
    });
  };
  return (
    <Dialog title={say("details")} close={close}>
      <form class="form" onSubmit={submit} data-testid="details">
        <label class="field">
          <span>{say("title")}</span>
          <input name="title" defaultValue={video.title} maxLength={300} required autocomplete="off" />
        </label>
        <label class="field">
          <span>{say("labels")}</span>
          <textarea name="labels" rows={3} defaultValue={writeLabels(video.labels)} placeholder="tour: seoul-2026" />
          <small>{say("labelsHelp")}</small>
        </label>
        <Failure text={failure} />
        <button type="submit" class="button is-main" disabled={busy}>
          {say("save")}
        </button>
      </form>
      {mayOperate.value && <Removal video={video} />}
    </Dialog>
  );
}

function Removal({ video }: { video: Video }) {
  const { busy, failure, attempt } = useDeed();
  const [typed, setTyped] = useState("");
  const remove = (event: SubmitEvent) => {
    event.preventDefault();
    attempt(async () => {
      await api.remove(video.id);
      tell(say("deletedNow", { title: video.title }));
      go("/");
    });
  };
  return (
    <details class="removal">
      <summary>{say("deleteVideo")}</summary>
      <form class="form" onSubmit={remove} data-testid="removal">
        <p class="hint">{say("reallyDelete")}</p>
        <label class="field">
          <span>{say("typeToDelete", { title: video.title })}</span>
          <input value={typed} onInput={(event) => setTyped(event.currentTarget.value)} autocomplete="off" />
        </label>
        <Failure text={failure} />
        <button type="submit" class="button is-bad" disabled={busy || !isSame(typed, video.title)} data-testid="delete">
          {say("delete")}
        </button>
      </form>
    </details>
  );
}
