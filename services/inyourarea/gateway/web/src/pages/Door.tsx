/** Where one comes in: with a token, or with the code of a link that was shown as a picture. */
import { useEffect, useState } from "preact/hooks";
import { Problem } from "../api/client";
import { inWords, Message } from "../parts/Message";
import { SignInForm } from "../parts/SignIn";
import { go } from "../router";
import { maySeeAll, signIn } from "../session";
import { say } from "../words/language";

export function SignInPage({ help }: { help: "signInHelp" | "forbiddenHelp" }) {
  useEffect(() => {
    document.title = `${say("signIn")} · InYourArea`;
  });
  return (
    <section class="door" data-testid="door">
      <h1>{say("signIn")}</h1>
      <p class="hint">{say(help)}</p>
      <SignInForm />
    </section>
  );
}

/** Shown at its own address; who is in already is sent on. */
export function SignInAddress() {
  const done = maySeeAll.value;
  useEffect(() => {
    if (done) go("/");
  }, [done]);
  return <SignInPage help="signInHelp" />;
}

/** The code stands behind the # and is taken out of the address before anything else. */
export function Join() {
  const [failure, setFailure] = useState<{ title: string; text: string } | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const enter = async (code: string) => {
      try {
        await signIn({ code });
        go("/");
      } catch (error) {
        // Whoever came too often is let in later: the code is as good as before.
        const isEarly = error instanceof Problem && error.status === 429;
        setFailure({ title: say(isEarly ? "joining" : "joinFailed"), text: inWords(error) });
        if (isEarly) timer = setTimeout(() => void enter(code), 1000 * (error.waitS || 1));
      }
    };
    const read = () => {
      const code = location.hash.slice(1);
      history.replaceState(null, "", location.pathname);
      setFailure(code ? null : { title: say("joinFailed"), text: say("joinEmpty") });
      if (code) void enter(code);
    };
    read();
    addEventListener("hashchange", read);
    return () => {
      clearTimeout(timer);
      removeEventListener("hashchange", read);
    };
  }, []);
  return failure ? <Message {...failure} back /> : <Message title={say("joining")} />;
}
