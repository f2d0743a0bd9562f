//! S3 over real sockets: what clients send, and what they are told.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use world::World;
use world::client::{Client, read_answer, read_head, sha256};

async fn alpha(seed: u64) -> (World, Client) {
    let world = World::new(seed).await;
    let client = world.engagement("alpha").await;
    assert_eq!(client.put("/alpha-data", b"").await.status, 200);
    (world, client)
}

fn text(length: usize) -> Vec<u8> {
    let mut text = "a line of text\n".repeat(length / 15 + 1).into_bytes();
    text.truncate(length);
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_comes_back_as_it_was_put() {
    let (_world, client) = alpha(1).await;
    for (key, length) in [("empty", 0), ("small", 100), ("a%20b%2Bc/%C3%BC", 20_000), ("large", 3_000_000)] {
        let (target, body) = (format!("/alpha-data/{key}"), text(length));
        let put = client.send("PUT", &target, &[("content-type", "text/plain"), ("x-amz-meta-who", "me")], &body).await;
        assert_eq!(put.status, 200, "{}", put.text());
        let etag = put.header("etag").unwrap().to_owned();
        assert_eq!(put.header("x-amz-checksum-type"), Some("FULL_OBJECT"));

        let get = client.get(&target).await;
        assert_eq!((get.status, get.body.len()), (200, length));
        assert_eq!(get.body, body);
        assert_eq!(get.header("etag"), Some(etag.as_str()));
        assert_eq!(get.header("content-type"), Some("text/plain"));
        assert_eq!(get.header("x-amz-meta-who"), Some("me"));
        assert!(get.header("x-amz-request-id").unwrap().starts_with("req_"));
        assert_eq!(get.header("x-amz-checksum-crc64nvme"), None);

        let head = client.send("HEAD", &target, &[("x-amz-checksum-mode", "ENABLED")], b"").await;
        assert_eq!((head.status, head.header("content-length")), (200, Some(length.to_string().as_str())));
        assert!(head.header("x-amz-checksum-crc64nvme").is_some());
    }
    assert_eq!(client.send("DELETE", "/alpha-data/small", &[], b"").await.status, 204);
    assert_eq!(client.get("/alpha-data/small").await.code(), "NoSuchKey");
    assert_eq!(client.send("HEAD", "/alpha-data/small", &[], b"").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_and_conditions() {
    let (_world, client) = alpha(2).await;
    let body = text(200_000);
    let etag = client.put("/alpha-data/k", &body).await.header("etag").unwrap().to_owned();
    let mode = ("x-amz-checksum-mode", "ENABLED");

    let part = client.send("GET", "/alpha-data/k", &[("range", "bytes=70000-139999"), mode], b"").await;
    assert_eq!((part.status, part.header("content-range")), (206, Some("bytes 70000-139999/200000")));
    assert_eq!(part.body, body[70_000..140_000]);
    assert!(!part.headers.iter().any(|(name, _)| name.starts_with("x-amz-checksum-")), "{part:?}");
    let tail = client.send("GET", "/alpha-data/k", &[("range", "bytes=-5")], b"").await;
    assert_eq!(tail.body, body[199_995..]);
    let several = client.send("GET", "/alpha-data/k", &[("range", "bytes=0-1,5-6"), mode], b"").await;
    assert_eq!((several.status, several.body.len()), (200, 200_000));
    assert!(several.header("x-amz-checksum-crc64nvme").is_some());
    let beyond = client.send("GET", "/alpha-data/k", &[("range", "bytes=200000-")], b"").await;
    assert_eq!((beyond.status, beyond.code().as_str()), (416, "InvalidRange"));
    assert_eq!(beyond.header("content-range"), Some("bytes */200000"));
    let head = client.send("HEAD", "/alpha-data/k", &[("range", "bytes=0-9")], b"").await;
    assert_eq!((head.status, head.header("content-length")), (206, Some("10")));

    let same = client.send("GET", "/alpha-data/k", &[("if-none-match", &etag)], b"").await;
    assert_eq!((same.status, same.header("etag"), same.body.len()), (304, Some(etag.as_str()), 0));
    let other = client.send("GET", "/alpha-data/k", &[("if-match", "\"nothing\"")], b"").await;
    assert_eq!((other.status, other.code().as_str()), (412, "PreconditionFailed"));
    let again = client.send("PUT", "/alpha-data/k", &[("if-none-match", "*")], b"new").await;
    assert_eq!((again.status, again.code().as_str()), (412, "PreconditionFailed"));
    let replaced = client.send("PUT", "/alpha-data/k", &[("if-match", &etag)], b"new").await;
    assert_eq!(replaced.status, 200, "{}", replaced.text());
    let guarded = client.send("DELETE", "/alpha-data/k", &[("if-match", &etag)], b"").await;
    assert_eq!((guarded.status, guarded.code().as_str()), (412, "PreconditionFailed"));
    assert_eq!(client.get("/alpha-data/k").await.body, b"new");
    let typed = client.get("/alpha-data/k?response-content-type=text%2Fcsv").await;
    assert_eq!(typed.header("content-type"), Some("text/csv"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_changed_on_its_way_is_refused() {
    let (_world, client) = alpha(3).await;
    client.put("/alpha-data/k", b"hello").await;
    let signed = client.sign("GET", "/alpha-data/k", &[], &sha256(b""));
    for (from, to, code) in [
        ("GET /alpha-data/k", "GET /alpha-data/l", "SignatureDoesNotMatch"),
        ("GET /alpha-data/k", "GET /alpha-data/k?acl", "SignatureDoesNotMatch"),
        ("\r\n\r\n", "\r\nx-amz-checksum-mode: ENABLED\r\n\r\n", "AccessDenied"),
        ("Signature=", "Signature=0", "AuthorizationHeaderMalformed"),
        (&client.issued.access_key, "CFNOBODY", "InvalidAccessKeyId"),
        (&client.issued.token, "another-token", "SignatureDoesNotMatch"),
        ("authorization:", "x-other:", "AccessDenied"),
    ] {
        let head = signed.head.replace(from, to);
        assert_ne!(head, signed.head, "{from}");
        assert_eq!(client.exchange(head.as_bytes(), b"", false).await.code(), code, "{from}");
    }
    let put = client.sign("PUT", "/alpha-data/k", &[("content-length", "5")], &sha256(b"hello"));
    assert_eq!(client.exchange(put.head.as_bytes(), b"hullo", false).await.code(), "XAmzContentSHA256Mismatch");
    assert_eq!(client.get("/alpha-data/k").await.body, b"hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clock_of_a_client_must_be_about_right() {
    let (world, client) = alpha(4).await;
    let signed = client.sign("GET", "/alpha-data/k", &[], &sha256(b""));
    world.clock.advance_seconds(901);
    assert_eq!(client.exchange(signed.head.as_bytes(), b"", false).await.code(), "RequestTimeTooSkewed");
    world.clock.advance_seconds(3600);
    assert_eq!(client.get("/alpha-data/k").await.code(), "ExpiredToken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_presigned_url_serves_until_it_expires() {
    let (world, client) = alpha(5).await;
    client.put("/alpha-data/k", b"hello").await;
    let target = client.presign("GET", "/alpha-data/k", 60);
    let head = format!("GET {target} HTTP/1.1\r\nhost: {}\r\n\r\n", client.server);
    assert_eq!(client.exchange(head.as_bytes(), b"", false).await.body, b"hello");
    let put = head.replace("GET", "PUT").replace("\r\n\r\n", "\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(client.exchange(put.as_bytes(), b"", false).await.code(), "SignatureDoesNotMatch");
    world.clock.advance_seconds(61);
    assert_eq!(client.exchange(head.as_bytes(), b"", false).await.code(), "AccessDenied");
}

fn unsigned_trailer(body: &[u8], trailer: &str) -> Vec<u8> {
    let mut framed = Vec::new();
    for chunk in body.chunks(1000) {
        framed.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        framed.extend_from_slice(chunk);
        framed.extend_from_slice(b"\r\n");
    }
    framed.extend_from_slice(format!("0\r\n{trailer}\r\n\r\n").as_bytes());
    framed
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_in_chunks_with_a_trailer() {
    let (_world, client) = alpha(6).await;
    let crc = "x-amz-checksum-crc32:y/Q5Jg==";
    let body = b"123456789";
    for (trailer, sent, code) in [
        (crc, &body[..], ""),
        ("x-amz-checksum-crc32:AAAAAA==", &body[..], "BadDigest"),
        ("x-amz-checksum-crc32:short", &body[..], "InvalidRequest"),
        ("x-amz-checksum-crc32c:y/Q5Jg==", &body[..], "MalformedTrailerError"),
        (crc, b"12345678", "IncompleteBody"),
    ] {
        let framed = unsigned_trailer(sent, trailer);
        let length = framed.len().to_string();
        let headers = [
            ("content-encoding", "gzip,aws-chunked"),
            ("content-length", length.as_str()),
            ("x-amz-decoded-content-length", "9"),
            ("x-amz-trailer", "x-amz-checksum-crc32"),
        ];
        let signed = client.sign("PUT", "/alpha-data/k", &headers, "STREAMING-UNSIGNED-PAYLOAD-TRAILER");
        let answer = client.exchange(signed.head.as_bytes(), &framed, false).await;
        assert_eq!(answer.code(), code, "{trailer}: {}", answer.text());
    }
    let get = client.send("GET", "/alpha-data/k", &[("x-amz-checksum-mode", "ENABLED")], b"").await;
    assert_eq!(get.body, body);
    assert_eq!(get.header("content-encoding"), Some("gzip"));
    assert_eq!(get.header("x-amz-checksum-crc32"), Some("y/Q5Jg=="));
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_in_signed_chunks() {
    let (_world, client) = alpha(7).await;
    let body = text(100_000);
    for broken in [false, true] {
        let headers = [("transfer-encoding", "chunked"), ("x-amz-decoded-content-length", "100000")];
        let signed = client.sign("PUT", "/alpha-data/k", &headers, "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
        let mut previous = signed.signature.clone();
        let mut framed = Vec::new();
        for chunk in body.chunks(65_536).chain([&b""[..]]) {
            let text = format!(
                "AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}\n{previous}\n{}\n{}",
                signed.date,
                signed.scope,
                sha256(b""),
                sha256(chunk)
            );
            previous = signed.key.sign(&text);
            framed.extend_from_slice(format!("{:x};chunk-signature={previous}\r\n", chunk.len()).as_bytes());
            framed.extend_from_slice(chunk);
            framed.extend_from_slice(b"\r\n");
        }
        if broken {
            framed[70_000] ^= 1;
        }
        // HTTP's own chunks around those of S3, as boto3 sends them.
        let mut wire = Vec::new();
        for piece in framed.chunks(10_007) {
            wire.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
            wire.extend_from_slice(piece);
            wire.extend_from_slice(b"\r\n");
        }
        wire.extend_from_slice(b"0\r\n\r\n");
        let answer = client.exchange(signed.head.as_bytes(), &wire, false).await;
        assert_eq!(answer.code(), if broken { "SignatureDoesNotMatch" } else { "" });
    }
    assert_eq!(client.get("/alpha-data/k").await.body, body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_denied_upload_is_answered_before_its_body() {
    let (_world, client) = alpha(8).await;
    let headers = [("content-length", "1000000"), ("expect", "100-continue")];
    for (target, code) in [("/beta-data/k", "NoSuchBucket"), ("/alpha-data/k", "")] {
        let signed = client.sign("PUT", target, &headers, "UNSIGNED-PAYLOAD");
        let mut stream = client.connect().await;
        stream.write_all(signed.head.as_bytes()).await.unwrap();
        let first = read_answer(&mut stream, false).await;
        if code.is_empty() {
            assert_eq!(first.status, 100);
            stream.write_all(&text(1_000_000)).await.unwrap();
            assert_eq!(read_answer(&mut stream, false).await.status, 200);
        } else {
            assert_eq!(first.code(), code);
            // Nothing of the body was asked for, so the connection cannot be used again.
            assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
        }
    }
}

/// Also a client that does not wait for `100 Continue` hears why, however much it is still sending.
#[tokio::test(flavor = "multi_thread")]
async fn a_denied_upload_that_is_sent_anyway_is_answered() {
    let (_world, client) = alpha(15).await;
    let body = text(30_000_000);
    let length = body.len().to_string();
    let signed = client.sign("PUT", "/beta-data/k", &[("content-length", &length)], "UNSIGNED-PAYLOAD");
    for (head, code) in [
        (signed.head.clone(), "NoSuchBucket"),
        (signed.head.replace("/beta-data/k", "/beta-data/l"), "SignatureDoesNotMatch"),
    ] {
        assert_eq!(client.exchange(head.as_bytes(), &body, false).await.code(), code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_engagement_is_not_there() {
    let (world, alpha) = alpha(9).await;
    let beta = world.engagement("beta").await;
    alpha.put("/alpha-data/k", b"hello").await;
    for (method, target) in
        [("GET", "/alpha-data/k"), ("PUT", "/alpha-data/k"), ("GET", "/alpha-data"), ("DELETE", "/alpha-data/k")]
    {
        let theirs = beta.send(method, target, &[], b"").await;
        let nothing = beta.send(method, &target.replace("alpha-data", "gamma-data"), &[], b"").await;
        assert_eq!((theirs.status, theirs.code()), (404, "NoSuchBucket".to_owned()), "{method}");
        let without_id = |answer: &str| answer.split("<RequestId>").next().unwrap().to_owned();
        assert_eq!(without_id(&theirs.text()), without_id(&nothing.text()));
    }
    assert_eq!(beta.put("/alpha-data", b"").await.code(), "BucketAlreadyExists");
    assert_eq!(alpha.put("/alpha-data", b"").await.status, 200, "it is there, and theirs");
    assert_eq!(alpha.get("/").await.tags("Name"), ["alpha-data"]);
    assert!(beta.get("/").await.tags("Name").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pause_cuts_what_is_on_the_wire() {
    let (world, client) = alpha(10).await;
    let body = text(40_000_000);
    assert_eq!(client.put("/alpha-data/k", &body).await.status, 200);
    let signed = client.sign("GET", "/alpha-data/k", &[], &sha256(b""));
    let mut stream = client.connect().await;
    stream.write_all(signed.head.as_bytes()).await.unwrap();
    assert_eq!(read_head(&mut stream).await.status, 200);
    let mut first = vec![0; 100_000];
    stream.read_exact(&mut first).await.unwrap();

    let paused = world.custody.pause(std::sync::Arc::new(world.ann()), world.request(), "alpha").await.unwrap();
    assert!(paused.streams_cut >= 1, "{paused:?}");
    let mut rest = Vec::new();
    let end = stream.read_to_end(&mut rest).await;
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert!(rest.len() < body.len() / 2, "{} bytes after the pause", rest.len());
    let after = client.get("/alpha-data/k").await;
    assert!(matches!(after.status, 400 | 403), "{}", after.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn listings_page_and_roll_up() {
    let (_world, client) = alpha(11).await;
    for key in ["a", "b%2Fone", "b%2Ftwo", "c%20d", "e%2Ff%2Fg"] {
        assert_eq!(client.put(&format!("/alpha-data/{key}"), b"x").await.status, 200);
    }
    let all = client.get("/alpha-data?list-type=2").await;
    assert_eq!(all.tags("Key"), ["a", "b/one", "b/two", "c d", "e/f/g"]);
    assert_eq!(all.tag("KeyCount"), "5");
    let url = client.get("/alpha-data?list-type=2&encoding-type=url&delimiter=%2F").await;
    assert_eq!(url.tags("Key"), ["a", "c%20d"]);
    let prefixes: Vec<String> = url.tags("Prefix").into_iter().filter(|prefix| !prefix.is_empty()).collect();
    assert_eq!(prefixes, ["b/", "e/"]);

    let (mut token, mut seen) = (String::new(), Vec::new());
    loop {
        let page = client.get(&format!("/alpha-data?{token}delimiter=%2F&list-type=2&max-keys=1")).await;
        assert_eq!(page.tag("KeyCount"), "1");
        seen.extend(page.tags("Key"));
        seen.extend(page.tags("Prefix").into_iter().filter(|prefix| !prefix.is_empty()));
        match page.tag("NextContinuationToken") {
            end if end.is_empty() => break,
            next => token = format!("continuation-token={next}&"),
        }
    }
    assert_eq!(seen, ["a", "b/", "c d", "e/"]);
    let forged = client.get("/alpha-data?continuation-token=AAAA&list-type=2").await;
    assert_eq!(forged.code(), "InvalidArgument");
    let moved = client.get(&format!("/alpha-data?{token}list-type=2&prefix=b")).await;
    assert_eq!(moved.code(), "InvalidArgument");

    let old = client.get("/alpha-data?delimiter=%2F&marker=a&max-keys=2").await;
    assert_eq!((old.tags("Key"), old.tag("IsTruncated")), (vec!["c d".to_owned()], "true".to_owned()));
    assert!(!old.tag("NextMarker").is_empty());
    let none = client.get("/alpha-data?list-type=2&max-keys=0").await;
    assert_eq!((none.tag("KeyCount"), none.tag("IsTruncated")), ("0".to_owned(), "false".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_objects_are_deleted_at_once() {
    let (_world, client) = alpha(12).await;
    for key in ["a", "b", "c"] {
        client.put(&format!("/alpha-data/{key}"), b"x").await;
    }
    let body =
        b"<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object><Object><Key>zz</Key></Object></Delete>";
    let unchecked = client.send("POST", "/alpha-data?delete", &[], body).await;
    assert_eq!(unchecked.code(), "InvalidRequest");
    let wrong = client.send("POST", "/alpha-data?delete", &[("x-amz-checksum-crc32", "AAAAAA==")], body).await;
    assert!(wrong.status >= 400, "{}", wrong.text());
    assert_eq!(client.get("/alpha-data?list-type=2").await.tags("Key"), ["a", "b", "c"]);
    let md5 = data_encoding::BASE64.encode(&custody::digests::md5_of(body));
    let deleted = client.send("POST", "/alpha-data?delete", &[("content-md5", &md5)], body).await;
    assert_eq!(deleted.tags("Key"), ["a", "b", "zz"], "{}", deleted.text());
    assert_eq!(client.get("/alpha-data?list-type=2").await.tags("Key"), ["c"]);
    assert_eq!(client.send("DELETE", "/alpha-data", &[], b"").await.code(), "BucketNotEmpty");
    client.send("DELETE", "/alpha-data/c", &[], b"").await;
    assert_eq!(client.send("DELETE", "/alpha-data", &[], b"").await.status, 204);
    assert_eq!(client.send("HEAD", "/alpha-data", &[], b"").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_in_parts() {
    let (_world, client) = alpha(13).await;
    let begun = client.send("POST", "/alpha-data/k?uploads", &[("x-amz-checksum-algorithm", "CRC64NVME")], b"").await;
    let upload = begun.tag("UploadId");
    assert!(upload.starts_with("upl_"), "{}", begun.text());
    assert_eq!(client.get("/alpha-data?uploads").await.tag("UploadId"), upload);
    let parts = [text(5 * 1024 * 1024), text(1000)];
    let mut list = String::from("<CompleteMultipartUpload>");
    for (number, part) in (1..).zip(&parts) {
        let target = format!("/alpha-data/k?partNumber={number}&uploadId={upload}");
        let put = client.put(&target, part).await;
        assert_eq!(put.status, 200, "{}", put.text());
        let etag = put.header("etag").unwrap();
        list.push_str(&format!("<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"));
    }
    list.push_str("</CompleteMultipartUpload>");
    let page = client.get(&format!("/alpha-data/k?max-parts=1&uploadId={upload}")).await;
    assert_eq!((page.tags("PartNumber"), page.tag("IsTruncated")), (vec!["1".to_owned()], "true".to_owned()));

    let done = client.send("POST", &format!("/alpha-data/k?uploadId={upload}"), &[], list.as_bytes()).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert!(done.tag("ETag").contains("-2"), "{}", done.text());
    assert_eq!(done.tag("ChecksumType"), "FULL_OBJECT");
    let get = client.get("/alpha-data/k").await;
    assert_eq!(get.body, parts.concat());
    let abort = client.send("DELETE", &format!("/alpha-data/k?uploadId={upload}"), &[], b"").await;
    assert_eq!(abort.code(), "NoSuchUpload");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_implemented_is_refused_rather_than_ignored() {
    let (_world, client) = alpha(14).await;
    for header in [("x-amz-server-side-encryption-customer-algorithm", "AES256"), ("x-amz-mfa", "123456")] {
        assert_eq!(client.send("PUT", "/alpha-data/k", &[header], b"x").await.code(), "NotImplemented", "{header:?}");
    }
    assert_eq!(client.get("/alpha-data?session").await.code(), "NotImplemented");
    let crowded = client.send("GET", "/alpha-data/k", &[("x-amz-meta-x", &"x".repeat(20_000))], b"").await;
    assert_eq!(crowded.code(), "RequestHeaderSectionTooLarge");
}
