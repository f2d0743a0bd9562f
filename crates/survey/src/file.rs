//! Scans one file.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use scan::{Blocks, Finding, Folder, Format, Hint, Limit, Outcome, Scanner, Sink};

use crate::found::{Found, MOST_FINDINGS};
use crate::lines::places;
use crate::people::{People, Unresolved};
use crate::run::{Job, Watch};
use crate::tally::Tally;

/// How much is read at once: the scanner's window.
const CHUNK_BYTES: usize = scan::WINDOW_BYTES;

/// How many mentions of people are held before they are counted.
const MOST_MENTIONS: usize = 10_000;

/// People are counted for whole files, so one block is enough.
const ONE_BLOCK: Blocks = Blocks { first: u64::MAX, rest: u64::MAX };

/// What came of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Every byte was looked at.
    Scanned {
        /// What it was read as; `None` if it is empty.
        format: Option<Format>,
        /// How many records it has.
        records: u64,
    },
    /// No detector can read it, or it is no file.
    NotScanned {
        /// Why not, as a word.
        reason: String,
    },
    /// It could not be read.
    Unreadable {
        /// Why not.
        why: String,
    },
}

/// One file after the scan.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Where it is, as it was named.
    pub path: PathBuf,
    /// What came of it.
    pub state: State,
    /// How many bytes were read.
    pub bytes: u64,
    /// How many findings there are.
    pub tally: Tally,
    /// The first of them, in the order of their places.
    pub found: Vec<Found>,
    /// What was not read as it should be.
    pub limits: Vec<Limit>,
}

impl Looked {
    /// Something that was not scanned.
    pub(crate) const fn not(path: PathBuf, state: State) -> Self {
        Self { path, state, bytes: 0, tally: Tally::EMPTY, found: Vec::new(), limits: Vec::new() }
    }

    /// How many findings are counted and not listed.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.tally.all().saturating_sub(self.found.len() as u64)
    }
}

/// Scans the file at `path`, and adds the people in it to `people`.
pub(crate) fn look(path: PathBuf, scanner: &Scanner, job: &Job, watch: &dyn Watch, people: &Mutex<People>) -> Looked {
    let mut keep = Keep::new(job);
    match read(&path, scanner, watch, people, &mut keep) {
        Err(error) => {
            let mut looked = Looked::not(path, State::Unreadable { why: error.to_string() });
            // What was found before the error is real.
            (looked.tally, looked.found) = (keep.tally, keep.found);
            looked
        }
        Ok(report) => {
            let state = match report.outcome {
                Outcome::Scanned => State::Scanned { format: report.format, records: report.records },
                Outcome::Unscannable { reason } => State::NotScanned { reason: reason.word().to_owned() },
            };
            let Keep { tally, mut found, .. } = keep;
            found.sort_by_key(|found| (found.from, found.to));
            let _ = locate(&path, &mut found);
            Looked { path, state, bytes: report.bytes, tally, found, limits: report.limits }
        }
    }
}

fn read(
    path: &Path,
    scanner: &Scanner,
    watch: &dyn Watch,
    people: &Mutex<People>,
    keep: &mut Keep<'_>,
) -> io::Result<scan::Report> {
    let mut file = File::open(path)?;
    // It was a regular file when it was listed; what has taken its place since may not be opened for reading without end.
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file any more"));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let hint = Hint { content_type: None, name: &name };
    let mut scan = scanner.begin(&hint, Arc::clone(&keep.job.digester));
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        let read = match file.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            break;
        }
        scan.push(chunk.get(..read).unwrap_or_default(), keep);
        watch.read(read as u64);
        if keep.folder.held() > MOST_MENTIONS {
            keep.count(people);
        }
    }
    let report = scan.finish(keep);
    keep.unresolved.end();
    let folder = std::mem::replace(&mut keep.folder, Folder::new(ONE_BLOCK));
    let facts = folder.finish();
    if let Ok(mut people) = people.lock() {
        people.add(&facts);
        people.add_unresolved(&mut keep.unresolved.names);
    }
    Ok(report)
}

/// Gives findings their lines and columns, in a second pass over what they are in.
///
/// LIMIT: if the file is written to between the passes, lines are those of the later one.
fn locate(path: &Path, found: &mut [Found]) -> io::Result<()> {
    let Some(furthest) = found.iter().map(|found| found.to).max() else { return Ok(()) };
    let mut offsets: Vec<u64> = found.iter().flat_map(|found| [found.from, found.to]).collect();
    offsets.sort_unstable();
    offsets.dedup();
    let mut file = File::open(path)?;
    file.rewind()?;
    let places = places(file.take(furthest), &offsets)?;
    let place = |offset: u64| offsets.binary_search(&offset).ok().and_then(|at| places.get(at)).copied();
    for found in found {
        found.place = place(found.from).zip(place(found.to));
    }
    Ok(())
}

/// The sink of one file.
struct Keep<'a> {
    job: &'a Job,
    folder: Folder,
    unresolved: Unresolved,
    tally: Tally,
    found: Vec<Found>,
}

impl<'a> Keep<'a> {
    fn new(job: &'a Job) -> Self {
        Self {
            job,
            folder: Folder::new(ONE_BLOCK),
            unresolved: Unresolved::default(),
            tally: Tally::default(),
            found: Vec::new(),
        }
    }

    /// Counts the people seen so far.
    fn count(&mut self, people: &Mutex<People>) {
        let facts = self.folder.take_mentions();
        // A worker that panicked holds nothing half done that would matter: sets are only added to.
        if let Ok(mut people) = people.lock() {
            people.add(&facts);
            people.add_unresolved(&mut self.unresolved.names);
        }
    }
}

impl Sink for Keep<'_> {
    fn take(&mut self, finding: Finding) {
        if finding.confidence < self.job.least {
            return;
        }
        self.tally.count(finding.rule, finding.confidence);
        if self.found.len() < MOST_FINDINGS {
            self.found.push(Found::new(&finding));
        }
        self.unresolved.see(&finding);
        self.folder.take(finding);
    }
}
