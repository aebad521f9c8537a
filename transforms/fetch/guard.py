"""An address that is about to be connected -> a socket for it, or ForbiddenAddress: requests stay on the public internet.

Names are not judged. The check is made where a socket is made, on the very address that is then connected to, so neither a
redirect nor a resolver that answers differently the second time (DNS rebinding) avoids it.
"""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from lamella.schemas.config import FetchConfig
from lamella.schemas.errors import LamellaError

# Addresses that Python 3.11 calls global, or that embed others, and that no public server should be asked at.
_DENIED = tuple(
    map(
        ip_network,
        (
            "::/96",  # IPv4-compatible
            "64:ff9b::/96",  # NAT64: another address inside
            "64:ff9b:1::/48",
            "2002::/16",  # 6to4: another address inside
            "fec0::/10",  # site-local
            "3fff::/20",  # documentation
            "5f00::/16",  # segment routing
            "192.0.0.0/24",  # protocol assignments
            "192.88.99.0/24",  # 6to4 relays
            "168.63.129.16/32",  # a cloud's wire server
        ),
    )
)

Address = IPv4Address | IPv6Address


class ForbiddenAddress(LamellaError):
    """The name led to an address or a port that is not to be asked. No OSError: the next address must not be tried."""


class Guard:
    """The address rule of one configuration; `socket` is a socket factory for aiohttp."""

    def __init__(self, config: FetchConfig):
        self._ports = frozenset(config.allowed_ports)
        self._excepted = tuple(ip_network(block) for block in config.allowed_private_addresses)

    def socket(self, addr_info) -> socket.socket:
        """A non-blocking socket for a `getaddrinfo` tuple; raises ForbiddenAddress."""
        family, kind, protocol, _, (host, port, *_) = addr_info
        self.check(host, port)
        made = socket.socket(family, kind, protocol)
        made.setblocking(False)
        return made

    def check(self, host: str, port: int) -> None:
        """Raises ForbiddenAddress unless this numeric address and port may be asked."""
        self.check_port(port)
        self.check_address(_plain(host))

    def check_address(self, address: Address) -> None:
        """Raises ForbiddenAddress unless this address, unmapped, may be asked."""
        if not (is_public(address) or any(address in block for block in self._excepted)):
            raise ForbiddenAddress(f"{address} is not public")

    def check_port(self, port: int | None) -> None:
        if port not in self._ports:
            raise ForbiddenAddress(f"port {port}")


def is_public(address: Address) -> bool:
    """Whether an address, unmapped, is a server's on the public internet."""
    return (
        address.is_global
        and not (address.is_multicast or address.is_reserved or address.is_unspecified)
        and not any(address in block for block in _DENIED)
    )


def _plain(host: str) -> Address:
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError as error:
        raise ForbiddenAddress(f"{host!r} is no address") from error
    mapped = getattr(address, "ipv4_mapped", None)
    return address if mapped is None else mapped
