//! `cofferdam scan`: what is inside files that are in nobody's custody. No server is needed, and nothing is kept.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::time::Clock as _;
use base::word::DataType;
use base::{Entropy as _, Kind};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use scan::{Confidence, Digester, Options, Rules, Scanner};
use survey::render::{About, Report, csv, html, json, sarif, table};
use survey::{Job, ReadAs, Survey, Walk, Watch};

use super::{Context, Form};
use crate::chance::SystemEntropy;
use crate::clock::SystemClock;
use crate::error::Error;
use crate::exit::Exit;
use crate::output::Output;

/// Find what is inside files and folders, and whom it is about
///
/// Reads every file below the paths that are named, without a server, and says which personal data and which secrets are
/// in it, where, and how sure that is; about how many people it is; and what could not be read. It never prints a value, only
/// a masked sample. Symbolic links below the paths are not followed.
///
/// Prints a table, or with `--format` also json, csv, sarif (secrets, unless `--types` names others) or html. Ends with 6 when
/// something was found, with 1 when something could not be read, with 0 otherwise.
#[derive(Args)]
pub(super) struct Scan {
    /// What to scan
    #[arg(value_name = "PATH", required_unless_present = "predictions")]
    paths: Vec<PathBuf>,

    /// Write the report to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Add the rules in a file to those that are built in; may be given several times
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,

    /// Look for these types only, parted by commas: `email,card,secret`
    #[arg(long, value_name = "TYPES", value_delimiter = ',')]
    types: Vec<DataType>,

    /// Leave out findings that are less sure
    #[arg(long, value_name = "CONFIDENCE", value_enum, default_value_t = Least::Low)]
    min_confidence: Least,

    /// Do not look for names, addresses, ages and dates of birth in running text, which takes most of the time
    #[arg(long)]
    no_names: bool,

    /// How many files to scan at once [default: one for each core]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,

    /// Scan the texts of `{"doc_id", "text"}` lines instead, and print `{"doc_id", "start", "end", "type"}` for each finding
    #[arg(long, value_name = "FILE", conflicts_with = "paths")]
    predictions: Option<PathBuf>,

    /// What those texts are
    #[arg(long = "as", value_name = "FORMAT", value_enum, default_value_t = Texts::Text, requires = "predictions")]
    texts: Texts,
}

/// The least confidence that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Least {
    /// The form of a value is enough
    Low,
    /// A check was passed, or a word nearby speaks of it
    Medium,
    /// A check was passed that chance rarely passes
    High,
}

/// How the texts of documents are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Texts {
    /// Plain text, whatever it looks like
    Text,
    /// A JSON document
    Json,
    /// A JSON document a line
    Jsonl,
    /// Cells parted by commas, under a row of names
    Csv,
    /// Whatever a file with this content would be taken for
    Any,
}

impl Scan {
    pub(super) fn run(self, context: &Context, form: Form) -> Result<Exit, Error> {
        let options = self.options(form)?;
        match &self.predictions {
            Some(documents) => self.predict(documents, options, context),
            None => self.survey(options, context, form),
        }
    }

    fn options(&self, form: Form) -> Result<Options, Error> {
        let mut rules = Rules::built_in();
        for path in &self.rules {
            let text =
                std::fs::read_to_string(path).map_err(|source| Error::file("reading the rules", path, source))?;
            let with = rules.with(&path.display().to_string(), &text);
            rules = with.map_err(|error| Error::part("reading the rules", Kind::Invalid, error))?;
        }
        let mut options = Options { rules, ..Options::default() };
        if !self.types.is_empty() {
            options.types.clone_from(&self.types);
        } else if form == Form::Sarif {
            options.types = vec![DataType::Secret];
        }
        options.names = !self.no_names;
        Ok(options)
    }

    fn survey(&self, options: Options, context: &Context, form: Form) -> Result<Exit, Error> {
        let output = context.output;
        let walk = Walk::of(&self.paths);
        let bar = progress(&output, walk.bytes);
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let job = Job {
            options,
            digester: Arc::new(Forgotten::fresh()),
            least: self.min_confidence.into(),
            threads: self.jobs.map_or_else(cores, usize::from),
        };
        let began = SystemClock.tick();
        let survey = survey::run(walk, &job, &Shown(&bar));
        let micros = SystemClock.tick().0.saturating_sub(began.0).max(1);
        bar.finish_and_clear();
        self.print(&survey, form)?;
        for (file, why) in survey.unreadable() {
            output.say(&format!("error: reading `{}`: {why}", crate::output::escape(&file.path.to_string_lossy())));
        }
        if output.progress {
            // Bytes in a microsecond are megabytes in a second.
            let rate = survey.bytes().checked_div(micros).unwrap_or(0);
            output.say(&format!("{rate} MB/s"));
        }
        // What could not be read is the worse news: "no findings" is not known to be true.
        Ok(if survey.unreadable().next().is_some() {
            Exit::Failed
        } else if survey.findings() > 0 {
            Exit::Findings
        } else {
            Exit::Done
        })
    }

    fn print(&self, survey: &Survey, form: Form) -> Result<(), Error> {
        let about = About {
            program: env!("CARGO_PKG_VERSION"),
            paths: self.paths.iter().map(|path| path.to_string_lossy().into_owned()).collect(),
            at: SystemClock.now(),
        };
        let report = Report { survey, about: &about };
        let text = match form {
            Form::Table => table(&report),
            Form::Json => format!("{:#}\n", json(&report)),
            Form::Csv => csv(&report),
            Form::Sarif => format!("{:#}\n", sarif(&report)),
            Form::Html => html(&report),
        };
        let mut to = self.sink()?;
        to.write_all(text.as_bytes()).and_then(|()| to.flush()).map_err(unwritten)
    }

    fn predict(&self, documents: &Path, options: Options, context: &Context) -> Result<Exit, Error> {
        let failed = |source| Error::file("reading the documents", documents, source);
        let lines = BufReader::new(File::open(documents).map_err(failed)?);
        let mut broken = 0_u64;
        let digester: Arc<dyn Digester> = Arc::new(Forgotten::fresh());
        let predicted = survey::predict(
            &Scanner::new(options),
            &digester,
            self.min_confidence.into(),
            self.texts.into(),
            lines,
            self.sink()?,
            |line| {
                broken = broken.saturating_add(1);
                context.output.say(&format!("line {} is no document: {}", line.line, line.why));
            },
        );
        let predicted = predicted.map_err(failed)?;
        context.output.say(&format!("{} documents, {} findings", predicted.documents, predicted.findings));
        if broken > 0 {
            context.output.say(&format!("error: {broken} lines were passed over"));
            return Ok(Exit::Failed);
        }
        Ok(Exit::Done)
    }

    /// Where the report goes.
    fn sink(&self) -> Result<Box<dyn std::io::Write>, Error> {
        Ok(match &self.out {
            None => Box::new(BufWriter::new(std::io::stdout().lock())),
            Some(path) => {
                let file = File::create(path).map_err(|source| Error::file("writing the report", path, source))?;
                Box::new(BufWriter::new(file))
            }
        })
    }
}

fn unwritten(source: std::io::Error) -> Error {
    Error::Broken { attempt: "writing the report", source: source.into() }
}

/// A bar with bytes and their rate, on a terminal only.
fn progress(output: &Output, bytes: u64) -> ProgressBar {
    if !output.progress {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(bytes);
    let style = ProgressStyle::with_template(
        "{bar:40} {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  {eta} left",
    );
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(std::time::Duration::from_millis(120));
    bar
}

/// The progress on a terminal.
struct Shown<'a>(&'a ProgressBar);

impl Watch for Shown<'_> {
    fn read(&self, bytes: u64) {
        self.0.inc(bytes);
    }
}

/// A key that ends with the scan: equal values are seen to be equal, and nobody can try values against what is printed.
struct Forgotten([u8; 32]);

impl Forgotten {
    fn fresh() -> Self {
        let mut key = [0; 32];
        SystemEntropy::default().fill(&mut key);
        Self(key)
    }
}

impl Digester for Forgotten {
    fn digest(&self, data_type: DataType, canonical: &[u8]) -> [u8; 16] {
        let digest = attest::sha256(&[&self.0, data_type.word().as_bytes(), b"\0", canonical]);
        digest.first_chunk().copied().unwrap_or_default()
    }
}

impl From<Least> for Confidence {
    fn from(least: Least) -> Self {
        match least {
            Least::Low => Self::Low,
            Least::Medium => Self::Medium,
            Least::High => Self::High,
        }
    }
}

impl From<Texts> for ReadAs {
    fn from(texts: Texts) -> Self {
        match texts {
            Texts::Text => Self::Format(scan::Format::Plain),
            Texts::Json => Self::Format(scan::Format::Json),
            Texts::Jsonl => Self::Format(scan::Format::JsonLines),
            Texts::Csv => Self::Format(scan::Format::Table { delimiter: b',', header: true }),
            Texts::Any => Self::Sniffed,
        }
    }
}
