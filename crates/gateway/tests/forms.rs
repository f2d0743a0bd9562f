//! Uploads by HTML form over real sockets.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use base::Clock;
use world::World;
use world::client::{Answer, Client};

const BOUNDARY: &str = "a-boundary";

/// The conditions that cover what every signed form has.
fn conditions(client: &Client, more: &str) -> String {
    let date = client.clock.now().to_amz();
    let (key, token) = (&client.issued.access_key, &client.issued.token);
    format!(
        r#"{{"bucket": "alpha-data"}}, {{"x-amz-algorithm": "AWS4-HMAC-SHA256"}}, {{"x-amz-date": "{date}"}},
           ["starts-with", "$x-amz-credential", "{key}/"], {{"x-amz-security-token": "{token}"}}, {more}"#
    )
}

/// The fields of a form with a signed policy, but for the file.
fn signed(client: &Client, expiration: &str, conditions: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let policy = format!(r#"{{"expiration": "{expiration}", "conditions": [{conditions}]}}"#);
    let policy = data_encoding::BASE64.encode(policy.as_bytes());
    let (date, credential, signature) = client.sign_policy(&policy);
    let mut all: Vec<(String, String)> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    all.extend([
        ("x-amz-algorithm".to_owned(), "AWS4-HMAC-SHA256".to_owned()),
        ("x-amz-credential".to_owned(), credential),
        ("X-Amz-Date".to_owned(), date),
        ("x-amz-security-token".to_owned(), client.issued.token.clone()),
        ("policy".to_owned(), policy),
        ("x-amz-signature".to_owned(), signature),
    ]);
    all
}

async fn post(client: &Client, fields: &[(String, String)], file: &[u8]) -> Answer {
    send(client, "/alpha-data", "", &body(fields, file)).await
}

fn body(fields: &[(String, String)], file: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let part =
        format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"dir/a b.txt\"\r\n\r\n");
    body.extend_from_slice(part.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// Sends a form, with headers that nobody signed.
async fn send(client: &Client, target: &str, headers: &str, body: &[u8]) -> Answer {
    let head = format!(
        "POST {target} HTTP/1.1\r\n{headers}host: {}\r\ncontent-type: multipart/form-data; boundary={BOUNDARY}\r\n\
         content-length: {}\r\n\r\n",
        client.server,
        body.len()
    );
    client.exchange(head.as_bytes(), body, false).await
}

/// When forms of this world expire, as a rule.
const LATER: &str = "2099-01-01T00:00:00Z";

const ANY_KEY: &str = r#"["starts-with", "$key", "user/"]"#;

async fn alpha(seed: u64) -> (World, Client) {
    let world = World::new(seed).await;
    let client = world.engagement("alpha").await;
    assert_eq!(client.put("/alpha-data", b"").await.status, 200);
    (world, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_stores_its_file() {
    let (world, client) = alpha(61).await;
    let more = format!(
        r#"{ANY_KEY}, ["starts-with", "$Content-Type", "text/"], {{"x-amz-meta-who": "me"}},
           {{"success_action_status": "201"}}, ["content-length-range", 1, 4000000]"#
    );
    let conditions = conditions(&client, &more);
    let file = b"a line of text\n".repeat(200_000);
    let fields = [
        ("key", "user/${filename}"),
        ("Content-Type", "text/plain"),
        ("x-amz-meta-who", "me"),
        ("success_action_status", "201"),
        ("x-ignore-this", "?"),
    ];
    let answer = post(&client, &signed(&client, LATER, &conditions, &fields), &file).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!((answer.tag("Bucket").as_str(), answer.tag("Key").as_str()), ("alpha-data", "user/a b.txt"));
    assert_eq!(answer.header("location"), Some("/alpha-data/user/a%20b.txt"));
    let get = client.get("/alpha-data/user/a%20b.txt").await;
    assert_eq!(
        (&get.body, get.header("content-type"), get.header("x-amz-meta-who")),
        (&file, Some("text/plain"), Some("me"))
    );
    let entries = world.entries_of(answer.header("x-amz-request-id").unwrap());
    assert!(entries.iter().any(|entry| entry["kind"] == "object.put"), "{entries:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_answered_as_it_wishes() {
    let (_world, client) = alpha(62).await;
    let more = format!(r#"{ANY_KEY}, ["starts-with", "$success_action_redirect", ""]"#);
    let conditions = conditions(&client, &more);
    let plain = post(&client, &signed(&client, LATER, &conditions, &[("key", "user/a")]), b"").await;
    assert_eq!((plain.status, plain.body.len()), (204, 0), "{}", plain.text());
    let redirect = [("key", "user/a"), ("success_action_redirect", "https://example.org/done?x=1")];
    let moved = post(&client, &signed(&client, LATER, &conditions, &redirect), b"x").await;
    assert_eq!(moved.status, 303, "{}", moved.text());
    let location = moved.header("location").unwrap();
    assert!(location.starts_with("https://example.org/done?x=1&bucket=alpha-data&key=user%2Fa&etag=%22"), "{location}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_stores_nothing_that_its_policy_does_not_allow() {
    let (_world, client) = alpha(63).await;
    let covered = conditions(&client, &format!(r#"{ANY_KEY}, ["content-length-range", 2, 5]"#));
    let key = [("key", "user/a")];
    for (fields, file, status, code) in [
        (signed(&client, LATER, &covered, &[("key", "other/a")]), &b"abc"[..], 403, "AccessDenied"),
        (signed(&client, LATER, &covered, &[key[0], ("acl", "private")]), b"abc", 403, "AccessDenied"),
        (signed(&client, "2001-01-01T00:00:00Z", &covered, &key), b"abc", 403, "AccessDenied"),
        (signed(&client, LATER, &covered, &key), b"a", 400, "EntityTooSmall"),
        (signed(&client, LATER, &covered, &key), b"abcdef", 400, "EntityTooLarge"),
        (signed(&client, LATER, &covered, &[]), b"abc", 400, "InvalidArgument"),
        (signed(&client, "soon", &covered, &key), b"abc", 400, "InvalidPolicyDocument"),
        (signed(&client, LATER, r#"["like", "$key", "a"]"#, &key), b"abc", 400, "InvalidPolicyDocument"),
    ] {
        let answer = post(&client, &fields, file).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
    }
    assert_eq!(client.get("/alpha-data/user/a").await.status, 404);
    client.put("/alpha-data/other", b"other").await;
    let good = body(&signed(&client, LATER, &covered, &key), b"abc");
    let elsewhere = send(&client, "/alpha-data?delete", "", &good).await;
    assert_eq!(elsewhere.code(), "InvalidArgument", "{}", elsewhere.text());
    // Headers that nobody signed mean nothing.
    let unsigned = "x-amz-copy-source: alpha-data/other\r\nx-amz-meta-who: nobody\r\nif-none-match: *\r\n";
    let stored = send(&client, "/alpha-data", unsigned, &good).await;
    assert_eq!(stored.status, 204, "{}", stored.text());
    let get = client.get("/alpha-data/user/a").await;
    assert_eq!((get.body.as_slice(), get.header("x-amz-meta-who")), (&b"abc"[..], None));
    let copies = conditions(&client, &format!(r#"{ANY_KEY}, ["starts-with", "$x-amz-copy-source", ""]"#));
    let copying = [key[0], ("x-amz-copy-source", "alpha-data/other")];
    assert_eq!(post(&client, &signed(&client, LATER, &copies, &copying), b"abc").await.code(), "InvalidArgument");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_nobody_signed_is_a_strangers() {
    let (_world, client) = alpha(64).await;
    let covered = conditions(&client, ANY_KEY);
    let good = signed(&client, LATER, &covered, &[("key", "user/a")]);
    let without =
        |name: &str| -> Vec<(String, String)> { good.iter().filter(|(field, _)| field != name).cloned().collect() };
    let changed = |name: &str, value: &str| -> Vec<(String, String)> {
        good.iter()
            .map(|(field, old)| (field.clone(), if field == name { value.to_owned() } else { old.clone() }))
            .collect()
    };
    let version_2 = [("AWSAccessKeyId", "x"), ("policy", "x"), ("signature", "x"), ("key", "a")];
    let version_2 = version_2.map(|(name, value)| (name.to_owned(), value.to_owned()));
    for (fields, status, code) in [
        (without("policy"), 400, "InvalidArgument"),
        (without("x-amz-signature"), 400, "InvalidArgument"),
        (without("x-amz-security-token"), 400, "InvalidToken"),
        (vec![("key".to_owned(), "a".to_owned())], 403, "AccessDenied"),
        (changed("x-amz-signature", &"0".repeat(64)), 403, "SignatureDoesNotMatch"),
        (changed("x-amz-algorithm", "AWS4-HMAC-SHA1"), 400, "InvalidArgument"),
        (changed("x-amz-credential", "x"), 400, "InvalidArgument"),
        (version_2.to_vec(), 400, "InvalidRequest"),
    ] {
        let answer = post(&client, &fields, b"abc").await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text());
    }
    assert_eq!(send(&client, "/alpha-data", "", b"--other--").await.code(), "MalformedPOSTRequest");
    let endless = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n{}", "x".repeat(40_000));
    assert_eq!(send(&client, "/alpha-data", "", endless.as_bytes()).await.code(), "MaxPostPreDataLengthExceededError");
    assert_eq!(client.get("/alpha-data/user/a").await.status, 404);
}
