"""Tags of buckets and of objects."""

from ground import Ground, header, refused, same


def tags(*pairs: tuple[str, str]) -> dict:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in pairs]}


def numbered(count: int) -> dict:
    return tags(*((str(number), str(number)) for number in range(count)))


def check_tags_of_a_bucket(ground: Ground) -> None:
    bucket = ground.bucket()
    refused(404, "NoSuchTagSet", ground.s3.get_bucket_tagging, Bucket=bucket)
    for wanted in (tags(("Hello", "World")), tags(("a", "1"), ("b", "")), numbered(50)):
        ground.s3.put_bucket_tagging(Bucket=bucket, Tagging=wanted)
        found = ground.s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
        same(sorted(found, key=str), sorted(wanted["TagSet"], key=str))
    same(ground.s3.delete_bucket_tagging(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"], 204)
    refused(404, "NoSuchTagSet", ground.s3.get_bucket_tagging, Bucket=bucket)


def check_malformed_tags_of_a_bucket(ground: Ground) -> None:
    bucket = ground.bucket()
    for wrong in (tags(("a", "1"), ("a", "2")), tags(("k" * 129, "v")), tags(("k", "v" * 257)), tags(("aws:k", "v"))):
        refused(400, "InvalidTag", ground.s3.put_bucket_tagging, Bucket=bucket, Tagging=wrong)
    not_taken(ground.s3.put_bucket_tagging, Bucket=bucket, Tagging=numbered(51))
    refused(404, "NoSuchTagSet", ground.s3.get_bucket_tagging, Bucket=bucket)


def not_taken(call, **arguments) -> None:
    """Too many tags, which S3 refuses under one of two codes."""
    try:
        call(**arguments)
    except call.__self__.exceptions.ClientError as error:
        same(error.response["ResponseMetadata"]["HTTPStatusCode"], 400)
        assert error.response["Error"]["Code"] in ("BadRequest", "InvalidTag"), error
    else:
        raise AssertionError("too many tags were taken")


def check_tags_of_an_object(ground: Ground) -> None:
    bucket = ground.filled("k")
    where = {"Bucket": bucket, "Key": "k"}
    same(ground.s3.get_object_tagging(**where)["TagSet"], [])
    for wanted in (
        tags(("key", "val"), ("key2", "val2")),
        tags(("key3", "")),
        numbered(10),
        tags(("a b+c:/=@-_.", "ü")),
    ):
        ground.s3.put_object_tagging(Tagging=wanted, **where)
        same(ground.s3.get_object_tagging(**where)["TagSet"], wanted["TagSet"])
        same(header(ground.s3.head_object(**where), "x-amz-tagging-count"), str(len(wanted["TagSet"])))
        same(ground.s3.get_object(**where)["TagCount"], len(wanted["TagSet"]))
    same(ground.s3.delete_object_tagging(**where)["ResponseMetadata"]["HTTPStatusCode"], 204)
    same(ground.s3.get_object_tagging(**where)["TagSet"], [])
    same(header(ground.s3.head_object(**where), "x-amz-tagging-count"), None)
    same(ground.read(bucket, "k"), b"k")


def check_longest_tags(ground: Ground) -> None:
    where = {"Bucket": ground.filled("k"), "Key": "k"}
    wanted = tags(*((f"{number}" + "k" * 127, "v" * 256) for number in range(10)))
    ground.s3.put_object_tagging(Tagging=wanted, **where)
    same(ground.s3.get_object_tagging(**where)["TagSet"], wanted["TagSet"])


def check_malformed_tags_of_an_object(ground: Ground) -> None:
    where = {"Bucket": ground.filled("k"), "Key": "k"}
    for wrong in (
        tags(("k" * 129, "v")),
        tags(("k", "v" * 257)),
        tags(("a", "1"), ("a", "2")),
        tags(("aws:k", "v")),
        tags(("k", "<")),
    ):
        refused(400, "InvalidTag", ground.s3.put_object_tagging, Tagging=wrong, **where)
    not_taken(ground.s3.put_object_tagging, Tagging=numbered(11), **where)
    same(ground.s3.get_object_tagging(**where)["TagSet"], [])


def check_in_the_header_of_a_write(ground: Ground) -> None:
    bucket = ground.bucket()
    where = {"Bucket": bucket, "Key": "k"}
    ground.s3.put_object(Body=b"x", Tagging="foo=bar&bar&a%20b=c%2Bd", **where)
    same(ground.s3.get_object_tagging(**where)["TagSet"], tags(("a b", "c+d"), ("bar", ""), ("foo", "bar"))["TagSet"])
    ground.s3.put_object(Body=b"y", **where)
    same(ground.s3.get_object_tagging(**where)["TagSet"], [])
    not_taken(ground.s3.put_object, Body=b"z", Tagging="&".join(f"{n}={n}" for n in range(11)), **where)
    refused(400, "InvalidArgument", ground.s3.put_object, Body=b"z", Tagging="a=1&a=2", **where)
    same(ground.read(bucket, "k"), b"y")


def check_of_a_multipart_upload(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.upload(bucket, "k", b"x", Tagging="Hello=World&foo=bar")
    same(
        ground.s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"],
        tags(("Hello", "World"), ("foo", "bar"))["TagSet"],
    )


def check_of_a_copy(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.s3.put_object(Bucket=bucket, Key="from", Body=b"x", Tagging="a=1")
    source, to = {"Bucket": bucket, "Key": "from"}, {"Bucket": bucket, "Key": "to"}
    ground.s3.copy_object(CopySource=source, **to)
    same(ground.s3.get_object_tagging(**to)["TagSet"], tags(("a", "1"))["TagSet"])
    ground.s3.copy_object(CopySource=source, TaggingDirective="REPLACE", Tagging="b=2", **to)
    same(ground.s3.get_object_tagging(**to)["TagSet"], tags(("b", "2"))["TagSet"])
    ground.s3.copy_object(CopySource=source, TaggingDirective="REPLACE", **to)
    same(ground.s3.get_object_tagging(**to)["TagSet"], [])


def check_of_a_version(ground: Ground) -> None:
    bucket = ground.versioned()
    first, second = (ground.s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"] for _ in range(2))
    answer = ground.s3.put_object_tagging(Bucket=bucket, Key="k", VersionId=first, Tagging=tags(("a", "1")))
    same(answer["VersionId"], first)
    same(ground.s3.get_object_tagging(Bucket=bucket, Key="k", VersionId=first)["TagSet"], tags(("a", "1"))["TagSet"])
    answer = ground.s3.get_object_tagging(Bucket=bucket, Key="k")
    same((answer["TagSet"], answer["VersionId"]), ([], second))
    marker = ground.s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    refused(405, "MethodNotAllowed", ground.s3.get_object_tagging, Bucket=bucket, Key="k", VersionId=marker)


def check_of_what_is_missing(ground: Ground) -> None:
    where = {"Bucket": ground.bucket(), "Key": "k"}
    refused(404, "NoSuchKey", ground.s3.get_object_tagging, **where)
    refused(404, "NoSuchKey", ground.s3.put_object_tagging, Tagging=tags(("a", "1")), **where)
    refused(404, "NoSuchKey", ground.s3.delete_object_tagging, **where)


def check_of_another_account(ground: Ground) -> None:
    where = {"Bucket": ground.filled("k"), "Key": "k"}
    refused(404, "NoSuchBucket", ground.other.get_object_tagging, **where)
    refused(404, "NoSuchBucket", ground.other.put_object_tagging, Tagging=tags(("a", "1")), **where)
    refused(404, "NoSuchBucket", ground.other.put_bucket_tagging, Bucket=where["Bucket"], Tagging=tags(("a", "1")))
