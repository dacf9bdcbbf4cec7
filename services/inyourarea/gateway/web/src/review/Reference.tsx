/** Who she is: the face to compare with, and the video she is in. */
import type { Person, Watch } from "../api/types";
import { Icon } from "../parts/Icon";
import { Link } from "../router";
import { called, say } from "../words/language";

export function Reference({ watch, person }: { watch: Watch; person: Person }) {
  return (
    <figure class="reference">
      {person.face_url ? <img src={person.face_url} alt={say("reference")} /> : <Icon name="person" />}
      <figcaption>
        <strong>{called(person)}</strong>
        <Link to={`/watch/${watch.video.id}?person=${encodeURIComponent(person.id)}`}>{watch.video.title}</Link>
      </figcaption>
    </figure>
  );
}
