/** For operators: who may come in, and as what. */
import { useState } from "preact/hooks";
import { api } from "../api/client";
import type { Token } from "../api/types";
import { parseLabels } from "../edit/fields";
import { Failure } from "../parts/Failure";
import { Form } from "../parts/Form";
import { Register } from "../parts/Register";
import { Secret } from "../parts/Secret";
import { useDeed } from "../parts/useDeed";
import { day, say } from "../words/language";

const ROLES = ["viewer", "editor", "operator"] as const;

export function Tokens() {
  return (
    <Register
      room="tokens"
      other="webhooks"
      ask={api.tokens}
      make={(again) => <Make made={again} />}
      row={(token, again) => <Row key={token.id} token={token} revoked={again} />}
    />
  );
}

function Row({ token, revoked }: { token: Token; revoked: () => void }) {
  const { failure, attempt } = useDeed();
  const revoke = () => attempt(() => api.revokeToken(token.id).then(revoked));
  return (
    <li class={isOver(token) ? "is-over" : ""}>
      <strong>{token.name}</strong>
      <span>{say(`role_${token.role as (typeof ROLES)[number]}`)}</span>
      <span class="rows-more">
        {token.labels?.join(", ")} {lifetime(token)}
      </span>
      {!token.revoked_at && (
        <button type="button" class="button" onClick={revoke} aria-label={`${say("revoke")}: ${token.name}`}>
          {say("revoke")}
        </button>
      )}
      <Failure text={failure} />
    </li>
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
  const [secret, setSecret] = useState("");
  const make = async (read: (field: string) => string) => {
    const labels = parseLabels(read("labels").replaceAll(",", "\n"));
    if (!labels) throw new Error(say("badLabels"));
    const scopes = Object.entries(labels).map(([name, value]) => `${name}:${value}`);
    const { token } = await api.makeToken({
      name: read("name"),
      role: read("role"),
      labels: scopes.length ? scopes : null,
      days: Number(read("days")) || null,
    });
    setSecret(token);
    made();
  };
  return (
    <>
      <Form class="sheet" name="make-token" text={say("makeToken")} does={make}>
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
      </Form>
      {secret && <Secret text={secret} />}
    </>
  );
}
