/** Which language the page speaks, and how it says a text. */
import { effect, signal } from "@preact/signals";
import type { Person, Span } from "../api/types";
import { TEXTS, type Text } from "./texts";

export type Language = "en" | "ko";

const KEPT = "language";

export const language = signal<Language>(first());

/** The reader's own choice, else the first of the browser's languages that we speak. */
function first(): Language {
  const kept = stored();
  if (kept === "en" || kept === "ko") return kept;
  for (const wanted of navigator.languages ?? [navigator.language]) {
    if (wanted.startsWith("ko")) return "ko";
    if (wanted.startsWith("en")) return "en";
  }
  return "en";
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

export function switchLanguage(): void {
  language.value = language.value === "en" ? "ko" : "en";
  try {
    localStorage.setItem(KEPT, language.value);
  } catch {
    // Then it lasts as long as the page.
  }
}

if (typeof document !== "undefined") {
  effect(() => {
    document.documentElement.lang = language.value;
  });
}

export function say(text: Text, put: Record<string, string | number> = {}): string {
  // A newer gateway may say words that this page does not know: then they are shown as they are.
  const both: readonly [string, string] | undefined = TEXTS[text];
  return fill(both?.[language.value === "ko" ? 1 : 0] ?? text, put);
}

export function fill(text: string, put: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (hole, key: string) => String(put[key] ?? hole));
}

/** A text whose key was put together; the key itself where there is none. */
export function sayAny(key: string): string {
  return key in TEXTS ? say(key as Text) : key;
}

/** What a person is called here: her name in this language, or a number where nobody has named her. */
export function called(person: Pick<Person, "name" | "names">): string {
  const name = person.names[language.value] ?? person.name;
  const number = /^person-(\d+)$/.exec(name)?.[1];
  return number ? say("personN", { n: number }) : name;
}

/** Why a span is to be looked at: the gateway's sentence, or what it comes to in another language. */
export function reason(span: Span): string {
  const key = `why_span_${span.why}`;
  const text = sayAny(key);
  return language.value === "en" || text === key ? span.text : text;
}

/** A picture's shape as people write it: 9:16; an exact size stays what it is. */
export function shapeName(aspect: string): string {
  const [width = 0, height = 0] = aspect.split(/[:x]/).map(Number);
  return width <= 32 && height <= 32 ? `${width}:${height}` : `${width} × ${height}`;
}

/** "40 s", "3 min": as exact as an estimate is. */
export function aboutLong(seconds: number): string {
  if (seconds < 90) return language.value === "ko" ? `${Math.ceil(seconds)}초` : `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return language.value === "ko" ? `${minutes}분` : `${minutes} min`;
}

/** A day of the gateway's clock, as the reader's language writes it. */
export function day(stamp: string): string {
  return new Date(stamp).toLocaleDateString(language.value, { dateStyle: "medium" });
}

/** The same with the time of day. */
export function moment(stamp: string): string {
  return new Date(stamp).toLocaleString(language.value, { dateStyle: "medium", timeStyle: "short" });
}
