//! The stage: a deployment of its own in an empty folder, served by this very program as a child process.
//!
//! However the drill ends, by success, failure, Ctrl-C or panic, dropping the stage kills the child and removes the folder.
//! LIMIT: a drill that is itself killed with SIGKILL leaves both behind.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use store::{Disk, LocalDisk};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};

use crate::client::{AdminClient, Identity};
use crate::config;
use crate::error::Error;
use crate::files;
use crate::run_file::RunFile;

/// The deployment's folder, in the report's.
const FOLDER: &str = "deployment";

/// The first person: the vendor's administrator.
const ADMINISTRATOR: &str = "administrator";

/// How long founding and starting may take. The slowest part is deriving keys on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked whether the program listens.
const GLANCE: Duration = Duration::from_millis(20);

/// How many of the program's last words are kept, in lines.
const LAST_WORDS: usize = 20;

/// A running deployment.
pub(super) struct Stage {
    pub(super) run: RunFile,
    /// Where all of its data lies.
    pub(super) data: PathBuf,
    // INVARIANT: fields drop in order: the child is killed before its folder goes.
    child: Child,
    words: Arc<Mutex<Vec<String>>>,
    _folder: Folder,
}

/// A folder that is removed when it is done with.
struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            // There is nobody left to tell, and nothing in it that could be read.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

impl Stage {
    /// Founds a deployment below `report` and serves it on free ports.
    pub(super) async fn set(program: &Path, report: &Path, keep: bool) -> Result<Self, Error> {
        let data = report.join(FOLDER);
        if data.exists() {
            return Err(Error::Refused(format!(
                "`{0}` is there already\nremove what an earlier drill kept, or name another folder with `--report`",
                data.display()
            )));
        }
        files::ensure_folder(&LocalDisk, report)?;
        LocalDisk.make_folder(&data).map_err(|source| Error::file("making the folder", &data, source))?;
        let folder = Folder { path: data.clone(), keep };
        let listen = "[listen]\ns3 = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\n[log]\nlevel = \"warn\"\n";
        files::create(&LocalDisk, &data.join(config::FILE), listen.as_bytes())?;
        found(program, &data).await?;

        let mut child = command(program, &data)
            .arg("serve")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|source| Error::file("starting", program, source))?;
        let words = Arc::new(Mutex::new(Vec::new()));
        if let Some(stderr) = child.stderr.take() {
            // The listener ends with its child.
            drop(tokio::spawn(listen_to(stderr, Arc::clone(&words))));
        }
        let run = started(&mut child, &data, &words).await?;
        Ok(Self { run, data, child, words, _folder: folder })
    }

    /// A client for the person the deployment was founded with.
    pub(super) fn administrator(&self) -> Result<AdminClient, Error> {
        let path = self.data.join("identities").join(format!("{ADMINISTRATOR}.key"));
        Ok(AdminClient::new(self.run.admin, Identity::read(&path)?))
    }

    /// Ends the program and removes its folder.
    pub(super) async fn strike(mut self) {
        // If it cannot be killed, it is dead already.
        let _ = self.child.kill().await;
    }

    /// What the program said last, if it has died.
    pub(super) fn died(&mut self) -> Option<String> {
        let status = self.child.try_wait().ok().flatten()?;
        Some(format!("the program ended with {status}: {}", last_words(&self.words)))
    }

    /// What the program complained of so far.
    pub(super) fn complaints(&self) -> Vec<String> {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        words.iter().filter(|line| line.contains(" WARN ") || line.contains(" ERROR ")).cloned().collect()
    }
}

fn command(program: &Path, data: &Path) -> Command {
    let mut command = Command::new(program);
    // A group of its own: Ctrl-C reaches the drill alone, which then ends the child in its own time.
    command.arg("--data").arg(data).stdin(Stdio::null()).kill_on_drop(true).process_group(0);
    command
}

async fn found(program: &Path, data: &Path) -> Result<(), Error> {
    let founding = command(program, data).args(["init", "--person", ADMINISTRATOR]).output();
    let output = tokio::time::timeout(PATIENCE, founding)
        .await
        .map_err(|elapsed| Error::Broken { attempt: "waiting for `cofferdam init`", source: elapsed.into() })?;
    let output = output.map_err(|source| Error::file("starting", program, source))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Error::Answer(format!("`cofferdam init` ended with {}: {said}", output.status)))
}

async fn started(child: &mut Child, data: &Path, words: &Arc<Mutex<Vec<String>>>) -> Result<RunFile, Error> {
    let waiting = async {
        loop {
            if let Some(run) = RunFile::read(data)? {
                return Ok(run);
            }
            if let Ok(Some(status)) = child.try_wait() {
                let said = last_words(words);
                return Err(Error::Answer(format!("`cofferdam serve` ended with {status}: {said}")));
            }
            tokio::time::sleep(GLANCE).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|elapsed| {
        Err(Error::Broken { attempt: "waiting for `cofferdam serve`", source: elapsed.into() })
    })
}

async fn listen_to(stderr: impl AsyncRead + Unpin, words: Arc<Mutex<Vec<String>>>) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
        if words.len() >= LAST_WORDS {
            words.remove(0);
        }
        words.push(line);
    }
}

fn last_words(words: &Arc<Mutex<Vec<String>>>) -> String {
    words.lock().unwrap_or_else(PoisonError::into_inner).join("; ")
}
