#!/usr/bin/env python3
"""Makes the test vectors here, with Python's own writers and the `zstd` program: `python3 make.py`.

All people are invented. The files are ours, under the project's licence."""

import bz2
import gzip
import io
import json
import pathlib
import random
import subprocess
import tarfile
import zipfile

HERE = pathlib.Path(__file__).parent
chance = random.Random(4)


def person(number):
    first = chance.choice(["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald"])
    return first, f"{first.lower()}{number}@example.org", f"+1 212-555-{number:04}"


def prose(people):
    lines = []
    for number in range(people):
        first, mail, phone = person(number)
        filler = " ".join(chance.choice("data model paper train token batch layer".split()) for _ in range(20))
        lines.append(f"{first} wrote: {filler}. Write to {mail} or call {phone}.\n\n")
    return "".join(lines)


def rows(people):
    return "".join(json.dumps({"name": first, "email": mail}) + "\n" for first, mail, _ in map(person, range(people)))


def save(name, data):
    (HERE / name).write_bytes(data)


def tar(members, format):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        link = tarfile.TarInfo("latest")
        link.type, link.linkname = tarfile.SYMTYPE, "../../etc/passwd"
        archive.addfile(link)
    return buffer.getvalue()


text = prose(40).encode()
jsonl = rows(30).encode()
save("prose.txt", text)
save("rows.jsonl", jsonl)
save("prose.txt.gz", gzip.compress(text, mtime=0))
save("two-members.txt.gz", gzip.compress(text[:1000], mtime=0) + gzip.compress(text[1000:], mtime=0))
save("prose.txt.bz2", bz2.compress(text[:2000]) + bz2.compress(text[2000:]))
save("prose.txt.zst", subprocess.run(["zstd", "-q", "-19", "--check", "-c"], input=text, stdout=subprocess.PIPE, check=True).stdout)

long = "a-folder-with-a-long-name/" * 8 + "rows.jsonl"
members = [("prose.txt", text), (long, jsonl)]
save("pax.tar", tar(members, tarfile.PAX_FORMAT))
save("gnu.tar.gz", gzip.compress(tar(members, tarfile.GNU_FORMAT), mtime=0))

buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w") as archive:
    for name, method in [
        ("stored.txt", zipfile.ZIP_STORED),
        ("deflated.txt", zipfile.ZIP_DEFLATED),
        ("bzip2.txt", zipfile.ZIP_BZIP2),
        ("lzma.txt", zipfile.ZIP_LZMA),
        ("../out.txt", zipfile.ZIP_DEFLATED),
    ]:
        archive.writestr(zipfile.ZipInfo(name), text, compress_type=method)
save("methods.zip", buffer.getvalue())

samples = []
for number in range(3):
    first, mail, phone = person(number)
    samples.append((f"{number:06}.txt", f"A portrait of {first}, {mail}".encode()))
    samples.append((f"{number:06}.json", json.dumps({"model": {"phone": phone}}).encode()))
    samples.append((f"{number:06}.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(20)))
save("samples.tar", tar(samples, tarfile.PAX_FORMAT))
