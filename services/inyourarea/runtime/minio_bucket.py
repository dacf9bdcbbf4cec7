"""What a deployment makes of a bucket: that it is there, and what becomes of what is left in it."""

from minio.commonconfig import ENABLED, Filter
from minio.error import MinioException, S3Error
from minio.lifecycleconfig import (
    AbortIncompleteMultipartUpload,
    Expiration,
    LifecycleConfig,
    Rule,
)
from urllib3.exceptions import HTTPError

from inyourarea.runtime.minio_objects import client_of, words_for
from inyourarea.runtime.minio_settings import MinioSettings
from inyourarea.runtime.objects import ObjectsAway

#: Days after which a frame pack goes that nobody detected in: it is drawn again when it is wanted.
FRAMES_DAYS = 2
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
