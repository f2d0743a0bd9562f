"""Reads of a part, and reads under conditions."""

import datetime

from ground import Ground, header, refused, same

CONTENT = b"testcontent"
LONG_AGO = datetime.datetime(1994, 10, 29, 19, 43, 31, tzinfo=datetime.UTC)


def stored(ground: Ground, content: bytes = CONTENT) -> dict:
    bucket = ground.bucket()
    ground.s3.put_object(Bucket=bucket, Key="k", Body=content)
    return {"Bucket": bucket, "Key": "k"}


def check_ranges(ground: Ground) -> None:
    where = stored(ground)
    for asked, content, answered in (
        ("bytes=4-7", b"cont", "bytes 4-7/11"),
        ("bytes=4-", b"content", "bytes 4-10/11"),
        ("bytes=-7", b"content", "bytes 4-10/11"),
        ("bytes=-100", CONTENT, "bytes 0-10/11"),
        ("bytes=0-0", b"t", "bytes 0-0/11"),
        ("bytes=10-100", b"t", "bytes 10-10/11"),
    ):
        answer = ground.s3.get_object(Range=asked, **where)
        same((answer["Body"].read(), answer["ContentRange"]), (content, answered))
        same((header(answer, "content-length"), answer["ResponseMetadata"]["HTTPStatusCode"]), (str(len(content)), 206))
        described = ground.s3.head_object(Range=asked, **where)
        same((described["ContentLength"], described["ResponseMetadata"]["HTTPStatusCode"]), (len(content), 206))


def check_what_is_no_range_is_ignored(ground: Ground) -> None:
    where = stored(ground)
    for asked in ("bytes=7-4", "bytes=a-b", "bytes=", "lines=0-1", "4-7", "bytes=0-1,3-4"):
        answer = ground.s3.get_object(Range=asked, **where)
        same((answer["Body"].read(), answer["ResponseMetadata"]["HTTPStatusCode"]), (CONTENT, 200))


def check_unsatisfiable(ground: Ground) -> None:
    where = stored(ground)
    for asked in ("bytes=11-", "bytes=40-50", "bytes=-0"):
        refused(416, "InvalidRange", ground.s3.get_object, Range=asked, **where)
    error = refused(416, "InvalidRange", ground.s3.get_object, Range="bytes=40-50", **where)
    same(header(error, "content-range"), "bytes */11")
    empty = stored(ground, b"")
    refused(416, "InvalidRange", ground.s3.get_object, Range="bytes=0-0", **empty)
    refused(416, "416", ground.s3.head_object, Range="bytes=0-0", **empty)


def check_ranges_across_segments(ground: Ground) -> None:
    content = bytes(range(256)) * 1024
    where = stored(ground, content)
    for first, last in ((65535, 65536), (0, 65535), (65536, 131071), (100, 200_000), (262_143, 262_143)):
        answer = ground.s3.get_object(Range=f"bytes={first}-{last}", **where)
        same(answer["Body"].read() == content[first : last + 1], True)


def check_if_match(ground: Ground) -> None:
    where = stored(ground)
    etag = ground.s3.head_object(**where)["ETag"]
    for good in (etag, etag.strip('"'), "*", f'"other", {etag}'):
        same(ground.s3.get_object(IfMatch=good, **where)["Body"].read(), CONTENT)
    refused(412, "PreconditionFailed", ground.s3.get_object, IfMatch='"other"', **where)
    refused(412, "412", ground.s3.head_object, IfMatch='"other"', **where)


def check_if_none_match(ground: Ground) -> None:
    where = stored(ground)
    etag = ground.s3.head_object(**where)["ETag"]
    same(ground.s3.get_object(IfNoneMatch='"other"', **where)["Body"].read(), CONTENT)
    error = refused(304, "304", ground.s3.get_object, IfNoneMatch=etag, **where)
    same((header(error, "etag"), "last-modified" in error["ResponseMetadata"]["HTTPHeaders"]), (etag, True))
    refused(304, "304", ground.s3.head_object, IfNoneMatch=etag, **where)
    refused(304, "304", ground.s3.get_object, IfNoneMatch="*", **where)


def check_dates(ground: Ground) -> None:
    where = stored(ground)
    modified = ground.s3.head_object(**where)["LastModified"]
    ahead = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=30)
    same(ground.s3.get_object(IfModifiedSince=LONG_AGO, **where)["Body"].read(), CONTENT)
    refused(304, "304", ground.s3.get_object, IfModifiedSince=modified, **where)
    same(ground.s3.get_object(IfUnmodifiedSince=ahead, **where)["Body"].read(), CONTENT)
    same(ground.s3.get_object(IfUnmodifiedSince=modified, **where)["Body"].read(), CONTENT)
    refused(412, "PreconditionFailed", ground.s3.get_object, IfUnmodifiedSince=LONG_AGO, **where)


def check_tags_win_over_dates(ground: Ground) -> None:
    where = stored(ground)
    described = ground.s3.head_object(**where)
    etag, modified = described["ETag"], described["LastModified"]
    same(ground.s3.get_object(IfMatch=etag, IfUnmodifiedSince=LONG_AGO, **where)["Body"].read(), CONTENT)
    refused(304, "304", ground.s3.get_object, IfNoneMatch=etag, IfModifiedSince=LONG_AGO, **where)
    same(ground.s3.get_object(IfNoneMatch='"other"', IfModifiedSince=modified, **where)["Body"].read(), CONTENT)


def check_condition_and_range(ground: Ground) -> None:
    where = stored(ground)
    etag = ground.s3.head_object(**where)["ETag"]
    same(ground.s3.get_object(IfMatch=etag, Range="bytes=0-3", **where)["Body"].read(), b"test")
    refused(412, "PreconditionFailed", ground.s3.get_object, IfMatch='"other"', Range="bytes=0-3", **where)


def check_if_range(ground: Ground) -> None:
    where = stored(ground)
    etag = ground.s3.head_object(**where)["ETag"]
    path = f"/{where['Bucket']}/{where['Key']}"
    answer = ground.raw("GET", path, headers={"range": "bytes=0-3", "if-range": etag}).must_be(206)
    same(answer.body, b"test")
    answer = ground.raw("GET", path, headers={"range": "bytes=0-3", "if-range": '"other"'}).must_be(200)
    same(answer.body, CONTENT)


def check_conditions_of_what_is_missing(ground: Ground) -> None:
    bucket = ground.bucket()
    refused(404, "NoSuchKey", ground.s3.get_object, Bucket=bucket, Key="k", IfNoneMatch="*")
    refused(404, "NoSuchKey", ground.s3.get_object, Bucket=bucket, Key="k", IfMatch='"other"')
