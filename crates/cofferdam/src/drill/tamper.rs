//! Three ways to falsify a pack, each as well as somebody can who has no key: the archive is rebuilt and its sums are right.

use attest::digest::hex;
use attest::sha256;

use crate::error::Error;

/// A tar's block.
const BLOCK: usize = 512;

/// Where a header has its size, and its checksum.
const SIZE: std::ops::Range<usize> = 124..136;
const CHECKSUM: std::ops::Range<usize> = 148..156;

const ENTRIES: &str = "entries.jsonl";
const SUMS: &str = "SHA256SUMS";

/// A way to falsify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forgery {
    /// One byte of one entry is another.
    ByteChanged,
    /// One entry is left out.
    EntryDropped,
    /// One entry's time is another.
    ClockMoved,
}

impl Forgery {
    pub(super) const ALL: [Self; 3] = [Self::ByteChanged, Self::EntryDropped, Self::ClockMoved];

    /// What was done, as the report says it.
    pub(super) const fn said(self) -> &'static str {
        match self {
            Self::ByteChanged => "one byte of one entry was changed",
            Self::EntryDropped => "one entry was left out",
            Self::ClockMoved => "the time of one entry was moved by an hour",
        }
    }

    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::ByteChanged => "one-byte-changed",
            Self::EntryDropped => "one-entry-dropped",
            Self::ClockMoved => "one-clock-moved",
        }
    }

    fn falsify(self, entries: &str) -> Option<String> {
        let mut lines: Vec<String> = entries.lines().map(str::to_owned).collect();
        let middle = lines.len().div_euclid(2);
        // The entry is JSON inside a string of JSON, so its quotes are escaped.
        let changed = |place: &str, skip: usize, new: fn(char) -> char| {
            let from_middle = lines.iter().enumerate().skip(middle);
            let mut tried = from_middle.filter_map(|(at, line)| Some((at, replaced_after(line, place, skip, new)?)));
            tried.next()
        };
        let changed = match self {
            Self::ByteChanged => changed(r#"\"principal\":\"prn_"#, 0, another_letter),
            Self::ClockMoved => changed(r#"\"at\":\""#, "2026-11-24T0".len(), an_hour_off),
            Self::EntryDropped => None,
        };
        match changed {
            Some((at, line)) => *lines.get_mut(at)? = line,
            None if self == Self::EntryDropped && middle < lines.len() => _ = lines.remove(middle),
            None => return None,
        }
        lines.push(String::new());
        Some(lines.join("\n"))
    }
}

/// A copy of a pack, falsified.
///
/// # Errors
/// The pack is not one, or has nothing to falsify.
pub(super) fn forge(pack: &[u8], forgery: Forgery) -> Result<Vec<u8>, Error> {
    let failed = || Error::Answer(format!("the pack has nothing to falsify: {}", forgery.said()));
    let mut members = unpack(pack).ok_or_else(failed)?;
    let entries = members.iter_mut().find(|member| member.name == ENTRIES).ok_or_else(failed)?;
    let text = String::from_utf8(entries.content.clone()).ok();
    let text = text.and_then(|text| forgery.falsify(&text)).ok_or_else(failed)?;
    entries.content = text.into_bytes();
    let line = |member: &Member| format!("{}  {}\n", hex(&sha256(&[&member.content])), member.name);
    let sums: String = members.iter().filter(|member| member.name != SUMS).map(line).collect();
    let told = members.iter_mut().find(|member| member.name == SUMS).ok_or_else(failed)?;
    told.content = sums.into_bytes();
    pack_again(&members).ok_or_else(failed)
}

/// Replaces the character that stands `skip` after the first `place` by what `new` makes of it.
fn replaced_after(line: &str, place: &str, skip: usize, new: fn(char) -> char) -> Option<String> {
    let (before, after) = line.split_once(place)?;
    let (kept, rest) = after.split_at_checked(skip)?;
    let mut rest = rest.chars();
    let changed = new(rest.next()?);
    Some(format!("{before}{place}{kept}{changed}{}", rest.as_str()))
}

fn another_letter(letter: char) -> char {
    if letter == 'a' { 'b' } else { 'a' }
}

/// The last digit of the hour: one less, so that it is still an hour.
fn an_hour_off(digit: char) -> char {
    let value = digit.to_digit(10).unwrap_or(0);
    char::from_digit(value.checked_sub(1).unwrap_or(1), 10).unwrap_or('0')
}

struct Member {
    header: Vec<u8>,
    name: String,
    content: Vec<u8>,
}

fn unpack(mut archive: &[u8]) -> Option<Vec<Member>> {
    let mut members = Vec::new();
    while archive.first().is_some_and(|first| *first != 0) {
        let (header, rest) = archive.split_at_checked(BLOCK)?;
        let name = header.get(..100)?.split(|byte| *byte == 0).next()?;
        let size = std::str::from_utf8(header.get(SIZE)?).ok()?.trim_end_matches('\0').trim();
        let size = usize::from_str_radix(size, 8).ok()?;
        let (content, rest) = rest.split_at_checked(size)?;
        members.push(Member {
            header: header.to_vec(),
            name: String::from_utf8_lossy(name).into_owned(),
            content: content.to_vec(),
        });
        archive = rest.get(size.next_multiple_of(BLOCK).saturating_sub(size)..)?;
    }
    Some(members)
}

fn pack_again(members: &[Member]) -> Option<Vec<u8>> {
    let mut archive = Vec::new();
    for member in members {
        let mut header = member.header.clone();
        header.get_mut(SIZE)?.copy_from_slice(format!("{:011o}\0", member.content.len()).as_bytes());
        header.get_mut(CHECKSUM)?.copy_from_slice(b"        ");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header.get_mut(CHECKSUM)?.copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        archive.extend_from_slice(&header);
        archive.extend_from_slice(&member.content);
        archive.resize(archive.len().next_multiple_of(BLOCK), 0);
    }
    archive.resize(archive.len().saturating_add(2_usize.saturating_mul(BLOCK)), 0);
    Some(archive)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An archive as a pack is built: one member with entries, one with the sums.
    fn pack() -> Vec<u8> {
        let line = |seq: u32| {
            format!(
                "{{\"seq\":{seq},\"entry\":\"{{\\\"at\\\":\\\"2026-11-24T10:00:00Z\\\",\\\"principal\\\":\\\"prn_c\\\"}}\"}}\n"
            )
        };
        let entries: String = (0..4).map(line).collect();
        let member = |name: &str, content: &str| {
            let mut header = vec![0; BLOCK];
            header[..name.len()].copy_from_slice(name.as_bytes());
            Member { header, name: name.to_owned(), content: content.as_bytes().to_vec() }
        };
        pack_again(&[member(ENTRIES, &entries), member(SUMS, "")]).unwrap()
    }

    fn entries(pack: &[u8]) -> String {
        String::from_utf8(unpack(pack).unwrap().remove(0).content).unwrap()
    }

    #[test]
    fn each_forgery_changes_what_it_says_and_mends_the_sums() {
        let good = entries(&pack());
        let forged = Forgery::ALL.map(|forgery| forge(&pack(), forgery).unwrap());
        let differing =
            |forged: &String| good.bytes().zip(forged.bytes()).filter(|(left, right)| left != right).count();
        let [byte, dropped, clock] = forged.each_ref().map(|forged| entries(forged));
        assert_eq!((byte.len(), differing(&byte)), (good.len(), 1));
        assert_eq!(dropped.lines().count(), 3);
        assert_eq!((clock.len(), differing(&clock)), (good.len(), 1));
        assert!(clock.contains("2026-11-24T11:00:00Z"), "{clock}");
        for forged in forged {
            let members = unpack(&forged).unwrap();
            let sums = String::from_utf8(members[1].content.clone()).unwrap();
            assert_eq!(sums, format!("{}  {ENTRIES}\n", hex(&sha256(&[&members[0].content]))));
        }
    }
}
