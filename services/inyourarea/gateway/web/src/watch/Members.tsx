/** The buttons that change the member, with faces and the number of the key. */
import { useComputed } from "@preact/signals";
import type { Person } from "../api/types";
import type { Player } from "../player/player";
import { stateAt } from "../player/states";
import { Icon } from "../parts/Icon";
import { called, say } from "../words/language";

export function Members({ player }: { player: Player }) {
  const people = player.scene.value?.people ?? [];
  return (
    <div class="members" role="group" aria-label={say("members")}>
      {people.map((person, at) => (
        <Member key={person.id} player={player} person={person} number={at + 1} />
      ))}
    </div>
  );
}

function Member({ player, person, number }: { player: Player; person: Person; number: number }) {
  const away = useComputed(() => stateAt(person.states, player.frame.value) === "absent").value;
  const chosen = player.person.value === person.id;
  const choose = () => {
    player.person.value = person.id;
    player.grid.value = false;
  };
  return (
    <button
      type="button"
      class={`member ${chosen ? "is-chosen" : ""} ${away ? "is-away" : ""}`}
      aria-pressed={chosen}
      data-testid={`member-${person.id}`}
      onClick={choose}
    >
      <span class="face">
        {person.face_url ? <img src={person.face_url} alt="" width="44" height="44" decoding="async" /> : <Icon name="person" />}
      </span>
      <span class="member-name">{called(person)}</span>
      {number <= 9 && <kbd aria-hidden="true">{number}</kbd>}
    </button>
  );
}
