/** The frame around every page: head, navigation, what is said in passing. */
import type { ReadonlySignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useErrorBoundary, useRef } from "preact/hooks";
import { Icon } from "./parts/Icon";
import { Message } from "./parts/Message";
import { SignIn } from "./parts/SignIn";
import { Toast } from "./parts/toast";
import { About } from "./pages/About";
import { Datasets } from "./pages/Datasets";
import { GroupPage } from "./pages/GroupPage";
import { Home } from "./pages/Home";
import { Join, SignInAddress, SignInPage } from "./pages/Door";
import { LabelPage } from "./pages/LabelPage";
import { Review } from "./pages/Review";
import { Tokens } from "./pages/Tokens";
import { UploadPage } from "./pages/UploadPage";
import { WatchPage } from "./pages/WatchPage";
import { Webhooks } from "./pages/Webhooks";
import { address, Link } from "./router";
import { isStranger, mayEdit, mayOperate, me, visit } from "./session";
import { language, say, switchLanguage } from "./words/language";

export function App() {
  const { path } = address.value;
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone there is no room for all: where one is can be seen.
    nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [path, me.value]);
  return (
    <>
      <a class="skip" href="#content">
        {say("skip")}
      </a>
      <header class="head">
        <Link to="/" class="wordmark" aria-label="InYourArea">
          <Icon name="mark" />
          <span>InYourArea</span>
        </Link>
        <nav class="nav" aria-label={say("main")} ref={nav}>
          <Link to="/">{say("videos")}</Link>
          {mayEdit.value && <Link to="/upload">{say("upload")}</Link>}
          {mayEdit.value && <Link to="/review">{say("review")}</Link>}
          {mayEdit.value && <Link to="/datasets">{say("datasets")}</Link>}
          {mayOperate.value && <Link to="/tokens">{say("tokens")}</Link>}
          <Link to="/about">{say("about")}</Link>
        </nav>
        <div class="head-end">
          <button type="button" class="plain" onClick={switchLanguage} lang={language.value === "en" ? "ko" : "en"}>
            {say("language")}
          </button>
          <SignIn />
        </div>
      </header>
      <Content key={visit.value} />
      <Toast />
    </>
  );
}

function Content() {
  const [error] = useErrorBoundary();
  const { path } = address.value;
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    // Whoever listens to the page hears that it changed.
    if (first.current) first.current = false;
    else main.current?.focus();
  }, [path]);
  return (
    <main id="content" tabIndex={-1} ref={main}>
      {error ? <Message title={say("somethingWrong")} text={String((error as Error).message)} /> : page(path)}
    </main>
  );
}

/** Pages for some only, and for whom. */
const ROOMS: Record<string, { isOpen: ReadonlySignal<boolean>; Page: (props: { name: string }) => VNode } | undefined> = {
  "/upload": { isOpen: mayEdit, Page: UploadPage },
  "/review": { isOpen: mayEdit, Page: Review },
  "/datasets": { isOpen: mayEdit, Page: Datasets },
  "/label/{name}": { isOpen: mayEdit, Page: LabelPage },
  "/tokens": { isOpen: mayOperate, Page: Tokens },
  "/webhooks": { isOpen: mayOperate, Page: Webhooks },
};

function page(path: string) {
  const [, room = "", rest = ""] = path.split("/");
  const name = decode(rest);
  if (path === "/join") return <Join />;
  if (path === "/sign-in") return <SignInAddress />;
  if (path === "/about") return <About />;
  if (isStranger.value) return <SignInPage help="signInHelp" />;
  if (path === "/") return <Home key="home" />;
  if (room === "watch" && name) return <WatchPage key={name} id={name} />;
  if (room === "group" && name) return <GroupPage key={name} name={name} />;
  const Room = ROOMS[name ? `/${room}/{name}` : path];
  if (Room) {
    if (!me.value) return <Message title={say("loading")} />;
    return Room.isOpen.value ? <Room.Page key={path} name={name} /> : <SignInPage help="forbiddenHelp" />;
  }
  return <Message title={say("noPage")} back />;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
