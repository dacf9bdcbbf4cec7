/** The members, each a button and a key; and a field for somebody who is not there yet. */
import { Form } from "../parts/Form";
import { say } from "../words/language";
import type { Desk } from "./desk";
import { colorOf, KEYS } from "./palette";

interface Props {
  desk: Desk;
  /** Who it is taken for, or who is drawn. */
  chosen: string;
  choose: (member: string) => void;
}

export function Naming({ desk, chosen, choose }: Props) {
  const { members } = desk.dataset.value;
  return (
    <div class="naming">
      <div class="choices" role="group" aria-label={say("members")}>
        {members.map((member, place) => (
          <button
            type="button"
            key={member}
            class={`chip ${member === chosen ? "is-on" : ""}`}
            aria-pressed={member === chosen}
            onClick={() => choose(member)}
            data-testid={`is-${member}`}
          >
            <span class="dot" style={{ backgroundColor: colorOf(members, member) }} aria-hidden="true" />
            {KEYS[place] && <kbd>{KEYS[place]?.toUpperCase()}</kbd>} {member}
          </button>
        ))}
      </div>
      <Form
        name="new-member"
        text={say("addMember")}
        class="new-member"
        does={async (read) => {
          choose(await desk.addMember(read("member")));
          (document.activeElement as HTMLElement | null)?.blur(); // the keys name again
        }}
      >
        <input name="member" required maxLength={100} autocomplete="off" placeholder={say("newName")} aria-label={say("newMember")} />
      </Form>
    </div>
  );
}
