"""The server that a client talks to, as the runner described it in the file `COFFERDAM_WORLD`, and how checks are told.

Standard library only: every client imports this, each from its own set of packages.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

# How long a session may take to be issued anew after a resume.
RESUMED_WITHIN_SECONDS = 20


class World:
    """Where the server is, and who we are."""

    def __init__(self):
        self.data = json.loads(Path(os.environ["COFFERDAM_WORLD"]).read_text())
        self.endpoint = self.data["endpoint"]
        self.address = self.endpoint.split("://")[1]
        self.secure = self.endpoint.startswith("https")
        self.ca = self.data["ca"]
        self.region = self.data["region"]
        self.bucket = self.data["bucket"]
        self.foreign = self.data["foreign_bucket"]
        self.folder = Path(self.data["folder"])
        account = self.data["accounts"][0]
        self.engagement = account["engagement"]
        self.access_key, self.secret_key = account["access_key"], account["secret_key"]

    def cofferdam(self, *arguments, identity=0, fine=(0,)):
        """Runs the program on the server's folder, as its first or second person."""
        command = [self.data["program"], *arguments, "--data", self.data["data"]]
        command += ["--identity", self.data["identities"][identity]]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert done.returncode in fine, f"{arguments}: {done.stderr}"
        return done.stdout

    def pause(self):
        self.cofferdam("pause", self.engagement)

    def resume(self):
        """As two people."""
        again = ("resume", self.engagement, "--yes-i-mean", self.engagement)
        self.cofferdam(*again, fine=(3,))
        waiting = json.loads(self.cofferdam("approval", "list", "--format", "json", identity=1))
        for approval in waiting["approvals"]:
            self.cofferdam("approval", "grant", approval["id"], identity=1)
        self.cofferdam(*again)

    @contextmanager
    def paused(self):
        """The engagement is paused inside, and moves again after."""
        self.pause()
        try:
            yield
        finally:
            self.resume()


class Checks:
    """Tells one line per check, and goes on after one that failed."""

    def __init__(self, client):
        self.client = client

    @contextmanager
    def __call__(self, name):
        began = time.monotonic()
        try:
            yield
        except Exception as error:
            tell("FAIL", self.client, name, f"{type(error).__name__}: {error}".strip())
        else:
            tell("ok", self.client, name, f"{time.monotonic() - began:.1f} s")


def tell(result, client, name, more=""):
    more = " ".join(str(more).split())[:600]
    print(f"{result:4}  {client}: {name}" + (f" ({more})" if more else ""), flush=True)


def refused(act, *words):
    """`act` must fail, and its message must hold one of `words`; returns the message."""
    try:
        given = act()
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        assert not words or any(word.lower() in message.lower() for word in words), f"refused with other words: {message}"
        return message
    raise AssertionError(f"this was not refused, but answered {given!r:.100}")


# What another engagement's bucket answers: that it exists is not said, or that it is another's.
ELSEWHERE = ("NoSuchBucket", "AccessDenied", "404", "403", "Forbidden", "denied", "not found", "not exist", "unable to find")


def eventually(act):
    """Repeats `act` until it succeeds: a session is issued anew after a resume."""
    until = time.monotonic() + RESUMED_WITHIN_SECONDS
    while True:
        try:
            return act()
        except Exception:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def command(*arguments, fine=(0,), timeout=120, **more):
    """Runs a client's program; its output. Fails with what it said."""
    done = subprocess.run([str(a) for a in arguments], capture_output=True, timeout=timeout, **more)
    if done.returncode not in fine:
        said = (done.stderr + done.stdout).decode(errors="replace")
        raise RuntimeError(f"{Path(str(arguments[0])).name} ended with {done.returncode}: {said}")
    return done.stdout.decode(errors="replace")


def tree(folder, count=24):
    """A small tree of files with names that are easily got wrong."""
    names = ["plain.txt", "with space.txt", "plus+and&.txt", "ümlaut/ß.txt", "deep/er/and/deeper.txt", "percent%20.txt"]
    names += [f"many/{number:03}.txt" for number in range(count - len(names))]
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"the content of {name}\n" * 5)
    return {name: (folder / name).read_bytes() for name in names}


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


if __name__ == "__main__":
    # For clients in other languages: `world.py pause` and `world.py resume`.
    getattr(World(), sys.argv[1])()
