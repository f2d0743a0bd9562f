"""Objects: written, read, described; their headers and metadata."""

import datetime
import hashlib

from ground import Ground, header, keys, refused, same

BAR_ETAG = '"37b51d194a7513e45b56f6524f2d51f2"'


def check_write_read_replace_delete(ground: Ground) -> None:
    bucket = ground.bucket()
    same(ground.s3.put_object(Bucket=bucket, Key="k", Body=b"bar")["ETag"], BAR_ETAG)
    same(ground.read(bucket, "k"), b"bar")
    ground.s3.put_object(Bucket=bucket, Key="k", Body=b"soup")
    same(ground.read(bucket, "k"), b"soup")
    same(ground.s3.delete_object(Bucket=bucket, Key="k")["ResponseMetadata"]["HTTPStatusCode"], 204)
    refused(404, "NoSuchKey", ground.s3.get_object, Bucket=bucket, Key="k")
    refused(404, "404", ground.s3.head_object, Bucket=bucket, Key="k")


def check_sizes_around_the_seals(ground: Ground) -> None:
    """Around what is kept in the catalog, a segment, and a window of release."""
    bucket = ground.bucket()
    for size in (0, 1, 16 * 1024 - 1, 16 * 1024, 16 * 1024 + 1, 65535, 65536, 65537, 1 << 20, (1 << 20) + 1):
        body = hashlib.sha256(b"x").digest() * (size // 32 + 1)
        answer = ground.s3.put_object(Bucket=bucket, Key="k", Body=body[:size])
        same(answer["ETag"].strip('"'), hashlib.md5(body[:size]).hexdigest())
        read = ground.s3.get_object(Bucket=bucket, Key="k")
        same((read["ContentLength"], read["Body"].read() == body[:size]), (size, True))


def check_head_tells_what_get_tells(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.s3.put_object(Bucket=bucket, Key="k", Body=b"bar", ContentType="text/plain", Metadata={"one": "1"})
    told = ("ETag", "ContentLength", "ContentType", "LastModified", "Metadata", "AcceptRanges", "ServerSideEncryption")
    got, described = ground.s3.get_object(Bucket=bucket, Key="k"), ground.s3.head_object(Bucket=bucket, Key="k")
    same({name: described.get(name) for name in told}, {name: got.get(name) for name in told})
    same((described["AcceptRanges"], described["ETag"], described["ContentLength"]), ("bytes", BAR_ETAG, 3))


def check_kept_headers(ground: Ground) -> None:
    bucket = ground.bucket()
    kept = {
        "CacheControl": "public, max-age=14400",
        "ContentDisposition": 'attachment; filename="a b.txt"',
        "ContentEncoding": "gzip",
        "ContentLanguage": "mi, en",
        "ContentType": "text/plain; charset=utf-8",
    }
    expires = datetime.datetime(2033, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    ground.s3.put_object(Bucket=bucket, Key="k", Body=b"x", Expires=expires, **kept)
    described = ground.s3.head_object(Bucket=bucket, Key="k")
    same({name: described[name] for name in kept}, kept)
    same(described["Expires"], expires)


def check_default_content_type(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.raw("PUT", f"/{bucket}/k", body=b"x").must_be(200)
    same(ground.s3.head_object(Bucket=bucket, Key="k")["ContentType"], "binary/octet-stream")


def check_framing_is_no_encoding(ground: Ground) -> None:
    bucket = ground.bucket()
    for sent, kept in (
        ("gzip", "gzip"),
        ("deflate, gzip", "deflate, gzip"),
        ("gzip, aws-chunked", "gzip"),
        ("aws-chunked, gzip", "gzip"),
        ("aws-chunked", None),
        ("aws-chunked, aws-chunked", None),
    ):
        ground.s3.put_object(Bucket=bucket, Key="k", Body=b"", ContentEncoding=sent)
        same(ground.s3.head_object(Bucket=bucket, Key="k").get("ContentEncoding"), kept)


def check_metadata(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"One": "first", "two": "", "three": "a  b"})
    found = ground.s3.get_object(Bucket=bucket, Key="k")["Metadata"]
    same((found["one"], found["two"]), ("first", ""))
    ground.s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"one": ""})
    same(ground.s3.head_object(Bucket=bucket, Key="k")["Metadata"], {"one": ""})
    ground.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    same(ground.s3.head_object(Bucket=bucket, Key="k")["Metadata"], {})


def check_metadata_beyond_two_kilobytes(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.s3.put_object(Bucket=bucket, Key="k", Body=b"x", Metadata={"name": "v" * 2044})
    refused(
        400, "MetadataTooLarge", ground.s3.put_object, Bucket=bucket, Key="k", Body=b"x", Metadata={"name": "v" * 2045}
    )


def check_storage_class(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="STANDARD")
    same("StorageClass" in ground.s3.head_object(Bucket=bucket, Key="k"), False)
    ground.s3.put_object(Bucket=bucket, Key="k", Body=b"x", StorageClass="STANDARD_IA")
    same(ground.s3.head_object(Bucket=bucket, Key="k")["StorageClass"], "STANDARD_IA")
    (entry,) = ground.s3.list_objects_v2(Bucket=bucket)["Contents"]
    same(entry["StorageClass"], "STANDARD_IA")
    refused(400, "InvalidStorageClass", ground.s3.put_object, Bucket=bucket, Key="k", Body=b"x", StorageClass="CELLAR")


def check_overridden_answers(ground: Ground) -> None:
    bucket = ground.filled("k")
    answer = ground.s3.get_object(
        Bucket=bucket,
        Key="k",
        ResponseCacheControl="no-cache",
        ResponseContentDisposition="bla",
        ResponseContentEncoding="aaa",
        ResponseContentLanguage="esperanto",
        ResponseContentType="foo/bar",
        ResponseExpires=datetime.datetime(2033, 1, 2, tzinfo=datetime.UTC),
    )
    same(
        [
            header(answer, name)
            for name in ("cache-control", "content-disposition", "content-encoding", "content-language", "content-type")
        ],
        ["no-cache", "bla", "aaa", "esperanto", "foo/bar"],
    )
    assert header(answer, "expires"), answer
    described = ground.s3.head_object(Bucket=bucket, Key="k", ResponseContentType="foo/bar")
    same(described["ContentType"], "foo/bar")


def check_error_names_request_and_resource(ground: Ground) -> None:
    bucket = ground.bucket()
    answer = ground.raw("GET", f"/{bucket}/missing").must_be(404, "NoSuchKey")
    same(answer.headers["content-type"], "application/xml")
    same(answer.xml.findtext("RequestId"), answer.headers["x-amz-request-id"])
    same(answer.xml.tag, "Error")
    assert answer.xml.findtext("Message"), answer.body


def check_errors_of_head_have_no_body(ground: Ground) -> None:
    bucket = ground.bucket()
    answer = ground.raw("HEAD", f"/{bucket}/missing").must_be(404)
    same(answer.body, b"")


def check_answers_carry_a_request_id(ground: Ground) -> None:
    bucket = ground.filled("k")
    for method, path in (
        ("GET", f"/{bucket}/k"),
        ("HEAD", f"/{bucket}"),
        ("GET", f"/{bucket}"),
        ("DELETE", f"/{bucket}/k"),
    ):
        assert ground.raw(method, path).headers.get("x-amz-request-id"), (method, path)


def check_a_read_survives_its_replacement(ground: Ground) -> None:
    """Whoever began to read the old content reads it to its end."""
    bucket, old, new = ground.bucket(), b"a" * (3 << 20), b"b" * (3 << 20)
    ground.s3.put_object(Bucket=bucket, Key="k", Body=old)
    body = ground.s3.get_object(Bucket=bucket, Key="k")["Body"]
    begun = body.read(1000)
    ground.s3.put_object(Bucket=bucket, Key="k", Body=new)
    same(begun + body.read() == old, True)
    same(ground.read(bucket, "k") == new, True)


def check_refused_write_changes_nothing(ground: Ground) -> None:
    bucket = ground.filled("k")
    refused(
        400,
        "BadDigest",
        ground.s3.put_object,
        Bucket=bucket,
        Key="k",
        Body=b"new",
        ContentMD5="rL0Y20xC+Fzt72VPzMSk2A==",
    )
    same(ground.read(bucket, "k"), b"k")
    refused(
        400,
        "BadDigest",
        ground.s3.put_object,
        Bucket=bucket,
        Key="other",
        Body=b"new",
        ContentMD5="rL0Y20xC+Fzt72VPzMSk2A==",
    )
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), ["k"])
