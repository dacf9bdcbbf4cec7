/** What is typed into one field for several values. */

/** "tour: seoul" a line; null where a line is no label as the gateway takes them. */
export function parseLabels(text: string): Record<string, string> | null {
  const labels: Record<string, string> = {};
  for (const line of text.split("\n")) {
    if (!line.trim()) continue;
    const [, name, value] = /^\s*([A-Za-z0-9_.-]{1,63})\s*:(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) return null;
    labels[name] = value.trim();
  }
  return labels;
}

export function writeLabels(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");
}

/** Names with commas between them, each once. */
export function parseList(text: string): string[] {
  return [...new Set(text.split(/[,，、\n]/).map((one) => one.trim()))].filter(Boolean);
}

/** The same text to a reader, however it was composed. */
export function isSame(one: string, other: string): boolean {
  const plain = (text: string) => text.normalize("NFC").trim().replace(/\s+/g, " ");
  return plain(one) === plain(other);
}
