"""Hugging Face `datasets`, streaming JSON lines, CSV and Parquet out of S3."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import s3fs
from datasets import load_dataset

from world import ELSEWHERE, Checks, World, eventually, refused

ROWS = 5000

world, check = World(), Checks("datasets")
bucket = world.bucket
OPTIONS = {
    "key": world.access_key,
    "secret": world.secret_key,
    "endpoint_url": world.endpoint,
    "client_kwargs": {"region_name": world.region, "verify": world.ca},
}
s3 = s3fs.S3FileSystem(**OPTIONS)
rows = [{"number": number, "text": f"line {number}"} for number in range(ROWS)]


def stream(kind, files):
    return load_dataset(kind, data_files=files, split="train", streaming=True, storage_options=OPTIONS)


with check("shards written"):
    for shard in range(4):
        lines = "".join(json.dumps(row) + "\n" for row in rows[shard::4])
        s3.pipe(f"{bucket}/json/{shard}.jsonl", lines.encode())
    text = "number,text\n" + "".join(f"{row['number']},{row['text']}\n" for row in rows)
    s3.pipe(f"{bucket}/rows.csv", text.encode())
    pq.write_table(pa.Table.from_pylist(rows), f"{bucket}/rows.parquet", filesystem=s3, row_group_size=500)

with check("JSON lines, streamed from all shards"):
    files = [f"s3://{bucket}/json/{shard}.jsonl" for shard in range(4)]
    assert sorted(row["number"] for row in stream("json", files)) == list(range(ROWS))

with check("JSON lines by a pattern"):
    assert sum(1 for _ in stream("json", f"s3://{bucket}/json/*.jsonl")) == ROWS

with check("CSV, the first rows"):
    assert [row["number"] for row in stream("csv", f"s3://{bucket}/rows.csv").take(3)] == [0, 1, 2]

with check("Parquet, shuffled and in batches"):
    data = stream("parquet", f"s3://{bucket}/rows.parquet").shuffle(seed=1, buffer_size=100)
    assert sorted(n for batch in data.batch(64) for n in batch["number"]) == list(range(ROWS))

with check("another engagement's bucket is refused"):
    refused(lambda: list(stream("json", f"s3://{world.foreign}/secret.jsonl")), *ELSEWHERE)

with check("a pause stops it"):
    with world.paused():
        s3fs.S3FileSystem.clear_instance_cache()
        refused(lambda: list(stream("csv", f"s3://{bucket}/rows.csv")), "paused", "denied", "Forbidden", "403")
    eventually(lambda: next(iter(stream("csv", f"s3://{bucket}/rows.csv"))))
