/** What is said where a page has nothing to show, and what can be done about it. */
import type { ComponentChildren } from "preact";
import { Problem } from "../api/client";
import { Link } from "../router";
import { say } from "../words/language";
import { retold } from "../words/reasons";

interface Props {
  title: string;
  text?: string | undefined;
  back?: boolean;
  children?: ComponentChildren;
}

export function Message({ title, text, back, children }: Props) {
  return (
    <section class="message" role="status">
      <h1>{title}</h1>
      {text && <p>{text}</p>}
      {children}
      {back && (
        <p>
          <Link to="/" class="button">
            {say("back")}
          </Link>
        </p>
      )}
    </section>
  );
}

/** What went wrong with a video, in words. */
export function VideoProblem({ error, again }: { error: unknown; again: () => void }) {
  const status = error instanceof Problem ? error.status : -1;
  // An address that names no video at all is as unknown as one that names a missing one.
  if (status === 404 || status === 422) return <Message title={say("unknownVideo")} text={say("unknownVideoHelp")} back />;
  if (status === 410) return <Message title={say("deletedVideo")} text={say("deletedVideoHelp")} back />;
  if (status === 401 || status === 403) return <Message title={say("forbidden")} text={say("forbiddenHelp")} back />;
  return (
    <Message title={say("somethingWrong")} text={inWords(error)}>
      <p>
        <button type="button" class="button" onClick={again}>
          {say("again")}
        </button>
      </p>
    </Message>
  );
}

export function inWords(error: unknown): string {
  if (error instanceof Problem) return error.status === 0 ? say("unreachable") : retold(error.message);
  return error instanceof Error ? error.message : String(error);
}
