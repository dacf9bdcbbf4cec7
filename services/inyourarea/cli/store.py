"""``inyourarea store``: the bucket that a cluster keeps its objects in."""

import argparse
import json
import os
import sys

from inyourarea.cli.operating import add_place, open_objects
from inyourarea.contracts.reach import SERVICES
from inyourarea.core.errors import Refused
from inyourarea.gateway.dock import parse_place
from inyourarea.gateway.restoring import Broken, find_broken, take_back
from inyourarea.runtime.minio_settings import FRAMES_DAYS, MinioSettings, read_settings
from inyourarea.runtime.objects import Objects

#: Runs between two lines about how many were looked at, where no terminal shows their number.
_QUIET_STEP = 1024

_EXAMPLES = """\
examples:
  inyourarea store apply
      the bucket is there, and frames and half uploads that nobody needs go by themselves
  inyourarea store policies
      what the key of each service must be allowed, as one JSON object by service
  inyourarea store check --mend
      after a backup came back: what is missing is told, and what can be is made again
  inyourarea store policies --service detect > detect.json
      one of them, as `aws iam create-policy` and `mc admin policy create` take it

The store is that of INYOURAREA_S3_ENDPOINT, _BUCKET, _REGION, _ACCESS_KEY, _SECRET_KEY (or
_ACCESS_KEY_FILE, _SECRET_KEY_FILE), _CA_FILE, _PATH_STYLE and _TIMEOUT_S; `apply` needs a key that
may make buckets."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Teach the command line this command."""
    parser = subparsers.add_parser(
        "store",
        help="make or check a cluster's bucket, and print who may do what in it",
        description="The bucket that a cluster keeps its objects in.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    apply = verbs.add_parser("apply", help="make the bucket and its rules; twice is as once")
    apply.add_argument(
        "--frames-days",
        type=int,
        default=FRAMES_DAYS,
        metavar="DAYS",
        help=f"after which frames go that nobody detected in ({FRAMES_DAYS})",
    )
    check = verbs.add_parser("check", help="print what runs promise and the store does not have")
    check.add_argument("--mend", action="store_true", help="so that it is made again")
    add_place(check)
    policies = verbs.add_parser("policies", help="print what each service's key must be allowed")
    policies.add_argument("--service", choices=SERVICES, help="only this one's")
    policies.add_argument(
        "--source",
        action="append",
        type=_source,
        default=[],
        metavar="s3://BUCKET/PREFIX",
        help="from where the gateway may take videos (INYOURAREA_GATEWAY_S3_SOURCES)",
    )
    policies.add_argument(
        "--bucket", default=MinioSettings.bucket, metavar="NAME", help="(inyourarea)"
    )


def main(args: argparse.Namespace) -> int:
    """Do one thing with the bucket."""
    if args.verb == "check":
        return _check(open_objects(args.data), args.mend)
    from inyourarea.runtime import minio_bucket  # noqa: PLC0415 - the laptop has no such client

    if args.verb == "policies":
        found = {name: minio_bucket.policy_of(name, args.bucket) for name in SERVICES}
        found["gateway"] = minio_bucket.policy_of("gateway", args.bucket, args.source)
        print(json.dumps(found[args.service] if args.service else found, indent=2))
        return 0
    if args.frames_days < 1:
        raise Refused("--frames-days must be 1 or more")
    settings = read_settings(os.environ)
    has_upload_rule = minio_bucket.apply_bucket(settings, args.frames_days)
    print(f"the bucket {settings.bucket} is there; frames go after {args.frames_days} days")
    if not has_upload_rule:
        print("this store takes no rule for half uploads; see that it ends them (MinIO does)")
    return 0


def _check(objects: Objects, is_mended: bool) -> int:
    count = left = 0
    for broken in find_broken(objects, _note):
        _tell(broken)
        count, left = count + 1, left + bool(broken.why_left)
        if is_mended:
            take_back(objects, broken)
    if not count:
        print("every run has what it promises")
    elif is_mended and count > left:
        print("what can be made again is, once each run is asked for or told of again")
    return 1 if left or (count and not is_mended) else 0


def _tell(broken: Broken) -> None:
    about = f"video {broken.run.video_id}, run {broken.run.run_id}"
    lost = {"what it stands on; of a video, send the same file again": broken.lost}
    for what, missing in {**(lost if broken.lost else {}), **broken.vain}.items():
        print(f"{about}: {what}")
        print(*(f"  lacks {key}" for key in missing), sep="\n")
    if broken.why_left:
        print(f"  is left as it is: {broken.why_left}")


def _note(done: int) -> None:
    """So many runs were looked at; where nobody looks at a terminal that is said now and then."""
    if sys.stderr.isatty():
        print(f"looked at {done} runs", end="\r", file=sys.stderr, flush=True)
    elif done % _QUIET_STEP == 0:
        print(f"looked at {done} runs", file=sys.stderr, flush=True)


def _source(text: str) -> str:
    try:
        return str(parse_place(text))
    except ValueError as error:
        wanted = "write s3://BUCKET/PREFIX"
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no place; {wanted}") from error
