"""Buckets: created, found, listed, located, deleted."""

import datetime

from ground import Ground, header, refused, same


def check_created_bucket_is_there_and_empty(ground: Ground) -> None:
    bucket = ground.name()
    answer = ground.s3.create_bucket(Bucket=bucket)
    same(answer["Location"], f"/{bucket}")
    same(ground.s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"], 200)
    same("Contents" in ground.s3.list_objects_v2(Bucket=bucket), False)


def check_head_tells_the_region(ground: Ground) -> None:
    same(header(ground.s3.head_bucket(Bucket=ground.bucket()), "x-amz-bucket-region"), "us-east-1")


def check_missing_bucket(ground: Ground) -> None:
    bucket = ground.name()
    refused(404, "404", ground.s3.head_bucket, Bucket=bucket)
    refused(404, "NoSuchBucket", ground.s3.list_objects, Bucket=bucket)
    refused(404, "NoSuchBucket", ground.s3.list_objects_v2, Bucket=bucket)
    refused(404, "NoSuchBucket", ground.s3.list_object_versions, Bucket=bucket)
    refused(404, "NoSuchBucket", ground.s3.list_multipart_uploads, Bucket=bucket)
    refused(404, "NoSuchBucket", ground.s3.delete_bucket, Bucket=bucket)
    refused(404, "NoSuchBucket", ground.s3.get_bucket_location, Bucket=bucket)
    refused(404, "NoSuchBucket", ground.s3.get_bucket_versioning, Bucket=bucket)
    refused(404, "NoSuchBucket", ground.s3.put_object, Bucket=bucket, Key="k", Body=b"x")
    refused(404, "NoSuchBucket", ground.s3.get_object, Bucket=bucket, Key="k")
    refused(404, "NoSuchBucket", ground.s3.delete_object, Bucket=bucket, Key="k")
    refused(404, "NoSuchBucket", ground.s3.create_multipart_upload, Bucket=bucket, Key="k")


def check_delete_then_gone(ground: Ground) -> None:
    bucket = ground.bucket()
    same(ground.s3.delete_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"], 204)
    refused(404, "NoSuchBucket", ground.s3.delete_bucket, Bucket=bucket)


def check_name_is_free_again_after_delete(ground: Ground) -> None:
    bucket = ground.filled("old")
    ground.s3.delete_object(Bucket=bucket, Key="old")
    ground.s3.delete_bucket(Bucket=bucket)
    ground.s3.create_bucket(Bucket=bucket)
    same("Contents" in ground.s3.list_objects_v2(Bucket=bucket), False)


def check_not_empty(ground: Ground) -> None:
    refused(409, "BucketNotEmpty", ground.s3.delete_bucket, Bucket=ground.filled("k"))


def check_not_empty_while_old_versions_remain(ground: Ground) -> None:
    bucket = ground.versioned()
    version = ground.s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    marker = ground.s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    refused(409, "BucketNotEmpty", ground.s3.delete_bucket, Bucket=bucket)
    ground.s3.delete_object(Bucket=bucket, Key="k", VersionId=version)
    refused(409, "BucketNotEmpty", ground.s3.delete_bucket, Bucket=bucket)
    ground.s3.delete_object(Bucket=bucket, Key="k", VersionId=marker)
    ground.s3.delete_bucket(Bucket=bucket)


def check_own_bucket_created_again_in_the_oldest_region(ground: Ground) -> None:
    """S3 in us-east-1 answers 200, and the content stays."""
    bucket = ground.filled("k")
    ground.s3.create_bucket(Bucket=bucket)
    same(ground.read(bucket, "k"), b"k")


def check_name_taken_by_another(ground: Ground) -> None:
    refused(409, "BucketAlreadyExists", ground.other.create_bucket, Bucket=ground.bucket())


def check_another_account_sees_and_reaches_nothing(ground: Ground) -> None:
    """Where S3 says `AccessDenied`, nobody of one engagement learns here that another's bucket exists."""
    bucket = ground.filled("k")
    refused(404, "404", ground.other.head_bucket, Bucket=bucket)
    refused(404, "NoSuchBucket", ground.other.list_objects_v2, Bucket=bucket)
    refused(404, "NoSuchBucket", ground.other.list_objects, Bucket=bucket)
    refused(404, "NoSuchBucket", ground.other.get_object, Bucket=bucket, Key="k")
    refused(404, "NoSuchBucket", ground.other.put_object, Bucket=bucket, Key="k", Body=b"theirs")
    refused(404, "NoSuchBucket", ground.other.delete_object, Bucket=bucket, Key="k")
    refused(404, "NoSuchBucket", ground.other.delete_bucket, Bucket=bucket)
    refused(404, "NoSuchBucket", ground.other.get_bucket_location, Bucket=bucket)
    refused(404, "NoSuchBucket", ground.other.get_bucket_acl, Bucket=bucket)
    same(bucket in [entry["Name"] for entry in ground.other.list_buckets()["Buckets"]], False)
    same(ground.read(bucket, "k"), b"k")


def check_listed_with_owner_and_time(ground: Ground) -> None:
    before = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=5)
    bucket = ground.bucket()
    answer = ground.s3.list_buckets()
    entry = next(entry for entry in answer["Buckets"] if entry["Name"] == bucket)
    assert before < entry["CreationDate"], entry
    same(answer["Owner"]["ID"], ground.account.id)
    names = [entry["Name"] for entry in answer["Buckets"]]
    same(names, sorted(names))


def check_list_by_pages(ground: Ground) -> None:
    stem = ground.name()
    wanted = [f"{stem}-{letter}" for letter in "abc"]
    for name in wanted:
        ground.s3.create_bucket(Bucket=name)
    first = ground.s3.list_buckets(Prefix=stem, MaxBuckets=2)
    same([entry["Name"] for entry in first["Buckets"]], wanted[:2])
    same(first["Prefix"], stem)
    last = ground.s3.list_buckets(Prefix=stem, MaxBuckets=2, ContinuationToken=first["ContinuationToken"])
    same([entry["Name"] for entry in last["Buckets"]], wanted[2:])
    same("ContinuationToken" in last, False)


def check_location_of_the_oldest_region_is_empty(ground: Ground) -> None:
    same(ground.s3.get_bucket_location(Bucket=ground.bucket())["LocationConstraint"], None)


def check_versioning_is_unset_at_first(ground: Ground) -> None:
    answer = ground.s3.get_bucket_versioning(Bucket=ground.bucket())
    same("Status" in answer, False)


def check_expected_owner(ground: Ground) -> None:
    bucket = ground.filled("k")
    ground.s3.head_object(Bucket=bucket, Key="k", ExpectedBucketOwner=ground.account.id)
    wrong = {"ExpectedBucketOwner": ground.other_account.id}
    refused(403, "403", ground.s3.head_bucket, Bucket=bucket, **wrong)
    refused(403, "AccessDenied", ground.s3.list_objects_v2, Bucket=bucket, **wrong)
    refused(403, "AccessDenied", ground.s3.put_object, Bucket=bucket, Key="k", Body=b"x", **wrong)
    refused(403, "AccessDenied", ground.s3.get_object, Bucket=bucket, Key="k", **wrong)
    same(ground.read(bucket, "k"), b"k")
