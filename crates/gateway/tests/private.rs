//! What is said of buckets and objects beside their content: who has access, how they are sealed, how they are tagged.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use world::World;
use world::client::{Answer, Client};

async fn alpha(seed: u64) -> (World, Client, String) {
    let world = World::new(seed).await;
    let client = world.engagement("alpha").await;
    assert_eq!(client.put("/alpha-data", b"").await.status, 200);
    assert_eq!(client.put("/alpha-data/k", b"hello").await.status, 200);
    let owner = client.get("/").await.tag("ID");
    assert!(owner.starts_with("eng_"), "{owner}");
    (world, client, owner)
}

/// Sends a document with the digest that S3 asks for.
async fn put(client: &Client, target: &str, document: &str) -> Answer {
    let md5 = data_encoding::BASE64.encode(&custody::digests::md5_of(document.as_bytes()));
    client.send("PUT", target, &[("content-md5", &md5)], document.as_bytes()).await
}

fn list(owner: &str, grantee: &str, permission: &str) -> String {
    format!(
        "<AccessControlPolicy><Owner><ID>{owner}</ID></Owner><AccessControlList><Grant>\
         <Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\"><ID>{grantee}</ID></Grantee>\
         <Permission>{permission}</Permission></Grant></AccessControlList></AccessControlPolicy>"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_has_everything_and_nobody_else_has_anything() {
    let (_world, client, owner) = alpha(201).await;
    for target in ["/alpha-data?acl", "/alpha-data/k?acl"] {
        let acl = client.get(target).await;
        assert_eq!((acl.tags("ID"), acl.tags("Permission")), (vec![owner.clone(); 2], vec!["FULL_CONTROL".to_owned()]));
        assert!(acl.text().contains("xsi:type=\"CanonicalUser\""), "{}", acl.text());
        assert_eq!(acl.tags("DisplayName"), ["alpha", "alpha"]);

        for (header, code) in [
            ("private", ""),
            ("bucket-owner-full-control", ""),
            ("public-read", "AccessControlListNotSupported"),
            ("authenticated-read", "AccessControlListNotSupported"),
            ("open", "InvalidArgument"),
        ] {
            let answer = client.send("PUT", target, &[("x-amz-acl", header)], b"").await;
            assert_eq!(answer.code(), code, "{target} {header}: {}", answer.text());
        }
        let everybody = ("x-amz-grant-read", "uri=\"http://acs.amazonaws.com/groups/global/AllUsers\"");
        assert_eq!(client.send("PUT", target, &[everybody], b"").await.code(), "AccessControlListNotSupported");
        assert_eq!(client.put(target, b"").await.code(), "MissingSecurityHeader");
        assert_eq!(put(&client, target, &list(&owner, &owner, "FULL_CONTROL")).await.status, 200);
        let shared = put(&client, target, &list(&owner, "somebody", "READ")).await;
        assert_eq!((shared.status, shared.code().as_str()), (400, "AccessControlListNotSupported"));
        assert!(shared.tag("Message").contains("cofferdam grant create"));
        assert_eq!(put(&client, target, &list(&owner, &owner, "EVERYTHING")).await.code(), "MalformedACLError");
        assert_eq!(put(&client, target, "<AccessControlPolicy>").await.code(), "MalformedXML");
    }
    assert_eq!(client.get("/alpha-data").await.tags("DisplayName"), ["alpha"]);
    assert!(client.get("/alpha-data?list-type=2").await.tags("DisplayName").is_empty());
    assert_eq!(client.get("/alpha-data?fetch-owner=true&list-type=2").await.tags("ID"), std::slice::from_ref(&owner));
    let public = client.send("PUT", "/alpha-data/new", &[("x-amz-acl", "public-read")], b"x").await;
    assert_eq!(public.code(), "AccessControlListNotSupported");
    assert_eq!(client.send("PUT", "/alpha-data/new", &[("x-amz-acl", "private")], b"x").await.status, 200);
    assert_eq!(client.send("PUT", "/other", &[("x-amz-acl", "public-read")], b"").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_so_may_be_said_and_nothing_else() {
    let (_world, client, _) = alpha(202).await;
    let block = |public: bool| {
        format!(
            "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls>\
             <BlockPublicPolicy>{public}</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets>\
             </PublicAccessBlockConfiguration>"
        )
    };
    let encrypted = |how: &str| {
        format!(
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>{how}\
             </SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
        )
    };
    let owned = |how: &str| {
        format!("<OwnershipControls><Rule><ObjectOwnership>{how}</ObjectOwnership></Rule></OwnershipControls>")
    };
    let pays = |who: &str| format!("<RequestPaymentConfiguration><Payer>{who}</Payer></RequestPaymentConfiguration>");
    for (target, document, code) in [
        ("?publicAccessBlock", block(true), ""),
        ("?publicAccessBlock", block(false), "AccessDenied"),
        ("?encryption", encrypted("AES256"), ""),
        ("?encryption", encrypted("aws:kms"), "NotImplemented"),
        ("?ownershipControls", owned("BucketOwnerEnforced"), ""),
        ("?ownershipControls", owned("ObjectWriter"), "AccessDenied"),
        ("?requestPayment", pays("BucketOwner"), ""),
        ("?requestPayment", pays("Requester"), "NotImplemented"),
        ("?notification", "<NotificationConfiguration/>".to_owned(), ""),
        ("?policy", "{}".to_owned(), "AccessDenied"),
        ("?website", "<WebsiteConfiguration/>".to_owned(), "NotImplemented"),
    ] {
        let answer = put(&client, &format!("/alpha-data{target}"), &document).await;
        assert_eq!(answer.code(), code, "{target} {document}: {}", answer.text());
        assert!(code.is_empty() == (answer.status == 200), "{target}: {}", answer.status);
    }
    for (target, tag, value) in [
        ("?publicAccessBlock", "BlockPublicPolicy", "true"),
        ("?encryption", "SSEAlgorithm", "AES256"),
        ("?ownershipControls", "ObjectOwnership", "BucketOwnerEnforced"),
        ("?requestPayment", "Payer", "BucketOwner"),
        ("?policyStatus", "IsPublic", "false"),
        ("?policy", "Code", "NoSuchBucketPolicy"),
        ("?website", "Code", "NoSuchWebsiteConfiguration"),
        ("?lifecycle", "Code", "NoSuchLifecycleConfiguration"),
        ("?replication", "Code", "ReplicationConfigurationNotFoundError"),
        ("?logging", "Code", ""),
        ("?notification", "Code", ""),
        ("?accelerate", "Code", ""),
    ] {
        let answer = client.get(&format!("/alpha-data{target}")).await;
        assert_eq!(answer.tag(tag), value, "{target}: {}", answer.text());
        assert_eq!(client.get(&format!("/nowhere{target}")).await.code(), "NoSuchBucket", "{target}");
    }
    for (target, status) in [("?policy", 204), ("?website", 204), ("?encryption", 204), ("?publicAccessBlock", 403)] {
        let answer = client.send("DELETE", &format!("/alpha-data{target}"), &[], b"").await;
        assert_eq!(answer.status, status, "{target}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_say_what_is_so_or_are_refused() {
    let (_world, client, owner) = alpha(203).await;
    let sealed = [("x-amz-server-side-encryption", "AES256"), ("x-amz-expected-bucket-owner", owner.as_str())];
    let stored = client.send("PUT", "/alpha-data/k", &sealed, b"x").await;
    assert_eq!(stored.header("x-amz-server-side-encryption"), Some("AES256"), "{}", stored.text());
    assert_eq!(client.get("/alpha-data/k").await.header("x-amz-server-side-encryption"), Some("AES256"));
    let theirs = client.send("GET", "/alpha-data/k", &[("x-amz-expected-bucket-owner", "123456789012")], b"").await;
    assert_eq!((theirs.status, theirs.code().as_str()), (403, "AccessDenied"));
    for (header, code) in [
        (("x-amz-server-side-encryption", "aws:kms"), "NotImplemented"),
        (("x-amz-server-side-encryption-customer-algorithm", "AES256"), "NotImplemented"),
        (("x-amz-website-redirect-location", "/elsewhere"), "NotImplemented"),
        (("x-amz-storage-class", "DEEP_ARCHIVE"), "InvalidStorageClass"),
    ] {
        assert_eq!(client.send("PUT", "/alpha-data/k", &[header], b"new").await.code(), code, "{header:?}");
    }
    assert_eq!(client.get("/alpha-data/k").await.body, b"x");
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_of_an_object_are_read_changed_and_entered() {
    let (world, client, _) = alpha(204).await;
    let tags = |of: &Answer| of.tags("Key").into_iter().zip(of.tags("Value")).collect::<Vec<_>>();
    let tagged = client.send("PUT", "/alpha-data/k", &[("x-amz-tagging", "b=2&a=%C3%BC")], b"hello").await;
    assert_eq!(tagged.status, 200, "{}", tagged.text());
    let etag = tagged.header("etag").unwrap().to_owned();
    let read = client.get("/alpha-data/k?tagging").await;
    assert_eq!(tags(&read), [("a".into(), "ü".into()), ("b".into(), "2".into())]);

    let document = "<Tagging><TagSet><Tag><Key>c</Key><Value>3</Value></Tag></TagSet></Tagging>";
    let changed = put(&client, "/alpha-data/k?tagging", document).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let entries = world.entries_of(changed.header("x-amz-request-id").unwrap());
    assert_eq!((entries[0]["kind"].as_str(), entries[0]["tags"].as_u64()), (Some("object.tag"), Some(1)));
    assert_eq!(tags(&client.get("/alpha-data/k?tagging").await), [("c".into(), "3".into())]);
    let get = client.get("/alpha-data/k").await;
    assert_eq!((get.body.as_slice(), get.header("etag")), (&b"hello"[..], Some(etag.as_str())));

    let twice = "<Tagging><TagSet><Tag><Key>c</Key><Value>3</Value></Tag><Tag><Key>c</Key><Value>4</Value></Tag></TagSet></Tagging>";
    assert_eq!(put(&client, "/alpha-data/k?tagging", twice).await.code(), "InvalidTag");
    assert_eq!(put(&client, "/alpha-data/k?tagging", "<Tagging>").await.code(), "MalformedXML");
    assert_eq!(put(&client, "/alpha-data/none?tagging", document).await.code(), "NoSuchKey");
    assert_eq!(client.send("DELETE", "/alpha-data/k?tagging", &[], b"").await.status, 204);
    assert!(client.get("/alpha-data/k?tagging").await.tags("Key").is_empty());
    let parts = client.send("POST", "/alpha-data/m?uploads", &[("x-amz-tagging", "a=1")], b"").await;
    let target = format!("/alpha-data/m?partNumber=1&uploadId={}", parts.tag("UploadId"));
    let part = client.put(&target, b"x").await.header("etag").unwrap().to_owned();
    let list = format!(
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{part}</ETag></Part></CompleteMultipartUpload>"
    );
    let target = format!("/alpha-data/m?uploadId={}", parts.tag("UploadId"));
    assert_eq!(client.send("POST", &target, &[], list.as_bytes()).await.status, 200);
    assert_eq!(tags(&client.get("/alpha-data/m?tagging").await), [("a".into(), "1".into())]);
}
