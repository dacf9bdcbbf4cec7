/** Signing in with a token, and out. */
import { useState } from "preact/hooks";
import { isSignedIn, maySeeAll, me, signIn, signOut } from "../session";
import { say } from "../words/language";
import { Dialog } from "./Dialog";
import { inWords } from "./Message";
import { tell } from "./toast";

export function SignIn() {
  const [open, setOpen] = useState(false);
  if (isSignedIn.value) {
    const leave = () => void signOut().catch((error: unknown) => tell(inWords(error)));
    return (
      <button type="button" class="plain" title={me.value?.name} onClick={leave} data-testid="sign-out">
        {say("signOut")}
      </button>
    );
  }
  if (!me.value || maySeeAll.value) return null;
  return (
    <>
      <button type="button" class="plain" onClick={() => setOpen(true)} data-testid="sign-in">
        {say("signIn")}
      </button>
      {open && (
        <Dialog title={say("signIn")} close={() => setOpen(false)}>
          <SignInForm />
        </Dialog>
      )}
    </>
  );
}

/** Once the token is taken, the whole page is shown anew. */
export function SignInForm() {
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget as HTMLFormElement).get("token") ?? "");
    setBusy(true);
    setFailure("");
    try {
      await signIn({ token: token.trim() });
    } catch (error) {
      setFailure(inWords(error));
      setBusy(false);
    }
  };
  return (
    <form class="form" onSubmit={(event) => void submit(event)} data-testid="sign-in-form">
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
      <button type="submit" class="button is-main" disabled={busy}>
        {say("signIn")}
      </button>
    </form>
  );
}
