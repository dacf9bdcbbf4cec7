"""What a deployment makes of a bucket: its rules, and who reaches what in it."""

from collections.abc import Sequence
from typing import Any

from minio.commonconfig import ENABLED, Filter
from minio.error import MinioException, S3Error
from minio.lifecycleconfig import (
    AbortIncompleteMultipartUpload,
    Expiration,
    LifecycleConfig,
    Rule,
)
from urllib3.exceptions import HTTPError

from inyourarea.contracts.reach import reached
from inyourarea.runtime.minio_objects import client_of, words_for
from inyourarea.runtime.minio_settings import FRAMES_DAYS, MinioSettings
from inyourarea.runtime.objects import ObjectsAway

#: Days that a large file may take to come up.
_UPLOAD_DAYS = 2
#: What MinIO says to a rule of which it leaves out the only thing that the rule would do.
_NOT_UNDERSTOOD = frozenset({"InvalidArgument", "MalformedXML"})


def apply_bucket(settings: MinioSettings, frames_days: int = FRAMES_DAYS) -> bool:
    """The bucket is there, with rules by which frame packs and half uploads go. Twice is as once.

    Returns whether the store took the rule for half uploads; MinIO knows none, and ends them by
    itself after a day.

    Raises:
        ObjectsAway: the store can not be reached, or refuses it to this key.
    """
    client = client_of(settings)
    rules = _rules(frames_days)
    try:
        if not client.bucket_exists(settings.bucket):
            _make(settings)
        try:
            client.set_bucket_lifecycle(settings.bucket, LifecycleConfig(rules))
        except S3Error as error:
            if error.code not in _NOT_UNDERSTOOD:
                raise
            client.set_bucket_lifecycle(settings.bucket, LifecycleConfig(rules[:1]))
            return False
    except (MinioException, HTTPError) as trouble:
        raise ObjectsAway(words_for(trouble, settings, settings.bucket)) from trouble
    return True


def _rules(frames_days: int) -> list[Rule]:
    frames = Rule(
        ENABLED,
        rule_filter=Filter(prefix="frames/"),
        rule_id="frames",
        expiration=Expiration(days=frames_days),
    )
    halves = Rule(
        ENABLED,
        rule_filter=Filter(prefix=""),
        rule_id="half-uploads",
        abort_incomplete_multipart_upload=AbortIncompleteMultipartUpload(_UPLOAD_DAYS),
    )
    return [frames, halves]


def _make(settings: MinioSettings) -> None:
    try:
        client_of(settings).make_bucket(settings.bucket)
    except S3Error as error:
        if error.code != "BucketAlreadyOwnedByYou":  # somebody was faster
            raise


def policy_of(service: str, bucket: str, sources: Sequence[str] = ()) -> dict[str, Any]:
    """The policy (AWS's language, MinIO's too) for a key that reaches what the service touches.

    A look for one object names no prefix, and is told "there is none" only to whoever may list;
    so a list without any prefix is allowed too, and tells names, of digests, not bytes. ``sources``
    are beginnings of objects elsewhere (``s3://bucket/prefix``) that it may read.
    """
    reads, writes, deletes = reached(service)
    arn = f"arn:aws:s3:::{bucket}"
    lists = {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [arn]}
    # With the slash, even where there is no prefix: else `fans` would stand for `fans-private` too.
    places = (source.removeprefix("s3://").partition("/") for source in sources)
    elsewhere = [f"arn:aws:s3:::{other}/{prefix}*" for other, _, prefix in places]
    more = [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": elsewhere}]
    within = {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in reads]}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {**lists, "Condition": within},
            {**lists, "Condition": {"Null": {"s3:prefix": "true"}}},
            _allowed(arn, ["s3:GetObject"], reads),
            _allowed(arn, ["s3:PutObject", "s3:AbortMultipartUpload"], writes),
            _allowed(arn, ["s3:DeleteObject"], deletes),
            *(more if elsewhere else ()),
        ],
    }


def _allowed(arn: str, actions: list[str], prefixes: tuple[str, ...]) -> dict[str, Any]:
    resources = [f"{arn}/{prefix}*" for prefix in prefixes]
    return {"Effect": "Allow", "Action": actions, "Resource": resources}
