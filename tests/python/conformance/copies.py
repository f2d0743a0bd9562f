"""CopyObject."""

import datetime
import hashlib

from ground import MEBIBYTE, SMALLEST_PART, Ground, header, refused, same

LONG_AGO = datetime.datetime(1994, 10, 29, tzinfo=datetime.UTC)


def copy(ground: Ground, bucket: str, key: str, source: dict | str, **settings) -> dict:
    return ground.s3.copy_object(Bucket=bucket, Key=key, CopySource=source, **settings)


def check_within_and_between_buckets(ground: Ground) -> None:
    bucket, other = ground.bucket(), ground.bucket()
    for body in (b"", b"foo", b"x" * (MEBIBYTE + 1)):
        ground.s3.put_object(Bucket=bucket, Key="from", Body=body)
        answer = copy(ground, bucket, "to", {"Bucket": bucket, "Key": "from"})
        same(answer["CopyObjectResult"]["ETag"].strip('"'), hashlib.md5(body).hexdigest())
        assert abs(datetime.datetime.now(datetime.UTC) - answer["CopyObjectResult"]["LastModified"]).seconds < 300
        copy(ground, other, "to", {"Bucket": bucket, "Key": "from"})
        same((ground.read(bucket, "to") == body, ground.read(other, "to") == body), (True, True))


def check_source_may_begin_with_a_slash(ground: Ground) -> None:
    bucket = ground.filled("a b+c")
    for source in (f"{bucket}/a%20b%2Bc", f"/{bucket}/a%20b%2Bc"):
        ground.raw("PUT", f"/{bucket}/to", headers={"x-amz-copy-source": source}).must_be(200)
        same(ground.read(bucket, "to"), b"a b+c")


def check_unusual_names(ground: Ground) -> None:
    bucket = ground.bucket()
    for key in (" ", "_", "?versionId", "a?b", "a&b", "ü", "a%20b", "+"):
        ground.s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
        copy(ground, bucket, "to", {"Bucket": bucket, "Key": key})
        same(ground.read(bucket, "to"), key.encode())


def check_metadata_goes_along(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.s3.put_object(
        Bucket=bucket,
        Key="from",
        Body=b"x",
        Metadata={"key1": "value1"},
        ContentType="audio/ogg",
        CacheControl="no-store",
    )
    copy(ground, bucket, "to", {"Bucket": bucket, "Key": "from"})
    found = ground.s3.head_object(Bucket=bucket, Key="to")
    same(
        (found["Metadata"], found["ContentType"], found["CacheControl"]), ({"key1": "value1"}, "audio/ogg", "no-store")
    )


def check_metadata_is_replaced(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.s3.put_object(
        Bucket=bucket,
        Key="from",
        Body=b"x",
        Metadata={"key1": "value1"},
        ContentType="audio/ogg",
        CacheControl="no-store",
    )
    source = {"Bucket": bucket, "Key": "from"}
    copy(
        ground, bucket, "to", source, MetadataDirective="REPLACE", Metadata={"key3": "value3"}, ContentType="audio/mpeg"
    )
    found = ground.s3.head_object(Bucket=bucket, Key="to")
    same((found["Metadata"], found["ContentType"], "CacheControl" in found), ({"key3": "value3"}, "audio/mpeg", False))
    copy(ground, bucket, "to", source, Metadata={"key3": "value3"})
    same(ground.s3.head_object(Bucket=bucket, Key="to")["Metadata"], {"key1": "value1"})
    refused(
        400, "InvalidArgument", copy, ground=ground, bucket=bucket, key="to", source=source, MetadataDirective="MERGE"
    )


def check_onto_itself(ground: Ground) -> None:
    bucket = ground.filled("k")
    source = {"Bucket": bucket, "Key": "k"}
    refused(400, "InvalidRequest", copy, ground=ground, bucket=bucket, key="k", source=source)
    copy(ground, bucket, "k", source, MetadataDirective="REPLACE", Metadata={"foo": "bar"})
    same((ground.read(bucket, "k"), ground.s3.head_object(**source)["Metadata"]), (b"k", {"foo": "bar"}))
    copy(ground, bucket, "k", source, StorageClass="STANDARD_IA")
    same(ground.s3.head_object(**source)["StorageClass"], "STANDARD_IA")


def check_missing_source(ground: Ground) -> None:
    bucket = ground.filled("k")
    ask = {"ground": ground, "bucket": bucket, "key": "to"}
    refused(404, "NoSuchKey", copy, source={"Bucket": bucket, "Key": "from"}, **ask)
    refused(404, "NoSuchBucket", copy, source={"Bucket": ground.name(), "Key": "from"}, **ask)
    ask["bucket"] = ground.name()
    refused(404, "NoSuchBucket", copy, source={"Bucket": bucket, "Key": "k"}, **ask)


def check_malformed_source(ground: Ground) -> None:
    bucket = ground.bucket()
    for source in ("", "/", "nothing", f"{bucket}/", f"{bucket}/%zz"):
        answer = ground.raw("PUT", f"/{bucket}/to", headers={"x-amz-copy-source": source})
        same((answer.status, answer.code), (400, "InvalidArgument"))


def check_another_accounts_source(ground: Ground) -> None:
    bucket, theirs = ground.filled("k"), ground.name()
    ground.other.create_bucket(Bucket=theirs)
    refused(
        404,
        "NoSuchBucket",
        ground.other.copy_object,
        Bucket=theirs,
        Key="to",
        CopySource={"Bucket": bucket, "Key": "k"},
    )
    refused(404, "NoSuchBucket", copy, ground=ground, bucket=theirs, key="to", source={"Bucket": bucket, "Key": "k"})


def check_versions(ground: Ground) -> None:
    bucket, plain = ground.versioned(), ground.bucket()
    versions = [ground.s3.put_object(Bucket=bucket, Key="k", Body=b"%d" % number)["VersionId"] for number in range(3)]
    for number, version in enumerate(versions):
        answer = copy(ground, plain, "to", {"Bucket": bucket, "Key": "k", "VersionId": version})
        same((answer["CopySourceVersionId"], "VersionId" in answer), (version, False))
        same(ground.read(plain, "to"), b"%d" % number)
    answer = copy(ground, bucket, "to", {"Bucket": bucket, "Key": "k"})
    same(answer["CopySourceVersionId"], versions[-1])
    same(answer["VersionId"], ground.s3.head_object(Bucket=bucket, Key="to")["VersionId"])
    copy(ground, bucket, "k", {"Bucket": bucket, "Key": "k", "VersionId": versions[0]})
    same(ground.read(bucket, "k"), b"0")


def check_a_marker_is_no_source(ground: Ground) -> None:
    bucket = ground.versioned()
    ground.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    marker = ground.s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    refused(404, "NoSuchKey", copy, ground=ground, bucket=bucket, key="to", source={"Bucket": bucket, "Key": "k"})
    refused(
        400,
        "InvalidRequest",
        copy,
        ground=ground,
        bucket=bucket,
        key="to",
        source={"Bucket": bucket, "Key": "k", "VersionId": marker},
    )


def check_conditions(ground: Ground) -> None:
    bucket = ground.filled("k")
    described = ground.s3.head_object(Bucket=bucket, Key="k")
    etag, modified = described["ETag"], described["LastModified"]
    source = f"{bucket}/k"
    for good in (
        {"CopySourceIfMatch": etag},
        {"CopySourceIfNoneMatch": '"other"'},
        {"CopySourceIfModifiedSince": LONG_AGO},
        {"CopySourceIfUnmodifiedSince": modified},
        {"CopySourceIfMatch": etag, "CopySourceIfUnmodifiedSince": LONG_AGO},
    ):
        copy(ground, bucket, "to", source, **good)
    for bad in (
        {"CopySourceIfMatch": '"other"'},
        {"CopySourceIfNoneMatch": etag},
        {"CopySourceIfModifiedSince": modified},
        {"CopySourceIfUnmodifiedSince": LONG_AGO},
        {"CopySourceIfNoneMatch": etag, "CopySourceIfModifiedSince": LONG_AGO},
    ):
        refused(412, "PreconditionFailed", copy, ground=ground, bucket=bucket, key="to", source=source, **bad)


def check_multipart_objects(ground: Ground) -> None:
    bucket, parts = ground.bucket(), (b"a" * SMALLEST_PART, b"b" * 1000)
    ground.upload(bucket, "from", *parts, Metadata={"foo": "bar"}, ContentType="text/bla")
    answer = copy(ground, bucket, "to", {"Bucket": bucket, "Key": "from"})
    same(answer["CopyObjectResult"]["ETag"].strip('"'), hashlib.md5(b"".join(parts)).hexdigest())
    found = ground.s3.get_object(Bucket=bucket, Key="to")
    same(
        (found["Metadata"], found["ContentType"], found["Body"].read() == b"".join(parts)),
        ({"foo": "bar"}, "text/bla", True),
    )


def check_checksum_of_the_copy(ground: Ground) -> None:
    bucket = ground.bucket()
    sent = ground.s3.put_object(Bucket=bucket, Key="from", Body=b"hello world", ChecksumAlgorithm="SHA256")[
        "ChecksumSHA256"
    ]
    source = {"Bucket": bucket, "Key": "from"}
    same(copy(ground, bucket, "to", source)["CopyObjectResult"]["ChecksumSHA256"], sent)
    same(copy(ground, bucket, "to", source, ChecksumAlgorithm="CRC32")["CopyObjectResult"]["ChecksumCRC32"], "DUoRhQ==")


def check_private_and_sealed(ground: Ground) -> None:
    bucket = ground.filled("k")
    answer = copy(ground, bucket, "to", f"{bucket}/k", ACL="private", ServerSideEncryption="AES256")
    same(header(answer, "x-amz-server-side-encryption"), "AES256")
