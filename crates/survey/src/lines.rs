//! Lines and columns of offsets, for reports that people and editors follow.

use std::io::{self, Read};

/// A place in a text, both counted from 1. Columns count characters, as editors and SARIF do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u64,
    /// The column.
    pub column: u64,
}

/// How much is read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// The places of `offsets`, which are sorted, in what `text` holds. Offsets behind its end are at its end.
///
/// # Errors
/// It cannot be read.
pub(crate) fn places(mut text: impl Read, offsets: &[u64]) -> io::Result<Vec<Place>> {
    let mut places = Vec::with_capacity(offsets.len());
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut at = 0_u64;
    let mut here = Place { line: 1, column: 1 };
    while places.len() < offsets.len() {
        let read = match text.read(&mut chunk) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        let mut rest = chunk.get(..read).unwrap_or_default();
        if rest.is_empty() {
            places.resize(offsets.len(), here);
            break;
        }
        while let Some(offset) = offsets.get(places.len()) {
            let ahead = usize::try_from(offset.saturating_sub(at)).unwrap_or(usize::MAX);
            let Some((before, behind)) = rest.split_at_checked(ahead) else { break };
            here = here.behind(before);
            at = at.saturating_add(before.len() as u64);
            rest = behind;
            places.push(here);
        }
        here = here.behind(rest);
        at = at.saturating_add(rest.len() as u64);
    }
    Ok(places)
}

impl Place {
    /// Where one is after `bytes`.
    fn behind(self, bytes: &[u8]) -> Self {
        let lines = memchr::memchr_iter(b'\n', bytes).count() as u64;
        let (last, begins) = match memchr::memrchr(b'\n', bytes) {
            None => (bytes, self.column),
            Some(line_feed) => (bytes.get(line_feed.saturating_add(1)..).unwrap_or_default(), 1),
        };
        // Every byte of UTF-8 but those that continue a character begins one.
        let characters = last.iter().filter(|byte| !matches!(byte, 0x80..=0xBF)).count() as u64;
        Self { line: self.line.saturating_add(lines), column: begins.saturating_add(characters) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out one byte at a time, as a pipe may.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            let one = to.len().min(1);
            self.0.read(&mut to[..one])
        }
    }

    #[test]
    fn columns_count_characters_and_reading_in_pieces_changes_nothing() {
        let text = "a\n😀é b\n\nc".as_bytes();
        let offsets = [0, 2, 6, 9, 10, 11, 12, 12, 99];
        let at = |line, column| Place { line, column };
        let expected = [(1, 1), (2, 1), (2, 2), (2, 4), (2, 5), (3, 1), (4, 1), (4, 1), (4, 2)].map(|(l, c)| at(l, c));
        assert_eq!(places(text, &offsets).unwrap(), expected);
        assert_eq!(places(Slow(text), &offsets).unwrap(), expected);
        assert_eq!(places(&b""[..], &[0, 5]).unwrap(), [at(1, 1), at(1, 1)]);
    }
}
