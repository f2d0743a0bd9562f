"""CORS: rules of a bucket, and what browsers are told."""

from ground import Ground, refused, same

RULES = [
    {"AllowedMethods": ["GET"], "AllowedOrigins": ["*suffix"]},
    {"AllowedMethods": ["GET"], "AllowedOrigins": ["start*end"]},
    {"AllowedMethods": ["GET"], "AllowedOrigins": ["prefix*"]},
    {
        "AllowedMethods": ["PUT"],
        "AllowedOrigins": ["*.put"],
        "AllowedHeaders": ["x-amz-*"],
        "ExposeHeaders": ["ETag"],
        "MaxAgeSeconds": 300,
    },
]


def with_rules(ground: Ground, *rules: dict) -> str:
    bucket = ground.filled("k")
    ground.s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": list(rules or RULES)})
    return bucket


def preflight(ground: Ground, bucket: str, origin: str | None, method: str | None, **more: str):
    headers = {"host": ground.host} | more
    headers |= {"origin": origin} if origin else {}
    headers |= {"access-control-request-method": method} if method else {}
    return ground.send("OPTIONS", f"/{bucket}/k", headers)


def allowed(answer) -> tuple[str | None, str | None]:
    return answer.headers.get("access-control-allow-origin"), answer.headers.get("access-control-allow-methods")


def check_rules_are_kept(ground: Ground) -> None:
    bucket = ground.bucket()
    refused(404, "NoSuchCORSConfiguration", ground.s3.get_bucket_cors, Bucket=bucket)
    ground.s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": RULES})
    same(ground.s3.get_bucket_cors(Bucket=bucket)["CORSRules"], RULES)
    same(ground.s3.delete_bucket_cors(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"], 204)
    refused(404, "NoSuchCORSConfiguration", ground.s3.get_bucket_cors, Bucket=bucket)
    ground.s3.delete_bucket_cors(Bucket=bucket)


def check_malformed_rules(ground: Ground) -> None:
    bucket = ground.bucket()
    for rule, code in (
        ({"AllowedMethods": ["TRACE"], "AllowedOrigins": ["*"]}, "InvalidRequest"),
        ({"AllowedMethods": ["get"], "AllowedOrigins": ["*"]}, "InvalidRequest"),
        ({"AllowedMethods": ["GET"], "AllowedOrigins": ["*a*"]}, "InvalidRequest"),
        ({"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "AllowedHeaders": ["*a*"]}, "InvalidRequest"),
        ({"AllowedMethods": ["GET"], "AllowedOrigins": ["*"], "ExposeHeaders": ["*"]}, "InvalidRequest"),
    ):
        refused(400, code, ground.s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    refused(400, "MalformedXML", ground.s3.put_bucket_cors, Bucket=bucket, CORSConfiguration={"CORSRules": []})
    many = {"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}] * 101}
    refused(400, "MalformedXML", ground.s3.put_bucket_cors, Bucket=bucket, CORSConfiguration=many)
    refused(404, "NoSuchCORSConfiguration", ground.s3.get_bucket_cors, Bucket=bucket)


def check_preflight(ground: Ground) -> None:
    bucket = with_rules(ground)
    for origin, method, status, wanted in (
        ("foo.suffix", "GET", 200, ("foo.suffix", "GET")),
        ("foo.bar", "GET", 403, (None, None)),
        ("foo.suffix.get", "GET", 403, (None, None)),
        ("startend", "GET", 200, ("startend", "GET")),
        ("start12end", "GET", 200, ("start12end", "GET")),
        ("0start12end", "GET", 403, (None, None)),
        ("prefix.suffix", "GET", 200, ("prefix.suffix", "GET")),
        ("bla.prefix", "GET", 403, (None, None)),
        ("foo.put", "GET", 403, (None, None)),
        ("foo.put", "PUT", 200, ("foo.put", "PUT")),
    ):
        answer = preflight(ground, bucket, origin, method)
        same((origin, method, answer.status, allowed(answer)), (origin, method, status, wanted))


def check_preflight_tells_the_rest(ground: Ground) -> None:
    bucket = with_rules(ground)
    answer = preflight(
        ground, bucket, "foo.put", "PUT", **{"access-control-request-headers": "x-amz-meta-a, X-Amz-Date"}
    )
    same((answer.status, answer.headers["access-control-max-age"]), (200, "300"))
    same(answer.headers["access-control-allow-headers"].replace(" ", "").lower(), "x-amz-meta-a,x-amz-date")
    same(answer.headers["access-control-expose-headers"], "ETag")
    assert "origin" in answer.headers["vary"].lower(), answer.headers
    answer = preflight(ground, bucket, "foo.put", "PUT", **{"access-control-request-headers": "authorization"})
    same((answer.status, answer.code, allowed(answer)), (403, "AccessForbidden", (None, None)))


def check_preflight_without_origin_or_method(ground: Ground) -> None:
    bucket = with_rules(ground)
    for origin, method in ((None, None), ("foo.suffix", None), (None, "GET")):
        answer = preflight(ground, bucket, origin, method)
        same((answer.status, answer.code), (400, "BadRequest"))


def check_preflight_tells_nothing_of_buckets(ground: Ground) -> None:
    """A bucket without rules and no bucket at all look alike to a stranger."""
    answers = [preflight(ground, bucket, "a.example", "GET") for bucket in (ground.filled("k"), ground.name())]
    same([(answer.status, answer.code) for answer in answers], [(403, "AccessForbidden")] * 2)


def check_any_origin(ground: Ground) -> None:
    bucket = with_rules(ground, {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]})
    same(allowed(preflight(ground, bucket, "a.example", "GET")), ("*", "GET"))
    answer = ground.raw("GET", f"/{bucket}/k", headers={"origin": "a.example"}).must_be(200)
    same(allowed(answer), ("*", "GET"))


def check_actual_answers(ground: Ground) -> None:
    bucket = with_rules(ground)
    for path, origin, status, wanted in (
        (f"/{bucket}/k", "foo.suffix", 200, ("foo.suffix", "GET")),
        (f"/{bucket}", "foo.suffix", 200, ("foo.suffix", "GET")),
        (f"/{bucket}/k", "foo.bar", 200, (None, None)),
        (f"/{bucket}/missing", "foo.suffix", 404, ("foo.suffix", "GET")),
    ):
        answer = ground.raw("GET", path, headers={"origin": origin})
        same((answer.status, allowed(answer)), (status, wanted))
    same(allowed(ground.raw("GET", f"/{bucket}/k").must_be(200)), (None, None))
    answer = ground.raw("PUT", f"/{bucket}/new", headers={"origin": "foo.put"}, body=b"x").must_be(200)
    same(allowed(answer), ("foo.put", "PUT"))
    same(answer.headers["access-control-expose-headers"], "ETag")


def check_refusals_of_strangers_can_be_read_by_browsers(ground: Ground) -> None:
    bucket = with_rules(ground)
    answer = ground.raw("GET", f"/{bucket}/k", sign=False, headers={"origin": "foo.suffix"})
    same((answer.status, answer.code, allowed(answer)), (403, "AccessDenied", ("foo.suffix", "GET")))
