/** Asks the gateway; an answer that is no success is raised as the problem that it describes. */
import { signal } from "@preact/signals";
import type {
  BoxesFile,
  CameraFile,
  DatasetInShort,
  Delivery,
  EventName,
  Group,
  LabelQueue,
  Labels,
  LabelsWanted,
  Me,
  Person,
  Pin,
  Pins,
  Preview,
  Submission,
  Tally,
  Token,
  TokenWanted,
  TrackletNamed,
  TrainingNow,
  Video,
  VideoToReview,
  Watch,
  Webhook,
} from "./types";

export const API = "/api/v1";

/** Counts the answers that said to sign in (again): the page then asks who it is. */
export const unauthorized = signal(0);

/** What the gateway said instead of doing it (RFC 9457); status 0 where it could not be reached. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    /** The last part of its type, such as "stale-edit". */
    readonly kind = "",
    /** Seconds after which it may be asked again. */
    readonly waitS = 0,
    /** All that it said. */
    readonly said: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail || title);
  }

  /** Whether it may be done a little later: the gateway is away, busy, or waits for somebody to sign in. */
  get mayPass(): boolean {
    return this.status === 0 || this.status === 401 || this.status === 429 || this.status >= 500;
  }
}

async function ask<T>(path: string, method = "GET", body?: unknown, signal?: AbortSignal): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const request: RequestInit = { method, headers, credentials: "same-origin" };
  if (body !== undefined) request.body = JSON.stringify(body);
  if (signal) request.signal = signal;
  let answer: Response;
  try {
    answer = await fetch(path.startsWith("/api/") ? path : API + path, request);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem(0, "unreachable", "");
  }
  const text = await answer.text();
  if (!answer.ok) {
    if (answer.status === 401 && path !== SESSION) unauthorized.value += 1;
    throw problem(answer, text);
  }
  return (text ? JSON.parse(text) : undefined) as T;
}

function problem({ status, statusText, headers }: Response, text: string): Problem {
  const waitS = Number(headers.get("Retry-After")) || 0;
  try {
    const said = JSON.parse(text) as { type?: string; title?: string; detail?: string };
    return new Problem(status, said.title ?? statusText, said.detail ?? "", said.type?.split(":").at(-1), waitS, said);
  } catch {
    return new Problem(status, statusText, "", "", waitS);
  }
}

export interface VideoQuery {
  query?: string;
  state?: string;
  label?: string;
  group?: string;
  cursor?: string;
  limit?: number;
}

const SESSION = "/session";

const dataset = (name: string) => `/datasets/${encodeURIComponent(name)}`;
const video = (id: string) => `/videos/${encodeURIComponent(id)}`;

function search(query: VideoQuery): string {
  const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  return new URLSearchParams(asked.map(([key, value]) => [key, String(value)])).toString();
}

export const api = {
  me: () => ask<Me>("/me"),
  signIn: (pass: { token: string } | { code: string }) => ask<Me>(SESSION, "POST", pass),
  signOut: () => ask<void>(SESSION, "DELETE"),
  groups: () => ask<{ items: Group[] }>("/groups"),
  videos: (query: VideoQuery, signal?: AbortSignal) =>
    ask<{ items: Video[]; next_cursor: string | null }>(`/videos?${search(query)}`, "GET", undefined, signal),
  video: (id: string) => ask<Video>(video(id)),
  submit: (submission: Submission) => ask<Video>("/videos", "POST", submission),
  change: (id: string, to: Pick<Video, "title" | "labels">) => ask<Video>(video(id), "PATCH", to),
  remove: (id: string) => ask<void>(video(id), "DELETE"),
  cancel: (id: string) => ask<Video>(`${video(id)}/cancel`, "POST"),
  retry: (id: string) => ask<Video>(`${video(id)}/retry`, "POST"),
  watch: (id: string) => ask<Watch>(`${video(id)}/watch`),
  camera: (url: string) => ask<CameraFile>(url),
  boxes: (url: string) => ask<BoxesFile>(url),
  name: (id: string, person: string, called: Pick<Person, "name" | "names" | "aliases">) =>
    ask<unknown>(`${video(id)}/people/${encodeURIComponent(person)}`, "PUT", called),
  pins: (id: string) => ask<Pins>(`${video(id)}/pins`),
  previewPins: (id: string, revision: number, pins: Pin[]) =>
    ask<Preview>(`${video(id)}/pins/preview`, "POST", { revision, pins }),
  setPins: (id: string, revision: number, pins: Pin[]) => ask<Video>(`${video(id)}/pins`, "PUT", { revision, pins }),
  confirmSpan: (id: string, span: string) =>
    ask<unknown>(`${video(id)}/spans/${encodeURIComponent(span)}/confirm`, "POST"),
  review: (query: Pick<VideoQuery, "cursor" | "limit">, signal?: AbortSignal) =>
    ask<{ items: VideoToReview[]; next_cursor: string | null }>(`/review?${search(query)}`, "GET", undefined, signal),
  publication: (id: string, person: string, step: "approve" | "publish" | "reopen" | "withdraw") =>
    ask<unknown>(`${video(id)}/people/${encodeURIComponent(person)}/${step}`, "POST"),
  tokens: () => ask<{ items: Token[] }>("/tokens"),
  makeToken: (wanted: TokenWanted) => ask<Token & { token: string }>("/tokens", "POST", wanted),
  revokeToken: (id: string) => ask<void>(`/tokens/${id}`, "DELETE"),
  webhooks: () => ask<{ items: Webhook[] }>("/webhooks"),
  makeWebhook: (url: string, events: EventName[]) => ask<Webhook & { secret: string }>("/webhooks", "POST", { url, events }),
  removeWebhook: (id: string) => ask<void>(`/webhooks/${id}`, "DELETE"),
  datasets: () => ask<{ items: DatasetInShort[] }>("/datasets"),
  makeDataset: (name: string, members: string[]) => ask<DatasetInShort>("/datasets", "POST", { name, members }),
  dataset: (name: string) => ask<DatasetInShort>(dataset(name)),
  addMember: (name: string, version: number, member: string) =>
    ask<DatasetInShort>(`${dataset(name)}/members`, "POST", { version, name: member }),
  training: (name: string) => ask<TrainingNow>(`${dataset(name)}/training`),
  train: (name: string) => ask<TrainingNow>(`${dataset(name)}/training`, "POST", {}),
  cancelTraining: (name: string) => ask<TrainingNow>(`${dataset(name)}/training/cancel`, "POST"),
  tally: (name: string) => ask<Tally>(`${dataset(name)}/counts`),
  labelQueue: (name: string, limit: number) => ask<LabelQueue>(`${dataset(name)}/queue?limit=${limit}`),
  labels: (name: string, picture: string) => ask<Labels>(`${dataset(name)}/pictures/${picture}/labels`),
  label: (name: string, picture: string, wanted: LabelsWanted) =>
    ask<Labels>(`${dataset(name)}/pictures/${picture}/labels`, "PUT", wanted),
  nameTracklet: (name: string, tracklet: string, named: TrackletNamed) =>
    ask<{ boxes: number }>(`${dataset(name)}/tracklets/${encodeURIComponent(tracklet)}`, "PUT", named),
  deliveries: (id: string) => ask<{ items: Delivery[] }>(`/webhooks/${id}/deliveries`),
};
