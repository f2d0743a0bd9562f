//! The program over TLS: served, replaced while it runs, and used by its own commands.

#![allow(
    missing_docs,
    unreachable_pub,
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods
)]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use cofferdam::client::{Endpoint, REGION, S3Client};
use support::{World, credentials, get, put};
use testkit::certificates::{AUTHORITY, FIRST, FIRST_EXPIRES, Files, SECOND, SECOND_EXPIRES};

/// Both listeners off loopback, so that both speak TLS.
const CONFIG: &str = "[listen]\ns3 = \"0.0.0.0:0\"\nadmin = \"0.0.0.0:0\"\n\
                      [tls]\ncertificate = \"chain.pem\"\nkey = \"key.pem\"\ncheck_seconds = 1\n\
";

/// As certificate programs do it: a new file takes the name.
fn write(world: &World, name: &str, text: &str) {
    let fresh = world.data().join("fresh");
    std::fs::write(&fresh, text).unwrap();
    std::fs::set_permissions(&fresh, PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::rename(fresh, world.data().join(name)).unwrap();
}

fn place(world: &World, files: &Files) {
    write(world, "key.pem", files.key);
    write(world, "chain.pem", files.chain);
}

/// A quickstart that is served over TLS; its session.
fn secured() -> (World, serde_json::Value) {
    let (mut world, session) = World::quickstart();
    std::fs::write(world.data().join("cofferdam.toml"), CONFIG).unwrap();
    std::fs::write(world.file("ca.pem"), AUTHORITY).unwrap();
    place(&world, &FIRST);
    world.serve();
    (world, session)
}

/// A command that names the server and its authority; how it ended, and what it printed on both ways.
fn run(world: &World, arguments: &[&str]) -> (Option<i32>, String) {
    let admin = format!("https://localhost:{}", world.running().admin.port());
    let mut command = world.command(arguments);
    command.args(["--admin", &admin, "--format", "json", "--ca"]).arg(world.file("ca.pem"));
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

fn status(world: &World) -> serde_json::Value {
    let (code, said) = run(world, &["status"]);
    assert_eq!(code, Some(0), "{said}");
    serde_json::from_str(&said).unwrap()
}

fn client(world: &World, session: &serde_json::Value) -> S3Client {
    let endpoint = format!("https://localhost:{}", world.s3_address().port());
    S3Client::new(Endpoint::read(&endpoint, Some(&world.file("ca.pem"))).unwrap(), credentials(session), REGION)
}

#[tokio::test]
async fn objects_and_commands_travel_over_tls() {
    let (world, session) = secured();
    assert!(world.running().endpoint().starts_with("https://"));
    let client = client(&world, &session);
    let body = "a line of text\n".repeat(200_000);
    assert_eq!(put(&client, "a/b", body.clone()).await.status, 200);
    assert!(get(&client, "a/b").await.bytes().await.unwrap() == body, "the body came back otherwise");
    assert_eq!(status(&world)["certificate"]["expires"], FIRST_EXPIRES);

    // Without the authority nobody is believed, and in plain text nobody answers.
    let admin = world.running().admin.port();
    let said = world.ends(2, &["status", "--admin", &format!("https://localhost:{admin}")]);
    assert!(said.contains("--ca"), "{said}");
    let said = world.ends(2, &["status"]);
    assert!(said.contains("--admin https://NAME:"), "{said}");
    assert_ne!(world.output(&["status", "--admin", &format!("127.0.0.1:{admin}")]).status.code(), Some(0));
    std::fs::write(world.file("ca.pem"), SECOND.chain).unwrap();
    let (code, said) = run(&world, &["status"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("agreeing on TLS"), "{said}");
}

#[tokio::test]
async fn certificates_are_replaced_while_the_program_runs() {
    let (mut world, session) = secured();
    let client = client(&world, &session);
    put(&client, "k", "kept").await;

    // Half of a new pair changes nothing, and is told.
    write(&world, "key.pem", SECOND.key);
    let told = until(&world, |certificate| !certificate["problem"].is_null());
    assert_eq!(told["expires"], FIRST_EXPIRES);
    assert_eq!(get(&client, "k").await.bytes().await.unwrap(), "kept");
    write(&world, "chain.pem", SECOND.chain);
    until(&world, |certificate| certificate["expires"] == SECOND_EXPIRES);
    // The connection that was there went on with the certificate it began with.
    assert_eq!(get(&client, "k").await.bytes().await.unwrap(), "kept");

    place(&world, &FIRST);
    hang_up(&world);
    until(&world, |certificate| certificate["expires"] == FIRST_EXPIRES && certificate["problem"].is_null());
    let log = world.stop();
    assert!(log.contains("cannot be used"), "{log}");
}

#[test]
fn a_server_without_a_usable_certificate_does_not_start() {
    let (world, _session) = World::quickstart();
    std::fs::write(world.data().join("cofferdam.toml"), CONFIG).unwrap();
    assert!(world.ends(1, &["serve"]).contains("reading the certificate"));
    write(&world, "chain.pem", FIRST.chain);
    write(&world, "key.pem", SECOND.key);
    assert!(world.ends(2, &["serve"]).contains("cannot be used together"));
    place(&world, &FIRST);
    std::fs::set_permissions(world.data().join("key.pem"), PermissionsExt::from_mode(0o644)).unwrap();
    assert!(world.ends(3, &["serve"]).contains("chmod 600"));
}

fn hang_up(world: &World) {
    let process = world.running().process.to_string();
    assert!(Command::new("kill").args(["-HUP", &process]).status().unwrap().success());
}

/// Asks for the certificate's state until it is as expected.
fn until(world: &World, expected: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
    let began = std::time::Instant::now();
    loop {
        let state = status(world)["certificate"].clone();
        if expected(&state) {
            return state;
        }
        assert!(began.elapsed().as_secs() < 30, "the certificate is {state}");
    }
}

#[test]
fn a_credential_process_prints_a_fresh_session_each_time() {
    let (world, _session) = secured();
    let arguments = [
        "session",
        "credential-process",
        "--principal",
        "loader",
        "--engagement",
        "demo",
        "--purpose",
        "model-training",
    ];
    let printed: Vec<serde_json::Value> = [(); 2]
        .map(|()| {
            let (code, said) = run(&world, &arguments);
            assert_eq!(code, Some(0), "{said}");
            serde_json::from_str(&said).unwrap()
        })
        .to_vec();
    for session in &printed {
        assert_eq!(session["Version"], 1);
        let expires = session["Expiration"].as_str().unwrap();
        assert_eq!((expires.len(), &expires[19..]), (20, "Z"), "{expires}");
        assert!(["AccessKeyId", "SecretAccessKey", "SessionToken"].iter().all(|name| session[*name].is_string()));
    }
    assert_ne!(printed[0]["AccessKeyId"], printed[1]["AccessKeyId"]);
    // Whoever signs stands for themselves unless another is named; this person has no grant.
    let (code, said) =
        run(&world, &["session", "credential-process", "--engagement", "demo", "--purpose", "model-training"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("`owner`"), "{said}");
}
