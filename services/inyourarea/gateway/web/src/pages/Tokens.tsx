/** For operators: who may come in, and as what. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Token } from "../api/types";
import { parseLabels } from "../edit/fields";
import { Failure } from "../parts/Failure";
import { Message, VideoProblem } from "../parts/Message";
import { Secret } from "../parts/Secret";
import { useAsked } from "../parts/useAsked";
import { useDeed } from "../parts/useDeed";
import { Link } from "../router";
import { day, say } from "../words/language";

const ROLES = ["viewer", "editor", "operator"] as const;

export function Tokens() {
  const [asked, again] = useAsked("tokens", () => api.tokens());
  const { failure, attempt } = useDeed();
  const revoke = (token: Token) =>
    attempt(async () => {
      await api.revokeToken(token.id);
      again();
    });
  useEffect(() => {
    document.title = `${say("tokens")} · InYourArea`;
  });
  if (asked.is === "coming") return <Message title={say("loading")} />;
  if (asked.is === "refused") return <VideoProblem error={asked.error} again={again} />;
  const { items } = asked.value;
  return (
    <section class="operate" data-testid="tokens">
      <h1>{say("tokens")}</h1>
      <p class="hint">
        {say("tokensHelp")} <Link to="/webhooks">{say("webhooks")}</Link>
      </p>
      <Make made={again} />
      <Failure text={failure} />
      {items.length === 0 && <p class="hint">{say("noTokens")}</p>}
      <ul class="rows">
        {items.map((token) => (
          <li key={token.id} class={isOver(token) ? "is-over" : ""}>
            <strong>{token.name}</strong>
            <span>{say(`role_${token.role as (typeof ROLES)[number]}`)}</span>
            <span class="rows-more">
              {token.labels?.join(", ")} {lifetime(token)}
            </span>
            {!token.revoked_at && (
              <button type="button" class="button" onClick={() => revoke(token)} aria-label={`${say("revoke")}: ${token.name}`}>
                {say("revoke")}
              </button>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function isOver({ revoked_at, expires_at }: Token): boolean {
  return Boolean(revoked_at) || (expires_at !== null && Date.parse(expires_at) < Date.now());
}

function lifetime({ revoked_at, expires_at }: Token): string {
  if (revoked_at) return say("revokedOn", { day: day(revoked_at) });
  return expires_at ? say("expiresOn", { day: day(expires_at) }) : "";
}

function Make({ made }: { made: () => void }) {
  const { busy, failure, attempt, refuse } = useDeed();
  const [secret, setSecret] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const said = new FormData(form);
    const labels = parseLabels(String(said.get("labels") ?? "").replaceAll(",", "\n"));
    if (!labels) return refuse(say("badLabels"));
    const scopes = Object.entries(labels).map(([name, value]) => `${name}:${value}`);
    attempt(async () => {
      const { token } = await api.makeToken({
        name: String(said.get("name")).trim(),
        role: String(said.get("role")),
        labels: scopes.length ? scopes : null,
        days: Number(said.get("days")) || null,
      });
      setSecret(token);
      form.reset();
      made();
    });
  };
  return (
    <>
      <form class="form sheet" onSubmit={submit} data-testid="make-token">
        <div class="fields">
          <label class="field">
            <span>{say("tokenName")}</span>
            <input name="name" maxLength={100} required autocomplete="off" />
          </label>
          <label class="field">
            <span>{say("role")}</span>
            <select name="role">
              {ROLES.map((role) => (
                <option key={role} value={role}>
                  {say(`role_${role}`)}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            <span>{say("days")}</span>
            <input name="days" type="number" min="1" max="3650" placeholder="∞" />
          </label>
          <label class="field">
            <span>{say("onlyLabels")}</span>
            <input name="labels" placeholder="tour: seoul-2026" autocomplete="off" />
          </label>
        </div>
        <Failure text={failure} />
        <button type="submit" class="button is-main" disabled={busy}>
          {say("makeToken")}
        </button>
      </form>
      {secret && <Secret text={secret} />}
    </>
  );
}
