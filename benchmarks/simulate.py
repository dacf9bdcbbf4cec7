"""The chart's own numbers on days that have not come yet: waiting, copies and cores, simulated.

``make simulate`` reads how many copies the chart allows and when it asks for more, and sends videos
through queues, copies and scalers that keep those rules (discrete events, SimPy): a steady day, a
comeback night, and the loss of a third of all pods, without GPUs and with those of the chart's
example; then track by itself, whose copies have a bound. What a step takes was measured:
`costs.json`; what it takes on a GPU was not.
"""

import argparse
import json
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import simpy
import yaml

from inyourarea.contracts.topics import channels
from inyourarea.ingest.settings import IngestSettings

CHART = Path(__file__).resolve().parents[1] / "deploy/helm/inyourarea/values.yaml"
WITH_GPUS = CHART.parent / "examples/gpu.yaml"
SEGMENT_S = 4.0
#: Seconds of a core that a minute of video takes each stage, as ``make bench-cluster`` measured it;
#: what browsers are given is part of it.
MEASURED = json.loads((Path(__file__).parent / "costs.json").read_text(encoding="utf-8"))
#: Seconds of a core for a segment, and how many cores a step uses at once. ``track`` does all of a
#: video's segments in one step.
COSTS = {
    stage: (MEASURED["core_s_per_minute"][stage] * SEGMENT_S / 60, cores)
    for stage, cores in {"ingest": 1.0, "detect": 2.0, "track": 1.0, "render": 2.0}.items()
}
#: An assumption: seconds of a GPU for a segment. Of its 120 frames some 54 are looked at, each at
#: 1280x736 and 640x384 (ADR 5), by a YOLOv5n, which takes .6 ms for 640x640 on a V100, 32 at a time
#: (github.com/ultralytics/yolov5, README: pretrained checkpoints).
GPU_S = 54 * 0.6e-3 * (1280 * 736 + 640 * 384) / 640**2
#: An assumption: what is left to detect beside a GPU, by the half core that the example asks for.
#: Of a minute packs are read (3.0 s) and heads followed (2.1; docs/figures.md); pictures are sent
#: for a tenth of what detect takes without a GPU (ADR 19).
COSTS_WITH_GPUS = COSTS | {"detect": (10 * SEGMENT_S / 60, 0.5), "triton": (GPU_S, 1.0)}
#: Seconds that track takes for a segment's fact that is not a video's last: milliseconds.
FACT_S = 0.005
#: Whose records a step takes; their topic's partitions are as many as the copies that have work.
TAKEN = {
    "ingest": "segment.cut.bulk",
    "detect": "frames.extracted.bulk",
    "track": "segment.detected",
    "render": "camera.planned.bulk",
}
#: How much a step's time differs from its mean (standard deviation over mean).
SPREAD = 0.3
#: Seconds until a pod works whose image is on its node; until a dead one's records are another's.
START_S, SESSION_S = 20.0, 8.0
#: An assumption: seconds until a node with a GPU is there, with Triton's image and a loaded model
#: (scaleops.com/blog, "Reducing GPU cold start times in Kubernetes": eight minutes).
GPU_START_S = 480.0
#: A video's length, in seconds: between a short and a long song on stage.
SHORTEST_S, LONGEST_S = 150.0, 270.0
#: Seconds between two looks of the autoscaler, and after which it forgets a wish for more.
LOOK_S, CALM_S = 15.0, 120.0
#: Hours of video a day, and copies of track: what its twelve partitions bear.
TRACK_ALONE = ((1900, 6), (3000, 6), (3000, 12), (4000, 12), (5000, 12))
#: How often the state is noted for the plots, in seconds.
NOTE_S = 15.0

Events = Generator[simpy.Event, Any, None]


@dataclass(frozen=True)
class Plan:
    """How a stage is scaled, as the chart says it; what a segment takes, of how many cores."""

    least: int
    most: int
    lag: int
    poll_s: float
    idle_s: float
    partitions: int
    core_s: float
    cores: float
    start_s: float = START_S

    @property
    def step_s(self) -> float:
        """Seconds that a segment takes on a pod's cores, on average."""
        return self.core_s / self.cores


@dataclass
class Task:
    """A step on its way: how many seconds it takes, where it waits, what it ends with."""

    seconds: float
    partition: int
    since: float
    done: simpy.Event


@dataclass(eq=False)
class Copy:
    """One pod of a stage."""

    process: simpy.Process | None = None
    wake: simpy.Event | None = None
    is_leaving: bool = False
    in_hand: Task | None = None


@dataclass(eq=False)
class Stage:
    """A topic's partitions, and the copies that share them.

    For each step ``server`` is asked, if there is one, which is scaled by what waits here.
    """

    env: simpy.Environment
    plan: Plan
    rng: np.random.Generator
    server: "Stage | None" = None
    client: "Stage | None" = None
    queues: list[deque[Task]] = field(default_factory=list)
    copies: list[Copy] = field(default_factory=list)
    ready: list[Copy] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    lag: int = 0
    busy_s: float = 0.0

    def __post_init__(self) -> None:
        self.queues = [deque() for _ in range(self.plan.partitions)]
        if self.server:
            self.server.client = self
        self.scale(self.plan.least)
        self.env.process(self._autoscale())

    def put(self, mean_s: float, key: int | None = None) -> simpy.Event:
        """A step's record is there, in any partition or its key's; the event comes with its end."""
        sigma2 = np.log(1 + SPREAD**2)
        seconds = float(self.rng.lognormal(np.log(mean_s) - sigma2 / 2, np.sqrt(sigma2)))
        key = int(self.rng.integers(1 << 32)) if key is None else key
        partition = key % self.plan.partitions
        task = Task(seconds, partition, self.env.now, self.env.event())
        self.queues[partition].append(task)
        self.lag += 1
        self._wake()
        return task.done

    def scale(self, wanted: int) -> None:
        """So many copies, as soon as they have started; who goes ends its step first."""
        while len(self.copies) < wanted:
            copy = Copy()
            copy.process = self.env.process(self._work(copy))
            self.copies.append(copy)
        while len(self.copies) > wanted:
            copy = self.copies.pop()
            copy.is_leaving = True
            self._drop(copy)
        self._wake()

    def lose(self, share: float) -> None:
        """So many of the copies are gone at once; others are started for them."""
        for copy in self.copies[: round(share * len(self.copies))]:
            self.copies.remove(copy)
            self._drop(copy)
            assert copy.process is not None
            copy.process.interrupt()
        self.scale(len(self.copies) + round(share * len(self.copies) / (1 - share)))

    def _work(self, copy: Copy) -> Events:
        try:
            yield self.env.timeout(self.plan.start_s)
            if not copy.is_leaving:
                self.ready.append(copy)
            while not copy.is_leaving:
                task = self._next(copy)
                if task is None:
                    copy.wake = self.env.event()
                    yield copy.wake
                    continue
                self.waited.append(self.env.now - task.since)
                copy.in_hand = task
                yield self.env.timeout(task.seconds)
                self.busy_s += task.seconds
                if self.server:
                    yield self.server.put(self.server.plan.step_s)
                self.lag -= 1
                copy.in_hand = None
                task.done.succeed()
        except simpy.Interrupt:
            if copy.in_hand is not None:
                self.env.process(self._give_again(copy.in_hand))

    def _next(self, copy: Copy) -> Task | None:
        """The oldest of the copy's partitions."""
        rank = self.ready.index(copy)
        mine = [queue for queue in self.queues[rank :: len(self.ready)] if queue]
        return min(mine, key=lambda queue: queue[0].since).popleft() if mine else None

    def _give_again(self, task: Task) -> Events:
        yield self.env.timeout(SESSION_S)
        self.queues[task.partition].appendleft(task)
        self._wake()

    def _drop(self, copy: Copy) -> None:
        if copy in self.ready:
            self.ready.remove(copy)

    def _wake(self) -> None:
        for copy in [*self.ready, *(copy for copy in self.copies if copy not in self.ready)]:
            if copy.wake is not None and not copy.wake.triggered:
                copy.wake.succeed()

    def _autoscale(self) -> Events:
        """KEDA wakes the stage from zero; the autoscaler's rules are those of `behavior`."""
        plan, wishes, calm_since = self.plan, deque[tuple[float, int]](), 0.0
        while True:
            yield self.env.timeout(plan.poll_s if not self.copies else LOOK_S)
            now, count, lag = self.env.now, len(self.copies), (self.client or self).lag
            calm_since = now if lag else calm_since
            if not count:
                self.scale(1 if lag else 0)
                continue
            wish = min(plan.most, max(1, plan.least, -(-lag // plan.lag)))
            wishes.append((now, wish))
            while wishes[0][0] < now - CALM_S:
                wishes.popleft()
            if wish > count:
                self.scale(min(wish, max(2 * count, count + 2)))
            elif (calm := max(each for _, each in wishes)) < count:
                fewer = max(1, int(0.2 * count)) if now % 30 < LOOK_S else 0
                self.scale(max(calm, count - fewer))
            if plan.least == 0 and now - calm_since > plan.idle_s:
                self.scale(0)


@dataclass
class Outcome:
    """What a scenario gave: minutes from arrival to fancams by video, and the course of things."""

    name: str
    stages: dict[str, Stage]
    minutes: list[float] = field(default_factory=list)
    came: int = 0
    times_s: list[float] = field(default_factory=list)
    lags: dict[str, list[int]] = field(default_factory=dict)
    copies: dict[str, list[int]] = field(default_factory=dict)


def read_plans(
    values: Path, partitions: int | None = None, gpus: Path | None = None
) -> dict[str, Plan]:
    """The chart's numbers, as they stand or with another number of partitions in each lane.

    A stage that may have a copy for each of the chart's may have one for each of these.
    ``gpus`` are values that change some of them, with which a Triton is there.
    """
    told = yaml.safe_load(values.read_text())
    more = yaml.safe_load(gpus.read_text()) if gpus else {"stages": {}}
    lane = told["kafka"]["lanePartitions"]
    has = {each.name: each for each in channels(partitions or lane)}
    parts = {name: told["stages"][name] | more["stages"].get(name, {}) for name in TAKEN}
    if gpus:
        parts["triton"] = told["triton"] | more["triton"]
    plans = {}
    for name, own in parts.items():
        count = has[TAKEN.get(name, TAKEN["detect"])].partitions
        core_s, cores = (COSTS_WITH_GPUS if gpus else COSTS)[name]
        plans[name] = Plan(
            least=own["least"],
            most=count if own["most"] >= lane else min(own["most"], count),
            lag=own["lag"],
            poll_s=told["scaling"]["pollS"],
            idle_s=(own if name == "triton" else told["scaling"])["idleS"],
            partitions=count,
            core_s=core_s,
            cores=cores,
            start_s=GPU_START_S if name == "triton" else START_S,
        )
    return plans


def track_alone(plans: dict[str, Plan], copies: int) -> dict[str, Plan]:
    """The same with so many copies of track, and nothing to do for the other stages."""
    idle = {name: replace(plan, least=1, most=1, core_s=1e-9) for name, plan in plans.items()}
    return idle | {"track": replace(plans["track"], least=copies, most=copies)}


@dataclass(frozen=True)
class Scenario:
    """How many hours of video a day come at each second, for how long, and when pods are lost."""

    name: str
    hours_per_day: Callable[[float], float]
    span_s: float
    loss_at_s: float | None = None


def simulate(scenario: Scenario, plans: dict[str, Plan]) -> Outcome:
    """Videos come for the span, and are worked on until all are done, or as long again.

    The same ones come whatever the plans are.
    """
    env, rng = simpy.Environment(), np.random.default_rng(1)
    stages: dict[str, Stage] = {}
    for name, plan in reversed(plans.items()):
        server = stages.get("triton") if name == "detect" else None
        stages[name] = Stage(env, plan, rng, server)
    outcome = Outcome(scenario.name, {name: stages[name] for name in plans})
    env.process(_note(env, outcome))
    env.process(_come(env, scenario, outcome, np.random.default_rng(2)))
    if scenario.loss_at_s is not None:
        env.process(_lose(env, scenario.loss_at_s, stages))
    while env.now < 2 * scenario.span_s:
        env.run(until=env.now + 60)
        if env.now >= scenario.span_s and len(outcome.minutes) == outcome.came:
            break
    return outcome


def _note(env: simpy.Environment, outcome: Outcome) -> Events:
    while True:
        outcome.times_s.append(env.now)
        for name, stage in outcome.stages.items():
            outcome.lags.setdefault(name, []).append(stage.lag)
            outcome.copies.setdefault(name, []).append(len(stage.copies))
        yield env.timeout(NOTE_S)


def _come(
    env: simpy.Environment, scenario: Scenario, outcome: Outcome, rng: np.random.Generator
) -> Events:
    mean_s = (SHORTEST_S + LONGEST_S) / 2
    while True:
        # One video's length of video comes in this time, at the rate of now.
        yield env.timeout(rng.exponential(mean_s / (scenario.hours_per_day(env.now) / 24)))
        if env.now > scenario.span_s:
            return
        outcome.came += 1
        segments = round(rng.uniform(SHORTEST_S, LONGEST_S) / SEGMENT_S)
        env.process(_video(env, outcome, segments))


def _video(env: simpy.Environment, outcome: Outcome, segments: int) -> Events:
    """A video's way: a window of segments to ingest and detect, then track, then render.

    All of a video's facts are in one partition of track's; with the last one it is solved.
    """
    came, stages = env.now, outcome.stages
    track, render = stages["track"], stages["render"]
    video = int(track.rng.integers(1 << 32))
    window = simpy.Container(env, init=IngestSettings().window)

    def find(_: int) -> Events:
        yield window.get(1)
        for stage in ("ingest", "detect"):
            yield stages[stage].put(stages[stage].plan.step_s)
        track.put(FACT_S, video)
        yield window.put(1)

    yield env.all_of([env.process(find(index)) for index in range(segments)])
    yield track.put(segments * track.plan.step_s, video)
    yield env.all_of([render.put(render.plan.step_s) for _ in range(segments)])
    outcome.minutes.append((env.now - came) / 60)


def _lose(env: simpy.Environment, at_s: float, stages: dict[str, Stage]) -> Events:
    yield env.timeout(at_s)
    for stage in stages.values():
        stage.lose(1 / 3)


def scenarios(hours_per_day: float, how: str = "") -> list[Scenario]:
    """A steady day; a night that brings twenty times as much within ten minutes; a loss of pods."""

    def comeback(now_s: float) -> float:
        # An hour of quiet, ten minutes up to twenty times, half an hour of it, an hour down.
        course = ((0, 1), (3600, 1), (4200, 20), (6000, 20), (9600, 1))
        return float(np.interp(now_s, *zip(*course, strict=True))) * hours_per_day

    return [
        Scenario(f"a steady day{how}", lambda _: hours_per_day, 86400.0),
        Scenario(f"a comeback night{how}", comeback, 6 * 3600.0),
        Scenario(f"a third of the pods lost{how}", lambda _: hours_per_day, 2 * 3600.0, 3600.0),
    ]


def tell(outcome: Outcome) -> None:
    """Print what came of it."""
    left = outcome.came - len(outcome.minutes)
    p50, p95, p99 = np.percentile(outcome.minutes, (50, 95, 99))
    print(f"\n{outcome.name}: {outcome.came} videos, {left} not done at the end")
    print(f"  minutes from arrival to fancams: p50 {p50:.1f}  p95 {p95:.1f}  p99 {p99:.1f}")
    heads = f"{'waits s: p50':>13} {'p99':>7} {'most copies':>12} {'core h':>7} {'busy':>5}"
    print(f"  {'stage':8} {heads}")
    for name, stage in outcome.stages.items():
        wait50, wait99 = np.percentile(stage.waited, (50, 99))
        pod_s = sum(outcome.copies[name]) * NOTE_S
        row = f"  {name:8} {wait50:13.1f} {wait99:7.1f} {max(outcome.copies[name]):12}"
        print(f"{row} {pod_s * stage.plan.cores / 3600:7.1f} {stage.busy_s / pod_s:5.0%}")


def draw(outcome: Outcome, folder: Path) -> Path:
    """A picture of what waited and how many copies there were."""
    from matplotlib import pyplot  # noqa: PLC0415 - of all this only pictures need it

    figure, (above, below) = pyplot.subplots(2, 1, sharex=True, figsize=(9, 5))
    hours = np.array(outcome.times_s) / 3600
    for name in outcome.stages:
        above.plot(hours, outcome.lags[name], label=name, linewidth=1)
        below.step(hours, outcome.copies[name], label=name, linewidth=1, where="post")
    above.set(title=outcome.name, ylabel="records waiting or in hand", yscale="symlog")
    below.set(ylabel="copies", xlabel="hours")
    above.legend(loc="upper right")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{outcome.name.replace(',', '').replace(' ', '-')}.svg"
    figure.savefig(file)
    pyplot.close(figure)
    return file


def main() -> None:
    """Run every scenario."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours-per-day", type=float, default=100.0, help="of video that come")
    parser.add_argument("--values", type=Path, default=CHART, help="the chart's values")
    parser.add_argument("--partitions", type=int, help="of each lane, other than the chart's")
    parser.add_argument("--out", type=Path, default=Path("build/simulate"), help="for the plots")
    args = parser.parse_args()
    need = sum(core_s for core_s, _ in COSTS.values()) / SEGMENT_S * args.hours_per_day / 24
    print(f"costs of {MEASURED['measured']}: {MEASURED['video']}")
    print(f"{args.hours_per_day:g} hours of video a day: {need:.1f} cores busy on average")
    for gpus in (None, WITH_GPUS):
        plans = read_plans(args.values, args.partitions, gpus)
        for scenario in scenarios(args.hours_per_day, ", with GPUs" if gpus else ""):
            outcome = simulate(scenario, plans)
            tell(outcome)
            print(f"  {draw(outcome, args.out)}")
    print("\ntrack alone, seconds of a video")
    for hours, copies in TRACK_ALONE:
        alone = track_alone(read_plans(args.values), copies)
        outcome = simulate(Scenario("alone", lambda _, rate=hours: rate, 2 * 3600.0), alone)
        p50, p95, p99 = 60 * np.percentile(outcome.minutes, (50, 95, 99))
        name = f"{hours} hours a day, {copies} copies"
        print(f"  {name}: p50 {p50:.0f}  p95 {p95:.0f}  p99 {p99:.0f}")


if __name__ == "__main__":
    main()
