"""ListObjects, in its first form."""

import datetime

from ground import Ground, keys, prefixes, refused, same

TREE = ("asdf", "boo/bar", "boo/baz/xyzzy", "cquux/bla", "cquux/thud")


def page(ground: Ground, bucket: str, **question) -> tuple[list[str], list[str], str | None]:
    """A page with a delimiter: keys, common prefixes, and the marker of the next if there is one."""
    answer = ground.s3.list_objects(Bucket=bucket, **question)
    same(answer["IsTruncated"], "NextMarker" in answer)
    return keys(answer), prefixes(answer), answer.get("NextMarker")


def check_what_an_entry_says(ground: Ground) -> None:
    bucket = ground.filled("k")
    described = ground.s3.head_object(Bucket=bucket, Key="k")
    answer = ground.s3.list_objects(Bucket=bucket)
    (entry,) = answer["Contents"]
    same(entry["ETag"], described["ETag"])
    same(entry["Size"], 1)
    same(entry["StorageClass"], "STANDARD")
    same(entry["LastModified"].replace(microsecond=0), described["LastModified"])
    same(entry["Owner"]["ID"], ground.account.id)
    assert abs(datetime.datetime.now(datetime.UTC) - entry["LastModified"]) < datetime.timedelta(minutes=5)
    same((answer["Name"], answer["Prefix"], answer["Marker"], answer["MaxKeys"]), (bucket, "", "", 1000))
    same((answer["IsTruncated"], "Delimiter" in answer), (False, False))


def check_pages_without_a_delimiter(ground: Ground) -> None:
    bucket = ground.filled("bar", "baz", "foo")
    first = ground.s3.list_objects(Bucket=bucket, MaxKeys=2)
    same((keys(first), first["IsTruncated"], first["MaxKeys"]), (["bar", "baz"], True, 2))
    same("NextMarker" in first, False)
    last = ground.s3.list_objects(Bucket=bucket, Marker="baz", MaxKeys=2)
    same((keys(last), last["IsTruncated"], last["Marker"]), (["foo"], False, "baz"))


def check_pages_with_a_delimiter(ground: Ground) -> None:
    bucket = ground.filled(*TREE)
    ask = {"Delimiter": "/"}
    same(page(ground, bucket, MaxKeys=1, **ask), (["asdf"], [], "asdf"))
    same(page(ground, bucket, MaxKeys=1, Marker="asdf", **ask), ([], ["boo/"], "boo/"))
    same(page(ground, bucket, MaxKeys=1, Marker="boo/", **ask), ([], ["cquux/"], None))
    same(page(ground, bucket, MaxKeys=2, **ask), (["asdf"], ["boo/"], "boo/"))
    same(page(ground, bucket, MaxKeys=2, Marker="boo/", **ask), ([], ["cquux/"], None))
    ask["Prefix"] = "boo/"
    same(page(ground, bucket, MaxKeys=1, **ask), (["boo/bar"], [], "boo/bar"))
    same(page(ground, bucket, MaxKeys=1, Marker="boo/bar", **ask), ([], ["boo/baz/"], None))
    same(page(ground, bucket, MaxKeys=2, **ask), (["boo/bar"], ["boo/baz/"], None))


def check_prefix_that_ends_with_the_delimiter(ground: Ground) -> None:
    bucket = ground.filled("asdf/")
    same(page(ground, bucket, Prefix="asdf/", Delimiter="/", MaxKeys=1000), (["asdf/"], [], None))


def check_any_delimiter(ground: Ground) -> None:
    for delimiter in ("a", " ", "%", ".", "+", "ab"):
        bucket = ground.filled(f"b{delimiter}r", f"b{delimiter}z", f"c{delimiter}b", "foo")
        answer = ground.s3.list_objects(Bucket=bucket, Delimiter=delimiter)
        same(answer["Delimiter"], delimiter)
        same((keys(answer), prefixes(answer)), (["foo"], [f"b{delimiter}", f"c{delimiter}"]))


def check_delimiter_that_no_key_has(ground: Ground) -> None:
    bucket = ground.filled("bar", "baz", "foo")
    for delimiter in ("/", "\n"):
        answer = ground.s3.list_objects(Bucket=bucket, Delimiter=delimiter)
        same((answer["Delimiter"], keys(answer), prefixes(answer)), (delimiter, ["bar", "baz", "foo"], []))


def check_empty_delimiter_and_prefix_are_none(ground: Ground) -> None:
    bucket = ground.filled("a/b", "c")
    answer = ground.s3.list_objects(Bucket=bucket, Delimiter="", Prefix="")
    same(("Delimiter" in answer, answer["Prefix"], keys(answer)), (False, "", ["a/b", "c"]))


def check_prefix(ground: Ground) -> None:
    bucket = ground.filled("foo/bar", "foo/baz", "quux")
    for prefix, wanted in (("foo/", ["foo/bar", "foo/baz"]), ("q", ["quux"]), ("d", []), ("\n", [])):
        answer = ground.s3.list_objects(Bucket=bucket, Prefix=prefix)
        same((answer["Prefix"], keys(answer)), (prefix, wanted))


def check_prefix_and_delimiter(ground: Ground) -> None:
    bucket = ground.filled("bar", "bazar", "cab", "foo")
    answer = ground.s3.list_objects(Bucket=bucket, Delimiter="a", Prefix="ba")
    same((keys(answer), prefixes(answer)), (["bar"], ["baza"]))
    bucket = ground.filled("b/a/c", "b/a/g", "b/a/r", "g")
    for delimiter, prefix, wanted in (
        ("d", "/", ([], [])),
        ("z", "b", (["b/a/c", "b/a/g", "b/a/r"], [])),
        ("z", "y", ([], [])),
        ("/", "b/a/", (["b/a/c", "b/a/g", "b/a/r"], [])),
    ):
        answer = ground.s3.list_objects(Bucket=bucket, Delimiter=delimiter, Prefix=prefix)
        same((keys(answer), prefixes(answer)), wanted)


def check_marker_need_not_exist(ground: Ground) -> None:
    bucket = ground.filled("bar", "baz", "foo", "quxx")
    for marker, wanted in (("blah", ["foo", "quxx"]), ("zzz", []), ("\n", ["bar", "baz", "foo", "quxx"])):
        answer = ground.s3.list_objects(Bucket=bucket, Marker=marker)
        same((answer["Marker"], keys(answer), answer["IsTruncated"]), (marker, wanted, False))


def check_marker_inside_a_common_prefix(ground: Ground) -> None:
    """What follows the marker is rolled up; a prefix that is the marker itself was passed."""
    bucket = ground.filled("a/1", "a/2", "b")
    answer = ground.s3.list_objects(Bucket=bucket, Delimiter="/", Marker="a/1")
    same((keys(answer), prefixes(answer)), (["b"], ["a/"]))
    answer = ground.s3.list_objects(Bucket=bucket, Delimiter="/", Marker="a/")
    same((keys(answer), prefixes(answer)), (["b"], []))


def check_page_sizes(ground: Ground) -> None:
    bucket = ground.filled("a", "b")
    nothing = ground.s3.list_objects(Bucket=bucket, MaxKeys=0)
    same((keys(nothing), nothing["IsTruncated"], nothing["MaxKeys"]), ([], False, 0))
    many = ground.s3.list_objects(Bucket=bucket, MaxKeys=5000)
    same((keys(many), many["MaxKeys"]), (["a", "b"], 1000))
    refused(400, "InvalidArgument", ground.s3.list_objects, Bucket=bucket, MaxKeys=-1)
    ground.raw("GET", f"/{bucket}", query=[("max-keys", "blah")]).must_be(400, "InvalidArgument")


def check_more_than_a_page(ground: Ground) -> None:
    names = [f"{number:04}" for number in range(1005)]
    bucket = ground.bucket()
    for name in names:
        ground.s3.put_object(Bucket=bucket, Key=name, Body=b"")
    pages = list(ground.s3.get_paginator("list_objects").paginate(Bucket=bucket))
    same([len(keys(page)) for page in pages], [1000, 5])
    same([key for page in pages for key in keys(page)], names)


def check_encoding(ground: Ground) -> None:
    bucket = ground.filled("asdf+b", "foo+1/bar", "foo/bar/xyzzy", "quux ab/thud")
    answer = ground.s3.list_objects(Bucket=bucket, Delimiter="/", EncodingType="url")
    same(keys(answer), ["asdf%2Bb"])
    same(prefixes(answer), ["foo%2B1/", "foo/", "quux%20ab/"])
    same((answer["EncodingType"], answer["Delimiter"]), ("url", "/"))
    refused(400, "InvalidArgument", ground.s3.list_objects, Bucket=bucket, EncodingType="hex")


def check_deleted_keys_are_not_listed(ground: Ground) -> None:
    bucket = ground.filled("a", "b")
    ground.s3.delete_object(Bucket=bucket, Key="a")
    same(keys(ground.s3.list_objects(Bucket=bucket)), ["b"])
    bucket = ground.versioned()
    ground.s3.put_object(Bucket=bucket, Key="a", Body=b"")
    ground.s3.delete_object(Bucket=bucket, Key="a")
    same(keys(ground.s3.list_objects(Bucket=bucket)), [])
