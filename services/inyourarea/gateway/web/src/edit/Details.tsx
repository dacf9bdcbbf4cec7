/** A video's title and labels; and taking it away, which asks for the title to be typed. */
import { useState } from "preact/hooks";
import { api } from "../api/client";
import type { Video } from "../api/types";
import { Dialog } from "../parts/Dialog";
import { Form } from "../parts/Form";
import { tell } from "../parts/toast";
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
  const change = async (read: (field: string) => string) => {
    const labels = parseLabels(read("labels"));
    if (!labels) throw new Error(say("badLabels"));
    changed(await api.change(video.id, { title: read("title"), labels }));
    close();
  };
  return (
    <Dialog title={say("details")} close={close}>
      <Form name="details" text={say("save")} does={change}>
        <label class="field">
          <span>{say("title")}</span>
          <input name="title" defaultValue={video.title} maxLength={300} required autocomplete="off" />
        </label>
        <label class="field">
          <span>{say("labels")}</span>
          <textarea name="labels" rows={3} defaultValue={writeLabels(video.labels)} placeholder="tour: seoul-2026" />
          <small>{say("labelsHelp")}</small>
        </label>
      </Form>
      {mayOperate.value && <Removal video={video} />}
    </Dialog>
  );
}

function Removal({ video }: { video: Video }) {
  const [typed, setTyped] = useState("");
  const remove = async () => {
    await api.remove(video.id);
    tell(say("deletedNow", { title: video.title }));
    go("/");
  };
  return (
    <details class="removal">
      <summary>{say("deleteVideo")}</summary>
      <Form name="removal" text={say("delete")} does={remove} isBad disabled={!isSame(typed, video.title)}>
        <p class="hint">{say("reallyDelete")}</p>
        <label class="field">
          <span>{say("typeToDelete", { title: video.title })}</span>
          <input value={typed} onInput={(event) => setTyped(event.currentTarget.value)} autocomplete="off" />
        </label>
      </Form>
    </details>
  );
}
