"""PyTorch: a DataLoader with worker processes over objects in S3, whole ones and ranges of a shard.

PyTorch is Debian's, because PyPI's brings gigabytes of drivers for other machines.
"""

import hashlib
import io

import boto3
import torch
from botocore.exceptions import ClientError
from torch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info

from world import ELSEWHERE, Checks, World, eventually, refused

SAMPLES, BATCH, WORKERS = 64, 8, 2
RECORD_BYTES = 4096

world, check = World(), Checks("PyTorch")
bucket = world.bucket


def client():
    return boto3.client("s3", endpoint_url=world.endpoint, region_name=world.region, verify=world.ca,
                        aws_access_key_id=world.access_key, aws_secret_access_key=world.secret_key)  # fmt: skip


class Samples(Dataset):
    """An object a sample; each worker opens a client of its own."""

    def __init__(self, bucket, prefix):
        pages = client().get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        self.bucket, self.keys = bucket, [found["Key"] for page in pages for found in page.get("Contents", [])]
        self.s3 = None

    def __len__(self):
        return len(self.keys)

    def __getitem__(self, index):
        self.s3 = self.s3 or client()
        try:
            body = self.s3.get_object(Bucket=self.bucket, Key=self.keys[index])["Body"].read()
        except ClientError as error:
            # Errors of botocore cannot travel from a worker to its loader.
            raise RuntimeError(str(error)) from None
        return torch.load(io.BytesIO(body))


class Shard(IterableDataset):
    """Records of one length in one object, a range each, dealt out to the workers."""

    def __init__(self, bucket, key):
        self.bucket, self.key = bucket, key
        self.count = client().head_object(Bucket=bucket, Key=key)["ContentLength"] // RECORD_BYTES

    def __iter__(self):
        s3, worker = client(), get_worker_info()
        for number in range(worker.id, self.count, worker.num_workers):
            begin = number * RECORD_BYTES
            span = f"bytes={begin}-{begin + RECORD_BYTES - 1}"
            body = s3.get_object(Bucket=self.bucket, Key=self.key, Range=span)["Body"].read()
            yield number, hashlib.sha256(body).hexdigest()


s3 = client()

with check("tensors written"):
    for number in range(SAMPLES):
        buffer = io.BytesIO()
        torch.save(torch.full((16, 16), float(number)), buffer)
        s3.put_object(Bucket=bucket, Key=f"samples/{number:03}.pt", Body=buffer.getvalue())

with check(f"an epoch in batches, {WORKERS} workers, shuffled"):
    loader = DataLoader(Samples(bucket, "samples/"), batch_size=BATCH, shuffle=True, num_workers=WORKERS)
    seen = torch.cat([batch[:, 0, 0] for batch in loader])
    assert sorted(seen.tolist()) == [float(number) for number in range(SAMPLES)]

with check("ranges of a shard, dealt out to the workers"):
    noise = hashlib.shake_128(b"torch").digest(SAMPLES * RECORD_BYTES)
    s3.put_object(Bucket=bucket, Key="shard", Body=noise)
    wanted = {n: hashlib.sha256(noise[n * RECORD_BYTES : (n + 1) * RECORD_BYTES]).hexdigest() for n in range(SAMPLES)}
    got = {}
    for numbers, digests in DataLoader(Shard(bucket, "shard"), batch_size=BATCH, num_workers=WORKERS):
        got |= dict(zip(numbers.tolist(), digests))
    assert got == wanted

with check("a checkpoint saved and loaded"):
    model = torch.nn.Linear(512, 512)
    buffer = io.BytesIO()
    torch.save(model.state_dict(), buffer)
    buffer.seek(0)
    s3.upload_fileobj(buffer, bucket, "checkpoint.pt")
    back = io.BytesIO()
    s3.download_fileobj(bucket, "checkpoint.pt", back)
    back.seek(0)
    assert torch.equal(torch.load(back)["weight"], model.state_dict()["weight"])

with check("another engagement's bucket is refused"):
    refused(lambda: Samples(world.foreign, ""), *ELSEWHERE)

with check("a pause stops the workers, and says so"):
    samples = Samples(bucket, "samples/")
    with world.paused():
        refused(lambda: list(DataLoader(samples, batch_size=BATCH, num_workers=WORKERS)), "paused")
    eventually(lambda: samples[0])
