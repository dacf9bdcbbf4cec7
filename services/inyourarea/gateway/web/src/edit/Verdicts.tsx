/** The buttons that say who somebody is. */
import type { Person } from "../api/types";
import { called, say } from "../words/language";
import type { Verdict } from "./pins";

interface Props {
  people: Person[];
  taken: Person | null;
  judge: (verdict: Verdict) => void;
}

export function Verdicts({ people, taken, judge }: Props) {
  return (
    <div class="verdicts" role="group" aria-label={say("itIs")}>
      {people
        .filter((person) => person !== taken)
        .map((person) => (
          <button type="button" class="chip" key={person.id} onClick={() => judge({ is: person.id })} data-testid={`is-${person.id}`}>
            {person.face_url && <img src={person.face_url} alt="" width="22" height="22" />}
            {called(person)}
          </button>
        ))}
      <button type="button" class="chip" onClick={() => judge({ isNobody: true })} data-testid="is-nobody">
        {say("itIsNobody")}
      </button>
      {taken && (
        <button type="button" class="chip" onClick={() => judge({ isNot: taken.id })} data-testid="is-not">
          {say("itIsNot", { name: called(taken) })}
        </button>
      )}
    </div>
  );
}
