"""Checks a published log with somebody else's tool: PyPI `aics-tlog`, an independent reading of the C2SP formats.

    PYTHONPATH=<unpacked packages> python tlog_check.py DIRECTORY LOG_VKEY [--witness VKEY ..] [--quorum N]

DIRECTORY holds `checkpoint` and `tile/`. Needs `cryptography`. Exit codes: 0 checked, 1 could not be checked, 2 misuse,
5 does not verify. Reads files and opens no connection.
"""

import argparse
import sys
from pathlib import Path

from aics_tlog import FileSystemTileReader, audit_tiles, parse_note, parse_vkey, verify_checkpoint
from aics_tlog.tiles import TileMissingError, TileVerificationError

NOT_VERIFIED = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("log_vkey", type=parse_vkey)
    parser.add_argument("--witness", type=parse_vkey, action="append", default=[])
    parser.add_argument("--quorum", type=int, default=0)
    asked = parser.parse_args()

    try:
        checkpoint = (asked.directory / "checkpoint").read_bytes()
    except OSError as error:
        print(f"reading the checkpoint: {error}", file=sys.stderr)
        return 1

    try:
        signed = verify_checkpoint(
            parse_note(checkpoint),
            asked.log_vkey,
            asked.witness,
            asked.quorum,
            expected_origin=asked.log_vkey.name,
        )
        if not signed.ok:
            raise ValueError(signed.error)
        # Every tile and every entry bundle, against the signed root.
        audited = audit_tiles(FileSystemTileReader(asked.directory), signed.size, signed.root)
    except (TileMissingError, TileVerificationError, ValueError) as error:
        print(f"not verified: {error}", file=sys.stderr)
        return NOT_VERIFIED

    print(
        f"verified {signed.origin}: {signed.size} entries, {audited.tiles} tiles, {audited.bundles} bundles, "
        f"{signed.cosignature_count} cosignatures"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
