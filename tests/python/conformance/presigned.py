"""Presigned URLs."""

import datetime
import urllib.parse

from ground import Ground, same


def url(ground: Ground, operation: str, seconds: int = 600, client=None, **parameters) -> str:
    return (client or ground.s3).generate_presigned_url(operation, Params=parameters, ExpiresIn=seconds)


def use(ground: Ground, link: str, method: str = "GET", body: bytes = b"", headers: dict | None = None):
    parts = urllib.parse.urlsplit(link)
    return ground.send(method, f"{parts.path}?{parts.query}", {"host": ground.host} | (headers or {}), body)


def check_read_write_describe_delete(ground: Ground) -> None:
    bucket = ground.bucket()
    where = {"Bucket": bucket, "Key": "a b+c/ü"}
    use(ground, url(ground, "put_object", **where), "PUT", b"hello").must_be(200)
    same(use(ground, url(ground, "get_object", **where)).must_be(200).body, b"hello")
    same(use(ground, url(ground, "head_object", **where), "HEAD").must_be(200).headers["content-length"], "5")
    use(ground, url(ground, "delete_object", **where), "DELETE").must_be(204)
    use(ground, url(ground, "get_object", **where)).must_be(404, "NoSuchKey")


def check_ranges_and_overrides(ground: Ground) -> None:
    bucket = ground.filled("k")
    answer = use(
        ground,
        url(ground, "get_object", Bucket=bucket, Key="k", ResponseContentType="foo/bar"),
        headers={"range": "bytes=0-0"},
    )
    same((answer.status, answer.headers["content-type"]), (206, "foo/bar"))


def check_signed_headers_must_be_sent(ground: Ground) -> None:
    bucket = ground.bucket()
    link = url(ground, "put_object", Bucket=bucket, Key="k", ContentType="text/plain", ACL="private")
    use(ground, link, "PUT", b"x", {"content-type": "text/plain", "x-amz-acl": "private"}).must_be(200)
    same(use(ground, link, "PUT", b"x", {"content-type": "text/html", "x-amz-acl": "private"}).status, 403)
    same(use(ground, link, "PUT", b"x").status, 403)


def check_another_method_or_key(ground: Ground) -> None:
    bucket = ground.filled("k", "l")
    link = url(ground, "get_object", Bucket=bucket, Key="k")
    use(ground, link, "DELETE").must_be(403, "SignatureDoesNotMatch")
    use(ground, link.replace(f"{bucket}/k?", f"{bucket}/l?")).must_be(403, "SignatureDoesNotMatch")
    use(ground, link + "&versionId=null").must_be(403, "SignatureDoesNotMatch")
    use(ground, link[:-4] + "0000").must_be(403, "SignatureDoesNotMatch")


def check_expiry(ground: Ground) -> None:
    bucket = ground.filled("k")
    for seconds in (-7, 604_801, 609_901):
        answer = use(ground, url(ground, "get_object", seconds, Bucket=bucket, Key="k"))
        same((answer.status, answer.code), (400, "AuthorizationQueryParametersError"))
    link = url(ground, "get_object", 600, Bucket=bucket, Key="k")
    parameters = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)
    old = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(hours=1)).strftime("%Y%m%dT%H%M%SZ")
    use(ground, link.replace(parameters["X-Amz-Date"][0], old)).must_be(403)


def check_missing_parameters(ground: Ground) -> None:
    bucket = ground.filled("k")
    link = url(ground, "get_object", Bucket=bucket, Key="k")
    path, query = link.split("?")
    pairs = query.split("&")
    for name in (
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
        "X-Amz-Algorithm",
    ):
        answer = use(ground, path + "?" + "&".join(pair for pair in pairs if not pair.startswith(name + "=")))
        assert (answer.status, answer.code) in ((400, "AuthorizationQueryParametersError"), (403, "AccessDenied")), (
            f"{name}: {answer}"
        )


def check_uploads_by_parts(ground: Ground) -> None:
    bucket = ground.bucket()
    upload = ground.s3.create_multipart_upload(Bucket=bucket, Key="k")["UploadId"]
    link = url(ground, "upload_part", Bucket=bucket, Key="k", UploadId=upload, PartNumber=1)
    etag = use(ground, link, "PUT", b"part").must_be(200).headers["etag"]
    listed = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    ground.s3.complete_multipart_upload(Bucket=bucket, Key="k", UploadId=upload, MultipartUpload=listed)
    same(ground.read(bucket, "k"), b"part")


def check_another_accounts_link(ground: Ground) -> None:
    bucket = ground.filled("k")
    use(ground, url(ground, "get_object", client=ground.other, Bucket=bucket, Key="k")).must_be(404, "NoSuchBucket")


def check_two_signatures_at_once(ground: Ground) -> None:
    bucket = ground.filled("k")
    link = url(ground, "get_object", Bucket=bucket, Key="k")
    answer = use(
        ground,
        link,
        headers={"authorization": "AWS4-HMAC-SHA256 Credential=a/b/c/s3/aws4_request, SignedHeaders=host, Signature=0"},
    )
    same((answer.status, answer.code), (400, "InvalidArgument"))
