//! The Rust crate `object_store` as a client. Speaks the same line per check as the clients in Python.
//!
//! `COFFERDAM_WORLD` names the file that the runner wrote: the server, the accounts, the bucket.

use std::error::Error;
use std::process::Command;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    Certificate, ClientOptions, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutMode, PutPayload,
    WriteMultipart,
};
use serde_json::Value;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// Several parts, the last of them short.
const LARGE_BYTES: usize = 23 * 1024 * 1024 + 17;

struct World(Value);

impl World {
    fn read() -> Result<Self, Box<dyn Error + Send + Sync>> {
        let path = std::env::var("COFFERDAM_WORLD").map_err(|_| "run me through tests/clients/run.py")?;
        Ok(Self(serde_json::from_str(&std::fs::read_to_string(path)?)?))
    }

    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    fn store(&self, bucket: &str) -> Result<AmazonS3, Box<dyn Error + Send + Sync>> {
        let account = &self.0["accounts"][0];
        let key = |name: &str| account[name].as_str().unwrap_or_default().to_owned();
        let mut options = ClientOptions::new().with_allow_http(true);
        if let Some(ca) = self.0["ca"].as_str() {
            options = options.with_root_certificate(Certificate::from_pem(&std::fs::read(ca)?)?);
        }
        let retries = object_store::RetryConfig { max_retries: 2, ..Default::default() };
        let store = AmazonS3Builder::new()
            .with_endpoint(self.text("endpoint"))
            .with_region(self.text("region"))
            .with_access_key_id(key("access_key"))
            .with_secret_access_key(key("secret_key"))
            .with_bucket_name(bucket)
            .with_client_options(options)
            .with_retry(retries)
            .build()?;
        Ok(store)
    }

    /// Pauses or resumes the first account's engagement, through the runner's own script.
    fn steer(&self, verb: &str) -> Outcome {
        let output = Command::new("python3").arg(self.text("steer")).arg(verb).output()?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into()) }
    }
}

fn ensure(holds: bool, what: &str) -> Outcome {
    if holds { Ok(()) } else { Err(format!("not so: {what}").into()) }
}

fn noise(count: usize) -> Vec<u8> {
    // A generator of our own: the bytes only have to differ from place to place.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut bytes = Vec::with_capacity(count + 8);
    while bytes.len() < count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(count);
    bytes
}

async fn puts_and_gets(store: &AmazonS3) -> Outcome {
    let path = Path::from("small/with space+plus.txt");
    store.put(&path, PutPayload::from_static(b"hello")).await?;
    let got = store.get(&path).await?;
    ensure(got.meta.size == 5, "the size is 5")?;
    ensure(got.bytes().await?.as_ref() == b"hello", "the body came back")?;
    Ok(())
}

async fn writes_parts_and_reads_ranges(store: &AmazonS3) -> Outcome {
    let (path, bytes) = (Path::from("large.bin"), noise(LARGE_BYTES));
    let mut writer = WriteMultipart::new_with_chunk_size(store.put_multipart(&path).await?, 5 * 1024 * 1024);
    writer.write(&bytes);
    writer.finish().await?;
    ensure(store.head(&path).await?.size == LARGE_BYTES as u64, "the parts add up")?;
    for range in [0..10, 5_242_870..5_242_890, 8_000_000..13_000_000] {
        let got = store.get_range(&path, range.start as u64..range.end as u64).await?;
        ensure(got.as_ref() == &bytes[range], "a range came back")?;
    }
    let tail = GetOptions { range: Some(GetRange::Suffix(8)), ..GetOptions::default() };
    let got = store.get_opts(&path, tail).await?.bytes().await?;
    ensure(got.as_ref() == &bytes[LARGE_BYTES - 8..], "the tail came back")?;
    ensure(store.get(&path).await?.bytes().await?.as_ref() == bytes.as_slice(), "the whole came back")?;
    Ok(())
}

async fn lists(store: &AmazonS3) -> Outcome {
    for number in 0..5 {
        store.put(&Path::from(format!("list/{number}/x")), PutPayload::from_static(b"x")).await?;
    }
    let all: Vec<_> = store.list(Some(&Path::from("list"))).try_collect().await?;
    ensure(all.len() == 5, "five are listed")?;
    let level = store.list_with_delimiter(Some(&Path::from("list"))).await?;
    ensure(level.common_prefixes.len() == 5 && level.objects.is_empty(), "one level has five prefixes")?;
    Ok(())
}

async fn writes_under_conditions(store: &AmazonS3) -> Outcome {
    let path = Path::from("conditional");
    let put = |mode: PutMode| store.put_opts(&path, PutPayload::from_static(b"1"), mode.into());
    let first = put(PutMode::Create).await?;
    let again = put(PutMode::Create).await;
    ensure(matches!(again, Err(object_store::Error::AlreadyExists { .. })), "a second create is refused")?;
    put(PutMode::Update(first.into())).await?;
    Ok(())
}

async fn copies_and_deletes(store: &AmazonS3) -> Outcome {
    let (from, to) = (Path::from("small/with space+plus.txt"), Path::from("copied"));
    store.copy(&from, &to).await?;
    ensure(store.get(&to).await?.bytes().await?.as_ref() == b"hello", "the copy came back")?;
    let listed = store.list(Some(&Path::from("list")));
    let doomed = Box::pin(listed.map_ok(|meta| meta.location));
    let gone: Vec<_> = store.delete_stream(doomed).try_collect().await?;
    ensure(gone.len() == 5, "five are gone")?;
    store.delete(&to).await?;
    ensure(matches!(store.head(&to).await, Err(object_store::Error::NotFound { .. })), "the copy is gone")?;
    Ok(())
}

async fn is_refused_elsewhere(world: &World) -> Outcome {
    let foreign = world.store(world.text("foreign_bucket"))?;
    match foreign.get(&Path::from("secret.txt")).await {
        Ok(_) => Err("another engagement's object was given".into()),
        Err(_) => Ok(()),
    }
}

async fn is_stopped_by_a_pause(world: &World, store: &AmazonS3) -> Outcome {
    let path = Path::from("small/with space+plus.txt");
    world.steer("pause")?;
    let told = store.get(&path).await;
    world.steer("resume")?;
    let told = format!("{:?}", told.err().ok_or("a paused engagement gave an object")?);
    ensure(told.contains("paused"), &told)?;
    // A session is issued anew behind the scenes.
    for _ in 0..100 {
        if store.get(&path).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Err("nothing moves after the resume".into())
}

#[tokio::main]
async fn main() -> Outcome {
    let world = World::read()?;
    let store = world.store(world.text("bucket"))?;
    report("puts and gets", puts_and_gets(&store).await);
    report("writes parts, reads ranges", writes_parts_and_reads_ranges(&store).await);
    report("lists", lists(&store).await);
    report("writes under conditions", writes_under_conditions(&store).await);
    report("copies, deletes many", copies_and_deletes(&store).await);
    report("another engagement's bucket is refused", is_refused_elsewhere(&world).await);
    report("a pause stops it, and says so", is_stopped_by_a_pause(&world, &store).await);
    Ok(())
}

fn report(name: &str, outcome: Outcome) {
    match outcome {
        Ok(()) => println!("ok    object_store: {name}"),
        Err(error) => println!("FAIL  object_store: {name}: {error}"),
    }
}
