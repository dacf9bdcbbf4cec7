/** A group: its members, and the videos in which they are. */
import { useEffect } from "preact/hooks";
import { api } from "../api/client";
import type { Group } from "../api/types";
import { Message, VideoProblem } from "../parts/Message";
import { useAsked } from "../parts/useAsked";
import { Videos } from "../parts/Videos";
import { say } from "../words/language";

export function GroupPage({ name }: { name: string }) {
  const [asked, again] = useAsked<Group | undefined>(name, async () => (await api.groups()).items.find((one) => one.name === name));
  useEffect(() => {
    document.title = `${name} · InYourArea`;
  }, [name]);
  if (asked.is === "coming") return <Message title={say("loading")} />;
  if (asked.is === "refused") return <VideoProblem error={asked.error} again={again} />;
  const group = asked.value;
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
      <Videos key={name} query={{ group: name }}>
        <p class="hint">{say("nothingYet")}</p>
      </Videos>
    </article>
  );
}
