"""rclone, as Debian packages it."""

import hashlib
import os

from world import ELSEWHERE, Checks, World, command, eventually, files, refused, tree

world, check = World(), Checks("rclone")
here, there = world.folder, f"us:{world.bucket}"
NOISE = hashlib.shake_128(b"rclone").digest(13 << 20)
SETTINGS = {
    "RCLONE_CONFIG": "/dev/null",
    "RCLONE_CONFIG_US_TYPE": "s3",
    "RCLONE_CONFIG_US_PROVIDER": "Other",
    "RCLONE_CONFIG_US_ENDPOINT": world.endpoint,
    "RCLONE_CONFIG_US_REGION": world.region,
    "RCLONE_CONFIG_US_ACCESS_KEY_ID": world.access_key,
    "RCLONE_CONFIG_US_SECRET_ACCESS_KEY": world.secret_key,
    "RCLONE_RETRIES": "1",
    "RCLONE_LOW_LEVEL_RETRIES": "2",
}
if world.ca:
    # rclone has an option of its own, and cannot use what the variable of the AWS clients names.
    SETTINGS["RCLONE_CA_CERT"] = world.ca
SURROUNDINGS = {name: value for name, value in os.environ.items() if name != "AWS_CA_BUNDLE"} | SETTINGS


def rclone(*arguments, **more):
    return command("rclone", *arguments, env=SURROUNDINGS, **more)


with check("copy a tree there and compare by MD5"):
    wanted = tree(here / "tree")
    rclone("copy", here / "tree", f"{there}/tree")
    rclone("check", here / "tree", f"{there}/tree")

with check("sync both ways"):
    (here / "tree/plain.txt").unlink()
    (here / "tree/new.txt").write_text("new\n")
    rclone("sync", here / "tree", f"{there}/tree")
    rclone("sync", f"{there}/tree", here / "back")
    assert files(here / "back") == files(here / "tree")
    (here / "back/new.txt").unlink()
    rclone("sync", here / "back", f"{there}/tree")
    assert "new.txt" not in rclone("lsf", f"{there}/tree")

with check("an upload in parts, and a range of it"):
    (here / "large").write_bytes(NOISE)
    rclone("copyto", "--s3-chunk-size", "5M", "--s3-upload-cutoff", "5M", here / "large", f"{there}/large")
    rclone("copyto", f"{there}/large", here / "large-back")
    assert (here / "large-back").read_bytes() == NOISE
    (here / "lines").write_text("".join(f"{number:07}\n" for number in range(1000)))
    rclone("copyto", here / "lines", f"{there}/lines")
    assert rclone("cat", "--offset", "4000", "--count", "16", f"{there}/lines") == "0000500\n0000501\n"
    rclone("deletefile", f"{there}/lines")

with check("server-side copy and move"):
    rclone("copyto", f"{there}/tree/many/001.txt", f"{there}/copied.txt")
    rclone("moveto", f"{there}/copied.txt", f"{there}/moved.txt")
    assert rclone("cat", f"{there}/moved.txt").encode() == wanted["many/001.txt"]

with check("size, purge"):
    assert f"Total objects: {len(files(here / 'tree')) - 1}" in rclone("size", f"{there}/tree")
    rclone("purge", f"{there}/tree")
    assert rclone("lsf", "-R", there).split() == ["large", "moved.txt"]

with check("another engagement's bucket is refused"):
    refused(lambda: rclone("cat", f"us:{world.foreign}/secret.txt"), *ELSEWHERE)

with check("a pause stops it, and says so"):
    with world.paused():
        refused(lambda: rclone("lsf", there), "paused")
    eventually(lambda: rclone("lsf", there))
