"""A gateway on a rehearsed show: ingest's and track's own code, but nothing is decoded or drawn."""

import asyncio
import base64
import copy
import functools
import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import httpx
import numpy as np
from fastapi import FastAPI
from google.protobuf.message import Message
from starlette.datastructures import State
from starlette.middleware import Middleware

from inyourarea.contracts import keys, tables
from inyourarea.contracts.specs import from_picture
from inyourarea.contracts.topics import NO_HEADERS
from inyourarea.contracts.v1 import facts_pb2 as facts
from inyourarea.contracts.v1 import ingest_pb2
from inyourarea.contracts.v1 import stored_pb2 as stored
from inyourarea.core.signals import HISTOGRAM_BINS, THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, Signals
from inyourarea.gateway.app import create_app
from inyourarea.gateway.catalog import Catalog
from inyourarea.gateway.dock import Dock
from inyourarea.gateway.guard import Guard
from inyourarea.gateway.handler import GatewayHandler
from inyourarea.gateway.house import House
from inyourarea.gateway.models import KnownModel
from inyourarea.gateway.settings import GatewaySettings
from inyourarea.ingest.probe import Probe, write_probe
from inyourarea.ingest.submit import decide_video, submit_video
from inyourarea.runtime.folder_objects import FolderObjects
from inyourarea.runtime.objects import Objects, holds
from inyourarea.track.handler import TrackHandler
from inyourarea.track.settings import TrackSettings
from rehearsal import Eyes, Truth, detect, rehearse

TUS = {"Tus-Resumable": "1.0.0"}
OFFSET = {"Content-Type": "application/offset+octet-stream"}
FACES = facts.Model(name="faces", sha256="fa" * 32, confidence=0.25, width=640, height=384)
#: The site's names: for our client, and for schemathesis.
HOSTS = ("site", "testserver", "127.0.0.1")
_FPS = 30
_rehearse, _detect = functools.cache(rehearse), functools.cache(detect)


class RehearsedStages:
    """All stages: what is submitted is decided for real, and found without looking at pixels."""

    def __init__(self, objects: Objects, truth: Truth) -> None:
        self._objects = objects
        self._truth = truth
        self._tracking = TrackHandler(objects, TrackSettings())
        self.told: list[Message] = []
        self.headers: list[Mapping[str, bytes]] = []
        #: How many times larger than they need be pieces and fancams are.
        self.weight = 1

    def _probe(self, request: ingest_pb2.SubmitVideoRequest) -> None:
        pts = self._truth.timeline.pts
        width, height = self._truth.size
        probe = Probe(
            pts=pts,
            key_pts=pts[::_FPS],
            end_pts=int(pts[-1]) + 1,
            time_base=Fraction(1, _FPS),
            width=width,
            height=height,
            codec="h264",
            container="mp4",
            has_audio=True,
        )
        self._objects.put_once(keys.probe(request.sha256), write_probe(probe))

    def submit(self, request: ingest_pb2.SubmitVideoRequest) -> facts.VideoAccepted:
        self._probe(request)
        accepted = submit_video(request, self._objects, None)  # type: ignore[arg-type]
        self.publish(accepted)
        return accepted

    def decide(self, request: ingest_pb2.SubmitVideoRequest) -> facts.VideoAccepted:
        self._probe(request)
        return decide_video(request, self._objects, None)  # type: ignore[arg-type]

    def solve(self, accepted: facts.VideoAccepted) -> None:
        self._tracking.solve(accepted)

    def publish(self, fact: Message, headers: Mapping[str, bytes] = NO_HEADERS) -> None:
        self.told.append(fact)
        self.headers.append(headers)

    def find(self, accepted: facts.VideoAccepted) -> None:
        """Frames were read and people found in every segment."""
        spec, model = accepted.spec, accepted.spec.model
        found = _detect(self._truth, eyes=Eyes(look_alikes=None), classes=len(model.members))
        for segment in accepted.segments:
            first, end = segment.start_pts, segment.end_pts
            rows = found.take((found.pts >= first) & (found.pts < end))
            looked = found.looked[(found.looked >= first) & (found.looked < end)]
            part = tables.write_detections(replace(rows, looked=looked))
            self._objects.put(keys.detections(spec.video_id, model, segment.index), part)
            part = tables.write_signals(_still(np.arange(first, end)))
            self._objects.put(keys.signals(spec.video_id, model, segment.index), part)

    def draw(self, accepted: facts.VideoAccepted) -> facts.FancamsPublished:
        """Everybody has a fancam, whose bytes are made up of pieces."""
        report = keys.report(accepted.spec)
        published = facts.FancamsPublished(video_id=accepted.video_id, run_id=accepted.run_id)
        for segment in accepted.segments:
            windows = self._objects.get(keys.windows(accepted.spec, segment.index))
            part = stored.SegmentWindows.FromString(windows)
            pieces = []
            for view in part.views:
                drawing = np.array(view.windows).tobytes()
                key = keys.piece(accepted.source.sha256, segment, drawing, "test")
                self._objects.put(key, b"piece" * self.weight)
                pieces.append(stored.SegmentPieces.Piece(person=view.person, key=key))
            named = stored.SegmentPieces(segment=segment, pieces=pieces).SerializeToString()
            self._objects.put(keys.segment_pieces(accepted.run_id, segment.index), named)
        assert holds(self._objects, report)
        shapes = [from_picture(picture).label for picture in accepted.spec.pictures]
        for place, view in enumerate(part.views):
            shape = shapes[view.picture]
            key = keys.fancam(accepted.run_id, place, shape)
            self._objects.put(key, f"fancam of {view.person}".encode() * 100 * self.weight)
            published.fancams.add(person=view.person, name=view.name, picture=shape, key=key)
        self._objects.put(keys.audio(accepted.video_id), b"audio")
        self._make_for_browsers(accepted, part)
        written = published.SerializeToString(deterministic=True)
        self._objects.put(keys.published(accepted.run_id), written)
        return published

    def _source(self, accepted: facts.VideoAccepted) -> bytes:
        """The source's bytes; a late unit may find them gone."""
        if not holds(self._objects, accepted.source.key):
            return b"read before"
        return self._objects.get(accepted.source.key)

    def _make_for_browsers(
        self, accepted: facts.VideoAccepted, part: stored.SegmentWindows
    ) -> None:
        """The stage is the source; there is a stream of it, a face and half a piece of each."""
        video, run, spec = accepted.video_id, accepted.run_id, accepted.spec
        if not accepted.for_browsers:
            return
        for name, content in (
            ("stage.mp4", self._source(accepted)),
            ("poster.jpg", b"poster"),
            ("sprite.jpg", b"sprite"),
            ("master.m3u8", b"#EXTM3U"),
        ):
            self._objects.put(keys.stage_file(video, name), content)
        sprite = facts.Sprite(key=keys.stage_file(video, "sprite.jpg"), columns=1, rows=1)
        sprite.interval_s.CopyFrom(facts.Rational(num=1, den=2))
        ready = facts.StageReady(
            video_id=video,
            run_id=run,
            mp4_key=keys.stage_file(video, "stage.mp4"),
            poster_key=keys.stage_file(video, "poster.jpg"),
            streams_key=keys.stage_streams(video),
            sprite=sprite,
            width=640,
            height=360,
        )
        playlist = "application/vnd.apple.mpegurl"
        master = keys.stage_file(video, "master.m3u8")
        files = stored.StreamFiles()
        files.files.add(name="master.m3u8", key=master, media_type=playlist)
        self._objects.put(keys.stage_streams(video), files.SerializeToString())
        drawing = stored.StageDrawing(segment=accepted.segments[0])
        piece = keys.stage_piece(accepted.source.sha256, accepted.segments[0], "480")
        drawing.pieces.add(rung="480", key=piece)
        self._objects.put(piece, b"stage piece")
        self._objects.put(keys.stage_drawing(video, 0), drawing.SerializeToString())
        self._objects.put(keys.stage_ready(video), ready.SerializeToString())
        drawn, streams = facts.FacesDrawn(), facts.StreamsReady(streams_key=keys.run_streams(run))
        files = stored.StreamFiles()
        halves = stored.SegmentHalves()
        for place, view in enumerate(part.views):
            whose = {"person": view.person, "picture": "9x16"}
            self._objects.put(keys.face(spec, place), f"face of {view.person}".encode())
            drawn.faces.add(person=view.person, name=view.name, key=keys.face(spec, place))
            name = f"{place:03}-9x16.m3u8"
            self._objects.put(keys.stream_file(run, name), f"stream of {view.person}".encode())
            files.files.add(
                name=name, key=keys.stream_file(run, name), media_type=playlist, **whose
            )
            streams.streams.add(**whose, master=name)
            half = keys.half_piece(f"{run}{place}", "test")
            self._objects.put(half, b"half")
            halves.halves.add(piece="piece", key=half)
        self._objects.put(keys.faces_drawn(spec), drawn.SerializeToString())
        self._objects.put(keys.run_streams(run), files.SerializeToString())
        self._objects.put(keys.segment_halves(run, 0), halves.SerializeToString())
        self._objects.put(keys.streams_ready(run), streams.SerializeToString())


def _still(pts: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> Signals:
    """A picture in which nothing happens: no cut."""
    n = pts.size
    return Signals(
        pts=pts,
        thumbnail=np.full((n, THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH), 90, np.uint8),
        histogram=np.full((n, 3 * HISTOGRAM_BINS), 1 / HISTOGRAM_BINS, np.float32),
        motion=np.zeros((n, 4), np.float32),
    )


@functools.cache
def _app_of_nobody() -> FastAPI:
    """Made once: all addresses take a tenth of a second."""
    return create_app(None)  # type: ignore[arg-type]


def _app_of(house: House) -> FastAPI:
    """What `create_app` gives."""
    app = copy.copy(_app_of_nobody())
    app.state, app.middleware_stack = State({"house": house}), None
    app.user_middleware = [
        Middleware(Guard, house=house) if one.cls is Guard else one for one in app.user_middleware
    ]
    return app


@functools.cache
def _empty_catalog() -> bytes:
    """An SQLite file that has all tables, made once: all migrations take as long."""
    with tempfile.TemporaryDirectory() as folder:
        catalog = Catalog(f"sqlite:///{folder}/catalog.sqlite")
        catalog.open()
        catalog.close()
        return Path(folder, "catalog.sqlite").read_bytes()


class RehearsedSite:
    """A gateway one can click on: `http` is its client."""

    def __init__(
        self,
        folder: Path,
        *,
        seconds: float = 6,
        members: int = 3,
        url: str | None = None,
        settings: GatewaySettings | None = None,
        objects: Objects | None = None,
        dock: Dock | None = None,
        stages_objects: Objects | None = None,
    ) -> None:
        self.objects = objects or FolderObjects(folder / "store")
        file = folder / "catalog.sqlite"
        self.catalog = Catalog(url or f"sqlite:///{file}")
        if url or file.exists():
            self.catalog.open()
        else:
            file.write_bytes(_empty_catalog())
        truth = _rehearse(3, members=members, dancers=0, seconds=seconds, shot_s=30, wall=False)
        self.stages = RehearsedStages(stages_objects or self.objects, truth)
        models = {"": KnownModel(FACES)}
        settings = settings or GatewaySettings(hosts=HOSTS, trusts_everybody=True)
        self.house = House(self.objects, self.catalog, self.stages, models, settings, dock)
        self.handler = GatewayHandler(self.objects, self.catalog, self.house.watchers)
        self.app = _app_of(self.house)
        self.http = client_of(self.app)

    def close(self) -> None:
        self.http.close()
        self.catalog.close()

    def stored(self) -> set[str]:
        """The names of all objects in the store, but for the books, which nothing changes."""
        return {key for key in self.objects.list("") if not key.startswith("usage/")}

    def upload(self, content: bytes = b"a stage", name: str = "stage.mp4") -> str:
        """The number of a finished upload."""
        metadata = "filename " + base64.b64encode(name.encode()).decode()
        headers = {**TUS, "Upload-Length": str(len(content)), "Upload-Metadata": metadata}
        made = self.http.post("/uploads", headers=headers)
        assert made.status_code == 201, made.text
        number = made.headers["location"].rsplit("/", 1)[1]
        headers = {**TUS, **OFFSET, "Upload-Offset": "0"}
        sent = self.http.patch(f"/uploads/{number}", headers=headers, content=content)
        assert sent.status_code == 204, sent.text
        return str(number)

    def submit(self, content: bytes = b"a stage", **asked: object) -> dict:
        """The video as it is answered when it was just submitted."""
        name = asked.pop("name", "stage.mp4")
        body = {"upload_id": self.upload(content, str(name)), **asked}
        answer = self.http.post("/videos", json=body)
        assert answer.status_code in (200, 202), answer.text
        return answer.json()

    def work(self, video: str) -> dict:
        """The newest run of the video is worked on to its end; the video afterwards."""
        run = self.get(f"/videos/{video}")["run_id"]
        accepted = self.house.showing.accepted(run)
        self.stages.find(accepted)
        self.stages.solve(accepted)
        told = {"video_id": video, "run_id": run}
        self.handler.on_tracks_completed(facts.TracksCompleted(**told))
        self.handler.on_fancams_published(self.stages.draw(accepted))
        return self.get(f"/videos/{video}")

    def ready(self, content: bytes = b"a stage", **asked: object) -> dict:
        """A finished video."""
        return self.work(self.submit(content, **asked)["id"])

    def get(self, address: str, **asked: object) -> dict:
        answer = self.http.get(address, **asked)  # type: ignore[arg-type]
        assert answer.status_code == 200, answer.text
        return answer.json()

    def media(self, url: str, **headers: str) -> httpx.Response:
        """What is at an address that an answer named."""
        return self.http.get(f"http://site{url}", headers=headers)

    def watch(self, video: dict) -> dict:
        return self.get(f"/videos/{video['id']}/watch")


class _Asked(httpx.BaseTransport):
    """Asks an ASGI application from plain code; whatever it raises is raised here."""

    def __init__(self, app: object) -> None:
        self._loop = asyncio.Runner()
        self._inner = httpx.ASGITransport(app)  # type: ignore[arg-type]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._loop.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        request.stream = httpx.ByteStream(request.read())
        answer = await self._inner.handle_async_request(request)
        headers = [(k, v) for k, v in answer.headers.raw if k.lower() != b"content-encoding"]
        return httpx.Response(answer.status_code, headers=headers, content=await answer.aread())

    def close(self) -> None:
        self._loop.close()


def client_of(app: object) -> httpx.Client:
    """A client of the API of the application."""
    return httpx.Client(transport=_Asked(app), base_url="http://site/api/v1")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
