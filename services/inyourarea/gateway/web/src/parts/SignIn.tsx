/** Signing in with a token, and out. */
import { useState } from "preact/hooks";
import { isSignedIn, maySeeAll, me, signIn, signOut } from "../session";
import { say } from "../words/language";
import { Dialog } from "./Dialog";
import { Form } from "./Form";
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
  return (
    <Form name="sign-in-form" text={say("signIn")} does={(read) => signIn({ token: read("token") })}>
      <label class="field">
        <span>{say("token")}</span>
        <input name="token" type="password" autocomplete="current-password" required />
        <small>{say("tokenHelp")}</small>
      </label>
    </Form>
  );
}
