//! Every operation of S3, and what becomes of it: served or refused on purpose, and entered in the ledger either way.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods
)]

mod world;

use std::collections::BTreeSet;
use std::process::Command;

use base::word::Verb;
use gateway::operations::{Mark, Operation, Standing, TABLE, Target};
use serde_json::Value;
use world::World;
use world::client::{Answer, Client};

/// The methods of the trait through which `s3s` hands operations on, read from the sources that were compiled.
fn methods_of_s3s() -> BTreeSet<String> {
    let arguments = ["metadata", "--format-version", "1", "--offline", "--locked"];
    let output = Command::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let manifest = packages.iter().find(|package| package["name"] == "s3s").unwrap()["manifest_path"].as_str().unwrap();
    let source = std::path::Path::new(manifest).with_file_name("src").join("s3_trait.rs");
    let source = std::fs::read_to_string(source).unwrap();
    let names = source.split("async fn ").skip(1).map(|rest| rest.split('(').next().unwrap());
    names.map(|name| name.replace('_', "").to_lowercase()).collect()
}

#[test]
fn every_operation_of_s3s_is_decided() {
    let decided: BTreeSet<String> = TABLE.iter().map(|operation| operation.name.to_lowercase()).collect();
    assert_eq!(decided.len(), TABLE.len(), "an operation has two rows");
    let methods = methods_of_s3s();
    assert!(methods.len() > 90, "{methods:?}");
    let undecided: Vec<&String> = methods.difference(&decided).collect();
    assert!(undecided.is_empty(), "give these a row in operations/table.rs: {undecided:?}");
}

/// The part of `docs/s3.md` that is made from the table.
fn written() -> String {
    let mut rows: Vec<&Operation> = TABLE.iter().collect();
    rows.sort_by_key(|operation| operation.name);
    let mut text = String::from("\n| operation | served | entered as | note |\n|---|---|---|---|\n");
    for row in rows {
        let verbs: Vec<&str> = row.verbs.iter().map(|verb| verb.word()).collect();
        let (served, note) = match row.standing {
            Standing::Served(note) if row.is_implemented() => ("yes".to_owned(), note),
            Standing::Served(_) => ("not yet".to_owned(), ""),
            Standing::Refused(code, why) => (format!("`{}`", code.name()), why),
        };
        text.push_str(&format!("| {} | {served} | {} | {note} |\n", row.name, verbs.join(", ")));
    }
    text
}

#[test]
fn the_documentation_lists_every_operation() {
    const BEGIN: &str = "<!-- operations: written by the test that checks them -->\n";
    const END: &str = "\n<!-- end of operations -->";
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/s3.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (listed, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", written())).unwrap();
        return;
    }
    assert_eq!(listed, written(), "docs/s3.md differs from operations/table.rs: look at it, then set UPDATE_GOLDEN=1");
}

/// What a request of an operation looks like, with all that its row asks for.
struct Sample {
    operation: &'static Operation,
    target: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Sample {
    /// On `bucket` and its object `k`.
    fn of(operation: &'static Operation, bucket: &str, upload: &str) -> Self {
        let mut target = match operation.target {
            Target::Service => "/".to_owned(),
            Target::Bucket => format!("/{bucket}"),
            Target::Object => format!("/{bucket}/k"),
        };
        let (mut pairs, mut headers) = (Vec::new(), Vec::new());
        for mark in operation.marks {
            match mark {
                Mark::Key("uploadId") => pairs.push(format!("uploadId={upload}")),
                Mark::Key(key) => pairs.push((*key).to_owned()),
                Mark::Parameter(key) => pairs.push(format!("{key}=1")),
                Mark::Pair(key, value) => pairs.push(format!("{key}={value}")),
                Mark::Header(name) => headers.push((*name, format!("/{bucket}/k"))),
                Mark::Form => headers.push(("content-type", "multipart/form-data; boundary=x".to_owned())),
            }
        }
        if !pairs.is_empty() {
            target = format!("{target}?{}", pairs.join("&"));
        }
        let body = body_of(operation.name).as_bytes().to_vec();
        let md5 = data_encoding::BASE64.encode(&custody::digests::md5_of(&body));
        if !body.is_empty() {
            headers.push(("content-md5", md5));
        }
        Self { operation, target, headers, body }
    }

    async fn send(&self, client: &Client, extra: &[(&str, &str)]) -> Answer {
        let mut headers: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.extend_from_slice(extra);
        client.send(self.operation.method.as_str(), &self.target, &headers, &self.body).await
    }
}

/// The document that an operation needs.
fn body_of(name: &str) -> &'static str {
    match name {
        "DeleteObjects" => "<Delete><Object><Key>k</Key></Object></Delete>",
        "PutBucketTagging" | "PutObjectTagging" => {
            "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
        }
        "PutBucketCors" => {
            "<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule>\
             </CORSConfiguration>"
        }
        _ => "",
    }
}

/// The entries of a request that say who asked and what became of it.
#[track_caller]
fn assert_entered(world: &World, client: &Client, sample: &Sample, answer: &Answer, outcome: &str) {
    let name = sample.operation.name;
    let request = answer.header("x-amz-request-id").unwrap();
    let entries = world.entries_of(request);
    let ours = entries.iter().any(|entry| {
        let verb = entry["verb"].as_str().and_then(|verb| verb.parse::<Verb>().ok());
        // Acts are named by their kind; releases, denials and failures by their verb.
        let named = verb.is_none_or(|verb| sample.operation.verbs.contains(&verb));
        named && entry["credential"] == client.issued.access_key.as_str() && entry["session"].is_string()
    });
    assert!(ours, "{name}, {outcome}: {} {} left {entries:?}", answer.status, answer.text());
}

/// A bucket with an object and an upload under way.
async fn furnish(client: &Client, bucket: &str) -> String {
    assert_eq!(client.put(&format!("/{bucket}"), b"").await.status, 200);
    assert_eq!(client.put(&format!("/{bucket}/k"), b"hello").await.status, 200);
    client.send("POST", &format!("/{bucket}/k?uploads"), &[], b"").await.tag("UploadId")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_is_entered_whatever_becomes_of_it() {
    let world = World::new(101).await;
    let client = world.engagement("alpha").await;
    let stranger = world.grantless("alpha").await;
    for (number, operation) in TABLE.iter().enumerate() {
        let bucket = format!("bucket-{number}");
        let upload = furnish(&client, &bucket).await;
        let sample = Sample::of(operation, &bucket, &upload);

        let denied = sample.send(&stranger, &[]).await;
        assert_entered(&world, &stranger, &sample, &denied, "denied");
        // A request that names several keys is refused key by key.
        assert!(denied.status >= 400 || denied.code() == "AccessDenied", "{}: {}", operation.name, denied.text());

        let wrong = sample.send(&client, &[("x-amz-checksum-crc32", "nonsense")]).await;
        assert_entered(&world, &client, &sample, &wrong, "malformed");
        assert!(wrong.status >= 400, "{}", operation.name);

        let missing = Sample::of(operation, "nowhere", &upload);
        let answer = missing.send(&client, &[]).await;
        assert_entered(&world, &client, &missing, &answer, "missing");

        let answer = sample.send(&client, &[]).await;
        assert_entered(&world, &client, &sample, &answer, "allowed");
        match operation.standing {
            Standing::Refused(code, _) => assert_eq!(answer.code(), code.name(), "{}", operation.name),
            Standing::Served(_) => assert_ne!(answer.status, 500, "{}: {}", operation.name, answer.text()),
        }
    }
}

/// A pause ends the sessions; what is tried under them afterwards is counted, with the name of who tries.
#[tokio::test(flavor = "multi_thread")]
async fn no_operation_is_answered_during_a_pause_and_every_try_is_counted() {
    let world = World::new(103).await;
    let client = world.engagement("alpha").await;
    let upload = furnish(&client, "alpha-data").await;
    let ann = std::sync::Arc::new(world.ann());
    world.custody.pause(ann, world.request(), "alpha").await.unwrap();
    for operation in TABLE {
        let answer = Sample::of(operation, "alpha-data", &upload).send(&client, &[]).await;
        assert_eq!(answer.status, 403, "{}: {}", operation.name, answer.text());
        let said = answer.text().contains("paused") || operation.method == "HEAD";
        assert!(said, "{}: {}", operation.name, answer.text());
    }
    world.custody.enter_noise().await.unwrap();
    let counted = world.entries_of_kind("session.lapsed");
    assert_eq!(counted.len(), 1, "{counted:?}");
    assert_eq!(counted[0]["credential"], client.issued.access_key.as_str());
    assert_eq!(counted[0]["count"], TABLE.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subresource_goes_with_its_own_operations_alone() {
    let world = World::new(102).await;
    let client = world.engagement("alpha").await;
    furnish(&client, "alpha-data").await;
    for (method, target, code) in [
        ("DELETE", "/alpha-data?logging", "MethodNotAllowed"),
        ("DELETE", "/alpha-data/k?acl", "MethodNotAllowed"),
        ("PUT", "/alpha-data?location", "MethodNotAllowed"),
        ("PUT", "/alpha-data/k?renameObject", "NotImplemented"),
        ("PUT", "/alpha-data/k?uploadId=x", "InvalidArgument"),
        ("GET", "/alpha-data?acl&cors", "InvalidArgument"),
        ("GET", "/alpha-data?%61cl", "InvalidArgument"),
        ("POST", "/alpha-data", "MethodNotAllowed"),
        ("POST", "/", "MethodNotAllowed"),
        ("PATCH", "/alpha-data/k", "MethodNotAllowed"),
    ] {
        let answer = client.send(method, target, &[], b"").await;
        assert_eq!(answer.code(), code, "{method} {target}: {}", answer.text());
        let entries = world.entries_of(answer.header("x-amz-request-id").unwrap());
        assert_eq!(entries[0]["kind"], "failure", "{method} {target}: {entries:?}");
    }
    assert_eq!(client.get("/alpha-data/k").await.body, b"hello");
}
