/** A group: its members, and the videos in which they are. */
import { useEffect } from "preact/hooks";
import { api } from "../api/client";
import type { Group, Video } from "../api/types";
import { Card } from "../parts/Card";
import { Message, VideoProblem } from "../parts/Message";
import { useAsked } from "../parts/useAsked";
import { say } from "../words/language";

interface Found {
  group: Group | undefined;
  videos: Video[];
}

export function GroupPage({ name }: { name: string }) {
  const [asked, again] = useAsked<Found>(name, async (signal) => {
    const [groups, videos] = await Promise.all([api.groups(), api.videos({ limit: 100 }, signal)]);
    return { group: groups.items.find((one) => one.name === name), videos: videos.items.filter((video) => video.group === name) };
  });
  useEffect(() => {
    document.title = `${name} · InYourArea`;
  }, [name]);
  if (asked.is === "coming") return <Message title={say("loading")} />;
  if (asked.is === "refused") return <VideoProblem error={asked.error} again={again} />;
  const { group, videos } = asked.value;
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
    </article>
  );
}
