//! Scans one file, and what is inside it.

use std::cell::Cell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use scan::{Blocks, Finding, Folder, Hint, Limit, Sink as _};
use unpack::{Entry, Kind, Outcome, Place, Source, Spot, Unpacker};

use crate::found::{Found, MOST_FINDINGS};
use crate::lines::places;
use crate::people::{People, Unresolved};
use crate::run::{Job, Watch};
use crate::tally::Tally;

/// How many mentions of people are held before they are counted.
const MOST_MENTIONS: usize = 10_000;

/// How many parts of one file are listed that were not read, or are strange. All are counted.
const MOST_PARTS: usize = 1000;

/// People are counted for whole files, so one block is enough.
const ONE_BLOCK: Blocks = Blocks { first: u64::MAX, rest: u64::MAX };

/// What came of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It was looked at; parts of it may not have been.
    Scanned {
        /// What it was read as; `None` if it is empty.
        format: Option<&'static str>,
        /// How many records it has.
        records: u64,
    },
    /// No detector can read it, or it is no file.
    NotScanned {
        /// Why not.
        reason: String,
    },
    /// It could not be read.
    Unreadable {
        /// Why not.
        why: String,
    },
}

/// Something to know about a file or a part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The path inside the file; empty for the file itself.
    pub inside: String,
    /// What there is to know.
    pub what: String,
}

/// One file after the scan.
#[derive(Clone, Debug)]
pub struct Looked {
    /// Where it is, as it was named.
    pub path: PathBuf,
    /// What came of it.
    pub state: State,
    /// How many bytes it has.
    pub bytes: u64,
    /// How many findings there are.
    pub tally: Tally,
    /// The first of them, in the order of their places.
    pub found: Vec<Found>,
    /// The first parts that were not read, or not to their end, and why.
    pub missed: Vec<Note>,
    /// How many such parts there are.
    pub missed_count: u64,
    /// What is strange about the file or its parts, and what loading them would run.
    pub warnings: Vec<Note>,
    /// What was not read as it should be, with the path inside.
    pub limits: Vec<(String, Limit)>,
}

impl Looked {
    /// Something that was not scanned.
    pub(crate) const fn not(path: PathBuf, state: State) -> Self {
        Self {
            path,
            state,
            bytes: 0,
            tally: Tally::EMPTY,
            found: Vec::new(),
            missed: Vec::new(),
            missed_count: 0,
            warnings: Vec::new(),
            limits: Vec::new(),
        }
    }

    /// How many findings are counted and not listed.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.tally.all().saturating_sub(self.found.len() as u64)
    }
}

/// Scans the file at `path`, and adds the people in it to `people`.
pub(crate) fn look(path: PathBuf, unpacker: &Unpacker, job: &Job, watch: &dyn Watch, people: &Mutex<People>) -> Looked {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut keep = Keep::new(job, people, &name);
    let read = read(&path, &name, unpacker, watch, &mut keep);
    keep.end();
    let Keep { tally, mut found, state, missed, missed_count, warnings, limits, .. } = keep;
    // What was found before an error is real.
    let (state, bytes) = match read {
        Err(error) => (State::Unreadable { why: error.to_string() }, 0),
        Ok(bytes) => (state, bytes),
    };
    found.sort_by(|left, right| (&left.inside, left.from, left.to).cmp(&(&right.inside, right.from, right.to)));
    let _ = locate(&path, &mut found);
    Looked { path, state, bytes, tally, found, missed, missed_count, warnings, limits }
}

/// Reads the file; how many bytes it has.
fn read(
    path: &Path,
    name: &str,
    unpacker: &Unpacker,
    watch: &dyn Watch,
    keep: &mut Keep<'_>,
) -> Result<u64, io::Error> {
    let file = File::open(path)?;
    let found = file.metadata()?;
    // It was a regular file when it was listed; what has taken its place since may not be opened for reading without end.
    if !found.is_file() {
        return Err(io::Error::other("it is no regular file any more"));
    }
    let source = Watched { file, len: found.len(), watch, furthest: Cell::new(0) };
    let report = unpacker.examine(&source, &Hint { content_type: None, name }, keep).map_err(|error| error.source)?;
    // What was passed over is done with, too.
    watch.read(report.bytes.saturating_sub(source.furthest.get()));
    Ok(report.bytes)
}

/// A file that tells how far it was read.
struct Watched<'a> {
    file: File,
    /// How long it was when it was opened; what is appended meanwhile is not part of it.
    len: u64,
    watch: &'a dyn Watch,
    furthest: Cell<u64>,
}

impl Source for Watched<'_> {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX).min(into.len());
        let read = self.file.read_at(into.get_mut(..room).unwrap_or_default(), offset)?;
        let (end, furthest) = (offset.saturating_add(read as u64), self.furthest.get());
        if end > furthest {
            self.furthest.set(end);
            self.watch.read(end.saturating_sub(furthest));
        }
        Ok(read)
    }
}

/// Gives findings their lines and columns, in a second pass over what they are in.
///
/// LIMIT: if the file is written to between the passes, lines are those of the later one.
fn locate(path: &Path, found: &mut [Found]) -> io::Result<()> {
    let mut offsets: Vec<u64> =
        found.iter().filter(|found| found.stands()).flat_map(|found| [found.from, found.to]).collect();
    if offsets.is_empty() {
        return Ok(());
    }
    offsets.sort_unstable();
    offsets.dedup();
    let places = places(File::open(path)?, &offsets)?;
    let place = |offset: u64| offsets.binary_search(&offset).ok().and_then(|at| places.get(at)).copied();
    for found in found.iter_mut().filter(|found| found.stands()) {
        found.place = place(found.from).zip(place(found.to));
    }
    Ok(())
}

/// The sink of one file.
struct Keep<'a> {
    job: &'a Job,
    people: &'a Mutex<People>,
    /// What paths begin with.
    name: &'a str,
    folder: Folder,
    unresolved: Unresolved,
    tally: Tally,
    found: Vec<Found>,
    state: State,
    missed: Vec<Note>,
    missed_count: u64,
    warnings: Vec<Note>,
    limits: Vec<(String, Limit)>,
}

impl<'a> Keep<'a> {
    fn new(job: &'a Job, people: &'a Mutex<People>, name: &'a str) -> Self {
        Self {
            job,
            people,
            name,
            folder: Folder::new(ONE_BLOCK),
            unresolved: Unresolved::NONE,
            tally: Tally::EMPTY,
            found: Vec::new(),
            state: State::Scanned { format: None, records: 0 },
            missed: Vec::new(),
            missed_count: 0,
            warnings: Vec::new(),
            limits: Vec::new(),
        }
    }

    /// Counts the people seen so far.
    fn count(&mut self) {
        let facts = self.folder.take_mentions();
        self.hand_over(&facts);
    }

    /// Counts the people of the last record, too.
    fn end(&mut self) {
        self.unresolved.end();
        let facts = std::mem::replace(&mut self.folder, Folder::new(ONE_BLOCK)).finish();
        self.hand_over(&facts);
    }

    fn hand_over(&mut self, facts: &scan::Facts) {
        // A worker that panicked holds nothing half done that would matter: sets are only added to.
        if let Ok(mut people) = self.people.lock() {
            people.add(facts);
            people.add_unresolved(&mut self.unresolved.names);
        }
    }

    /// The path inside the file.
    fn inside<'p>(&self, path: &'p str) -> &'p str {
        path.strip_prefix(self.name).map_or(path, |rest| rest.trim_start_matches('!'))
    }
}

impl unpack::Sink for Keep<'_> {
    fn take(&mut self, place: &Place<'_>, finding: Finding) {
        if finding.confidence < self.job.least {
            return;
        }
        self.tally.count(finding.rule, finding.confidence);
        if self.found.len() < MOST_FINDINGS {
            self.found.push(Found::new(&finding, self.inside(place.path), spot(&place.spot)));
        }
        self.unresolved.see(&finding);
        self.folder.take(finding);
        if self.folder.held() > MOST_MENTIONS {
            self.count();
        }
    }

    fn read(&mut self, entry: &Entry) {
        let inside = self.inside(&entry.path);
        let note = |what: String| Note { inside: inside.to_owned(), what };
        let unread = match entry.outcome {
            Outcome::Read => None,
            Outcome::Partly(why) => Some(format!("not to its end: {why}")),
            Outcome::NotScanned(why) => Some(why.to_string()),
        };
        if entry.depth == 0 {
            self.state = match (entry.outcome, entry.kind) {
                (Outcome::NotScanned(why), _) => State::NotScanned { reason: why.to_string() },
                (_, Kind::Text) => {
                    State::Scanned { format: entry.format.map(scan::Format::word), records: entry.records }
                }
                (_, kind) => State::Scanned { format: Some(kind.word()), records: entry.records },
            };
        }
        if let Some(unread) = unread.filter(|_| !matches!(self.state, State::NotScanned { .. })) {
            self.missed_count = self.missed_count.saturating_add(1);
            if self.missed.len() < MOST_PARTS {
                self.missed.push(note(unread));
            }
        }
        let oddities = entry.oddities.iter().map(|oddity| oddity.word().to_owned());
        let runs = entry.unsafe_imports().map(|import| {
            let does = if import.called { "would call" } else { "would import" };
            format!("loading it {does} `{}`", [import.module.as_str(), &import.name].join(".").trim_end_matches('.'))
        });
        let room = MOST_PARTS.saturating_sub(self.warnings.len());
        self.warnings.extend(oddities.chain(runs).map(note).take(room));
        let room = MOST_PARTS.saturating_sub(self.limits.len());
        self.limits.extend(entry.limits.iter().map(|limit| (inside.to_owned(), *limit)).take(room));
    }
}

/// Where in a text something is, in words; empty where offsets say it.
fn spot(spot: &Spot<'_>) -> String {
    match spot {
        Spot::Offsets => String::new(),
        Spot::Page(page) => format!("page {page}"),
        Spot::Cell { row, column, .. } => format!("{column}, row {}", row.saturating_add(1)),
        Spot::Field(field) => (*field).to_owned(),
    }
}
