"""Deletes of one object and of many."""

import base64
import datetime
import hashlib

from ground import Ground, keys, refused, same

LONG_AGO = datetime.datetime(2015, 1, 1, tzinfo=datetime.UTC)


def delete(ground: Ground, bucket: str, *objects: dict, **settings) -> dict:
    return ground.s3.delete_objects(Bucket=bucket, Delete={"Objects": list(objects)} | settings)


def check_what_is_not_there(ground: Ground) -> None:
    same(ground.s3.delete_object(Bucket=ground.bucket(), Key="k")["ResponseMetadata"]["HTTPStatusCode"], 204)


def check_many(ground: Ground) -> None:
    bucket = ground.filled("a", "b", "c")
    answer = delete(ground, bucket, {"Key": "a"}, {"Key": "b"}, {"Key": "missing"})
    same(([entry["Key"] for entry in answer["Deleted"]], "Errors" in answer), (["a", "b", "missing"], False))
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), ["c"])


def check_quiet(ground: Ground) -> None:
    bucket = ground.filled("a")
    answer = delete(ground, bucket, {"Key": "a"}, Quiet=True)
    same(("Deleted" in answer, "Errors" in answer), (False, False))


def check_a_thousand_at_most(ground: Ground) -> None:
    bucket = ground.filled("0")
    many = {"Objects": [{"Key": str(number)} for number in range(1001)]}
    refused(400, "MalformedXML", ground.s3.delete_objects, Bucket=bucket, Delete=many)
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), ["0"])
    same(len(delete(ground, bucket, *({"Key": str(number)} for number in range(1000)))["Deleted"]), 1000)


def check_needs_a_digest(ground: Ground) -> None:
    bucket = ground.filled("k")
    body = b"<Delete><Object><Key>k</Key></Object></Delete>"
    ground.raw("POST", f"/{bucket}", query=[("delete", "")], body=body).must_be(400, "InvalidRequest")
    headers = {"content-md5": "rL0Y20xC+Fzt72VPzMSk2A=="}
    ground.raw("POST", f"/{bucket}", query=[("delete", "")], body=body, headers=headers).must_be(400, "BadDigest")
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), ["k"])


def check_versions_and_markers(ground: Ground) -> None:
    bucket = ground.versioned()
    version = ground.s3.put_object(Bucket=bucket, Key="k", Body=b"x")["VersionId"]
    (entry,) = delete(ground, bucket, {"Key": "k"})["Deleted"]
    same((entry["Key"], entry["DeleteMarker"], "VersionId" in entry), ("k", True, False))
    marker = entry["DeleteMarkerVersionId"]
    entries = delete(ground, bucket, {"Key": "k", "VersionId": version}, {"Key": "k", "VersionId": marker})["Deleted"]
    same(entries[0], {"Key": "k", "VersionId": version})
    same(entries[1], {"Key": "k", "VersionId": marker, "DeleteMarker": True, "DeleteMarkerVersionId": marker})
    answer = ground.s3.list_object_versions(Bucket=bucket)
    same(("Versions" in answer, "DeleteMarkers" in answer), (False, False))
    same(len(delete(ground, bucket, {"Key": "k", "VersionId": version})["Deleted"]), 1)


def check_failures_one_by_one(ground: Ground) -> None:
    bucket = ground.filled("a", "b")
    answer = delete(ground, bucket, {"Key": "a", "ETag": '"other"'}, {"Key": "b"})
    same([entry["Key"] for entry in answer["Deleted"]], ["b"])
    (error,) = answer["Errors"]
    same((error["Key"], error["Code"]), ("a", "PreconditionFailed"))
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), ["a"])


def check_conditions(ground: Ground) -> None:
    for good, bad in (
        (lambda about: {"IfMatch": about["ETag"]}, {"IfMatch": '"other"'}),
        (lambda about: {"IfMatch": "*"}, {"IfMatch": '"other"'}),
        (lambda about: {"IfMatchLastModifiedTime": about["LastModified"]}, {"IfMatchLastModifiedTime": LONG_AGO}),
        (lambda about: {"IfMatchSize": about["ContentLength"]}, {"IfMatchSize": 9999}),
    ):
        bucket = ground.filled("k")
        where = {"Bucket": bucket, "Key": "k"}
        refused(412, "PreconditionFailed", ground.s3.delete_object, **where, **bad)
        ground.s3.delete_object(**where, **good(ground.s3.head_object(**where)))
        same(keys(ground.s3.list_objects_v2(Bucket=bucket)), [])
        ground.s3.delete_object(**where, **bad)


def check_conditions_of_a_version(ground: Ground) -> None:
    bucket = ground.versioned()
    stored = ground.s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    where = {"Bucket": bucket, "Key": "k", "VersionId": stored["VersionId"]}
    ground.s3.put_object(Bucket=bucket, Key="k", Body=b"y")
    refused(412, "PreconditionFailed", ground.s3.delete_object, IfMatch='"other"', **where)
    same("DeleteMarker" in ground.s3.delete_object(IfMatch=stored["ETag"], **where), False)


def check_a_marker_matches_nothing_in_particular(ground: Ground) -> None:
    bucket = ground.versioned()
    ground.s3.put_object(Bucket=bucket, Key="k", Body=b"")
    ground.s3.delete_object(Bucket=bucket, Key="k")
    refused(412, "PreconditionFailed", ground.s3.delete_object, Bucket=bucket, Key="k", IfMatch='"other"')
    refused(412, "PreconditionFailed", ground.s3.delete_object, Bucket=bucket, Key="k", IfMatchSize=9999)


def check_malformed_documents(ground: Ground) -> None:
    bucket = ground.filled("k")
    for body in (
        b"",
        b"<Delete>",
        b"<Delete></Delete>",
        b"<Other/>",
        b"<Delete><Object></Object></Delete>",
        b"\xff\xfe",
    ):
        headers = {"content-md5": base64.b64encode(hashlib.md5(body).digest()).decode()}
        answer = ground.raw("POST", f"/{bucket}", query=[("delete", "")], body=body, headers=headers)
        assert (answer.status, answer.code) in ((400, "MalformedXML"), (400, "MissingRequestBodyError")), (
            f"{body!r}: {answer}"
        )
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), ["k"])
