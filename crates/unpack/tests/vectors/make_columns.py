#!/usr/bin/env python3
"""Makes the columnar files, pickles, models and images in this folder with the programs that people make them with.

    pip install pyarrow numpy fastavro cramjam backports.zstd joblib pillow piexif
    python3 make_columns.py

The people in them are invented: example.com, and social security numbers of the range that was printed in
advertisements. What each vector must give is in `tests/columns.rs`.
"""

import collections
import json
import os
import pickle
import struct
from pathlib import Path

import fastavro
import joblib
import numpy
import piexif
import pyarrow
import pyarrow.ipc
import pyarrow.parquet
from PIL import Image, PngImagePlugin

HERE = Path(__file__).parent
PEOPLE = ["ada", "grace", "mary", "joan"]


def email(n):
    return f"{PEOPLE[n % 4]}.{n}@example.com"


def ssn(n):
    return f"219-09-{1000 + n:04}"


# Forty people, each in one row: an address, a number, a list of contacts, a chat as JSON, a note about nobody.
N = 40
TABLE = pyarrow.table(
    {
        "email": [email(n) for n in range(N)],
        "ssn": pyarrow.array([219091000 + n for n in range(N)], pyarrow.int64()),
        "team": ["team@example.org" if n % 2 else "nobody" for n in range(N)],
        "contacts": [
            [{"kind": "mail", "value": f"friend{n}@example.net"}] if n % 4 == 0 else None if n % 4 == 1 else []
            for n in range(N)
        ],
        "chat": [
            json.dumps([{"role": "user", "content": f"write to chat{n}@example.com"}]) if n % 10 == 0 else "none"
            for n in range(N)
        ],
        "picture": pyarrow.array([b"\x00\x01\xff" * n for n in range(N)], pyarrow.binary()),
        "weight": [n / 3 for n in range(N)],
        "when": pyarrow.array([1700000000000000 + n for n in range(N)], pyarrow.timestamp("us")),
        "attributes": pyarrow.array(
            [[("mail", f"map{n}@example.com")] if n == 7 else [] for n in range(N)],
            pyarrow.map_(pyarrow.string(), pyarrow.string()),
        ),
    }
)


def parquet(name, **options):
    pyarrow.parquet.write_table(TABLE, HERE / f"{name}.parquet", **options)


for codec in ["none", "snappy", "gzip", "zstd", "lz4"]:
    parquet(codec, compression=codec, row_group_size=25)
parquet("version-2", compression="zstd", data_page_version="2.0", write_batch_size=8, data_page_size=64)
parquet("plain", compression="none", use_dictionary=False, row_group_size=25, data_page_size=200, write_batch_size=4)
parquet("brotli", compression="brotli")
DELTAS = {
    "email": "DELTA_BYTE_ARRAY",
    "ssn": "DELTA_BINARY_PACKED",
    "team": "DELTA_LENGTH_BYTE_ARRAY",
    "chat": "DELTA_BYTE_ARRAY",
    "weight": "BYTE_STREAM_SPLIT",
}
parquet("deltas", use_dictionary=False, compression="snappy", column_encoding=DELTAS)

# Arrow: files and streams, dictionaries, views, both compressions.
arrow = TABLE.set_column(2, "team", TABLE["team"].dictionary_encode())
for name, codec in [("plain", None), ("lz4", "lz4"), ("zstd", "zstd")]:
    options = pyarrow.ipc.IpcWriteOptions(compression=codec)
    with pyarrow.ipc.new_file(HERE / f"{name}.arrow", arrow.schema, options=options) as writer:
        writer.write_table(arrow, max_chunksize=25)
with pyarrow.ipc.new_stream(HERE / "stream.arrows", arrow.schema) as writer:
    writer.write_table(arrow, max_chunksize=25)
emails = TABLE["email"]
views = pyarrow.table({"email": emails.cast(pyarrow.string_view()), "large": emails.cast(pyarrow.large_string())})
with pyarrow.ipc.new_file(HERE / "views.arrow", views.schema) as writer:
    writer.write_table(views)

# Avro, with a type that uses itself.
CONTACT = {
    "type": "record",
    "name": "Contact",
    "fields": [{"name": "value", "type": "string"}, {"name": "of", "type": ["null", "Person"]}],
}
SCHEMA = {
    "type": "record",
    "name": "Person",
    "fields": [
        {"name": "email", "type": "string"},
        {"name": "ssn", "type": ["null", "long"]},
        {"name": "weight", "type": "double"},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}},
        {"name": "contacts", "type": {"type": "array", "items": CONTACT}},
        {"name": "attributes", "type": {"type": "map", "values": "string"}},
        {"name": "digest", "type": {"type": "fixed", "name": "Digest", "size": 4}},
    ],
}


def person(n):
    return {
        "email": email(n),
        "ssn": 219091000 + n if n % 2 else None,
        "weight": n / 3,
        "kind": "AB"[n % 2],
        "contacts": [{"value": f"friend{n}@example.net", "of": None}] if n % 4 == 0 else [],
        "attributes": {"mail": f"map{n}@example.com"} if n == 7 else {},
        "digest": b"\x00\x01\x02\x03",
    }


for codec in ["null", "deflate", "snappy", "zstandard", "bzip2"]:
    with open(HERE / f"{codec}.avro", "wb") as out:
        fastavro.writer(out, SCHEMA, [person(n) for n in range(N)], codec=codec, sync_interval=600)


# Pickles. The dangerous ones are never loaded, here or in a test.
class System:
    def __reduce__(self):
        return os.system, ("true",)


class Eval:
    def __reduce__(self):
        return eval, ("1 + 1",)


DATA = [{"email": email(n), "ssn": ssn(n)} for n in range(4)]
for protocol in range(6):
    (HERE / f"data-{protocol}.pkl").write_bytes(pickle.dumps(DATA, protocol))
    (HERE / f"system-{protocol}.pkl").write_bytes(pickle.dumps({"weights": System()}, protocol))
(HERE / "eval.pkl").write_bytes(pickle.dumps([Eval()]))
(HERE / "popen.pkl").write_bytes(b"csubprocess\nPopen\n(S'true'\ntR.")
# A harmless pickle, and a command behind its end.
(HERE / "behind.pkl").write_bytes(pickle.dumps(DATA) + pickle.dumps(System(), 0))
(HERE / "broken.pkl").write_bytes(pickle.dumps(System())[:-1] + b"\xff")
(HERE / "computed.pkl").write_bytes(b"\x80\x04\x8c\x02os\x8c\x01x\x86\x8c\x06system\x93\x8c\x04true\x85R.")
numpy_data = {"mean": numpy.arange(6.0).reshape(2, 3), "when": numpy.datetime64("2026-01-01")}
(HERE / "numpy.pkl").write_bytes(pickle.dumps(numpy_data))
(HERE / "ordered.pkl").write_bytes(pickle.dumps(collections.OrderedDict(a=1)))
objects = numpy.array(["x", System()], dtype=object)
joblib.dump([numpy.arange(100.0), objects, {"after": email(1)}], HERE / "array.joblib")
numpy.save(HERE / "object.npy", numpy.array([System()], dtype=object), allow_pickle=True)
numpy.save(HERE / "numbers.npy", numpy.arange(10))
numpy.save(HERE / "texts.npy", numpy.array([email(n) for n in range(3)]))

# Safetensors and GGUF, as their specifications say.
HEADER = {
    "__metadata__": {"author": email(0), "format": "pt"},
    "w": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]},
    "b": {"dtype": "F16", "shape": [2], "data_offsets": [16, 20]},
}


def safetensors(name, header, data):
    text = json.dumps(header).encode()
    (HERE / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


safetensors("sound", HEADER, bytes(20))
safetensors("overlap", {**HEADER, "b": {"dtype": "F16", "shape": [2], "data_offsets": [12, 16]}}, bytes(16))
safetensors("short", HEADER, bytes(10))


def text(value):
    return struct.pack("<Q", len(value)) + value.encode()


gguf = b"GGUF" + struct.pack("<IQQ", 3, 0, 3)
gguf += text("general.author") + struct.pack("<I", 8) + text(email(0))
gguf += text("tokens") + struct.pack("<IIQ", 9, 8, 2) + text("a") + text(email(1))
gguf += text("n") + struct.pack("<II", 4, 7)
(HERE / "sound.gguf").write_bytes(gguf)

# Images: one colour, and much that is written about it.
EXIF = piexif.dump(
    {
        "0th": {
            piexif.ImageIFD.Artist: b"ada.0@example.com",
            piexif.ImageIFD.Copyright: b"mary.2@example.com",
            piexif.ImageIFD.XPComment: "grace.1@example.com".encode("utf-16le"),
        },
        "Exif": {piexif.ExifIFD.UserComment: b"ASCII\x00\x00\x00joan.3@example.com"},
        "GPS": {
            piexif.GPSIFD.GPSLatitudeRef: b"N",
            piexif.GPSIFD.GPSLatitude: ((48, 1), (12, 1), (30, 1)),
            piexif.GPSIFD.GPSLongitudeRef: b"E",
            piexif.GPSIFD.GPSLongitude: ((16, 1), (22, 1), (23, 1)),
        },
    }
)
XMP = b"""<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/">
<dc:creator><rdf:Seq><rdf:li>xmp.4@example.com</rdf:li></rdf:Seq></dc:creator></rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"""
image = Image.new("RGB", (8, 8), (10, 20, 30))
image.save(HERE / "photo.jpg", exif=EXIF, comment=b"comment.5@example.com", xmp=XMP)
texts = PngImagePlugin.PngInfo()
texts.add_text("Author", "plain.6@example.com")
texts.add_text("parameters", "a portrait of packed.7@example.com", zip=True)
texts.add_itxt("Description", "international.8@example.com")
image.save(HERE / "drawing.png", exif=EXIF, pnginfo=texts)
image.save(HERE / "photo.webp", exif=EXIF, xmp=XMP)
image.save(HERE / "scan.tiff", exif=EXIF)

# Pictures as data sets keep them.
photo = (HERE / "photo.jpg").read_bytes()
pictures = {"image": [{"bytes": photo, "path": "a.jpg"}, None], "owner": ["owner0@example.com", "owner1@example.com"]}
pyarrow.parquet.write_table(pyarrow.table(pictures), HERE / "pictures.parquet")
