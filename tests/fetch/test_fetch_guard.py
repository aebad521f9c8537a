"""Which addresses may be connected to: 43 special ones may not, in any spelling; public ones may."""

import socket

import pytest

from lamella.schemas.config import FetchConfig
from lamella.transforms.fetch.guard import ForbiddenAddress, Guard

SPECIAL = """
0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.254 100.100.100.200 127.0.0.1 127.255.255.254
169.254.0.1 169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.170 192.0.2.1 192.88.99.1 192.168.0.1
192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1
255.255.255.255 168.63.129.16 :: ::1 ::7f00:1 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1::
3fff::1 5f00::1 fc00::1 fe80::1 fec0::1 ff02::1
""".split()  # noqa: SIM905
PUBLIC = """
1.1.1.1 8.8.8.8 9.9.9.9 93.184.215.14 172.15.255.255 172.32.0.1 192.167.255.255 192.169.0.1 100.63.255.255
100.128.0.1 11.0.0.1 126.255.255.255 128.0.0.1 198.17.255.255 198.20.0.1 223.255.255.254 2606:4700::1111
2001:4860:4860::8888 2a00:1450:4001::200e 2620:fe::fe
""".split()  # noqa: SIM905


def test_the_table_is_whole():
    assert len(set(SPECIAL)) == 43
    assert len(set(PUBLIC)) == 20


@pytest.mark.parametrize("address", SPECIAL)
def test_special_addresses_are_refused(address):
    guard = Guard(FetchConfig())
    spellings = [address, f"{address}%eth0"] if ":" in address else [address, f"::ffff:{address}"]
    for spelling in spellings:
        with pytest.raises(ForbiddenAddress):
            guard.check(spelling, 443)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address):
    Guard(FetchConfig()).check(address, 443)
    Guard(FetchConfig()).check(address, 80)


@pytest.mark.parametrize("port", [1, 22, 25, 6379, 8080, 65535])
def test_other_ports_are_refused(port):
    with pytest.raises(ForbiddenAddress):
        Guard(FetchConfig()).check("8.8.8.8", port)
    Guard(FetchConfig(allowed_ports=(port,))).check("8.8.8.8", port)


def test_exceptions_are_blocks():
    guard = Guard(FetchConfig(allowed_private_addresses=("10.1.0.0/16", "fd00::/8")))
    guard.check("10.1.2.3", 80)
    guard.check("::ffff:10.1.2.3", 80)
    guard.check("fd12::1", 80)
    for address in ("10.2.0.1", "127.0.0.1", "fc00::1"):
        with pytest.raises(ForbiddenAddress):
            guard.check(address, 80)


@pytest.mark.parametrize("host", ["0x7f.0.0.1", "0177.0.0.1", "2130706433", "127.1", "localhost", "", "１２７.0.0.1"])
def test_what_is_no_address_is_refused(host):
    with pytest.raises(ForbiddenAddress):
        Guard(FetchConfig()).check(host, 80)


def test_the_socket_is_made_only_for_a_public_address():
    guard = Guard(FetchConfig())
    made = guard.socket((socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 443)))
    assert made.getblocking() is False
    made.close()
    with pytest.raises(ForbiddenAddress):
        guard.socket((socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 443, 0, 0)))
