/** The page's icons: strokes on a 24 x 24 field, all drawn here. */

const STROKES = {
  mark: ["M4 7.5h16v9H4z", "M10.5 4h7v16h-7z"],
  play: ["M8 5.5v13l10.5-6.5z"],
  pause: ["M8.5 5.5v13", "M15.5 5.5v13"],
  back: ["M15 6l-6 6 6 6", "M6 6v12"],
  on: ["M9 6l6 6-6 6", "M18 6v12"],
  sound: ["M4 9.5v5h3.5L12 18V6L7.5 9.5z", "M15.5 9a4.5 4.5 0 010 6", "M18 6.5a8 8 0 010 11"],
  mute: ["M4 9.5v5h3.5L12 18V6L7.5 9.5z", "M16 9.5l5 5", "M21 9.5l-5 5"],
  mirror: ["M12 4v16", "M9 8l-5 8h5z", "M15 8l5 8h-5z"],
  grid: ["M4 5h4.5v14H4z", "M9.8 5h4.5v14H9.8z", "M15.6 5H20v14h-4.4z"],
  full: ["M4 9V4h5", "M15 4h5v5", "M20 15v5h-5", "M9 20H4v-5"],
  unfull: ["M9 4v5H4", "M20 9h-5V4", "M15 20v-5h5", "M4 15h5v5"],
  pip: ["M4 5.5h16v13H4z", "M12.5 12h5v4h-5z"],
  share: ["M12 15V4", "M8 7.5L12 3.5l4 4", "M6 11v8.5h12V11"],
  download: ["M12 4v11", "M8 11.5l4 4 4-4", "M5 19.5h14"],
  loop: ["M5 12V9.5a3 3 0 013-3h10", "M15.5 4l3 2.5-3 2.5", "M19 12v2.5a3 3 0 01-3 3H6", "M8.5 20l-3-2.5 3-2.5"],
  keys: ["M3.5 7h17v10h-17z", "M7 10.5h.01", "M10.3 10.5h.01", "M13.6 10.5h.01", "M17 10.5h.01", "M8 14h8"],
  edit: ["M5 19l1-4L16.5 4.5l3 3L9 18z", "M14 7l3 3"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  search: ["M10.5 5a5.5 5.5 0 100 11 5.5 5.5 0 000-11z", "M14.5 14.5L19 19"],
  upload: ["M12 16V5", "M7.5 9.5L12 5l4.5 4.5", "M4.5 15v4.5h15V15"],
  warn: ["M12 4l9 16H3z", "M12 10v4.5", "M12 17.3h.01"],
  person: ["M12 4.5a3.7 3.7 0 100 7.4 3.7 3.7 0 000-7.4z", "M5 20c.6-4 3.3-6 7-6s6.4 2 7 6"],
  undo: ["M8.5 5L4.5 9l4 4", "M4.5 9H14a5 5 0 010 10H9"],
  trash: ["M5 7h14", "M9 7V4.5h6V7", "M7 7l.8 12.5h8.4L17 7"],
} as const;

export type IconName = keyof typeof STROKES;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      {STROKES[name].map((d) => (
        <path key={d} d={d} />
      ))}
    </svg>
  );
}
