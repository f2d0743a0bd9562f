//! Parquet: tables by column, in groups of rows.
//!
//! Read here and not by the reference library: its pages are as large as they say, its footer is held whole, and it
//! brings thirty crates; what a scanner needs of the format is its texts and the numbers that may be identifiers.
//!
//! A row is a record. Columns of a group are read side by side in stretches of rows, so that what is found in one row
//! leaves together. A value of a dictionary is looked at once and found in every row that has it.
//!
//! # Threats
//! The footer says where everything is, and may say anything: pages in each other, a billion rows in ten bytes, sizes
//! without end. It is read field by field where it stands; one page and one dictionary a column are held, columns are
//! put away when that is more than [`MOST_HELD_BYTES`]; everything that is unpacked, rows included, is counted against
//! the object's budget.

mod chunk;
mod packed;
mod page;
mod schema;

use std::ops::Range;

use scan::{Hint, Passage};

use crate::codec::Codec;
use crate::cursor::{Cursor, LONGEST_FIELD_BYTES};
use crate::error::Stop;
use crate::place::Spot;
use crate::report::{Entry, Oddity, Why};
use crate::rows::{Column, Rows, STRETCH_ROWS};
use crate::source::Slice;
use crate::thrift::{self, Kind};
use crate::walk::Walk;
use chunk::Chunk;
use schema::{Leaf, Physical};

/// The first and last bytes of a file.
pub(crate) const MARK: &[u8] = b"PAR1";

/// The last bytes of a file whose footer is encrypted.
const ENCRYPTED_MARK: &[u8] = b"PARE";

/// What stands behind the footer: its length and the mark.
const TAIL_BYTES: u64 = 8;

/// How much the columns of a group hold between stretches. One column may hold a page and a dictionary beyond it.
const MOST_HELD_BYTES: usize = 8 << 20;

/// What Arrow keeps beside the schema for itself: nothing that anybody wrote.
const ARROW_SCHEMA: &str = "ARROW:schema";

/// Reads a file.
pub(crate) fn read(walk: &mut Walk<'_>, entry: &mut Entry, _: &Hint<'_>, slice: &Slice<'_>) -> Result<(), Stop> {
    let footer = footer(slice)?;
    let mut table =
        Table { slice, leaves: Vec::new(), columns: Vec::new(), data_end: footer.start, rows: 0, groups: 0 };
    let mut stopped = None;
    let mut cursor = Cursor::new(slice, footer);
    let mut said_rows = None;
    // SPEC: `FileMetaData` of parquet.thrift. Fields come in this order from every writer.
    thrift::fields(&mut cursor, &mut |cursor, field| {
        match (field.id, field.kind) {
            (2, _) => {
                table.leaves = schema::read(cursor, field)?;
                table.columns = table.leaves.iter().map(|leaf| leaf.column.clone()).collect();
            }
            (3, _) => said_rows = Some(thrift::count(cursor, field)?),
            (4, Kind::List) => {
                let (_, groups) = thrift::list(cursor)?;
                for _ in 0..groups {
                    table.group(cursor, walk, entry, &mut stopped)?;
                }
            }
            (5, Kind::List) => metadata(cursor, walk, entry, table.rows)?,
            _ => thrift::skip(cursor, field.kind)?,
        }
        Ok(())
    })?;
    if said_rows.is_some_and(|said| said != table.rows) {
        entry.note(Oddity::HeadersDisagree);
    }
    stopped.map_or(Ok(()), |why| Err(Stop::Inside(why)))
}

/// Where the footer is.
fn footer(slice: &Slice<'_>) -> Result<Range<u64>, Stop> {
    let tail = slice.len().checked_sub(TAIL_BYTES).ok_or_else(|| Stop::broken("it ends before its footer"))?;
    let mut bytes = [0; 8];
    slice.read_exact(tail, &mut bytes, "it ends before its footer")?;
    let [a, b, c, d, mark @ ..] = bytes;
    if mark == ENCRYPTED_MARK {
        return Err(Why::Encrypted.into());
    }
    if mark != MARK {
        return Err(Stop::broken("it does not end as it should: it was cut off, or its footer is gone"));
    }
    let len = u64::from(u32::from_le_bytes([a, b, c, d]));
    let from = tail.checked_sub(len).filter(|from| *from >= MARK.len() as u64);
    from.map(|from| from..tail).ok_or_else(|| Stop::broken("a footer that is longer than the file"))
}

/// A file under way.
struct Table<'a> {
    slice: &'a Slice<'a>,
    leaves: Vec<Leaf>,
    columns: Vec<Column>,
    /// Pages lie before this.
    data_end: u64,
    rows: u64,
    groups: u32,
}

/// What the footer says of a column in a group.
#[derive(Default)]
struct Said {
    codec: i64,
    len: u64,
    values: Option<u64>,
    dictionary: Option<u64>,
    encrypted: bool,
    elsewhere: bool,
}

impl Table<'_> {
    /// Reads a group of rows, whose description begins at `cursor`. What goes wrong in one column leaves the others.
    fn group(
        &mut self,
        cursor: &mut Cursor<'_>,
        walk: &mut Walk<'_>,
        entry: &mut Entry,
        stopped: &mut Option<Why>,
    ) -> Result<(), Stop> {
        let (mut columns, mut rows) = (Vec::new(), 0);
        thrift::fields(cursor, &mut |cursor, field| {
            match (field.id, field.kind) {
                (1, Kind::List) => {
                    let (_, len) = thrift::list(cursor)?;
                    for nth in 0..len {
                        let said = said(cursor)?;
                        if (nth as usize) < self.leaves.len() {
                            columns.push(said);
                        }
                    }
                }
                (3, _) => rows = thrift::count(cursor, field)?,
                _ => thrift::skip(cursor, field.kind)?,
            }
            Ok(())
        })?;
        if columns.len() != self.leaves.len() {
            entry.note(Oddity::HeadersDisagree);
        }
        let mut chunks = Vec::new();
        for (nth, (said, leaf)) in columns.iter().zip(&self.leaves).enumerate() {
            if leaf.physical == Physical::Passed {
                continue;
            }
            match self.chunk(said, leaf, nth) {
                Ok(chunk) => chunks.push(chunk),
                Err(stop) => inside(stop, stopped)?,
            }
        }
        let read = stretches(
            walk,
            entry,
            &mut chunks,
            &self.columns,
            self.rows..self.rows.saturating_add(rows),
            self.groups,
            stopped,
        );
        entry.members = entry.members.saturating_add(1);
        self.groups = self.groups.saturating_add(1);
        self.rows = self.rows.saturating_add(rows);
        entry.records = self.rows;
        read
    }

    fn chunk<'t>(&'t self, said: &Said, leaf: &'t Leaf, nth: usize) -> Result<Chunk<'t>, Stop> {
        if said.encrypted {
            return Err(Why::Encrypted.into());
        }
        if said.elsewhere {
            return Err(Why::Unsupported("a column that lies in another file").into());
        }
        // SPEC: `CompressionCodec` of parquet.thrift.
        let codec = match said.codec {
            0 => Codec::Plain,
            1 => Codec::Snappy,
            2 => Codec::Gzip,
            5 => Codec::HadoopLz4,
            6 => Codec::Zstd,
            7 => Codec::Lz4,
            4 => return Err(Why::Unsupported("a column compressed with Brotli").into()),
            _ => return Err(Why::Unsupported("a column compressed in an unknown way").into()),
        };
        let values = said.values.ok_or_else(|| Stop::broken("a column without pages"))?;
        let from = said.dictionary.filter(|dictionary| (1..values).contains(dictionary)).unwrap_or(values);
        let end = from.checked_add(said.len).filter(|end| *end <= self.data_end);
        let end = end.ok_or_else(|| Stop::broken("a column that goes beyond the file"))?;
        Ok(Chunk::new(self.slice, leaf, nth, codec, from..end, self.rows))
    }
}

/// Reads the columns of a group side by side.
fn stretches(
    walk: &mut Walk<'_>,
    entry: &mut Entry,
    chunks: &mut Vec<Chunk<'_>>,
    columns: &[Column],
    rows: Range<u64>,
    group: u32,
    stopped: &mut Option<Why>,
) -> Result<(), Stop> {
    let mut found = Rows::default();
    let mut row = rows.start;
    while row < rows.end && !chunks.is_empty() {
        let until = row.saturating_add(STRETCH_ROWS).min(rows.end);
        // A row that takes no bytes takes time all the same.
        walk.budget.unpack(usize::try_from(until.saturating_sub(row)).unwrap_or(usize::MAX))?;
        let mut held = 0_usize;
        let mut over = Ok(());
        chunks.retain_mut(|chunk| {
            if over.is_err() {
                return true;
            }
            let more = chunk.read(until, walk, &mut found).or_else(|stop| inside(stop, stopped).map(|()| false));
            held = held.saturating_add(chunk.held());
            if held > MOST_HELD_BYTES {
                held = held.saturating_sub(chunk.held());
                chunk.put_away();
            }
            more.unwrap_or_else(|stop| {
                over = Err(stop);
                true
            })
        });
        found.leave(walk, entry, group, columns);
        over?;
        row = until;
    }
    if let Some(why) = found.unread() {
        stopped.get_or_insert(why);
    }
    Ok(())
}

/// Keeps the first reason why a column was not read; what ends everything goes on.
fn inside(stop: Stop, stopped: &mut Option<Why>) -> Result<(), Stop> {
    match stop {
        Stop::Inside(why @ (Why::Bomb | Why::TooLarge | Why::TooMany)) => Err(why.into()),
        Stop::Inside(why) => {
            stopped.get_or_insert(why);
            Ok(())
        }
        failed => Err(failed),
    }
}

// SPEC: `ColumnChunk` and `ColumnMetaData` of parquet.thrift.
fn said(cursor: &mut Cursor<'_>) -> Result<Said, Stop> {
    let mut said = Said::default();
    thrift::fields(cursor, &mut |cursor, field| {
        match (field.id, field.kind) {
            (1, Kind::Binary) => {
                said.elsewhere = true;
                thrift::skip(cursor, field.kind)?;
            }
            (3, Kind::Struct) => thrift::fields(cursor, &mut |cursor, field| {
                match field.id {
                    4 => said.codec = thrift::integer(cursor, field)?,
                    7 => said.len = thrift::count(cursor, field)?,
                    9 => said.values = Some(thrift::count(cursor, field)?),
                    11 => said.dictionary = Some(thrift::count(cursor, field)?),
                    _ => thrift::skip(cursor, field.kind)?,
                }
                Ok(())
            })?,
            (8, _) => {
                said.encrypted = true;
                thrift::skip(cursor, field.kind)?;
            }
            _ => thrift::skip(cursor, field.kind)?,
        }
        Ok(())
    })?;
    Ok(said)
}

/// What was noted about the file: keys and values.
fn metadata(cursor: &mut Cursor<'_>, walk: &mut Walk<'_>, entry: &mut Entry, record: u64) -> Result<(), Stop> {
    let (_, len) = thrift::list(cursor)?;
    for _ in 0..len {
        let mut key = String::new();
        thrift::fields(cursor, &mut |cursor, field| match (field.id, field.kind) {
            (1, Kind::Binary) => {
                key = thrift::text(cursor)?;
                Ok(())
            }
            (2, Kind::Binary) => {
                let len = thrift::varint(cursor)?;
                if key == ARROW_SCHEMA || len > LONGEST_FIELD_BYTES as u64 {
                    return cursor.skip(len);
                }
                let outer = cursor.outer(cursor.at()..cursor.at().saturating_add(len)).range;
                let names = [key.as_bytes(), b"".as_slice()];
                let passage = Passage { bytes: cursor.bytes(len)?, names, record, part: 0, lines: false };
                walk.passage(entry, &passage, Spot::Field(&key), outer);
                Ok(())
            }
            _ => thrift::skip(cursor, field.kind),
        })?;
    }
    Ok(())
}
