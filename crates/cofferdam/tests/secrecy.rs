//! What lies on the disk tells a thief nothing: planted markers are in no file of the data folder.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    clippy::print_stderr
)]

mod support;

use http::{Method, StatusCode};
use support::{World, files, get, put};

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn nothing_of_what_was_put_is_readable_on_the_disk() {
    let world = World::empty();
    let arguments = [
        "quickstart",
        "--partner",
        "zyxwvupartner",
        "--engagement",
        "zyxwvuengagement",
        "--workload",
        "zyxwvuworkload",
        "--person",
        "zyxwvuperson",
    ];
    let session = world.json(&arguments);
    let mut world = world;
    world.serve();
    let client = world.client(&session);
    let marker = "zyxwvumarker.of.the.body@example.org";
    let small = format!("{{\"email\": \"{marker}\"}}\n");
    let big = small.repeat(20_000);
    let headers = [("content-type", "application/x-zyxwvutype"), ("x-amz-meta-note", "zyxwvumeta")];
    for (key, body) in [("small.jsonl", small), ("big.jsonl", big.clone())] {
        let stored =
            client.request(Method::PUT, "demo-data", key, &[], &headers, body.into_bytes().into()).await.unwrap();
        assert_eq!(stored.status, StatusCode::OK);
    }
    let stored = put(&client, "plain.txt", "zyxwvumarker alone").await;
    let etag = stored.header("etag").unwrap().trim_matches('"').to_owned();
    assert!(get(&client, "big.jsonl").await.bytes().await.unwrap() == big);
    world.text(&["scope", "--engagement", "zyxwvuengagement"]);
    world.text(&["ledger", "verify"]);
    // The server still runs: its write-ahead log and whatever else it keeps is searched too.
    let secret = session["secret"].as_str().unwrap().to_owned();
    let token = session["token"].as_str().unwrap().to_owned();
    let digest = data_encoding::HEXLOWER.decode(etag.as_bytes()).unwrap();
    // Six letters: of three, a megabyte of ciphertext holds any one time in sixteen.
    let mut markers: Vec<Vec<u8>> =
        ["zyxwvu", marker, &etag, &secret, &token].map(|text| text.as_bytes().to_vec()).into();
    markers.push(digest);
    let mut searched = 0;
    for path in files(&world.data()) {
        // People's private keys lie beside the data on this machine, in a folder of their own.
        if path.starts_with(world.data().join("identities")) {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for marker in &markers {
            let found = bytes.windows(marker.len()).any(|window| window == marker.as_slice());
            assert!(!found, "{} holds {}", path.display(), String::from_utf8_lossy(marker));
        }
        searched += bytes.len();
    }
    assert!(searched > 1_000_000, "{searched} bytes were searched");
    let log = world.stop();
    assert!(!log.contains("zyxwvu"), "{log}");
}
