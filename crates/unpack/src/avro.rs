//! Avro's object container files: a schema, then blocks of rows.
//!
//! Read here because it is little: the reference library decodes every value into a tree, and brings thirty crates.
//!
//! SPEC: Avro 1.12, "Object Container Files" and "Binary Encoding".
//!
//! # Threats
//! A schema may use itself, lists may claim elements that take no bytes, blocks may unpack to anything: values are
//! walked where they stand, [`DEEPEST_VALUE`] deep, and each element and row is counted against the object's budget.

mod schema;

use std::collections::HashMap;

use scan::{Hint, Passage};

use crate::codec::{self, Codec, LARGEST_BLOCK_BYTES};
use crate::cursor::Cursor;
use crate::error::Stop;
use crate::place::Spot;
use crate::report::{Entry, Why};
use crate::rows::{Cell, Column, Rows};
use crate::source::Slice;
use crate::thrift;
use crate::walk::Walk;
use schema::{Type, TypeId};

/// The first bytes of a file.
pub(crate) const MARK: &[u8] = b"Obj\x01";

/// How deep values nest.
const DEEPEST_VALUE: u8 = 64;

/// How many columns are told apart. A schema that uses itself has a new one at every level.
const MOST_COLUMNS: usize = 1 << 12;

/// Reads a file.
pub(crate) fn read(walk: &mut Walk<'_>, entry: &mut Entry, _: &Hint<'_>, slice: &Slice<'_>) -> Result<(), Stop> {
    let mut cursor = Cursor::whole(slice);
    cursor.skip(MARK.len() as u64)?;
    let head = Head::read(&mut cursor, walk, entry)?;
    let mut table = Table {
        types: schema::read(&head.schema)?,
        columns: vec![Column::new(&[])],
        steps: vec![Vec::new()],
        inside: HashMap::new(),
        rows: Rows::default(),
        row: 0,
    };
    let mut stopped = None;
    while cursor.left() > 0 {
        let at = cursor.at();
        let rows = thrift::zigzag(&mut cursor)?;
        let len =
            u64::try_from(thrift::zigzag(&mut cursor)?).map_err(|_| Stop::broken("a block of negative length"))?;
        let rows = u64::try_from(rows).map_err(|_| Stop::broken("a block of negative rows"))?;
        let body = cursor.at();
        cursor.skip(len)?;
        if cursor.array::<16>()? != head.sync {
            return Err(Stop::broken("a block that does not end as it should"));
        }
        let outer = slice.outer(at..cursor.at()).range;
        let before = table.row;
        let read = block(slice, body, len, head.codec, walk).and_then(|bytes| table.block(&bytes, rows, &outer, walk));
        table.rows.leave(walk, entry, u32::try_from(entry.members).unwrap_or(u32::MAX), &table.columns);
        table.row = before.saturating_add(rows);
        entry.records = table.row;
        entry.members = entry.members.saturating_add(1);
        match read {
            Ok(()) => {}
            Err(Stop::Inside(why @ (Why::Broken(_) | Why::TooLargeToHold))) => _ = stopped.get_or_insert(why),
            Err(stop) => return Err(stop),
        }
    }
    stopped.or(table.rows.unread()).map_or(Ok(()), |why| Err(why.into()))
}

/// The bytes of a block.
fn block(
    slice: &Slice<'_>,
    at: u64,
    len: u64,
    codec: AvroCodec,
    walk: &Walk<'_>,
) -> Result<zeroize::Zeroizing<Vec<u8>>, Stop> {
    let wanted = usize::try_from(len).ok().filter(|_| len <= LARGEST_BLOCK_BYTES).ok_or(Why::TooLargeToHold)?;
    let mut packed = zeroize::Zeroizing::new(vec![0; wanted]);
    slice.read_exact(at, &mut packed, "a block that is cut off")?;
    match codec {
        AvroCodec::Of(codec) => codec::unpack_all(codec, &packed, walk.budget),
        AvroCodec::Snappy => {
            // A checksum stands behind it.
            let (packed, _) = packed.split_last_chunk::<4>().ok_or_else(|| Stop::broken("a block that is cut off"))?;
            codec::unpack_all(Codec::Snappy, packed, walk.budget)
        }
    }
}

#[derive(Clone, Copy)]
enum AvroCodec {
    Of(Codec),
    Snappy,
}

/// What stands at the beginning of a file.
struct Head {
    schema: Vec<u8>,
    codec: AvroCodec,
    sync: [u8; 16],
}

impl Head {
    fn read(cursor: &mut Cursor<'_>, walk: &mut Walk<'_>, entry: &mut Entry) -> Result<Self, Stop> {
        let mut schema = Vec::new();
        let mut codec = AvroCodec::Of(Codec::Plain);
        loop {
            let pairs = thrift::zigzag(cursor)?;
            if pairs == 0 {
                break;
            }
            if pairs < 0 {
                // How many bytes they take, for those who do not want them.
                thrift::zigzag(cursor)?;
            }
            for _ in 0..pairs.unsigned_abs() {
                let key = String::from_utf8_lossy(counted(cursor)?).into_owned();
                let at = cursor.at();
                let value = counted(cursor)?.to_vec();
                match key.as_str() {
                    "avro.schema" => schema = value,
                    "avro.codec" => codec = named(&value)?,
                    _ => {
                        let outer = cursor.outer(at..cursor.at()).range;
                        let passage = Passage { bytes: &value, names: [key.as_bytes(), b""], ..Passage::default() };
                        walk.passage(entry, &passage, Spot::Field(&key), outer);
                    }
                }
            }
        }
        Ok(Self { schema, codec, sync: cursor.array()? })
    }
}

fn named(codec: &[u8]) -> Result<AvroCodec, Stop> {
    Ok(match codec {
        b"null" | b"" => AvroCodec::Of(Codec::Plain),
        b"deflate" => AvroCodec::Of(Codec::Deflate),
        b"snappy" => AvroCodec::Snappy,
        b"zstandard" => AvroCodec::Of(Codec::Zstd),
        b"bzip2" => return Err(Why::Unsupported("blocks of bzip2").into()),
        b"xz" => return Err(Why::Unsupported("blocks of xz").into()),
        _ => return Err(Why::Unsupported("blocks compressed in an unknown way").into()),
    })
}

/// Bytes with their length before them.
fn counted<'c>(cursor: &'c mut Cursor<'_>) -> Result<&'c [u8], Stop> {
    let len = u64::try_from(thrift::zigzag(cursor)?).map_err(|_| Stop::broken("a negative length"))?;
    cursor.bytes(len)
}

/// A file under way.
struct Table {
    types: Vec<Type>,
    columns: Vec<Column>,
    /// The steps of each column's path.
    steps: Vec<Vec<String>>,
    /// The column of a step inside another column.
    inside: HashMap<(usize, usize, usize), usize>,
    rows: Rows,
    row: u64,
}

/// Where a value is.
#[derive(Clone, Copy)]
struct At {
    column: usize,
    part: u32,
    depth: u8,
}

impl Table {
    fn block(
        &mut self,
        bytes: &[u8],
        rows: u64,
        outer: &std::ops::Range<u64>,
        walk: &mut Walk<'_>,
    ) -> Result<(), Stop> {
        let types = std::mem::take(&mut self.types);
        let mut walked = Ok(());
        let mut values = Values { types: &types, bytes, at: 0, outer, table: self, walk };
        for _ in 0..rows {
            walked = values.value(0, At { column: 0, part: 0, depth: 0 });
            if walked.is_err() {
                break;
            }
            values.table.row = values.table.row.saturating_add(1);
        }
        self.types = types;
        walked
    }

    /// The column of the field `nth` of a type inside `column`; an element of a list has no name.
    fn step(&mut self, column: usize, of: TypeId, nth: usize, name: &str) -> usize {
        if let Some(inside) = self.inside.get(&(column, of, nth)) {
            return *inside;
        }
        if self.columns.len() >= MOST_COLUMNS {
            return column;
        }
        let mut steps = self.steps.get(column).cloned().unwrap_or_default();
        steps.push(name.to_owned());
        let names: Vec<&str> = steps.iter().map(String::as_str).collect();
        self.columns.push(Column::new(&names));
        self.steps.push(steps);
        let inside = self.columns.len().saturating_sub(1);
        self.inside.insert((column, of, nth), inside);
        inside
    }
}

/// The values of a block.
struct Values<'a, 'w> {
    types: &'a [Type],
    bytes: &'a [u8],
    at: usize,
    outer: &'a std::ops::Range<u64>,
    table: &'a mut Table,
    walk: &'a mut Walk<'w>,
}

impl Values<'_, '_> {
    fn value(&mut self, of: TypeId, at: At) -> Result<(), Stop> {
        if at.depth > DEEPEST_VALUE {
            return Err(Stop::broken("values inside values, too deep"));
        }
        // A value that takes no bytes takes time all the same.
        self.walk.budget.unpack(1)?;
        let deeper = At { depth: at.depth.saturating_add(1), ..at };
        match self.types.get(of) {
            None | Some(Type::Null | Type::Open) => Ok(()),
            Some(Type::Passed(len) | Type::Fixed(len)) => self.take(*len).map(drop),
            Some(Type::Integer { looked_at }) => {
                let number = self.number()?;
                if *looked_at {
                    let cell = self.cell(at);
                    let Table { columns, rows, .. } = &mut *self.table;
                    if let Some(column) = columns.get(at.column) {
                        rows.number(self.walk, column, &cell, number);
                    }
                }
                Ok(())
            }
            Some(Type::Double) => {
                let bytes = self.take(8)?.try_into().unwrap_or_default();
                let cell = self.cell(at);
                let Table { columns, rows, .. } = &mut *self.table;
                if let Some(column) = columns.get(at.column) {
                    rows.float(self.walk, column, &cell, f64::from_le_bytes(bytes));
                }
                Ok(())
            }
            Some(Type::Text { looked_at }) => {
                let len = usize::try_from(self.number()?).map_err(|_| Stop::broken("a text of negative length"))?;
                let from = self.at;
                self.take(len)?;
                if *looked_at {
                    let cell = self.cell(at);
                    let text = self.bytes.get(from..self.at).unwrap_or_default();
                    let Table { columns, rows, .. } = &mut *self.table;
                    if let Some(column) = columns.get(at.column) {
                        rows.text(self.walk, column, &cell, text);
                    }
                }
                Ok(())
            }
            Some(Type::Union(choices)) => {
                let choice = usize::try_from(self.number()?).ok().and_then(|choice| choices.get(choice));
                self.value(*choice.ok_or_else(|| Stop::broken("a choice that is none"))?, deeper)
            }
            Some(Type::Record(fields)) => {
                for (nth, field) in fields.iter().enumerate() {
                    let column = self.table.step(at.column, of, nth, &field.name);
                    self.value(field.of, At { column, ..deeper })?;
                }
                Ok(())
            }
            Some(Type::Array(inner)) => self.elements(*inner, of, deeper, false),
            Some(Type::Map(inner)) => self.elements(*inner, of, deeper, true),
        }
    }

    /// The elements of a list, or of a map, each of which has a key.
    fn elements(&mut self, inner: TypeId, of: TypeId, at: At, keyed: bool) -> Result<(), Stop> {
        let column = self.table.step(at.column, of, 0, "");
        let mut element = 0_u32;
        loop {
            let count = self.number()?;
            if count == 0 {
                return Ok(());
            }
            if count < 0 {
                self.number()?;
            }
            for _ in 0..count.unsigned_abs() {
                element = element.saturating_add(1);
                // Elements of the outermost list are parts of the row; which list it is tells them from others.
                let part = if at.part == 0 { (column as u32).wrapping_shl(10).wrapping_add(element) } else { at.part };
                if keyed {
                    let len = usize::try_from(self.number()?).map_err(|_| Stop::broken("a key of negative length"))?;
                    let from = self.at;
                    self.take(len)?;
                    let cell = self.cell(At { column, part, ..at });
                    let key = self.bytes.get(from..self.at).unwrap_or_default();
                    let Table { columns, rows, .. } = &mut *self.table;
                    if let Some(column) = columns.get(column) {
                        rows.text(self.walk, column, &cell, key);
                    }
                }
                self.value(inner, At { column, part, ..at })?;
            }
        }
    }

    fn cell(&self, at: At) -> Cell {
        Cell { row: self.table.row, part: at.part, column: at.column, outer: self.outer.clone() }
    }

    fn take(&mut self, len: usize) -> Result<&[u8], Stop> {
        let end = self.at.checked_add(len).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| Stop::broken("a value that goes beyond its block"))?;
        let value = self.bytes.get(self.at..end).unwrap_or_default();
        self.at = end;
        Ok(value)
    }

    fn number(&mut self) -> Result<i64, Stop> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?.first().copied().unwrap_or(0);
            value |= u64::from(byte & 0x7f).wrapping_shl(shift);
            if byte < 0x80 {
                return Ok((value >> 1).cast_signed() ^ 0_i64.wrapping_sub((value & 1).cast_signed()));
            }
        }
        Err(Stop::broken("a number of too many bytes"))
    }
}
