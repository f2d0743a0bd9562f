//! A scan of one object, as it streams by.

use std::sync::Arc;

use base::word::DataType;
use zeroize::Zeroizing;

use crate::examine::{Examiner, Pool};
use crate::finding::{Digester, Sink};
use crate::read::{Output, Reader, Window, reader};
use crate::report::{Format, LimitKind, Limits, Outcome, Reason, Report};
use crate::rules::{Rule, Rules};
use crate::sniff::{BYTE_ORDER_MARK, Said, sniff};
use crate::structure::{Known, Structure};

/// How much of the stream is held at once. A text that is longer is read in overlapping pieces. It fits a core's cache,
/// and a thousand scans under way hold a quarter of a gibibyte.
pub const WINDOW_BYTES: usize = 256 << 10;

/// The first allocation; most objects need no more.
const SMALLEST_WINDOW_BYTES: usize = 8 << 10;

/// What to look for.
#[derive(Clone, Debug)]
pub struct Options {
    /// The types to find.
    pub types: Vec<DataType>,
    /// The rules by which they are found.
    pub rules: Arc<Rules>,
    /// Whether names of people, postal addresses, ages and dates of birth are looked for in free text. It costs about
    /// ten times what everything else does together.
    pub names: bool,
}

impl Options {
    /// Every type but those of [`Options::names`].
    #[must_use]
    pub fn without_names() -> Self {
        Self { names: false, ..Self::default() }
    }
}

impl Default for Options {
    /// Every type, by the built-in rules.
    fn default() -> Self {
        Self { types: DataType::ALL.to_vec(), rules: Rules::built_in(), names: true }
    }
}

/// What is said about an object. Content decides; this helps where content leaves a choice.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hint<'a> {
    /// The content type it was written with.
    pub content_type: Option<&'a str>,
    /// Its name.
    pub name: &'a str,
}

/// Begins scans. Making one looks at every rule; make it once.
#[derive(Clone)]
pub struct Scanner {
    options: Options,
    /// For each rule, the type of what it finds if that is looked for.
    wanted: Arc<[Option<DataType>]>,
    /// What its scans hand on to each other.
    pool: Arc<Pool>,
    /// What is known of fields beforehand.
    known: Option<Arc<Known>>,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::new(Options::default())
    }
}

impl Scanner {
    /// A scanner that looks for what `options` say.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let type_of = |(_, rule): (_, &Rule)| options.types.contains(&rule.data_type).then_some(rule.data_type);
        let wanted = options.rules.iter().map(type_of).collect();
        Self { options, wanted, pool: Arc::default(), known: None }
    }

    /// A scanner that knows of the fields of what it reads.
    #[must_use]
    pub fn knowing(&self, structure: &Structure) -> Self {
        let known = Known::new(structure, &self.options.rules);
        Self { known: Some(Arc::new(known)), ..self.clone() }
    }

    /// A scanner that looks for the same and knows of no fields.
    #[must_use]
    pub fn unknowing(&self) -> Self {
        Self { known: None, ..self.clone() }
    }

    /// Whether it knows of a field, by its name and the name of what it is in.
    #[must_use]
    pub fn knows(&self, names: [&[u8]; 2]) -> bool {
        self.known.as_ref().is_some_and(|known| known.knows(names))
    }

    /// The rules it finds by.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.options.rules
    }

    /// Begins a scan.
    pub fn begin(&self, hint: &Hint<'_>, digester: Arc<dyn Digester>) -> Scan {
        Scan {
            examiner: self.examiner(digester),
            said: Said::by(hint),
            state: State::Start,
            window: Zeroizing::new(Vec::new()),
            at: 0,
            bytes: 0,
            limits: Limits::default(),
        }
    }

    /// What looks at single texts.
    pub(crate) fn examiner(&self, digester: Arc<dyn Digester>) -> Examiner {
        let mut examiner = Examiner::new(&self.options, Arc::clone(&self.wanted), digester, &self.pool);
        examiner.known.clone_from(&self.known);
        examiner
    }

    /// Begins a scan of what is known to be `format`: the content is not asked.
    pub fn begin_as(&self, format: Format, digester: Arc<dyn Digester>) -> Scan {
        let mut scan = self.begin(&Hint::default(), digester);
        scan.state = State::Reading(format, reader(format));
        scan
    }
}

/// A scan under way. Push the object's bytes in order, then finish.
///
/// Pushing costs processor time in bursts: up to a window's worth of scanning at once, a millisecond or two.
#[must_use = "a scan that is not finished says nothing"]
pub struct Scan {
    examiner: Examiner,
    said: Said,
    state: State,
    /// What was pushed and is not done with.
    window: Zeroizing<Vec<u8>>,
    /// The offset of the window's first byte.
    at: u64,
    bytes: u64,
    limits: Limits,
}

enum State {
    /// The format is not known yet.
    Start,
    /// Texts are read.
    Reading(Format, Box<dyn Reader>),
    /// The rest goes by unread.
    Unscannable(Reason),
}

impl Scan {
    /// Looks at the next bytes of the object. How they are chunked makes no difference to what is found.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn Sink) {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        let mut bytes = bytes;
        while !matches!(self.state, State::Unscannable(_)) {
            let room = WINDOW_BYTES.saturating_sub(self.window.len());
            let (now, later) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            self.fill(now);
            // INVARIANT: a reader sees the window when it is full or when the stream has ended, and at no other time:
            // so what it sees depends on the bytes alone.
            if self.window.len() < WINDOW_BYTES {
                return;
            }
            self.read(false, sink);
            bytes = later;
        }
    }

    /// Ends the scan.
    pub fn finish(mut self, sink: &mut dyn Sink) -> Report {
        self.read(true, sink);
        let (outcome, format, records) = match &self.state {
            State::Start => (Outcome::Scanned, None, 0),
            State::Reading(format, reader) => (Outcome::Scanned, Some(*format), reader.records()),
            State::Unscannable(reason) => (Outcome::Unscannable { reason: *reason }, None, 0),
        };
        let findings = self.examiner.findings;
        Report { outcome, format, records, bytes: self.bytes, findings, limits: self.limits.into_list() }
    }

    /// Appends to the window.
    fn fill(&mut self, bytes: &[u8]) {
        let needed = self.window.len().saturating_add(bytes.len());
        if needed > self.window.capacity() {
            // A vector that grew by itself would leave its old bytes behind; the one replaced here is erased.
            let capacity = needed.next_power_of_two().clamp(SMALLEST_WINDOW_BYTES, WINDOW_BYTES);
            let mut wider = Zeroizing::new(Vec::with_capacity(capacity));
            wider.extend_from_slice(&self.window);
            self.window = wider;
        }
        self.window.extend_from_slice(bytes);
    }

    /// Reads the window and keeps what is not done with.
    fn read(&mut self, last: bool, sink: &mut dyn Sink) {
        if matches!(self.state, State::Start) && !self.window.is_empty() {
            self.state = match sniff(&self.window, last, self.said, &mut self.limits) {
                Ok(format) => State::Reading(format, reader(format)),
                Err(reason) => State::Unscannable(reason),
            };
            if self.window.starts_with(BYTE_ORDER_MARK) {
                self.keep_from(BYTE_ORDER_MARK.len());
            }
        }
        let State::Reading(_, reader) = &mut self.state else {
            self.keep_from(self.window.len());
            return;
        };
        if let Some(nul) = memchr::memchr(0, &self.window) {
            self.limits.note(LimitKind::NulBytes, self.at.saturating_add(nul as u64));
        }
        let mut output = Output { examiner: &mut self.examiner, sink, limits: &mut self.limits };
        let done = reader.read(&Window { bytes: &self.window, at: self.at, last }, &mut output);
        // A full window of which nothing is done would never move; readers promise that this does not happen.
        self.keep_from(if last { self.window.len() } else { done.max(1) });
    }

    /// Drops the first `done` bytes of the window.
    fn keep_from(&mut self, done: usize) {
        let done = done.min(self.window.len());
        self.window.drain(..done);
        self.at = self.at.saturating_add(done as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_can_move_between_threads() {
        fn movable<T: Send>() {}
        movable::<Scan>();
    }
}
