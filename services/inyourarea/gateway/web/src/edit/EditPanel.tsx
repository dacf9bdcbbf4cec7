/** Under the timeline while somebody corrects: the stretch, what would change, spans, publishing. */
import { useState } from "preact/hooks";
import { api } from "../api/client";
import type { Change, Person, Span, Watch } from "../api/types";
import type { Player } from "../player/player";
import { inWords } from "../parts/Message";
import { tell } from "../parts/toast";
import { called, reason, say } from "../words/language";
import { clock } from "../words/time";
import type { Editing } from "./editing";
import { Names } from "./Names";
import { Verdicts } from "./Verdicts";

interface Props {
  player: Player;
  editing: Editing;
  watch: Watch;
  reload: () => void;
}

export function EditPanel({ player, editing, watch, reload }: Props) {
  const person = player.shownPerson.value;
  return (
    <section class="panel edit" aria-label={say("edit")} data-testid="edit-panel">
      <div class="edit-bar">
        <p class="hint">{say("editHelp")}</p>
        <button type="button" class="button" onClick={() => mark(player, editing, "from")}>
          {say("selectFrom")}
        </button>
        <button type="button" class="button" onClick={() => mark(player, editing, "to")}>
          {say("selectTo")}
        </button>
        <button type="button" class="button" disabled={!editing.before.value.length || editing.busy.value} onClick={() => void editing.undo()} data-testid="undo">
          {say("undo")}
        </button>
      </div>
      {editing.problem.value && (
        <p class="failure" role="alert" data-testid="edit-problem">
          {editing.problem.value}
        </p>
      )}
      <Stretch player={player} editing={editing} />
      <Pending player={player} editing={editing} />
      {person && <Spans player={player} person={person} reload={reload} />}
      <OnlyPublic watch={watch} does={doing(reload)} />
    </section>
  );
}

/** One end of the stretch is where the player is, for whoever can not drag. */
function mark(player: Player, editing: Editing, end: "from" | "to"): void {
  const frame = player.frame.value;
  const last = (player.scene.value?.times.frames ?? 1) - 1;
  const before = editing.selection.value;
  if (end === "from") editing.select({ from: frame, to: Math.max(frame, before?.to ?? last) });
  else editing.select({ from: Math.min(frame, before?.from ?? 0), to: frame });
}

function Stretch({ player, editing }: Pick<Props, "player" | "editing">) {
  const selection = editing.selection.value;
  const scene = player.scene.value;
  if (!selection || !scene) return null;
  const { times } = scene;
  const span = { from: clock(times.seconds(selection.from), 1), to: clock(times.seconds(selection.to), 1) };
  return (
    <div class="stretch" data-testid="stretch">
      <h3>{say("stretch", span)}</h3>
      {editing.isSeenInStretch ? (
        <Verdicts people={scene.people} taken={player.shownPerson.value} judge={(verdict) => editing.judgeStretch(verdict)} />
      ) : (
        <p class="hint">{say("stretchEmpty")}</p>
      )}
    </div>
  );
}

function Pending({ player, editing }: Pick<Props, "player" | "editing">) {
  if (!editing.pending.value.length) return null;
  const preview = editing.preview.value;
  return (
    <div class="pending" data-testid="preview">
      <h3>{say("wouldChange")}</h3>
      {preview ? (
        <>
          {preview.changes.length ? <Changes player={player} changes={preview.changes} /> : <p class="hint">{say("changesNothing")}</p>}
          <p class="hint" data-testid="segments">
            {say("segmentsAgain", preview.segments)}
          </p>
        </>
      ) : (
        !editing.problem.value && <p class="hint">{say("previewing")}</p>
      )}
      <div class="buttons">
        <button type="button" class="button is-main" disabled={!preview || editing.busy.value} onClick={() => void editing.apply()} data-testid="apply">
          {say("apply")}
        </button>
        <button type="button" class="button" onClick={() => editing.forget()}>
          {say("discard")}
        </button>
      </div>
    </div>
  );
}

function Changes({ player, changes }: { player: Player; changes: Change[] }) {
  const scene = player.scene.value;
  if (!scene) return null;
  const name = (change: Change) => {
    const person = scene.people.find(({ id }) => id === change.person);
    return person ? called(person) : change.name;
  };
  return (
    <ul class="changes">
      {changes.map((change) => (
        <li key={`${change.person}-${change.from_frame}`}>
          <button type="button" class="plain" onClick={() => goTo(player, change.person, change.from_frame)}>
            {clock(scene.times.seconds(change.from_frame), 1)} – {clock(scene.times.seconds(change.to_frame), 1)}
          </button>
          <strong>{name(change)}</strong>
          <span>
            {say(`place_${change.was}`)} → {say(`place_${change.becomes}`)}
          </span>
        </li>
      ))}
    </ul>
  );
}

function goTo(player: Player, person: string, frame: number): void {
  player.pause();
  if (player.scene.value?.people.some(({ id }) => id === person)) player.person.value = person;
  player.seekFrame(frame);
}

function Spans({ player, person, reload }: { player: Player; person: Person; reload: () => void }) {
  const [naming, setNaming] = useState(false);
  const scene = player.scene.value;
  if (!scene) return null;
  const id = scene.video.id;
  const does = doing(reload);
  return (
    <div class="spans">
      <header>
        <h3>
          {called(person)}: {say("spans")}
        </h3>
        <button type="button" class="button" onClick={() => setNaming(true)} data-testid="names">
          {say("names")}
        </button>
        <Publishing video={id} person={person} does={does} />
      </header>
      {person.publication.is_behind && <p class="notice">{say("behind", { names: called(person) })}</p>}
      {person.spans.length === 0 && <p class="hint">{say("noSpans", { name: called(person) })}</p>}
      <ul>
        {person.spans.map((span) => (
          <SpanRow key={span.id} player={player} person={person} span={span} confirm={() => does(api.confirmSpan(id, span.id))} />
        ))}
      </ul>
      {naming && <Names video={id} person={person} changed={reload} close={() => setNaming(false)} />}
    </div>
  );
}

type Does = (deed: Promise<unknown>) => void;

const doing = (reload: () => void): Does => (deed) => void deed.then(reload, (error: unknown) => tell(inWords(error)));

/** From draft to published, and back; what is behind can be published anew. */
function Publishing({ video, person, does }: { video: string; person: Person; does: Does }) {
  const open = person.spans.filter(({ confirmed }) => !confirmed).length;
  const { state, is_behind: isBehind, public_run_id: isPublic } = person.publication;
  const isDrawn = person.fancams.every(({ url }) => url);
  const first = open ? say("approveFirst", { n: open }) : isDrawn ? undefined : say("drawing");
  return (
    <>
      <span class={`status is-${state}`} data-testid="publication">
        {say(`pub_${state}`)}
        {isPublic && state !== "published" && `, ${say("pub_older")}`}
      </span>
      {state === "draft" && (
        <button type="button" class="button" disabled={open > 0} title={open ? first : undefined} onClick={() => does(api.publication(video, person.id, "approve"))} data-testid="approve">
          {say("approve")}
        </button>
      )}
      {(state === "approved" || isBehind) && state !== "draft" && (
        <button type="button" class="button is-main" disabled={first !== undefined} title={first} onClick={() => does(api.publication(video, person.id, "publish"))} data-testid="publish">
          {say(isBehind ? "publishThis" : "publish")}
        </button>
      )}
      {state !== "draft" && (
        <button type="button" class="button" title={say("reopenHelp")} onClick={() => does(api.publication(video, person.id, "reopen"))} data-testid="reopen">
          {say("reopen")}
        </button>
      )}
      {isPublic && (
        <button type="button" class="button" onClick={() => does(api.publication(video, person.id, "withdraw"))} data-testid="withdraw">
          {say("withdraw")}
        </button>
      )}
    </>
  );
}

/** Who is published but no longer here can be withdrawn all the same. */
function OnlyPublic({ watch, does }: { watch: Watch; does: Does }) {
  return (
    <>
      {watch.only_public.map((person) => (
        <div class="notice" key={person.id} data-testid={`only-public-${person.id}`}>
          <p>{say("onlyPublic", { name: called(person) })}</p>
          <button type="button" class="button" onClick={() => does(api.publication(watch.video.id, person.id, "withdraw"))}>
            {say("withdraw")}
          </button>
        </div>
      ))}
    </>
  );
}

function SpanRow({ player, person, span, confirm }: { player: Player; person: Person; span: Span; confirm: () => void }) {
  const times = player.scene.value?.times;
  if (!times) return null;
  return (
    <li class={span.confirmed ? "is-confirmed" : ""}>
      <button type="button" class="plain" onClick={() => goTo(player, person.id, span.from_frame)}>
        {clock(times.seconds(span.from_frame), 1)} – {clock(times.seconds(span.to_frame), 1)}
      </button>
      <span>{reason(span)}</span>
      {span.confirmed ? (
        <em>{say("confirmed")}</em>
      ) : (
        <button type="button" class="button" onClick={confirm} data-testid={`confirm-${span.id}`}>
          {say("confirm")}
        </button>
      )}
    </li>
  );
}
