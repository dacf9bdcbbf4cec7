"""What the gateway may be asked to do."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from inyourarea.runtime.settings import PREFIX, Environment, SettingsRejected

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
    #: How a fancam is called that somebody downloads; may hold title, name and aspect.
    export_name: str = "{title} - {name} ({aspect})"
    #: Whether visitors without a token see what is published.
    is_public: bool = False
    #: Whether everybody who reaches the site may do everything: only on this machine alone.
    trusts_everybody: bool = False


def read_settings(environment: Mapping[str, str]) -> GatewaySettings:
    """Settings from the environment.

    Names behind ``INYOURAREA_``: ``SCRATCH``, ``GATEWAY_MOST_UPLOAD_GIB`` and
    ``GATEWAY_EXPORT_NAME``.

    Raises:
        SettingsRejected: a value can not be used; all problems are told together.
    """
    plain, asked = GatewaySettings(), Environment(environment)
    most_gib = asked.whole("GATEWAY_MOST_UPLOAD_GIB", plain.most_upload_bytes // _GIB, 1, 10_000)
    scratch = asked.folder("SCRATCH")
    export_name = asked.text("GATEWAY_EXPORT_NAME", plain.export_name, "how a fancam is called")
    asked.check()
    try:
        export_name.format(title="", name="", aspect="")
    except (KeyError, IndexError, ValueError) as error:
        raise SettingsRejected(
            f"{PREFIX}GATEWAY_EXPORT_NAME may hold {{title}}, {{name}} and {{aspect}}, "
            f"not what {export_name[:80]!r} holds"
        ) from error
    return GatewaySettings(
        most_upload_bytes=most_gib * _GIB, scratch=scratch, export_name=export_name
    )
