/** The rules of labelling, each with two pictures: so, and not so. */
import type { ComponentChildren } from "preact";
import { Dialog } from "../parts/Dialog";
import { say } from "../words/language";

export function Rules({ close }: { close: () => void }) {
  return (
    <Dialog title={say("rules")} close={close}>
      <ul class="rules" data-testid="rules">
        <Rule text={say("ruleTight")}>
          <Example is="yes" box={[27, 22, 73, 80]}>
            <Face />
          </Example>
          <Example is="no" box={[10, 4, 90, 98]}>
            <Face />
          </Example>
        </Rule>
        <Rule text={say("ruleProfile")}>
          <Example is="yes" box={[30, 22, 76, 80]}>
            <Profile />
          </Example>
          <Example is="no">
            <Profile away />
          </Example>
        </Rule>
        <Rule text={say("ruleHair")}>
          <Example is="no">
            <Face hair />
          </Example>
        </Rule>
        <Rule text={say("ruleAway")}>
          <Example is="no">
            <Back />
          </Example>
        </Rule>
      </ul>
    </Dialog>
  );
}

function Rule({ text, children }: { text: string; children: ComponentChildren }) {
  return (
    <li>
      <p>{text}</p>
      <div class="rule-pictures">{children}</div>
    </li>
  );
}

interface ExampleProps {
  is: "yes" | "no";
  /** Left, top, right, bottom of the box, in hundredths. */
  box?: [number, number, number, number];
  children: ComponentChildren;
}

function Example({ is, box, children }: ExampleProps) {
  return (
    <figure class={`rule-${is}`}>
      <svg viewBox="0 0 100 104" role="img" aria-label={say(is === "yes" ? "ruleYes" : box ? "ruleNotSo" : "ruleNoBox")}>
        {children}
        {box && <rect class="rule-box" x={box[0]} y={box[1]} width={box[2] - box[0]} height={box[3] - box[1]} />}
        {!box && <path class="rule-cross" d="M20 16 80 90 M80 16 20 90" />}
      </svg>
      <figcaption>{say(is === "yes" ? "ruleYes" : box ? "ruleNotSo" : "ruleNoBox")}</figcaption>
    </figure>
  );
}

const HAIR = "#5b4636";
const SKIN = "#e9bd9c";

function Face({ hair }: { hair?: boolean }) {
  return (
    <g>
      <path d="M50 8C22 8 18 34 21 60L14 96H86L79 60C82 34 78 8 50 8Z" fill={HAIR} />
      <path d="M42 76h16v16H42Z" fill="#d3a685" />
      <ellipse cx="50" cy="52" rx="22" ry="29" fill={SKIN} />
      <path d="M27 46C30 26 44 22 50 30 58 22 70 28 73 46 70 24 60 16 50 16S30 24 27 46Z" fill={HAIR} />
      <circle cx="41" cy="48" r="3" fill="#2b2320" />
      <circle cx="59" cy="48" r="3" fill="#2b2320" />
      <path d="M50 50v11l-4 2M42 70q8 5 16 0" fill="none" stroke="#8a5a48" stroke-width="2.4" stroke-linecap="round" />
      {hair && <path d="M24 28C34 20 68 20 76 30 74 52 78 66 66 84 62 60 58 52 50 44 46 60 38 74 32 86 22 66 22 44 24 28Z" fill={HAIR} />}
    </g>
  );
}

/** To the left; `away`: so far that no eye is seen. */
function Profile({ away }: { away?: boolean }) {
  return (
    <g>
      <path d="M52 10C28 8 26 30 32 42L76 96C90 70 90 14 52 10Z" fill={HAIR} />
      <path d="M46 72h18v22H46Z" fill="#d3a685" />
      <path d={away ? "M46 30C42 44 40 52 44 58 42 70 48 80 58 80 70 70 70 40 60 28Z" : "M42 26C36 36 38 44 34 54L30 60 35 62 35 67 38 69 37 75C42 82 54 80 62 72 72 60 70 36 60 26Z"} fill={SKIN} />
      <path d="M40 24C52 14 74 20 74 44 74 60 70 66 66 70 66 50 56 40 40 24Z" fill={HAIR} />
      {away ? <path d="M50 22C66 18 80 30 78 56 74 72 64 78 60 78 62 52 50 44 44 36Z" fill={HAIR} /> : <circle cx="42" cy="47" r="2.8" fill="#2b2320" />}
      {!away && <path d="M36 69q6 2 9-1" fill="none" stroke="#8a5a48" stroke-width="2.4" stroke-linecap="round" />}
    </g>
  );
}

function Back() {
  return (
    <g>
      <path d="M42 72h16v22H42Z" fill="#d3a685" />
      <path d="M50 8C24 8 20 36 22 60 23 78 34 84 50 84S77 78 78 60C80 36 76 8 50 8Z" fill={HAIR} />
      <path d="M50 14C46 34 46 58 50 80M36 18C30 36 30 56 34 76M64 18c6 18 6 38 2 58" fill="none" stroke="#463528" stroke-width="2" />
    </g>
  );
}
