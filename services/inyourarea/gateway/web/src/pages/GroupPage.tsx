/** A group: its members, and the videos in which they are. */
import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Group, Video } from "../api/types";
import { Card } from "../parts/Card";
import { inWords, Message, VideoProblem } from "../parts/Message";
import { tell } from "../parts/toast";
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
    const [groups, videos] = await Promise.all([api.groups(), api.videos({ group: name }, signal)]);
    setMore(null);
    return { group: groups.items.find((one) => one.name === name), videos: videos.items, cursor: videos.next_cursor };
  });
  useEffect(() => {
    document.title = `${name} · InYourArea`;
  }, [name]);
  if (asked.is === "coming") return <Message title={say("loading")} />;
  if (asked.is === "refused") return <VideoProblem error={asked.error} again={again} />;
  const { group } = asked.value;
  const videos = [...asked.value.videos, ...(more?.videos ?? [])];
  const cursor = more ? more.cursor : asked.value.cursor;
  const showMore = async () => {
    try {
      const found = await api.videos({ group: name, cursor: cursor ?? "" });
      setMore({ videos: [...(more?.videos ?? []), ...found.items], cursor: found.next_cursor });
    } catch (error) {
      tell(inWords(error));
    }
  };
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
      {cursor && (
        <button type="button" class="button" onClick={() => void showMore()}>
          {say("more")}
        </button>
      )}
    </article>
  );
}
