//! What a scan says about an object as a whole, and what it could not do.

use std::fmt;

/// The result of a scan, apart from its findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whether detectors could read it.
    pub outcome: Outcome,
    /// What it was read as; `None` when it is empty or unscannable.
    pub format: Option<Format>,
    /// How many records it has.
    pub records: u64,
    /// How many bytes went by.
    pub bytes: u64,
    /// How many findings were made.
    pub findings: u64,
    /// What was not read as it should be, one entry a kind.
    pub limits: Vec<Limit>,
}

/// Whether detectors could read an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every byte was looked at.
    Scanned,
    /// No detector can read it.
    Unscannable {
        /// Why not.
        reason: Reason,
    },
}

/// Why no detector can read an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Compressed: gzip, zstd, bzip2, xz, lz4.
    Compressed,
    /// An archive: zip and what is built on it, tar, 7z, rar.
    Archive,
    /// A columnar or container format: Parquet, Arrow, ORC, Avro, HDF5, NumPy.
    Columnar,
    /// A document: PDF, old Office.
    Document,
    /// An image.
    Image,
    /// Sound or film.
    Media,
    /// A database file.
    Database,
    /// A program.
    Program,
    /// Text in UTF-16 or UTF-32.
    WideText,
    /// Bytes that are no text.
    Binary,
}

impl Reason {
    /// The word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Compressed => "compressed",
            Self::Archive => "archive",
            Self::Columnar => "columnar",
            Self::Document => "document",
            Self::Image => "image",
            Self::Media => "media",
            Self::Database => "database",
            Self::Program => "program",
            Self::WideText => "wide-text",
            Self::Binary => "binary",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What an object was read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON value a line; a line is a record.
    JsonLines,
    /// A JSON document; a record is an element of the outermost array, or the whole value.
    Json,
    /// Rows of cells; a row is a record.
    Table {
        /// What stands between cells.
        delimiter: u8,
        /// Whether the first row names the columns.
        header: bool,
    },
    /// HTML; a row of a table is a record, and so is any other text.
    Html,
    /// XML; what lies below the root is a record.
    Xml,
    /// Plain text; a paragraph is a record.
    Plain,
}

impl Format {
    /// The word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Json => "json",
            Self::Table { delimiter: b'\t', .. } => "tsv",
            Self::Table { .. } => "csv",
            Self::Html => "html",
            Self::Xml => "xml",
            Self::Plain => "text",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Something that was not read as it should be: how often, and where first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What.
    pub kind: LimitKind,
    /// Offset of the first occurrence.
    pub first: u64,
    /// How many occurrences.
    pub count: u64,
}

/// What a scan could not do as it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LimitKind {
    /// One text longer than the window was read in overlapping pieces: it is searched in full, but a key word further
    /// from its value than the overlap is not seen.
    LongText,
    /// Text holds NUL bytes: what looks like text may be something else.
    NulBytes,
    /// Text is not UTF-8: it is read as if every other byte were a letter.
    NotUtf8,
    /// JSON nests too deeply: the keys further in are not used as context.
    DeepNesting,
    /// A table has too many columns: the names of the last are not used as context.
    ManyColumns,
}

impl LimitKind {
    /// The word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::LongText => "long-text",
            Self::NulBytes => "nul-bytes",
            Self::NotUtf8 => "not-utf8",
            Self::DeepNesting => "deep-nesting",
            Self::ManyColumns => "many-columns",
        }
    }
}

impl fmt::Display for LimitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// The limits met so far: one entry a kind, so that hostile input cannot make the list long.
#[derive(Debug, Default)]
pub(crate) struct Limits(Vec<Limit>);

impl Limits {
    /// Notes that `kind` was met at `offset`.
    pub(crate) fn note(&mut self, kind: LimitKind, offset: u64) {
        match self.0.iter_mut().find(|limit| limit.kind == kind) {
            Some(limit) => limit.count = limit.count.saturating_add(1),
            None => self.0.push(Limit { kind, first: offset, count: 1 }),
        }
    }

    /// The list, once the scan is over.
    pub(crate) fn into_list(self) -> Vec<Limit> {
        self.0
    }
}
