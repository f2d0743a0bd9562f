"""Versioning: enabled, suspended, the null version, delete markers."""

import threading

from ground import Ground, header, keys, refused, same


def put(ground: Ground, bucket: str, body: bytes, key: str = "k") -> str | None:
    return ground.s3.put_object(Bucket=bucket, Key=key, Body=body).get("VersionId")


def delete(ground: Ground, bucket: str, version: str | None = None, key: str = "k") -> dict:
    return ground.s3.delete_object(Bucket=bucket, Key=key, **({"VersionId": version} if version else {}))


def versions(ground: Ground, bucket: str) -> list[tuple[str, bool]]:
    """Ids of versions and markers, and whether each is the latest."""
    answer = ground.s3.list_object_versions(Bucket=bucket)
    return [
        (entry["VersionId"], entry["IsLatest"])
        for entry in answer.get("Versions", []) + answer.get("DeleteMarkers", [])
    ]


def check_states(ground: Ground) -> None:
    bucket = ground.bucket()
    same("Status" in ground.s3.get_bucket_versioning(Bucket=bucket), False)
    for status in ("Suspended", "Enabled", "Enabled", "Suspended"):
        ground.set_versioning(bucket, status)
        same(ground.s3.get_bucket_versioning(Bucket=bucket)["Status"], status)


def check_malformed_states(ground: Ground) -> None:
    bucket = ground.bucket()
    for status in ("Off", "enabled", ""):
        refused(
            400,
            "MalformedXML",
            ground.s3.put_bucket_versioning,
            Bucket=bucket,
            VersioningConfiguration={"Status": status},
        )
    same("Status" in ground.s3.get_bucket_versioning(Bucket=bucket), False)


def check_every_write_is_a_version(ground: Ground) -> None:
    bucket = ground.versioned()
    ids = [put(ground, bucket, b"%d" % number) for number in range(4)]
    same(len(set(ids)), 4)
    for number, version in enumerate(ids):
        answer = ground.s3.get_object(Bucket=bucket, Key="k", VersionId=version)
        same((answer["Body"].read(), answer["VersionId"]), (b"%d" % number, version))
    answer = ground.s3.get_object(Bucket=bucket, Key="k")
    same((answer["Body"].read(), answer["VersionId"]), (b"3", ids[3]))
    same(versions(ground, bucket), [(ids[3], True), (ids[2], False), (ids[1], False), (ids[0], False)])


def check_no_ids_without_versioning(ground: Ground) -> None:
    bucket = ground.bucket()
    same((put(ground, bucket, b"x"), "VersionId" in ground.s3.head_object(Bucket=bucket, Key="k")), (None, False))
    ground.set_versioning(bucket, "Suspended")
    same(put(ground, bucket, b"y"), None)
    same(ground.s3.head_object(Bucket=bucket, Key="k")["VersionId"], "null")


def check_marker(ground: Ground) -> None:
    bucket = ground.versioned()
    version = put(ground, bucket, b"x")
    answer = delete(ground, bucket)
    same(answer["DeleteMarker"], True)
    marker = answer["VersionId"]
    error = refused(404, "NoSuchKey", ground.s3.get_object, Bucket=bucket, Key="k")
    same((header(error, "x-amz-delete-marker"), header(error, "x-amz-version-id")), ("true", marker))
    error = refused(404, "404", ground.s3.head_object, Bucket=bucket, Key="k")
    same(header(error, "x-amz-delete-marker"), "true")
    error = refused(405, "MethodNotAllowed", ground.s3.get_object, Bucket=bucket, Key="k", VersionId=marker)
    same((header(error, "x-amz-delete-marker"), header(error, "allow")), ("true", "DELETE"))
    refused(405, "405", ground.s3.head_object, Bucket=bucket, Key="k", VersionId=marker)
    same(ground.read(bucket, "k", VersionId=version), b"x")


def check_markers_stack(ground: Ground) -> None:
    bucket = ground.versioned()
    put(ground, bucket, b"x")
    for _ in range(3):
        delete(ground, bucket)
    answer = ground.s3.list_object_versions(Bucket=bucket)
    same((len(answer["Versions"]), len(answer["DeleteMarkers"])), (1, 3))


def check_marker_of_a_key_that_never_was(ground: Ground) -> None:
    bucket = ground.versioned()
    same(delete(ground, bucket)["DeleteMarker"], True)
    same(len(ground.s3.list_object_versions(Bucket=bucket)["DeleteMarkers"]), 1)


def check_removing_a_marker_brings_the_object_back(ground: Ground) -> None:
    bucket = ground.versioned()
    version = put(ground, bucket, b"x")
    marker = delete(ground, bucket)["VersionId"]
    answer = delete(ground, bucket, marker)
    same((answer["DeleteMarker"], answer["VersionId"]), (True, marker))
    same((ground.read(bucket, "k"), versions(ground, bucket)), (b"x", [(version, True)]))


def check_removing_the_latest_uncovers_the_one_before(ground: Ground) -> None:
    bucket = ground.versioned()
    ids = [put(ground, bucket, b"%d" % number) for number in range(3)]
    answer = delete(ground, bucket, ids[2])
    same((answer["VersionId"], "DeleteMarker" in answer), (ids[2], False))
    same(ground.read(bucket, "k"), b"1")
    delete(ground, bucket, ids[0])
    same(versions(ground, bucket), [(ids[1], True)])
    delete(ground, bucket, ids[1])
    refused(404, "NoSuchKey", ground.s3.get_object, Bucket=bucket, Key="k")
    same(versions(ground, bucket), [])


def check_removed_versions_are_gone(ground: Ground) -> None:
    bucket = ground.versioned()
    version = put(ground, bucket, b"x")
    put(ground, bucket, b"y")
    delete(ground, bucket, version)
    refused(404, "NoSuchVersion", ground.s3.get_object, Bucket=bucket, Key="k", VersionId=version)
    refused(404, "404", ground.s3.head_object, Bucket=bucket, Key="k", VersionId=version)
    same(delete(ground, bucket, version)["ResponseMetadata"]["HTTPStatusCode"], 204)


def check_malformed_ids(ground: Ground) -> None:
    bucket = ground.versioned()
    put(ground, bucket, b"x")
    for version in ("nonsense", "12345", "../.."):
        refused(400, "InvalidArgument", ground.s3.get_object, Bucket=bucket, Key="k", VersionId=version)
        refused(400, "InvalidArgument", ground.s3.delete_object, Bucket=bucket, Key="k", VersionId=version)
    same(ground.read(bucket, "k"), b"x")


def check_a_version_belongs_to_its_key(ground: Ground) -> None:
    bucket = ground.versioned()
    version = put(ground, bucket, b"x")
    put(ground, bucket, b"y", "other")
    refused(404, "NoSuchVersion", ground.s3.get_object, Bucket=bucket, Key="other", VersionId=version)


def check_null_version_of_before(ground: Ground) -> None:
    bucket = ground.filled("k")
    ground.set_versioning(bucket, "Enabled")
    same(ground.s3.head_object(Bucket=bucket, Key="k")["VersionId"], "null")
    newer = put(ground, bucket, b"newer")
    same(versions(ground, bucket), [(newer, True), ("null", False)])
    same(ground.read(bucket, "k", VersionId="null"), b"k")
    delete(ground, bucket, newer)
    same(ground.read(bucket, "k"), b"k")
    delete(ground, bucket, "null")
    refused(404, "NoSuchKey", ground.s3.get_object, Bucket=bucket, Key="k")
    same(versions(ground, bucket), [])


def check_null_version_is_removed_without_versioning(ground: Ground) -> None:
    bucket = ground.filled("k")
    delete(ground, bucket, "null")
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), [])


def check_suspended_writes_replace_the_null_version_only(ground: Ground) -> None:
    bucket = ground.versioned()
    kept = put(ground, bucket, b"kept")
    ground.set_versioning(bucket, "Suspended")
    put(ground, bucket, b"null 1")
    put(ground, bucket, b"null 2")
    same(versions(ground, bucket), [("null", True), (kept, False)])
    same((ground.read(bucket, "k"), ground.read(bucket, "k", VersionId=kept)), (b"null 2", b"kept"))
    ground.set_versioning(bucket, "Enabled")
    again = put(ground, bucket, b"again")
    same(versions(ground, bucket), [(again, True), ("null", False), (kept, False)])


def check_suspended_delete_leaves_a_null_marker(ground: Ground) -> None:
    bucket = ground.versioned()
    kept = put(ground, bucket, b"kept")
    ground.set_versioning(bucket, "Suspended")
    put(ground, bucket, b"null")
    for _ in range(2):
        answer = delete(ground, bucket)
        same((answer["DeleteMarker"], answer["VersionId"]), (True, "null"))
    found = ground.s3.list_object_versions(Bucket=bucket)
    same([entry["VersionId"] for entry in found["Versions"]], [kept])
    same([(entry["VersionId"], entry["IsLatest"]) for entry in found["DeleteMarkers"]], [("null", True)])
    delete(ground, bucket, "null")
    same(ground.read(bucket, "k"), b"kept")


def check_a_null_version_written_later_stands_where_it_was_written(ground: Ground) -> None:
    bucket = ground.filled("k")
    ground.set_versioning(bucket, "Enabled")
    newer = put(ground, bucket, b"newer")
    ground.set_versioning(bucket, "Suspended")
    put(ground, bucket, b"newest")
    same(versions(ground, bucket), [("null", True), (newer, False)])


def check_many_writers_at_once(ground: Ground) -> None:
    bucket, ids = ground.versioned(), []
    threads = [
        threading.Thread(target=lambda body=b"%d" % number: ids.append(put(ground, bucket, body)))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = versions(ground, bucket)
    same(({version for version, _ in found}, [latest for _, latest in found]), (set(ids), [True] + [False] * 7))


def check_many_deletes_of_the_same_versions(ground: Ground) -> None:
    bucket = ground.versioned()
    objects = [{"Key": key, "VersionId": put(ground, bucket, b"x", key)} for key in ("a", "b", "a", "b")]
    answers = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(ground.s3.delete_objects(Bucket=bucket, Delete={"Objects": objects}))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    same([(len(answer["Deleted"]), "Errors" in answer) for answer in answers], [(4, False)] * 4)
    same(versions(ground, bucket), [])
