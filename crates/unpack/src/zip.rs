//! Zip archives.
//!
//! SPEC: PKWARE APPNOTE 6.3.10. The central directory at the end lists the members; each has a header of its own before its
//! bytes, and the two may disagree: what the central directory says is read, and the difference is reported.

use flate2::Crc;
use scan::Hint;

use crate::compress::{Bunzip2, Inflate, Unzstd};
use crate::error::Stop;
use crate::kind::Kind;
use crate::office::{self, SHARED_STRINGS, Strings};
use crate::report::{Entry, Oddity, Why};
use crate::source::{Outer, Slice};
use crate::stream::{Linear, Steady, Stream, read_full};
use crate::walk::Walk;

/// The record at the end, with the longest comment.
const END_BYTES: u64 = 22 + 0xffff;

/// A member's own header, without its name and extra field.
const HEADER_BYTES: u64 = 30;

/// Bytes between members that their headers do not count: the descriptor behind each.
const DESCRIPTOR_BYTES: u64 = 24;

/// Reads an archive.
pub(crate) fn read(walk: &mut Walk<'_>, entry: &mut Entry, slice: &Slice<'_>) -> Result<(), Stop> {
    let directory = Directory::find(slice)?;
    let mut owned = directory.len.saturating_add(directory.behind);
    let mut document = Document::find(walk, entry, slice, &directory)?;
    let mut members = directory.members(slice);
    while let Some(member) = members.next()? {
        if member.name.ends_with('/') && member.size == 0 {
            owned = owned.saturating_add(member.name.len() as u64).saturating_add(HEADER_BYTES);
            continue;
        }
        entry.members = entry.members.saturating_add(1);
        let packed = match member.packed(slice, entry) {
            Ok(packed) => packed,
            Err(Stop::Inside(why)) => {
                walk.pass_over(&member.name, Kind::Text, why)?;
                continue;
            }
            Err(failed) => return Err(failed),
        };
        owned = owned.saturating_add(packed.header_bytes).saturating_add(member.packed_size);
        let read_already = document.is_some() && member.name == SHARED_STRINGS;
        if !read_already {
            visit(walk, packed.bytes, &member, document.as_mut())?;
        }
    }
    if members.count != directory.count {
        entry.note(Oddity::HeadersDisagree);
    }
    if owned > slice.len() {
        entry.note(Oddity::Overlap);
    } else if slice.len().saturating_sub(owned) > members.count.saturating_mul(DESCRIPTOR_BYTES) {
        entry.note(Oddity::UnlistedBytes);
    }
    Ok(())
}

/// An office document, with what its members share.
struct Document {
    strings: Strings,
}

impl Document {
    /// Whether the archive is one, by the names of its members. The texts that its sheets share are read first.
    fn find(
        walk: &mut Walk<'_>,
        entry: &mut Entry,
        slice: &Slice<'_>,
        directory: &Directory,
    ) -> Result<Option<Self>, Stop> {
        let mut members = directory.members(slice);
        let mut shared = None;
        // What is wrong with the directory is told when its members are visited.
        while let Ok(Some(member)) = members.next() {
            if let Some(kind) = office::kind_by_member(&member.name) {
                entry.kind = kind;
            } else if member.name == SHARED_STRINGS {
                shared = Some(member);
            }
        }
        if entry.kind == Kind::Zip {
            return Ok(None);
        }
        let mut document = Self { strings: Strings::default() };
        if let Some(member) = shared
            && let Ok(packed) = member.packed(slice, entry)
        {
            visit(walk, packed.bytes, &member, Some(&mut document))?;
        }
        Ok(Some(document))
    }
}

/// Visits a member, whose bytes are `packed`.
fn visit(walk: &mut Walk<'_>, packed: Slice<'_>, member: &Member, document: Option<&mut Document>) -> Result<(), Stop> {
    if member.encrypted() {
        return walk.pass_over(&member.name, Kind::Text, Why::Encrypted);
    }
    let budget = walk.budget;
    let mut linear = Linear::new(packed);
    match member.method {
        0 => {
            // Members that lie in each other are read as often as they are listed, so they count as unpacked.
            budget.unpack(usize::try_from(member.packed_size).unwrap_or(usize::MAX))?;
            unpacked(walk, member, document, &mut linear)
        }
        8 => checked(walk, member, document, &mut Inflate::new(&mut linear, budget)),
        12 => checked(walk, member, document, &mut Bunzip2::new(&mut linear, budget)),
        93 => checked(walk, member, document, &mut Unzstd::new(&mut linear, budget)?),
        9 => walk.pass_over(&member.name, Kind::Text, Why::Unsupported("zip's deflate64")),
        14 | 95 => walk.pass_over(&member.name, Kind::Text, Why::Unsupported("lzma in zip")),
        _ => walk.pass_over(&member.name, Kind::Text, Why::Unsupported("an unknown compression in zip")),
    }
}

fn checked(
    walk: &mut Walk<'_>,
    member: &Member,
    document: Option<&mut Document>,
    stream: &mut dyn Stream,
) -> Result<(), Stop> {
    unpacked(walk, member, document, &mut Steady::new(&mut Checked::new(stream, member)))
}

fn unpacked(
    walk: &mut Walk<'_>,
    member: &Member,
    document: Option<&mut Document>,
    stream: &mut dyn Stream,
) -> Result<(), Stop> {
    let hint = Hint { content_type: None, name: &member.name };
    match document {
        Some(document) if office::reads(&member.name) => {
            walk.visit_with(&hint, |walk, entry| office::read(walk, entry, &member.name, &mut document.strings, stream))
        }
        _ => walk.visit(&hint, stream),
    }
}

/// Where the central directory is.
struct Directory {
    from: u64,
    len: u64,
    count: u64,
    /// How many bytes follow it.
    behind: u64,
}

impl Directory {
    /// Finds it from the end.
    fn find(slice: &Slice<'_>) -> Result<Self, Stop> {
        const NONE: Stop = Stop::broken("the zip archive has no directory");
        let tail_from = slice.len().saturating_sub(END_BYTES);
        let mut tail = vec![0; usize::try_from(slice.len().saturating_sub(tail_from)).unwrap_or(0)];
        slice.read_exact(tail_from, &mut tail, "the zip archive is cut off")?;
        let place = memchr::memmem::rfind_iter(&tail, b"PK\x05\x06").next().ok_or(NONE)?;
        let end = Fields(tail.get(place..).unwrap_or_default());
        let end_at = tail_from.saturating_add(place as u64);
        let mut directory = Self {
            count: u64::from(end.u16(10).ok_or(NONE)?),
            len: u64::from(end.u32(12).ok_or(NONE)?),
            from: u64::from(end.u32(16).ok_or(NONE)?),
            behind: 0,
        };
        if (directory.count == 0xffff || directory.len == 0xffff_ffff || directory.from == 0xffff_ffff)
            && let Some(wide) = Self::find_wide(slice, end_at)?
        {
            directory = wide;
        }
        let directory_end = directory.from.saturating_add(directory.len);
        if directory_end > end_at {
            return Err(Stop::broken("the zip archive's directory is not where its end says"));
        }
        directory.behind = slice.len().saturating_sub(directory_end);
        Ok(directory)
    }

    /// Finds it by the record for large archives.
    fn find_wide(slice: &Slice<'_>, end_at: u64) -> Result<Option<Self>, Stop> {
        let mut locator = [0; 20];
        let Some(locator_at) = end_at.checked_sub(20) else { return Ok(None) };
        slice.read(locator_at, &mut locator)?;
        if !locator.starts_with(b"PK\x06\x07") {
            return Ok(None);
        }
        let mut record = [0; 56];
        slice.read(Fields(&locator).u64(8).unwrap_or(u64::MAX), &mut record)?;
        if !record.starts_with(b"PK\x06\x06") {
            return Err(Stop::broken("the zip archive's directory is not where its end says"));
        }
        let field = |at| Fields(&record).u64(at).unwrap_or(0);
        Ok(Some(Self { count: field(32), len: field(40), from: field(48), behind: 0 }))
    }

    /// Its members, in order.
    fn members<'a>(&self, slice: &Slice<'a>) -> Members<'a> {
        let end = self.from.saturating_add(self.len);
        Members { stream: Linear::new(slice.part(self.from..end)), count: 0 }
    }
}

/// Reads the central directory.
struct Members<'a> {
    stream: Linear<'a>,
    count: u64,
}

impl Members<'_> {
    fn next(&mut self) -> Result<Option<Member>, Stop> {
        const DAMAGED: Stop = Stop::broken("the zip archive's directory is damaged");
        let mut fixed = [0; 46];
        let (len, _) = read_full(&mut self.stream, &mut fixed)?;
        if len == 0 {
            return Ok(None);
        }
        if len < fixed.len() || !fixed.starts_with(b"PK\x01\x02") {
            return Err(DAMAGED);
        }
        let fields = Fields(&fixed);
        let short = |at| usize::from(fields.u16(at).unwrap_or(0));
        let wide = |at| u64::from(fields.u32(at).unwrap_or(0));
        let mut rest = vec![0; short(28).saturating_add(short(30)).saturating_add(short(32))];
        if read_full(&mut self.stream, &mut rest)?.0 < rest.len() {
            return Err(DAMAGED);
        }
        let (name, behind) = rest.split_at_checked(short(28)).ok_or(DAMAGED)?;
        let mut member = Member {
            name: String::from_utf8_lossy(name).into_owned(),
            flags: fields.u16(8).unwrap_or(0),
            method: fields.u16(10).unwrap_or(0),
            checksum: fields.u32(16).unwrap_or(0),
            packed_size: wide(20),
            size: wide(24),
            at: wide(42),
        };
        member.widen(behind.get(..short(30)).unwrap_or_default());
        self.count = self.count.saturating_add(1);
        Ok(Some(member))
    }
}

/// A member as the central directory has it.
struct Member {
    name: String,
    flags: u16,
    method: u16,
    checksum: u32,
    packed_size: u64,
    size: u64,
    /// Where its own header is.
    at: u64,
}

impl Member {
    const fn encrypted(&self) -> bool {
        // Bit 0: its bytes; bit 13: the directory.
        self.flags & 0x2001 != 0
    }

    /// Reads the sizes that did not fit, from the extra field. They stand there in this order.
    fn widen(&mut self, mut extra: &[u8]) {
        while let (Some(id), Some(len)) = (Fields(extra).u16(0), Fields(extra).u16(2)) {
            let end = usize::from(len).saturating_add(4);
            let mut body = extra.get(4..end.min(extra.len())).unwrap_or_default();
            if id == 1 {
                for field in [&mut self.size, &mut self.packed_size, &mut self.at] {
                    if *field == 0xffff_ffff
                        && let Some(wide) = Fields(body).u64(0)
                    {
                        *field = wide;
                        body = body.get(8..).unwrap_or_default();
                    }
                }
            }
            extra = extra.get(end..).unwrap_or_default();
        }
    }

    /// Its packed bytes: behind its own header, which is compared.
    fn packed<'a>(&self, slice: &Slice<'a>, archive: &mut Entry) -> Result<Packed<'a>, Stop> {
        let mut fixed = [0; HEADER_BYTES as usize];
        slice.read_exact(self.at, &mut fixed, "a member of the zip archive lies outside of it")?;
        let fields = Fields(&fixed);
        let (name_len, extra_len) = (fields.u16(26).unwrap_or(0), fields.u16(28).unwrap_or(0));
        if !fixed.starts_with(b"PK\x03\x04") {
            return Err(Stop::broken("a member of the zip archive is not where its directory says"));
        }
        let name_at = self.at.saturating_add(HEADER_BYTES);
        let mut name = vec![0; usize::from(name_len)];
        slice.read(name_at, &mut name)?;
        // Bit 3: the sizes stand behind the bytes.
        let sizes = self.flags & 8 == 0 && fields.u32(18).is_some_and(|size| size != u32::MAX);
        let same_size = !sizes || fields.u32(18).map(u64::from) == Some(self.packed_size);
        if String::from_utf8_lossy(&name) != self.name || fields.u16(8) != Some(self.method) || !same_size {
            archive.note(Oddity::HeadersDisagree);
        }
        let from = name_at.saturating_add(u64::from(name_len)).saturating_add(u64::from(extra_len));
        let bytes = slice.part(from..from.saturating_add(self.packed_size));
        if bytes.len() < self.packed_size {
            return Err(Stop::broken("a member of the zip archive is cut off"));
        }
        Ok(Packed { bytes, header_bytes: from.saturating_sub(self.at) })
    }
}

/// A member's bytes as they stand in the archive.
struct Packed<'a> {
    bytes: Slice<'a>,
    /// How many bytes of header stand before them.
    header_bytes: u64,
}

/// Numbers at places, the lowest byte first.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn at<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.0.get(at..)?.first_chunk().copied()
    }

    fn u16(&self, at: usize) -> Option<u16> {
        self.at(at).map(u16::from_le_bytes)
    }

    fn u32(&self, at: usize) -> Option<u32> {
        self.at(at).map(u32::from_le_bytes)
    }

    fn u64(&self, at: usize) -> Option<u64> {
        self.at(at).map(u64::from_le_bytes)
    }
}

/// Compares what comes out with what the directory says, at the end.
struct Checked<'a> {
    inner: &'a mut dyn Stream,
    crc: Crc,
    len: u64,
    stated: (u64, u32),
}

impl<'a> Checked<'a> {
    fn new(inner: &'a mut dyn Stream, member: &Member) -> Self {
        Self { inner, crc: Crc::new(), len: 0, stated: (member.size, member.checksum) }
    }
}

impl Stream for Checked<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        let read = self.inner.read(into)?;
        self.crc.update(into.get(..read).unwrap_or_default());
        self.len = self.len.saturating_add(read as u64);
        if read == 0 && !into.is_empty() && (self.len, self.crc.sum()) != self.stated {
            return Err(Stop::broken("its length or checksum is not what the zip archive says"));
        }
        Ok(read)
    }

    fn outer(&self) -> Outer {
        self.inner.outer()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_sizes_stand_in_the_extra_field() {
        let mut member = Member {
            name: String::new(),
            flags: 0,
            method: 0,
            checksum: 0,
            packed_size: 0xffff_ffff,
            size: 7,
            at: 0xffff_ffff,
        };
        let mut extra = vec![9, 9, 1, 0, 0, 1, 0, 16, 0];
        extra.extend(5_000_000_000_u64.to_le_bytes());
        extra.extend(6_000_000_000_u64.to_le_bytes());
        member.widen(&extra);
        assert_eq!((member.size, member.packed_size, member.at), (7, 5_000_000_000, 6_000_000_000));
    }
}
