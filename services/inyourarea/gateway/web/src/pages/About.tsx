/** What this is. */
import { useEffect } from "preact/hooks";
import { say } from "../words/language";

export function About() {
  useEffect(() => {
    document.title = `${say("about")} · InYourArea`;
  });
  return (
    <article class="prose">
      <h1>{say("tagline")}</h1>
      <p class="lead">{say("aboutLead")}</p>
      <h2>{say("aboutHow")}</h2>
      <ol>
        <li>{say("aboutHow1")}</li>
        <li>{say("aboutHow2")}</li>
        <li>{say("aboutHow3")}</li>
        <li>{say("aboutHow4")}</li>
      </ol>
      <h2>{say("aboutWrong")}</h2>
      <p>{say("aboutWrongText")}</p>
      <h2>{say("aboutFree")}</h2>
      <p>{say("aboutFreeText")}</p>
    </article>
  );
}
