/** Words of a command as a shell takes them. */

/** The text as one word: as it is where that is safe, else in single quotes. */
export function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`;
}
