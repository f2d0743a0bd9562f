"""Runs real clients against a throw-away server, each in an account of its own, over http and https.

    python tests/clients/run.py [--heavy] [--scheme http|https] [CLIENT..]

A client is a small program that prints a line per check. Beside its own checks each one must leave its trace: the record of its
engagement holds what it wrote, what it read, what it was refused and the pause, every entry names the session it acted under,
and the whole ledger verifies. Ends with `N passed, N failed`.

Clients that are not installed are named and counted as failed; `./test` installs them.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from pathlib import Path

import boto3

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = ROOT / ".cache"
TARGET = ROOT / "target/debug"

CLIENT_SECONDS = 600

# What every client leaves in the record of its engagement.
TRACES = {
    "it wrote": lambda entry: entry["kind"] == "object.put",
    "it read": lambda entry: entry["kind"] == "release" and entry["form"] == "raw",
    "it learnt names": lambda entry: entry["kind"] == "release" and entry["form"] == "names",
    "it was refused": lambda entry: entry["kind"] in ("denial", "failure"),
    "it was paused": lambda entry: entry["kind"] == "engagement.pause",
}


def python(venv):
    return str(CACHE / venv / "bin/python")


# name: how it is run. `torch` is Debian's, for Debian's Python, with boto3 beside it.
CLIENTS = {
    "aws": [python("venv"), "aws_cli.py"],
    "boto3": [python("venv"), "boto3_sdk.py"],
    "s3fs": [python("clients"), "s3fs_files.py"],
    "pyarrow": [python("clients"), "arrow_files.py"],
    "duckdb": [python("clients"), "duckdb_sql.py"],
    "s3cmd": [python("clients"), "s3cmd_tool.py"],
    "rclone": [python("venv"), "rclone_sync.py"],
    "object-store": [str(TARGET / "object-store-client")],
}
HEAVY = {
    "torch": ["/usr/bin/python3", "torch_loader.py"],
    "datasets": [python("heavy-clients"), "hugging_face.py"],
}


class Tally:
    def __init__(self):
        self.passed = self.failed = 0

    def tell(self, line):
        print(line, flush=True)
        self.passed += line.startswith("ok")
        self.failed += line.startswith("FAIL")

    def claim(self, holds, what, more=""):
        self.tell(f"ok    {what}" if holds else f"FAIL  {what}: {more}")


class Server:
    """A throw-away server with an account for every client and one that they must not reach."""

    def __init__(self, folder, scheme, clients):
        names = [*clients, "elsewhere"]
        accounts = [
            {
                "name": name,
                "email": f"{name}@clients.test",
                "access_key": f"CLIENT{number:014}",
                "secret_key": f"{name}/fixed+".ljust(40, "s"),
            }
            for number, name in enumerate(names)
        ]
        (folder / "accounts.json").write_text(json.dumps(accounts))
        command = [str(TARGET / "cofferdam-throwaway"), "--accounts", str(folder / "accounts.json")]
        command += ["--tls"] if scheme == "https" else []
        self.log = (folder / "server.log").open("w")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the server did not start:\n{(folder / 'server.log').read_text()}")
        self.described = json.loads(line)
        self.foreign = f"elsewhere-{scheme}"
        s3 = self.client("elsewhere")
        s3.create_bucket(Bucket=self.foreign)
        for key in ("secret.txt", "secret.jsonl"):
            s3.put_object(Bucket=self.foreign, Key=key, Body=b'{"not": "yours"}\n')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)
        self.log.close()

    def account(self, name):
        return next(account for account in self.described["accounts"] if account["name"] == name)

    def client(self, name):
        account = self.account(name)
        return boto3.client("s3", endpoint_url=self.described["endpoint"], region_name=self.described["region"],
                            verify=self.described["ca"], aws_access_key_id=account["access_key"],
                            aws_secret_access_key=account["secret_key"])  # fmt: skip

    def cofferdam(self, *arguments):
        command = [str(TARGET / "cofferdam"), *arguments, "--data", self.described["data"]]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    def record(self, name, folder):
        """The entries of an account's engagement, out of the evidence pack that a partner would get."""
        pack = folder / "record.pack"
        packed = self.cofferdam("ledger", "pack", name, "--out", str(pack))
        if packed.returncode != 0:
            raise SystemExit(packed.stderr)
        with tarfile.open(pack) as archive:
            lines = archive.extractfile("entries.jsonl").read().decode().splitlines()
        return [json.loads(json.loads(line)["entry"]) for line in lines]


def run(server, name, command, scheme, folder, tally):
    began, title = time.monotonic(), f"{name} over {scheme}"
    print(f"── {title}", flush=True)
    program = shutil.which(command[0])
    if program is None:
        tally.tell(f"FAIL  {title}: `{command[0]}` is not installed")
        return
    folder.mkdir()
    bucket = f"{name}-{scheme}"
    server.client(name).create_bucket(Bucket=bucket)
    world = {key: value for key, value in server.described.items() if key != "accounts"} | {
        "accounts": [server.account(name)],
        "bucket": bucket,
        "foreign_bucket": server.foreign,
        "program": str(TARGET / "cofferdam"),
        "steer": str(HERE / "world.py"),
        "folder": str(folder),
    }
    (folder / "world.json").write_text(json.dumps(world))
    arguments = [program, *(str(HERE / argument) for argument in command[1:])]
    environment = surroundings(folder, world)
    with subprocess.Popen(arguments, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", start_new_session=True) as client:  # fmt: skip
        # With all that it started: a worker that is left would hold the pipe open.
        watchdog = threading.Timer(CLIENT_SECONDS, os.killpg, (client.pid, signal.SIGKILL))
        watchdog.start()
        checks = 0
        for line in client.stdout:
            if line.startswith(("ok", "FAIL")):
                checks += 1
                tally.tell(line.rstrip())
            else:
                print(f"      {line.rstrip()}")
        ended = client.wait()
        watchdog.cancel()
    tally.claim(ended == 0 and checks > 0, f"{title}: ran to its end", f"it ended with {ended} after {checks} checks")
    judge_record(server, name, title, folder, tally)
    shutil.rmtree(folder)
    print(f"      {time.monotonic() - began:.0f} s", flush=True)


def judge_record(server, name, title, folder, tally):
    """What the client did stands in the record, under its own name."""
    entries = server.record(name, folder)
    for what, is_trace in TRACES.items():
        tally.claim(any(map(is_trace, entries)), f"{title}: the record says that {what}", "no such entry")
    acts = [entry for entry in entries if entry["kind"] == "release" or entry["kind"].startswith(("object.", "upload."))]
    # Neither the scanner nor the person who asked for the pack has a session.
    acts = [entry for entry in acts if entry.get("verb") not in ("scan", "scope") and entry["kind"] != "object.scan"]
    nameless = [entry for entry in acts if not (entry.get("session") and entry.get("credential"))]
    tally.claim(acts and not nameless, f"{title}: {len(acts)} entries name their session", nameless[:3])


def surroundings(folder, world):
    """Nothing of the person who runs this: no profile, no proxy, no metadata service."""
    account = world["accounts"][0]
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE") if name in os.environ}
    kept["PATH"] = os.pathsep.join([str(CACHE / "venv/bin"), str(CACHE / "clients/bin"), kept["PATH"]])
    pure = next((CACHE / "venv/lib").glob("python3*/site-packages"))
    trust = {"AWS_CA_BUNDLE": world["ca"]} if world["ca"] else {}
    return kept | trust | {
        "HOME": str(folder),
        "LC_ALL": "C.UTF-8",
        "COFFERDAM_WORLD": str(folder / "world.json"),
        "PYTHONPATH": str(pure) if world["accounts"][0]["name"] == "torch" else "",
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_ACCESS_KEY_ID": account["access_key"],
        "AWS_SECRET_ACCESS_KEY": account["secret_key"],
        "AWS_DEFAULT_REGION": world["region"],
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(folder / "hugging-face"),
        "OMP_NUM_THREADS": "1",
    }  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--heavy", action="store_true", help="the large ones: PyTorch, Hugging Face datasets")
    parser.add_argument("--scheme", choices=["http", "https"], action="append")
    parser.add_argument("clients", nargs="*", metavar="CLIENT")
    asked = parser.parse_args()
    known = CLIENTS | HEAVY
    names = asked.clients or list(HEAVY if asked.heavy else CLIENTS)
    if unknown := [name for name in names if name not in known]:
        parser.error(f"there is no client {unknown}; there are: {', '.join(known)}")

    tally = Tally()
    folder = Path(tempfile.mkdtemp(prefix="clients-", dir=CACHE))
    try:
        for scheme in asked.scheme or ["http", "https"]:
            place = folder / scheme
            place.mkdir()
            with Server(place, scheme, names) as server:
                for name in names:
                    run(server, name, known[name], scheme, place / name, tally)
                verified = server.cofferdam("ledger", "verify")
                tally.claim(verified.returncode == 0, f"the whole ledger verifies ({scheme})", verified.stderr)
            warnings = (place / "server.log").read_text().splitlines()
            for line in [line for line in warnings if " WARN " in line or " ERROR " in line][:20]:
                print(f"      server: {line}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"\n{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
