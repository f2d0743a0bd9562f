//! Thrift's compact protocol, as far as Parquet needs it.
//!
//! SPEC: `thrift/doc/specs/thrift-compact-protocol.md`. Fields are visited one by one where they stand; nothing is
//! built of what nobody asks for, so a list that claims a billion elements costs what its bytes cost.

use crate::cursor::Cursor;
use crate::error::Stop;

/// How deep structures nest. Parquet's own go to 6.
const DEEPEST: u8 = 16;

/// The longest text that is believed: names of columns, keys of metadata.
const LONGEST_TEXT_BYTES: u64 = 4 << 10;

/// The type of a field or element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    True,
    False,
    Byte,
    Integer,
    Double,
    Binary,
    List,
    Map,
    Struct,
}

/// A field of a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) id: i16,
    pub(crate) kind: Kind,
}

/// Calls `each` with every field of the structure that begins here. It must read the field's value, or [`skip`] it.
pub(crate) fn fields<'a>(
    cursor: &mut Cursor<'a>,
    each: &mut dyn FnMut(&mut Cursor<'a>, Field) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut last = 0_i16;
    loop {
        let head = cursor.byte()?;
        let Some(kind) = kind(head & 0x0f)? else { return Ok(()) };
        last = match head >> 4 {
            0 => i16::try_from(zigzag(cursor)?).map_err(|_| Stop::broken("a field with an impossible number"))?,
            step => last.saturating_add(i16::from(step)),
        };
        each(cursor, Field { id: last, kind })?;
    }
}

/// The type and number of elements of the list that begins here.
pub(crate) fn list(cursor: &mut Cursor<'_>) -> Result<(Kind, u64), Stop> {
    let head = cursor.byte()?;
    let len = match head >> 4 {
        15 => varint(cursor)?,
        len => u64::from(len),
    };
    // An element takes a byte at least.
    if len > cursor.left() {
        return Err(Stop::broken("a list that claims more elements than there are bytes"));
    }
    let kind = kind(head & 0x0f)?.ok_or_else(|| Stop::broken("a list of nothing"))?;
    Ok((kind, len))
}

/// A whole number.
pub(crate) fn integer(cursor: &mut Cursor<'_>, field: Field) -> Result<i64, Stop> {
    match field.kind {
        Kind::True => Ok(1),
        Kind::False => Ok(0),
        Kind::Byte => Ok(i64::from(cursor.byte()?.cast_signed())),
        Kind::Integer => zigzag(cursor),
        _ => Err(Stop::broken("a field that should be a number")),
    }
}

/// A whole number that counts something.
pub(crate) fn count(cursor: &mut Cursor<'_>, field: Field) -> Result<u64, Stop> {
    u64::try_from(integer(cursor, field)?).map_err(|_| Stop::broken("a negative length or count"))
}

/// A text. Of one that is too long nothing is kept.
pub(crate) fn text(cursor: &mut Cursor<'_>) -> Result<String, Stop> {
    let len = varint(cursor)?;
    if len > LONGEST_TEXT_BYTES {
        cursor.skip(len)?;
        return Ok(String::new());
    }
    Ok(String::from_utf8_lossy(cursor.bytes(len)?).into_owned())
}

/// A number in the fewest bytes.
pub(crate) fn varint(cursor: &mut Cursor<'_>) -> Result<u64, Stop> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = cursor.byte()?;
        value |= u64::from(byte & 0x7f).wrapping_shl(shift);
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Stop::broken("a number of too many bytes"))
}

/// A signed number in the fewest bytes: 0, -1, 1, -2...
pub(crate) fn zigzag(cursor: &mut Cursor<'_>) -> Result<i64, Stop> {
    let value = varint(cursor)?;
    Ok((value >> 1).cast_signed() ^ 0_i64.wrapping_sub((value & 1).cast_signed()))
}

/// Passes over the value of a field.
pub(crate) fn skip(cursor: &mut Cursor<'_>, kind: Kind) -> Result<(), Stop> {
    skip_at(cursor, kind, Place::Field, 0)
}

/// Truth is in the head of a field, and a byte of its own in a list.
#[derive(Clone, Copy)]
enum Place {
    Field,
    Element,
}

fn skip_at(cursor: &mut Cursor<'_>, kind: Kind, place: Place, depth: u8) -> Result<(), Stop> {
    if depth > DEEPEST {
        return Err(Stop::broken("structures inside structures, too deep"));
    }
    let deeper = depth.saturating_add(1);
    match kind {
        Kind::True | Kind::False => match place {
            Place::Field => Ok(()),
            Place::Element => cursor.skip(1),
        },
        Kind::Byte => cursor.skip(1),
        Kind::Integer => varint(cursor).map(drop),
        Kind::Double => cursor.skip(8),
        Kind::Binary => {
            let len = varint(cursor)?;
            cursor.skip(len)
        }
        Kind::List => {
            let (kind, len) = list(cursor)?;
            (0..len).try_for_each(|_| skip_at(cursor, kind, Place::Element, deeper))
        }
        Kind::Map => {
            let len = varint(cursor)?;
            if len == 0 {
                return Ok(());
            }
            let kinds = cursor.byte()?;
            let (Some(key), Some(value)) = (self::kind(kinds >> 4)?, self::kind(kinds & 0x0f)?) else {
                return Err(Stop::broken("a map of nothing"));
            };
            (0..len).try_for_each(|_| {
                skip_at(cursor, key, Place::Element, deeper)?;
                skip_at(cursor, value, Place::Element, deeper)
            })
        }
        Kind::Struct => fields(cursor, &mut |cursor, field| skip_at(cursor, field.kind, Place::Field, deeper)),
    }
}

/// The type that a number stands for; `None` ends a structure.
fn kind(code: u8) -> Result<Option<Kind>, Stop> {
    Ok(Some(match code {
        0 => return Ok(None),
        1 => Kind::True,
        2 => Kind::False,
        3 => Kind::Byte,
        4..=6 => Kind::Integer,
        7 => Kind::Double,
        8 => Kind::Binary,
        9 | 10 => Kind::List,
        11 => Kind::Map,
        12 => Kind::Struct,
        _ => return Err(Stop::broken("a field of an unknown type")),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Slice;

    #[test]
    fn a_structure_is_visited_field_by_field() {
        // 1: 150; 2: skipped list of two texts; 17: true.
        let bytes = vec![0x15, 0xac, 0x02, 0x19, 0x28, 1, b'a', 1, b'b', 0xf1, 0x00];
        let slice = Slice::object(&bytes);
        let mut cursor = Cursor::whole(&slice);
        let mut seen = Vec::new();
        fields(&mut cursor, &mut |cursor, field| {
            match field.id {
                1 | 17 => seen.push((field.id, integer(cursor, field)?)),
                _ => skip(cursor, field.kind)?,
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, [(1, 150), (17, 1)]);
    }

    #[test]
    fn lists_that_lie_and_structures_without_end_are_refused() {
        let lying = vec![0xf8, 0xff, 0xff, 0xff, 0xff, 0x0f];
        let slice = Slice::object(&lying);
        assert!(list(&mut Cursor::whole(&slice)).is_err());
        let nested = vec![0x1c; 1000];
        let slice = Slice::object(&nested);
        assert!(skip(&mut Cursor::whole(&slice), Kind::Struct).is_err());
        let long = vec![0xff; 20];
        let slice = Slice::object(&long);
        assert!(varint(&mut Cursor::whole(&slice)).is_err());
    }
}
