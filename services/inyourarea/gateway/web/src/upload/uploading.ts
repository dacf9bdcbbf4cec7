/** A file on its way to the gateway by tus: goes on by itself after a lost connection. */
import { signal } from "@preact/signals";
import { Upload } from "tus-js-client";
import { API } from "../api/client";

/** Waits between tries, in milliseconds. */
const RETRIES_MS = [0, 1000, 3000, 5000, 10_000, 20_000];
/** After them it is tried again this often, when the connection is back, and when the user wants it; in milliseconds. */
const AGAIN_MS = 30_000;
/** One request carries so many bytes: what is lost at most, small enough for proxies. */
const CHUNK = 16 * 2 ** 20;

export type Phase = "waiting" | "uploading" | "paused" | "lost" | "done";

export class Uploading {
  readonly phase = signal<Phase>("waiting");
  readonly sent = signal(0);
  readonly resumed = signal(false);
  /** Why it will not go on, in words; empty while it may. */
  readonly failure = signal("");
  private readonly upload: Upload;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly online = () => this.phase.value === "lost" && this.begin();

  /** `done` is called with the upload's id when the last byte is there. */
  constructor(
    readonly file: File,
    done: (uploadId: string) => void,
  ) {
    this.upload = new Upload(file, {
      endpoint: `${API}/uploads`,
      chunkSize: CHUNK,
      retryDelays: RETRIES_MS,
      removeFingerprintOnSuccess: true,
      metadata: { filename: file.name },
      onProgress: (sent) => {
        this.phase.value = "uploading";
        this.sent.value = sent;
      },
      onError: (error) => {
        const status = "originalResponse" in error ? error.originalResponse?.getStatus() : undefined;
        if (status && status >= 400 && status < 500) this.failure.value = said(error) ?? error.message;
        else this.timer = setTimeout(() => this.begin(), AGAIN_MS);
        this.phase.value = "lost";
      },
      onSuccess: () => {
        this.phase.value = "done";
        done(this.upload.url?.split("/").filter(Boolean).at(-1) ?? "");
      },
    });
    addEventListener("online", this.online);
  }

  /** Starts, or goes on where an earlier try of the same file stopped. */
  async start(): Promise<void> {
    const [before] = await this.upload.findPreviousUploads();
    if (before) {
      this.upload.resumeFromPreviousUpload(before);
      this.resumed.value = true;
    }
    this.begin();
  }

  begin(): void {
    clearTimeout(this.timer);
    this.failure.value = "";
    this.phase.value = "uploading";
    this.upload.start();
  }

  async pause(): Promise<void> {
    await this.upload.abort();
    this.phase.value = "paused";
  }

  /** Forgets the upload, here and at the gateway. */
  async drop(): Promise<void> {
    this.rest();
    await this.upload.abort(Boolean(this.upload.url)).catch(() => {});
  }

  close(): void {
    this.rest();
    void this.upload.abort();
  }

  private rest(): void {
    clearTimeout(this.timer);
    removeEventListener("online", this.online);
  }
}

/** The detail of the gateway's problem document. */
function said(error: object): string | null {
  const body = "originalResponse" in error ? (error.originalResponse as { getBody(): string } | null)?.getBody() : null;
  try {
    return (JSON.parse(body ?? "") as { detail?: string }).detail ?? null;
  } catch {
    return null;
  }
}
