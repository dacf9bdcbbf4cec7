/** Which page an address names; links inside the site change it without loading anew. */
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";

export const address = signal({ path: location.pathname, search: location.search });

addEventListener("popstate", () => {
  address.value = { path: location.pathname, search: location.search };
});

export function go(to: string): void {
  history.pushState(null, "", to);
  address.value = { path: location.pathname, search: location.search };
  scrollTo(0, 0);
}

/** The address says what is shown; the page is not changed by it. */
export function restate(search: string): void {
  history.replaceState(null, "", location.pathname + search);
}

interface LinkProps {
  to: string;
  children: ComponentChildren;
  class?: string;
  "aria-label"?: string;
}

export function Link({ to, children, ...rest }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  const here = address.value.path === to;
  return (
    <a {...rest} href={to} onClick={follow} aria-current={here ? "page" : undefined}>
      {children}
    </a>
  );
}
