/** The nouns of the gateway's API as they travel: snake_case, times in seconds unless named otherwise. */

export type State = "observed" | "followed" | "filled" | "open" | "absent";
export type Box = readonly [x1: number, y1: number, x2: number, y2: number];
/** A stranger sees nothing before signing in; a visitor, what is published. */
export type Role = "stranger" | "visitor" | "viewer" | "editor" | "operator";

export interface Me {
  role: Role;
  /** Empty for whoever sits at this machine, and for whoever has not signed in. */
  name: string;
}

export interface Group {
  name: string;
  members: { name: string; color: string | null }[];
}

export interface Progress {
  stage: string;
  done: number;
  total: number;
}

export interface Source {
  width: number;
  height: number;
  frames: number;
  duration_s: number;
  frame_rate: string;
  codec: string;
  has_audio: boolean;
  warning: string | null;
}

/** Small pictures of the stage in a grid, one every `interval_s`, row by row. */
export interface Sprite {
  url: string;
  columns: number;
  rows: number;
  interval_s: number;
  width: number;
  height: number;
}

export interface Stage {
  url: string;
  width: number;
  height: number;
  hls_url: string | null;
  sprite: Sprite | null;
}

export interface Video {
  id: string;
  title: string;
  filename: string;
  created_at: string;
  external_id: string | null;
  labels: Record<string, string>;
  group: string | null;
  framing: string;
  aspects: string[];
  /** Fractions of seconds as text, exact: "62", "1001/30". */
  from_s: string | null;
  to_s: string | null;
  /** 0: found out. */
  people_asked: number;
  state: "working" | "ready" | "failed" | "cancelled";
  failure: string | null;
  revision: number;
  progress: Progress[];
  left_s: number | null;
  reused: { done: number; total: number } | null;
  /** Of the part that is used. */
  source: Source | null;
  run_id: string;
  shown_run_id: string | null;
  /** Null while it is being made, or where `stage_failure` says why there is none. */
  stage: Stage | null;
  stage_failure: string | null;
  /** An earlier version of the program made it: to try again makes it anew. */
  is_outdated: boolean;
  poster_url: string | null;
}

export interface Span {
  id: string;
  from_frame: number;
  to_frame: number;
  why: string;
  text: string;
  confirmed: boolean;
}

export interface Fancam {
  aspect: string;
  width: number;
  height: number;
  url: string | null;
  hls_url: string | null;
}

export interface Publication {
  state: "draft" | "approved" | "published";
  by: string | null;
  at: string | null;
  /** The run of which visitors see her; `is_behind` where it shows something else than this one. */
  public_run_id: string | null;
  is_behind: boolean;
}

export interface Person {
  id: string;
  label: string;
  name: string;
  names: Record<string, string>;
  aliases: string[];
  face_url: string | null;
  /** Run lengths: the state holds from its frame to the next entry's. */
  states: [firstFrame: number, state: State][];
  spans: Span[];
  report: unknown;
  fancams: Fancam[];
  publication: Publication;
}

/** A video with stretches that nobody has looked at, as the review queue tells of it. */
export interface VideoToReview {
  video_id: string;
  title: string;
  run_id: string;
  people: { id: string; name: string; spans: Span[] }[];
}

export interface Shot {
  first_frame: number;
  last_frame: number;
  kind: string;
}

export interface Watch {
  video: Video;
  run_id: string;
  aspects: string[];
  shots: Shot[];
  times: { time_base: string; pts: number[] };
  people: Person[];
  camera_url: Record<string, string>;
  /** Null for visitors, who are told no report and no spans either. */
  boxes_url: string | null;
  /** Whom visitors see of an older run, and who is not in this one. */
  only_public: Pick<Person, "id" | "name" | "names">[];
}

export interface CameraFile {
  unit: number;
  people: Record<string, { size: [number, number]; windows: number[] }>;
}

export interface BoxesFile {
  people: Record<string, { first_frame: number; boxes: number[] }[]>;
  others: { frame: number; box: [number, number, number, number] }[];
}

/** Whoever is at a point or box; or, with `of`, wherever that person is between the two times. */
export interface Pin {
  from_s: number;
  to_s?: number | null;
  x?: number | null;
  y?: number | null;
  w?: number | null;
  h?: number | null;
  of?: string | null;
  /** A person's id, or a name that nobody has yet. */
  person?: string | null;
  nobody?: boolean;
  denies?: boolean;
}

export interface Pins {
  revision: number;
  pins: Pin[];
}

export type Place = "seen" | "unseen" | "elsewhere";

export interface Change {
  person: string;
  name: string;
  from_frame: number;
  to_frame: number;
  was: Place;
  becomes: Place;
}

export interface Preview {
  changes: Change[];
  segments: { changed: number; total: number };
}

export interface Token {
  id: string;
  name: string;
  role: Role;
  /** "name:value" of the videos that it opens; null: all. */
  labels: string[] | null;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
}

export interface TokenWanted {
  name: string;
  role: string;
  labels: string[] | null;
  days: number | null;
}

export const EVENTS = ["finished", "failed", "needs_review", "published", "deleted"] as const;
export type EventName = (typeof EVENTS)[number];

export interface Webhook {
  id: string;
  url: string;
  events: EventName[];
  by: string;
  created_at: string;
}

export interface Delivery {
  id: string;
  event: EventName;
  video_id: string;
  state: "waiting" | "delivered" | "given_up";
  tries: number;
  /** What came of the last try. */
  answer: string;
  created_at: string;
  next_try_at: string | null;
}

export interface Submission {
  upload_id: string;
  title?: string;
  from_s?: number;
  to_s?: number;
  group?: string;
  people?: number;
  framing?: string;
  aspects?: string[];
}

/** Where somebody's face is in a picture of a dataset. */
export interface LabelBox {
  /** Source pixels. */
  box: Box;
  /** Empty: nobody has said yet, or, confirmed: no member. */
  member: string;
  tracklet: string;
  view: "frontal" | "profile" | "";
  state: "proposed" | "confirmed";
}

export type PictureState = "proposed" | "confirmed" | "rejected";

/** Who stands in a picture, as of one version. */
export interface Labels {
  picture: string;
  url: string;
  version: number;
  size: readonly [width: number, height: number];
  by: string;
  at: string;
  state: PictureState;
  split: string;
  boxes: LabelBox[];
  /** The neighbours in time, of the same shot. */
  previous: string | null;
  next: string | null;
}

/** `version` is the one that was read. */
export interface LabelsWanted {
  version: number;
  state: PictureState;
  boxes: readonly LabelBox[];
}

export interface MemberCount {
  name: string;
  boxes: number;
  confirmed: number;
  pictures: number;
  frontal: number;
  profile: number;
  /** Boxes more that training learns as hers. */
  spread: number;
}

export interface Tally {
  members: MemberCount[];
  pictures: number;
  confirmed_pictures: number;
  unnamed: number;
  advised: number;
  balance: number;
  clicks: number;
  given: number;
  /** Boxes more that training names so. */
  spread: number;
}

export interface DatasetInShort {
  name: string;
  version: number;
  members: string[];
  pictures: number;
}

/** A training of a dataset: `done` of `total` of a step, then what the version that came of it reaches. */
export interface Trained {
  number: number;
  state: "waiting" | "working" | "done" | "failed" | "cancelled";
  group: string;
  /** When anything was last heard of it. */
  at: string;
  step: string;
  done: number;
  total: number;
  /** Seconds, of the step. */
  left_s: number | null;
  cancelled_by: string | null;
  failure: string | null;
  version: number | null;
  is_used: boolean;
  /** In what it falls short of the version before, or why nobody knows. */
  worse: string[];
  /** The part of the dataset that the figures are of. */
  judged_on: string | null;
  members: { name: string; map50: number; map50_95: number }[];
}

/** The newest training, and why there can be no other. */
export interface TrainingNow {
  training: Trained | null;
  why_not: string | null;
}

/** Whose a tracklet is; confirmed with an empty member: no member's, such as a dancer's. */
export interface TrackletNamed {
  member: string;
  /** Proposed: this name is taken back. */
  state: "proposed" | "confirmed";
  /** Also where somebody else has confirmed a box as another's. */
  insist?: boolean;
}

export interface Strip {
  tracklet: string;
  /** Whom the run takes it for, in all shots. */
  person: string;
  /** Who is proposed. */
  member: string;
  boxes: number;
  /** Nobody has said yet who the person is. */
  is_first: boolean;
  /** Boxes that a name is of; of a first one those of all shots. */
  gives: number;
  faces: { url: string; size: readonly [number, number]; box: Box }[];
}

export interface Waiting {
  picture: string;
  url: string;
  by: string;
  at: string;
}

export interface LabelQueue {
  tracklets: { total: number; people: number; items: Strip[] };
  frames: { total: number; items: Waiting[] };
  review: { total: number; items: Waiting[] };
}
