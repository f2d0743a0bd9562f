"""Requests that are wrong in themselves, sent by hand: headers, dates, signatures, documents."""

import base64
import datetime
import hashlib
import socket
import urllib.parse

from ground import EMPTY_SHA256, Ground, Request, amz_date, keys, same

HOURS = datetime.timedelta(hours=1)


def check_unknown_key(ground: Ground) -> None:
    stranger = type(ground.account)("AKIAIGR7ZNNBHC5BKSUB", "s" * 40, "", "")
    client = ground.client(stranger)
    try:
        client.list_buckets()
        raise AssertionError("a stranger was answered")
    except client.exceptions.ClientError as error:
        same(
            (error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]),
            (403, "InvalidAccessKeyId"),
        )


def check_wrong_secret(ground: Ground) -> None:
    account = ground.account
    impostor = type(account)(account.access_key, "s" * 40, "", "", account.token)
    client = ground.client(impostor)
    try:
        client.list_buckets()
        raise AssertionError("an impostor was answered")
    except client.exceptions.ClientError as error:
        same(
            (error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]),
            (403, "SignatureDoesNotMatch"),
        )


def check_missing_and_empty_authorization(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.raw("PUT", f"/{bucket}/k", body=b"x", drop=("authorization",)).must_be(403, "AccessDenied")
    ground.raw("PUT", f"/{bucket}/k", body=b"x", alter={"authorization": ""}).must_be(403, "AccessDenied")
    ground.raw("PUT", f"/{ground.name()}", alter={"authorization": ""}).must_be(403, "AccessDenied")


def check_malformed_authorization(ground: Ground) -> None:
    bucket = ground.bucket()
    day = amz_date()[:8]
    credential = f"Credential={ground.account.access_key}/{day}/us-east-1/s3/aws4_request"
    for value, code in (
        ("HAHAHA", "InvalidArgument"),
        ("Basic YTpi", "InvalidArgument"),
        ("AWS4-HMAC-SHA256 HAHAHA", "AuthorizationHeaderMalformed"),
        (f"AWS4-HMAC-SHA256 {credential}", "AuthorizationHeaderMalformed"),
        (f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host", "AuthorizationHeaderMalformed"),
        (f"AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature={'0' * 64}", "AuthorizationHeaderMalformed"),
        (
            f"AWS4-HMAC-SHA256 Credential=a/{day}/us-east-1/sts/aws4_request, SignedHeaders=host, Signature={'0' * 64}",
            "AuthorizationHeaderMalformed",
        ),
    ):
        answer = ground.raw("PUT", f"/{bucket}/k", body=b"x", alter={"authorization": value})
        assert (answer.status, answer.code) == (400, code), f"{value}: {answer}"


def check_the_old_signature(ground: Ground) -> None:
    bucket = ground.bucket()
    value = f"AWS {ground.account.access_key}:FWeDfwojDSdS2Ztmpfeubhd9isU="
    ground.raw("PUT", f"/{bucket}/k", body=b"x", alter={"authorization": value}).must_be(400, "InvalidRequest")


def check_dates(ground: Ground) -> None:
    bucket, now = ground.bucket(), datetime.datetime.now(datetime.UTC)
    for at in (now - HOURS, now + HOURS):
        ground.raw("PUT", f"/{bucket}/k", body=b"x", headers={"x-amz-date": amz_date(at)}).must_be(
            403, "RequestTimeTooSkewed"
        )
    for value in ("", "Bad Date", "20260101T000000"):
        ground.raw("PUT", f"/{bucket}/k", body=b"x", alter={"x-amz-date": value}).must_be(403, "AccessDenied")
    ground.raw("PUT", f"/{bucket}/k", body=b"x", drop=("x-amz-date",)).must_be(403, "AccessDenied")
    ground.raw("PUT", f"/{bucket}/k", body=b"x", headers={"date": "Tue, 07 Jul 2009 21:53:04 GMT"}).must_be(200)


def check_headers_beside_the_signature(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.raw("PUT", f"/{bucket}/k", body=b"x", alter={"x-amz-meta-a": "b"}).must_be(403, "AccessDenied")
    ground.raw("PUT", f"/{bucket}/k", body=b"x", headers={"x-amz-meta-a": "b"}, alter={"x-amz-meta-a": "c"}).must_be(
        403, "SignatureDoesNotMatch"
    )
    ground.raw("PUT", f"/{bucket}/k", body=b"x", alter={"x-other": "b", "user-agent": "", "content-type": ""}).must_be(
        200
    )


def check_payload_hashes(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.raw("PUT", f"/{bucket}/k", body=b"x", headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}).must_be(200)
    ground.raw("PUT", f"/{bucket}/k", body=b"x", headers={"x-amz-content-sha256": EMPTY_SHA256}).must_be(
        400, "XAmzContentSHA256Mismatch"
    )
    ground.raw("PUT", f"/{bucket}/k", body=b"x", headers={"x-amz-content-sha256": "nonsense"}).must_be(
        400, "InvalidArgument"
    )
    ground.raw("PUT", f"/{bucket}/k", body=b"x", drop=("x-amz-content-sha256",)).must_be(403)


def check_lengths(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.raw("PUT", f"/{bucket}/k", alter={"content-length": None}).must_be(411, "MissingContentLength")
    for value in ("", "-1", "abc"):
        same(ground.raw("PUT", f"/{bucket}/k", alter={"content-length": value}).status, 400)
    ground.raw("PUT", f"/{bucket}/k", body=b"bar", alter={"content-length": "2"}).must_be(
        400, "XAmzContentSHA256Mismatch"
    )
    ground.raw("PUT", f"/{ground.name()}", alter={"content-length": None}).must_be(200)
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), [])


def check_too_large_by_its_own_word(ground: Ground) -> None:
    bucket = ground.bucket()
    length = str(5 * (1 << 30) + 1)
    ground.raw(
        "PUT", f"/{bucket}/k", headers={"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, alter={"content-length": length}
    ).must_be(400, "EntityTooLarge")


def check_body_that_ends_early(ground: Ground) -> None:
    """A connection closed in mid-body leaves nothing."""
    bucket = ground.filled("k")
    connection = ground.connect()
    request = signed_put(ground, f"/{bucket}/k", b"x" * 1000)
    connection.putrequest("PUT", request.target(), skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers.items():
        connection.putheader(name, value)
    connection.putheader("content-length", "1000")
    connection.endheaders(b"x" * 500)
    connection.sock.shutdown(socket.SHUT_WR)
    connection.close()
    same(ground.read(bucket, "k"), b"k")


def signed_put(ground: Ground, path: str, body: bytes):
    return Request("PUT", path, body=body).signed(ground.account, ground.host)


def check_expectations(ground: Ground) -> None:
    bucket = ground.bucket()
    for value in ("", "100-continue"):
        ground.raw("PUT", f"/{bucket}/k", body=b"x", alter={"expect": value}).must_be(200)


def first_line(ground: Ground, request: bytes) -> bytes:
    """Sends bytes and reads the first line of the answer."""
    address = urllib.parse.urlsplit(ground.endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(request)
        return connection.makefile("rb").readline()


def check_no_continue_for_strangers(ground: Ground) -> None:
    """A body that would be refused is never asked for."""
    if ground.endpoint.startswith("https"):
        return
    bucket = ground.bucket()
    head = f"PUT /{bucket}/k HTTP/1.1\r\nHost: {ground.host}\r\nContent-Length: 123\r\nExpect: 100-continue\r\n\r\n"
    same(first_line(ground, head.encode()).split()[1], b"403")
    request = signed_put(ground, f"/{ground.name()}/k", b"x" * 123)
    lines = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
    head = f"PUT {request.target()} HTTP/1.1\r\n{lines}Content-Length: 123\r\nExpect: 100-continue\r\n\r\n"
    same(first_line(ground, head.encode()).split()[1], b"404")


def check_a_refusal_instead_of_continue_closes(ground: Ground) -> None:
    """Else the next request could be read as the body that was never asked for."""
    answer = ground.raw("PUT", f"/{ground.name()}/k", body=b"x", alter={"expect": "100-continue"})
    same((answer.status, answer.headers.get("connection")), (404, "close"))


def check_targets(ground: Ground) -> None:
    if ground.endpoint.startswith("https"):
        return
    for target in ("/%", "/b/%zz", "*"):
        line = first_line(ground, f"GET {target} HTTP/1.1\r\nHost: {ground.host}\r\n\r\n".encode())
        assert line.split()[1] in (b"400", b"403"), f"{target}: {line}"


def check_methods(ground: Ground) -> None:
    bucket = ground.filled("k")
    for method, path in (
        ("PATCH", f"/{bucket}/k"),
        ("POST", f"/{bucket}/k"),
        ("POST", "/"),
        ("DELETE", "/"),
        ("PUT", "/"),
        ("LINK", f"/{bucket}"),
    ):
        answer = ground.raw(method, path)
        assert answer.status in (400, 405, 501) and answer.code, f"{method} {path}: {answer}"
    same(ground.read(bucket, "k"), b"k")


def check_documents(ground: Ground) -> None:
    bucket = ground.bucket()
    for name in (
        "versioning",
        "tagging",
        "cors",
        "object-lock",
        "publicAccessBlock",
        "ownershipControls",
        "encryption",
    ):
        for body in (b"<", b"<Other></Other>", b"\x00\xff", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"):
            answer = ground.raw("PUT", f"/{bucket}", query=[(name, "")], body=body, headers=md5(body))
            assert (answer.status, answer.code) in ((400, "MalformedXML"), (409, "InvalidBucketState")), (
                f"{name} {body!r}: {answer}"
            )


def check_digests_of_documents(ground: Ground) -> None:
    bucket = ground.bucket()
    body = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    ground.raw("PUT", f"/{bucket}", query=[("versioning", "")], body=body, headers=md5(b"other")).must_be(
        400, "BadDigest"
    )
    same("Status" in ground.s3.get_bucket_versioning(Bucket=bucket), False)
    ground.raw("PUT", f"/{bucket}", query=[("versioning", "")], body=body, headers=md5(body)).must_be(200)


def check_oversized_heads(ground: Ground) -> None:
    answer = ground.raw("GET", "/", headers={"x-amz-meta-a": "x" * 20_000})
    assert answer.status in (400, 431), answer


def md5(body: bytes) -> dict[str, str]:
    return {"content-md5": base64.b64encode(hashlib.md5(body).digest()).decode()}
