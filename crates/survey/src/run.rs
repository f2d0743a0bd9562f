//! Scans all files of a walk on several threads.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use base::word::DataType;
use scan::{Confidence, Digester, Options, Rules, Scanner};
use unpack::Unpacker;

use crate::file::{Looked, State, look};
use crate::people::{Count, People};

use crate::walk::{Listed, Walk};

/// What to do with each file.
pub struct Job {
    /// What to look for, and by which rules.
    pub options: Options,
    /// Digests values, under a key that is forgotten when the survey is over.
    pub digester: Arc<dyn Digester>,
    /// The least confidence of a finding that counts.
    pub least: Confidence,
    /// How many files are scanned at once; at least one is.
    pub threads: usize,
}

/// Is told how far a survey got. Called from every thread.
pub trait Watch: Sync {
    /// So many more bytes were read.
    fn read(&self, bytes: u64);
}

/// What is in the files.
pub struct Survey {
    /// The files and what else was listed, in the order of the walk.
    pub looked: Vec<Looked>,
    /// How many people the findings are about.
    pub people: Count,
    /// Of how many people there is data of each type that tells people apart.
    pub people_by_type: Vec<(DataType, u64)>,
    /// The rules that were looked for.
    pub rules: Arc<Rules>,
}

impl Survey {
    /// Findings in all files.
    #[must_use]
    pub fn findings(&self) -> u64 {
        self.looked.iter().fold(0, |all, file| all.saturating_add(file.tally.all()))
    }

    /// Bytes read.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.looked.iter().fold(0, |all, file| all.saturating_add(file.bytes))
    }

    /// Files that were scanned.
    pub fn scanned(&self) -> impl Iterator<Item = &Looked> {
        self.looked.iter().filter(|file| matches!(file.state, State::Scanned { .. }))
    }

    /// What was not scanned and why, files and parts of files. The path inside is empty for a file.
    pub fn not_scanned(&self) -> impl Iterator<Item = (&Looked, &str, &str)> {
        self.looked.iter().flat_map(|file| {
            let whole = match &file.state {
                State::NotScanned { reason } => Some((file, "", reason.as_str())),
                _ => None,
            };
            whole
                .into_iter()
                .chain(file.missed.iter().map(move |note| (file, note.inside.as_str(), note.what.as_str())))
        })
    }

    /// How many files and parts of files were not scanned, or not to their end.
    #[must_use]
    pub fn not_scanned_count(&self) -> u64 {
        self.looked.iter().fold(0, |all, file| {
            let whole = u64::from(matches!(file.state, State::NotScanned { .. }));
            all.saturating_add(whole).saturating_add(file.missed_count)
        })
    }

    /// What could not be read, and why.
    pub fn unreadable(&self) -> impl Iterator<Item = (&Looked, &str)> {
        self.looked.iter().filter_map(|file| match &file.state {
            State::Unreadable { why } => Some((file, why.as_str())),
            _ => None,
        })
    }
}

/// Scans what was listed.
#[must_use]
pub fn run(walk: Walk, job: &Job, watch: &dyn Watch) -> Survey {
    let unpacker = Unpacker::new(Scanner::new(job.options.clone()), Arc::clone(&job.digester));
    let people = Mutex::new(People::default());
    let next = AtomicUsize::new(0);
    let tasks: Vec<Mutex<Option<Listed>>> = walk.listed.into_iter().map(|listed| Mutex::new(Some(listed))).collect();
    let done: Vec<Mutex<Option<Looked>>> = tasks.iter().map(|_| Mutex::new(None)).collect();
    // The largest files would be the last to end if they came last; but then memory and order would depend on sizes. One
    // file at a time and thread, in order, is what a person who watches expects.
    let work = || {
        while let Some((task, done)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            tasks.get(at).zip(done.get(at))
        } {
            let Some(listed) = task.lock().ok().and_then(|mut task| task.take()) else { continue };
            let looked = match listed {
                Listed::File(path, _) => look(path, &unpacker, job, watch, &people),
                Listed::Passed(path, reason) => Looked::not(path, State::NotScanned { reason: reason.to_owned() }),
                Listed::Unreadable(path, why) => Looked::not(path, State::Unreadable { why }),
            };
            if let Ok(mut done) = done.lock() {
                *done = Some(looked);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..job.threads {
            scope.spawn(work);
        }
        work();
    });
    let people = people.into_inner().unwrap_or_default();
    let mut looked: Vec<Looked> = done.into_iter().filter_map(|looked| looked.into_inner().ok().flatten()).collect();
    number(&mut looked);
    let identifying = DataType::ALL.iter().filter(|data_type| data_type.identifies());
    Survey {
        looked,
        people: people.count(),
        people_by_type: identifying.map(|data_type| (*data_type, people.of(*data_type))).collect(),
        rules: Arc::clone(&job.options.rules),
    }
}

/// Numbers values in the order in which they occur, so that equal ones are seen to be equal.
fn number(looked: &mut [Looked]) {
    let mut numbers: HashMap<[u8; 16], u64> = HashMap::new();
    for found in looked.iter_mut().flat_map(|file| &mut file.found) {
        let next = (numbers.len() as u64).saturating_add(1);
        found.value = *numbers.entry(found.identity).or_insert(next);
    }
}
