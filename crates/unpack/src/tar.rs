//! Tar archives: ustar, pax, GNU, and what came before them.
//!
//! SPEC: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar's manual, "Basic Tar Format".

use scan::Hint;

use crate::error::Stop;
use crate::kind::Kind;
use crate::report::{Entry, Oddity, Why};
use crate::stream::{Linear, Stream, Taken, read_full};
use crate::walk::Walk;

/// Headers and contents fill up blocks of this size.
const BLOCK_BYTES: u64 = 512;

/// The longest extended header, or long name, that is read. Paths end at 4096 bytes; pax adds a few fields.
const LONGEST_EXTENSION_BYTES: u64 = 1 << 20;

const CUT_OFF: &str = "the tar archive is cut off";

/// Whether a stream that begins with `start` is a tar archive: the first header's checksum says so.
pub(crate) fn begins(start: &[u8]) -> bool {
    start.first_chunk().is_some_and(|block| Header::read(block).is_some())
}

/// Reads an archive.
pub(crate) fn read(walk: &mut Walk<'_>, entry: &mut Entry, stream: &mut dyn Stream) -> Result<(), Stop> {
    let mut next = Extension::default();
    let mut sample = Sample::default();
    let mut ended = false;
    loop {
        let mut block = [0; BLOCK_BYTES as usize];
        let (len, _) = read_full(stream, &mut block)?;
        if len == 0 {
            // LIMIT: an archive may lack its two empty blocks; that nothing was cut off between members cannot be known.
            return Ok(());
        }
        if block.iter().all(|byte| *byte == 0) {
            ended = true;
            continue;
        }
        let Some(header) = Header::read(&block) else {
            if ended {
                entry.note(Oddity::UnlistedBytes);
                return Ok(());
            }
            return Err(Stop::broken(if len < block.len() {
                CUT_OFF
            } else {
                "a header of the tar archive is damaged"
            }));
        };
        if ended {
            entry.note(Oddity::BehindTheEnd);
            ended = false;
        }
        match header.kind {
            b'x' => next.pax(&extension(stream, header.size)?),
            b'L' => next.name = Some(text(&extension(stream, header.size)?)),
            b'g' | b'K' => drop(extension(stream, header.size)?),
            _ => member(walk, entry, stream, &header, std::mem::take(&mut next), &mut sample)?,
        }
    }
}

/// Reads a member, and steps behind it.
fn member(
    walk: &mut Walk<'_>,
    entry: &mut Entry,
    stream: &mut dyn Stream,
    header: &Header,
    extension: Extension,
    sample: &mut Sample,
) -> Result<(), Stop> {
    let name = extension.name.as_deref().unwrap_or(&header.name);
    let size = extension.size.unwrap_or(header.size);
    let padded = size.checked_next_multiple_of(BLOCK_BYTES).ok_or(Stop::broken("a stated length is impossible"))?;
    let left = match header.kind {
        // Links, devices and folders have no contents, whatever their size says.
        b'1' | b'2' => return walk.pass_over(name, Kind::Link, Why::Link),
        b'3'..=b'6' => return Ok(()),
        _ => {
            entry.members = entry.members.saturating_add(1);
            sample.begin_member(walk, name);
            let left = contents(walk, stream, name, size)?;
            sample.end_member(walk);
            left
        }
    };
    let rest = left.saturating_add(padded.saturating_sub(size));
    // Padding that is missing at the very end loses nothing.
    if left > 0 && stream.skip(left)? < left {
        return Err(Stop::broken(CUT_OFF));
    }
    stream.skip(rest.saturating_sub(left))?;
    Ok(())
}

/// A sample of a WebDataset: members that follow each other and have the same name up to its first dot. They are about the
/// same thing, so each continues the record of the one before, as long as that is a single record: tables that happen to
/// have the same name are no sample.
#[derive(Default)]
struct Sample {
    key: String,
    /// How many records stood before it.
    before: u64,
    /// How many records there are with it.
    end: u64,
}

impl Sample {
    fn begin_member(&mut self, walk: &mut Walk<'_>, name: &str) {
        let file = name.rfind('/').map_or(0, |slash| slash.saturating_add(1));
        let dot = name.get(file..).and_then(|file| file.find('.')).map(|dot| file.saturating_add(dot));
        let key = dot.and_then(|dot| name.get(..dot)).filter(|key| key.len() > file).unwrap_or_default();
        if !key.is_empty() && key == self.key && walk.records.saturating_sub(self.before) <= 1 {
            walk.records = self.before;
        } else {
            (self.before, self.end) = (walk.records, walk.records);
            key.clone_into(&mut self.key);
        }
    }

    fn end_member(&mut self, walk: &mut Walk<'_>) {
        self.end = self.end.max(walk.records);
        walk.records = self.end;
    }
}

/// Visits what is in a member; how much of it is still to be stepped over.
fn contents(walk: &mut Walk<'_>, stream: &mut dyn Stream, name: &str, size: u64) -> Result<u64, Stop> {
    let hint = Hint { content_type: None, name };
    if let Some(rest) = stream.rest() {
        walk.visit(&hint, &mut Linear::new(rest.part(0..size)))?;
        return Ok(size);
    }
    let mut taken = Taken::new(stream, size);
    walk.visit(&hint, &mut taken)?;
    Ok(taken.left())
}

/// Reads an extended header.
fn extension(stream: &mut dyn Stream, size: u64) -> Result<Vec<u8>, Stop> {
    let len = usize::try_from(size).ok().filter(|_| size <= LONGEST_EXTENSION_BYTES);
    let len = len.ok_or(Stop::broken("an extended header of the tar archive is too long"))?;
    let mut bytes = vec![0; len];
    if read_full(stream, &mut bytes)?.0 < len {
        return Err(Stop::broken(CUT_OFF));
    }
    let padding = size.next_multiple_of(BLOCK_BYTES).saturating_sub(size);
    stream.skip(padding)?;
    Ok(bytes)
}

/// What an extended header says about the member that follows.
#[derive(Default)]
struct Extension {
    name: Option<String>,
    size: Option<u64>,
}

impl Extension {
    /// Reads pax records, `LENGTH KEY=VALUE\n`.
    fn pax(&mut self, mut records: &[u8]) {
        while let Some(space) = memchr::memchr(b' ', records) {
            let len = records.get(..space).and_then(|digits| std::str::from_utf8(digits).ok()?.parse::<usize>().ok());
            let Some((record, rest)) = len.and_then(|len| records.split_at_checked(len)) else { return };
            let body = record.get(space.saturating_add(1)..).unwrap_or_default();
            let body = body.strip_suffix(b"\n").unwrap_or(body);
            if let Some(name) = body.strip_prefix(b"path=") {
                self.name = Some(text(name));
            } else if let Some(size) = body.strip_prefix(b"size=") {
                self.size = std::str::from_utf8(size).ok().and_then(|size| size.parse().ok());
            }
            if record.is_empty() {
                return;
            }
            records = rest;
        }
    }
}

/// A member's header.
struct Header {
    name: String,
    size: u64,
    kind: u8,
}

impl Header {
    /// Reads a header. `None` when its checksum is wrong.
    fn read(block: &[u8; BLOCK_BYTES as usize]) -> Option<Self> {
        let stated = number(block.get(148..156)?)?;
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        let own: u64 = block.get(148..156)?.iter().map(|byte| u64::from(*byte)).sum();
        // The checksum counts itself as eight spaces.
        if stated != sum.saturating_sub(own).saturating_add(8 * u64::from(b' ')) {
            return None;
        }
        let mut name = text(block.get(..100)?);
        let prefix = text(block.get(345..500)?);
        if block.get(257..263)? == b"ustar\0" && !prefix.is_empty() {
            name = format!("{prefix}/{name}");
        }
        let size = number(block.get(124..136)?)?;
        Some(Self { name, size, kind: *block.get(156)? })
    }
}

/// A number in octal digits, or, when its first bit says so, in binary.
fn number(field: &[u8]) -> Option<u64> {
    match field {
        [0x80, digits @ ..] => {
            digits.iter().try_fold(0_u64, |sum, digit| Some(sum.checked_mul(256)? | u64::from(*digit)))
        }
        _ => {
            let text = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
            if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
        }
    }
}

/// A text up to its first zero.
fn text(field: &[u8]) -> String {
    let len = memchr::memchr(0, field).unwrap_or(field.len());
    String::from_utf8_lossy(field.get(..len).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_octal_or_binary() {
        assert_eq!(number(b"0000644\0"), Some(0o644));
        assert_eq!(number(b"   17 \0\0"), Some(0o17));
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1]), Some((2 << 32) + 1));
        assert_eq!(number(&[0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), None);
        assert_eq!(number(b"9"), None);
    }

    #[test]
    fn pax_records_name_and_size() {
        let mut extension = Extension::default();
        extension.pax(b"16 path=a/b.txt\n15 size=123456\n");
        assert_eq!((extension.name.as_deref(), extension.size), (Some("a/b.txt"), Some(123_456)));
        extension.pax(b"12 size=123\n");
        assert_eq!(extension.size, Some(123));
        extension.pax(b"99 size=5\n");
        extension.pax(b"0 ");
        assert_eq!(extension.size, Some(123));
    }
}
