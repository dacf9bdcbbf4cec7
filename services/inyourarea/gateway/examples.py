"""What fields hold, for instance: from these the API's document has an example of every body."""

from collections.abc import Mapping
from typing import Any

Json = Mapping[str, Any]

_DAY = "2026-11-27T09:00:00Z"
_VIDEO, _RUN, _SHA = "9f2c6d0e4a1b8c3d5e7f90a1b2c3d4e5", "b7d1" * 8, "9a4e" * 16
_NAME = "Jennie"
_MEDIA = f"/api/v1/runs/{_RUN}"

#: By field, or by document and field where that holds something else.
_VALUES: dict[str, Any] = {
    "advised": 1500,
    "aliases": ["J"],
    "asked_at": _DAY,
    "FancamDocument.aspect": "9:16",
    "aspects": ["9:16"],
    "at": _DAY,
    "balance": 0.82,
    "box": [312.5, 96, 371, 180.25],
    "OtherBox.box": [312, 96, 371, 180],
    "boxes": 25,
    "BoxRun.boxes": [312, 96, 371, 180, 1, 0, 1, 0],
    "boxes_url": f"{_MEDIA}/boxes.json",
    "by": "Kim",
    "camera_url": {"9x16": f"{_MEDIA}/camera/9x16.json"},
    "cancelled_by": "",
    "changed": 3,
    "clicks": 40,
    "code": None,
    "codec": "h264",
    "color": "#e62828",
    "columns": 10,
    "confirmed": True,
    "MemberCounted.confirmed": 210,
    "confirmed_pictures": 60,
    "created_at": _DAY,
    "cursor": "2026-11-27T09:00:00",
    "dataset": "show",
    "days": 30,
    "done": 12,
    "duration_s": 183.4,
    "epochs": 50,
    "etag": "9bb58f26192e4ba00f01e2e7b136bbd8",
    "expires_at": "2026-12-27T09:00:00Z",
    "external_id": "deal-7",
    "face_url": f"{_MEDIA}/faces/Jennie.jpg",
    "failure": None,
    "failure_kind": None,
    "filename": "stage.mp4",
    "first_frame": 0,
    "frame": 300,
    "frames": 5497,
    "framing": "full",
    "from_frame": 300,
    "from_s": None,
    "frontal": 120,
    "given": 900,
    "gives": 140,
    "group": "show",
    "has_audio": True,
    "height": 1080,
    "Sprite.height": 90,
    "hls_url": f"{_MEDIA}/hls/Jennie-9x16.m3u8",
    "Stage.hls_url": f"/api/v1/videos/{_VIDEO}/hls/stage.m3u8",
    "id": "Jennie",
    "Video.id": _VIDEO,
    "Span.id": "Jennie-300-345",
    "imgsz": 640,
    "interval_s": 2.0,
    "is_behind": False,
    "is_first": True,
    "is_outdated": False,
    "is_used": True,
    "judged_on": "validation",
    ".kind": "csv",
    "ShotDocument.kind": "cut",
    "label": "Jennie",
    "labels": ["tour:2026"],
    "Video.labels": {"tour": "2026"},
    "VideoChanged.labels": {"tour": "2026"},
    "last_frame": 420,
    "left_s": None,
    "length": 734_003_200,
    "map50": 0.97,
    "map50_95": 0.81,
    "member": "Jennie",
    "members": ["Jennie", "Lisa"],
    "TrainingDocument.model": "yolov5m",
    "name": _NAME,
    "DatasetDocument.name": "show",
    "GroupDocument.name": "show",
    "Me.name": "Kim",
    "names": {"ko": "제니", "en": "Jennie"},
    "next": None,
    "next_cursor": None,
    "next_try_at": None,
    "number": 1,
    "owner": "Kim",
    "part_bytes": 67_108_864,
    "people": 2,
    "people_asked": 0,
    "person": "Jennie",
    "picture": "9a4e9a4e-300",
    "pictures": 240,
    "poster_url": f"/api/v1/videos/{_VIDEO}/poster.jpg",
    "previous": None,
    "profile": 40,
    "pts": [0, 1001, 1001],
    "quota_s": 36_000.0,
    "report": {"frames": 5497, "observed": 0.93},
    "revision": 4,
    "revoked_at": None,
    "rows": 10,
    "run_id": _RUN,
    "secret": "c2VjcmV0",
    "sha256": _SHA,
    "shown_run_id": _RUN,
    "since": "2026-11-01",
    "size": [1920, 1080],
    "CameraPath.size": [608, 1080],
    "somebody": "Jennie",
    "span": "Jennie-300-345",
    "spread": 640,
    "stage": "finding people",
    "stage_failure": None,
    "Video.state": "ready",
    "states": [[0, "observed"], [300, "open"]],
    "step": "learning",
    "stored_bytes": 2_147_483_648,
    "table": "tracks",
    "text": "in the shot but not seen",
    "title": "Comeback stage",
    "to_frame": 345,
    "to_s": None,
    "SignIn.token": "iya_4be0643f1d98_secret",
    "token_id": "4be0643f1d98",
    "total": 41,
    "tracklet": "b7d1:0:3",
    "tries": 1,
    "unnamed": 12,
    "upload_id": "5ac2" * 8,
    "Publication.public_run_id": None,
    "DirectUpload.state": "open",
    "Upload-Offset": 0,
    "url": "/api/v1/datasets/show/pictures/9a4e9a4e-300.jpg",
    "FancamDocument.url": f"{_MEDIA}/fancams/Jennie-9x16.mp4",
    "PartAddress.url": "https://store.example/parts/1?signature=...",
    "Sprite.url": f"/api/v1/videos/{_VIDEO}/sprite.jpg",
    "Stage.url": f"/api/v1/videos/{_VIDEO}/stage.mp4",
    "version": 2,
    "video_id": _VIDEO,
    "video_s": 3600.5,
    "videos": 20,
    "warning": None,
    "webhook_id": "d00f" * 8,
    "why": "unseen",
    "why_not": None,
    "width": 1920,
    "FancamDocument.width": 608,
    "Sprite.width": 160,
    "windows": [9856, 0, 19584, 17280, 16, 0, 16, 0],
    "worse": [],
}


def example_of(schema: Json, schemas: Json, owner: str = "", field: str = "") -> Any:
    """What a JSON schema describes, for instance; ``field`` is the one of ``owner`` that it is of.

    Raises:
        LookupError: nobody has said what the field holds.
    """
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return example_of(schemas[name], schemas, name)
    if "properties" in schema and "examples" not in schema:
        return {
            name: example_of(part, schemas, owner, name)
            for name, part in schema["properties"].items()
        }
    if _names_documents(schema):
        return _collection(schema, schemas)
    return _of_field(schema, owner, field)


def _of_field(schema: Json, owner: str, field: str) -> Any:
    """What such a field holds, that is no document."""
    own = f"{owner}.{field}"
    known = [_VALUES[own]] if own in _VALUES else []
    known += schema.get("examples", schema.get("enum", []))
    known += [_VALUES[field]] if field in _VALUES else []
    known += [schema[kind] for kind in ("default", "const") if kind in schema]
    if known:
        return known[0]
    if schema.get("type") == "array":
        return [_of_field(schema["items"], owner, field)]
    for part in schema.get("anyOf", ()):
        return _of_field(part, owner, field)
    raise LookupError(own)


def _collection(schema: Json, schemas: Json) -> Any:
    """One document, or as many of them as one, in a list or by name."""
    if "$ref" in schema:
        return example_of(schema, schemas)
    if "anyOf" in schema:
        return _collection(next(filter(_names_documents, schema["anyOf"])), schemas)
    if "items" in schema:
        return [_collection(schema["items"], schemas)]
    return {_NAME: _collection(schema["additionalProperties"], schemas)}


def _names_documents(schema: Json) -> bool:
    inner = (schema.get("items"), schema.get("additionalProperties"), *schema.get("anyOf", ()))
    return "$ref" in schema or any(
        _names_documents(part) for part in inner if isinstance(part, Mapping)
    )
