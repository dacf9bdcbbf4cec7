/** "Who is this?": choose somebody, type a name, or say who it is not. */
import type { Player } from "../player/player";
import { IconButton } from "../parts/IconButton";
import { called, say } from "../words/language";
import type { Editing } from "./editing";
import type { Verdict } from "./pins";
import { Verdicts } from "./Verdicts";

interface Props {
  player: Player;
  editing: Editing;
  right: boolean;
}

export function FaceCard({ player, editing, right }: Props) {
  const people = player.scene.value?.people ?? [];
  const picked = editing.picked.value;
  const taken = people.find(({ id }) => id === picked?.face.person) ?? null;
  const judge = (verdict: Verdict) => editing.judgeFace(verdict);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget as HTMLFormElement).get("name") ?? "").trim();
    if (!name) return;
    const known = people.find((person) => [person.name, called(person), ...person.aliases].some((one) => alike(one, name)));
    if (known && known !== taken) judge({ is: known.id });
    else if (taken) void editing.rename(taken, name);
    else judge({ is: name });
  };
  return (
    <div class={`face-card ${right ? "is-left" : ""}`} role="dialog" aria-label={say("whoIsThis")} data-testid="face-card">
      <header>
        <h2>{say("whoIsThis")}</h2>
        <IconButton icon="close" label={say("close")} onClick={() => (editing.picked.value = null)} />
      </header>
      <p class="hint">{taken ? say("hereIs", { name: called(taken) }) : say("hereNobody")}</p>
      <form class="inline" onSubmit={submit}>
        <input name="name" aria-label={say("newName")} placeholder={taken ? say("rename", { name: called(taken) }) : say("newName")} maxLength={80} autocomplete="off" data-testid="name" />
        <button type="submit" class="button is-main">
          {say("saveName")}
        </button>
      </form>
      <Verdicts people={people} taken={taken} judge={judge} />
    </div>
  );
}

/** The same name to a reader: case and width do not count. */
function alike(one: string, other: string): boolean {
  return one.normalize("NFKC").toLowerCase() === other.normalize("NFKC").toLowerCase();
}
