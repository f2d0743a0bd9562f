"""What every check stands on: clients, fresh buckets, requests by hand, comparisons that say what differed."""

import datetime
import hashlib
import hmac
import http.client
import itertools
import ssl
import urllib.parse
from dataclasses import dataclass, field
from xml.etree import ElementTree

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

REGION = "us-east-1"
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
MEBIBYTE = 1024 * 1024
SMALLEST_PART = 5 * MEBIBYTE


# ── comparisons ──────────────────────────────────────────────────────────────────────────────────────────────────────


def same(found, wanted) -> None:
    assert found == wanted, f"found {found!r}, wanted {wanted!r}"


def refused(status: int, code: str, call, **arguments) -> dict:
    """Calls a client and demands this refusal. Answers what the client made of it."""
    try:
        answer = call(**arguments)
    except ClientError as error:
        found = (error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"])
        assert found == (status, code), f"found {found}, wanted {(status, code)}: {error}"
        return error.response
    raise AssertionError(f"was answered with {answer['ResponseMetadata']['HTTPStatusCode']}, wanted {(status, code)}")


def keys(answer: dict) -> list[str]:
    return [entry["Key"] for entry in answer.get("Contents", [])]


def prefixes(answer: dict) -> list[str]:
    return [entry["Prefix"] for entry in answer.get("CommonPrefixes", [])]


def header(answer: dict, name: str) -> str | None:
    return answer["ResponseMetadata"]["HTTPHeaders"].get(name)


def years_from_now(years: int) -> datetime.datetime:
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    return now + datetime.timedelta(days=365 * years)


# ── requests by hand ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Answer:
    """An answer as it came over the wire. Names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def xml(self) -> ElementTree.Element:
        return ElementTree.fromstring(self.body)

    @property
    def code(self) -> str | None:
        """The code of an S3 error."""
        return self.xml.findtext("Code") if self.body.startswith(b"<?xml") else None

    def must_be(self, status: int, code: str | None = None) -> "Answer":
        assert (self.status, self.code if code else None) == (status, code), (
            f"found {(self.status, self.code)}, wanted {(status, code)}: {self.body[:300]!r}"
        )
        return self


@dataclass
class Account:
    """One of the server's accounts, and how its requests are signed."""

    access_key: str
    secret_key: str
    id: str
    display_name: str
    token: str | None = None

    def signing_key(self, day: str, region: str = REGION) -> bytes:
        key = ("AWS4" + self.secret_key).encode()
        for step in (day, region, "s3", "aws4_request"):
            key = hmac.digest(key, step.encode(), "sha256")
        return key

    def sign(self, day: str, text: str) -> str:
        return hmac.digest(self.signing_key(day), text.encode(), "sha256").hex()


def quoted(text: str, safe: str = "-._~") -> str:
    return urllib.parse.quote(text, safe=safe)


def amz_date(at: datetime.datetime | None = None) -> str:
    return (at or datetime.datetime.now(datetime.UTC)).strftime("%Y%m%dT%H%M%SZ")


@dataclass
class Request:
    """A request to sign and send by hand. `alter` runs after signing, so that it can break what was right."""

    method: str
    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def target(self) -> str:
        pairs = "&".join(f"{quoted(name)}={quoted(value)}" for name, value in self.query)
        return self.path + ("?" + pairs if pairs else "")

    def signed(self, account: Account, host: str) -> "Request":
        headers = {
            "host": host,
            "x-amz-date": amz_date(),
            "x-amz-content-sha256": hashlib.sha256(self.body).hexdigest(),
        }
        if account.token:
            headers["x-amz-security-token"] = account.token
        headers |= {name.lower(): value for name, value in self.headers.items()}
        names = sorted(headers)
        day = headers["x-amz-date"][:8]
        canonical = "\n".join(
            [
                self.method,
                self.path,
                "&".join(sorted(f"{quoted(name)}={quoted(value)}" for name, value in self.query)),
                *(f"{name}:{headers[name]}" for name in names),
                "",
                ";".join(names),
                headers["x-amz-content-sha256"],
            ]
        )
        scope = f"{day}/{REGION}/s3/aws4_request"
        text = "\n".join(
            ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()]
        )
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={account.access_key}/{scope}, "
            f"SignedHeaders={';'.join(names)}, Signature={account.sign(day, text)}"
        )
        return Request(self.method, self.path, self.query, headers, self.body)


# ── the server ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Ground:
    """The server under test, with a client for each of two accounts that have nothing in common."""

    def __init__(self, server: dict) -> None:
        self.endpoint = server["endpoint"]
        self.certificate = server.get("ca")
        accounts = {entry["name"]: entry for entry in server["accounts"]}
        self.account = self.account_of(accounts["main"])
        self.other_account = self.account_of(accounts["alt"])
        self.s3 = self.client(self.account)
        self.other = self.client(self.other_account)
        self.numbers = itertools.count(1)
        self.run = amz_date().lower()

    @staticmethod
    def account_of(entry: dict) -> Account:
        names = ("access_key", "secret_key", "id", "display_name", "token")
        return Account(**{name: entry[name] for name in names if name in entry})

    def client(self, account: Account, **settings):
        """A client that retries nothing, so that a check sees the first answer."""
        config = Config(
            signature_version="s3v4", retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, **settings
        )
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=account.access_key,
            aws_secret_access_key=account.secret_key,
            aws_session_token=account.token,
            verify=self.certificate,
            config=config,
        )

    def name(self) -> str:
        """The name of a bucket that does not exist yet."""
        return f"check-{self.run}-{next(self.numbers)}"

    def bucket(self, **settings) -> str:
        name = self.name()
        self.s3.create_bucket(Bucket=name, **settings)
        return name

    def versioned(self) -> str:
        name = self.bucket()
        self.set_versioning(name, "Enabled")
        return name

    def locked(self) -> str:
        return self.bucket(ObjectLockEnabledForBucket=True)

    def set_versioning(self, bucket: str, status: str) -> None:
        self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})

    def filled(self, *names: str) -> str:
        """A bucket with these keys, each with its own name as content."""
        bucket = self.bucket()
        for name in names:
            self.s3.put_object(Bucket=bucket, Key=name, Body=name.encode())
        return bucket

    def read(self, bucket: str, key: str, **arguments) -> bytes:
        return self.s3.get_object(Bucket=bucket, Key=key, **arguments)["Body"].read()

    def upload(self, bucket: str, key: str, *parts: bytes, complete: dict | None = None, **settings) -> dict:
        """A whole multipart upload. Answers what completing it answered."""
        upload = self.s3.create_multipart_upload(Bucket=bucket, Key=key, **settings)["UploadId"]
        listed = [
            {"PartNumber": number, "ETag": self.part(bucket, key, upload, number, body)["ETag"]}
            for number, body in enumerate(parts, 1)
        ]
        return self.s3.complete_multipart_upload(
            Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": listed}, **(complete or {})
        )

    def part(self, bucket: str, key: str, upload: str, number: int, body: bytes, **settings) -> dict:
        return self.s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=body, **settings)

    @property
    def host(self) -> str:
        return urllib.parse.urlsplit(self.endpoint).netloc

    def raw(self, method: str, path: str, *, sign=True, alter=None, drop=(), **rest) -> Answer:
        """Sends a request written by hand. After signing, `alter` headers are set and `drop` headers removed."""
        request = Request(method, path, **rest)
        if sign:
            request = request.signed(self.account, self.host)
        headers = {"host": self.host} | request.headers | (alter or {})
        return self.send(method, request.target(), {k: v for k, v in headers.items() if k not in drop}, request.body)

    def send(self, method: str, target: str, headers: dict[str, str], body: bytes | list[bytes] = b"") -> Answer:
        """Sends exactly these headers. A content length is added unless there is one or the body comes in chunks."""
        chunked = "chunked" in headers.get("transfer-encoding", "")
        if "content-length" not in headers and not chunked and (body or method in ("PUT", "POST")):
            headers = headers | {"content-length": str(len(body))}
        connection = self.connect()
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(body or None, encode_chunked=chunked)
            response = connection.getresponse()
            names = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, names, response.read())
        finally:
            connection.close()

    def connect(self) -> http.client.HTTPConnection:
        address = urllib.parse.urlsplit(self.endpoint)
        if address.scheme == "https":
            context = ssl.create_default_context(cafile=self.certificate)
            return http.client.HTTPSConnection(address.hostname, address.port, timeout=30, context=context)
        return http.client.HTTPConnection(address.hostname, address.port, timeout=30)
