"""Which addresses a webhook may lie at: whoever registers one must not reach what lies behind us.

The site may stand where other machines trust it. Names are looked up each time and the address
that was judged is the one that is connected to, so that a name can not point elsewhere in between.
"""

import socket
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from inyourarea.gateway.settings import Network

Address = IPv4Address | IPv6Address

#: Translates to the IPv4 address in its last 32 bits (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")
#: Addresses of one site, before RFC 3879 took them away.
_SITE = ip_network("fec0::/10")


class AddressRefused(Exception):
    """No address of the host is one that webhooks may go to."""


def look_up(host: str, port: int) -> list[str]:
    """All addresses of a host, in the system's order.

    Raises:
        OSError: it has none, or nobody can tell.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host[:100]!r} is no host name") from error
    return list(dict.fromkeys(str(row[4][0]) for row in found))


def allowed(addresses: Iterable[str], networks: Sequence[Network]) -> list[str]:
    """Those addresses that lie in the open internet, or in one of the networks.

    Raises:
        AddressRefused: none does.
    """
    found = list(addresses)
    open_ones = [text for text in found if _is_allowed(ip_address(text), networks)]
    if not open_ones:
        raise AddressRefused(
            f"{', '.join(found[:4])} is not in the open internet; an operator can allow its "
            "network with INYOURAREA_GATEWAY_WEBHOOK_NETWORKS"
        )
    return open_ones


def _is_allowed(address: Address, networks: Sequence[Network]) -> bool:
    """Whether the address, and every one that it stands for, is open to all or was allowed."""
    return all(
        is_open(one) or any(one in network for network in networks) for one in _meant(address)
    )


def _meant(address: Address) -> list[Address]:
    """The IPv4 address that an IPv6 address stands for, or else the address itself."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return [address.ipv4_mapped]
        if address.sixtofour is not None:
            return [address, address.sixtofour]
        if address.teredo is not None:
            return [address, *address.teredo]
        if address in _NAT64:
            return [IPv4Address(int(address) & 0xFFFFFFFF)]
    return [address]


def is_open(address: Address) -> bool:
    """Whether the address lies in the open internet, for one receiver."""
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and address not in _SITE
    )
