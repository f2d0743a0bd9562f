"""Multipart uploads."""

import hashlib

from ground import MEBIBYTE, SMALLEST_PART, Ground, keys, prefixes, refused, same


def etag_of(*parts: bytes) -> str:
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(digests).hexdigest()}-{len(parts)}"'


def begin(ground: Ground, bucket: str, key: str = "k", **settings) -> str:
    return ground.s3.create_multipart_upload(Bucket=bucket, Key=key, **settings)["UploadId"]


def complete(ground: Ground, bucket: str, upload: str, parts: list, key: str = "k", **settings) -> dict:
    listed = [{"PartNumber": number, "ETag": etag} for number, etag in parts]
    return ground.s3.complete_multipart_upload(
        Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": listed}, **settings
    )


def copy_part(ground: Ground, bucket: str, upload: str, number: int, source: str, **settings) -> str:
    answer = ground.s3.upload_part_copy(
        Bucket=bucket, Key="k", UploadId=upload, PartNumber=number, CopySource=source, **settings
    )
    return answer["CopyPartResult"]["ETag"]


def check_parts_become_the_object(ground: Ground) -> None:
    bucket, parts = ground.bucket(), (b"a" * SMALLEST_PART, b"b" * (SMALLEST_PART + 100), b"c" * 1000)
    answer = ground.upload(bucket, "k", *parts, Metadata={"foo": "bar"}, ContentType="text/bla")
    same((answer["ETag"], answer["Bucket"], answer["Key"]), (etag_of(*parts), bucket, "k"))
    assert answer["Location"].endswith(f"/{bucket}/k"), answer["Location"]
    found = ground.s3.get_object(Bucket=bucket, Key="k")
    same((found["ETag"], found["Metadata"], found["ContentType"]), (etag_of(*parts), {"foo": "bar"}, "text/bla"))
    same(found["Body"].read() == b"".join(parts), True)
    for first, last in ((0, 10), (SMALLEST_PART - 1, SMALLEST_PART), (SMALLEST_PART * 2, SMALLEST_PART * 2 + 500)):
        same(ground.read(bucket, "k", Range=f"bytes={first}-{last}") == b"".join(parts)[first : last + 1], True)


def check_one_small_part(ground: Ground) -> None:
    bucket = ground.bucket()
    same(ground.upload(bucket, "k", b"x")["ETag"], etag_of(b"x"))
    same(ground.read(bucket, "k"), b"x")


def check_nothing_is_seen_before_the_end(ground: Ground) -> None:
    bucket = ground.filled("k")
    upload = begin(ground, bucket)
    ground.part(bucket, "k", upload, 1, b"new")
    same(ground.read(bucket, "k"), b"k")
    ground.s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)
    same(ground.read(bucket, "k"), b"k")
    refused(404, "NoSuchUpload", ground.part, bucket=bucket, key="k", upload=upload, number=1, body=b"new")


def check_a_part_sent_again_replaces_the_first(ground: Ground) -> None:
    bucket = ground.bucket()
    upload = begin(ground, bucket)
    ground.part(bucket, "k", upload, 1, b"old")
    etag = ground.part(bucket, "k", upload, 1, b"new")["ETag"]
    complete(ground, bucket, upload, [(1, etag)])
    same(ground.read(bucket, "k"), b"new")


def check_any_part_numbers_in_order(ground: Ground) -> None:
    bucket = ground.bucket()
    upload = begin(ground, bucket)
    last = ground.part(bucket, "k", upload, 10000, b"b")["ETag"]
    first = ground.part(bucket, "k", upload, 3, b"a" * SMALLEST_PART)["ETag"]
    same(complete(ground, bucket, upload, [(3, first), (10000, last)])["ETag"], etag_of(b"a" * SMALLEST_PART, b"b"))


def check_part_numbers_are_bounded(ground: Ground) -> None:
    bucket = ground.bucket()
    upload = begin(ground, bucket)
    for number in (0, -1, 10001):
        answer = ground.raw("PUT", f"/{bucket}/k", query=[("partNumber", str(number)), ("uploadId", upload)], body=b"x")
        same((answer.status, answer.code), (400, "InvalidArgument"))


def check_wrong_lists(ground: Ground) -> None:
    bucket = ground.bucket()
    upload = begin(ground, bucket)
    first = ground.part(bucket, "k", upload, 1, b"a" * SMALLEST_PART)["ETag"]
    second = ground.part(bucket, "k", upload, 2, b"b")["ETag"]
    ask = {"ground": ground, "bucket": bucket, "upload": upload}
    refused(400, "InvalidPart", complete, parts=[(9999, first)], **ask)
    refused(400, "InvalidPart", complete, parts=[(1, '"ffffffffffffffffffffffffffffffff"')], **ask)
    refused(400, "InvalidPartOrder", complete, parts=[(2, second), (1, first)], **ask)
    refused(400, "InvalidPartOrder", complete, parts=[(1, first), (1, first)], **ask)
    refused(400, "MalformedXML", ground.s3.complete_multipart_upload, Bucket=bucket, Key="k", UploadId=upload)
    complete(ground, bucket, upload, [(1, first.strip('"')), (2, second)])


def check_only_the_last_part_may_be_small(ground: Ground) -> None:
    bucket = ground.bucket()
    upload = begin(ground, bucket)
    parts = [(number, ground.part(bucket, "k", upload, number, b"x" * 1024)["ETag"]) for number in (1, 2)]
    refused(400, "EntityTooSmall", complete, ground=ground, bucket=bucket, upload=upload, parts=parts)
    complete(ground, bucket, upload, parts[1:])
    same(ground.read(bucket, "k"), b"x" * 1024)


def check_unknown_uploads(ground: Ground) -> None:
    bucket = ground.bucket()
    upload = begin(ground, bucket)
    for unknown in ("abc1234def", "56788", upload[:-2] + ("AA" if not upload.endswith("AA") else "BB")):
        refused(404, "NoSuchUpload", complete, ground=ground, bucket=bucket, upload=unknown, parts=[(1, '"x"')])
        refused(404, "NoSuchUpload", ground.part, bucket=bucket, key="k", upload=unknown, number=1, body=b"x")
        refused(404, "NoSuchUpload", ground.s3.abort_multipart_upload, Bucket=bucket, Key="k", UploadId=unknown)
        refused(404, "NoSuchUpload", ground.s3.list_parts, Bucket=bucket, Key="k", UploadId=unknown)
    refused(404, "NoSuchUpload", ground.s3.list_parts, Bucket=bucket, Key="another", UploadId=upload)


def check_complete_twice(ground: Ground) -> None:
    """A client that missed the first answer asks again and gets it."""
    bucket = ground.bucket()
    upload = begin(ground, bucket)
    parts = [(1, ground.part(bucket, "k", upload, 1, b"x")["ETag"])]
    same(complete(ground, bucket, upload, parts)["ETag"], complete(ground, bucket, upload, parts)["ETag"])


def check_abort_twice(ground: Ground) -> None:
    bucket = ground.bucket()
    upload = begin(ground, bucket)
    same(
        ground.s3.abort_multipart_upload(Bucket=bucket, Key="k", UploadId=upload)["ResponseMetadata"]["HTTPStatusCode"],
        204,
    )
    refused(404, "NoSuchUpload", ground.s3.abort_multipart_upload, Bucket=bucket, Key="k", UploadId=upload)


def check_list_parts(ground: Ground) -> None:
    bucket = ground.bucket()
    upload = begin(ground, bucket)
    etags = [ground.part(bucket, "k", upload, number, b"x" * number)["ETag"] for number in (1, 2, 3)]
    answer = ground.s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)
    same(
        [(part["PartNumber"], part["ETag"], part["Size"]) for part in answer["Parts"]],
        list(zip((1, 2, 3), etags, (1, 2, 3))),
    )
    same(
        (answer["Bucket"], answer["Key"], answer["UploadId"], answer["IsTruncated"], answer["MaxParts"]),
        (bucket, "k", upload, False, 1000),
    )
    same((answer["Owner"]["ID"], answer["StorageClass"]), (ground.account.id, "STANDARD"))
    first = ground.s3.list_parts(Bucket=bucket, Key="k", UploadId=upload, MaxParts=2)
    same((len(first["Parts"]), first["IsTruncated"], first["NextPartNumberMarker"]), (2, True, 2))
    last = ground.s3.list_parts(Bucket=bucket, Key="k", UploadId=upload, PartNumberMarker=2)
    same(([part["PartNumber"] for part in last["Parts"]], last["IsTruncated"]), ([3], False))


def check_list_uploads(ground: Ground) -> None:
    bucket = ground.bucket()
    uploads = [(key, begin(ground, bucket, key)) for key in ("a", "a", "b/c", "b/d", "e")]
    found = ground.s3.list_multipart_uploads(Bucket=bucket)
    same(sorted((entry["Key"], entry["UploadId"]) for entry in found["Uploads"]), sorted(uploads))
    entry = found["Uploads"][0]
    same((entry["Owner"]["ID"], entry["StorageClass"], "Initiated" in entry), (ground.account.id, "STANDARD", True))
    same((found["Bucket"], found["IsTruncated"], found["MaxUploads"]), (bucket, False, 1000))
    rolled = ground.s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    same(([entry["Key"] for entry in rolled["Uploads"]], prefixes(rolled)), (["a", "a", "e"], ["b/"]))
    under = ground.s3.list_multipart_uploads(Bucket=bucket, Prefix="b/")
    same([entry["Key"] for entry in under["Uploads"]], ["b/c", "b/d"])
    ground.s3.abort_multipart_upload(Bucket=bucket, Key="e", UploadId=uploads[4][1])
    same(len(ground.s3.list_multipart_uploads(Bucket=bucket)["Uploads"]), 4)


def check_list_uploads_by_pages(ground: Ground) -> None:
    bucket = ground.bucket()
    uploads = sorted((key, begin(ground, bucket, key)) for key in ("a", "a", "b"))
    found, question = [], {}
    for _ in range(4):
        answer = ground.s3.list_multipart_uploads(Bucket=bucket, MaxUploads=1, **question)
        found += [(entry["Key"], entry["UploadId"]) for entry in answer["Uploads"]]
        if not answer["IsTruncated"]:
            break
        question = {"KeyMarker": answer["NextKeyMarker"], "UploadIdMarker": answer["NextUploadIdMarker"]}
    same(sorted(found), uploads)


def check_uploads_under_way_do_not_hold_a_bucket(ground: Ground) -> None:
    bucket = ground.bucket()
    begin(ground, bucket)
    ground.s3.delete_bucket(Bucket=bucket)


def check_read_by_part(ground: Ground) -> None:
    bucket, parts = ground.bucket(), (b"a" * SMALLEST_PART, b"b" * SMALLEST_PART, b"c" * MEBIBYTE)
    etag = ground.upload(bucket, "k", *parts)["ETag"]
    offset, size = 0, sum(map(len, parts))
    for number, part in enumerate(parts, 1):
        answer = ground.s3.get_object(Bucket=bucket, Key="k", PartNumber=number)
        same((answer["PartsCount"], answer["ETag"], answer["ContentLength"]), (3, etag, len(part)))
        same(answer["ContentRange"], f"bytes {offset}-{offset + len(part) - 1}/{size}")
        same((answer["ResponseMetadata"]["HTTPStatusCode"], answer["Body"].read() == part), (206, True))
        described = ground.s3.head_object(Bucket=bucket, Key="k", PartNumber=number)
        same((described["PartsCount"], described["ContentLength"]), (3, len(part)))
        offset += len(part)
    refused(416, "InvalidPartNumber", ground.s3.get_object, Bucket=bucket, Key="k", PartNumber=4)
    refused(400, "InvalidRequest", ground.s3.get_object, Bucket=bucket, Key="k", PartNumber=1, Range="bytes=0-1")


def check_read_by_part_of_a_plain_object(ground: Ground) -> None:
    bucket = ground.filled("k")
    same(ground.read(bucket, "k", PartNumber=1), b"k")
    refused(416, "InvalidPartNumber", ground.s3.get_object, Bucket=bucket, Key="k", PartNumber=2)


def check_part_copied(ground: Ground) -> None:
    bucket, content = ground.bucket(), bytes(range(256)) * 28 * 1024
    ground.s3.put_object(Bucket=bucket, Key="from", Body=content)
    upload = begin(ground, bucket)
    first = copy_part(ground, bucket, upload, 1, f"{bucket}/from", CopySourceRange=f"bytes=0-{SMALLEST_PART - 1}")
    last = copy_part(
        ground, bucket, upload, 2, f"{bucket}/from", CopySourceRange=f"bytes={SMALLEST_PART}-{len(content) - 1}"
    )
    same(first.strip('"'), hashlib.md5(content[:SMALLEST_PART]).hexdigest())
    complete(ground, bucket, upload, [(1, first), (2, last)])
    same(ground.read(bucket, "k") == content, True)


def check_part_copied_whole(ground: Ground) -> None:
    bucket = ground.filled("from")
    upload = begin(ground, bucket)
    complete(ground, bucket, upload, [(1, copy_part(ground, bucket, upload, 1, f"{bucket}/from"))])
    same(ground.read(bucket, "k"), b"from")


def check_part_copied_with_wrong_ranges(ground: Ground) -> None:
    bucket = ground.filled("from")
    ask = {"ground": ground, "bucket": bucket, "upload": begin(ground, bucket), "number": 1, "source": f"{bucket}/from"}
    for wrong in (
        "0-2",
        "bytes=0",
        "bytes=hello-world",
        "bytes=0-bar",
        "bytes=hello-",
        "bytes=0-2,3-5",
        "bytes=2-1",
        "bytes=0-",
    ):
        refused(400, "InvalidArgument", copy_part, CopySourceRange=wrong, **ask)
    refused(416, "InvalidRange", copy_part, CopySourceRange="bytes=0-21", **ask)
    ask["source"] = f"{bucket}/missing"
    refused(404, "NoSuchKey", copy_part, **ask)


def check_part_copied_of_a_version(ground: Ground) -> None:
    bucket = ground.versioned()
    old = ground.s3.put_object(Bucket=bucket, Key="from", Body=b"old")["VersionId"]
    ground.s3.put_object(Bucket=bucket, Key="from", Body=b"new")
    upload = begin(ground, bucket)
    complete(ground, bucket, upload, [(1, copy_part(ground, bucket, upload, 1, f"{bucket}/from?versionId={old}"))])
    same(ground.read(bucket, "k"), b"old")


def check_part_copied_under_conditions(ground: Ground) -> None:
    bucket = ground.filled("from")
    ask = {"ground": ground, "bucket": bucket, "upload": begin(ground, bucket), "number": 1, "source": f"{bucket}/from"}
    etag = ground.s3.head_object(Bucket=bucket, Key="from")["ETag"]
    copy_part(CopySourceIfMatch=etag, **ask)
    refused(412, "PreconditionFailed", copy_part, CopySourceIfMatch='"other"', **ask)
    refused(412, "PreconditionFailed", copy_part, CopySourceIfNoneMatch=etag, **ask)


def check_size_promised_to_complete(ground: Ground) -> None:
    bucket = ground.bucket()
    upload = begin(ground, bucket)
    parts = [(1, ground.part(bucket, "k", upload, 1, b"abc")["ETag"])]
    refused(400, "InvalidRequest", complete, ground=ground, bucket=bucket, upload=upload, parts=parts, MpuObjectSize=4)
    complete(ground, bucket, upload, parts, MpuObjectSize=3)


def check_versions(ground: Ground) -> None:
    bucket = ground.versioned()
    answer = ground.upload(bucket, "k", b"x")
    same(answer["VersionId"], ground.s3.head_object(Bucket=bucket, Key="k")["VersionId"])
    same("VersionId" in ground.upload(ground.bucket(), "k", b"x"), False)


def check_uploads_of_another_account(ground: Ground) -> None:
    bucket = ground.bucket()
    upload = begin(ground, bucket)
    refused(
        404, "NoSuchBucket", ground.other.upload_part, Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=b"x"
    )
    refused(404, "NoSuchBucket", ground.other.list_parts, Bucket=bucket, Key="k", UploadId=upload)
    refused(404, "NoSuchBucket", ground.other.abort_multipart_upload, Bucket=bucket, Key="k", UploadId=upload)
    refused(404, "NoSuchBucket", ground.other.list_multipart_uploads, Bucket=bucket)
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), [])
