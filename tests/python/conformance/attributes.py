"""GetObjectAttributes."""

from ground import SMALLEST_PART, Ground, refused, same

ALL = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]


def ask(ground: Ground, bucket: str, *attributes: str, **more) -> dict:
    return ground.s3.get_object_attributes(Bucket=bucket, Key="k", ObjectAttributes=list(attributes or ALL), **more)


def check_plain_object(ground: Ground) -> None:
    bucket = ground.bucket()
    stored = ground.s3.put_object(Bucket=bucket, Key="k", Body=b"hello world", ChecksumAlgorithm="SHA256")
    answer = ask(ground, bucket)
    same((answer["ETag"], answer["ObjectSize"], answer["StorageClass"]), (stored["ETag"].strip('"'), 11, "STANDARD"))
    same(
        (answer["Checksum"]["ChecksumSHA256"], answer["Checksum"]["ChecksumType"]),
        (stored["ChecksumSHA256"], "FULL_OBJECT"),
    )
    same(("ObjectParts" in answer, "LastModified" in answer), (False, True))


def check_only_what_was_asked_for(ground: Ground) -> None:
    bucket = ground.filled("k")
    answer = ask(ground, bucket, "ObjectSize")
    same((answer["ObjectSize"], [name for name in ALL if name in answer]), (1, ["ObjectSize"]))


def check_parts(ground: Ground) -> None:
    bucket = ground.bucket()
    bodies = [b"a" * SMALLEST_PART, b"b" * SMALLEST_PART, b"c" * 10]
    upload = ground.s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")["UploadId"]
    listed = []
    for number, body in enumerate(bodies, 1):
        part = ground.part(bucket, "k", upload, number, body, ChecksumAlgorithm="SHA256")
        listed.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]})
    ground.s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload={"Parts": listed})
    answer = ask(ground, bucket)
    parts = answer["ObjectParts"]
    same((parts["TotalPartsCount"], parts["IsTruncated"], answer["ObjectSize"]), (3, False, sum(map(len, bodies))))
    wanted = [(entry["PartNumber"], len(body), entry["ChecksumSHA256"]) for entry, body in zip(listed, bodies)]
    same([(part["PartNumber"], part["Size"], part["ChecksumSHA256"]) for part in parts["Parts"]], wanted)
    same(answer["Checksum"]["ChecksumType"], "COMPOSITE")
    first = ask(ground, bucket, "ObjectParts", MaxParts=2)["ObjectParts"]
    same((len(first["Parts"]), first["IsTruncated"], first["NextPartNumberMarker"], first["MaxParts"]), (2, True, 2, 2))
    last = ask(ground, bucket, "ObjectParts", PartNumberMarker=2)["ObjectParts"]
    same(([part["PartNumber"] for part in last["Parts"]], last["IsTruncated"]), ([3], False))


def check_versions_and_markers(ground: Ground) -> None:
    bucket = ground.versioned()
    first = ground.s3.put_object(Bucket=bucket, Key="k", Body=b"1")["VersionId"]
    ground.s3.put_object(Bucket=bucket, Key="k", Body=b"22")
    same(ask(ground, bucket, "ObjectSize")["ObjectSize"], 2)
    answer = ask(ground, bucket, "ObjectSize", VersionId=first)
    same((answer["ObjectSize"], answer["VersionId"]), (1, first))
    marker = ground.s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    refused(404, "NoSuchKey", ask, ground=ground, bucket=bucket)
    refused(405, "MethodNotAllowed", ask, ground=ground, bucket=bucket, VersionId=marker)


def check_malformed(ground: Ground) -> None:
    bucket = ground.filled("k")
    for headers in ({}, {"x-amz-object-attributes": ""}, {"x-amz-object-attributes": "Colour"}):
        ground.raw("GET", f"/{bucket}/k", query=[("attributes", "")], headers=headers).must_be(400, "InvalidArgument")
    refused(404, "NoSuchKey", ground.s3.get_object_attributes, Bucket=bucket, Key="missing", ObjectAttributes=["ETag"])
    refused(404, "NoSuchBucket", ground.other.get_object_attributes, Bucket=bucket, Key="k", ObjectAttributes=["ETag"])
