/** Times as people write them. */

/** 1:02, 1:02:03; with a digit more, 1:02.4. */
export function clock(seconds: number, digits = 0): string {
  const unit = 10 ** digits;
  const whole = Math.floor(Math.max(0, seconds) * unit + 1e-6);
  const total = Math.floor(whole / unit);
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor(total / 60) % 60;
  const rest = String(total % 60).padStart(2, "0") + (digits ? `.${String(whole % unit).padStart(digits, "0")}` : "");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** Seconds of "62", "1:02", "1:02.5" or "1:00:02"; null where it is none of these. */
export function parseClock(text: string): number | null {
  const parts = text.trim().split(":");
  if (parts.length > 3 || !parts.every((part) => /^\d+(\.\d+)?$/.test(part))) return null;
  return parts.reduce((sum, part) => sum * 60 + Number(part), 0);
}
