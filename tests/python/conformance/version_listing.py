"""ListObjectVersions."""

from xml.etree import ElementTree

from ground import Ground, prefixes, refused, same


def history(ground: Ground) -> tuple[str, dict[str, list[str]]]:
    """A bucket with two versions of `a`, a marker above one of `b`, and one version of `c/d`; ids newest first."""
    bucket = ground.versioned()
    ids: dict[str, list[str]] = {}
    for key in ("a", "b", "a", "c/d"):
        ids.setdefault(key, []).insert(0, ground.s3.put_object(Bucket=bucket, Key=key, Body=b"x")["VersionId"])
    ids["b"].insert(0, ground.s3.delete_object(Bucket=bucket, Key="b")["VersionId"])
    return bucket, ids


def order(body: bytes) -> list[str]:
    """Names of the elements that are entries, in the order of the document."""
    return [
        tag
        for element in ElementTree.fromstring(body)
        if (tag := element.tag.split("}")[1]) in ("Version", "DeleteMarker")
    ]


def check_newest_first_within_a_key(ground: Ground) -> None:
    bucket, ids = history(ground)
    answer = ground.s3.list_object_versions(Bucket=bucket)
    found = [(entry["Key"], entry["VersionId"], entry["IsLatest"]) for entry in answer["Versions"]]
    same(
        found,
        [("a", ids["a"][0], True), ("a", ids["a"][1], False), ("b", ids["b"][1], False), ("c/d", ids["c/d"][0], True)],
    )
    (marker,) = answer["DeleteMarkers"]
    same((marker["Key"], marker["VersionId"], marker["IsLatest"]), ("b", ids["b"][0], True))
    same((answer["IsTruncated"], answer["MaxKeys"], answer["Name"], answer["KeyMarker"]), (False, 1000, bucket, ""))


def check_what_an_entry_says(ground: Ground) -> None:
    bucket, _ = history(ground)
    answer = ground.s3.list_object_versions(Bucket=bucket)
    entry = answer["Versions"][0]
    described = ground.s3.head_object(Bucket=bucket, Key="a")
    same((entry["ETag"], entry["Size"], entry["StorageClass"]), (described["ETag"], 1, "STANDARD"))
    same(entry["LastModified"].replace(microsecond=0), described["LastModified"])
    same(entry["Owner"]["ID"], ground.account.id)
    same(answer["DeleteMarkers"][0]["Owner"]["ID"], ground.account.id)


def check_markers_stand_among_the_versions(ground: Ground) -> None:
    bucket, _ = history(ground)
    answer = ground.raw("GET", f"/{bucket}", query=[("versions", "")]).must_be(200)
    same(order(answer.body), ["Version", "Version", "DeleteMarker", "Version", "Version"])


def check_pages(ground: Ground) -> None:
    bucket, ids = history(ground)
    found, question = [], {}
    for _ in range(5):
        answer = ground.s3.list_object_versions(Bucket=bucket, MaxKeys=1, **question)
        (entry,) = answer.get("Versions", []) + answer.get("DeleteMarkers", [])
        found.append((entry["Key"], entry["VersionId"]))
        if not answer["IsTruncated"]:
            break
        question = {"KeyMarker": answer["NextKeyMarker"], "VersionIdMarker": answer["NextVersionIdMarker"]}
    same(found, [(key, version) for key in ("a", "b", "c/d") for version in ids[key]])


def check_key_marker_alone_goes_past_the_key(ground: Ground) -> None:
    bucket, _ = history(ground)
    answer = ground.s3.list_object_versions(Bucket=bucket, KeyMarker="a")
    same([entry["Key"] for entry in answer["Versions"]], ["b", "c/d"])


def check_version_marker_needs_a_key_marker(ground: Ground) -> None:
    bucket, ids = history(ground)
    refused(400, "InvalidArgument", ground.s3.list_object_versions, Bucket=bucket, VersionIdMarker=ids["a"][0])


def check_prefix_and_delimiter(ground: Ground) -> None:
    bucket, _ = history(ground)
    answer = ground.s3.list_object_versions(Bucket=bucket, Delimiter="/")
    same((prefixes(answer), [entry["Key"] for entry in answer["Versions"]]), (["c/"], ["a", "a", "b"]))
    answer = ground.s3.list_object_versions(Bucket=bucket, Prefix="c/")
    same((answer["Prefix"], [entry["Key"] for entry in answer["Versions"]]), ("c/", ["c/d"]))


def check_unversioned_objects_are_the_null_version(ground: Ground) -> None:
    bucket = ground.filled("k")
    (entry,) = ground.s3.list_object_versions(Bucket=bucket)["Versions"]
    same((entry["VersionId"], entry["IsLatest"]), ("null", True))


def check_empty(ground: Ground) -> None:
    answer = ground.s3.list_object_versions(Bucket=ground.versioned())
    same(("Versions" in answer, "DeleteMarkers" in answer, answer["IsTruncated"]), (False, False, False))


def check_page_sizes(ground: Ground) -> None:
    bucket, _ = history(ground)
    answer = ground.s3.list_object_versions(Bucket=bucket, MaxKeys=0)
    same(("Versions" in answer, answer["IsTruncated"]), (False, False))
    refused(400, "InvalidArgument", ground.s3.list_object_versions, Bucket=bucket, MaxKeys=-1)


def check_encoding(ground: Ground) -> None:
    bucket = ground.filled("a b", "c+d/e")
    answer = ground.s3.list_object_versions(Bucket=bucket, Delimiter="/", EncodingType="url")
    same(([entry["Key"] for entry in answer["Versions"]], prefixes(answer)), (["a%20b"], ["c%2Bd/"]))
