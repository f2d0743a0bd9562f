"""aws cli: copies, trees in both directions, uploads of many parts, presigned addresses."""

import hashlib
import json
import ssl
import subprocess
import urllib.request
from pathlib import Path

from world import ELSEWHERE, Checks, World, command, eventually, files, refused, tree

# Over http once with more than 2 GiB, which some clients cannot count; over https with what shows the same parts.
LARGE_MIB = 2049
SMALLER_MIB = 96

MIB = 1 << 20


def aws(*arguments, **more):
    return command("aws", "--endpoint-url", world.endpoint, *arguments, **more)


def large_file(path, mib):
    """Blocks that no two are alike; the digest of all."""
    block, digest = bytearray(hashlib.shake_128(b"a block").digest(MIB)), hashlib.sha256()
    with path.open("wb") as file:
        for number in range(mib):
            block[:8] = number.to_bytes(8, "big")
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


def digest_of(uri):
    """The digest of what `aws s3 cp URI -` prints."""
    process = subprocess.Popen(
        ["aws", "--endpoint-url", world.endpoint, "s3", "cp", uri, "-"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    digest = hashlib.sha256()
    while chunk := process.stdout.read(MIB):
        digest.update(chunk)
    assert process.wait(60) == 0, process.stderr.read().decode()
    return digest.hexdigest()


world, check = World(), Checks("aws cli")
here, bucket = world.folder, f"s3://{world.bucket}"

with check("mb, ls, rb"):
    aws("s3", "mb", f"{bucket}-2")
    assert f"{world.bucket}-2" in aws("s3", "ls")
    aws("s3", "rb", f"{bucket}-2")
    assert f"{world.bucket}-2" not in aws("s3", "ls")

with check("cp there and back, with a name that needs escaping"):
    (here / "one.txt").write_text("one\n")
    aws("s3", "cp", here / "one.txt", f"{bucket}/a b+c/ü.txt")
    aws("s3", "cp", f"{bucket}/a b+c/ü.txt", here / "back.txt")
    assert (here / "back.txt").read_text() == "one\n"

mib = SMALLER_MIB if world.secure else LARGE_MIB
with check(f"an upload in parts of {mib} MiB and back"):
    try:
        sent = large_file(here / "large.bin", mib)
        aws("s3", "cp", "--only-show-errors", here / "large.bin", f"{bucket}/large.bin", timeout=420)
    finally:
        (here / "large.bin").unlink(missing_ok=True)
    head = json.loads(aws("s3api", "head-object", "--bucket", world.bucket, "--key", "large.bin"))
    assert head["ContentLength"] == mib * MIB and head["ETag"].endswith(f'-{-(-mib // 8)}"'), head
    assert digest_of(f"{bucket}/large.bin") == sent
    aws("s3", "rm", f"{bucket}/large.bin")

with check("sync a tree there, again, and back"):
    local = here / "tree"
    wanted = tree(local)
    assert len(aws("s3", "sync", local, f"{bucket}/tree").splitlines()) >= len(wanted)
    assert aws("s3", "sync", local, f"{bucket}/tree").strip() == "", "a second sync found something to do"
    aws("s3", "sync", f"{bucket}/tree", here / "tree-back")
    assert files(here / "tree-back") == wanted

with check("sync --delete, both ways"):
    (local / "plain.txt").unlink()
    assert "delete" in aws("s3", "sync", "--delete", local, f"{bucket}/tree")
    aws("s3", "sync", "--delete", f"{bucket}/tree", here / "tree-back")
    assert files(here / "tree-back") == files(local)

with check("ls page by page"):
    page = json.loads(
        aws("s3api", "list-objects-v2", "--bucket", world.bucket, "--prefix", "tree/", "--page-size", "5")
    )
    assert len(page["Contents"]) == len(files(local)), len(page["Contents"])

with check("a range, metadata, a condition"):
    (here / "digits").write_text("0123456789")
    aws("s3api", "put-object", "--bucket", world.bucket, "--key", "digits", "--body", here / "digits",
        "--metadata", "who=me", "--content-type", "text/x-digits")  # fmt: skip
    got = json.loads(aws("s3api", "get-object", "--bucket", world.bucket, "--key", "digits",
                         "--range", "bytes=2-4", here / "range"))  # fmt: skip
    assert (here / "range").read_text() == "234" and got["ContentRange"] == "bytes 2-4/10", got
    assert got["Metadata"] == {"who": "me"} and got["ContentType"] == "text/x-digits", got
    refused(lambda: aws("s3api", "put-object", "--bucket", world.bucket, "--key", "digits", "--body",
                        here / "digits", "--if-none-match", "*"), "PreconditionFailed")  # fmt: skip

with check("a presigned address"):
    # For the region us-east-1 this client presigns with version 2 of the signature, which is refused.
    address = aws("--region", "eu-central-1", "s3", "presign", f"{bucket}/digits", "--expires-in", "60").strip()
    context = ssl.create_default_context(cafile=world.ca) if world.ca else None
    assert urllib.request.urlopen(address, context=context).read() == b"0123456789"

with check("rm --recursive"):
    aws("s3", "rm", "--recursive", f"{bucket}/tree")
    assert aws("s3", "ls", f"{bucket}/tree/", fine=(0, 1)).strip() == ""

with check("another engagement's bucket is refused"):
    refused(lambda: aws("s3", "cp", f"s3://{world.foreign}/secret.txt", "-"), *ELSEWHERE)
    refused(lambda: aws("s3", "ls", f"s3://{world.foreign}"), *ELSEWHERE)

with check("a pause stops it, and says so"):
    with world.paused():
        refused(lambda: aws("s3api", "get-object", "--bucket", world.bucket, "--key", "digits", here / "no"), "paused")
    eventually(lambda: aws("s3", "cp", f"{bucket}/digits", "-"))
    assert not Path(here / "no").exists()
