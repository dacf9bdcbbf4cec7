/** Plain keys of the page, as long as nobody types into a field. */
import { useLayoutEffect } from "preact/hooks";

export function useKeys(press: (key: string) => void): void {
  // Before the next key: whoever names fast must not name what is already passed.
  useLayoutEffect(() => {
    const heard = (event: KeyboardEvent) => {
      const isOthers = event.ctrlKey || event.metaKey || event.altKey || event.repeat;
      if (!isOthers && !(event.target as Element).matches("input, select, textarea")) press(event.key.toLowerCase());
    };
    addEventListener("keydown", heard);
    return () => removeEventListener("keydown", heard);
  });
}
