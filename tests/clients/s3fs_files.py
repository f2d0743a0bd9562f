"""s3fs, through which fsspec, pandas and much else read S3."""

import hashlib

import s3fs

from world import ELSEWHERE, Checks, World, eventually, files, refused, tree

PART = 5 << 20
NOISE = hashlib.shake_128(b"s3fs").digest(2 * PART + 99)

world, check = World(), Checks("s3fs")
s3 = s3fs.S3FileSystem(
    key=world.access_key,
    secret=world.secret_key,
    endpoint_url=world.endpoint,
    client_kwargs={"region_name": world.region, "verify": world.ca},
    use_listings_cache=False,
)
bucket = world.bucket

with check("pipe, cat, info, exists"):
    s3.pipe(f"{bucket}/a b+ü.txt", b"hello")
    assert s3.cat(f"{bucket}/a b+ü.txt") == b"hello"
    assert s3.info(f"{bucket}/a b+ü.txt")["size"] == 5
    assert not s3.exists(f"{bucket}/nothing")

with check("a file written in parts"):
    with s3.open(f"{bucket}/large", "wb", block_size=PART) as file:
        for begin in range(0, len(NOISE), 1 << 20):
            file.write(NOISE[begin : begin + (1 << 20)])
    assert s3.info(f"{bucket}/large")["size"] == len(NOISE)

with check("a file read by seeking"):
    with s3.open(f"{bucket}/large", "rb", block_size=1 << 16) as file:
        for place in (0, 70_000, PART - 5, len(NOISE) - 10):
            file.seek(place)
            assert file.read(10) == NOISE[place : place + 10], place
    assert s3.cat_file(f"{bucket}/large", start=-20) == NOISE[-20:]
    assert s3.cat_ranges([f"{bucket}/large"] * 2, [5, 100], [10, 200]) == [NOISE[5:10], NOISE[100:200]]

with check("a tree there and back, found, globbed, measured"):
    wanted = tree(world.folder / "tree")
    s3.put(str(world.folder / "tree") + "/", f"{bucket}/tree/", recursive=True)
    assert len(s3.find(f"{bucket}/tree")) == len(wanted)
    assert len(s3.glob(f"{bucket}/tree/many/*.txt")) == len([name for name in wanted if name.startswith("many/")])
    assert s3.du(f"{bucket}/tree") == sum(map(len, wanted.values()))
    s3.get(f"{bucket}/tree/", str(world.folder / "back") + "/", recursive=True)
    assert files(world.folder / "back") == wanted

with check("copy, move, remove"):
    s3.copy(f"{bucket}/a b+ü.txt", f"{bucket}/copied")
    s3.mv(f"{bucket}/copied", f"{bucket}/moved")
    assert s3.cat(f"{bucket}/moved") == b"hello" and not s3.exists(f"{bucket}/copied")
    s3.rm(f"{bucket}/tree", recursive=True)
    assert s3.find(f"{bucket}/tree") == []

with check("a bucket made and removed"):
    s3.mkdir(f"{bucket}-2")
    assert f"{bucket}-2" in s3.ls("")
    s3.rmdir(f"{bucket}-2")

with check("another engagement's bucket is refused"):
    refused(lambda: s3.cat(f"{world.foreign}/secret.txt"), *ELSEWHERE)
    refused(lambda: s3.ls(world.foreign), *ELSEWHERE)

with check("a pause stops it, and says so"):
    with world.paused():
        # Reading asks by HEAD first, whose refusal has no message.
        refused(lambda: s3.cat_file(f"{bucket}/moved"), "paused", "Forbidden")
        refused(lambda: s3.pipe(f"{bucket}/late", b"x"), "paused")
    assert eventually(lambda: s3.cat_file(f"{bucket}/moved")) == b"hello"
