/**
 * How far a dataset is: boxes of everybody against what is advised, and what a click has given; names go over all shots, as in training.
 *
 * Noughts are shown, too: what appeared with the first stroke would move the page under the finger that makes the second.
 */
import type { Tally as Counts } from "../api/types";
import { say } from "../words/language";
import { colorOf } from "./palette";

export function Tally({ tally }: { tally: Counts }) {
  const given = tally.given + tally.spread;
  const names = tally.members.map(({ name }) => name);
  return (
    <section class="tally" aria-label={say("tally")} data-testid="tally">
      <dl>
        {tally.members.map((one) => (
          <div key={one.name} data-testid={`count-${one.name}`}>
            <dt>
              <span class="dot" style={{ backgroundColor: colorOf(names, one.name) }} aria-hidden="true" /> {one.name}
            </dt>
            <dd>
              <progress max={tally.advised} value={Math.min(one.confirmed + one.spread, tally.advised)} aria-label={say("tallyOf", { name: one.name })} />
              <small>
                {say("tallyBoxes", { n: one.confirmed + one.spread, advised: tally.advised })}
                {` · ${say("tallyViews", { profile: one.profile, frontal: one.frontal, n: Math.max(0, one.confirmed + one.spread - one.profile - one.frontal) })}`}
              </small>
            </dd>
          </div>
        ))}
      </dl>
      <p class="tally-all" data-testid="tally-all">
        <span>{say("tallyPictures", { n: tally.confirmed_pictures, all: tally.pictures })}</span>
        <span>{say("tallyBalance", { share: Math.round(100 * tally.balance) })}</span>
        <span data-testid="per-click">{say("tallyClicks", { clicks: tally.clicks, boxes: given, spread: tally.spread, each: (given / Math.max(1, tally.clicks)).toFixed(1) })}</span>
      </p>
    </section>
  );
}
