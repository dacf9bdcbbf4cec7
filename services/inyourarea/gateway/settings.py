"""What the gateway may be asked to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inyourarea.runtime.settings import Environment, Network

_GIB = 1 << 30


@dataclass(frozen=True)
class GatewaySettings:
    """The gateway's knobs."""

    #: Host names by which the site may be asked for; others are refused (DNS rebinding).
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")
    #: Bytes of one upload: four hours of a broadcaster's 1080p.
    most_upload_bytes: int = 50 * _GIB
    #: Folder for one file in the making; none: the system's own for temporary files.
    scratch: Path | None = None
    #: Networks that webhooks may go to although they are not in the open internet.
    webhook_networks: tuple[Network, ...] = ()
    #: Whether visitors without a token see what is published.
    is_public: bool = False
    #: Whether everybody who reaches the site may do everything: only on this machine alone.
    trusts_everybody: bool = False


def read_settings(environment: Mapping[str, str]) -> GatewaySettings:
    """Settings from the environment.

    Names behind ``INYOURAREA_``: ``SCRATCH``, ``GATEWAY_MOST_UPLOAD_GIB`` and
    ``GATEWAY_WEBHOOK_NETWORKS`` (such as ``10.1.0.0/16,127.0.0.1``).

    Raises:
        SettingsRejected: a value can not be used; all problems are told together.
    """
    plain, asked = GatewaySettings(), Environment(environment)
    most_gib = asked.whole("GATEWAY_MOST_UPLOAD_GIB", plain.most_upload_bytes // _GIB, 1, 10_000)
    scratch = asked.folder("SCRATCH")
    networks = asked.networks("GATEWAY_WEBHOOK_NETWORKS")
    asked.check()
    return GatewaySettings(
        most_upload_bytes=most_gib * _GIB, scratch=scratch, webhook_networks=networks
    )
