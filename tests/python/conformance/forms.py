"""Uploads by HTML form, under a signed policy."""

import base64
import datetime
import json
import uuid

from ground import REGION, Ground, amz_date, keys, refused, same

ALGORITHM = "AWS4-HMAC-SHA256"


def conditions(bucket: str) -> list:
    return [
        {"bucket": bucket},
        ["starts-with", "$key", "foo"],
        {"acl": "private"},
        ["starts-with", "$Content-Type", "text/plain"],
        ["content-length-range", 0, 1024],
    ]


def fields(ground: Ground, document: dict | bytes, more: dict | None = None, *, secret=None) -> dict[str, str]:
    """The fields of a form, signed; `more` overrides and `None` removes."""
    date = amz_date()
    credential = f"{ground.account.access_key}/{date[:8]}/{REGION}/s3/aws4_request"
    if isinstance(document, dict):
        if "conditions" in document:
            signed = [{"x-amz-credential": credential}, {"x-amz-algorithm": ALGORITHM}, {"x-amz-date": date}]
            signed += [{"x-amz-security-token": ground.account.token}] if ground.account.token else []
            document = document | {"conditions": document["conditions"] + signed}
        document = json.dumps(document).encode()
    policy = base64.b64encode(document).decode()
    form = {
        "key": "foo.txt",
        "acl": "private",
        "Content-Type": "text/plain",
        "x-amz-credential": credential,
        "x-amz-algorithm": ALGORITHM,
        "x-amz-date": date,
        "policy": policy,
        "x-amz-signature": ground.account.sign(date[:8], policy),
    }
    if ground.account.token:
        form["x-amz-security-token"] = ground.account.token
    return {name: value for name, value in (form | (more or {})).items() if value is not None}


def document(bucket: str, seconds: int = 600, **more) -> dict:
    at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return {"expiration": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "conditions": conditions(bucket)} | more


def send(ground: Ground, bucket: str, form: dict[str, str], content: bytes | None = b"bar", filename: str = "name.txt"):
    boundary = uuid.uuid4().hex
    body = b"".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in form.items()
    )
    if content is not None:
        body += f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n\r\n'.encode()
        body += content + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    headers = {"host": ground.host, "content-type": f"multipart/form-data; boundary={boundary}"}
    return ground.send("POST", f"/{bucket}", headers, body)


def check_upload(ground: Ground) -> None:
    bucket = ground.bucket()
    answer = send(ground, bucket, fields(ground, document(bucket))).must_be(204)
    found = ground.s3.get_object(Bucket=bucket, Key="foo.txt")
    same((found["Body"].read(), found["ContentType"], answer.headers["etag"]), (b"bar", "text/plain", found["ETag"]))


def check_client_made_form(ground: Ground) -> None:
    """The form that boto3 makes."""
    bucket = ground.bucket()
    form = ground.s3.generate_presigned_post(bucket, "${filename}", Conditions=[["starts-with", "$key", ""]])
    send(ground, bucket, form["fields"], filename="a b.txt").must_be(204)
    same(ground.read(bucket, "a b.txt"), b"bar")


def check_large_upload(ground: Ground) -> None:
    bucket, content = ground.bucket(), b"foo" * 1024 * 1024
    wanted = document(bucket)
    wanted["conditions"][-1] = ["content-length-range", 0, 5 << 20]
    send(ground, bucket, fields(ground, wanted), content).must_be(204)
    same(ground.read(bucket, "foo.txt") == content, True)


def check_answers_asked_for(ground: Ground) -> None:
    bucket = ground.bucket()
    for status, wanted in (("200", 200), ("201", 201), ("204", 204), ("404", 204)):
        rules = document(bucket)
        rules["conditions"].append(["eq", "$success_action_status", status])
        answer = send(ground, bucket, fields(ground, rules, {"success_action_status": status})).must_be(wanted)
        if wanted == 201:
            same((answer.xml.findtext("Key"), answer.xml.findtext("Bucket")), ("foo.txt", bucket))
            same(answer.xml.findtext("ETag"), ground.s3.head_object(Bucket=bucket, Key="foo.txt")["ETag"])
        else:
            same(answer.body, b"")


def check_redirect(ground: Ground) -> None:
    bucket = ground.bucket()
    rules = document(bucket)
    rules["conditions"].append(["eq", "$success_action_redirect", "http://a.example/done"])
    answer = send(ground, bucket, fields(ground, rules, {"success_action_redirect": "http://a.example/done"})).must_be(
        303
    )
    etag = ground.s3.head_object(Bucket=bucket, Key="foo.txt")["ETag"].strip('"')
    same(answer.headers["location"], f"http://a.example/done?bucket={bucket}&key=foo.txt&etag=%22{etag}%22")


def check_key_from_filename(ground: Ground) -> None:
    bucket = ground.bucket()
    send(ground, bucket, fields(ground, document(bucket), {"key": "foo/${filename}"}), filename="a.txt").must_be(204)
    same(ground.read(bucket, "foo/a.txt"), b"bar")


def check_ignored_fields(ground: Ground) -> None:
    bucket = ground.bucket()
    send(ground, bucket, fields(ground, document(bucket), {"x-ignore-foo": "bar"})).must_be(204)


def check_names_in_any_case(ground: Ground) -> None:
    bucket = ground.bucket()
    rules = document(bucket)
    rules["conditions"] = [
        {"bUcKeT": bucket},
        ["StArTs-WiTh", "$KeY", "foo"],
        {"AcL": "private"},
        ["StArTs-WiTh", "$CoNtEnT-TyPe", "text/plain"],
        ["content-length-range", 0, 1024],
    ]
    form = fields(ground, rules, {"key": None, "kEy": "foo.txt", "acl": None, "aCl": "private"})
    form["pOLICy"] = form.pop("policy")
    send(ground, bucket, form).must_be(204)


def check_escaped_dollar(ground: Ground) -> None:
    bucket = ground.bucket()
    rules = document(bucket)
    rules["conditions"][1] = ["starts-with", "$key", r"\$foo"]
    send(ground, bucket, fields(ground, rules, {"key": r"\$foo.txt"})).must_be(204)
    same(ground.read(bucket, r"\$foo.txt"), b"bar")


def check_metadata(ground: Ground) -> None:
    bucket = ground.bucket()
    rules = document(bucket)
    rules["conditions"].append(["starts-with", "$x-amz-meta-foo", "bar"])
    send(ground, bucket, fields(ground, rules, {"x-amz-meta-foo": "barclamp"})).must_be(204)
    same(ground.s3.head_object(Bucket=bucket, Key="foo.txt")["Metadata"], {"foo": "barclamp"})


def check_tags(ground: Ground) -> None:
    bucket = ground.bucket()
    rules = document(bucket)
    rules["conditions"].append(["starts-with", "$tagging", ""])
    tagging = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"
    send(ground, bucket, fields(ground, rules, {"tagging": tagging})).must_be(204)
    same(ground.s3.get_object_tagging(Bucket=bucket, Key="foo.txt")["TagSet"], [{"Key": "a", "Value": "1"}])


def check_checksum(ground: Ground) -> None:
    bucket = ground.bucket()
    rules = document(bucket)
    rules["conditions"].append(["starts-with", "$x-amz-checksum-crc32", ""])
    send(ground, bucket, fields(ground, rules, {"x-amz-checksum-crc32": "DUoRhQ=="}), b"hello world").must_be(204)
    send(ground, bucket, fields(ground, rules, {"x-amz-checksum-crc32": "AAAAAA=="}), b"other").must_be(
        400, "BadDigest"
    )
    same(ground.read(bucket, "foo.txt"), b"hello world")


def refusals(ground: Ground, status: int, code: str, *attempts) -> None:
    """Forms that are refused and store nothing: what is changed in the rules, and what in the fields."""
    for rules_change, fields_change in attempts:
        bucket = ground.bucket()
        rules = rules_change(document(bucket))
        answer = send(ground, bucket, fields(ground, rules, fields_change))
        assert (answer.status, answer.code) == (status, code), f"{rules} {fields_change}: {answer}"
        same(keys(ground.s3.list_objects_v2(Bucket=bucket)), [])


def unchanged(rules: dict) -> dict:
    return rules


def check_strangers(ground: Ground) -> None:
    refusals(ground, 403, "SignatureDoesNotMatch", (unchanged, {"x-amz-signature": "0" * 64}))
    credential = f"UNKNOWNKEY/{amz_date()[:8]}/{REGION}/s3/aws4_request"
    rules = lambda rules: rules | {"conditions": rules["conditions"] + [["starts-with", "$x-amz-credential", ""]]}
    refusals(ground, 403, "InvalidAccessKeyId", (rules, {"x-amz-credential": credential}))


def check_expired(ground: Ground) -> None:
    bucket = ground.bucket()
    send(ground, bucket, fields(ground, document(bucket, -600))).must_be(403, "AccessDenied")


def check_conditions_that_do_not_hold(ground: Ground) -> None:
    def with_condition(condition):
        return lambda rules: rules | {"conditions": rules["conditions"] + [condition]}

    refusals(
        ground,
        403,
        "AccessDenied",
        (unchanged, {"key": "bar.txt"}),
        (unchanged, {"acl": None}),
        (unchanged, {"Content-Type": "image/png"}),
        (unchanged, {"x-amz-meta-foo": "not covered"}),
        (with_condition(["starts-with", "$x-amz-meta-foo", "bar"]), {}),
        (with_condition(["eq", "$x-amz-meta-foo", ""]), {"x-amz-meta-foo": "barclamp"}),
        (lambda rules: rules | {"conditions": rules["conditions"][1:]}, {}),
    )


def check_policy_of_another_bucket(ground: Ground) -> None:
    bucket, other = ground.bucket(), ground.bucket()
    send(ground, other, fields(ground, document(bucket))).must_be(403, "AccessDenied")
    same(keys(ground.s3.list_objects_v2(Bucket=other)), [])


def check_sizes_out_of_range(ground: Ground) -> None:
    for low, high, code in ((0, 0, "EntityTooLarge"), (512, 1000, "EntityTooSmall")):

        def sized(rules, low=low, high=high):
            rules["conditions"][4] = ["content-length-range", low, high]
            return rules

        refusals(ground, 400, code, (sized, {}))


def check_malformed_policies(ground: Ground) -> None:
    def without(name):
        return lambda rules: {key: value for key, value in rules.items() if key != name}

    def renamed(name):
        return lambda rules: {key.upper() if key == name else key: value for key, value in rules.items()}

    def range_of(*bounds):
        return lambda rules: rules | {"conditions": rules["conditions"][:4] + [["content-length-range", *bounds]]}

    refusals(
        ground,
        400,
        "InvalidPolicyDocument",
        (without("expiration"), {}),
        (without("conditions"), {}),
        (renamed("expiration"), {}),
        (renamed("conditions"), {}),
        (lambda rules: rules | {"expiration": "2030-01-01 00:00:00"}, {}),
        (range_of(0), {}),
        (range_of(-1, 0), {}),
        (lambda rules: rules | {"conditions": rules["conditions"] + [{}]}, {}),
        (lambda rules: b"{", {}),
        (lambda rules: b"[]", {}),
    )


def check_missing_fields(ground: Ground) -> None:
    bucket = ground.bucket()
    for missing in ("key", "x-amz-signature", "x-amz-credential", "x-amz-date"):
        answer = send(ground, bucket, fields(ground, document(bucket), {missing: None}))
        assert (answer.status, answer.code) in ((400, "InvalidArgument"), (400, "MalformedPOSTRequest")), (
            f"{missing}: {answer}"
        )
    answer = send(ground, bucket, fields(ground, document(bucket)), None)
    same((answer.status, answer.code), (400, "InvalidArgument"))


def check_no_policy_is_anonymous(ground: Ground) -> None:
    bucket = ground.bucket()
    answer = send(ground, bucket, {"key": "foo.txt"})
    same((answer.status, answer.code), (403, "AccessDenied"))


def check_the_old_signature_is_refused(ground: Ground) -> None:
    bucket = ground.bucket()
    policy = fields(ground, document(bucket))["policy"]
    old = {
        "key": "foo.txt",
        "acl": "private",
        "Content-Type": "text/plain",
        "AWSAccessKeyId": ground.account.access_key,
        "policy": policy,
        "signature": base64.b64encode(b"x" * 20).decode(),
    }
    answer = send(ground, bucket, old)
    assert answer.status in (400, 403) and answer.code, answer
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), [])


def check_malformed_forms(ground: Ground) -> None:
    bucket = ground.bucket()
    for kind, body in (
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b""),
        ("multipart/form-data; boundary=b", b"--b\r\n"),
        ("multipart/form-data; boundary=b", b"--b\r\nnonsense\r\n\r\nx\r\n--b--\r\n"),
    ):
        answer = ground.send("POST", f"/{bucket}", {"host": ground.host, "content-type": kind}, body)
        assert answer.status in (400, 403) and answer.code, f"{kind} {body!r}: {answer}"


def check_missing_bucket(ground: Ground) -> None:
    bucket = ground.name()
    send(ground, bucket, fields(ground, document(bucket))).must_be(404, "NoSuchBucket")
    refused(404, "404", ground.s3.head_bucket, Bucket=bucket)
