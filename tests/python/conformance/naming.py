"""Names of buckets and keys: which are taken, and what becomes of unusual ones."""

from ground import Ground, keys, quoted, refused, same

UNUSUAL_KEYS = [
    " ",
    '"',
    "$",
    "%",
    "&",
    "'",
    "<",
    ">",
    "_",
    "_ ",
    "__",
    "a b",
    "a+b",
    "a%2Fb",
    "a//b",
    "a/",
    "ünï",
    "日本",
    "🙂",
    "?versionId",
    "a=b&c",
    "~",
    "#",
    "a/../b",
    "./a",
    "a;b",
    "a\\b",
    "*",
    "@",
]


def put_bucket(ground: Ground, name: str):
    """Creates a bucket past the client's own check of names."""
    return ground.raw("PUT", "/" + quoted(name, safe="-._~"))


def check_good_bucket_names(ground: Ground) -> None:
    stem = ground.name()
    for name in (f"{stem}.dots.inside", f"{stem}-hyphen", f"0{stem}", f"a{stem}", stem + "x" * (63 - len(stem))):
        put_bucket(ground, name).must_be(200)


def check_bad_bucket_names(ground: Ground) -> None:
    stem = ground.name()
    for name in (
        "a",
        "aa",
        "_" + stem,
        "-" + stem,
        "." + stem,
        stem + "-",
        stem + ".",
        stem.upper(),
        stem + "_x",
        stem + "..x",
        "192.168.5.123",
        "x" * 64,
        "xn--" + stem,
        stem + "-s3alias",
        "a b c",
    ):
        answer = put_bucket(ground, name)
        assert (answer.status, answer.code) == (400, "InvalidBucketName"), f"{name}: {answer}"


def check_unusual_keys_come_back_as_they_went(ground: Ground) -> None:
    bucket = ground.bucket()
    for key in UNUSUAL_KEYS:
        ground.s3.put_object(Bucket=bucket, Key=key, Body=key.encode())
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), sorted(UNUSUAL_KEYS, key=str.encode))
    same(keys(ground.s3.list_objects(Bucket=bucket)), sorted(UNUSUAL_KEYS, key=str.encode))
    for key in UNUSUAL_KEYS:
        same(ground.read(bucket, key), key.encode())
    answer = ground.s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in UNUSUAL_KEYS]})
    same({entry["Key"] for entry in answer["Deleted"]}, set(UNUSUAL_KEYS))
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), [])


def check_keys_that_xml_cannot_carry(ground: Ground) -> None:
    bucket = ground.bucket()
    for key in ("a\nb", "a\tb", "\x01", "\x7f"):
        ground.s3.put_object(Bucket=bucket, Key=key, Body=b"x")
        same(ground.read(bucket, key), b"x")
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), ["\x01", "a\tb", "a\nb", "\x7f"])


def check_longest_key(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.s3.put_object(Bucket=bucket, Key="k" * 1024, Body=b"x")
    refused(400, "KeyTooLongError", ground.s3.put_object, Bucket=bucket, Key="k" * 1025, Body=b"x")
    refused(400, "KeyTooLongError", ground.s3.put_object, Bucket=bucket, Key="ü" * 513, Body=b"x")


def check_keys_order_by_bytes(ground: Ground) -> None:
    names = ["B", "a", "Z", "é", "e", "\U00010000", "\uffee"]
    same(keys(ground.s3.list_objects_v2(Bucket=ground.filled(*names))), sorted(names, key=str.encode))


def check_a_slash_at_the_end_is_another_key(ground: Ground) -> None:
    bucket = ground.filled("a", "a/")
    same(ground.read(bucket, "a"), b"a")
    same(ground.read(bucket, "a/"), b"a/")
    ground.s3.delete_object(Bucket=bucket, Key="a/")
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), ["a"])
