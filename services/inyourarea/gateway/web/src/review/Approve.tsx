/** Nothing of her is left to look at: she can be approved. */
import { api } from "../api/client";
import type { Person, Watch } from "../api/types";
import { Failure } from "../parts/Failure";
import { useDeed } from "../parts/useDeed";
import { called, say } from "../words/language";
import type { Answer } from "./queue";
import { Reference } from "./Reference";
import { useKeys } from "./useKeys";

interface Props {
  watch: Watch;
  person: Person;
  answered: (answer: Answer) => void;
}

export function Approve({ watch, person, answered }: Props) {
  const { busy, failure, attempt } = useDeed();
  const approve = () =>
    attempt(async () => {
      await api.publication(watch.video.id, person.id, "approve");
      answered("approved");
    });
  const later = () => answered("later");
  useKeys((key) => {
    if (key === "a") approve();
    else if (key === "s") later();
  });
  return (
    <div class="ask is-approval" data-testid="approval">
      <Reference watch={watch} person={person} />
      <div class="answers">
        <p>{say("reviewApprove", { name: called(person) })}</p>
        <Failure text={failure} />
        <div class="buttons">
          <button type="button" class="button is-main" disabled={busy} onClick={approve} data-testid="approve">
            <kbd>A</kbd> {say("approve")}
          </button>
          <button type="button" class="button" disabled={busy} onClick={later} data-testid="later">
            <kbd>S</kbd> {say("later")}
          </button>
        </div>
      </div>
    </div>
  );
}
