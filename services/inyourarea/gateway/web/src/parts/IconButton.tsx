/** A button that shows a picture and says a word. */
import type { ButtonHTMLAttributes } from "preact";
import { Icon, type IconName } from "./Icon";

interface Props extends Omit<ButtonHTMLAttributes, "icon" | "label"> {
  icon: IconName;
  label: string;
  /** For switches: whether it is on. */
  on?: boolean;
  hint?: string;
}

export function IconButton({ icon, label, on, hint, ...rest }: Props) {
  return (
    <button
      type="button"
      {...rest}
      class={`icon-button ${on ? "is-on" : ""} ${typeof rest.class === "string" ? rest.class : ""}`}
      aria-label={label}
      aria-pressed={on}
      title={hint ? `${label} (${hint})` : label}
    >
      <Icon name={icon} />
    </button>
  );
}
