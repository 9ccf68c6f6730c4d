"""Writes the smallest MaxMind database (.mmdb) that a reader takes: one IPv4 network and its entry."""

import ipaddress
import struct

MARKER = b"\xab\xcd\xefMaxMind.com"
STRING, DOUBLE, UINT16, UINT32, MAP, UINT64, ARRAY = 2, 3, 5, 6, 7, 9, 11


def control(kind, size):
    """What stands before a value; kinds above 7 take a byte more."""
    assert size < 29, "longer ones are written otherwise"
    return bytes([kind << 5 | size]) if kind < 8 else bytes([size, kind - 7])


def encoded(value):
    if isinstance(value, dict):
        members = b"".join(encoded(name) + encoded(each) for name, each in value.items())
        return control(MAP, len(value)) + members
    if isinstance(value, list):
        return control(ARRAY, len(value)) + b"".join(map(encoded, value))
    if isinstance(value, float):
        return control(DOUBLE, 8) + struct.pack(">d", value)
    if isinstance(value, tuple):  # (kind, number): readers insist on the kind
        kind, number = value
        size = (number.bit_length() + 7) // 8
        return control(kind, size) + number.to_bytes(size, "big")
    return control(STRING, len(value.encode())) + value.encode()


def database(kind, network, entry):
    """Of the type `kind`, with `entry` for `network` and nothing else."""
    network = ipaddress.IPv4Network(network)
    nodes = network.prefixlen
    bits = f"{int(network.network_address):032b}"[:nodes]
    tree = b""
    for depth, bit in enumerate(bits, 1):
        # The next node, or behind the last one the first entry: 16 zeros lie before the entries.
        there = depth if depth < nodes else nodes + 16
        pair = (there, nodes) if bit == "0" else (nodes, there)
        tree += b"".join(struct.pack(">I", record)[1:] for record in pair)
    about = {"binary_format_major_version": (UINT16, 2), "binary_format_minor_version": (UINT16, 0),
             "build_epoch": (UINT64, 1), "database_type": kind, "ip_version": (UINT16, 4),
             "node_count": (UINT32, nodes), "record_size": (UINT16, 24),
             "languages": ["en"], "description": {"en": "made by a test"}}
    return tree + bytes(16) + encoded(entry) + MARKER + encoded(about)
