"""Checks an evidence pack by hand: the steps of its own README.txt, with the standard library and PyPI `aics-tlog`.

    PYTHONPATH=<unpacked packages> python pack_check.py PACK LOG_VKEY

Written from README.txt alone and sharing nothing with the verifier in Rust, so that the two check each other. Needs
`cryptography`. Exit codes: 0 checked, 2 misuse, 5 does not verify.
"""

import base64
import hashlib
import json
import struct
import sys
import tarfile

from aics_tlog import parse_note, parse_vkey, verify_checkpoint, verify_inclusion

NOT_VERIFIED = 5


class NotVerified(Exception):
    """A step of README.txt that does not hold."""


def check(holds: bool, what: str) -> None:
    if not holds:
        raise NotVerified(what)


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def binary(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def chain_bytes(chain: str) -> bytes:
    if chain == "system":
        return bytes(16)
    check(chain.startswith("eng_"), "pack.json: chain")
    return base64.b32decode(chain[4:].upper() + "======")


def data_of(entry: dict, chain: bytes) -> bytes:
    link = chain + struct.pack(">Q", entry["seq"]) + binary(entry["previous"])
    text = entry["entry"].encode()
    return sha256(b"cofferdam/entry/v1", binary(entry["salt"]), struct.pack(">I", len(link)), link, text)


def leads_to(leaf: bytes, index: int, size: int, path: list, root: bytes) -> bool:
    return verify_inclusion(leaf, index, size, [binary(step) for step in path], root)


def check_private(entry: dict) -> None:
    for place, (salt, value) in entry.get("private", {}).items():
        found = json.loads(entry["entry"])
        for member in place.split("."):
            found = found[member]
        committed = sha256(b"cofferdam/field/v1", binary(salt), value.encode())
        check(binary(found) == committed, f"private field {place} of entry {entry['seq']}")


def verify(members: dict, log_vkey) -> str:
    # 1. Damage.
    for line in members["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ")
        check(hashlib.sha256(members[name]).hexdigest() == digest, f"SHA256SUMS: {name}")
    pack = json.loads(members["pack.json"])
    check(pack["format"] == "cofferdam/pack/1", "pack.json: format")

    # 2. The signature.
    note = parse_note(members["checkpoint"])
    signed = verify_checkpoint(note, log_vkey, expected_origin=pack["origin"])
    check(signed.ok, f"checkpoint: {signed.error}")

    # 3. The heads.
    heads = json.loads(members["heads.json"])
    leaf = sha256(b"\0", data_of(heads, bytes(16)))
    check(heads["index"] == signed.size - 1, "heads.json: not the last entry")
    check(leads_to(leaf, heads["index"], signed.size, heads["proof"], signed.root), "heads.json: not in the log")

    # 4. The head of this chain.
    chain = chain_bytes(pack["chain"])
    covered = json.loads(heads["entry"])
    check(covered["kind"] == "heads", "heads.json: not a heads entry")
    head = chain + struct.pack(">Q", heads["length"]) + binary(heads["data"])
    leaf = sha256(b"\0", b"cofferdam/head/v1", head)
    proven = leads_to(leaf, heads["ordinal"], covered["chains"], heads["path"], binary(covered["root"]))
    check(proven, "heads.json: the head is not covered")

    # 5. The entries.
    previous, index = bytes(32), -1
    check(pack["from"] == 0, "pack.json: begins in the middle, which this script does not handle")
    entries = [json.loads(line) for line in members["entries.jsonl"].decode().splitlines()]
    for seq, entry in enumerate(entries):
        data = data_of(entry, chain)
        check(entry["seq"] == seq, f"entry {seq}: another stands in its place")
        check(binary(entry["previous"]) == previous, f"entry {seq}: does not continue the one before")
        check(entry["index"] > index, f"entry {seq}: out of order")
        in_log = leads_to(sha256(b"\0", data), entry["index"], signed.size, entry["proof"], signed.root)
        check(in_log, f"entry {seq}: not in the log")
        check_private(entry)  # 6.
        previous, index = data, entry["index"]
    check(previous == binary(heads["data"]) and len(entries) == heads["length"], "the last entry is not the head")
    return f"verified {pack['chain']}: {len(entries)} entries, log of {signed.size}"


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with tarfile.open(sys.argv[1]) as archive:
            members = {member.name: archive.extractfile(member).read() for member in archive.getmembers()}
        print(verify(members, parse_vkey(sys.argv[2])))
        return 0
    except (NotVerified, ValueError, KeyError, TypeError, tarfile.TarError) as error:
        print(f"not verified: {error}", file=sys.stderr)
        return NOT_VERIFIED


if __name__ == "__main__":
    sys.exit(main())
