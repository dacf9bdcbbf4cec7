"""Where a request comes from and what it was meant for: read from its first lines, then judged.

A page of another site can make a browser send requests here: across sites, or by a name of its own
that it points at this machine (DNS rebinding).
"""

import ipaddress
import re
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope

from inyourarea.gateway.problems import Problem
from inyourarea.gateway.settings import GatewaySettings, Network

#: Methods that change nothing.
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
#: A name or IPv4 address, or an IPv6 address in brackets; then, perhaps, a port.
_HOST = re.compile(r"([a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(:\d{1,5})?", re.ASCII)
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


@dataclass(frozen=True)
class Caller:
    """Where a request comes from; ``host`` is what it calls this site, with the port.

    ``is_local``: from this machine to an address that only this machine reaches, by no proxy.
    """

    scheme: str
    host: str
    address: str
    is_local: bool

    @property
    def name(self) -> str:
        """The host's name or address without the port."""
        found = _HOST.fullmatch(self.host)
        return found[1] if found else ""


def read_caller(scope: Scope, settings: GatewaySettings) -> Caller:
    """The caller of a request. What proxies say counts where the proxy is one of the settings'.

    Raises:
        Problem: the request can not be read so.
    """
    headers = Headers(scope=scope)
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not scope["path"].startswith("/"):
        raise Problem(400, "host", "Ask for a path, with exactly one Host header.")
    peer = scope["client"][0] if scope.get("client") else ""
    scheme, address = scope["scheme"], peer
    if _is_in(peer, settings.proxies):
        scheme = _last(headers, "x-forwarded-proto", scheme).lower()
        passed = ",".join(headers.getlist("x-forwarded-for")).split(",")
        outside = (hop.strip() for hop in reversed(passed))
        address = next((hop for hop in outside if not _is_in(hop, settings.proxies)), "") or peer
    is_direct = not any(name in headers for name in _FORWARDED)
    server = scope["server"][0] if scope.get("server") else ""
    is_local = is_direct and _is_loopback(peer) and _is_loopback(server)
    return Caller(scheme, hosts[0].lower(), _whose(address), is_local)


def check_caller(scope: Scope, caller: Caller, settings: GatewaySettings) -> None:
    """The request was meant for this site, and a page of this site, or no page, has sent it.

    Raises:
        Problem: it was not.
    """
    if caller.name not in settings.hosts:
        raise Problem(
            421,
            "host",
            f"This site is not called {caller.host[:100]!r}. If it should be, add the name to "
            "INYOURAREA_GATEWAY_HOSTS.",
        )
    headers, is_safe = Headers(scope=scope), scope["method"] in SAFE
    origins = {origin.lower() for origin in headers.getlist("origin")}
    is_foreign = bool(origins - {f"{caller.scheme}://{caller.host}"})
    is_sent_for = headers.get("sec-fetch-site", "none") in ("cross-site", "same-site")
    is_followed_link = is_safe and headers.get("sec-fetch-mode") == "navigate"
    if (is_foreign and not is_safe) or (is_sent_for and not is_followed_link):
        hint = ""
        if origins == {f"https://{caller.host}"}:
            hint = " If a proxy speaks https for this one, name it in INYOURAREA_GATEWAY_PROXIES."
        raise Problem(403, "cross-site", "This request came from a page of another site." + hint)


def cookie_name(caller: Caller) -> str:
    """The session's cookie; by https, one that no other host can have set."""
    return "__Host-inyourarea" if caller.scheme == "https" else "inyourarea"


def _last(headers: Headers, name: str, default: str) -> str:
    """What the proxy that is nearest has added."""
    return (headers.get(name) or default).rsplit(",", 1)[-1].strip()


def _is_in(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _whose(address: str) -> str:
    """The address, of IPv6 the network: a household has one of those, and all its addresses."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if found.version == 4:
        return str(found)
    return str(ipaddress.ip_network((found, 64), strict=False))
