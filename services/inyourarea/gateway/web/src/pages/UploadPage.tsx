/** A video is dropped, said what is wanted, and its progress watched. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { api } from "../api/client";
import { followVideo } from "../api/events";
import type { Submission, Video } from "../api/types";
import { Icon } from "../parts/Icon";
import { inWords, Message } from "../parts/Message";
import { useAsked } from "../parts/useAsked";
import { go } from "../router";
import { Uploading } from "../upload/uploading";
import { Wishes } from "../upload/Wishes";
import { Making } from "../watch/Making";
import { say } from "../words/language";
import { retold } from "../words/reasons";

export function UploadPage() {
  const [file, setFile] = useState<File | null>(null);
  const [video, setVideo] = useState<Video | null>(null);
  const [gone, setGone] = useState(false);
  useEffect(() => {
    document.title = `${say("upload")} · InYourArea`;
  });
  const made = video?.id;
  useEffect(() => (made ? followVideo(made, setVideo, () => setGone(true)) : undefined), [made]);
  const shown = video?.shown_run_id;
  useEffect(() => {
    if (made && shown) go(`/watch/${made}`);
  }, [made, shown]);
  if (gone) return <Message title={say("deletedVideo")} text={say("deletedVideoHelp")} back />;
  if (video) return <Making video={video} changed={setVideo} />;
  return (
    <section class="upload">
      <h1>{say("upload")}</h1>
      {file ? <Sending key={`${file.name}-${file.size}`} file={file} another={() => setFile(null)} done={setVideo} /> : <Drop choose={setFile} />}
    </section>
  );
}

function Drop({ choose }: { choose: (file: File) => void }) {
  const [over, setOver] = useState(false);
  const take = (files: FileList | null | undefined) => {
    const file = files?.[0];
    if (file) choose(file);
  };
  return (
    <label
      class={`drop ${over ? "is-over" : ""}`}
      data-testid="drop"
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files);
      }}
    >
      <Icon name="upload" />
      <strong>{say("dropHere")}</strong>
      <span>{say("orChoose")}</span>
      <input type="file" accept="video/*,.mkv,.ts,.m2ts,.mts" onChange={(event) => take(event.currentTarget.files)} data-testid="file" />
    </label>
  );
}

interface SendingProps {
  file: File;
  another: () => void;
  done: (video: Video) => void;
}

/** The file goes on its way at once; what is wanted may be said meanwhile. */
function Sending({ file, another, done }: SendingProps) {
  const [uploadId, setUploadId] = useState("");
  const [wanted, setWanted] = useState<Omit<Submission, "upload_id"> | null>(null);
  const [failure, setFailure] = useState("");
  const [groups] = useAsked("groups", () => api.groups());
  const uploading = useMemo(() => new Uploading(file, setUploadId), [file]);
  useEffect(() => {
    void uploading.start();
    return () => uploading.close();
  }, [uploading]);
  useEffect(() => {
    if (!uploadId || !wanted) return;
    api.submit({ upload_id: uploadId, ...wanted }).then(done, (error: unknown) => {
      setFailure(inWords(error));
      setWanted(null);
    });
  }, [uploadId, wanted]);
  const leave = () => {
    void uploading.drop();
    another();
  };
  return (
    <>
      <Sent uploading={uploading} leave={leave} />
      {failure && (
        <p class="failure" role="alert" data-testid="upload-failure">
          {failure}
        </p>
      )}
      <Wishes groups={groups.is === "there" ? groups.value.items : []} name={file.name} waiting={wanted !== null} wish={setWanted} />
    </>
  );
}

function Sent({ uploading, leave }: { uploading: Uploading; leave: () => void }) {
  const { file } = uploading;
  const phase = uploading.phase.value;
  const amount = (bytes: number) => `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`;
  return (
    <div class="sent" data-testid="sent" data-phase={phase}>
      <p class="sent-name">
        <strong>{file.name}</strong>
        <small>{say("ofTotal", { done: amount(uploading.sent.value), total: amount(file.size) })}</small>
      </p>
      <progress max={file.size} value={phase === "done" ? file.size : uploading.sent.value} aria-label={say("uploading")} />
      {uploading.resumed.value && phase !== "done" && <p class="hint">{say("resumed")}</p>}
      {phase === "lost" && (
        <p class="failure" role="alert">
          {retold(uploading.failure.value) || say("connectionLost")}
        </p>
      )}
      <div class="buttons">
        {phase === "uploading" && (
          <button type="button" class="button" onClick={() => void uploading.pause()}>
            {say("pauseUpload")}
          </button>
        )}
        {(phase === "paused" || phase === "lost") && (
          <button type="button" class="button" onClick={() => uploading.begin()}>
            {say("resumeUpload")}
          </button>
        )}
        <button type="button" class="button" onClick={leave}>
          {say("another")}
        </button>
      </div>
    </div>
  );
}
