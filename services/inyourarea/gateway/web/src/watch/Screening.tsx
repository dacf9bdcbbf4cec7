/** A video that can be watched: player, members, loops, corrections, and the address that says it all. */
import { effect } from "@preact/signals";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Video, Watch } from "../api/types";
import { Details } from "../edit/Details";
import { EditPanel } from "../edit/EditPanel";
import { Editing } from "../edit/editing";
import { FaceBoxes } from "../edit/FaceBoxes";
import { Message } from "../parts/Message";
import { tell } from "../parts/toast";
import { readView, writeView } from "../player/links";
import { loopOf, type Loop } from "../player/loops";
import { Player, type Scene } from "../player/player";
import { address, restate } from "../router";
import { mayEdit } from "../session";
import { called, say } from "../words/language";
import { copy, followFull, fullWindow, isInApp, stayAwake, toggleFloat, toggleFull } from "./comfort";
import { press } from "./keys";
import { LoopPanel, markLoop } from "./LoopPanel";
import { Members } from "./Members";
import { Notices } from "./Notices";
import { Downloads, Keys } from "./Sheets";
import { Theatre, tiling } from "./Theatre";
import { Timeline } from "./Timeline";
import { Title } from "./Title";
import { Transport } from "./Transport";

interface Props {
  watch: Watch;
  scene: Scene;
  /** As the gateway said last; newer than the one in `watch`. */
  video: Video;
  reload: () => void;
}

const LAST_MEMBER = "member";

export function Screening({ watch, scene, video, reload }: Props) {
  const { element, player, editing } = useMemo(() => {
    const made = document.createElement("video");
    made.playsInline = true;
    made.preload = "auto";
    made.dataset.testid = "stage-video";
    const playing = new Player(made);
    return { element: made, player: playing, editing: new Editing(playing, watch.video.id, reload) };
  }, []);
  const room = useRef<HTMLDivElement>(null);
  const lastLoop = useRef<Loop | null>(null);
  const [sheet, setSheet] = useState<"keys" | "downloads" | "details" | null>(null);
  const [loops, setLoops] = useState(false);
  const [missing, setMissing] = useState<string | null>(null);

  useEffect(() => () => player.close(), []);

  useEffect(() => {
    const before = player.scene.value;
    player.show(scene);
    if (!before) setMissing(open(player, watch));
    else if (before.video.shown_run_id !== scene.video.shown_run_id) tell(say("shownNow"));
  }, [scene]);

  useEffect(() => effect(() => void (editing.active.value && editing.load(watch))), [watch]);

  useEffect(() => {
    const stops = [
      followFull(),
      stayAwake(player),
      effect(() => {
        if (player.loop.value) lastLoop.current = player.loop.value;
      }),
      effect(() => {
        if (player.scene.value) restate(linkOf(player));
      }),
      effect(() => {
        const person = player.shownPerson.value;
        if (person) remember(watch.video, person.name);
      }),
    ];
    return () => stops.forEach((stop) => stop());
  }, []);

  const edit = mayEdit.value ? () => editing.toggle() : null;
  const full = () => void toggleFull(room.current);
  useEffect(() => {
    const key = (event: KeyboardEvent) => {
      const meant = press(event, {
        player,
        full,
        edit: () => mayEdit.value && editing.toggle(),
        loopStart: () => markLoop(player, "a"),
        loopEnd: () => markLoop(player, "b"),
        loopToggle: () => player.setLoop(player.loop.value ? null : lastLoop.current),
        help: () => setSheet("keys"),
        leave: () => {
          if (editing.picked.value || editing.selection.value) editing.select(null);
          else fullWindow.value = false;
        },
      });
      if (meant) event.preventDefault();
    };
    addEventListener("keydown", key);
    return () => removeEventListener("keydown", key);
  }, []);

  const share = async () => {
    const person = player.shownPerson.value;
    const url = location.origin + location.pathname + linkOf(player);
    const title = person ? `${called(person)} · ${video.title}` : video.title;
    if (navigator.share) await navigator.share({ title, url }).catch(() => {});
    else if (await copy(url)) tell(say("copied"));
  };

  const attend = (person: string) => {
    player.person.value = person;
    if (!editing.active.value) editing.toggle();
  };
  const correcting = editing.active.value;
  const source = video.source;
  const stage = source ? source.width / source.height : 16 / 9;
  const tiles = tiling(watch.people.length, stage, player.shape.value);
  const both = stage + (player.tiled.value ? (tiles.across * player.shape.value) / tiles.down : player.shape.value);
  return (
    <article class={`watch ${fullWindow.value ? "is-full" : ""}`} ref={room} style={{ "--both": both }} onClick={letGo}>
      <Title video={video} details={mayEdit.value ? () => setSheet("details") : null} />
      {isInApp(navigator.userAgent) && <InApp />}
      {missing && (
        <p class="notice" role="status" data-testid="unknown-member">
          {say("unknownMember", { name: missing, shown: player.shownPerson.value ? called(player.shownPerson.value) : "–" })}
        </p>
      )}
      <Notices watch={watch} video={video} reload={reload} attend={attend} />
      {player.broken.value && (
        <Message
          title={say(player.broken.value === "away" ? "stageAway" : "stageBroken")}
          text={say(player.broken.value === "away" ? "stageAwayHelp" : "stageBrokenHelp")}
        >
          <p>
            <button type="button" class="button" onClick={() => player.tryAgain()}>
              {say("again")}
            </button>
          </p>
        </Message>
      )}
      {watch.people.length === 0 && <Message title={say("noPeople")} />}
      <Theatre player={player} video={element} overStage={correcting && <FaceBoxes player={player} editing={editing} />} />
      <div class="controls">
        <Timeline player={player} selection={correcting ? editing.selection.value : null} select={correcting ? (stretch) => editing.select(stretch) : undefined} />
        <Transport
          player={player}
          full={full}
          float={() => void toggleFloat(room.current?.querySelector<HTMLElement>(".fancam") ?? null, player).catch(() => {})}
          share={() => void share()}
          download={() => setSheet("downloads")}
          loops={() => setLoops(!loops)}
          keys={() => setSheet("keys")}
          edit={edit}
          editing={correcting}
        />
        <Members player={player} />
      </div>
      <div class="panels">
        {loops && <LoopPanel player={player} video={video.id} start={() => markLoop(player, "a")} end={() => markLoop(player, "b")} />}
        {correcting && <EditPanel player={player} editing={editing} watch={watch} reload={reload} />}
      </div>
      {sheet === "keys" && <Keys close={() => setSheet(null)} />}
      {sheet === "details" && <Details video={video} changed={reload} close={() => setSheet(null)} />}
      {sheet === "downloads" && <Downloads watch={watch} person={player.person.value} close={() => setSheet(null)} />}
    </article>
  );
}

/** A button that was clicked keeps no keys: after it Space plays again. Who came by Tab stays. */
function letGo(event: MouseEvent): void {
  const focused = document.activeElement;
  if (event.detail > 0 && focused instanceof HTMLButtonElement && !focused.closest("dialog")) focused.blur();
}

/** The player is set as the link says; returns the member it names who is not there. */
function open(player: Player, watch: Watch): string | null {
  const view = readView(address.peek().search);
  const wanted = view.person ?? remembered(watch.video);
  const found = watch.people.find((person) => wanted !== null && [person.id, person.name, person.label, ...person.aliases].includes(wanted));
  player.person.value = (found ?? watch.people[0])?.id ?? null;
  const aspects = watch.aspects;
  player.aspect.value = (view.aspect && aspects.includes(view.aspect) ? view.aspect : aspects[0]) ?? "9:16";
  player.rate.value = view.rate;
  player.mirror.value = view.mirror;
  player.countsIn.value = view.countsIn;
  const end = player.scene.value?.times.end ?? 0;
  if (view.a !== null && view.b !== null) {
    player.loop.value = loopOf(view.a, view.b, end, view.loop ?? "");
    player.seek(view.a);
  }
  return view.person && !found ? view.person : null;
}

function linkOf(player: Player): string {
  const loop = player.loop.value;
  return writeView(
    {
      person: player.person.value,
      aspect: player.aspect.value,
      a: loop?.a ?? null,
      b: loop?.b ?? null,
      loop: loop?.name || null,
      countsIn: player.countsIn.value,
      rate: player.rate.value,
      mirror: player.mirror.value,
    },
    player.scene.value?.video.aspects[0] ?? null,
  );
}

/** The last member is remembered by name, and per group: a fan watches the same one everywhere. */
function remember(video: Video, name: string): void {
  try {
    localStorage.setItem(`${LAST_MEMBER}:${video.group ?? video.id}`, name);
  } catch {
    // Then the first member is shown next time.
  }
}

function remembered(video: Video): string | null {
  try {
    return localStorage.getItem(`${LAST_MEMBER}:${video.group ?? video.id}`);
  } catch {
    return null;
  }
}

function InApp() {
  const copyHere = async () => (await copy(location.href)) && tell(say("copied"));
  return (
    <p class="notice" role="status" data-testid="in-app">
      {say("inApp")}{" "}
      <button type="button" class="button" onClick={() => void copyHere()}>
        {say("copyLink")}
      </button>
    </p>
  );
}
