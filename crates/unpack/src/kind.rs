//! Tells by its first bytes what has to be unpacked. Everything else is the scanner's, which says itself what it cannot
//! read.

use std::fmt;

use crate::arrow::is_arrow;
use crate::avro;
use crate::image::is_image;
use crate::model::{GGUF_MARK, HDF5_MARK, is_safetensors};
use crate::pickle::file::NUMPY_MARK;
use crate::pickle::is_pickle;

/// How many of the first bytes are looked at: a tar header.
pub(crate) const LOOKED_AT_BYTES: usize = 512;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Given to the scanner as it is: a text in one of its formats, or something that it names and cannot read.
    Text,
    /// Gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// Bzip2.
    Bzip2,
    /// A tar archive.
    Tar,
    /// A zip archive.
    Zip,
    /// A Parquet file.
    Parquet,
    /// Pickles.
    Pickle,
    /// An array of numpy.
    Numpy,
    /// A model in safetensors.
    Safetensors,
    /// A model in GGUF.
    Gguf,
    /// A file of HDF5.
    Hdf5,
    /// An image, of which the texts are read.
    Image,
    /// An Avro file.
    Avro,
    /// A Word document.
    Docx,
    /// An Excel workbook.
    Xlsx,
    /// A PowerPoint presentation.
    Pptx,
    /// An OpenDocument text, sheet or presentation.
    OpenDocument,
    /// A PDF file.
    Pdf,
    /// XML of an office document.
    Xml,
    /// A file or stream of Arrow.
    Arrow,
    /// A link in an archive.
    Link,
}

impl Kind {
    /// What a thing is that begins with `start`. The name helps where a format has no mark.
    #[must_use]
    pub fn of(start: &[u8], name: &str) -> Self {
        match start {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Self::Bzip2,
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Self::Zip,
            [b'P', b'A', b'R', b'1' | b'E', next, ..] if *next < b' ' => Self::Parquet,
            _ if start.starts_with(NUMPY_MARK) => Self::Numpy,
            _ if start.starts_with(GGUF_MARK) => Self::Gguf,
            _ if start.starts_with(HDF5_MARK) => Self::Hdf5,
            _ if start.starts_with(avro::MARK) => Self::Avro,
            _ if is_arrow(start) => Self::Arrow,
            _ if is_image(start) => Self::Image,
            _ if is_safetensors(start) => Self::Safetensors,
            [b'%', b'P', b'D', b'F', b'-', ..] => Self::Pdf,
            _ if crate::tar::begins(start) => Self::Tar,
            _ if is_pickle(start, name) => Self::Pickle,
            _ => Self::Text,
        }
    }

    /// The word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Tar => "tar",
            Self::Zip => "zip",
            Self::Parquet => "parquet",
            Self::Pickle => "pickle",
            Self::Numpy => "numpy",
            Self::Safetensors => "safetensors",
            Self::Gguf => "gguf",
            Self::Hdf5 => "hdf5",
            Self::Image => "image",
            Self::Avro => "avro",
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Pptx => "pptx",
            Self::OpenDocument => "opendocument",
            Self::Pdf => "pdf",
            Self::Xml => "xml",
            Self::Arrow => "arrow",
            Self::Link => "link",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}
