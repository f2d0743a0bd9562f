//! What is written about an image: EXIF, XMP, IPTC, comments, the texts of PNG. The picture itself is not looked at, and
//! the report says so.
//!
//! All that one image says is one record: a photograph's author and the owner of its camera are mostly one person, and
//! whatever names two of them is taken apart as in any other record.

mod jpeg;
mod png;
mod riff;
mod tiff;

use std::ops::Range;

use scan::{Hint, Passage, Reason};

use crate::cursor::LONGEST_FIELD_BYTES;
use crate::error::Stop;
use crate::place::Spot;
use crate::report::{Entry, Why};
use crate::source::Slice;
use crate::walk::Walk;

/// Of XMP and other long texts this much is looked at.
const LONGEST_TEXT_BYTES: usize = LONGEST_FIELD_BYTES;

/// How many parts one image may have: segments, chunks, tags. A photograph has hundreds.
const MOST_PARTS: u32 = 1 << 16;

/// Where images keep what is written about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Jpeg,
    Png,
    Riff,
    Tiff,
    /// One whose texts are kept in no way that is read here.
    Other,
}

impl Form {
    fn of(start: &[u8]) -> Option<Self> {
        Some(match start {
            [0xff, 0xd8, 0xff, ..] => Self::Jpeg,
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Self::Png,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Self::Riff,
            [b'I', b'I', 0x2a, 0, ..] | [b'M', b'M', 0, 0x2a, ..] => Self::Tiff,
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', next, ..] if !next.is_ascii() || *next < b' ' => Self::Other,
            [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] if is_still(brand) => Self::Other,
            _ => return None,
        })
    }
}

/// Brands of HEIF and AVIF; others are films.
fn is_still(brand: &[u8]) -> bool {
    [b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"].iter().any(|still| brand.starts_with(*still))
}

/// Whether a file that begins so is an image.
pub(crate) fn is_image(start: &[u8]) -> bool {
    Form::of(start).is_some()
}

/// Reads an image.
pub(crate) fn read(walk: &mut Walk<'_>, entry: &mut Entry, _: &Hint<'_>, slice: &Slice<'_>) -> Result<(), Stop> {
    let mut texts = Vec::new();
    let read = texts_of(slice, &mut texts);
    for text in &texts {
        let passage = Passage { bytes: &text.bytes, names: [text.field.as_bytes(), b""], ..Passage::default() };
        walk.passage(entry, &passage, Spot::Field(&text.field), slice.outer(text.range.clone()).range);
    }
    read?;
    Err(Why::Unreadable(Reason::Image).into())
}

/// A text that stands in an image.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// What it is: `Artist`, `XMP`, a key of PNG.
    pub(crate) field: String,
    pub(crate) bytes: Vec<u8>,
    /// Where in the image.
    pub(crate) range: Range<u64>,
}

/// Collects the texts of an image. On an error, those before it.
pub(crate) fn texts_of(slice: &Slice<'_>, texts: &mut Vec<Text>) -> Result<(), Stop> {
    let mut start = [0; 16];
    let len = slice.read(0, &mut start)?;
    let mut found = Found { texts, base: 0, bytes: 0, parts: 0, broken: None };
    let read = match Form::of(start.get(..len).unwrap_or_default()) {
        Some(Form::Jpeg) => jpeg::read(slice, &mut found),
        Some(Form::Png) => png::read(slice, &mut found),
        Some(Form::Riff) => riff::read(slice, &mut found),
        Some(Form::Tiff) => tiff::read(slice, &mut found),
        Some(Form::Other) => Err(Why::Unsupported("what is written about an image of this kind").into()),
        None => Err(Stop::broken("no image")),
    };
    read.and_then(|()| found.broken.map_or(Ok(()), |what| Err(Stop::broken(what))))
}

/// The texts found so far.
struct Found<'a> {
    texts: &'a mut Vec<Text>,
    /// Where the part under way begins: ranges count from there.
    base: u64,
    bytes: usize,
    parts: u32,
    /// What was broken first.
    broken: Option<&'static str>,
}

impl Found<'_> {
    /// Reads EXIF from `at` on, whose own offsets count from there. One that is broken leaves its neighbours.
    fn exif(&mut self, exif: &Slice<'_>, at: u64) -> Result<(), Stop> {
        let before = std::mem::replace(&mut self.base, at);
        let read = tiff::read(exif, self);
        self.base = before;
        self.survive(read)
    }

    /// Notes what is broken, and goes on.
    fn survive(&mut self, read: Result<(), Stop>) -> Result<(), Stop> {
        match read {
            Err(Stop::Inside(Why::Broken(what))) => {
                self.broken.get_or_insert(what);
                Ok(())
            }
            read => read,
        }
    }

    /// Counts a part that is looked into.
    fn part(&mut self) -> Result<(), Stop> {
        self.parts = self.parts.saturating_add(1);
        if self.parts > MOST_PARTS { Err(Stop::broken("more parts than any image has")) } else { Ok(()) }
    }

    /// Adds a text, without the zeros that fill it up.
    fn add(&mut self, field: &str, bytes: &[u8], range: Range<u64>) -> Result<(), Stop> {
        let end = bytes.iter().rposition(|byte| !matches!(byte, 0 | b' ')).map_or(0, |last| last.saturating_add(1));
        let bytes = bytes.get(..end).unwrap_or_default();
        self.bytes = self.bytes.saturating_add(bytes.len());
        if self.bytes > LONGEST_TEXT_BYTES.saturating_mul(4) {
            return Err(Why::TooLargeToHold.into());
        }
        if !bytes.is_empty() {
            let at = |offset: u64| offset.saturating_add(self.base);
            self.texts.push(Text {
                field: field.to_owned(),
                bytes: bytes.to_vec(),
                range: at(range.start)..at(range.end),
            });
        }
        Ok(())
    }

    /// Adds a text in UTF-16.
    fn add_wide(&mut self, field: &str, units: impl Iterator<Item = u16>, range: Range<u64>) -> Result<(), Stop> {
        let text: String = char::decode_utf16(units).map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        self.add(field, text.as_bytes(), range)
    }
}

/// Reads the records of IPTC in `bytes`, which stand at `at`.
// SPEC: IPTC-NAA Information Interchange Model 4.2, 1.5: 0x1c, record, data set, length, text.
fn iptc(bytes: &[u8], at: u64, found: &mut Found<'_>) -> Result<(), Stop> {
    let mut rest = bytes;
    while let Some(([0x1c, record, set, high, low], behind)) = rest.split_first_chunk::<5>() {
        found.part()?;
        let len = usize::from(u16::from_be_bytes([*high, *low]));
        let Some((text, next)) = behind.split_at_checked(len) else { break };
        let from = at.saturating_add(bytes.len().saturating_sub(behind.len()) as u64);
        if *record == 2 {
            found.add(iptc_field(*set), text, from..from.saturating_add(len as u64))?;
        }
        rest = next;
    }
    Ok(())
}

const fn iptc_field(set: u8) -> &'static str {
    match set {
        80 => "By-line",
        90 => "City",
        92 => "Sub-location",
        110 => "Credit",
        116 => "Copyright",
        118 => "Contact",
        120 => "Caption",
        122 => "Caption-writer",
        _ => "IPTC",
    }
}
