/** What is to be known of a video before it is watched: what went wrong, and what visitors see of it. */
import type { Video, Watch } from "../api/types";
import { Retry, trouble } from "../parts/Retry";
import { mayEdit, maySeeAll } from "../session";
import { called, say } from "../words/language";

interface Props {
  watch: Watch;
  /** As the gateway said last. */
  video: Video;
  reload: () => void;
  /** Opens what can be done about somebody. */
  attend: (person: string) => void;
}

export function Notices({ watch, video, reload, attend }: Props) {
  const why = trouble(video);
  const behind = watch.people.filter(({ publication }) => publication.is_behind);
  const [first] = behind;
  return (
    <>
      {why && maySeeAll.value && (
        <div class="notice" role="status" data-testid="trouble">
          <p>{why}</p>
          <Retry video={video} changed={reload} />
        </div>
      )}
      {first && maySeeAll.value && (
        <div class="notice" role="status" data-testid="behind">
          <p>{say("behind", { names: behind.map(called).join(", ") })}</p>
          {mayEdit.value && (
            <button type="button" class="button" onClick={() => attend(first.id)}>
              {say("look")}
            </button>
          )}
        </div>
      )}
    </>
  );
}
