//! Walks the tree of containers.

use std::ops::Range;
use std::sync::Arc;

use scan::{Digester, Finding, Hint, Passage, Passages, Scan, Scanner};

use crate::compress::{Bunzip2, Gunzip, Unzstd};
use crate::error::{Stop, UnpackError};
use crate::kind::{Kind, LOOKED_AT_BYTES};
use crate::limits::{Budget, Limits};
use crate::place::{Place, Sink, Spot};
use crate::report::{Entry, Oddity, Outcome, Report, Why};
use crate::rows::Column;
use crate::source::{Slice, Source};
use crate::stream::{Held, Linear, Peeked, Steady, Stream};
use crate::{arrow, avro, image, model, parquet, pdf, pickle, tar, text, zip};

/// The longest name that is kept of a member: what file systems allow for a path.
const LONGEST_NAME_BYTES: usize = 4096;

/// What stands between the name of a container and that of its member.
const INSIDE: char = '!';

/// Examines objects.
#[derive(Clone)]
pub struct Unpacker {
    scanner: Scanner,
    digester: Arc<dyn Digester>,
    limits: Limits,
}

impl Unpacker {
    /// With limits that suit a server.
    #[must_use]
    pub fn new(scanner: Scanner, digester: Arc<dyn Digester>) -> Self {
        Self { scanner, digester, limits: Limits::default() }
    }

    /// With other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Examines an object.
    ///
    /// # Errors
    /// Only when `source` fails. Whatever is wrong inside the object is in the report.
    pub fn examine(&self, source: &dyn Source, hint: &Hint<'_>, sink: &mut dyn Sink) -> Result<Report, UnpackError> {
        let budget = Budget::new(self.limits, source.len());
        let report = Report { bytes: source.len(), ..Report::default() };
        let mut walk = Walk {
            unpacker: self,
            budget: &budget,
            path: String::new(),
            depth: 0,
            records: 0,
            passages: None,
            report,
            sink,
        };
        let mut stream = Linear::new(Slice::object(source));
        match walk.visit(hint, &mut stream) {
            Ok(()) | Err(Stop::Inside(_)) => {}
            Err(Stop::Failed(error)) => return Err(error),
        }
        Ok(Report { unpacked: budget.unpacked(), records: walk.records, ..walk.report })
    }
}

/// An examination under way.
pub(crate) struct Walk<'a> {
    unpacker: &'a Unpacker,
    pub(crate) budget: &'a Budget,
    /// The path of the entry under way.
    pub(crate) path: String,
    /// How many containers it is in.
    depth: u8,
    /// How many records the texts before it had.
    pub(crate) records: u64,
    passages: Option<Passages>,
    report: Report,
    pub(crate) sink: &'a mut dyn Sink,
}

impl Walk<'_> {
    /// Reads what is in `stream`, as whatever it is, and enters it in the report.
    ///
    /// Stops when the object's storage fails, and when a limit of the whole object is reached.
    pub(crate) fn visit(&mut self, hint: &Hint<'_>, stream: &mut dyn Stream) -> Result<(), Stop> {
        self.visit_with(hint, |walk, entry| walk.open(entry, hint, stream))
    }

    /// Enters a member in the report that its container knows how to `read`.
    pub(crate) fn visit_with(
        &mut self,
        hint: &Hint<'_>,
        read: impl FnOnce(&mut Self, &mut Entry) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let outer_path = self.path.len();
        let mut entry = self.enter(hint.name);
        let read = match self.budget.member() {
            Ok(()) => read(self, &mut entry),
            Err(stop) => Err(stop),
        };
        let kept = self.leave(entry, read);
        self.path.truncate(outer_path);
        kept
    }

    /// Enters a member that is not read, and why.
    pub(crate) fn pass_over(&mut self, name: &str, kind: Kind, why: Why) -> Result<(), Stop> {
        let outer_path = self.path.len();
        let mut entry = self.enter(name);
        entry.kind = kind;
        let kept = self.budget.member().and_then(|()| self.leave(entry, Err(why.into())));
        self.path.truncate(outer_path);
        kept
    }

    /// Puts `name` behind the path, and begins its entry.
    fn enter(&mut self, name: &str) -> Entry {
        if self.depth > 0 {
            self.path.push(INSIDE);
        }
        let shown = name.get(..name.floor_char_boundary(LONGEST_NAME_BYTES)).unwrap_or_default();
        let odd = shown.len() < name.len() || shown.chars().any(char::is_control);
        self.path.extend(shown.chars().map(|char| if char.is_control() { char::REPLACEMENT_CHARACTER } else { char }));
        let mut entry = Entry {
            path: self.path.clone(),
            depth: self.depth,
            kind: Kind::Text,
            format: None,
            bytes: 0,
            members: 0,
            records: 0,
            findings: 0,
            outcome: Outcome::Read,
            limits: Vec::new(),
            oddities: Vec::new(),
            imports: Vec::new(),
        };
        if odd {
            entry.note(Oddity::OddName);
        }
        if self.depth > 0 && escapes(name) {
            entry.note(Oddity::EscapingName);
        }
        entry
    }

    /// Closes an entry. What went wrong inside it is its own matter, unless it ends everything.
    fn leave(&mut self, mut entry: Entry, read: Result<(), Stop>) -> Result<(), Stop> {
        let stop = match read {
            Ok(()) => None,
            Err(Stop::Failed(error)) => return Err(Stop::Failed(error)),
            Err(Stop::Inside(why)) => {
                let touched = entry.bytes > 0 || entry.members > 0 || entry.findings > 0;
                entry.outcome = if touched { Outcome::Partly(why) } else { Outcome::NotScanned(why) };
                matches!(why, Why::Bomb | Why::TooLarge | Why::TooMany).then_some(why)
            }
        };
        self.records = self.records.saturating_add(entry.records);
        self.report.findings = self.report.findings.saturating_add(entry.findings);
        self.sink.read(&entry);
        self.report.add(entry);
        stop.map_or(Ok(()), |why| Err(why.into()))
    }

    /// Reads a stream as what its first bytes say it is.
    fn open(&mut self, entry: &mut Entry, hint: &Hint<'_>, stream: &mut dyn Stream) -> Result<(), Stop> {
        if let Some(slice) = stream.rest() {
            let mut start = [0; LOOKED_AT_BYTES];
            let len = slice.read(0, &mut start)?;
            entry.kind = Kind::of(start.get(..len).unwrap_or_default(), hint.name);
            return match Reader::of(entry.kind) {
                Reader::AtOffsets(read) => self.inside(|walk| read(walk, entry, hint, &slice)),
                Reader::InOrder(read) => self.inside(|walk| read(walk, entry, hint, stream)),
                Reader::Text => text::scan(self, entry, hint, stream),
            };
        }
        let mut stream = Peeked::new(stream, LOOKED_AT_BYTES)?;
        entry.kind = Kind::of(stream.start(), hint.name);
        match Reader::of(entry.kind) {
            Reader::AtOffsets(read) => {
                let held = Held::all_of(&mut stream, self.budget)?;
                self.inside(|walk| read(walk, entry, hint, &held.slice()))
            }
            Reader::InOrder(read) => self.inside(|walk| read(walk, entry, hint, &mut stream)),
            Reader::Text => text::scan(self, entry, hint, &mut stream),
        }
    }

    /// Goes one container deeper.
    fn inside(&mut self, read: impl FnOnce(&mut Self) -> Result<(), Stop>) -> Result<(), Stop> {
        if self.depth >= self.budget.limits.depth {
            return Err(Why::TooDeep.into());
        }
        self.depth = self.depth.saturating_add(1);
        let read = read(self);
        self.depth = self.depth.saturating_sub(1);
        read
    }

    /// Begins to scan a text.
    pub(crate) fn begin(&self, hint: &Hint<'_>) -> Scan {
        self.unpacker.scanner.begin(hint, Arc::clone(&self.unpacker.digester))
    }

    /// Begins a scan of what no contract speaks of.
    pub(crate) fn begin_unknowing(&self, hint: &Hint<'_>) -> Scan {
        self.unpacker.scanner.unknowing().begin(hint, Arc::clone(&self.unpacker.digester))
    }

    /// Whether a contract says something of a column.
    pub(crate) fn knows(&self, column: &Column) -> bool {
        self.unpacker.scanner.knows(column.names.each_ref().map(String::as_bytes))
    }

    /// Looks at a text for a reader that puts what is found in its place itself. Offsets and record are the passage's.
    pub(crate) fn look(&mut self, passage: &Passage<'_>, sink: &mut dyn scan::Sink) {
        let Unpacker { scanner, digester, .. } = self.unpacker;
        let passages = self.passages.get_or_insert_with(|| scanner.passages(Arc::clone(digester)));
        passages.examine(passage, sink);
    }

    /// Looks at a text that was taken out of its format. Its record counts from 0 in the entry, whose numbers of records
    /// and findings are kept here.
    pub(crate) fn passage(&mut self, entry: &mut Entry, passage: &Passage<'_>, spot: Spot<'_>, outer: Range<u64>) {
        let Unpacker { scanner, digester, .. } = self.unpacker;
        let passages = self.passages.get_or_insert_with(|| scanner.passages(Arc::clone(digester)));
        let before = passages.findings();
        let place = Place { path: &self.path, outer, spot };
        entry.records = entry.records.max(passage.record.saturating_add(1));
        let record = self.records.saturating_add(passage.record);
        passages.examine(&Passage { record, ..*passage }, &mut Placed { place, sink: self.sink });
        entry.findings = entry.findings.saturating_add(passages.findings().saturating_sub(before));
        entry.bytes = entry.bytes.saturating_add(passage.bytes.len() as u64);
    }
}

/// Puts all findings in one place.
struct Placed<'a> {
    place: Place<'a>,
    sink: &'a mut dyn Sink,
}

impl scan::Sink for Placed<'_> {
    fn take(&mut self, finding: Finding) {
        self.sink.take(&self.place, finding);
    }
}

/// How a kind is read.
enum Reader {
    /// By the scanner.
    Text,
    /// From its beginning to its end.
    InOrder(fn(&mut Walk<'_>, &mut Entry, &Hint<'_>, &mut dyn Stream) -> Result<(), Stop>),
    /// Here and there.
    AtOffsets(fn(&mut Walk<'_>, &mut Entry, &Hint<'_>, &Slice<'_>) -> Result<(), Stop>),
}

impl Reader {
    fn of(kind: Kind) -> Self {
        match kind {
            Kind::Gzip => Self::InOrder(|walk, entry, hint, stream| {
                let budget = walk.budget;
                unpacked(walk, entry, hint, &mut Gunzip::new(stream, budget))
            }),
            Kind::Zstd => Self::InOrder(|walk, entry, hint, stream| {
                let budget = walk.budget;
                unpacked(walk, entry, hint, &mut Unzstd::new(stream, budget)?)
            }),
            Kind::Bzip2 => Self::InOrder(|walk, entry, hint, stream| {
                let budget = walk.budget;
                unpacked(walk, entry, hint, &mut Bunzip2::new(stream, budget))
            }),
            Kind::Tar => Self::InOrder(|walk, entry, _, stream| tar::read(walk, entry, stream)),
            Kind::Parquet => Self::AtOffsets(parquet::read),
            Kind::Pickle => Self::AtOffsets(pickle::file::read),
            Kind::Numpy => Self::AtOffsets(pickle::file::read_numpy),
            Kind::Safetensors => Self::AtOffsets(model::read_safetensors),
            Kind::Gguf => Self::AtOffsets(model::read_gguf),
            Kind::Hdf5 => Self::AtOffsets(model::read_hdf5),
            Kind::Image => Self::AtOffsets(image::read),
            Kind::Pdf => Self::AtOffsets(pdf::read),
            Kind::Avro => Self::AtOffsets(avro::read),
            Kind::Arrow => Self::AtOffsets(arrow::read),
            Kind::Zip | Kind::Docx | Kind::Xlsx | Kind::Pptx | Kind::OpenDocument => {
                Self::AtOffsets(|walk, entry, _, slice| zip::read(walk, entry, slice))
            }
            Kind::Text | Kind::Link | Kind::Xml => Self::Text,
        }
    }
}

/// Visits the one thing that a compressed stream holds.
fn unpacked(walk: &mut Walk<'_>, entry: &mut Entry, hint: &Hint<'_>, stream: &mut dyn Stream) -> Result<(), Stop> {
    entry.members = 1;
    // A content type speaks of what was written, not of what is inside.
    walk.visit(&Hint { content_type: None, name: &name_inside(hint.name) }, &mut Steady::new(stream))
}

/// What the file in a compressed file is called: `a.jsonl` in `x/a.jsonl.gz`, `a.tar` in `a.tgz`.
fn name_inside(name: &str) -> String {
    let file = name.rsplit(['/', '\\']).next().unwrap_or_default();
    match file.rsplit_once('.') {
        Some((stem, ending)) if ["gz", "gzip", "zst", "zstd", "bz2"].iter().any(|e| ending.eq_ignore_ascii_case(e)) => {
            stem.to_owned()
        }
        Some((stem, ending)) if ["tgz", "tzst", "tbz2", "tbz"].iter().any(|e| ending.eq_ignore_ascii_case(e)) => {
            format!("{stem}.tar")
        }
        _ => file.to_owned(),
    }
}

/// Whether a member's name leads out of the folder that it would be unpacked to.
fn escapes(name: &str) -> bool {
    let drive = matches!(name.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    drive || name.starts_with(['/', '\\']) || name.split(['/', '\\']).any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_inside_has_the_name_without_the_ending() {
        for (name, inside) in
            [("x/a.jsonl.gz", "a.jsonl"), ("a.tgz", "a.tar"), ("a.txt.ZST", "a.txt"), ("plain", "plain"), ("", "")]
        {
            assert_eq!(name_inside(name), inside);
        }
    }

    #[test]
    fn names_that_lead_out_are_told() {
        for name in ["../a", "a/../../b", "/etc/passwd", "C:\\x", "\\\\host\\x", "a\\..\\b"] {
            assert!(escapes(name), "{name}");
        }
        for name in ["a/b", "a..b/c", "...", "a/.b"] {
            assert!(!escapes(name), "{name}");
        }
    }
}
