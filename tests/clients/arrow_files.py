"""pyarrow: its own S3 client, written in C++, and Parquet read by ranges."""

import hashlib

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from pyarrow import fs

from world import ELSEWHERE, Checks, World, eventually, refused

ROWS = 200_000

world, check = World(), Checks("pyarrow")
if world.ca:
    fs.initialize_s3(fs.S3LogLevel.Off)


def filesystem():
    more = {"tls_ca_file_path": world.ca} if world.ca else {}
    return fs.S3FileSystem(
        access_key=world.access_key,
        secret_key=world.secret_key,
        endpoint_override=world.address,
        scheme="https" if world.secure else "http",
        region=world.region,
        **more,
    )


s3, bucket = filesystem(), world.bucket
numbers = pa.array(range(ROWS), pa.int64())
table = pa.table(
    {
        "number": numbers,
        "kind": pa.array([("red", "green", "blue")[n % 3] for n in range(ROWS)]),
        "text": pa.array([hashlib.md5(str(n).encode()).hexdigest() for n in range(ROWS)]),
    }
)

with check("Parquet written"):
    pq.write_table(table, f"{bucket}/table.parquet", filesystem=s3, row_group_size=20_000)
    assert s3.get_file_info(f"{bucket}/table.parquet").size > 1_000_000

with check("Parquet: the footer, one column, one group"):
    file = pq.ParquetFile(f"{bucket}/table.parquet", filesystem=s3)
    assert file.num_row_groups == ROWS // 20_000
    assert file.read_row_group(7, columns=["number"])["number"][0].as_py() == 140_000
    assert pq.read_table(f"{bucket}/table.parquet", filesystem=s3, columns=["kind"]).num_rows == ROWS

with check("Parquet: rows picked by a filter"):
    found = pq.read_table(f"{bucket}/table.parquet", filesystem=s3, filters=[("number", ">=", ROWS - 5)])
    assert found.equals(table.slice(ROWS - 5)), found

with check("a partitioned data set written and scanned"):
    ds.write_dataset(table, f"{bucket}/set", format="parquet", filesystem=s3, partitioning=["kind"],
                     partitioning_flavor="hive")  # fmt: skip
    scanned = ds.dataset(f"{bucket}/set", filesystem=s3, partitioning="hive")
    assert len(scanned.files) == 3
    assert scanned.count_rows(filter=ds.field("kind") == "red") == -(-ROWS // 3)

with check("a stream in parts, and its ranges"):
    noise = hashlib.shake_128(b"arrow").digest(12 << 20)
    with s3.open_output_stream(f"{bucket}/stream") as stream:
        stream.write(noise)
    with s3.open_input_file(f"{bucket}/stream") as file:
        assert file.read_at(1000, 7_000_000) == noise[7_000_000:7_001_000]
        assert file.size() == len(noise)

with check("list, copy, move, delete"):
    found = s3.get_file_info(fs.FileSelector(f"{bucket}/set", recursive=True))
    assert len([info for info in found if info.is_file]) == 3, found
    s3.copy_file(f"{bucket}/stream", f"{bucket}/copied")
    s3.move(f"{bucket}/copied", f"{bucket}/moved")
    s3.delete_file(f"{bucket}/moved")
    s3.delete_dir(f"{bucket}/set")
    assert s3.get_file_info(f"{bucket}/set/kind=red").type == fs.FileType.NotFound

with check("another engagement's bucket is refused"):
    refused(lambda: s3.open_input_file(f"{world.foreign}/secret.txt").read(), *ELSEWHERE)

with check("a pause stops it, and says so"):
    with world.paused():
        refused(lambda: s3.open_input_stream(f"{bucket}/stream").read(), "paused", "ACCESS_DENIED", "access denied")
    assert eventually(lambda: filesystem().open_input_file(f"{bucket}/stream").read_at(5, 0)) == noise[:5]
