/** What is still to be looked at, and who can be approved once nothing is: the order of a review. */
import type { Span, VideoToReview } from "../api/types";

/** Somebody of a video, and the stretches of her that nobody had looked at when the queue was asked for. */
export interface Subject {
  video: string;
  title: string;
  run: string;
  person: string;
  name: string;
  spans: Span[];
}

export type Answer = "right" | "corrected" | "approved" | "later";

/** A stretch to look at; without one, the person can be approved. */
export interface Step {
  key: string;
  subject: Subject;
  span: Span | null;
}

/** Everybody met so far, as the queue tells of them now; nobody is lost whose last stretch was answered. */
export function meet(before: Subject[], items: VideoToReview[]): Subject[] {
  const now = items.flatMap((item) =>
    item.people.map(({ id, name, spans }) => ({ video: item.video_id, title: item.title, run: item.run_id, person: id, name, spans })),
  );
  const known = before.map((one) => now.find((other) => isSame(one, other)) ?? { ...one, spans: [] });
  return [...known, ...now.filter((one) => !before.some((other) => isSame(one, other)))];
}

const isSame = (one: Subject, other: Subject) => one.video === other.video && one.person === other.person;

/** What is left, in order: everybody's stretches, and after the last one of a person her approval. */
export function stepsOf(subjects: Subject[], answers: ReadonlyMap<string, Answer>): Step[] {
  return subjects.flatMap((subject): Step[] => {
    const spans = subject.spans.map((span) => ({ key: `${subject.video} ${span.id}`, subject, span }));
    if (!spans.every(({ key }) => answers.get(key) === "right")) return spans.filter(({ key }) => !answers.has(key));
    const approval = { key: `${subject.video} ${subject.person}`, subject, span: null };
    return answers.has(approval.key) ? [] : [approval];
  });
}
