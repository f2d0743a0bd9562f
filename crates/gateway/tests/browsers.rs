//! What browsers are told, and what else users keep with a bucket.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use world::World;
use world::client::{Answer, Client};

const RULES: &str = "<CORSConfiguration>\
    <CORSRule><ID>one</ID><AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod>\
    <AllowedOrigin>https://*.example</AllowedOrigin><AllowedHeader>x-amz-*</AllowedHeader>\
    <ExposeHeader>etag</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule>\
    <CORSRule><AllowedMethod>HEAD</AllowedMethod><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>";

async fn alpha(seed: u64) -> (World, Client) {
    let world = World::new(seed).await;
    let client = world.engagement("alpha").await;
    assert_eq!(client.put("/alpha-data", b"").await.status, 200);
    (world, client)
}

async fn put(client: &Client, target: &str, document: &str) -> Answer {
    let md5 = data_encoding::BASE64.encode(&custody::digests::md5_of(document.as_bytes()));
    client.send("PUT", target, &[("content-md5", &md5)], document.as_bytes()).await
}

/// A preflight, as a browser sends it: without a signature.
async fn preflight(client: &Client, target: &str, headers: &[(&str, &str)]) -> Answer {
    let mut head = format!("OPTIONS {target} HTTP/1.1\r\nhost: {}\r\n", client.server);
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    client.exchange(head.as_bytes(), b"", false).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_is_answered_from_the_rules_alone() {
    let (_world, client) = alpha(301).await;
    let asks = |origin, method| [("origin", origin), ("access-control-request-method", method)];
    let page = "https://a.example";
    let without_id = |answer: &Answer| answer.text().split("<Resource>").next().unwrap().to_owned();
    let none = preflight(&client, "/alpha-data/k", &asks(page, "GET")).await;
    assert_eq!((none.status, none.code().as_str()), (403, "AccessForbidden"));
    let nowhere = preflight(&client, "/nowhere/k", &asks(page, "GET")).await;
    assert_eq!(without_id(&none), without_id(&nowhere));

    assert_eq!(client.get("/alpha-data?cors").await.code(), "NoSuchCORSConfiguration");
    assert_eq!(put(&client, "/alpha-data?cors", RULES).await.status, 200);
    let kept = client.get("/alpha-data?cors").await;
    assert_eq!(kept.tags("AllowedOrigin"), ["https://*.example", "*"]);
    assert_eq!((kept.tag("ID"), kept.tag("MaxAgeSeconds")), ("one".into(), "60".into()));

    let wanted =
        [asks(page, "PUT").as_slice(), &[("access-control-request-headers", "X-Amz-Date, x-amz-acl")]].concat();
    let allowed = preflight(&client, "/alpha-data/k", &wanted).await;
    assert_eq!(allowed.status, 200, "{}", allowed.text());
    for (name, value) in [
        ("access-control-allow-origin", page),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "GET, PUT"),
        ("access-control-allow-headers", "x-amz-date, x-amz-acl"),
        ("access-control-expose-headers", "etag"),
        ("access-control-max-age", "60"),
        ("vary", "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"),
    ] {
        assert_eq!(allowed.header(name), Some(value), "{name}");
    }
    let any = preflight(&client, "/alpha-data", &asks("http://elsewhere", "HEAD")).await;
    assert_eq!(any.header("access-control-allow-origin"), Some("*"));
    assert_eq!(any.header("access-control-allow-credentials"), None);

    let foreign = [asks(page, "GET").as_slice(), &[("access-control-request-headers", "authorization")]].concat();
    for (headers, status, code) in [
        (asks("http://elsewhere", "GET").to_vec(), 403, "AccessForbidden"),
        (asks(page, "DELETE").to_vec(), 403, "AccessForbidden"),
        (foreign, 403, "AccessForbidden"),
        (asks(page, "PATCH").to_vec(), 400, "BadRequest"),
        (vec![("origin", page)], 400, "BadRequest"),
        (vec![("access-control-request-method", "GET")], 400, "BadRequest"),
    ] {
        let answer = preflight(&client, "/alpha-data/k", &headers).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{headers:?}");
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    assert_eq!(client.send("DELETE", "/alpha-data?cors", &[], b"").await.status, 204);
    assert_eq!(preflight(&client, "/alpha-data/k", &asks(page, "GET")).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_and_errors_say_whether_a_page_may_read_them() {
    let (_world, client) = alpha(302).await;
    client.put("/alpha-data/k", b"hello").await;
    assert_eq!(put(&client, "/alpha-data?cors", RULES).await.status, 200);
    let origin = ("origin", "https://a.example");
    for (target, status) in [("/alpha-data/k", 200), ("/alpha-data/none", 404)] {
        let answer = client.send("GET", target, &[origin], b"").await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (status, Some(origin.1)), "{target}");
        assert_eq!(answer.header("access-control-expose-headers"), Some("etag"));
    }
    let unsigned = format!("GET /alpha-data/k HTTP/1.1\r\nhost: x\r\norigin: {}\r\n\r\n", origin.1);
    let unsigned = client.exchange(unsigned.as_bytes(), b"", false).await;
    assert_eq!((unsigned.status, unsigned.header("access-control-allow-origin")), (403, Some(origin.1)));
    let elsewhere = client.send("GET", "/alpha-data/k", &[("origin", "http://elsewhere")], b"").await;
    assert_eq!((elsewhere.status, elsewhere.header("access-control-allow-origin")), (200, None));
    assert!(elsewhere.header("vary").unwrap().starts_with("Origin"));
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_and_rules_of_a_bucket_are_changed_by_those_who_may() {
    let (world, client) = alpha(303).await;
    let document = "<Tagging><TagSet><Tag><Key>team</Key><Value>blue</Value></Tag></TagSet></Tagging>";
    assert_eq!(client.get("/alpha-data?tagging").await.code(), "NoSuchTagSet");
    let changed = put(&client, "/alpha-data?tagging", document).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let entries = world.entries_of(changed.header("x-amz-request-id").unwrap());
    assert_eq!(
        (entries[0]["kind"].as_str(), entries[0]["setting"].as_str()),
        (Some("dataset.configure"), Some("tags"))
    );
    assert!(!entries[0].to_string().contains("blue"), "{entries:?}");
    assert_eq!(client.get("/alpha-data?tagging").await.tag("Value"), "blue");
    let many: String = (0..51).map(|n| format!("<Tag><Key>k{n}</Key><Value>v</Value></Tag>")).collect();
    let many = format!("<Tagging><TagSet>{many}</TagSet></Tagging>");
    assert_eq!(put(&client, "/alpha-data?tagging", &many).await.code(), "InvalidTag");

    let other = world.grantless("alpha").await;
    assert_eq!(put(&other, "/alpha-data?tagging", document).await.code(), "AccessDenied");
    assert_eq!(put(&other, "/alpha-data?cors", RULES).await.code(), "AccessDenied");
    assert_eq!(put(&client, "/alpha-data?cors", "<CORSConfiguration/>").await.status, 400);
    assert_eq!(client.send("DELETE", "/alpha-data?tagging", &[], b"").await.status, 204);
    assert_eq!(client.get("/alpha-data?tagging").await.code(), "NoSuchTagSet");
}
