#!/usr/bin/env python3
"""Checks with Google's Tink that sealed parts open to what they should.

    python tink_check.py FOLDER

For every NAME.json in FOLDER ({"ciphertext", "aad", "sha256", "keyset"}) the sealed stream is decrypted with Tink's
streaming AEAD; it must have the stated digest, and must not open under other associated data, cut short, or with a
changed byte. Needs the PyPI package `tink`. Exit code 1 and a line for each part that fails; 2 when there is nothing to
check.
"""

import hashlib
import io
import json
import pathlib
import sys

import tink
from tink import secret_key_access, streaming_aead


def decrypt(primitive, sealed: bytes, aad: bytes) -> bytes:
    with primitive.new_decrypting_stream(io.BytesIO(sealed), aad) as stream:
        return stream.read()


def opens(primitive, sealed: bytes, aad: bytes) -> bool:
    try:
        decrypt(primitive, sealed, aad)
    except (tink.TinkError, OSError):
        return False
    return True


def problems(description: dict, folder: pathlib.Path) -> list[str]:
    keyset = json.dumps(description["keyset"])
    handle = tink.json_proto_keyset_format.parse(keyset, secret_key_access.TOKEN)
    primitive = handle.primitive(streaming_aead.StreamingAead)
    sealed = (folder / description["ciphertext"]).read_bytes()
    aad = bytes.fromhex(description["aad"])
    try:
        plain = decrypt(primitive, sealed, aad)
    except (tink.TinkError, OSError) as error:
        return [f"does not open: {error}"]
    found = []
    if hashlib.sha256(plain).hexdigest() != description["sha256"]:
        found.append("opens to other bytes")
    if opens(primitive, sealed, aad[:-1] + bytes([aad[-1] ^ 1])):
        found.append("opens under the associated data of another part")
    if opens(primitive, sealed[:-1], aad):
        found.append("opens cut short")
    if opens(primitive, sealed[:-1] + bytes([sealed[-1] ^ 1]), aad):
        found.append("opens with a changed byte")
    return found


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    streaming_aead.register()
    folder = pathlib.Path(sys.argv[1])
    names = sorted(folder.glob("*.json"))
    failed = 0
    for name in names:
        for problem in problems(json.loads(name.read_text()), folder):
            print(f"{name.name}: {problem}")
            failed += 1
    print(f"{len(names)} parts checked with Tink, {failed} problems", file=sys.stderr)
    if not names:
        return 2
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
