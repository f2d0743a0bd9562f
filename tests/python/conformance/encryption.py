"""Encryption: everything is sealed, under keys of the server's own; other arrangements are refused."""

from ground import Ground, header, keys, refused, same

CUSTOMER_KEY = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "0" * 32}
SEALED = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
MANAGED = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "k"}}]}


def check_every_object_says_it_is_sealed(ground: Ground) -> None:
    bucket = ground.bucket()
    for settings in ({}, {"ServerSideEncryption": "AES256"}):
        written = ground.s3.put_object(Bucket=bucket, Key="k", Body=b"x", **settings)
        read = ground.s3.get_object(Bucket=bucket, Key="k")
        described = ground.s3.head_object(Bucket=bucket, Key="k")
        same([header(answer, "x-amz-server-side-encryption") for answer in (written, read, described)], ["AES256"] * 3)


def check_multipart_says_so_too(ground: Ground) -> None:
    bucket = ground.bucket()
    created = ground.s3.create_multipart_upload(Bucket=bucket, Key="k", ServerSideEncryption="AES256")
    part = ground.part(bucket, "k", created["UploadId"], 1, b"x")
    listed = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    completed = ground.s3.complete_multipart_upload(
        Bucket=bucket, Key="k", UploadId=created["UploadId"], MultipartUpload=listed
    )
    same([header(answer, "x-amz-server-side-encryption") for answer in (created, part, completed)], ["AES256"] * 3)


def check_the_header_has_no_place_in_a_read(ground: Ground) -> None:
    bucket = ground.filled("k")
    headers = {"x-amz-server-side-encryption": "AES256"}
    ground.raw("GET", f"/{bucket}/k", headers=headers).must_be(400, "InvalidArgument")
    ground.raw("HEAD", f"/{bucket}/k", headers=headers).must_be(400)


def check_keys_of_the_customer_are_refused(ground: Ground) -> None:
    bucket = ground.bucket()
    for call in (ground.s3.put_object, ground.s3.create_multipart_upload):
        error = refused_with(call, Bucket=bucket, Key="k", **CUSTOMER_KEY)
        assert error[0] in (400, 501), error
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), [])


def check_keys_of_a_key_service_are_refused(ground: Ground) -> None:
    bucket = ground.bucket()
    for settings in (
        {"ServerSideEncryption": "aws:kms"},
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "k"},
        {"ServerSideEncryption": "aws:kms:dsse"},
    ):
        error = refused_with(ground.s3.put_object, Bucket=bucket, Key="k", Body=b"x", **settings)
        same(error, (501, "NotImplemented"))
    same(keys(ground.s3.list_objects_v2(Bucket=bucket)), [])


def check_unknown_algorithms(ground: Ground) -> None:
    bucket = ground.bucket()
    refused(
        400, "InvalidArgument", ground.s3.put_object, Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="ROT13"
    )


def check_default_of_a_bucket(ground: Ground) -> None:
    bucket = ground.bucket()
    for change in (
        lambda: None,
        lambda: ground.s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=SEALED),
        lambda: ground.s3.delete_bucket_encryption(Bucket=bucket),
    ):
        change()
        found = ground.s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
        same(found["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"], "AES256")
    error = refused_with(ground.s3.put_bucket_encryption, Bucket=bucket, ServerSideEncryptionConfiguration=MANAGED)
    same(error, (501, "NotImplemented"))


def refused_with(call, **arguments) -> tuple[int, str]:
    try:
        call(**arguments)
    except call.__self__.exceptions.ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    return 200, ""
