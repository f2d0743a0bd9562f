"""Object lock: retention and legal holds."""

import datetime

from ground import Ground, header, refused, same, years_from_now

SOON, LATER = years_from_now(1), years_from_now(2)


def rule(mode: str = "GOVERNANCE", **period: int) -> dict:
    return {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": {"Mode": mode} | period}}


def configure(ground: Ground, bucket: str, configuration: dict) -> dict:
    return ground.s3.put_object_lock_configuration(Bucket=bucket, ObjectLockConfiguration=configuration)


def stored(ground: Ground, bucket: str, **settings) -> dict:
    """The arguments that name a version which was just written."""
    answer = ground.s3.put_object(Bucket=bucket, Key="k", Body=b"abc", **settings)
    return {"Bucket": bucket, "Key": "k", "VersionId": answer["VersionId"]}


def retain(ground: Ground, where: dict, mode: str, until: datetime.datetime, **more) -> dict:
    return ground.s3.put_object_retention(Retention={"Mode": mode, "RetainUntilDate": until}, **where, **more)


def hold(ground: Ground, where: dict, held: str) -> dict:
    return ground.s3.put_object_legal_hold(LegalHold={"Status": held}, **where)


def check_a_locked_bucket_is_versioned_for_good(ground: Ground) -> None:
    bucket = ground.locked()
    same(ground.s3.get_bucket_versioning(Bucket=bucket)["Status"], "Enabled")
    suspend = {"Status": "Suspended"}
    refused(409, "InvalidBucketState", ground.s3.put_bucket_versioning, Bucket=bucket, VersioningConfiguration=suspend)
    answer = ground.s3.get_object_lock_configuration(Bucket=bucket)
    same(answer["ObjectLockConfiguration"], {"ObjectLockEnabled": "Enabled"})


def check_default_rule(ground: Ground) -> None:
    bucket = ground.locked()
    for configuration in (rule(Days=1), rule("COMPLIANCE", Years=1), {"ObjectLockEnabled": "Enabled"}):
        configure(ground, bucket, configuration)
        same(ground.s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"], configuration)


def check_default_rule_is_applied(ground: Ground) -> None:
    bucket = ground.locked()
    configure(ground, bucket, rule(Days=1))
    where = stored(ground, bucket)
    found = ground.s3.get_object_retention(**where)["Retention"]
    left = found["RetainUntilDate"] - datetime.datetime.now(datetime.UTC)
    assert found["Mode"] == "GOVERNANCE" and datetime.timedelta(hours=23) < left <= datetime.timedelta(days=1), found
    refused(403, "AccessDenied", ground.s3.delete_object, **where)
    ground.s3.delete_object(BypassGovernanceRetention=True, **where)


def check_own_retention_wins_over_the_default(ground: Ground) -> None:
    bucket = ground.locked()
    configure(ground, bucket, rule("COMPLIANCE", Years=1))
    where = stored(ground, bucket, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=LATER)
    same(ground.s3.get_object_retention(**where)["Retention"], {"Mode": "GOVERNANCE", "RetainUntilDate": LATER})


def check_malformed_rules(ground: Ground) -> None:
    bucket = ground.locked()
    for configuration, code in (
        (rule(Days=1, Years=1), "MalformedXML"),
        (rule(), "MalformedXML"),
        (rule("abc", Years=1), "MalformedXML"),
        (rule("governance", Years=1), "MalformedXML"),
        (rule(Years=1) | {"ObjectLockEnabled": "Disabled"}, "MalformedXML"),
        (rule(Days=0), "InvalidRetentionPeriod"),
        (rule(Years=-1), "InvalidRetentionPeriod"),
    ):
        refused(400, code, configure, ground=ground, bucket=bucket, configuration=configuration)
    same(
        ground.s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"],
        {"ObjectLockEnabled": "Enabled"},
    )


def check_later_on_a_versioned_bucket_only(ground: Ground) -> None:
    bucket = ground.bucket()
    refused(409, "InvalidBucketState", configure, ground=ground, bucket=bucket, configuration=rule(Days=1))
    ground.set_versioning(bucket, "Suspended")
    refused(409, "InvalidBucketState", configure, ground=ground, bucket=bucket, configuration=rule(Days=1))
    ground.set_versioning(bucket, "Enabled")
    configure(ground, bucket, rule(Days=1))


def check_buckets_without_lock(ground: Ground) -> None:
    bucket = ground.filled("k")
    where = {"Bucket": bucket, "Key": "k"}
    refused(404, "ObjectLockConfigurationNotFoundError", ground.s3.get_object_lock_configuration, Bucket=bucket)
    refused(400, "InvalidRequest", retain, ground=ground, where=where, mode="GOVERNANCE", until=SOON)
    refused(400, "InvalidRequest", ground.s3.get_object_retention, **where)
    refused(400, "InvalidRequest", hold, ground=ground, where=where, held="ON")
    refused(400, "InvalidRequest", ground.s3.get_object_legal_hold, **where)
    refused(
        400,
        "InvalidRequest",
        ground.s3.put_object,
        Body=b"x",
        ObjectLockMode="GOVERNANCE",
        ObjectLockRetainUntilDate=SOON,
        **where,
    )
    refused(400, "InvalidRequest", ground.s3.put_object, Body=b"x", ObjectLockLegalHoldStatus="ON", **where)
    same(ground.read(bucket, "k"), b"k")


def check_retention_of_an_object(ground: Ground) -> None:
    bucket = ground.locked()
    where = stored(ground, bucket)
    refused(404, "NoSuchObjectLockConfiguration", ground.s3.get_object_retention, **where)
    retain(ground, where, "GOVERNANCE", SOON)
    same(ground.s3.get_object_retention(**where)["Retention"], {"Mode": "GOVERNANCE", "RetainUntilDate": SOON})
    retain(ground, where, "GOVERNANCE", LATER)
    same(ground.s3.get_object_retention(Bucket=bucket, Key="k")["Retention"]["RetainUntilDate"], LATER)


def check_governance_may_be_bypassed(ground: Ground) -> None:
    where = stored(ground, ground.locked())
    retain(ground, where, "GOVERNANCE", LATER)
    refused(403, "AccessDenied", retain, ground=ground, where=where, mode="GOVERNANCE", until=SOON)
    refused(403, "AccessDenied", ground.s3.delete_object, **where)
    retain(ground, where, "GOVERNANCE", SOON, BypassGovernanceRetention=True)
    same(ground.s3.delete_object(BypassGovernanceRetention=True, **where)["ResponseMetadata"]["HTTPStatusCode"], 204)


def check_compliance_may_not(ground: Ground) -> None:
    where = stored(ground, ground.locked())
    soon = datetime.datetime.now(datetime.UTC).replace(microsecond=0) + datetime.timedelta(seconds=60)
    retain(ground, where, "COMPLIANCE", soon)
    for mode, until in (
        ("COMPLIANCE", soon - datetime.timedelta(seconds=30)),
        ("GOVERNANCE", soon),
        ("GOVERNANCE", LATER),
    ):
        refused(
            403,
            "AccessDenied",
            retain,
            ground=ground,
            where=where,
            mode=mode,
            until=until,
            BypassGovernanceRetention=True,
        )
    refused(403, "AccessDenied", ground.s3.delete_object, BypassGovernanceRetention=True, **where)
    retain(ground, where, "COMPLIANCE", soon + datetime.timedelta(seconds=5))


def check_from_governance_to_compliance(ground: Ground) -> None:
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=30)
    where = stored(ground, ground.locked(), ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=soon)
    refused(403, "AccessDenied", retain, ground=ground, where=where, mode="COMPLIANCE", until=soon)
    retain(ground, where, "COMPLIANCE", soon, BypassGovernanceRetention=True)


def check_malformed_retention(ground: Ground) -> None:
    where = stored(ground, ground.locked())
    for mode in ("governance", "abc"):
        refused(400, "MalformedXML", retain, ground=ground, where=where, mode=mode, until=SOON)
    refused(400, "InvalidArgument", retain, ground=ground, where=where, mode="GOVERNANCE", until=years_from_now(-1))


def check_legal_hold(ground: Ground) -> None:
    where = stored(ground, ground.locked())
    refused(404, "NoSuchObjectLockConfiguration", ground.s3.get_object_legal_hold, **where)
    for status in ("ON", "OFF", "ON"):
        hold(ground, where, status)
        same(ground.s3.get_object_legal_hold(**where)["LegalHold"], {"Status": status})
    refused(403, "AccessDenied", ground.s3.delete_object, **where)
    refused(403, "AccessDenied", ground.s3.delete_object, BypassGovernanceRetention=True, **where)
    refused(400, "MalformedXML", hold, ground=ground, where=where, held="abc")
    hold(ground, where, "OFF")
    ground.s3.delete_object(**where)


def check_headers_of_a_write(ground: Ground) -> None:
    bucket = ground.locked()
    where = stored(
        ground, bucket, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=SOON, ObjectLockLegalHoldStatus="ON"
    )
    for answer in (ground.s3.head_object(**where), ground.s3.get_object(**where)):
        same(
            (answer["ObjectLockMode"], answer["ObjectLockRetainUntilDate"], answer["ObjectLockLegalHoldStatus"]),
            ("GOVERNANCE", SOON, "ON"),
        )
    text = header(ground.s3.head_object(**where), "x-amz-object-lock-retain-until-date")
    same(datetime.datetime.fromisoformat(text), SOON)


def check_malformed_headers_of_a_write(ground: Ground) -> None:
    bucket = ground.locked()
    until = SOON.strftime("%Y-%m-%dT%H:%M:%SZ")
    for headers in (
        {"x-amz-object-lock-mode": "GOVERNANCE"},
        {"x-amz-object-lock-retain-until-date": until},
        {"x-amz-object-lock-mode": "abc", "x-amz-object-lock-retain-until-date": until},
        {"x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-retain-until-date": "2001-01-01T00:00:00Z"},
        {"x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-retain-until-date": "tomorrow"},
        {"x-amz-object-lock-legal-hold": "abc"},
    ):
        answer = ground.raw(
            "PUT", f"/{bucket}/k", headers=headers | {"content-md5": "kAFQmDzST7DWlj99KOF/cg=="}, body=b"abc"
        )
        assert (answer.status, answer.code) == (400, "InvalidArgument"), f"{headers}: {answer}"


def check_multipart(ground: Ground) -> None:
    bucket = ground.locked()
    answer = ground.upload(bucket, "k", b"abc", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=SOON)
    where = {"Bucket": bucket, "Key": "k", "VersionId": answer["VersionId"]}
    refused(403, "AccessDenied", ground.s3.delete_object, **where)
    ground.s3.delete_object(BypassGovernanceRetention=True, **where)
    answer = ground.upload(bucket, "k", b"abc", ObjectLockLegalHoldStatus="ON")
    refused(403, "AccessDenied", ground.s3.delete_object, Bucket=bucket, Key="k", VersionId=answer["VersionId"])


def check_a_marker_hides_but_does_not_delete(ground: Ground) -> None:
    bucket = ground.locked()
    where = stored(ground, bucket)
    retain(ground, where, "GOVERNANCE", SOON)
    marker = ground.s3.delete_object(Bucket=bucket, Key="k")["VersionId"]
    refused(403, "AccessDenied", ground.s3.delete_object, **where)
    ground.s3.delete_object(Bucket=bucket, Key="k", VersionId=marker)
    same(ground.read(bucket, "k"), b"abc")


def check_many_deletes(ground: Ground) -> None:
    bucket = ground.locked()
    kept = stored(ground, bucket, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=SOON)["VersionId"]
    free = stored(ground, bucket)["VersionId"]
    objects = {"Objects": [{"Key": "k", "VersionId": kept}, {"Key": "k", "VersionId": free}]}
    answer = ground.s3.delete_objects(Bucket=bucket, Delete=objects)
    same([entry["VersionId"] for entry in answer["Deleted"]], [free])
    (error,) = answer["Errors"]
    same((error["Code"], error["Key"], error["VersionId"]), ("AccessDenied", "k", kept))
    answer = ground.s3.delete_objects(Bucket=bucket, Delete=objects, BypassGovernanceRetention=True)
    same(("Errors" in answer, len(answer["Deleted"])), (False, 2))


def check_copies_are_locked_anew(ground: Ground) -> None:
    bucket = ground.locked()
    stored(ground, bucket, ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=SOON)
    ground.s3.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "k"})
    same("ObjectLockMode" in ground.s3.head_object(Bucket=bucket, Key="to"), False)
    ground.s3.copy_object(
        Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "k"}, ObjectLockLegalHoldStatus="ON"
    )
    same(ground.s3.head_object(Bucket=bucket, Key="to")["ObjectLockLegalHoldStatus"], "ON")
