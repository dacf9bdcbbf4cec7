/** A group: its members, and the videos in which they are. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Group, Video } from "../api/types";
import { Card } from "../parts/Card";
import { Message, VideoProblem } from "../parts/Message";
import { More } from "../parts/More";
import { useAsked } from "../parts/useAsked";
import { say } from "../words/language";

interface Found {
  group: Group | undefined;
  videos: Video[];
  cursor: string | null;
}

export function GroupPage({ name }: { name: string }) {
  const [more, setMore] = useState<Pick<Found, "videos" | "cursor"> | null>(null);
  const [asked, again] = useAsked<Found>(name, async (signal) => {
    const [groups, page] = await Promise.all([api.groups(), pageOf(name, "", signal)]);
    setMore(null);
    return { group: groups.items.find((one) => one.name === name), ...page };
  });
  useEffect(() => {
    document.title = `${name} · InYourArea`;
  }, [name]);
  if (asked.is === "coming") return <Message title={say("loading")} />;
  if (asked.is === "refused") return <VideoProblem error={asked.error} again={again} />;
  const { group } = asked.value;
  const videos = [...asked.value.videos, ...(more?.videos ?? [])];
  const cursor = more ? more.cursor : asked.value.cursor;
  const add = (page: Pick<Found, "videos" | "cursor">) => setMore({ ...page, videos: [...(more?.videos ?? []), ...page.videos] });
  if (!group) return <Message title={say("unknownGroup", { name })} back />;
  return (
    <article class="group">
      <h1>{group.name}</h1>
      <h2>{say("groupMembers")}</h2>
      <ul class="group-members">
        {group.members.map((member) => (
          <li key={member.name}>
            <span class="dot" style={member.color ? { backgroundColor: member.color } : {}} aria-hidden="true" />
            {member.name}
          </li>
        ))}
      </ul>
      <h2>{say("groupVideos", { name: group.name })}</h2>
      {videos.length === 0 && <p class="hint">{say("nothingYet")}</p>}
      <ul class="cards">
        {videos.map((video) => (
          <Card key={video.id} video={video} changed={again} />
        ))}
      </ul>
      {cursor && <More key={cursor} ask={() => pageOf(name, cursor)} add={add} />}
    </article>
  );
}

async function pageOf(group: string, cursor: string, signal?: AbortSignal): Promise<Pick<Found, "videos" | "cursor">> {
  const page = await api.videos({ group, cursor }, signal);
  return { videos: page.items, cursor: page.next_cursor };
}
