"""boto3 with its default integrity settings: a CRC32 in a header over http, in a trailer over https."""

import hashlib
import io
import os
import shlex
import ssl
import urllib.request

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

from flaky import Flaky
from world import ELSEWHERE, Checks, World, eventually, refused

PART = 5 << 20

world, check = World(), Checks("boto3")
NOISE = hashlib.shake_128(b"boto3").digest(3 * PART + 17)
IN_PARTS = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=3)


def client(endpoint=world.endpoint, **more):
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name=world.region,
        aws_access_key_id=world.access_key,
        aws_secret_access_key=world.secret_key,
        verify=world.ca,
        config=Config(**more) if more else None,
    )


s3, bucket = client(), world.bucket


def body(key, **more):
    return s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()


with check("put, get, head, delete"):
    put = s3.put_object(Bucket=bucket, Key="k/ü +.txt", Body=b"hello", Metadata={"who": "me"}, ContentType="text/plain")
    assert put["ChecksumCRC32"] and put["ETag"] == f'"{hashlib.md5(b"hello").hexdigest()}"', put
    got = s3.get_object(Bucket=bucket, Key="k/ü +.txt")
    assert got["Body"].read() == b"hello" and got["Metadata"] == {"who": "me"} and got["ContentType"] == "text/plain"
    assert s3.head_object(Bucket=bucket, Key="k/ü +.txt")["ContentLength"] == 5
    s3.delete_object(Bucket=bucket, Key="k/ü +.txt")
    refused(lambda: s3.head_object(Bucket=bucket, Key="k/ü +.txt"), "404")

with check("an empty object, and one from a stream"):
    s3.put_object(Bucket=bucket, Key="empty", Body=b"")
    s3.put_object(Bucket=bucket, Key="stream", Body=io.BytesIO(NOISE[:100_000]))
    assert body("empty") == b"" and body("stream") == NOISE[:100_000]

for algorithm in ("CRC32", "SHA1", "SHA256"):
    with check(f"a checksum by {algorithm}"):
        put = s3.put_object(Bucket=bucket, Key=algorithm, Body=b"summed", ChecksumAlgorithm=algorithm)
        head = s3.head_object(Bucket=bucket, Key=algorithm, ChecksumMode="ENABLED")
        assert put[f"Checksum{algorithm}"] == head[f"Checksum{algorithm}"], head
        assert body(algorithm) == b"summed"

with check("ranges in every form"):
    assert body("stream", Range="bytes=0-9") == NOISE[:10]
    assert body("stream", Range="bytes=99990-") == NOISE[99_990:100_000]
    assert body("stream", Range="bytes=-7") == NOISE[99_993:100_000]
    refused(lambda: body("stream", Range="bytes=100000-"), "InvalidRange")

with check("upload_file and download_file in parts"):
    (world.folder / "up").write_bytes(NOISE)
    s3.upload_file(str(world.folder / "up"), bucket, "parts", Config=IN_PARTS)
    assert s3.head_object(Bucket=bucket, Key="parts")["ETag"].endswith('-4"')
    s3.download_file(bucket, "parts", str(world.folder / "down"), Config=IN_PARTS)
    assert (world.folder / "down").read_bytes() == NOISE

with check("an upload in parts by hand, listed, then given up"):
    upload = s3.create_multipart_upload(Bucket=bucket, Key="given-up")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="given-up", UploadId=upload, PartNumber=1, Body=NOISE[:PART])
    parts = s3.list_parts(Bucket=bucket, Key="given-up", UploadId=upload)["Parts"]
    assert [(part["PartNumber"], part["Size"]) for part in parts] == [(1, PART)], parts
    assert [u["Key"] for u in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]] == ["given-up"]
    s3.abort_multipart_upload(Bucket=bucket, Key="given-up", UploadId=upload)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)

with check("pages of a listing, with and without a delimiter"):
    for number in range(23):
        s3.put_object(Bucket=bucket, Key=f"page/{number:02}/x", Body=b"x")
    for operation in ("list_objects_v2", "list_objects"):
        pages = s3.get_paginator(operation).paginate(Bucket=bucket, Prefix="page/", PaginationConfig={"PageSize": 5})
        assert [o["Key"] for page in pages for o in page["Contents"]] == [f"page/{n:02}/x" for n in range(23)]
        pages = s3.get_paginator(operation).paginate(
            Bucket=bucket, Prefix="page/", Delimiter="/", PaginationConfig={"PageSize": 5}
        )
        assert len([p for page in pages for p in page["CommonPrefixes"]]) == 23

with check("conditional writes"):
    s3.put_object(Bucket=bucket, Key="once", Body=b"1", IfNoneMatch="*")
    refused(lambda: s3.put_object(Bucket=bucket, Key="once", Body=b"2", IfNoneMatch="*"), "PreconditionFailed")
    assert body("once") == b"1"

with check("copy"):
    s3.copy_object(Bucket=bucket, Key="copied", CopySource={"Bucket": bucket, "Key": "stream"})
    assert body("copied") == NOISE[:100_000]

with check("delete many"):
    doomed = [{"Key": f"page/{number:02}/x"} for number in range(23)]
    gone = s3.delete_objects(Bucket=bucket, Delete={"Objects": doomed})
    assert len(gone["Deleted"]) == 23 and "Errors" not in gone, gone
    assert s3.list_objects_v2(Bucket=bucket, Prefix="page/")["KeyCount"] == 0

with check("presigned get and put"):
    context = ssl.create_default_context(cafile=world.ca) if world.ca else None
    # Without being told, boto3 presigns for this region with version 2 of the signature, which is refused.
    signing = client(signature_version="s3v4")
    put = signing.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "signed"}, ExpiresIn=60)
    request = urllib.request.Request(put, data=b"by address", method="PUT")
    assert urllib.request.urlopen(request, context=context).status == 200
    get = signing.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "signed"}, ExpiresIn=60)
    assert urllib.request.urlopen(get, context=context).read() == b"by address"

with check("an upload whose connection breaks half-way is sent again"):
    with Flaky(world.address, upload_bytes=200_000) as flaky:
        around = client(world.endpoint.replace(world.address, flaky.address))
        around.put_object(Bucket=bucket, Key="retried", Body=NOISE[:2_000_000])
        assert flaky.broken == 1
    assert body("retried") == NOISE[:2_000_000]

with check("a download whose connection breaks half-way is fetched again"):
    with Flaky(world.address, download_bytes=200_000) as flaky:
        around = client(world.endpoint.replace(world.address, flaky.address))
        into = io.BytesIO()
        around.download_fileobj(bucket, "retried", into, Config=TransferConfig(use_threads=False))
        assert flaky.broken == 1
    assert into.getvalue() == NOISE[:2_000_000]

with check("a broken upload leaves nothing"):
    with Flaky(world.address, upload_bytes=200_000, connections=99) as flaky:
        around = client(world.endpoint.replace(world.address, flaky.address), retries={"max_attempts": 1})
        refused(lambda: around.put_object(Bucket=bucket, Key="never", Body=NOISE[:2_000_000]))
    refused(lambda: body("never"), "NoSuchKey")

with check("another engagement's bucket is refused"):
    refused(lambda: s3.get_object(Bucket=world.foreign, Key="secret.txt"), *ELSEWHERE)
    refused(lambda: s3.list_objects_v2(Bucket=world.foreign), *ELSEWHERE)
    refused(lambda: s3.put_object(Bucket=world.foreign, Key="planted", Body=b"x"), *ELSEWHERE)
    assert world.foreign not in [b["Name"] for b in s3.list_buckets()["Buckets"]]

with check("credential_process: sessions are fetched, and fetched anew before their end"):
    process = [world.data["program"], "session", "credential-process", "--principal", world.engagement, "--engagement",
               world.engagement, "--purpose", "testing", "--for", "9m", "--data", world.data["data"]]  # fmt: skip
    (world.folder / "profile").write_text(f"[profile job]\ncredential_process = {shlex.join(process)}\n")
    os.environ["AWS_CONFIG_FILE"] = str(world.folder / "profile")
    job = boto3.Session(profile_name="job")
    renewing = job.client("s3", endpoint_url=world.endpoint, region_name=world.region, verify=world.ca)
    # SDKs renew ten minutes before the end, so a session of nine is renewed for every request.
    used = set()
    for _ in range(2):
        assert renewing.get_object(Bucket=bucket, Key="stream")["Body"].read() == NOISE[:100_000]
        used.add(job.get_credentials().get_frozen_credentials().access_key)
    assert len(used) == 2 and world.access_key not in used, used

with check("a wrong secret is refused"):
    stranger = boto3.client("s3", endpoint_url=world.endpoint, region_name=world.region, verify=world.ca,
                            aws_access_key_id=world.access_key, aws_secret_access_key="x" * 40)  # fmt: skip
    refused(lambda: stranger.list_buckets(), "SignatureDoesNotMatch")

with check("a pause stops it, and says so"):
    with world.paused():
        try:
            body("stream")
            raise AssertionError("a paused engagement gave an object")
        except ClientError as error:
            assert error.response["Error"]["Code"] == "AccessDenied", error
            assert "paused" in error.response["Error"]["Message"], error
        refused(lambda: s3.put_object(Bucket=bucket, Key="late", Body=b"x"), "paused")
        refused(lambda: s3.list_objects_v2(Bucket=bucket), "paused")
    assert eventually(lambda: body("stream")) == NOISE[:100_000]
