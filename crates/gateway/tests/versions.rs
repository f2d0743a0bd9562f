//! Versions, delete markers and object lock over real sockets.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use world::World;
use world::client::{Answer, Client};

const ENABLED: &[u8] = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
const SUSPENDED: &[u8] = b"<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>";

async fn alpha(seed: u64) -> (World, Client) {
    let world = World::new(seed).await;
    let client = world.engagement("alpha").await;
    assert_eq!(client.put("/alpha-data", b"").await.status, 200);
    (world, client)
}

/// With the checksum that documents and locks need.
async fn said(client: &Client, method: &str, target: &str, extra: &[(&str, &str)], body: &[u8]) -> Answer {
    let mut context = custody::digests::Digests::new(&[custody::digests::Algorithm::Crc32], false);
    context.update(body);
    let checksum = context.finish().checksums.get("CRC32").unwrap().clone();
    let mut headers = vec![("x-amz-checksum-crc32", checksum.as_str())];
    headers.extend(extra);
    client.send(method, target, &headers, body).await
}

async fn put(client: &Client, target: &str, body: &[u8]) -> String {
    let put = client.put(target, body).await;
    assert_eq!(put.status, 200, "{}", put.text());
    put.header("x-amz-version-id").unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_kept_hidden_and_shown() {
    let (_world, client) = alpha(81).await;
    let status = client.get("/alpha-data?versioning").await;
    assert!(status.text().contains("VersioningConfiguration") && !status.text().contains("Status>"));
    assert_eq!(client.put("/alpha-data/k", b"null").await.header("x-amz-version-id"), None);
    assert_eq!(said(&client, "PUT", "/alpha-data?versioning", &[], ENABLED).await.status, 200);
    assert_eq!(client.get("/alpha-data?versioning").await.tag("Status"), "Enabled");
    let first = put(&client, "/alpha-data/k", b"first").await;
    let second = put(&client, "/alpha-data/k", b"second!").await;
    let get = client.get("/alpha-data/k").await;
    assert_eq!((get.body.as_slice(), get.header("x-amz-version-id")), (b"second!".as_slice(), Some(second.as_str())));
    for (version, body) in [(first.as_str(), b"first".as_slice()), ("null", b"null")] {
        let get = client.get(&format!("/alpha-data/k?versionId={version}")).await;
        assert_eq!((get.body.as_slice(), get.header("x-amz-version-id")), (body, Some(version)));
    }

    let deleted = client.send("DELETE", "/alpha-data/k", &[], b"").await;
    assert_eq!((deleted.status, deleted.header("x-amz-delete-marker")), (204, Some("true")));
    let marker = deleted.header("x-amz-version-id").unwrap().to_owned();
    let hidden = client.get("/alpha-data/k").await;
    assert_eq!((hidden.status, hidden.code().as_str()), (404, "NoSuchKey"));
    assert_eq!(hidden.header("x-amz-delete-marker"), Some("true"));
    assert_eq!(hidden.header("x-amz-version-id"), Some(marker.as_str()));
    let head = client.send("HEAD", "/alpha-data/k", &[], b"").await;
    assert_eq!((head.status, head.header("x-amz-delete-marker")), (404, Some("true")));
    let itself = client.get(&format!("/alpha-data/k?versionId={marker}")).await;
    assert_eq!((itself.status, itself.code().as_str()), (405, "MethodNotAllowed"));
    assert_eq!((itself.header("x-amz-delete-marker"), itself.header("allow")), (Some("true"), Some("DELETE")));
    assert!(itself.header("last-modified").is_some());

    let listed = client.get("/alpha-data?versions").await;
    assert_eq!(listed.tags("VersionId"), [marker.as_str(), &second, &first, "null"]);
    assert_eq!(listed.tags("IsLatest"), ["true", "false", "false", "false"]);
    let text = listed.text();
    assert!(text.find("<DeleteMarker>").unwrap() < text.find("<Version>").unwrap(), "{text}");
    assert!(text.contains("<Owner>"), "{text}");
    let page = client.get("/alpha-data?versions&max-keys=2").await;
    assert_eq!((page.tag("IsTruncated").as_str(), page.tag("NextKeyMarker").as_str()), ("true", "k"));
    assert_eq!(page.tag("NextVersionIdMarker"), second);
    let rest = client.get(&format!("/alpha-data?versions&key-marker=k&version-id-marker={second}")).await;
    assert_eq!(rest.tags("VersionId"), [first.as_str(), "null"]);
    assert!(client.get("/alpha-data").await.tags("Key").is_empty());
    assert_eq!(client.send("DELETE", "/alpha-data", &[], b"").await.code(), "BucketNotEmpty");

    let removed = client.send("DELETE", &format!("/alpha-data/k?versionId={marker}"), &[], b"").await;
    assert_eq!((removed.status, removed.header("x-amz-delete-marker")), (204, Some("true")));
    assert_eq!(client.get("/alpha-data/k").await.body, b"second!");
    for (target, code) in [
        ("/alpha-data/k?versionId=nonsense", "InvalidArgument"),
        (&*format!("/alpha-data/k?versionId={marker}"), "NoSuchVersion"),
        (&*format!("/alpha-data/other?versionId={first}"), "NoSuchVersion"),
        ("/alpha-data?versions&version-id-marker=null", "InvalidArgument"),
        ("/alpha-data?versions&key-marker=k&version-id-marker=x", "InvalidArgument"),
    ] {
        assert_eq!(client.get(target).await.code(), code, "{target}");
    }

    assert_eq!(said(&client, "PUT", "/alpha-data?versioning", &[], SUSPENDED).await.status, 200);
    let again = client.put("/alpha-data/k", b"null again").await;
    assert_eq!((again.status, again.header("x-amz-version-id")), (200, None));
    assert_eq!(client.get("/alpha-data?versions").await.tags("VersionId"), ["null", &second, &first]);
    let wrong = said(&client, "PUT", "/alpha-data?versioning", &[], b"<VersioningConfiguration/>").await;
    assert_eq!(wrong.code(), "MalformedXML");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_versions_are_deleted_at_once() {
    let (_world, client) = alpha(82).await;
    assert_eq!(said(&client, "PUT", "/alpha-data?versioning", &[], ENABLED).await.status, 200);
    let first = put(&client, "/alpha-data/a", b"one").await;
    put(&client, "/alpha-data/a", b"three").await;
    let guarded = put(&client, "/alpha-data/b", b"guarded").await;
    let all = format!(
        "<Delete><Object><Key>a</Key><VersionId>{first}</VersionId></Object><Object><Key>a</Key></Object>\
         <Object><Key>b</Key><VersionId>{guarded}</VersionId><Size>3</Size></Object>\
         <Object><Key>c</Key><VersionId>nonsense</VersionId></Object></Delete>"
    );
    let done = said(&client, "POST", "/alpha-data?delete", &[], all.as_bytes()).await;
    let text = done.text();
    assert_eq!(done.tags("Code"), ["PreconditionFailed", "NoSuchVersion"], "{text}");
    assert!(text.contains("<DeleteMarker>true</DeleteMarker><DeleteMarkerVersionId>"), "{text}");
    assert_eq!(client.get("/alpha-data?versions").await.tags("VersionId").len(), 3);
    assert_eq!(client.get("/alpha-data/b").await.body, b"guarded");
    let quiet = said(
        &client,
        "POST",
        "/alpha-data?delete",
        &[],
        b"<Delete><Quiet>true</Quiet><Object><Key>b</Key></Object></Delete>",
    );
    assert!(!quiet.await.text().contains("<Deleted>"));

    let conditional = [("if-match", "\"nothing\"")];
    let url = format!("/alpha-data/b?versionId={guarded}");
    assert_eq!(client.send("DELETE", &url, &conditional, b"").await.status, 412);
    assert_eq!(client.send("DELETE", &url, &[("if-match", "*"), ("x-amz-if-match-size", "7")], b"").await.status, 204);
    assert_eq!(client.send("DELETE", &url, &[("if-match", "*")], b"").await.status, 204, "it is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn locked_versions_stay_until_their_time() {
    let (world, client) = alpha(83).await;
    let locked = [("x-amz-bucket-object-lock-enabled", "true")];
    assert_eq!(client.send("PUT", "/alpha-locked", &locked, b"").await.status, 200);
    assert_eq!(client.get("/alpha-locked?versioning").await.tag("Status"), "Enabled");
    assert_eq!(client.get("/alpha-locked?object-lock").await.tag("ObjectLockEnabled"), "Enabled");
    assert_eq!(client.get("/alpha-data?object-lock").await.code(), "ObjectLockConfigurationNotFoundError");
    let suspended = said(&client, "PUT", "/alpha-locked?versioning", &[], SUSPENDED).await;
    assert_eq!((suspended.status, suspended.code().as_str()), (409, "InvalidBucketState"));

    let rule = |inside: &str| {
        format!(
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>{inside}\
             </DefaultRetention></Rule></ObjectLockConfiguration>"
        )
    };
    for (inside, code) in [
        ("<Mode>GOVERNANCE</Mode><Days>0</Days>", "InvalidRetentionPeriod"),
        ("<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>", "MalformedXML"),
        ("<Mode>governance</Mode><Days>1</Days>", "MalformedXML"),
        ("<Mode>GOVERNANCE</Mode>", "MalformedXML"),
    ] {
        let answer = said(&client, "PUT", "/alpha-locked?object-lock", &[], rule(inside).as_bytes()).await;
        assert_eq!(answer.code(), code, "{inside}");
    }
    let days = rule("<Mode>GOVERNANCE</Mode><Days>2</Days>");
    assert_eq!(said(&client, "PUT", "/alpha-locked?object-lock", &[], days.as_bytes()).await.status, 200);
    assert_eq!(client.get("/alpha-locked?object-lock").await.tag("Days"), "2");
    let unversioned = said(&client, "PUT", "/alpha-data?object-lock", &[], days.as_bytes()).await;
    assert_eq!(unversioned.code(), "InvalidBucketState");

    let version = put(&client, "/alpha-locked/k", b"x").await;
    let head = client.send("HEAD", "/alpha-locked/k", &[], b"").await;
    assert_eq!(head.header("x-amz-object-lock-mode"), Some("GOVERNANCE"));
    assert!(head.header("x-amz-object-lock-retain-until-date").is_some());
    let url = format!("/alpha-locked/k?versionId={version}");
    assert_eq!(client.send("DELETE", &url, &[], b"").await.code(), "AccessDenied");
    let retention = format!("/alpha-locked/k?retention&versionId={version}");
    let shorter =
        b"<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2999-01-01T00:00:00Z</RetainUntilDate></Retention>";
    assert_eq!(said(&client, "PUT", &retention, &[], shorter).await.status, 200, "longer");
    let shorter =
        b"<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2998-01-01T00:00:00Z</RetainUntilDate></Retention>";
    assert_eq!(said(&client, "PUT", &retention, &[], shorter).await.code(), "AccessDenied");
    let bypass = [("x-amz-bypass-governance-retention", "true")];
    assert_eq!(said(&client, "PUT", &retention, &bypass, shorter).await.status, 200);
    assert!(client.get(&retention).await.tag("RetainUntilDate").starts_with("2998-01-01T00:00:00"));
    let hold = "/alpha-locked/k?legal-hold";
    assert_eq!(client.get(hold).await.code(), "NoSuchObjectLockConfiguration");
    assert_eq!(said(&client, "PUT", hold, &[], b"<LegalHold><Status>ON</Status></LegalHold>").await.status, 200);
    assert_eq!(client.get(hold).await.tag("Status"), "ON");
    assert_eq!(client.send("DELETE", &url, &bypass, b"").await.code(), "AccessDenied", "held");
    assert_eq!(
        said(&client, "PUT", hold, &[], b"<LegalHold><Status>abc</Status></LegalHold>").await.code(),
        "MalformedXML"
    );
    assert_eq!(said(&client, "PUT", hold, &[], b"<LegalHold><Status>OFF</Status></LegalHold>").await.status, 200);
    assert_eq!(client.send("DELETE", &url, &bypass, b"").await.status, 204);
    assert_eq!(client.get("/alpha-data/none?retention").await.code(), "NoSuchKey");

    let headers = |mode: &'static str, until: &'static str| {
        [("x-amz-object-lock-mode", mode), ("x-amz-object-lock-retain-until-date", until)]
    };
    let future = headers("COMPLIANCE", "2999-01-01T00:00:00Z");
    assert_eq!(client.send("PUT", "/alpha-locked/c", &future, b"x").await.code(), "InvalidRequest", "no checksum");
    assert_eq!(said(&client, "PUT", "/alpha-data/c", &future, b"x").await.code(), "InvalidRequest", "no lock");
    for (bad, code) in [
        (headers("COMPLIANCE", "2001-01-01T00:00:00Z"), "InvalidArgument"),
        (headers("COMPLIANCE", "tomorrow"), "InvalidArgument"),
        (headers("compliance", "2999-01-01T00:00:00Z"), "InvalidArgument"),
    ] {
        assert_eq!(said(&client, "PUT", "/alpha-locked/c", &bad, b"x").await.code(), code, "{bad:?}");
    }
    assert_eq!(said(&client, "PUT", "/alpha-locked/c", &future[..1], b"x").await.code(), "InvalidArgument");
    let complying = said(&client, "PUT", "/alpha-locked/c", &future, b"x").await;
    let url = format!("/alpha-locked/c?versionId={}", complying.header("x-amz-version-id").unwrap());
    assert_eq!(client.send("DELETE", &url, &bypass, b"").await.code(), "AccessDenied");
    drop(world);
}
