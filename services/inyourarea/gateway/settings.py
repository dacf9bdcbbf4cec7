"""What the gateway may be asked to do."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

from inyourarea.gateway.dock import Place, parse_place
from inyourarea.runtime.minio_settings import parse_endpoint
from inyourarea.runtime.settings import PREFIX, Environment, parse_address
from inyourarea.runtime.tls import Tls, read_pair

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_GIB = 1 << 30
_LONGEST_SILENCE_S = 24 * 3600
_NAME = re.compile(r"[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\]", re.ASCII)
#: Languages in which people may have a name besides that by which they are called.
LANGUAGES = ("ko", "en", "ja", "zh")
_NOBODY_TRAINS = (
    "Nobody trains for this site. Whoever runs it has its chart start jobs (`train.jobs.enabled`, "
    "with KEDA), or trains with `inyourarea train`."
)
#: What this machine calls itself.
HERE = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True)
class GatewaySettings:
    """The gateway's knobs."""

    #: Host names by which the site may be asked for; others are refused (DNS rebinding).
    hosts: tuple[str, ...] = HERE
    #: Proxies that are believed about whom they pass on, and by which scheme.
    proxies: tuple[Network, ...] = ()
    #: Bytes of one upload: four hours of a broadcaster's 1080p.
    most_upload_bytes: int = 50 * _GIB
    #: Folder for one file in the making; none: the system's own for temporary files.
    scratch: Path | None = None
    #: Networks that webhooks may go to although they are not in the open internet.
    webhook_networks: tuple[Network, ...] = ()
    #: How a fancam is called that somebody downloads; may hold title, name, aspect, and a language
    #: for the name in it.
    export_name: str = "{title} - {name} ({aspect})"
    #: Seconds of video that somebody may submit in a calendar month; none: as much as they like.
    quota_s: float | None = None
    #: Where it answers gRPC, HOST:PORT; empty: nowhere.
    grpc: str = ""
    #: What it proves itself with there; none: nothing is encrypted.
    grpc_tls: Tls | None = None
    #: Buckets, and beginnings of keys in them, from which videos may be taken.
    s3_sources: tuple[Place, ...] = ()
    #: The object store's address for those who send parts to it; empty: as the gateway's.
    s3_address: str = ""
    #: Seconds without a step after which a run is told to all stages again: longer than any unit
    #: takes by far, and harmless where one does, since whatever exists is not made again.
    silence_s: float = 600.0
    #: Why nobody trains here whom the site could ask, in words; empty: somebody does.
    why_no_training: str = ""
    #: Whether visitors without a token see what is published.
    is_public: bool = False
    #: Whether whoever comes from this machine, to its loopback address, may do everything.
    trusts_this_machine: bool = False
    #: Whether everybody may do everything: for a site that no socket leads to.
    trusts_everybody: bool = False


def read_settings(environment: Mapping[str, str]) -> GatewaySettings:
    """Settings from the environment.

    Names behind ``INYOURAREA_``: ``SCRATCH``, ``GATEWAY_MOST_UPLOAD_GIB``,
    ``GATEWAY_EXPORT_NAME``, ``GATEWAY_SILENCE_S``, ``GATEWAY_QUOTA_HOURS`` (of video, each owner in
    a month; none), ``GATEWAY_HOSTS`` (names besides this machine's own, with commas between),
    ``GATEWAY_PROXIES`` and ``GATEWAY_WEBHOOK_NETWORKS`` (networks, likewise), ``GATEWAY_GRPC``
    (HOST:PORT), ``GATEWAY_GRPC_CERT_FILE`` and ``GATEWAY_GRPC_KEY_FILE``, ``GATEWAY_S3_SOURCES``
    (``s3://bucket/prefix``, with commas between), ``GATEWAY_S3_ADDRESS`` and ``GATEWAY_TRAINS``
    (``yes`` where jobs train what is wanted).

    Raises:
        SettingsRejected: a value can not be used; all problems are told together.
    """
    plain, asked = GatewaySettings(), Environment(environment)
    most_gib = asked.whole("GATEWAY_MOST_UPLOAD_GIB", plain.most_upload_bytes // _GIB, 1, 10_000)
    scratch = asked.folder("SCRATCH")
    hosts = asked.several("GATEWAY_HOSTS", _host, "host names without ports, such as fans.example")
    proxies = asked.several("GATEWAY_PROXIES", ipaddress.ip_network, "networks, such as 10.0.0.0/8")
    webhooks = asked.several(
        "GATEWAY_WEBHOOK_NETWORKS", ipaddress.ip_network, "networks, such as 10.0.0.0/8"
    )
    holds = "a file's name that may hold {title}, {name}, {aspect}, {ko}, {en}, {ja} and {zh}"
    export_name = asked.read("GATEWAY_EXPORT_NAME", plain.export_name, _template, holds)
    hours = asked.read("GATEWAY_QUOTA_HOURS", None, _hours, "hours of video, more than 0")
    grpc = asked.read("GATEWAY_GRPC", "", partial(parse_address, least_port=0), "HOST:PORT")
    pair = ("GATEWAY_GRPC_CERT_FILE", "GATEWAY_GRPC_KEY_FILE")
    has_tls = any(environment.get(PREFIX + name) for name in pair)
    grpc_tls = read_pair(asked, *pair) if has_tls else None
    sources = asked.several("GATEWAY_S3_SOURCES", parse_place, "places, such as s3://bucket/prefix")
    s3_address = asked.read("GATEWAY_S3_ADDRESS", "", parse_endpoint, "such as https://host:9000")
    trains = asked.answer("GATEWAY_TRAINS", default=False)
    silence_s = asked.seconds("GATEWAY_SILENCE_S", Fraction(plain.silence_s), _LONGEST_SILENCE_S)
    asked.check()
    return GatewaySettings(
        quota_s=None if hours is None else 3600 * hours,
        hosts=(*plain.hosts, *hosts),
        proxies=proxies,
        most_upload_bytes=most_gib * _GIB,
        scratch=scratch,
        export_name=export_name,
        webhook_networks=webhooks,
        grpc=grpc,
        grpc_tls=grpc_tls,
        s3_sources=sources,
        s3_address=s3_address,
        silence_s=float(silence_s),
        why_no_training="" if trains else _NOBODY_TRAINS,
    )


def _hours(text: str) -> float:
    if not 0 < float(text) < float("inf"):
        raise ValueError(text)
    return float(text)


def _host(text: str) -> str:
    if not _NAME.fullmatch(text.lower()):
        raise ValueError(text)
    return text.lower()


def _template(text: str) -> str:
    try:
        is_empty = not text.format(title="", name="", aspect="x", **dict.fromkeys(LANGUAGES, ""))
    except (KeyError, IndexError, AttributeError) as error:
        raise ValueError(text) from error
    if is_empty:
        raise ValueError(text)
    return text
