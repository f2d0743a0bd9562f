"""ListObjectsV2."""

from ground import Ground, keys, prefixes, refused, same

TREE = ("_obj", "_one/bar", "_one/baz/xyzzy", "_two/bla", "_two/thud")


def page(
    ground: Ground, bucket: str, token: str | None, size: int, **question
) -> tuple[list[str], list[str], str | None]:
    if token:
        question["ContinuationToken"] = token
    answer = ground.s3.list_objects_v2(Bucket=bucket, Delimiter="/", MaxKeys=size, **question)
    same(answer["IsTruncated"], "NextContinuationToken" in answer)
    same(answer["KeyCount"], len(keys(answer)) + len(prefixes(answer)))
    return keys(answer), prefixes(answer), answer.get("NextContinuationToken")


def check_what_the_answer_says(ground: Ground) -> None:
    bucket = ground.filled("k")
    answer = ground.s3.list_objects_v2(Bucket=bucket)
    (entry,) = answer["Contents"]
    same((entry["Key"], entry["Size"], entry["StorageClass"]), ("k", 1, "STANDARD"))
    same((answer["Name"], answer["Prefix"], answer["MaxKeys"], answer["KeyCount"]), (bucket, "", 1000, 1))
    same(
        [name in answer for name in ("Delimiter", "StartAfter", "ContinuationToken", "NextContinuationToken")],
        [False] * 4,
    )


def check_owner_only_when_asked_for(ground: Ground) -> None:
    bucket = ground.filled("k")
    (without,) = ground.s3.list_objects_v2(Bucket=bucket)["Contents"]
    same("Owner" in without, False)
    (with_owner,) = ground.s3.list_objects_v2(Bucket=bucket, FetchOwner=True)["Contents"]
    same(with_owner["Owner"]["ID"], ground.account.id)


def check_pages(ground: Ground) -> None:
    bucket = ground.filled(*TREE)
    names, rolled, token = page(ground, bucket, None, 1)
    same((names, rolled), (["_obj"], []))
    names, rolled, token = page(ground, bucket, token, 1)
    same((names, rolled), ([], ["_one/"]))
    same(page(ground, bucket, token, 1), ([], ["_two/"], None))
    names, rolled, token = page(ground, bucket, None, 1, Prefix="_one/")
    same((names, rolled), (["_one/bar"], []))
    same(page(ground, bucket, token, 1, Prefix="_one/"), ([], ["_one/baz/"], None))


def check_paginator_finds_all_keys_once(ground: Ground) -> None:
    names = [f"k{number}" for number in range(7)]
    bucket = ground.filled(*names)
    pages = ground.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, PaginationConfig={"PageSize": 3})
    same([keys(answer) for answer in pages], [names[:3], names[3:6], names[6:]])


def check_token_is_echoed_and_wins_over_start(ground: Ground) -> None:
    bucket = ground.filled("bar", "baz", "foo", "quxx")
    token = ground.s3.list_objects_v2(Bucket=bucket, StartAfter="bar", MaxKeys=1)["NextContinuationToken"]
    answer = ground.s3.list_objects_v2(Bucket=bucket, StartAfter="bar", ContinuationToken=token)
    same((answer["ContinuationToken"], answer["StartAfter"], keys(answer)), (token, "bar", ["foo", "quxx"]))


def check_empty_token_begins_at_the_start(ground: Ground) -> None:
    bucket = ground.filled("a", "b")
    answer = ground.s3.list_objects_v2(Bucket=bucket, ContinuationToken="")
    same((answer["ContinuationToken"], keys(answer)), ("", ["a", "b"]))


def check_foreign_token(ground: Ground) -> None:
    bucket = ground.filled("a", "b")
    token = ground.s3.list_objects_v2(Bucket=bucket, MaxKeys=1)["NextContinuationToken"]
    other = ground.filled("a", "b")
    for bad in ("bad", token[:-1] + "!"):
        refused(400, "InvalidArgument", ground.s3.list_objects_v2, Bucket=bucket, ContinuationToken=bad)
    refused(400, "InvalidArgument", ground.s3.list_objects_v2, Bucket=other, ContinuationToken=token)


def check_start_after(ground: Ground) -> None:
    bucket = ground.filled("bar", "baz", "foo", "quxx")
    for start, wanted in (
        ("baz", ["foo", "quxx"]),
        ("blah", ["foo", "quxx"]),
        ("zzz", []),
        ("\n", ["bar", "baz", "foo", "quxx"]),
    ):
        answer = ground.s3.list_objects_v2(Bucket=bucket, StartAfter=start)
        same((answer["StartAfter"], keys(answer), answer["IsTruncated"]), (start, wanted, False))


def check_page_sizes(ground: Ground) -> None:
    bucket = ground.filled("a", "b")
    nothing = ground.s3.list_objects_v2(Bucket=bucket, MaxKeys=0)
    same((keys(nothing), nothing["IsTruncated"], nothing["KeyCount"]), ([], False, 0))
    refused(400, "InvalidArgument", ground.s3.list_objects_v2, Bucket=bucket, MaxKeys=-1)


def check_encoding(ground: Ground) -> None:
    bucket = ground.filled("asdf+b", "foo+1/bar", "foo/bar/xyzzy", "quux ab/thud")
    answer = ground.s3.list_objects_v2(Bucket=bucket, Delimiter="/", EncodingType="url")
    same((keys(answer), prefixes(answer)), (["asdf%2Bb"], ["foo%2B1/", "foo/", "quux%20ab/"]))


def check_delimiter_of_several_characters(ground: Ground) -> None:
    bucket = ground.filled("a--b", "a--c", "a-d")
    answer = ground.s3.list_objects_v2(Bucket=bucket, Delimiter="--")
    same((keys(answer), prefixes(answer)), (["a-d"], ["a--"]))


def check_algorithm_of_the_checksum(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.s3.put_object(Bucket=bucket, Key="k", Body=b"x", ChecksumAlgorithm="SHA256")
    (entry,) = ground.s3.list_objects_v2(Bucket=bucket)["Contents"]
    same((entry["ChecksumAlgorithm"], entry["ChecksumType"]), (["SHA256"], "FULL_OBJECT"))
