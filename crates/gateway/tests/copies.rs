//! Copies, parts and attributes over real sockets.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use world::World;
use world::client::{Answer, Client};

const MIB: usize = 1024 * 1024;

async fn alpha(seed: u64) -> (World, Client) {
    let world = World::new(seed).await;
    let client = world.engagement("alpha").await;
    assert_eq!(client.put("/alpha-data", b"").await.status, 200);
    (world, client)
}

async fn copy(client: &Client, target: &str, source: &str, extra: &[(&str, &str)]) -> Answer {
    let mut headers = vec![("x-amz-copy-source", source)];
    headers.extend(extra);
    client.send("PUT", target, &headers, b"").await
}

/// Headers, by name.
type Headers<'a> = &'a [(&'a str, &'a str)];

async fn begin(client: &Client, key: &str, extra: &[(&str, &str)]) -> String {
    let begun = client.send("POST", &format!("{key}?uploads"), extra, b"").await;
    assert_eq!(begun.status, 200, "{}", begun.text());
    begun.tag("UploadId")
}

async fn part(client: &Client, key: &str, upload: &str, number: usize, body: &[u8]) -> Answer {
    let part = client.put(&format!("{key}?partNumber={number}&uploadId={upload}"), body).await;
    assert_eq!(part.status, 200, "{}", part.text());
    part
}

/// A list of parts: number, ETag, and the element of a checksum.
fn list(parts: &[(usize, &str, String)]) -> String {
    let part = |(number, etag, more): &(usize, &str, String)| {
        format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag>{more}</Part>")
    };
    let parts: String = parts.iter().map(part).collect();
    format!("<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>")
}

async fn complete(client: &Client, key: &str, upload: &str, extra: &[(&str, &str)], list: &str) -> Answer {
    client.send("POST", &format!("{key}?uploadId={upload}"), extra, list.as_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_has_the_bytes_and_the_metadata_of_its_source() {
    let (_world, client) = alpha(51).await;
    let body = b"a line of text\n".repeat(20_000);
    let headers = [("content-type", "text/plain"), ("x-amz-meta-who", "me")];
    let sent = client.send("PUT", "/alpha-data/a%20%2B%C3%BC", &headers, &body).await;
    let etag = sent.header("etag").unwrap().to_owned();
    for source in ["/alpha-data/a%20%2B%C3%BC", "alpha-data/a%20%2B%C3%BC"] {
        let made = copy(&client, "/alpha-data/b", source, &[]).await;
        assert_eq!(made.status, 200, "{}", made.text());
        assert_eq!(made.tag("ETag"), etag);
        assert!(!made.tag("LastModified").is_empty() && !made.tag("ChecksumCRC64NVME").is_empty(), "{}", made.text());
    }
    let get = client.get("/alpha-data/b").await;
    assert_eq!(
        (&get.body, get.header("x-amz-meta-who"), get.header("content-type")),
        (&body, Some("me"), Some("text/plain"))
    );
    let replaced =
        [("x-amz-metadata-directive", "REPLACE"), ("x-amz-meta-new", "1"), ("x-amz-checksum-algorithm", "SHA256")];
    let made = copy(&client, "/alpha-data/b", "alpha-data/b", &replaced).await;
    assert!(!made.tag("ChecksumSHA256").is_empty(), "{}", made.text());
    let head = client.send("HEAD", "/alpha-data/b", &[], b"").await;
    assert_eq!((head.header("x-amz-meta-new"), head.header("x-amz-meta-who")), (Some("1"), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_cannot_be_made_says_why_and_makes_nothing() {
    let (world, client) = alpha(52).await;
    let etag = client.put("/alpha-data/a", b"hello").await.header("etag").unwrap().to_owned();
    let other = world.engagement("beta").await;
    assert_eq!(other.put("/beta-data", b"").await.status, 200);
    other.put("/beta-data/a", b"theirs").await;
    let cases: [(&str, Headers<'_>, u16, &str); 9] = [
        ("alpha-data/missing", &[], 404, "NoSuchKey"),
        ("nothing-here/a", &[], 404, "NoSuchBucket"),
        ("beta-data/a", &[], 404, "NoSuchBucket"),
        ("alpha-data", &[], 400, "InvalidArgument"),
        ("alpha-data/a", &[("x-amz-copy-source-if-match", "\"other\"")], 412, "PreconditionFailed"),
        ("alpha-data/a", &[("x-amz-copy-source-if-none-match", &etag)], 412, "PreconditionFailed"),
        ("alpha-data/a", &[("x-amz-metadata-directive", "MIX")], 400, "InvalidArgument"),
        ("alpha-data/a", &[("x-amz-checksum-algorithm", "XXHASH64")], 400, "InvalidRequest"),
        ("alpha-data/a", &[("if-match", "*")], 404, "NoSuchKey"),
    ];
    for (source, headers, status, code) in cases {
        let made = copy(&client, "/alpha-data/b", source, headers).await;
        assert_eq!((made.status, made.code().as_str()), (status, code), "{source} {headers:?}: {}", made.text());
    }
    assert_eq!(client.get("/alpha-data/b").await.status, 404);
    let itself = copy(&client, "/alpha-data/a", "alpha-data/a", &[]).await;
    assert_eq!((itself.status, itself.code().as_str()), (400, "InvalidRequest"));
    let unquoted = [("x-amz-copy-source-if-match", etag.trim_matches('"'))];
    assert_eq!(copy(&client, "/alpha-data/b", "alpha-data/a", &unquoted).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_are_copied_from_ranges_and_read_by_number() {
    let (_world, client) = alpha(53).await;
    // No two places of it are alike nearby, and a detector can read it.
    let body: Vec<u8> = (0..6 * MIB).map(|at| if at % 61 == 60 { b'\n' } else { b'a' + (at % 23) as u8 }).collect();
    client.put("/alpha-data/source", &body).await;
    let upload = begin(&client, "/alpha-data/k", &[]).await;
    let range = [("x-amz-copy-source-range", "bytes=1-5242880")];
    let target = format!("/alpha-data/k?partNumber=1&uploadId={upload}");
    let one = copy(&client, &target, "alpha-data/source", &range).await;
    assert_eq!(one.status, 200, "{}", one.text());
    for (bad, status, code) in [
        ("bytes=0", 400, "InvalidArgument"),
        ("bytes=1-", 400, "InvalidArgument"),
        ("1-2", 400, "InvalidArgument"),
        ("bytes=0-6291456", 416, "InvalidRange"),
        ("bytes=9999999-99999999", 416, "InvalidRange"),
    ] {
        let refused = copy(&client, &target, "alpha-data/source", &[("x-amz-copy-source-range", bad)]).await;
        assert_eq!((refused.status, refused.code().as_str()), (status, code), "{bad}");
    }
    let two = part(&client, "/alpha-data/k", &upload, 2, b"tail").await;
    let parts = list(&[(1, &one.tag("ETag"), String::new()), (2, two.header("etag").unwrap(), String::new())]);
    assert_eq!(complete(&client, "/alpha-data/k", &upload, &[], &parts).await.status, 200);
    let whole = [&body[1..5 * MIB + 1], b"tail"].concat();
    assert_eq!(client.get("/alpha-data/k").await.body, whole);

    let mode = ("x-amz-checksum-mode", "ENABLED");
    let tail = client.send("GET", "/alpha-data/k?partNumber=2", &[mode], b"").await;
    assert_eq!((tail.status, tail.body.as_slice()), (206, &b"tail"[..]));
    assert_eq!(tail.header("content-range"), Some("bytes 5242880-5242883/5242884"));
    assert_eq!(tail.header("x-amz-mp-parts-count"), Some("2"));
    let of_tail = client.put("/alpha-data/tail", b"tail").await.header("x-amz-checksum-crc64nvme").unwrap().to_owned();
    assert_eq!(tail.header("x-amz-checksum-crc64nvme"), Some(of_tail.as_str()));
    let head = client.send("HEAD", "/alpha-data/k?partNumber=1", &[], b"").await;
    assert_eq!((head.status, head.header("content-length")), (206, Some("5242880")));
    for (target, headers, status, code) in [
        ("/alpha-data/k?partNumber=3", &[][..], 416, "InvalidPartNumber"),
        ("/alpha-data/k?partNumber=0", &[][..], 400, "InvalidArgument"),
        ("/alpha-data/k?partNumber=x", &[][..], 400, "InvalidArgument"),
        ("/alpha-data/k?partNumber=1", &[("range", "bytes=0-1")][..], 400, "InvalidRequest"),
        ("/alpha-data/source?partNumber=2", &[][..], 416, "InvalidPartNumber"),
    ] {
        let answer = client.send("GET", target, headers, b"").await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{target}");
    }
    let plain = client.get("/alpha-data/source?partNumber=1").await;
    assert_eq!((plain.status, plain.body.len(), plain.header("x-amz-mp-parts-count")), (206, body.len(), None));

    // Full-object checksums of the parts come to that of the same bytes put whole.
    let checksum = client.put("/alpha-data/same", &whole).await.header("x-amz-checksum-crc64nvme").unwrap().to_owned();
    let wanted = [("x-amz-object-attributes", "ETag,Checksum,ObjectParts,ObjectSize"), ("x-amz-max-parts", "1")];
    let about = client.send("GET", "/alpha-data/k?attributes", &wanted, b"").await;
    assert_eq!(about.status, 200, "{}", about.text());
    assert_eq!((about.tag("ObjectSize"), about.tag("PartsCount")), ("5242884".to_owned(), "2".to_owned()));
    assert_eq!((about.tag("IsTruncated"), about.tag("NextPartNumberMarker")), ("true".to_owned(), "1".to_owned()));
    assert_eq!(about.tags("ChecksumCRC64NVME").first(), Some(&checksum));
    assert!(about.tag("ETag").ends_with("-2") && !about.tag("ETag").contains('"'), "{}", about.text());
    let unknown = client.send("GET", "/alpha-data/k?attributes", &[("x-amz-object-attributes", "Soul")], b"").await;
    assert_eq!(unknown.code(), "InvalidArgument");
}

/// Vectors: 5 MiB of A, of B and of C as parts.
#[tokio::test(flavor = "multi_thread")]
async fn vector_full_object_crc64nvme_of_three_parts() {
    let (_world, client) = alpha(54).await;
    let headers = [("x-amz-checksum-algorithm", "CRC64NVME"), ("x-amz-checksum-type", "FULL_OBJECT")];
    let upload = begin(&client, "/alpha-data/k", &headers).await;
    let mut parts = Vec::new();
    for (number, letter, checksum) in [(1, b'A', "L/E4WYn8v98="), (2, b'B', "xW1l19VobYM="), (3, b'C', "cK5MnNaWrW4=")]
    {
        let answer = part(&client, "/alpha-data/k", &upload, number, &vec![letter; 5 * MIB]).await;
        assert_eq!(answer.header("x-amz-checksum-crc64nvme"), Some(checksum));
        parts.push((number, answer.header("etag").unwrap().trim_matches('"').to_owned()));
    }
    let listed = client.get(&format!("/alpha-data/k?uploadId={upload}")).await;
    assert_eq!(
        (listed.tag("ChecksumAlgorithm"), listed.tag("ChecksumType")),
        ("CRC64NVME".to_owned(), "FULL_OBJECT".to_owned())
    );
    assert_eq!(listed.tags("ChecksumCRC64NVME").len(), 3);
    let parts: Vec<(usize, &str, String)> =
        parts.iter().map(|(number, etag)| (*number, etag.as_str(), String::new())).collect();
    let parts = list(&parts);
    let value = "x-amz-checksum-crc64nvme";
    for (headers, code) in [
        (&[(value, "i+6LR0y3eFp=")][..], "BadDigest"),
        (&[("x-amz-checksum-crc32", "AAAAAA==")][..], "InvalidRequest"),
        (&[("x-amz-checksum-type", "COMPOSITE")][..], "InvalidRequest"),
        (&[("x-amz-mp-object-size", "3")][..], "InvalidRequest"),
        (&[("if-match", "\"x\"")][..], "NoSuchKey"),
    ] {
        let refused = complete(&client, "/alpha-data/k", &upload, headers, &parts).await;
        assert_eq!(refused.code(), code, "{headers:?}: {}", refused.text());
    }
    let good = [(value, "i+6LR0y3eFo="), ("x-amz-mp-object-size", "15728640"), ("if-none-match", "*")];
    let done = complete(&client, "/alpha-data/k", &upload, &good, &parts).await;
    assert_eq!((done.status, done.tag("ChecksumCRC64NVME").as_str()), (200, "i+6LR0y3eFo="), "{}", done.text());
    // Its answer might have been lost: asked again, it is the same. Other parts were never completed.
    let again = complete(&client, "/alpha-data/k", &upload, &[], &parts).await;
    assert_eq!((again.status, again.tag("ETag")), (200, done.tag("ETag")));
    let other = complete(&client, "/alpha-data/k", &upload, &[], &list(&[(1, &"0".repeat(32), String::new())])).await;
    assert_eq!(other.code(), "NoSuchUpload");
}

#[tokio::test(flavor = "multi_thread")]
async fn composite_checksums_are_repeated_part_by_part() {
    let (_world, client) = alpha(55).await;
    for (algorithm, kind) in [("SHA256", "FULL_OBJECT"), ("SHA1", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE")] {
        let headers = [("x-amz-checksum-algorithm", algorithm), ("x-amz-checksum-type", kind)];
        assert_eq!(client.send("POST", "/alpha-data/k?uploads", &headers, b"").await.code(), "InvalidRequest");
    }
    let upload = begin(&client, "/alpha-data/k", &[("x-amz-checksum-algorithm", "SHA256")]).await;
    let crc = [("x-amz-checksum-crc32", "y/Q5Jg==")];
    let other = client.send("PUT", &format!("/alpha-data/k?partNumber=1&uploadId={upload}"), &crc, b"123456789").await;
    assert_eq!(other.code(), "InvalidRequest", "{}", other.text());
    let one = part(&client, "/alpha-data/k", &upload, 1, b"hello ").await;
    let (etag, sha) = (one.header("etag").unwrap(), one.header("x-amz-checksum-sha256").unwrap());
    let element = |value: &str| format!("<ChecksumSHA256>{value}</ChecksumSHA256>");
    for (more, code) in [(String::new(), "InvalidRequest"), (element("AAAA"), "InvalidPart")] {
        let refused = complete(&client, "/alpha-data/k", &upload, &[], &list(&[(1, etag, more)])).await;
        assert_eq!(refused.code(), code, "{}", refused.text());
    }
    let done = complete(&client, "/alpha-data/k", &upload, &[], &list(&[(1, etag, element(sha))])).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(done.tag("ChecksumSHA256").ends_with("-1") && done.tag("ChecksumType") == "COMPOSITE");
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_are_listed_by_prefix_delimiter_and_page() {
    let (_world, client) = alpha(56).await;
    let mut uploads = Vec::new();
    for key in ["a/1", "a/2", "b", "b", "c/1", "d"] {
        uploads.push((key.to_owned(), begin(&client, &format!("/alpha-data/{key}"), &[]).await));
    }
    let (mut seen, mut marker, mut after) = (Vec::new(), String::new(), String::new());
    loop {
        let page = client.get(&format!("/alpha-data?delimiter=%2F&{marker}max-uploads=1{after}&uploads")).await;
        assert_eq!(page.status, 200, "{}", page.text());
        let prefixes = page.tags("CommonPrefixes").len();
        let rolled = page.tag("CommonPrefixes").replace("<Prefix>", "").replace("</Prefix>", "");
        seen.extend(if prefixes > 0 { Some(rolled) } else { page.tags("Key").pop() });
        if page.tag("IsTruncated") != "true" {
            break;
        }
        let (key, upload) = (page.tag("NextKeyMarker").replace('/', "%2F"), page.tag("NextUploadIdMarker"));
        marker = format!("key-marker={key}&");
        after = if prefixes > 0 { String::new() } else { format!("&upload-id-marker={upload}") };
    }
    assert_eq!(seen, ["a/", "b", "b", "c/", "d"]);
    assert_eq!(client.get("/alpha-data?prefix=a%2F&uploads").await.tags("UploadId").len(), 2);
    let abort = client.send("DELETE", &format!("/alpha-data/d?uploadId={}", uploads[5].1), &[], b"").await;
    assert_eq!(abort.status, 204);
    let again = client.send("DELETE", &format!("/alpha-data/d?uploadId={}", uploads[5].1), &[], b"").await;
    assert_eq!((again.status, again.code().as_str()), (404, "NoSuchUpload"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_range_is_given_only_of_what_the_client_has() {
    let (_world, client) = alpha(57).await;
    let first = client.put("/alpha-data/k", b"0123456789").await;
    let etag = first.header("etag").unwrap().to_owned();
    let date = client.get("/alpha-data/k").await.header("last-modified").unwrap().to_owned();
    for (validator, status) in [
        (etag.as_str(), 206),
        (date.as_str(), 206),
        ("\"other\"", 200),
        ("Tue, 14 Nov 2000 22:13:20 GMT", 200),
        (&format!("W/{etag}"), 200),
    ] {
        let headers = [("if-range", validator), ("range", "bytes=2-3")];
        let answer = client.send("GET", "/alpha-data/k", &headers, b"").await;
        assert_eq!(answer.status, status, "{validator}");
        assert_eq!(answer.body, if status == 206 { &b"23"[..] } else { b"0123456789" });
    }
}
