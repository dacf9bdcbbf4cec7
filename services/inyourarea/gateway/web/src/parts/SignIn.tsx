/** A token becomes a session; the token is never kept by the page. */
import { useState } from "preact/hooks";
import { api } from "../api/client";
import { learnWho, me } from "../session";
import { say } from "../words/language";
import { Dialog } from "./Dialog";
import { inWords } from "./Message";

export function SignIn() {
  const [open, setOpen] = useState(false);
  const [failure, setFailure] = useState("");
  if (!me.value || me.value.role === "operator") return null;
  if (me.value.role !== "visitor") {
    return (
      <button type="button" class="plain" onClick={() => void api.signOut().then(() => location.reload())}>
        {say("signOut")}
      </button>
    );
  }
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget as HTMLFormElement).get("token") ?? "");
    try {
      await api.signIn(token.trim());
      await learnWho();
      location.reload();
    } catch (error) {
      setFailure(inWords(error));
    }
  };
  return (
    <>
      <button type="button" class="plain" onClick={() => setOpen(true)}>
        {say("signIn")}
      </button>
      {open && (
        <Dialog title={say("signIn")} close={() => setOpen(false)}>
          <form class="form" onSubmit={(event) => void submit(event)}>
            <label class="field">
              <span>{say("token")}</span>
              <input name="token" type="password" autocomplete="current-password" required />
              <small>{say("tokenHelp")}</small>
            </label>
            {failure && (
              <p class="failure" role="alert">
                {failure}
              </p>
            )}
            <button type="submit" class="button is-main">
              {say("signIn")}
            </button>
          </form>
        </Dialog>
      )}
    </>
  );
}
