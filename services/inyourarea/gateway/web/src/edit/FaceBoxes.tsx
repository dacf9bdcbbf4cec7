/** The faces of the frame, over the stage: each a button. */
import type { Face } from "../player/boxes";
import type { Player } from "../player/player";
import { called, say } from "../words/language";
import type { Editing } from "./editing";
import { FaceCard } from "./FaceCard";

export function FaceBoxes({ player, editing }: { player: Player; editing: Editing }) {
  const source = player.scene.value?.video.source;
  const boxes = editing.boxes.value;
  if (!source || !boxes) return <div class="faces" />;
  const mirrored = player.mirror.value;
  const frame = player.frame.value;
  const place = ({ box: [x1, y1, x2, y2] }: Face) => ({
    left: `${(100 * (mirrored ? source.width - x2 : x1)) / source.width}%`,
    top: `${(100 * y1) / source.height}%`,
    width: `${(100 * (x2 - x1)) / source.width}%`,
    height: `${(100 * (y2 - y1)) / source.height}%`,
  });
  const picked = editing.picked.value;
  const hit = (event: MouseEvent) => {
    if (event.target !== event.currentTarget) return;
    const field = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const across = (event.clientX - field.left) / field.width;
    const face = boxes.hit(frame, (mirrored ? 1 - across : across) * source.width, ((event.clientY - field.top) / field.height) * source.height);
    if (face) editing.pick(face);
    else editing.picked.value = null;
  };
  return (
    <div class="faces" onClick={hit} data-testid="faces">
      {boxes.at(frame).map((face) => {
        const person = player.scene.value?.people.find(({ id }) => id === face.person);
        const chosen = picked?.frame === frame && picked.face.box.every((side, at) => side === face.box[at]);
        return (
          <button
            type="button"
            key={`${face.person ?? "other"}-${person ? "" : face.box.join()}`}
            class={`face-box ${person ? "" : "is-other"} ${chosen ? "is-chosen" : ""} ${face.person === player.person.value ? "is-shown" : ""}`}
            style={place(face)}
            aria-label={person ? called(person) : say("hereNobody")}
            data-testid={face.person ? `face-${face.person}` : "face-other"}
            onClick={() => editing.pick(face)}
          >
            {person && <span>{called(person)}</span>}
          </button>
        );
      })}
      {picked && <FaceCard key={`${picked.frame}-${picked.face.box.join()}`} player={player} editing={editing} right={isRight(picked.face, source.width, mirrored)} />}
    </div>
  );
}

/** Whether the face is in the right half, so that the card stands in the left. */
function isRight(face: Face, width: number, mirrored: boolean): boolean {
  return (face.box[0] + face.box[2]) / 2 > width / 2 !== mirrored;
}
