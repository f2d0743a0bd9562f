//! How requests reach S3: under which names, over TLS, and how large they may be.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod speech;
mod world;

use std::time::Duration;

use gateway::limits::Limits;
use gateway::server::Rules;
use speech::Speech;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use world::client::{Client, read_answer, sha256};
use world::{DOMAIN, World};

async fn alpha(seed: u64) -> (World, Client) {
    let world = World::new(seed).await;
    let client = world.engagement("alpha").await;
    assert_eq!(client.put("/alpha-data", b"").await.status, 200);
    (world, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_in_the_hosts_name_is_the_one_in_the_path() {
    let (_world, mut client) = alpha(31).await;
    let path = client.host.clone();
    let named = |bucket: &str| format!("{bucket}.{DOMAIN}:8333");
    assert_eq!(client.put("/alpha-data/a%20b/c%2Bd", b"one").await.status, 200);
    client.host = named("alpha-data");
    assert_eq!(client.get("/a%20b/c%2Bd").await.body, b"one");
    assert_eq!(client.put("/new", b"two").await.status, 200);
    assert_eq!(client.get("/?list-type=2").await.tags("Key"), ["a b/c+d", "new"]);
    let presigned = client.presign("GET", "/new", 60);
    let head = format!("GET {presigned} HTTP/1.1\r\nhost: {}\r\n\r\n", client.host);
    assert_eq!(client.exchange(head.as_bytes(), b"", false).await.body, b"two");
    // The name is what was signed: another one does not pass.
    let signed = client.sign("GET", "/new", &[], &sha256(b"")).head;
    let other = signed.replace(&client.host, &named("gamma-data"));
    assert_eq!(client.exchange(other.as_bytes(), b"", false).await.code(), "SignatureDoesNotMatch");

    client.host = named("beta-data");
    assert_eq!(client.get("/new").await.code(), "NoSuchBucket");
    client.host = named("gamma-data");
    assert_eq!(client.put("/", b"").await.status, 200);
    client.host = path;
    assert_eq!(client.get("/alpha-data/new").await.body, b"two");
    assert_eq!(client.send("HEAD", "/gamma-data", &[], b"").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_over_tls_is_told_when_to_go_on() {
    let (world, client) = alpha(32).await;
    let secured = world.also(Speech::Tls.rules()).await;
    let headers = [("content-length", "1000000"), ("expect", "100-continue")];
    for (target, code) in [("/beta-data/k", "NoSuchBucket"), ("/alpha-data/k", "")] {
        let signed = client.sign("PUT", target, &headers, "UNSIGNED-PAYLOAD");
        let mut stream = speech::secure(TcpStream::connect(secured).await.unwrap()).await;
        stream.write_all(signed.head.as_bytes()).await.unwrap();
        let first = read_answer(&mut stream, false).await;
        if code.is_empty() {
            assert_eq!(first.status, 100);
            stream.write_all(&vec![b'x'; 1_000_000]).await.unwrap();
            assert_eq!(read_answer(&mut stream, false).await.status, 200);
        } else {
            assert_eq!(first.code(), code);
            assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0);
        }
    }
}

/// The length alone is enough to be refused: not a byte of the body is sent here.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused_before_it_is_read() {
    let (_world, client) = alpha(33).await;
    let most = 5u64 << 30;
    for length in [most + 1, 1 << 60] {
        let length = length.to_string();
        let headers = [("content-length", length.as_str()), ("expect", "100-continue")];
        let signed = client.sign("PUT", "/alpha-data/k", &headers, "UNSIGNED-PAYLOAD");
        let answer = client.exchange(signed.head.as_bytes(), b"", false).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "EntityTooLarge"), "{length}");
    }
    let length = most.to_string();
    let headers = [("content-length", length.as_str()), ("expect", "100-continue")];
    let signed = client.sign("PUT", "/alpha-data/k", &headers, "UNSIGNED-PAYLOAD");
    assert_eq!(client.exchange(signed.head.as_bytes(), b"", false).await.status, 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_dribbles_is_told_so_and_leaves_nothing() {
    let (world, client) = alpha(34).await;
    let limits = Limits { upload_span: Duration::from_millis(200), upload_bytes: 100_000, ..Limits::default() };
    let address = world.also(Rules { limits, tls: None }).await;
    let signed = client.sign("PUT", "/alpha-data/slow", &[("content-length", "1000000")], "UNSIGNED-PAYLOAD");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(signed.head.as_bytes()).await.unwrap();
    stream.write_all(&[b'x'; 50_000]).await.unwrap();
    let answer = read_answer(&mut stream, false).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "RequestTimeout"));
    assert_eq!(client.get("/alpha-data/slow").await.code(), "NoSuchKey");
}
