/** A picture and its boxes: drawn, moved, resized and looked at closely, by mouse, pen, fingers or keys. */
import type { TargetedPointerEvent } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Box, LabelBox } from "../api/types";
import { say } from "../words/language";
import { between, handleAt, HANDLES, hit, move, place, resize, type Handle, type Point, type Size } from "./boxes";
import { colorOf, NOBODY } from "./palette";

interface Props {
  url: string;
  size: Size;
  boxes: readonly LabelBox[];
  members: readonly string[];
  selected: number;
  select: (index: number) => void;
  drawn: (box: Box) => void;
  changed: (index: number, box: Box) => void;
}

type Pointed = TargetedPointerEvent<SVGSVGElement>;

/** The part of the picture that is shown; its shape is the picture's. */
interface View {
  x: number;
  y: number;
  width: number;
}

type Stroke =
  | { kind: "draw"; from: Point }
  | { kind: "move"; index: number; from: Point }
  | { kind: "resize"; index: number; handle: Handle; from: Point }
  | { kind: "pan"; from: Point }
  | { kind: "pinch"; view: View; apart: number; middle: Point };

/** Of the screen, in CSS pixels: how far a hand may slip and still have tapped, and miss a handle. */
const SLIP = 4;
const GRASP = { mouse: 9, pen: 12, touch: 22 } as const;
const HANDLE = 9;
/** How much larger a picture can be made. */
const MOST_ZOOM = 16;
/** What a turn of the wheel and a press of + make of the shown width. */
const STEP = 1.25;

export function BoxEditor({ url, size, boxes, members, selected, select, drawn, changed }: Props) {
  const [width, height] = size;
  const svg = useRef<SVGSVGElement>(null);
  const [view, setView] = useState<View>({ x: 0, y: 0, width });
  const [preview, setPreview] = useState<{ index: number; box: Box } | null>(null);
  const [shown, setShown] = useState(0);
  const pointers = useRef(new Map<number, Point>());
  const stroke = useRef<Stroke | null>(null);
  const space = useRef(false);

  useLayoutEffect(() => {
    const element = svg.current;
    if (!element) return undefined;
    // Enter is to say that the frame is right, not to press the button that opened it.
    if (!document.activeElement?.matches("input, textarea")) element.focus({ preventScroll: true });
    const watch = new ResizeObserver(() => setShown(element.clientWidth));
    watch.observe(element);
    // Preact's own listener would be passive, and the page would scroll along.
    const turn = (event: WheelEvent) => {
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1 / STEP : STEP, at(event));
    };
    element.addEventListener("wheel", turn, { passive: false });
    return () => {
      watch.disconnect();
      element.removeEventListener("wheel", turn);
    };
  }, []);
  useEffect(() => {
    const heard = (event: KeyboardEvent) => {
      if ((event.target as Element).matches("input, select, textarea") || event.ctrlKey || event.metaKey) return;
      if (event.key === " " && !(event.target as Element).matches("button, a, summary")) {
        space.current = event.type === "keydown";
        event.preventDefault();
      }
      if (event.type !== "keydown") return;
      if (event.key === "+" || event.key === "=") zoom(1 / STEP);
      if (event.key === "-") zoom(STEP);
      if (event.key === "f") setView({ x: 0, y: 0, width });
    };
    addEventListener("keydown", heard);
    addEventListener("keyup", heard);
    return () => {
      removeEventListener("keydown", heard);
      removeEventListener("keyup", heard);
    };
  });

  /** CSS pixels as source pixels. */
  const unit = view.width / (shown || width);
  const grasp = (event: Pointed) => unit * (GRASP[event.pointerType as keyof typeof GRASP] ?? GRASP.mouse);

  function at(event: { clientX: number; clientY: number }): Point {
    const field = svg.current?.getBoundingClientRect();
    const now = latest.current;
    if (!field?.width) return { x: 0, y: 0 };
    const scale = now.width / field.width;
    return { x: now.x + (event.clientX - field.left) * scale, y: now.y + (event.clientY - field.top) * scale };
  }

  const latest = useRef(view);
  latest.current = view;

  /** So much more of the picture is shown, and the point stays where it is. */
  function zoom(by: number, about?: Point): void {
    setView((now) => {
      const to = Math.min(width, Math.max(width / MOST_ZOOM, now.width * by));
      const { x, y } = about ?? { x: now.x + now.width / 2, y: now.y + (now.width * height) / width / 2 };
      return inside({ x: x - ((x - now.x) * to) / now.width, y: y - ((y - now.y) * to) / now.width, width: to }, size);
    });
  }

  const down = (event: Pointed) => {
    if (event.button > 1) return;
    event.preventDefault(); // nothing is dragged out of the page, nor marked in it
    event.currentTarget.setPointerCapture(event.pointerId);
    event.currentTarget.focus({ preventScroll: true });
    pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    setPreview(null);
    if (pointers.current.size > 1) stroke.current = pinch();
    else stroke.current = begin(event);
  };

  function begin(event: Pointed): Stroke {
    const from = at(event);
    if (event.button === 1 || space.current) return { kind: "pan", from };
    const chosen = boxes[selected];
    const handle = chosen && handleAt(chosen.box, from, grasp(event));
    if (handle) return { kind: "resize", index: selected, handle, from };
    const index = hit(boxes, from);
    return index < 0 || event.shiftKey ? { kind: "draw", from } : { kind: "move", index, from };
  }

  function fingers(): { apart: number; middle: Point } {
    const [one, other] = [...pointers.current.values()];
    if (!one || !other) return { apart: 1, middle: { x: 0, y: 0 } };
    return { apart: Math.hypot(one.x - other.x, one.y - other.y) || 1, middle: { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 } };
  }

  function pinch(): Stroke {
    const { apart, middle } = fingers();
    return { kind: "pinch", view, apart, middle: at({ clientX: middle.x, clientY: middle.y }) };
  }

  const moved = (event: Pointed) => {
    const now = stroke.current;
    if (!now || !pointers.current.has(event.pointerId)) return;
    pointers.current.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (now.kind === "pinch" && pointers.current.size < 2) return; // one finger is up, the other still slips
    const to = at(event);
    if (now.kind === "pinch") {
      const { apart, middle } = fingers();
      const field = svg.current?.getBoundingClientRect();
      if (!field) return;
      const shownWidth = Math.min(width, Math.max(width / MOST_ZOOM, (now.view.width * now.apart) / apart));
      const scale = shownWidth / field.width;
      setView(inside({ x: now.middle.x - (middle.x - field.left) * scale, y: now.middle.y - (middle.y - field.top) * scale, width: shownWidth }, size));
    } else if (now.kind === "pan") {
      setView((before) => inside({ ...before, x: before.x + now.from.x - to.x, y: before.y + now.from.y - to.y }, size));
    } else {
      const box = result(now, to);
      setPreview(box && { index: now.kind === "draw" ? -1 : now.index, box });
    }
  };

  /** What the stroke makes; null while it is no more than a tap. */
  function result(now: Stroke, to: Point): Box | null {
    if (now.kind === "pan" || now.kind === "pinch") return null;
    if (Math.hypot(to.x - now.from.x, to.y - now.from.y) < SLIP * unit) return null;
    if (now.kind === "draw") return between(now.from, to, size);
    const before = boxes[now.index];
    if (!before) return null;
    return now.kind === "resize" ? resize(before.box, now.handle, to, size) : move(before.box, to.x - now.from.x, to.y - now.from.y, size);
  }

  const up = (event: Pointed) => {
    const now = stroke.current;
    pointers.current.delete(event.pointerId);
    if (pointers.current.size && now?.kind === "pinch") return; // the other finger draws nothing
    stroke.current = null;
    setPreview(null);
    if (!now || now.kind === "pan" || now.kind === "pinch") return;
    const box = result(now, at(event));
    if (!box) {
      if (now.kind !== "resize") select(hit(boxes, now.from));
    } else if (now.kind === "draw") {
      drawn(box);
    } else {
      select(now.index);
      changed(now.index, box);
    }
  };

  const cancel = (event: Pointed) => {
    pointers.current.delete(event.pointerId);
    stroke.current = null;
    setPreview(null);
  };

  const chosen = boxes[selected] && (preview?.index === selected ? preview.box : boxes[selected].box);
  return (
    <div class="box-editor">
      <svg
        ref={svg}
        class="box-picture"
        viewBox={`${view.x} ${view.y} ${view.width} ${(view.width * height) / width}`}
        style={{ aspectRatio: `${width} / ${height}` }}
        tabindex={0}
        role="application"
        aria-label={say("boxPicture", { n: boxes.length })}
        onPointerDown={down}
        onPointerMove={moved}
        onPointerUp={up}
        onPointerCancel={cancel}
        data-testid="picture"
      >
        <image href={url} width={width} height={height} data-testid="picture-image" />
        {boxes.map((one, index) => {
          const [x1, y1, x2, y2] = preview?.index === index ? preview.box : one.box;
          const color = colorOf(members, one.member);
          return (
            <g key={index} class={`label-box ${one.state === "proposed" ? "is-proposed" : ""} ${index === selected ? "is-chosen" : ""}`} style={{ color }} data-testid="box" data-member={one.member}>
              <rect x={x1} y={y1} width={x2 - x1} height={y2 - y1} />
              <text x={x1} y={y1 - 4 * unit} font-size={13 * unit} aria-hidden="true">
                {one.member || (one.state === "proposed" ? "?" : "–")}
                {one.view === "profile" ? " ◐" : ""}
              </text>
            </g>
          );
        })}
        {preview?.index === -1 && (
          <rect class="label-drawn" style={{ color: NOBODY }} x={preview.box[0]} y={preview.box[1]} width={preview.box[2] - preview.box[0]} height={preview.box[3] - preview.box[1]} />
        )}
        {chosen &&
          HANDLES.map((handle) => {
            const { x, y } = place(chosen, handle);
            const side = HANDLE * unit;
            return <rect key={handle} class="label-handle" x={x - side / 2} y={y - side / 2} width={side} height={side} data-testid={`handle-${handle}`} />;
          })}
      </svg>
      <div class="box-zoom">
        <button type="button" class="plain" onClick={() => zoom(1 / STEP)} aria-label={say("zoomIn")} data-testid="zoom-in">
          +
        </button>
        <button type="button" class="plain" onClick={() => zoom(STEP)} aria-label={say("zoomOut")} data-testid="zoom-out">
          −
        </button>
        <button type="button" class="plain" onClick={() => setView({ x: 0, y: 0, width })} data-testid="zoom-fit">
          {say("zoomFit")}
        </button>
        <small data-testid="zoom">{Math.round((100 * width) / view.width)} %</small>
      </div>
    </div>
  );
}

/** The view pushed back into the picture. */
function inside({ x, y, width }: View, [across, down]: Size): View {
  const height = (width * down) / across;
  return { x: Math.min(Math.max(0, x), across - width), y: Math.min(Math.max(0, y), down - height), width };
}
