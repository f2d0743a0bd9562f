//! The archive around a pack: plain ustar with fixed members, written and read in exactly one form.
//!
//! Any tar program can list and unpack it. The reader here takes nothing that the writer would not have written to the
//! last bit: no second member of a name, no links, no extensions, no slack to hide something in. That is also why this is not
//! left to a general tar library, whose business is to be lenient.
//
// SPEC: POSIX.1-2017 pax, "ustar Interchange Format".

use crate::error::Error;
use crate::pack::broken::{Broken, Place, Rule};

const BLOCK: usize = 512;

/// Eleven octal digits.
const LARGEST_MEMBER_BYTES: u64 = 0o77_777_777_777;

/// Appends a member.
///
/// # Errors
/// [`Error::Writing`] if it is larger than 8 GiB.
pub(super) fn append(archive: &mut Vec<u8>, name: &str, content: &[u8]) -> Result<(), Error> {
    let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
    let header = header(name, size).ok_or(Error::Writing { what: "a pack with a member of 8 GiB or more" })?;
    archive.extend_from_slice(&header);
    archive.extend_from_slice(content);
    pad(archive);
    Ok(())
}

/// Ends the archive: two empty blocks.
pub(super) fn end(archive: &mut Vec<u8>) {
    archive.extend_from_slice(&[0; 2 * BLOCK]);
}

/// The contents of the members called `names`, in that order, if the archive holds exactly these.
pub(super) fn read<'a, const N: usize>(archive: &'a [u8], names: [&'static str; N]) -> Result<[&'a [u8]; N], Broken> {
    let mut contents = [archive; N];
    let mut rest = archive;
    for (name, content) in names.iter().zip(contents.iter_mut()) {
        let broken = |why| Broken::at(Place::Member(name), Rule::Archive(why));
        let (head, after) =
            rest.split_first_chunk::<BLOCK>().ok_or(broken("it is missing: the archive ends before it"))?;
        let size = read_size(head).ok_or(broken("the tar header has no size"))?;
        // INVARIANT: a header has one form, so comparing with that form checks every field and every bit of it.
        if header(name, size).as_ref() != Some(head) {
            return Err(broken("another member or a damaged tar header stands in its place"));
        }
        let length = usize::try_from(size).ok();
        let cut = length.and_then(|length| after.split_at_checked(length));
        let (inside, after) = cut.ok_or(broken("the archive ends inside it"))?;
        let cut = after.split_at_checked(padding(inside.len()));
        let (padding, after) = cut.ok_or(broken("the archive ends inside it"))?;
        if padding.iter().any(|byte| *byte != 0) {
            return Err(broken("the space behind it is not empty"));
        }
        *content = inside;
        rest = after;
    }
    if rest != [0; 2 * BLOCK] {
        return Err(Broken::at(Place::Pack, Rule::Archive("something follows the last member, or the end is missing")));
    }
    Ok(contents)
}

fn pad(archive: &mut Vec<u8>) {
    // Everything before was padded, so the length of the archive tells the padding.
    archive.resize(archive.len().next_multiple_of(BLOCK), 0);
}

fn padding(length: usize) -> usize {
    length.next_multiple_of(BLOCK).saturating_sub(length)
}

/// The header of a regular file, readable by all, of user and group 0, from 1970: the same content makes the same archive.
fn header(name: &str, size: u64) -> Option<[u8; BLOCK]> {
    if size > LARGEST_MEMBER_BYTES {
        return None;
    }
    let mut header = [0; BLOCK];
    put(&mut header, 0, name.as_bytes());
    put(&mut header, 100, b"0000644\0");
    put(&mut header, 108, b"0000000\0");
    put(&mut header, 116, b"0000000\0");
    put(&mut header, 124, format!("{size:011o}\0").as_bytes());
    put(&mut header, 136, b"00000000000\0");
    put(&mut header, 148, b"        ");
    put(&mut header, 156, b"0");
    put(&mut header, 257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    put(&mut header, 148, format!("{sum:06o}\0 ").as_bytes());
    Some(header)
}

fn put(header: &mut [u8; BLOCK], at: usize, bytes: &[u8]) {
    for (place, byte) in header.iter_mut().skip(at).zip(bytes) {
        *place = *byte;
    }
}

fn read_size(header: &[u8; BLOCK]) -> Option<u64> {
    let digits = header.get(124..135).and_then(|digits| std::str::from_utf8(digits).ok())?;
    u64::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 2] = ["a.txt", "b"];

    fn archive() -> Vec<u8> {
        let mut archive = Vec::new();
        append(&mut archive, "a.txt", b"hello").unwrap();
        append(&mut archive, "b", &[7; 512]).unwrap();
        end(&mut archive);
        archive
    }

    #[test]
    fn an_archive_reads_back() {
        assert_eq!(archive().len(), 512 * 6);
        assert_eq!(read(&archive(), NAMES).unwrap(), [b"hello".as_slice(), &[7; 512]]);
    }

    #[test]
    fn every_bit_outside_the_contents_has_one_value() {
        let good = archive();
        for bit in 0..good.len() * 8 {
            let byte = bit / 8;
            let content = (512..517).contains(&byte) || (1536..2048).contains(&byte);
            let mut flipped = good.clone();
            flipped[byte] ^= 1 << (bit % 8);
            assert_eq!(read(&flipped, NAMES).is_ok(), content, "bit {bit}");
        }
    }

    #[test]
    fn members_are_neither_missing_nor_swapped_nor_cut() {
        let good = archive();
        assert!(read(&good, ["b", "a.txt"]).is_err());
        assert!(read(&good, ["a.txt"]).is_err());
        assert!(read(&good, ["a.txt", "b", "c"]).is_err());
        for length in 0..good.len() {
            assert!(read(&good[..length], NAMES).is_err());
        }
    }
}
