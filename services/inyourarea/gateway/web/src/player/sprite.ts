/** Where in the sheet of small pictures a moment's picture is. */
import type { Sprite } from "../api/types";

/** Left upper corner in the sheet's pixels, of the picture that was taken nearest to the moment. */
export function spriteCell(sprite: Sprite, seconds: number, end: number): { x: number; y: number } {
  const last = Math.min(sprite.columns * sprite.rows, Math.ceil(end / sprite.interval_s)) - 1;
  const at = Math.max(0, Math.min(Math.round(seconds / sprite.interval_s), last));
  return { x: (at % sprite.columns) * sprite.width, y: Math.floor(at / sprite.columns) * sprite.height };
}
