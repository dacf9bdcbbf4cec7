"""Detections, signals and tracks as Parquet: what the stages leave for each other."""

import io
import json
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from inyourarea.core.detections import Detections
from inyourarea.core.shots import Shot
from inyourarea.core.signals import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH, Signals
from inyourarea.core.timeline import Timeline
from inyourarea.core.tracks import Track, Tracks


def _write(columns: dict[str, NDArray[Any]], about: dict[str, Any]) -> bytes:
    arrays = {name: _column(values) for name, values in columns.items()}
    table = pa.table(arrays).replace_schema_metadata({"inyourarea": json.dumps(about)})
    written = io.BytesIO()
    pq.write_table(table, written, compression="zstd")
    return written.getvalue()


def _column(values: NDArray[Any]) -> Any:
    if values.ndim == 1:
        return pa.array(values)
    width = int(np.prod(values.shape[1:]))
    flat = pa.array(np.ascontiguousarray(values).reshape(-1))
    if width == 0:
        return pa.nulls(len(values))
    return pa.FixedSizeListArray.from_arrays(flat, width)


def _read(content: bytes) -> tuple[Any, dict[str, Any]]:
    # As a file: `read_table` goes through datasets and threads, which take twice as long to start.
    table = pq.ParquetFile(pa.BufferReader(content)).read(use_threads=False)
    return table, json.loads(table.schema.metadata[b"inyourarea"])


def _values(table: Any, name: str, kind: type, shape: tuple[int, ...] = ()) -> NDArray[Any]:
    column = table.column(name).combine_chunks()
    if shape and 0 in shape:
        return np.zeros((table.num_rows, *shape), dtype=kind)
    flat = column.flatten() if shape else column
    values = flat.to_numpy(zero_copy_only=False).astype(kind, copy=False)
    return np.ascontiguousarray(values.reshape((table.num_rows, *shape)))


def write_detections(found: Detections) -> bytes:
    """Detections as Parquet; equal input, equal bytes."""
    about = {
        "classes": found.scores.shape[1],
        "appearance": found.appearance.shape[1],
        "portrait": found.portrait.shape[1],
        "looked": found.looked.tolist(),
    }
    columns: dict[str, NDArray[Any]] = {
        "pts": found.pts,
        "xyxy": found.xyxy,
        "confidence": found.confidence,
        "scores": found.scores,
        "appearance": found.appearance,
        "portrait": found.portrait,
        "origin": found.origin,
    }
    return _write(columns, about)


def read_detections(content: bytes) -> Detections:
    """Detections from Parquet."""
    table, about = _read(content)
    return Detections(
        pts=_values(table, "pts", np.int64),
        xyxy=_values(table, "xyxy", np.float32, (4,)),
        confidence=_values(table, "confidence", np.float32),
        scores=_values(table, "scores", np.float32, (about["classes"],)),
        appearance=_values(table, "appearance", np.float32, (about["appearance"],)),
        portrait=_values(table, "portrait", np.uint8, (about["portrait"],)),
        origin=_values(table, "origin", np.int32),
        looked=np.array(about["looked"], dtype=np.int64),
    )


def write_signals(measured: Signals) -> bytes:
    """Signals as Parquet; equal input, equal bytes."""
    columns: dict[str, NDArray[Any]] = {
        "pts": measured.pts,
        "thumbnail": measured.thumbnail,
        "histogram": measured.histogram,
        "motion": measured.motion,
    }
    return _write(columns, {"histogram": measured.histogram.shape[1]})


def read_signals(content: bytes) -> Signals:
    """Signals from Parquet."""
    table, about = _read(content)
    return Signals(
        pts=_values(table, "pts", np.int64),
        thumbnail=_values(table, "thumbnail", np.uint8, (THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH)),
        histogram=_values(table, "histogram", np.float32, (about["histogram"],)),
        motion=_values(table, "motion", np.float32, (4,)),
    )


def write_tracks(tracks: Tracks) -> bytes:
    """Everybody's track as Parquet, a row per person and frame; the rest in the metadata."""
    about = {
        "time_base": str(tracks.timeline.time_base),
        "pts": tracks.timeline.pts.tolist(),
        "size": tracks.size,
        "shots": [[shot.first_frame, shot.last_frame, shot.kind] for shot in tracks.shots],
        "people": [[track.person, track.name] for track in tracks.people],
        "others": tracks.others,
    }
    empty = {
        "state": np.uint8,
        "reason": np.uint8,
        "confidence": np.float32,
        "identity": np.float32,
    }
    columns: dict[str, NDArray[Any]] = {
        name: np.concatenate([np.zeros(0, kind), *(getattr(t, name) for t in tracks.people)])
        for name, kind in empty.items()
    }
    boxes = [np.zeros((0, 4), np.float32), *(track.xyxy for track in tracks.people)]
    columns["xyxy"] = np.concatenate(boxes)
    return _write(columns, about)


def read_tracks(content: bytes) -> Tracks:
    """Everybody's track from Parquet, as any version of the program wrote it."""
    table, about = _read(content)
    timeline = Timeline(np.array(about["pts"], dtype=np.int64), Fraction(about["time_base"]))
    frames = len(timeline)
    columns: dict[str, NDArray[Any]] = {
        "state": _values(table, "state", np.uint8),
        "reason": _values(table, "reason", np.uint8),
        "xyxy": _values(table, "xyxy", np.float32, (4,)),
        "confidence": _values(table, "confidence", np.float32),
        "identity": _values(table, "identity", np.float32),
    }
    people = tuple(
        Track(person, name, **{k: v[i * frames : (i + 1) * frames] for k, v in columns.items()})
        for i, (person, name) in enumerate(about["people"])
    )
    shots = tuple(Shot(first, last, kind) for first, last, kind in about["shots"])
    width, height = about["size"]
    return Tracks(timeline, (width, height), shots, people, about["others"])
