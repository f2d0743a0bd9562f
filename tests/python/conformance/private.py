"""What says "private" succeeds, what would share is refused: ACLs, policies, public access, and what does not exist."""

import json

from ground import Ground, keys, refused, same

EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
BLOCKED = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}


def owner(ground: Ground) -> dict:
    return {"ID": ground.account.id, "DisplayName": ground.account.display_name}


def full_control(ground: Ground) -> dict:
    return {"Grantee": owner(ground) | {"Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}


def policy(bucket: str, **statement) -> str:
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [allow | statement]})


def check_the_owner_has_full_control(ground: Ground) -> None:
    bucket = ground.filled("k")
    for answer in (ground.s3.get_bucket_acl(Bucket=bucket), ground.s3.get_object_acl(Bucket=bucket, Key="k")):
        same((answer["Owner"], answer["Grants"]), (owner(ground), [full_control(ground)]))
    refused(404, "NoSuchKey", ground.s3.get_object_acl, Bucket=bucket, Key="missing")


def check_private_acls_succeed(ground: Ground) -> None:
    bucket = ground.bucket(ACL="private")
    ground.s3.put_bucket_acl(Bucket=bucket, ACL="private")
    ground.s3.put_bucket_acl(
        Bucket=bucket, AccessControlPolicy={"Owner": owner(ground), "Grants": [full_control(ground)]}
    )
    ground.s3.put_bucket_acl(Bucket=bucket, GrantFullControl=f'id="{ground.account.id}"')
    for canned in ("private", "bucket-owner-full-control", "bucket-owner-read"):
        ground.s3.put_object(Bucket=bucket, Key="k", Body=b"x", ACL=canned)
        ground.s3.put_object_acl(Bucket=bucket, Key="k", ACL=canned)
    ground.s3.put_object_acl(
        Bucket=bucket, Key="k", AccessControlPolicy={"Owner": owner(ground), "Grants": [full_control(ground)]}
    )
    ground.upload(bucket, "k", b"x", ACL="private")
    same(ground.s3.get_object_acl(Bucket=bucket, Key="k")["Grants"], [full_control(ground)])


def check_shared_acls_are_refused(ground: Ground) -> None:
    bucket = ground.filled("k")
    code = "AccessControlListNotSupported"
    for canned in ("public-read", "public-read-write", "authenticated-read"):
        refused(400, code, ground.s3.put_bucket_acl, Bucket=bucket, ACL=canned)
        refused(400, code, ground.s3.put_object_acl, Bucket=bucket, Key="k", ACL=canned)
        refused(400, code, ground.s3.put_object, Bucket=bucket, Key="new", Body=b"x", ACL=canned)
        refused(400, code, ground.s3.create_multipart_upload, Bucket=bucket, Key="new", ACL=canned)
        refused(400, code, ground.s3.copy_object, Bucket=bucket, Key="new", CopySource=f"{bucket}/k", ACL=canned)
    everybody = {"Grantee": {"Type": "Group", "URI": EVERYBODY}, "Permission": "READ"}
    theirs = {"Grantee": {"Type": "CanonicalUser", "ID": ground.other_account.id}, "Permission": "READ"}
    for grant in (everybody, theirs):
        document = {"Owner": owner(ground), "Grants": [full_control(ground), grant]}
        refused(400, code, ground.s3.put_bucket_acl, Bucket=bucket, AccessControlPolicy=document)
        refused(400, code, ground.s3.put_object_acl, Bucket=bucket, Key="k", AccessControlPolicy=document)
    refused(400, code, ground.s3.put_object, Bucket=bucket, Key="new", Body=b"x", GrantRead=f'uri="{EVERYBODY}"')
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), ["k"])


def check_shared_buckets_are_not_created(ground: Ground) -> None:
    for settings in ({"ACL": "public-read"}, {"ACL": "public-read-write"}, {"GrantRead": f'uri="{EVERYBODY}"'}):
        bucket = ground.name()
        refused(400, "InvalidBucketAclWithObjectOwnership", ground.s3.create_bucket, Bucket=bucket, **settings)
        refused(404, "404", ground.s3.head_bucket, Bucket=bucket)


def check_unknown_canned_acl(ground: Ground) -> None:
    bucket = ground.filled("k")
    ground.raw("PUT", f"/{bucket}", query=[("acl", "")], headers={"x-amz-acl": "public-ready"}).must_be(
        400, "InvalidArgument"
    )
    ground.raw("PUT", f"/{bucket}/k", headers={"x-amz-acl": "public-ready"}, body=b"x").must_be(400, "InvalidArgument")


def check_malformed_acl(ground: Ground) -> None:
    bucket = ground.filled("k")
    for body in (
        b"<AccessControlPolicy>",
        b"<Other/>",
        f"<AccessControlPolicy><Owner><ID>{ground.account.id}</ID></Owner></AccessControlPolicy>".encode(),
    ):
        answer = ground.raw("PUT", f"/{bucket}", query=[("acl", "")], body=body)
        assert (answer.status, answer.code) in ((400, "MalformedACLError"), (400, "MalformedXML")), (
            f"{body!r}: {answer}"
        )


def check_no_policy(ground: Ground) -> None:
    bucket = ground.bucket()
    refused(404, "NoSuchBucketPolicy", ground.s3.get_bucket_policy, Bucket=bucket)
    same(ground.s3.delete_bucket_policy(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"], 204)


def check_public_policies_are_refused(ground: Ground) -> None:
    bucket = ground.bucket()
    refused(403, "AccessDenied", ground.s3.put_bucket_policy, Bucket=bucket, Policy=policy(bucket))
    refused(
        403,
        "AccessDenied",
        ground.s3.put_bucket_policy,
        Bucket=bucket,
        Policy=policy(bucket, Principal={"AWS": "*"}, Action="*"),
    )
    refused(404, "NoSuchBucketPolicy", ground.s3.get_bucket_policy, Bucket=bucket)


def check_no_policy_is_taken(ground: Ground) -> None:
    """Not even one that denies: access is given by grants, and a policy that is ignored would be a false promise."""
    bucket = ground.bucket()
    for document in ("", "{", policy(bucket, Effect="Deny")):
        ground.raw("PUT", f"/{bucket}", query=[("policy", "")], body=document.encode()).must_be(403, "AccessDenied")


def check_public_access_is_blocked(ground: Ground) -> None:
    bucket = ground.bucket()
    same(ground.s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"], BLOCKED)
    ground.s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=BLOCKED)
    weaker = BLOCKED | {"BlockPublicAcls": False}
    refused(
        403, "AccessDenied", ground.s3.put_public_access_block, Bucket=bucket, PublicAccessBlockConfiguration=weaker
    )
    refused(403, "AccessDenied", ground.s3.delete_public_access_block, Bucket=bucket)


def check_owner_is_enforced(ground: Ground) -> None:
    bucket = ground.bucket(ObjectOwnership="BucketOwnerEnforced")
    enforced = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    same(ground.s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"], enforced)
    ground.s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=enforced)


def check_features_that_are_not_there_answer_as_unset(ground: Ground) -> None:
    bucket = ground.bucket()
    refused(404, "NoSuchWebsiteConfiguration", ground.s3.get_bucket_website, Bucket=bucket)
    refused(404, "NoSuchLifecycleConfiguration", ground.s3.get_bucket_lifecycle_configuration, Bucket=bucket)
    refused(404, "ReplicationConfigurationNotFoundError", ground.s3.get_bucket_replication, Bucket=bucket)
    same("LoggingEnabled" in ground.s3.get_bucket_logging(Bucket=bucket), False)
    same("Status" in ground.s3.get_bucket_accelerate_configuration(Bucket=bucket), False)
    same(ground.s3.get_bucket_request_payment(Bucket=bucket)["Payer"], "BucketOwner")
    notifications = ground.s3.get_bucket_notification_configuration(Bucket=bucket)
    same([name for name in notifications if name.endswith("Configurations")], [])


def check_features_that_are_not_there_are_refused(ground: Ground) -> None:
    bucket = ground.filled("k")
    answers = [
        ground.raw("PUT", f"/{bucket}", query=[("website", "")], body=b"<WebsiteConfiguration/>"),
        ground.raw("PUT", f"/{bucket}", query=[("replication", "")], body=b"<ReplicationConfiguration/>"),
        ground.raw("GET", f"/{bucket}/k", query=[("torrent", "")]),
        ground.raw("POST", f"/{bucket}/k", query=[("restore", "")], body=b"<RestoreRequest/>"),
    ]
    for answer in answers:
        assert answer.status in (400, 403, 405, 501) and answer.code, answer
    same(ground.read(bucket, "k"), b"k")


def check_anonymous_reads_and_writes(ground: Ground) -> None:
    bucket = ground.filled("k")
    for method, path in (
        ("GET", "/"),
        ("GET", f"/{bucket}"),
        ("GET", f"/{bucket}/k"),
        ("PUT", f"/{bucket}/k"),
        ("DELETE", f"/{bucket}/k"),
        ("PUT", f"/{ground.name()}"),
        ("POST", f"/{bucket}/k"),
    ):
        ground.raw(method, path, sign=False).must_be(403, "AccessDenied")
    ground.raw("HEAD", f"/{bucket}/k", sign=False).must_be(403)
    same(ground.read(bucket, "k"), b"k")
