//! The admin API over real sockets: signed by people, and nobody else.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod world;

use attest::person;
use base::Clock;
use base::time::Timestamp;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use world::client::{Answer, read_answer};
use world::{PURPOSE, World, person_key};

const ANN: u8 = 1;
const BOB: u8 = 2;

struct Signed {
    method: &'static str,
    path: String,
    body: Vec<u8>,
    headers: Vec<(&'static str, String)>,
}

impl World {
    fn signed(
        &self,
        who: u8,
        at: Timestamp,
        nonce: &str,
        method: &'static str,
        path: &str,
        body: Option<&Value>,
    ) -> Signed {
        let path = format!("/api/v1/{path}");
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let (authority, digest) = (self.admin.to_string(), person::body_digest(&body));
        let request = person::Request { method, authority: &authority, path: &path, query: None, body: &digest };
        let headers = person::sign(&request, at, nonce, &person_key(who)).unwrap();
        let headers = vec![
            ("host", authority),
            ("content-length", body.len().to_string()),
            ("content-digest", headers.content_digest),
            ("signature-input", headers.signature_input),
            ("signature", headers.signature),
        ];
        Signed { method, path, body, headers }
    }

    async fn exchange(&self, signed: &Signed) -> Answer {
        let mut stream = TcpStream::connect(self.admin).await.unwrap();
        let mut head = format!("{} {} HTTP/1.1\r\n", signed.method, signed.path);
        for (name, value) in &signed.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let _ = stream.write_all(&signed.body).await;
        read_answer(&mut stream, false).await
    }

    /// Sends a request signed by a person, with a nonce of its own.
    async fn call(&self, who: u8, method: &'static str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let nonce = self.request().to_string().replace('_', "-");
        let answer = self.exchange(&self.signed(who, self.clock.now(), &nonce, method, path, body)).await;
        (answer.status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_is_set_up_over_the_api() {
    let world = World::new(1).await;
    let (status, made) = world.call(ANN, "POST", "partners", Some(&json!({"name": "acme"}))).await;
    assert_eq!(status, 201, "{made}");
    assert!(made["id"].as_str().unwrap().starts_with("par_"));
    let engagement = json!({"partner": "acme", "name": "chat", "purposes": [PURPOSE]});
    assert_eq!(world.call(ANN, "POST", "engagements", Some(&engagement)).await.0, 201);
    let dataset = json!({"engagement": "chat", "bucket": "chat-data"});
    assert_eq!(world.call(ANN, "POST", "datasets", Some(&dataset)).await.0, 201);
    let workload = json!({"name": "trainer", "kind": "workload", "roles": ["workload"]});
    assert_eq!(world.call(ANN, "POST", "principals", Some(&workload)).await.0, 201);
    let expires = world.clock.now().plus_seconds(86_400);
    let grant = json!({
        "principal": "trainer", "engagement": "chat", "verbs": ["read"], "purposes": [PURPOSE], "expires": expires,
    });
    let (status, grant) = world.call(ANN, "POST", "grants", Some(&grant)).await;
    assert_eq!(status, 201, "{grant}");
    let session = json!({"principal": "trainer", "engagement": "chat", "purpose": PURPOSE, "seconds": 600});
    let (status, session) = world.call(ANN, "POST", "sessions", Some(&session)).await;
    assert_eq!(status, 201, "{session}");

    for (noun, member, value) in [
        ("partners", "name", "acme"),
        ("engagements", "state", "active"),
        ("datasets", "bucket", "chat-data"),
        ("grants", "principal", "trainer"),
        ("sessions", "engagement", "chat"),
    ] {
        let (status, rows) = world.call(BOB, "GET", noun, None).await;
        assert_eq!((status, rows[0][member].as_str()), (200, Some(value)), "{noun}: {rows}");
        assert!(!rows.to_string().contains(session["secret"].as_str().unwrap()));
    }
    assert_eq!(world.call(BOB, "GET", "engagements/chat", None).await.1["partner"], "acme");
    assert_eq!(world.call(BOB, "GET", "engagements/other", None).await.0, 404);
    let (status, overview) = world.call(BOB, "GET", "status", None).await;
    assert_eq!((status, &overview["engagements"]), (200, &json!(1)), "{overview}");

    let id = grant["id"].as_str().unwrap();
    assert_eq!(world.call(ANN, "DELETE", &format!("grants/{id}"), None).await.0, 204);
    assert_eq!(world.call(ANN, "GET", &format!("grants/{id}"), None).await.0, 404);
    let id = session["session"].as_str().unwrap();
    assert_eq!(world.call(ANN, "DELETE", &format!("sessions/{id}"), None).await.0, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resume_needs_two_people() {
    let world = World::new(2).await;
    world.engagement("alpha").await;
    let (status, paused) = world.call(BOB, "POST", "engagements/alpha/pause", Some(&json!({}))).await;
    assert_eq!((status, &paused["already"]), (200, &json!(false)), "{paused}");
    let (status, refused) = world.call(BOB, "POST", "engagements/alpha/resume", Some(&json!({}))).await;
    assert_eq!(status, 403, "{refused}");
    let approval = refused["approval"].as_str().unwrap().to_owned();
    let (_, open) = world.call(ANN, "GET", "approvals", None).await;
    let digest: [u8; 32] =
        data_encoding::HEXLOWER.decode(open[0]["digest"].as_str().unwrap().as_bytes()).unwrap().try_into().unwrap();
    let approve = |who: u8| {
        let signature = attest::approval::approve(&person_key(who), approval.parse().unwrap(), &digest);
        json!({ "signature": data_encoding::BASE64.encode(&signature) })
    };
    let path = format!("approvals/{approval}/approve");
    assert_eq!(world.call(BOB, "POST", &path, Some(&approve(BOB))).await.0, 400);
    assert_eq!(world.call(ANN, "POST", &path, Some(&approve(BOB))).await.0, 400);
    assert_eq!(world.call(ANN, "POST", &path, Some(&approve(ANN))).await.0, 200);
    let (status, resumed) = world.call(BOB, "POST", "engagements/alpha/resume", Some(&json!({}))).await;
    assert_eq!(status, 200, "{resumed}");
    assert_eq!(world.call(BOB, "GET", "engagements/alpha", None).await.1["state"], "active");
}

#[tokio::test(flavor = "multi_thread")]
async fn scope_ledger_and_pack() {
    let world = World::new(3).await;
    let client = world.engagement("alpha").await;
    client.put("/alpha-data", b"").await;
    client.put("/alpha-data/k", &[b'x'; 1000]).await;
    assert_eq!(client.get("/alpha-data/k").await.body.len(), 1000);
    let asked = json!({
        "selectors": [{"kind": "credential", "value": client.issued.access_key}],
        "from": world.clock.now().plus_seconds(-60),
        "to": world.clock.now().plus_seconds(60),
    });
    let (status, scope) = world.call(BOB, "POST", "scope", Some(&asked)).await;
    assert_eq!(status, 200, "{scope}");
    assert_eq!(scope["bytes"], json!({"sent": 1000, "authorised": 1000}), "{scope}");
    let unknown = json!({"selectors": [{"kind": "weather", "value": "x"}], "from": asked["from"], "to": asked["to"]});
    assert_eq!(world.call(BOB, "POST", "scope", Some(&unknown)).await.0, 400);

    let (status, state) = world.call(BOB, "GET", "ledger/checkpoint", None).await;
    assert_eq!((status, &state["origin"]), (200, &json!("gateway.test/1")));
    let (status, audited) = world.call(BOB, "POST", "ledger/verify", Some(&json!({}))).await;
    assert_eq!(status, 200, "{audited}");
    let signed = world.signed(BOB, world.clock.now(), "a-nonce-of-its-own-8", "POST", "ledger/pack/alpha", None);
    let pack = world.exchange(&signed).await;
    assert_eq!((pack.status, pack.header("content-type")), (200, Some("application/x-tar")));
    assert!(pack.body.len() > 1000);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_signed_by_a_known_person_is_refused() {
    let world = World::new(4).await;
    let now = world.clock.now();
    let sign = |who, at, nonce: &str| world.signed(who, at, nonce, "GET", "partners", None);
    assert_eq!(world.exchange(&sign(ANN, now, "a-nonce-of-its-own-1")).await.status, 200);
    let replayed = world.exchange(&sign(ANN, now, "a-nonce-of-its-own-1")).await;
    assert_eq!((replayed.status, replayed.header("content-type")), (401, Some("application/problem+json")));
    assert_eq!(world.exchange(&sign(77, now, "a-nonce-of-its-own-2")).await.status, 401);
    assert_eq!(world.exchange(&sign(ANN, now.plus_seconds(-301), "a-nonce-of-its-own-3")).await.status, 401);

    let mut moved = sign(ANN, now, "a-nonce-of-its-own-4");
    moved.path = "/api/v1/grants".to_owned();
    assert_eq!(world.exchange(&moved).await.status, 401);
    let mut stuffed = sign(ANN, now, "a-nonce-of-its-own-5");
    stuffed.body = b"{}".to_vec();
    stuffed.headers[1].1 = "2".to_owned();
    assert_eq!(world.exchange(&stuffed).await.status, 401);
    for dropped in 2..5 {
        let mut without = sign(ANN, now, "a-nonce-of-its-own-6");
        without.headers.remove(dropped);
        assert_eq!(world.exchange(&without).await.status, 401);
    }
    let mut large = sign(ANN, now, "a-nonce-of-its-own-7");
    large.body = vec![b' '; 2 * 1024 * 1024];
    large.headers[1].1 = large.body.len().to_string();
    assert_eq!(world.exchange(&large).await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_have_their_form_and_health_needs_nobody() {
    let world = World::new(5).await;
    let bare = |path: &str| Signed {
        method: "GET",
        path: path.to_owned(),
        body: Vec::new(),
        headers: vec![("host", world.admin.to_string())],
    };
    let health = world.exchange(&bare("/api/v1/health")).await;
    assert_eq!((health.status, health.text().as_str()), (200, r#"{"status":"ok"}"#));
    assert_eq!(world.exchange(&bare("/elsewhere")).await.status, 404);
    let (status, problem) = world.call(ANN, "PATCH", "partners", None).await;
    assert_eq!((status, &problem["detail"]), (405, &json!("this path answers to GET, POST")));
    let (status, problem) = world.call(ANN, "POST", "partners", Some(&json!({"nom": "x"}))).await;
    assert_eq!((status, &problem["status"], &problem["kind"]), (400, &json!(400), &json!("invalid")));
    assert_eq!(problem["type"], "https://cofferdam.example/problems/invalid");
    assert!(problem["instance"].as_str().unwrap().starts_with("urn:cofferdam:request:req_"));
}

#[test]
fn plain_text_stays_on_loopback() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let refused =
        runtime.block_on(gateway::admin::listen("0.0.0.0:0".parse().unwrap(), gateway::wire::Security::Plain));
    assert_eq!(refused.err().map(|error| error.kind()), Some(base::Kind::Refused));
}
