/** Fields, what was said against them, and the button that does something with them. */
import type { ComponentChildren } from "preact";
import { Failure } from "./Failure";
import { useDeed } from "./useDeed";

interface Props {
  name: string;
  /** What the button says. */
  text: string;
  /** Given what a field says. What it raises is shown; afterwards the form is as it was. */
  does: (read: (field: string) => string, said: FormData) => Promise<void>;
  class?: string;
  isBad?: boolean;
  disabled?: boolean;
  children: ComponentChildren;
}

export function Form({ name, text, does, isBad, disabled, children, ...more }: Props) {
  const { busy, failure, attempt } = useDeed();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const said = new FormData(form);
    attempt(async () => {
      await does((field) => String(said.get(field) ?? "").trim(), said);
      form.reset();
    });
  };
  return (
    <form class={`form ${more.class ?? ""}`} onSubmit={submit} data-testid={name}>
      {children}
      <Failure text={failure} />
      <button type="submit" class={`button ${isBad ? "is-bad" : "is-main"}`} disabled={busy || disabled} data-testid={`${name}-do`}>
        {text}
      </button>
    </form>
  );
}
