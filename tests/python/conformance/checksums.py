"""Checksums, in headers and trailers, of whole objects and of parts."""

import base64
import binascii
import hashlib

from ground import REGION, SMALLEST_PART, Ground, Request, amz_date, refused, same

BODY = b"hello world"
OF_BODY = {
    "CRC32": "DUoRhQ==",
    "CRC32C": "yZRlqg==",
    "CRC64NVME": "jSnVw/bqjr4=",
    "SHA1": base64.b64encode(hashlib.sha1(BODY).digest()).decode(),
    "SHA256": base64.b64encode(hashlib.sha256(BODY).digest()).decode(),
}
UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


def field(algorithm: str) -> str:
    return f"Checksum{algorithm}"


def check_every_algorithm(ground: Ground) -> None:
    bucket = ground.bucket()
    for algorithm, value in OF_BODY.items():
        answer = ground.s3.put_object(Bucket=bucket, Key="k", Body=BODY, **{field(algorithm): value})
        same((answer[field(algorithm)], answer["ChecksumType"]), (value, "FULL_OBJECT"))
        described = ground.s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        same((described[field(algorithm)], described["ChecksumType"]), (value, "FULL_OBJECT"))
        read = ground.s3.get_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        same((read[field(algorithm)], read["Body"].read()), (value, BODY))


def check_told_only_when_asked_for(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm="SHA256")
    same("ChecksumSHA256" in ground.s3.head_object(Bucket=bucket, Key="k"), False)
    plain = ground.raw("GET", f"/{bucket}/k").must_be(200)
    same([name for name in plain.headers if name.startswith("x-amz-checksum")], [])


def check_never_told_of_a_range(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.s3.put_object(Bucket=bucket, Key="k", Body=BODY, ChecksumAlgorithm="SHA256")
    answer = ground.raw(
        "GET", f"/{bucket}/k", headers={"range": "bytes=0-3", "x-amz-checksum-mode": "ENABLED"}
    ).must_be(206)
    same([name for name in answer.headers if name.startswith("x-amz-checksum")], [])


def check_default_algorithm(ground: Ground) -> None:
    bucket = ground.bucket()
    ground.raw("PUT", f"/{bucket}/k", body=BODY).must_be(200)
    same(
        ground.s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")["ChecksumCRC64NVME"], OF_BODY["CRC64NVME"]
    )


def check_wrong_values(ground: Ground) -> None:
    bucket = ground.filled("k")
    wrong = {
        "CRC32": "AAAAAA==",
        "CRC32C": "AAAAAA==",
        "CRC64NVME": "AAAAAAAAAAA=",
        "SHA1": base64.b64encode(bytes(20)).decode(),
        "SHA256": base64.b64encode(bytes(32)).decode(),
    }
    for algorithm, value in wrong.items():
        refused(400, "BadDigest", ground.s3.put_object, Bucket=bucket, Key="k", Body=BODY, **{field(algorithm): value})
    same(ground.read(bucket, "k"), b"k")


def check_malformed_values(ground: Ground) -> None:
    bucket = ground.bucket()
    for algorithm in OF_BODY:
        for value in ("bad", "AAAA", "!!!!!!!!"):
            refused(
                400,
                "InvalidRequest",
                ground.s3.put_object,
                Bucket=bucket,
                Key="k",
                Body=BODY,
                **{field(algorithm): value},
            )


def check_one_checksum_only(ground: Ground) -> None:
    bucket = ground.bucket()
    headers = {"x-amz-checksum-crc32": OF_BODY["CRC32"], "x-amz-checksum-sha1": OF_BODY["SHA1"]}
    ground.raw("PUT", f"/{bucket}/k", headers=headers, body=BODY).must_be(400, "InvalidRequest")
    headers = {"x-amz-checksum-crc32": OF_BODY["CRC32"], "x-amz-sdk-checksum-algorithm": "SHA256"}
    ground.raw("PUT", f"/{bucket}/k", headers=headers, body=BODY).must_be(400, "InvalidRequest")


def check_content_md5(ground: Ground) -> None:
    bucket = ground.bucket()
    good = base64.b64encode(hashlib.md5(BODY).digest()).decode()
    ground.s3.put_object(Bucket=bucket, Key="k", Body=BODY, ContentMD5=good)
    for value, code in (
        ("YWJyYWNhZGFicmE=", "InvalidDigest"),
        ("", "InvalidDigest"),
        ("not base64", "InvalidDigest"),
        ("rL0Y20xC+Fzt72VPzMSk2A==", "BadDigest"),
    ):
        ground.raw("PUT", f"/{bucket}/k", headers={"content-md5": value}, body=BODY).must_be(400, code)


def chunked(
    ground: Ground,
    bucket: str,
    framed: bytes,
    *,
    trailer: str | None = "x-amz-checksum-crc32",
    length: int = len(BODY),
    more: dict | None = None,
):
    """A body in `aws-chunked` framing with an unsigned trailer, as clients send it over TLS."""
    headers = {
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": str(length),
        "x-amz-content-sha256": UNSIGNED_TRAILER,
    }
    headers |= ({"x-amz-trailer": trailer} if trailer else {}) | (more or {})
    return ground.raw("PUT", f"/{bucket}/k", headers=headers, body=framed)


def framed(body: bytes = BODY, trailer: str = "x-amz-checksum-crc32:DUoRhQ==") -> bytes:
    return b"%x\r\n%s\r\n0\r\n%s\r\n\r\n" % (len(body), body, trailer.encode())


def check_trailers(ground: Ground) -> None:
    bucket = ground.bucket()
    for algorithm, value in OF_BODY.items():
        name = f"x-amz-checksum-{algorithm.lower()}"
        chunked(ground, bucket, framed(trailer=f"{name}:{value}"), trailer=name).must_be(200)
        described = ground.s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        same((described[field(algorithm)], "ContentEncoding" in described), (value, False))
        same(ground.read(bucket, "k"), BODY)


def check_wrong_trailers(ground: Ground) -> None:
    bucket = ground.filled("k")
    for sent, code in (
        (framed(trailer="x-amz-checksum-crc32:AAAAAA=="), "BadDigest"),
        (framed(trailer="x-amz-checksum-crc32:bad"), "InvalidRequest"),
        (framed(trailer="x-amz-checksum-crc32c:yZRlqg=="), "MalformedTrailerError"),
        (b"b\r\nhello world\r\n0\r\n\r\n", "MalformedTrailerError"),
        (framed(b"hello worl"), "IncompleteBody"),
        (b"zz\r\nhello world\r\n0\r\n\r\n", "IncompleteBody"),
        (b"b\r\nhello world", "IncompleteBody"),
    ):
        answer = chunked(ground, bucket, sent)
        assert (answer.status, answer.code) == (400, code), f"{sent!r}: {answer}"
    same(ground.read(bucket, "k"), b"k")


def check_trailer_and_header_contradict(ground: Ground) -> None:
    bucket = ground.bucket()
    chunked(ground, bucket, framed(), more={"x-amz-checksum-crc32": OF_BODY["CRC32"]}).must_be(400, "InvalidRequest")
    chunked(ground, bucket, framed(), more={"x-amz-sdk-checksum-algorithm": "SHA1"}).must_be(400, "InvalidRequest")


def check_wrong_hash_of_the_body(ground: Ground) -> None:
    bucket = ground.filled("k")
    headers = {"x-amz-content-sha256": hashlib.sha256(b"other").hexdigest()}
    ground.raw("PUT", f"/{bucket}/k", headers=headers, body=BODY).must_be(400, "XAmzContentSHA256Mismatch")
    same(ground.read(bucket, "k"), b"k")


def signed_chunks(ground: Ground, bucket: str, pieces: list[bytes], spoil: int | None = None):
    """A body whose every chunk is signed with the one before."""
    headers = {
        "content-encoding": "aws-chunked",
        "x-amz-decoded-content-length": str(sum(map(len, pieces))),
        "x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
        "x-amz-date": amz_date(),
    }
    request = Request("PUT", f"/{bucket}/k", headers=headers).signed(ground.account, ground.host)
    date = headers["x-amz-date"]
    before, body = request.headers["authorization"].rsplit("=", 1)[1], b""
    for number, piece in enumerate([*pieces, b""]):
        text = "\n".join(
            [
                "AWS4-HMAC-SHA256-PAYLOAD",
                date,
                f"{date[:8]}/{REGION}/s3/aws4_request",
                before,
                hashlib.sha256(b"").hexdigest(),
                hashlib.sha256(piece).hexdigest(),
            ]
        )
        before = ground.account.sign(date[:8], text)
        sent = before if number != spoil else before[::-1]
        body += b"%x;chunk-signature=%s\r\n%s\r\n" % (len(piece), sent.encode(), piece)
    return ground.send("PUT", request.target(), request.headers, body)


def check_signed_chunks(ground: Ground) -> None:
    bucket, pieces = ground.bucket(), [b"a" * 65536, b"b" * 8192, b"c" * 10]
    signed_chunks(ground, bucket, pieces).must_be(200)
    same(ground.read(bucket, "k") == b"".join(pieces), True)
    for spoiled in (0, 2, 3):
        signed_chunks(ground, bucket, [b"d" * 65536, b"e" * 8192, b"f"], spoiled).must_be(403, "SignatureDoesNotMatch")
    same(ground.read(bucket, "k") == b"".join(pieces), True)


def check_signed_chunks_may_not_be_small(ground: Ground) -> None:
    signed_chunks(ground, ground.bucket(), [b"a" * 100, b"b" * 100]).must_be(403, "InvalidChunkSizeError")


# Of parts whose algorithm the client cannot compute by itself.
KNOWN = {
    ("CRC64NVME", b"A"): "L/E4WYn8v98=",
    ("CRC64NVME", b"B"): "xW1l19VobYM=",
    ("CRC64NVME", b"C"): "cK5MnNaWrW4=",
    ("CRC32C", b"A"): "MDaLrw==",
    ("CRC32C", b"B"): "TH4EZg==",
    ("CRC32C", b"C"): "Z7mBIQ==",
}


def claim(algorithm: str, body: bytes) -> dict:
    """The argument that gives a part's checksum, or has the client compute it."""
    known = KNOWN.get((algorithm, body[:1]))
    return {field(algorithm): known} if known else {"ChecksumAlgorithm": algorithm}


def parts_of(ground: Ground, bucket: str, algorithm: str, kind: str, bodies: list[bytes], **complete) -> dict:
    created = ground.s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm=algorithm, ChecksumType=kind)
    same((created["ChecksumAlgorithm"], created["ChecksumType"]), (algorithm, kind))
    listed = []
    for number, body in enumerate(bodies, 1):
        answer = ground.part(bucket, "k", created["UploadId"], number, body, **claim(algorithm, body))
        listed.append({"PartNumber": number, "ETag": answer["ETag"], field(algorithm): answer[field(algorithm)]})
    return ground.s3.complete_multipart_upload(
        Bucket=bucket, Key="k", UploadId=created["UploadId"], MultipartUpload={"Parts": listed}, **complete
    )


def check_multipart_of_every_kind(ground: Ground) -> None:
    """Three parts of 5 MiB, whose checksums are known from others."""
    bodies = [letter * SMALLEST_PART for letter in (b"A", b"B", b"C")]
    bucket = ground.bucket()
    for algorithm, kind, whole in (
        ("SHA256", "COMPOSITE", "uWBwpe1dxI4Vw8Gf0X9ynOdw/SS6VBzfWm9giiv1sf4=-3"),
        ("SHA1", "COMPOSITE", "sizjvY4eud3MrcHdZM3cQ/ol39o=-3"),
        ("CRC64NVME", "FULL_OBJECT", "i+6LR0y3eFo="),
        ("CRC32", "FULL_OBJECT", "WgDhBQ=="),
        ("CRC32C", "FULL_OBJECT", "xU+Krw=="),
    ):
        answer = parts_of(ground, bucket, algorithm, kind, bodies, **{field(algorithm): whole})
        same((answer[field(algorithm)], answer["ChecksumType"]), (whole, kind))
        described = ground.s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
        same((described[field(algorithm)], described["ChecksumType"]), (whole, kind))
    composite = base64.b64encode(
        binascii.crc32(b"".join(binascii.crc32(body).to_bytes(4) for body in bodies)).to_bytes(4)
    )
    answer = parts_of(ground, bucket, "CRC32", "COMPOSITE", bodies)
    same(answer["ChecksumCRC32"], composite.decode() + "-3")


def check_pairings_that_do_not_exist(ground: Ground) -> None:
    bucket = ground.bucket()
    for algorithm, kind in (("SHA1", "FULL_OBJECT"), ("SHA256", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")):
        refused(
            400,
            "InvalidRequest",
            ground.s3.create_multipart_upload,
            Bucket=bucket,
            Key="k",
            ChecksumAlgorithm=algorithm,
            ChecksumType=kind,
        )


def check_checksum_of_a_part_when_read(ground: Ground) -> None:
    bucket, bodies = ground.bucket(), [b"A" * SMALLEST_PART, b"B" * 100]
    parts_of(ground, bucket, "SHA256", "COMPOSITE", bodies)
    for number, body in enumerate(bodies, 1):
        answer = ground.s3.get_object(Bucket=bucket, Key="k", PartNumber=number, ChecksumMode="ENABLED")
        same(answer["ChecksumSHA256"], base64.b64encode(hashlib.sha256(body).digest()).decode())
        answer["Body"].read()


def check_parts_are_listed_with_theirs(ground: Ground) -> None:
    bucket = ground.bucket()
    upload = ground.s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")["UploadId"]
    sent = ground.part(bucket, "k", upload, 1, BODY, ChecksumAlgorithm="SHA256")
    answer = ground.s3.list_parts(Bucket=bucket, Key="k", UploadId=upload)
    same((answer["ChecksumAlgorithm"], answer["ChecksumType"]), ("SHA256", "COMPOSITE"))
    same(answer["Parts"][0]["ChecksumSHA256"], sent["ChecksumSHA256"])


def check_wrong_checksums_at_complete(ground: Ground) -> None:
    bucket = ground.bucket()
    upload = ground.s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")["UploadId"]
    part = ground.part(bucket, "k", upload, 1, BODY, ChecksumAlgorithm="SHA256")
    ask = {"Bucket": bucket, "Key": "k", "UploadId": upload}
    good = {"PartNumber": 1, "ETag": part["ETag"], "ChecksumSHA256": part["ChecksumSHA256"]}
    wrong = base64.b64encode(bytes(32)).decode()
    refused(
        400,
        "InvalidPart",
        ground.s3.complete_multipart_upload,
        MultipartUpload={"Parts": [good | {"ChecksumSHA256": wrong}]},
        **ask,
    )
    refused(
        400,
        "BadDigest",
        ground.s3.complete_multipart_upload,
        MultipartUpload={"Parts": [good]},
        ChecksumSHA256=wrong + "-1",
        **ask,
    )
    ground.s3.complete_multipart_upload(MultipartUpload={"Parts": [good]}, **ask)


def check_parts_of_another_algorithm(ground: Ground) -> None:
    bucket = ground.bucket()
    upload = ground.s3.create_multipart_upload(Bucket=bucket, Key="k", ChecksumAlgorithm="SHA256")["UploadId"]
    refused(
        400,
        "InvalidRequest",
        ground.part,
        bucket=bucket,
        key="k",
        upload=upload,
        number=1,
        body=BODY,
        ChecksumAlgorithm="CRC32",
    )
