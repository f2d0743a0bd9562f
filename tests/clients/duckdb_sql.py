"""DuckDB: SQL over files in S3, through its extension httpfs, which comes from PyPI like DuckDB itself."""

from pathlib import Path

import duckdb
import duckdb_ext

from world import ELSEWHERE, Checks, World, eventually, refused

ROWS = 100_000

world, check = World(), Checks("DuckDB")
bucket = f"s3://{world.bucket}"


def connection():
    db = duckdb.connect()
    folder = Path(list(duckdb_ext.__path__)[0]) / "extensions" / f"v{duckdb.__version__}" / "linux_amd64"
    db.execute(f"LOAD '{folder / 'httpfs.duckdb_extension'}'")
    if world.ca:
        db.execute(f"SET ca_cert_file = '{world.ca}'")
        db.execute("SET enable_server_cert_verification = true")
    db.execute(
        f"CREATE SECRET (TYPE s3, KEY_ID '{world.access_key}', SECRET '{world.secret_key}', REGION '{world.region}', "
        f"ENDPOINT '{world.address}', URL_STYLE 'path', USE_SSL {str(world.secure).lower()})"
    )
    return db


db = connection()


def one(sql):
    return db.execute(sql).fetchone()


rows = f"SELECT i AS number, 'row ' || i AS text, i % 7 AS kind FROM range({ROWS}) t(i)"

with check("COPY to Parquet, read_parquet"):
    db.execute(f"COPY ({rows}) TO '{bucket}/rows.parquet' (FORMAT parquet, ROW_GROUP_SIZE 10000)")
    assert one(f"SELECT count(*), sum(number) FROM read_parquet('{bucket}/rows.parquet')") == (ROWS, ROWS * (ROWS - 1) // 2)

with check("read_parquet picks rows and columns by range"):
    assert one(f"SELECT text FROM read_parquet('{bucket}/rows.parquet') WHERE number = 77777") == ("row 77777",)
    assert one(f"SELECT count(*) FROM parquet_metadata('{bucket}/rows.parquet')")[0] >= 3 * ROWS // 10000

with check("COPY to CSV, read_csv"):
    db.execute(f"COPY ({rows}) TO '{bucket}/rows.csv' (HEADER)")
    assert one(f"SELECT count(*), max(number) FROM read_csv('{bucket}/rows.csv')") == (ROWS, ROWS - 1)

with check("COPY to JSON, read_json"):
    db.execute(f"COPY (SELECT * FROM ({rows}) WHERE number < 1000) TO '{bucket}/rows.json'")
    assert one(f"SELECT count(*), max(number) FROM read_json('{bucket}/rows.json')") == (1000, 999)

with check("partitions written and globbed"):
    db.execute(f"COPY ({rows}) TO '{bucket}/parted' (FORMAT parquet, PARTITION_BY (kind))")
    sql = f"SELECT count(*) FROM read_parquet('{bucket}/parted/*/*.parquet', hive_partitioning = true)"
    assert one(sql) == (ROWS,) and one(f"{sql} WHERE kind = 3")[0] == len(range(3, ROWS, 7))

with check("another engagement's bucket is refused"):
    refused(lambda: one(f"SELECT * FROM read_csv('s3://{world.foreign}/secret.txt')"), *ELSEWHERE)

with check("a pause stops it"):
    count = f"SELECT count(*) FROM read_csv('{bucket}/rows.csv')"
    with world.paused():
        # DuckDB asks by HEAD first, which has no message; it tells the status.
        db = connection()
        refused(lambda: one(count), "paused", "403", "Forbidden")
    assert eventually(lambda: one(count)) == (ROWS,)
