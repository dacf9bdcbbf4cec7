/** What a member's boxes look like, and which key names her. */

/** Apart by hue and by lightness, so that most who see few colours tell them apart; light enough to write black on. */
const COLORS = ["#ff8fa0", "#6fd3ff", "#ffd166", "#9be56b", "#c9a2ff", "#ff9f5a", "#5ce0c0", "#f5a3e0", "#b8c4ff", "#d8d27a"];

/** Whose place nobody has. */
export const NOBODY = "#d5d7de";

export const colorOf = (members: readonly string[], member: string): string => COLORS[members.indexOf(member) % COLORS.length] ?? NOBODY;

/** The keys 1 – 9, then 0, then letters that nothing else listens to. */
export const KEYS = [..."1234567890qwertuio"];

/** The member whom a key names. */
export function memberOf(members: readonly string[], key: string): string | undefined {
  const place = KEYS.indexOf(key);
  return place < 0 ? undefined : members[place];
}
