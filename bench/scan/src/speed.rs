//! How fast, on one core, from bytes to facts; beside what others would do with the same bytes in the same run.
//!
//! - a `RegexSet` of the rules' patterns without those of secrets, asked line by line: what somebody would write first;
//! - an automaton of all key words (aho-corasick, DFA, whatever the case): what a fast scanner is built on;
//! - counting line feeds: what the memory gives.

use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base::word::DataType;
use regex::bytes::{RegexSet, RegexSetBuilder};
use rustix::time::{ClockId, clock_gettime};
use scan::{Blocks, Folder, Hint, Options, Rules, Scanner};

use unpack::{Flat, Source, Unpacker};

use crate::rows::{head, row};
use crate::samples::{Sample, all};
use crate::{Outcome, Stand};

/// The chunks in which a server would push.
const CHUNK_BYTES: usize = 256 << 10;

/// What the slow peers are given of each sample.
const SHORT_BYTES: usize = 1 << 20;

/// The blocks that a server keeps facts for.
const BLOCKS: Blocks = Blocks { first: 65_480, rest: 65_520 };

/// The best of so many runs counts: others disturb, nothing speeds up.
const RUNS: usize = 3;

/// The largest set of patterns that is built; what does not fit is left out of the peer, and it says so.
const MOST_SET_BYTES: usize = 256 << 20;

/// Measures all samples.
pub(crate) fn report(code: &Path) -> Outcome<String> {
    let rules = Rules::built_in();
    let peers = Peers::new(&rules)?;
    let mut text = format!("RegexSet of {} patterns; automaton of {} key words\n\n", peers.patterns, peers.words);
    text.push_str(&head(&[
        "input, 16 MiB",
        "findings a MB",
        "structured types and secrets, MB/s",
        "with names, MB/s",
        "RegexSet by line",
        "aho-corasick",
        "counting line feeds",
        "structured : aho-corasick",
    ]));
    for sample in all(code)? {
        let row = measured(&sample, &peers);
        let _ = write!(std::io::stderr(), "{row}");
        text.push_str(&row);
    }
    Ok(text)
}

fn measured(sample: &Sample, peers: &Peers) -> String {
    let bytes = sample.bytes.as_slice();
    let short = bytes.get(..SHORT_BYTES).unwrap_or(bytes);
    let structured = Scanner::new(Options::without_names());
    let named = Scanner::new(Options::default());
    let mut findings = 0;
    let fast = rate(bytes, || findings = scan(&structured, sample.file, bytes));
    let with_names = rate(bytes, || _ = black_box(scan(&named, sample.file, bytes)));
    let set = rate(short, || {
        _ = black_box(short.split(|byte| *byte == b'\n').filter(|line| peers.set.is_match(line)).count())
    });
    let automaton = rate(bytes, || _ = black_box(peers.automaton.find_overlapping_iter(bytes).count()));
    let memory = rate(bytes, || _ = black_box(memchr::memchr_iter(b'\n', bytes).count()));
    let whole = |rate: f64| format!("{rate:.0}");
    row(&[
        sample.name.to_owned(),
        format!("{:.0}", findings as f64 / (bytes.len() as f64 / 1e6)),
        whole(fast),
        whole(with_names),
        whole(set),
        whole(automaton),
        whole(memory),
        format!("{:.2}", fast / automaton),
    ])
}

/// From bytes to facts; how many findings there were.
fn scan(scanner: &Scanner, file: &str, bytes: &[u8]) -> u64 {
    let hint = Hint { content_type: None, name: file };
    if bytes.starts_with(b"PAR1") {
        return unpack(scanner, &hint, bytes);
    }
    let mut folder = Folder::new(BLOCKS);
    let mut scan = scanner.begin(&hint, Arc::new(Stand));
    for chunk in bytes.chunks(CHUNK_BYTES) {
        scan.push(chunk, &mut folder);
        // As the server does: what is known of people is stored as it comes.
        black_box(folder.take_mentions());
    }
    let report = scan.finish(&mut folder);
    black_box(folder.finish());
    report.findings
}

/// Bytes that an unpacker reads.
struct Held<'a>(&'a [u8]);

impl Source for Held<'_> {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> std::io::Result<usize> {
        self.0.read_at(offset, into)
    }
}

/// The same of what has to be unpacked.
fn unpack(scanner: &Scanner, hint: &Hint<'_>, bytes: &[u8]) -> u64 {
    let mut folder = Flat(Folder::new(BLOCKS));
    // Bytes in memory are always there.
    let report = Unpacker::new(scanner.clone(), Arc::new(Stand)).examine(&Held(bytes), hint, &mut folder);
    black_box(folder.0.finish());
    report.map_or(0, |report| report.findings)
}

/// Megabytes in a second of processor time, the best of a few runs. What else the machine does counts as little as it can.
fn rate(bytes: &[u8], mut run: impl FnMut()) -> f64 {
    let mut best = 0.0_f64;
    for _ in 0..RUNS {
        let begun = processor_seconds();
        run();
        best = best.max(bytes.len() as f64 / 1e6 / (processor_seconds() - begun).max(1e-9));
    }
    best
}

fn processor_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    // Seconds of a run are far below 2^52, and so exact.
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// What else could be done with the bytes.
struct Peers {
    set: RegexSet,
    patterns: usize,
    automaton: AhoCorasick,
    words: usize,
}

impl Peers {
    fn new(rules: &Rules) -> Outcome<Self> {
        // With the hundreds of patterns of secrets it would be slower still.
        let people = rules.iter().filter(|(_, rule)| rule.data_type != DataType::Secret);
        let patterns: Vec<&str> = people.filter_map(|(_, rule)| rule.pattern.as_deref()).collect();
        // Bytes, not characters: the fastest form there is of the same patterns.
        let set = RegexSetBuilder::new(&patterns).unicode(false).size_limit(MOST_SET_BYTES).build()?;
        let mut words: Vec<&str> = rules.iter().flat_map(|(_, rule)| &rule.keywords).map(String::as_str).collect();
        words.sort_unstable();
        words.dedup();
        let automaton =
            AhoCorasick::builder().ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA)).build(&words)?;
        Ok(Self { set, patterns: patterns.len(), automaton, words: words.len() })
    }
}
