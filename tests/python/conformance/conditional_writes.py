"""Writes under conditions, decided when they become visible."""

import threading

from ground import Ground, keys, refused, same


def put(ground: Ground, bucket: str, body: bytes = b"new", **condition) -> dict:
    return ground.s3.put_object(Bucket=bucket, Key="k", Body=body, **condition)


def finish(ground: Ground, bucket: str, body: bytes = b"new", **condition) -> dict:
    return ground.upload(bucket, "k", body, complete=condition)


def conditions_hold(ground: Ground, write) -> None:
    """What holds for every way to write a whole object."""
    bucket = ground.bucket()
    for condition in ({"IfMatch": "*"}, {"IfMatch": '"other"'}):
        refused(404, "NoSuchKey", write, ground=ground, bucket=bucket, **condition)
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), [])
    etag = write(ground, bucket, b"first", IfNoneMatch="*")["ETag"]
    refused(412, "PreconditionFailed", write, ground=ground, bucket=bucket, IfNoneMatch="*")
    refused(412, "PreconditionFailed", write, ground=ground, bucket=bucket, IfMatch='"other"')
    same(ground.read(bucket, "k"), b"first")
    etag = write(ground, bucket, b"second", IfMatch=etag)["ETag"]
    etag = write(ground, bucket, b"third", IfMatch=etag.strip('"'))["ETag"]
    write(ground, bucket, b"fourth", IfMatch="*")
    refused(412, "PreconditionFailed", write, ground=ground, bucket=bucket, IfMatch=etag)
    same(ground.read(bucket, "k"), b"fourth")
    ground.s3.delete_object(Bucket=bucket, Key="k")
    refused(404, "NoSuchKey", write, ground=ground, bucket=bucket, IfMatch="*")


def check_put(ground: Ground) -> None:
    conditions_hold(ground, put)


def check_complete(ground: Ground) -> None:
    conditions_hold(ground, finish)


def check_none_of_a_tag(ground: Ground) -> None:
    """An extension of S3's rule that several servers share: any other content may be replaced."""
    for write in (put, finish):
        bucket = ground.bucket()
        etag = write(ground, bucket, b"first")["ETag"]
        refused(412, "PreconditionFailed", write, ground=ground, bucket=bucket, IfNoneMatch=etag)
        write(ground, bucket, b"second", IfNoneMatch=etag.replace("-1", "-2") if "-" in etag else '"other"')
        same(ground.read(bucket, "k"), b"second")


def check_a_marker_is_nothing_to_match(ground: Ground) -> None:
    bucket = ground.versioned()
    put(ground, bucket, IfNoneMatch="*")
    refused(412, "PreconditionFailed", put, ground=ground, bucket=bucket, IfNoneMatch="*")
    ground.s3.delete_object(Bucket=bucket, Key="k")
    refused(404, "NoSuchKey", put, ground=ground, bucket=bucket, IfMatch="*")
    put(ground, bucket, b"again", IfNoneMatch="*")
    same(ground.read(bucket, "k"), b"again")


def check_only_the_current_version_is_matched(ground: Ground) -> None:
    bucket = ground.versioned()
    first = put(ground, bucket, b"first")["ETag"]
    second = put(ground, bucket, b"second")["ETag"]
    refused(412, "PreconditionFailed", put, ground=ground, bucket=bucket, IfMatch=first)
    put(ground, bucket, b"third", IfMatch=second)


def check_one_of_many_creators_wins(ground: Ground) -> None:
    bucket, won, lost = ground.bucket(), [], []

    def create(number: int) -> None:
        try:
            put(ground, bucket, b"%d" % number, IfNoneMatch="*")
            won.append(b"%d" % number)
        except Exception as error:
            lost.append(error.response["Error"]["Code"])

    threads = [threading.Thread(target=create, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same((len(won), set(lost) <= {"PreconditionFailed", "ConditionalRequestConflict"}), (1, True))
    same(ground.read(bucket, "k"), won[0])


def check_condition_is_judged_at_the_end(ground: Ground) -> None:
    """An object that appears while a multipart upload is under way counts."""
    bucket = ground.bucket()
    upload = ground.s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    etag = ground.part(bucket, "k", upload, 1, b"late")["ETag"]
    put(ground, bucket, b"early")
    refused(
        412,
        "PreconditionFailed",
        ground.s3.complete_multipart_upload,
        Bucket=bucket,
        Key="k",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]},
        IfNoneMatch="*",
    )
    same(ground.read(bucket, "k"), b"early")


def check_conditions_that_contradict(ground: Ground) -> None:
    bucket = ground.filled("k")
    for condition in ({"if-match": "*", "if-none-match": "*"}, {"if-none-match": '"a", "b"'}):
        answer = ground.raw("PUT", f"/{bucket}/k", headers=condition, body=b"x")
        assert answer.status in (400, 501), answer
    same(ground.read(bucket, "k"), b"k")
