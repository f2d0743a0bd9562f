//! The instructions of pickle, protocols 0 to 5.
//!
//! SPEC: `Lib/pickletools.py` of CPython describes each; here is what a walk that runs nothing needs of it: how long the
//! argument is, and what happens to the stack.

use crate::cursor::Cursor;
use crate::error::Stop;

/// The longest line that is believed: module and class names, and numbers written out.
const LONGEST_LINE_BYTES: usize = 4096;

/// What an instruction does to the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing that matters.
    Nothing,
    /// Takes the first number of values and puts the second number of plain values there instead.
    Swap(u8, u8),
    /// Puts a whole number.
    Integer(i64),
    /// Puts a text that stands at this offset of the source, this long.
    Text(u64, u64),
    /// Puts a mark.
    Mark,
    /// Takes everything down to the mark; puts one plain value if told to.
    Collect(bool),
    /// Puts a dictionary, of everything down to the mark if told to.
    Dictionary(bool),
    /// Takes everything down to the mark and sets it in the dictionary below.
    SetItems,
    /// Sets one pair.
    SetItem,
    /// Takes this many values, or everything down to the mark, and puts a tuple of them.
    Tuple(Option<u8>),
    /// Takes the topmost value away.
    Pop,
    /// Puts the topmost value once more.
    Duplicate,
    /// Keeps the topmost value under a number, or under the next.
    Keep(Option<u64>),
    /// Puts what was kept under a number.
    Recall(u64),
    /// Imports what two lines at this offset name.
    Import(u64),
    /// Imports what two texts on the stack name.
    ImportFromStack,
    /// Puts an entry of the process's own table of extensions.
    Extension,
    /// Imports what two lines name, and calls it with everything down to the mark.
    Instance(u64),
    /// Calls the lowest value above the mark with the rest.
    Object,
    /// Calls a function with a tuple.
    Reduce,
    /// Makes an object of a class; takes this many values besides the class.
    New(u8),
    /// Gives an object its state.
    Build,
    /// Ends.
    Stop,
}

/// Reads one instruction with its argument. `None` when the byte is no instruction.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Option<Effect>, Stop> {
    let plain = Effect::Swap(0, 1);
    Ok(Some(match cursor.byte()? {
        b'.' => Effect::Stop,
        b'(' => Effect::Mark,
        b'0' => Effect::Pop,
        b'1' => Effect::Collect(false),
        b'2' => Effect::Duplicate,
        b')' => Effect::Tuple(Some(0)),
        0x85 => Effect::Tuple(Some(1)),
        0x86 => Effect::Tuple(Some(2)),
        0x87 => Effect::Tuple(Some(3)),
        b't' => Effect::Tuple(None),
        b'l' | 0x91 => Effect::Collect(true),
        b'd' => Effect::Dictionary(true),
        b'}' => Effect::Dictionary(false),
        b'a' => Effect::Swap(1, 0),
        b'e' | 0x90 => Effect::Collect(false),
        b's' => Effect::SetItem,
        b'u' => Effect::SetItems,
        b'N' | 0x88 | 0x89 | b']' | 0x8f | 0x97 => plain,
        b'Q' | 0x98 => Effect::Swap(1, 1),

        // Numbers.
        b'K' => Effect::Integer(i64::from(cursor.byte()?)),
        b'M' => Effect::Integer(i64::from(u16::from_le_bytes(cursor.array()?))),
        b'J' => Effect::Integer(i64::from(i32::from_le_bytes(cursor.array()?))),
        0x8a => {
            let len = cursor.byte()?;
            long(cursor, u64::from(len))?
        }
        0x8b => {
            let len = u32::from_le_bytes(cursor.array()?);
            long(cursor, u64::from(len))?
        }
        b'I' | b'L' => written(cursor.line(LONGEST_LINE_BYTES)?),
        b'F' | b'P' => {
            cursor.line(LONGEST_LINE_BYTES)?;
            plain
        }
        b'G' => {
            cursor.skip(8)?;
            plain
        }

        // Texts and bytes.
        b'S' | b'V' => {
            let from = cursor.at();
            // LIMIT: a text of protocol 0 is searched as it is written, escapes included.
            let len = line_len(cursor)?;
            Effect::Text(from, len)
        }
        b'U' | 0x8c | b'C' => counted(cursor, Width::One)?,
        b'T' | b'X' | b'B' => counted(cursor, Width::Four)?,
        0x8d | 0x8e | 0x96 => counted(cursor, Width::Eight)?,

        // The memo.
        b'p' => Effect::Keep(Some(number(cursor.line(LONGEST_LINE_BYTES)?))),
        b'q' => Effect::Keep(Some(u64::from(cursor.byte()?))),
        b'r' => Effect::Keep(Some(u64::from(u32::from_le_bytes(cursor.array()?)))),
        0x94 => Effect::Keep(None),
        b'g' => Effect::Recall(number(cursor.line(LONGEST_LINE_BYTES)?)),
        b'h' => Effect::Recall(u64::from(cursor.byte()?)),
        b'j' => Effect::Recall(u64::from(u32::from_le_bytes(cursor.array()?))),

        // What makes a pickle a program.
        code @ (b'c' | b'i') => {
            let from = cursor.at();
            cursor.line(LONGEST_LINE_BYTES)?;
            cursor.line(LONGEST_LINE_BYTES)?;
            if code == b'c' { Effect::Import(from) } else { Effect::Instance(from) }
        }
        0x93 => Effect::ImportFromStack,
        0x82 => extension(cursor, 1)?,
        0x83 => extension(cursor, 2)?,
        0x84 => extension(cursor, 4)?,
        b'o' => Effect::Object,
        b'R' => Effect::Reduce,
        0x81 => Effect::New(1),
        0x92 => Effect::New(2),
        b'b' => Effect::Build,

        // Framing.
        0x80 => {
            cursor.byte()?;
            Effect::Nothing
        }
        0x95 => {
            cursor.skip(8)?;
            Effect::Nothing
        }
        _ => return Ok(None),
    }))
}

/// How wide a length is.
enum Width {
    One,
    Four,
    Eight,
}

/// A text or bytes with its length before it. What it holds is left out.
fn counted(cursor: &mut Cursor<'_>, width: Width) -> Result<Effect, Stop> {
    let len = match width {
        Width::One => u64::from(cursor.byte()?),
        Width::Four => u64::from(u32::from_le_bytes(cursor.array()?)),
        Width::Eight => u64::from_le_bytes(cursor.array()?),
    };
    let from = cursor.at();
    cursor.skip(len)?;
    Ok(Effect::Text(from, len))
}

/// The length of the line that begins here, however long it is; goes on behind it.
fn line_len(cursor: &mut Cursor<'_>) -> Result<u64, Stop> {
    let from = cursor.at();
    loop {
        let ahead = cursor.peek(LONGEST_LINE_BYTES)?;
        if ahead.is_empty() {
            return Err(Stop::broken("a text without an end"));
        }
        let (seen, end) = (ahead.len() as u64, memchr::memchr(b'\n', ahead));
        let Some(end) = end else {
            cursor.skip(seen)?;
            continue;
        };
        cursor.skip((end as u64).saturating_add(1))?;
        return Ok(cursor.at().saturating_sub(from).saturating_sub(1));
    }
}

/// A whole number in the fewest bytes. One that does not fit is no size of anything.
fn long(cursor: &mut Cursor<'_>, len: u64) -> Result<Effect, Stop> {
    if len > 8 {
        cursor.skip(len)?;
        return Ok(Effect::Swap(0, 1));
    }
    let bytes = cursor.bytes(len)?;
    let negative = bytes.last().is_some_and(|last| *last >= 0x80);
    let mut wide = [if negative { 0xff } else { 0 }; 8];
    wide.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    Ok(Effect::Integer(i64::from_le_bytes(wide)))
}

/// A number that is written out, as `12`, `12L`, or `01` for truth.
fn written(line: &[u8]) -> Effect {
    let digits = line.strip_suffix(b"L").unwrap_or(line);
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.trim().parse().ok());
    number.map_or(Effect::Swap(0, 1), Effect::Integer)
}

/// A number of the memo. One that cannot be read is beyond all that are kept.
fn number(line: &[u8]) -> u64 {
    std::str::from_utf8(line).ok().and_then(|line| line.trim().parse().ok()).unwrap_or(u64::MAX)
}

fn extension(cursor: &mut Cursor<'_>, width: u64) -> Result<Effect, Stop> {
    cursor.skip(width)?;
    Ok(Effect::Extension)
}
