/** A secret that is told once. */
import { say } from "../words/language";
import { copy } from "../watch/comfort";
import { tell } from "./toast";

export function Secret({ text }: { text: string }) {
  return (
    <div class="secret" role="status" data-testid="secret">
      <p>{say("secretOnce")}</p>
      <code>{text}</code>
      <button type="button" class="button" onClick={() => void copy(text).then((done) => done && tell(say("copiedText")))}>
        {say("copyText")}
      </button>
    </div>
  );
}
