/** What a link to a watch page carries: person, aspect, loop and whether it is counted in, speed, mirror. */

export interface View {
  person: string | null;
  aspect: string | null;
  /** Ends of the loop in seconds. */
  a: number | null;
  b: number | null;
  loop: string | null;
  countsIn: boolean;
  rate: number;
  mirror: boolean;
}

export const RATES = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2] as const;

export function readView(search: string): View {
  const asked = new URLSearchParams(search);
  const a = seconds(asked.get("a"));
  const b = seconds(asked.get("b"));
  const whole = a !== null && b !== null && a < b;
  const rate = Number(asked.get("rate"));
  return {
    person: asked.get("person"),
    aspect: asked.get("aspect"),
    a: whole ? a : null,
    b: whole ? b : null,
    loop: whole ? asked.get("loop") : null,
    countsIn: asked.get("count") !== "0",
    rate: rate >= 0.1 && rate <= 4 ? rate : 1,
    mirror: asked.get("mirror") === "1",
  };
}

/** Only what differs from a plain page is written, so that links stay short. */
export function writeView(view: View, usualAspect: string | null): string {
  const said = new URLSearchParams();
  if (view.person) said.set("person", view.person);
  if (view.aspect && view.aspect !== usualAspect) said.set("aspect", view.aspect);
  if (view.a !== null && view.b !== null) {
    said.set("a", short(view.a));
    said.set("b", short(view.b));
    if (view.loop) said.set("loop", view.loop);
    if (!view.countsIn) said.set("count", "0");
  }
  if (view.rate !== 1) said.set("rate", String(view.rate));
  if (view.mirror) said.set("mirror", "1");
  const text = said.toString().replaceAll("%3A", ":");
  return text && `?${text}`;
}

function seconds(text: string | null): number | null {
  const value = text === null || text === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : null;
}

const short = (value: number) => String(Math.round(value * 1000) / 1000);
