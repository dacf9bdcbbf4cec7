/** The windows of the watch page: keys, downloads. */
import type { Watch } from "../api/types";
import { Dialog } from "../parts/Dialog";
import { Icon } from "../parts/Icon";
import { maySeeAll } from "../session";
import { called, say, shapeName } from "../words/language";

export function Keys({ close }: { close: () => void }) {
  const rows: [string, string][] = [
    ["1 – 9", say("key_members")],
    [say("space"), say("key_play")],
    ["← →", say("key_seek")],
    [", .", say("key_frame")],
    ["− +", say("key_speed")],
    ["[ ]", say("key_loop")],
    ["L", say("key_looping")],
    ["G", say("key_grid")],
    ["M", say("key_mirror")],
    ["F", say("key_full")],
    ["E", say("key_edit")],
  ];
  return (
    <Dialog title={say("keys")} close={close}>
      <dl class="keys">
        {rows.map(([key, text]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

export function Downloads({ watch, person, close }: { watch: Watch; person: string | null; close: () => void }) {
  const people = [...watch.people].sort((one, other) => Number(other.id === person) - Number(one.id === person));
  const run = `/api/v1/runs/${watch.run_id}`;
  return (
    <Dialog title={say("download")} close={close}>
      <ul class="downloads">
        {people.flatMap((one) =>
          one.fancams.map((fancam) => {
            const name = called(one);
            const text = say("fileOf", { name, aspect: shapeName(fancam.aspect) });
            return (
              <li key={`${one.id}-${fancam.aspect}`}>
                {fancam.url ? (
                  <a href={fancam.url} download={`${name}-${fancam.aspect.replace(":", "x")}.mp4`}>
                    <Icon name="download" />
                    <span>{text}</span>
                    <small>
                      {fancam.width} × {fancam.height}
                    </small>
                  </a>
                ) : (
                  <span class="is-coming">
                    {text} <small>{say("drawing")}</small>
                  </span>
                )}
              </li>
            );
          }),
        )}
      </ul>
      {maySeeAll.value && (
        <p class="files">
          <a href={`${run}/report.json`} download>
            {say("report")}
          </a>
          <a href={`${run}/tracks.csv`} download>
            {say("tracks")}
          </a>
          <a href={`${run}/camera.csv`} download>
            {say("camera")}
          </a>
        </p>
      )}
    </Dialog>
  );
}
