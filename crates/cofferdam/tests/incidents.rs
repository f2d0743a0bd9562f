//! `docs/incidents.md` is what one types: the page's commands are run, in their order, on a real deployment.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    clippy::print_stderr,
    clippy::disallowed_methods
)]

mod support;

use std::path::Path;
use std::process::Command;

use http::StatusCode;
use serde_json::Value;
use support::{World, get, put};

/// The shell of the page, block after block.
fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/incidents.md");
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = text.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    blocks.collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn the_page_is_what_one_types() {
    let (mut world, session) = World::quickstart();
    world.serve();
    let client = world.client(&session);
    assert_eq!(
        put(&client, "letters.txt", "ada@example.org wrote\nbob@example.org too\n").await.status,
        StatusCode::OK
    );
    get(&client, "letters.txt").await.bytes().await.unwrap();
    // Who asks again has received the answer before: without this the pause would leave the minimum at nobody.
    assert_eq!(get(&client, "none.txt").await.status, StatusCode::NOT_FOUND);

    let program = Path::new(env!("CARGO_BIN_EXE_cofferdam")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let folder = world.file("work");
    std::fs::create_dir(&folder).unwrap();
    let ran = Command::new("sh")
        .args(["-euc", &page()])
        .current_dir(&folder)
        .env_clear()
        .envs([("PATH", path.as_str()), ("KEY", session["access_key"].as_str().unwrap())])
        .env("COFFERDAM_DATA", world.data())
        .output()
        .unwrap();
    let (out, said) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "the page does not run:\n{out}\n{said}");

    let report: Value =
        serde_json::from_slice(&std::fs::read(folder.join("first-report/report.json")).unwrap()).unwrap();
    assert_eq!(report["schema"], "cofferdam.incident-report/1");
    let people = &report["exposure"]["subjects"]["total"];
    assert_eq!((&people["low"], &people["high"]), (&Value::from(2), &Value::from(2)), "{people:#}");
    let partner = std::fs::read(folder.join("partner.json")).unwrap();
    let kept = std::fs::read_dir(folder.join("first-report/partners")).unwrap().next().unwrap().unwrap();
    assert!(partner == std::fs::read(kept.path()).unwrap(), "the file that is fetched is the one that was made");
    let incidents = world.json(&["incident", "list"]);
    assert_eq!(incidents["incidents"][0]["stage"], "closed", "{incidents:#}");
}
