"""s3cmd, with path-style addressing."""

import hashlib

from world import ELSEWHERE, Checks, World, command, eventually, files, refused, tree

world, check = World(), Checks("s3cmd")
here, there = world.folder, f"s3://{world.bucket}"
NOISE = hashlib.shake_128(b"s3cmd").digest(13 << 20)
CONFIG = here / "s3cfg"
CONFIG.write_text(
    f"""[default]
access_key = {world.access_key}
secret_key = {world.secret_key}
host_base = {world.address}
host_bucket = {world.address}
bucket_location = {world.region}
use_https = {world.secure}
ca_certs_file = {world.ca or ""}
signature_v2 = False
max_retries = 1
"""
)


def s3cmd(*arguments, **more):
    return command("s3cmd", "--config", CONFIG, "--no-progress", *arguments, **more)


with check("mb, ls, rb"):
    s3cmd("mb", f"{there}-2")
    assert f"{there}-2" in s3cmd("ls")
    s3cmd("rb", f"{there}-2")

with check("put, get, info, del"):
    (here / "one.txt").write_text("one\n")
    s3cmd("put", here / "one.txt", f"{there}/a b+ü.txt")
    s3cmd("get", f"{there}/a b+ü.txt", here / "back.txt")
    assert (here / "back.txt").read_text() == "one\n"
    assert hashlib.md5(b"one\n").hexdigest() in s3cmd("info", f"{there}/a b+ü.txt")
    s3cmd("del", f"{there}/a b+ü.txt")
    assert "a b+ü.txt" not in s3cmd("ls", f"{there}/")

with check("an upload in parts and back"):
    (here / "large").write_bytes(NOISE)
    s3cmd("put", "--multipart-chunk-size-mb=5", here / "large", f"{there}/large")
    s3cmd("get", f"{there}/large", here / "large-back")
    assert (here / "large-back").read_bytes() == NOISE

with check("sync both ways"):
    wanted = tree(here / "tree")
    s3cmd("sync", f"{here / 'tree'}/", f"{there}/tree/")
    s3cmd("sync", f"{there}/tree/", f"{here / 'back'}/")
    assert files(here / "back") == wanted
    (here / "tree/plain.txt").unlink()
    s3cmd("sync", "--delete-removed", f"{here / 'tree'}/", f"{there}/tree/")
    assert "plain.txt" not in s3cmd("ls", f"{there}/tree/")

with check("cp, mv, del --recursive"):
    s3cmd("cp", f"{there}/large", f"{there}/copied")
    s3cmd("mv", f"{there}/copied", f"{there}/moved")
    s3cmd("del", "--recursive", "--force", f"{there}/tree/")
    assert sorted(line.split("/")[-1] for line in s3cmd("ls", f"{there}/").splitlines()) == ["large", "moved"]

with check("another engagement's bucket is refused"):
    refused(lambda: s3cmd("get", f"s3://{world.foreign}/secret.txt", here / "no"), *ELSEWHERE)

with check("a pause stops it, and says so"):
    with world.paused():
        refused(lambda: s3cmd("ls", f"{there}/"), "paused")
    eventually(lambda: s3cmd("ls", f"{there}/"))
