//! Headers of model files. Of safetensors and GGUF, which hold no program: their numbers are not looked at; what is
//! written about them is, and so is whether the header tells the truth about where they are. HDF5 is searched for
//! layers of Keras that are programs.

use std::collections::BTreeMap;

use scan::{Hint, Passage, Reason};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::cursor::Cursor;
use crate::error::Stop;
use crate::pickle::{Import, Standing};
use crate::place::Spot;
use crate::report::{Entry, Oddity, Why};
use crate::source::Slice;
use crate::walk::Walk;

/// The longest header of safetensors that is read. The format allows 100 MB; the largest models have a megabyte a shard.
const LONGEST_HEADER_BYTES: u64 = 8 << 20;

/// How many values one header of GGUF has at most: a vocabulary has some hundred thousand words.
const MOST_VALUES: u64 = 4 << 20;

/// How deep lists nest in GGUF.
const DEEPEST_LIST: u8 = 4;

const NUMBERS: Why = Why::Unsupported("the numbers of tensors");

/// Whether a file that begins so is one of safetensors: the length of a header, and the header.
pub(crate) fn is_safetensors(start: &[u8]) -> bool {
    let Some((len, rest)) = start.split_first_chunk::<8>() else { return false };
    let plausible = (2..=100_000_000).contains(&u64::from_le_bytes(*len));
    plausible && matches!(rest, [b'{', b'"' | b'}' | b' ' | b'\n', ..])
}

/// A tensor, as the header says.
#[derive(Deserialize)]
struct Tensor {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Said {
    Tensor(Tensor),
    Metadata(BTreeMap<String, String>),
    Other(IgnoredAny),
}

// SPEC: the format's README: eight bytes of length, JSON, data without holes.
/// Reads the header of a file of safetensors.
pub(crate) fn read_safetensors(
    walk: &mut Walk<'_>,
    entry: &mut Entry,
    _: &Hint<'_>,
    slice: &Slice<'_>,
) -> Result<(), Stop> {
    let mut len = [0; 8];
    slice.read_exact(0, &mut len, "a header that is cut off")?;
    let len = u64::from_le_bytes(len);
    let data = len.checked_add(8).filter(|data| *data <= slice.len());
    let data = data.ok_or_else(|| Stop::broken("a header that goes beyond the file"))?;
    if len > LONGEST_HEADER_BYTES {
        return Err(Why::TooLargeToHold.into());
    }
    let mut header = vec![0; usize::try_from(len).unwrap_or(0)];
    slice.read_exact(8, &mut header, "a header that is cut off")?;
    entry.bytes = data;
    let said: BTreeMap<String, Said> =
        serde_json::from_slice(&header).map_err(|_| Stop::broken("a header that is no JSON of tensors"))?;
    let mut spans = Vec::new();
    for (name, said) in said {
        let outer = slice.outer(0..data).range;
        look(walk, entry, "name", name.as_bytes(), outer.clone());
        match said {
            Said::Metadata(pairs) => {
                for (key, value) in pairs {
                    look(walk, entry, &key, value.as_bytes(), outer.clone());
                }
            }
            Said::Tensor(tensor) => {
                entry.members = entry.members.saturating_add(1);
                if !tensor.is_as_long_as_it_says() {
                    entry.note(Oddity::HeadersDisagree);
                }
                spans.push(tensor.data_offsets);
            }
            Said::Other(IgnoredAny) => entry.note(Oddity::HeadersDisagree),
        }
    }
    spans.sort_unstable();
    let mut end = 0;
    for [from, to] in spans {
        if from < end {
            entry.note(Oddity::Overlap);
        } else if from > end {
            entry.note(Oddity::UnlistedBytes);
        }
        end = to.max(end);
    }
    match data.checked_add(end) {
        Some(end) if end == slice.len() => {}
        Some(end) if end < slice.len() => entry.note(Oddity::UnlistedBytes),
        _ => return Err(Stop::broken("tensors that go beyond the file")),
    }
    if end == 0 { Ok(()) } else { Err(NUMBERS.into()) }
}

impl Tensor {
    /// Whether its bytes are as many as its shape and type need. A type of the future is believed.
    fn is_as_long_as_it_says(&self) -> bool {
        let [from, to] = self.data_offsets;
        let bits = match self.dtype.as_str() {
            "BOOL" | "U8" | "I8" | "F8_E4M3" | "F8_E5M2" | "F8_E8M0" => 8_u64,
            "U16" | "I16" | "F16" | "BF16" => 16,
            "U32" | "I32" | "F32" => 32,
            "U64" | "I64" | "F64" | "C64" => 64,
            "F4" => 4,
            "F6_E2M3" | "F6_E3M2" => 6,
            _ => return from <= to,
        };
        let elements = self.shape.iter().try_fold(1_u64, |product, len| product.checked_mul(*len));
        let needed = elements.and_then(|elements| elements.checked_mul(bits)).map(|bits| bits.div_ceil(8));
        to.checked_sub(from).is_some_and(|len| Some(len) == needed)
    }
}

/// The first bytes of a file of GGUF.
pub(crate) const GGUF_MARK: &[u8] = b"GGUF";

// SPEC: `ggml/docs/gguf.md`.
/// Reads the header of a file of GGUF: keys and values, then the names of tensors.
pub(crate) fn read_gguf(walk: &mut Walk<'_>, entry: &mut Entry, _: &Hint<'_>, slice: &Slice<'_>) -> Result<(), Stop> {
    let mut cursor = Cursor::whole(slice);
    cursor.skip(GGUF_MARK.len() as u64)?;
    let version = u32::from_le_bytes(cursor.array()?);
    if !matches!(version, 2 | 3) {
        // The first version had shorter counts; a big number is a file for machines of the other byte order.
        return Err(Why::Unsupported("a version of GGUF that is not read").into());
    }
    let tensors = u64::from_le_bytes(cursor.array()?);
    let pairs = u64::from_le_bytes(cursor.array()?);
    let mut gguf = Gguf { walk, entry, values: 0 };
    for _ in 0..pairs {
        let key = String::from_utf8_lossy(counted(&mut cursor)?).into_owned();
        let kind = u32::from_le_bytes(cursor.array()?);
        gguf.value(&mut cursor, kind, &key, 0)?;
    }
    for _ in 0..tensors {
        let at = cursor.at();
        let name = counted(&mut cursor)?.to_vec();
        let outer = cursor.outer(at..cursor.at()).range;
        look(gguf.walk, gguf.entry, "name", &name, outer);
        let dimensions = u32::from_le_bytes(cursor.array()?);
        // Dimensions, type, offset.
        cursor.skip(u64::from(dimensions).saturating_mul(8).saturating_add(12))?;
        gguf.entry.members = gguf.entry.members.saturating_add(1);
    }
    entry.bytes = cursor.at();
    if tensors == 0 { Ok(()) } else { Err(NUMBERS.into()) }
}

struct Gguf<'a, 'w> {
    walk: &'a mut Walk<'w>,
    entry: &'a mut Entry,
    values: u64,
}

impl Gguf<'_, '_> {
    fn value(&mut self, cursor: &mut Cursor<'_>, kind: u32, key: &str, depth: u8) -> Result<(), Stop> {
        self.values = self.values.saturating_add(1);
        if self.values > MOST_VALUES {
            return Err(Why::TooMany.into());
        }
        match kind {
            0 | 1 | 7 => cursor.skip(1),
            2 | 3 => cursor.skip(2),
            4..=6 => cursor.skip(4),
            10..=12 => cursor.skip(8),
            8 => {
                let at = cursor.at();
                let text = counted(cursor)?.to_vec();
                look(self.walk, self.entry, key, &text, cursor.outer(at..cursor.at()).range);
                Ok(())
            }
            9 => {
                let kind = u32::from_le_bytes(cursor.array()?);
                let len = u64::from_le_bytes(cursor.array()?);
                if depth >= DEEPEST_LIST {
                    return Err(Stop::broken("lists inside lists, too deep"));
                }
                (0..len).try_for_each(|_| self.value(cursor, kind, key, depth.saturating_add(1)))
            }
            _ => Err(Stop::broken("a value of an unknown type")),
        }
    }
}

/// The first bytes of a file of HDF5, in which Keras keeps models.
pub(crate) const HDF5_MARK: &[u8] = b"\x89HDF\r\n\x1a\n";

/// How the configuration of a model names a layer that is a program: its code is kept beside it, and loading runs it.
const LAMBDA: [&[u8]; 2] = [b"\"class_name\": \"Lambda\"", b"\"class_name\":\"Lambda\""];

/// How much is searched at once, and what two stretches share.
const STRETCH_BYTES: usize = 64 << 10;
const SHARED_BYTES: u64 = 64;

/// Searches a file of HDF5 for layers that are programs. Nothing else of it is read.
pub(crate) fn read_hdf5(_: &mut Walk<'_>, entry: &mut Entry, _: &Hint<'_>, slice: &Slice<'_>) -> Result<(), Stop> {
    let mut stretch = vec![0; STRETCH_BYTES];
    let mut at = 0_u64;
    loop {
        let read = slice.read(at, &mut stretch)?;
        let bytes = stretch.get(..read).unwrap_or_default();
        let lambda = LAMBDA.iter().find_map(|lambda| memchr::memmem::find(bytes, lambda));
        if let Some(found) = lambda {
            let (module, name) = ("keras.layers".to_owned(), "Lambda".to_owned());
            let at = at.saturating_add(found as u64);
            entry.imports.push(Import { module, name, at, standing: Standing::Dangerous, called: true });
            break;
        }
        if read < STRETCH_BYTES {
            break;
        }
        at = at.saturating_add(read as u64).saturating_sub(SHARED_BYTES);
    }
    Err(Why::Unreadable(Reason::Columnar).into())
}

/// Bytes with their length before them.
fn counted<'c>(cursor: &'c mut Cursor<'_>) -> Result<&'c [u8], Stop> {
    let len = u64::from_le_bytes(cursor.array()?);
    cursor.bytes(len)
}

/// Looks at a text of a header. All of them are one record.
fn look(walk: &mut Walk<'_>, entry: &mut Entry, key: &str, text: &[u8], outer: std::ops::Range<u64>) {
    let passage = Passage { bytes: text, names: [key.as_bytes(), b""], ..Passage::default() };
    let bytes = entry.bytes;
    walk.passage(entry, &passage, Spot::Field(key), outer);
    entry.bytes = bytes;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_safetensors_is_known() {
        assert!(is_safetensors(b"\x10\0\0\0\0\0\0\0{\"a\":"));
        assert!(!is_safetensors(b"{\"a\": 1, \"b\": 2}"));
        assert!(!is_safetensors(b"\x10\0\0\0\0\0\0\xff{\"a\":"));
    }

    #[test]
    fn a_tensor_is_as_long_as_its_shape() {
        let tensor = |shape: &[u64], to| Tensor { dtype: "F16".into(), shape: shape.to_vec(), data_offsets: [4, to] };
        assert!(tensor(&[2, 3], 16).is_as_long_as_it_says());
        assert!(!tensor(&[2, 3], 15).is_as_long_as_it_says());
        assert!(!tensor(&[u64::MAX, 3], 16).is_as_long_as_it_says());
        assert!(!tensor(&[2], 3).is_as_long_as_it_says());
    }
}
