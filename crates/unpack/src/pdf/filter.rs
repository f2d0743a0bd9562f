//! Undoes the filters of a PDF stream, in bounded memory.
//!
//! SPEC: ISO 32000-1 §7.4.

use zeroize::Zeroizing;

use super::lex::{Dict, Value};
use crate::compress::Inflate;
use crate::error::Stop;
use crate::limits::Budget;
use crate::report::Why;
use crate::source::{Outer, Slice};
use crate::stream::{Linear, Stream, chunk, read_full};

/// How much of a stream is decoded. Pages of text have some kilobytes; what is larger is drawing.
const DECODED_BYTES: usize = 4 << 20;

/// More filters on one stream than this are an attack.
const MOST_FILTERS: usize = 4;

/// What came out.
pub(super) struct Decoded {
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Why it is not all.
    pub(super) gap: Option<Why>,
}

/// Decodes the stream `packed` that has the dictionary `dict`. `None` if it is an image's.
pub(super) fn decode(dict: &Dict, packed: &Slice<'_>, budget: &Budget) -> Result<Option<Decoded>, Stop> {
    let names = filters(dict);
    if names.len() > MOST_FILTERS {
        return Err(Why::Unsupported("a PDF stream with many filters").into());
    }
    let outer = packed.outer(0..packed.len());
    let mut decoded = gather(&mut Linear::new(packed.clone()))?;
    for (place, name) in names.iter().enumerate() {
        let bytes = std::mem::take(&mut decoded.bytes);
        let mut next = match *name {
            b"FlateDecode" | b"Fl" => inflate(&bytes, &outer, budget)?,
            b"ASCII85Decode" | b"A85" => whole(ascii85(&bytes)),
            b"ASCIIHexDecode" | b"AHx" => whole(ascii_hex(&bytes)),
            b"RunLengthDecode" | b"RL" => whole(run_length(&bytes)),
            b"LZWDecode" | b"LZW" => whole(lzw(&bytes, early_change(dict, place))),
            b"DCTDecode" | b"DCT" | b"JPXDecode" | b"CCITTFaxDecode" | b"CCF" | b"JBIG2Decode" => return Ok(None),
            b"Crypt" => return Err(Why::Encrypted.into()),
            _ => return Err(Why::Unsupported("an unknown filter of a PDF stream").into()),
        };
        if matches!(*name, b"ASCII85Decode" | b"A85" | b"RunLengthDecode" | b"RL" | b"LZWDecode" | b"LZW") {
            budget.unpack(next.bytes.len())?;
        }
        next.bytes = predicted(next.bytes, parameters(dict, place));
        next.gap = decoded.gap.or(next.gap);
        decoded = next;
    }
    Ok(Some(decoded))
}

/// The names of a stream's filters, in the order of decoding.
pub(super) fn filters(dict: &Dict) -> Vec<&[u8]> {
    match dict.get(b"Filter").or_else(|| dict.get(b"F")) {
        Some(Value::Name(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::name).collect(),
        _ => Vec::new(),
    }
}

/// The parameters of filter `place`.
fn parameters(dict: &Dict, place: usize) -> Option<&Dict> {
    match dict.get(b"DecodeParms").or_else(|| dict.get(b"DP")) {
        Some(Value::Array(all)) => all.get(place).and_then(Value::dict),
        Some(value) if place == 0 => value.dict(),
        _ => None,
    }
}

fn early_change(dict: &Dict, place: usize) -> bool {
    parameters(dict, place).and_then(|parameters| parameters.get(b"EarlyChange")?.whole()) != Some(0)
}

fn whole(bytes: Zeroizing<Vec<u8>>) -> Decoded {
    let gap = (bytes.len() >= DECODED_BYTES).then_some(Why::TooLargeToHold);
    Decoded { bytes, gap }
}

/// Reads a stream into memory, up to the bound or to where it breaks off.
fn gather(stream: &mut dyn Stream) -> Result<Decoded, Stop> {
    let mut bytes = Zeroizing::new(Vec::new());
    let mut chunk = chunk();
    loop {
        let read = match read_full(stream, &mut chunk) {
            Ok((read, _)) => read,
            Err(Stop::Inside(why @ Why::Broken(_))) => return Ok(Decoded { bytes, gap: Some(why) }),
            Err(stop) => return Err(stop),
        };
        let room = DECODED_BYTES.saturating_sub(bytes.len());
        bytes.extend_from_slice(chunk.get(..read.min(room)).unwrap_or_default());
        if read > room {
            return Ok(Decoded { bytes, gap: Some(Why::TooLargeToHold) });
        }
        if read < chunk.len() {
            return Ok(Decoded { bytes, gap: None });
        }
    }
}

/// Deflate behind a zlib header of two bytes. The checksum behind it is not looked at: nobody's program does.
fn inflate(packed: &[u8], outer: &Outer, budget: &Budget) -> Result<Decoded, Stop> {
    let body = packed.get(2..).unwrap_or_default().to_vec();
    let mut linear = Linear::new(Slice::held(&body, outer.clone()));
    let mut inflate = Crumbs { inner: Inflate::new(&mut linear, budget), stopped: None };
    let decoded = gather(&mut inflate)?;
    Ok(Decoded { gap: decoded.gap.or(inflate.stopped), ..decoded })
}

/// Keeps what came before a break in the stream, which `read_full` alone would lose.
struct Crumbs<'a> {
    inner: Inflate<'a>,
    stopped: Option<Why>,
}

impl Stream for Crumbs<'_> {
    fn read(&mut self, into: &mut [u8]) -> Result<usize, Stop> {
        if self.stopped.is_some() {
            return Ok(0);
        }
        match self.inner.read(into) {
            Err(Stop::Inside(why @ Why::Broken(_))) => {
                self.stopped = Some(why);
                Ok(0)
            }
            read => read,
        }
    }

    fn outer(&self) -> Outer {
        self.inner.outer()
    }
}

fn ascii_hex(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let digits = bytes.iter().take_while(|byte| **byte != b'>').filter_map(|byte| char::from(*byte).to_digit(16));
    let digits: Vec<u8> = digits.map(|digit| digit as u8).collect();
    let pair = |pair: &[u8]| pair.first().copied().unwrap_or(0) << 4 | pair.get(1).copied().unwrap_or(0);
    Zeroizing::new(digits.chunks(2).map(pair).collect())
}

fn ascii85(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let bytes = bytes.strip_prefix(b"<~").unwrap_or(bytes);
    let mut decoded = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let mut group = Vec::with_capacity(5);
    for byte in bytes.iter().take_while(|byte| **byte != b'~') {
        match byte {
            b'z' if group.is_empty() => decoded.extend_from_slice(&[0; 4]),
            b'!'..=b'u' => group.push(byte.saturating_sub(b'!')),
            _ => {}
        }
        if group.len() == 5 {
            decoded.extend_from_slice(&of_group(&group));
            group.clear();
        }
    }
    if group.len() > 1 {
        let len = group.len().saturating_sub(1);
        group.resize(5, 84);
        decoded.extend_from_slice(of_group(&group).get(..len).unwrap_or_default());
    }
    decoded
}

fn of_group(group: &[u8]) -> [u8; 4] {
    group.iter().fold(0_u32, |sum, digit| sum.wrapping_mul(85).wrapping_add(u32::from(*digit))).to_be_bytes()
}

fn run_length(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut decoded = Zeroizing::new(Vec::new());
    let mut rest = bytes;
    while let [len, behind @ ..] = rest {
        if *len == 128 || decoded.len() >= DECODED_BYTES {
            break;
        }
        if *len < 128 {
            let count = usize::from(*len).saturating_add(1).min(behind.len());
            decoded.extend_from_slice(behind.get(..count).unwrap_or_default());
            rest = behind.get(count..).unwrap_or_default();
        } else {
            let Some(byte) = behind.first() else { break };
            decoded.extend(std::iter::repeat_n(*byte, 257_usize.saturating_sub(usize::from(*len))));
            rest = behind.get(1..).unwrap_or_default();
        }
    }
    decoded
}

/// LZW with codes of 9 to 12 bits, the highest bit first.
fn lzw(bytes: &[u8], early: bool) -> Zeroizing<Vec<u8>> {
    const CLEAR: usize = 256;
    const END: usize = 257;
    let mut decoded = Zeroizing::new(Vec::new());
    // Each entry is a stretch of what was decoded; codes below 256 are bytes.
    let mut entries: Vec<(usize, usize)> = Vec::new();
    let mut last: Option<(usize, usize)> = None;
    let (mut held, mut count) = (0_u32, 0_u32);
    let mut width = 9_u32;
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        count = count.saturating_add(8);
        if count < width {
            continue;
        }
        count = count.saturating_sub(width);
        let code = (held.wrapping_shr(count) & 1_u32.wrapping_shl(width).wrapping_sub(1)) as usize;
        if code == END || decoded.len() >= DECODED_BYTES {
            break;
        }
        if code == CLEAR {
            entries.clear();
            last = None;
            width = 9;
            continue;
        }
        let from = decoded.len();
        if code < CLEAR {
            decoded.push(code as u8);
        } else {
            let known = entries.get(code.saturating_sub(258)).copied();
            // A code that is not there yet is the last one and its own first byte.
            let Some((start, len)) = known.or(last.map(|(start, len)| (start, len.saturating_add(1)))) else { break };
            for at in start..start.saturating_add(len) {
                let Some(byte) = decoded.get(at).copied() else { break };
                decoded.push(byte);
            }
        }
        if let Some((start, len)) = last
            && entries.len() < 4096 - 258
        {
            entries.push((start, len.saturating_add(1)));
        }
        last = Some((from, decoded.len().saturating_sub(from)));
        let next = entries.len().saturating_add(259).saturating_add(usize::from(early));
        width = match next {
            0..=512 => 9,
            513..=1024 => 10,
            1025..=2048 => 11,
            _ => 12,
        };
    }
    decoded
}

/// Undoes PNG's row filters, which cross-reference and object streams use.
fn predicted(bytes: Zeroizing<Vec<u8>>, parameters: Option<&Dict>) -> Zeroizing<Vec<u8>> {
    let Some(parameters) = parameters else { return bytes };
    let number = |key: &[u8], default| parameters.get(key).and_then(Value::whole).unwrap_or(default);
    if number(b"Predictor", 1) < 10 {
        return bytes;
    }
    let bits = number(b"Colors", 1).saturating_mul(number(b"BitsPerComponent", 8));
    let pixel = usize::try_from(bits.div_ceil(8)).unwrap_or(usize::MAX).clamp(1, 64);
    let columns = usize::try_from(number(b"Columns", 1)).unwrap_or(usize::MAX).clamp(1, DECODED_BYTES);
    let width = columns.saturating_mul(pixel);
    let mut out = Zeroizing::new(Vec::with_capacity(bytes.len()));
    let mut above = vec![0_u8; width];
    for row in bytes.chunks(width.saturating_add(1)) {
        let Some((filter, row)) = row.split_first() else { break };
        let mut line: Vec<u8> = Vec::with_capacity(width);
        for (at, byte) in row.iter().enumerate() {
            let before = at.checked_sub(pixel);
            let left = before.and_then(|at| line.get(at)).copied().unwrap_or(0);
            let corner = before.and_then(|at| above.get(at)).copied().unwrap_or(0);
            let up = above.get(at).copied().unwrap_or(0);
            let guess = match filter {
                1 => left,
                2 => up,
                3 => u8::try_from(u16::midpoint(left.into(), up.into())).unwrap_or(0),
                4 => paeth(left, up, corner),
                _ => 0,
            };
            line.push(byte.wrapping_add(guess));
        }
        out.extend_from_slice(&line);
        line.resize(width, 0);
        above = line;
    }
    out
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let guess = i16::from(left).saturating_add(i16::from(up)).saturating_sub(i16::from(corner));
    let far = |byte: u8| guess.saturating_sub(i16::from(byte)).saturating_abs();
    if far(left) <= far(up) && far(left) <= far(corner) {
        left
    } else if far(up) <= far(corner) {
        up
    } else {
        corner
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_text_are_undone() {
        assert_eq!(ascii85(b"87cURD]i,\"Ebo80~>").as_slice(), b"Hello World!");
        assert_eq!(ascii85(b"zz!!").as_slice(), [0; 9]);
        assert_eq!(ascii_hex(b"48 65 6C 6c 6F>zz").as_slice(), b"Hello");
        assert_eq!(run_length(&[2, b'a', b'b', b'c', 254, b'd', 128, 9]).as_slice(), b"abcddd");
    }

    #[test]
    fn lzw_is_undone() {
        // SPEC: ISO 32000-1 §7.4.4.2, the example.
        let packed = [0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01];
        assert_eq!(lzw(&packed, true).as_slice(), [45, 45, 45, 45, 45, 65, 45, 45, 45, 66]);
    }

    #[test]
    fn row_filters_are_undone() {
        let parameters =
            Dict(vec![(b"Predictor".to_vec(), Value::Number(12.0)), (b"Columns".to_vec(), Value::Number(3.0))]);
        let rows = Zeroizing::new(vec![0, 1, 2, 3, 2, 1, 1, 1, 1, 5, 1, 1]);
        assert_eq!(predicted(rows, Some(&parameters)).as_slice(), [1, 2, 3, 2, 3, 4, 5, 6, 7]);
    }
}
