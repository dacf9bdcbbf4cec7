/** What a member is called: everywhere, per language, and by whom else. */
import { api } from "../api/client";
import type { Person } from "../api/types";
import { Dialog } from "../parts/Dialog";
import { Form } from "../parts/Form";
import { tell } from "../parts/toast";
import { called, say } from "../words/language";
import { parseList } from "./fields";

interface Props {
  video: string;
  person: Person;
  changed: () => void;
  close: () => void;
}

const LANGUAGES = { ko: "한국어", en: "English", ja: "日本語", zh: "中文" } as const;

export function Names({ video, person, changed, close }: Props) {
  const rename = async (read: (field: string) => string) => {
    const names = Object.fromEntries(Object.keys(LANGUAGES).map((one) => [one, read(one)] as const).filter(([, name]) => name));
    const name = read("name");
    await api.name(video, person.id, { name, names, aliases: parseList(read("aliases")) });
    tell(say("named", { name }));
    changed();
    close();
  };
  return (
    <Dialog title={say("namesOf", { name: called(person) })} close={close}>
      <Form name="names-form" text={say("save")} does={rename}>
        <label class="field">
          <span>{say("nameEverywhere")}</span>
          <input name="name" defaultValue={person.name} maxLength={100} required autocomplete="off" />
        </label>
        <div class="fields">
          {Object.entries(LANGUAGES).map(([language, text]) => (
            <label class="field" key={language}>
              <span lang={language}>{text}</span>
              <input name={language} lang={language} defaultValue={person.names[language] ?? ""} maxLength={100} autocomplete="off" />
            </label>
          ))}
        </div>
        <label class="field">
          <span>{say("aliases")}</span>
          <input name="aliases" defaultValue={person.aliases.join(", ")} autocomplete="off" />
          <small>{say("aliasesHelp")}</small>
        </label>
      </Form>
    </Dialog>
  );
}
