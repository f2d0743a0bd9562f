//! Arrow's files and streams: a schema, then batches of rows, column by column.
//!
//! Read here because what is needed is little, and the reference crates believe the lengths in a message.
//!
//! SPEC: "Serialization and Interprocess Communication" of the Arrow Columnar Format 1.5, Message.fbs, File.fbs. A file
//! is a stream between marks with a list of its messages behind it. It is read as a stream; messages that only the list
//! knows are read too.
//!
//! # Threats
//! Lengths, offsets and numbers of rows are the writer's. Buffers are read where they stand and checked at each step;
//! packed ones are held up to a bound; rows are read in stretches, and each is counted against the object's budget.

mod batch;
mod buffer;
mod schema;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use scan::{Hint, Passage};
use zeroize::Zeroizing;

use crate::codec::LARGEST_BLOCK_BYTES;
use crate::cursor::Cursor;
use crate::error::Stop;
use crate::flatbuffer::Table;
use crate::place::Spot;
use crate::report::{Entry, Oddity, Why};
use crate::rows::{Cell, Rows, STRETCH_ROWS, Seen};
use crate::source::Slice;
use crate::walk::Walk;
use batch::{Batch, Element, Span};
use schema::{Layout, Schema};

/// The first and last bytes of a file.
const MARK: &[u8] = b"ARROW1";

/// What begins a message.
const CONTINUES: [u8; 4] = [0xff; 4];

/// How many messages are remembered by their place, to find those that only a file's list knows.
const MOST_MESSAGES: usize = 1 << 16;

/// Whether something that begins so is a file or a stream.
pub(crate) fn is_arrow(start: &[u8]) -> bool {
    if start.starts_with(MARK) {
        return start.get(MARK.len()..8) == Some(&[0, 0]);
    }
    let Some((CONTINUES, rest)) = start.split_first_chunk::<4>().map(|(mark, rest)| (*mark, rest)) else {
        return false;
    };
    let Some((len, rest)) = rest.split_first_chunk::<4>() else { return false };
    let len = i32::from_le_bytes(*len);
    len > 8 && len % 8 == 0 && rest.first_chunk::<4>().is_some_and(|root| u32::from_le_bytes(*root) < 64)
}

/// Reads a file or a stream.
pub(crate) fn read(walk: &mut Walk<'_>, entry: &mut Entry, _: &Hint<'_>, slice: &Slice<'_>) -> Result<(), Stop> {
    let mut cursor = Cursor::whole(slice);
    let is_file = cursor.peek(MARK.len())? == MARK;
    if is_file {
        cursor.skip(8)?;
    }
    let mut tables = Tables { slice, schema: Schema::default(), dictionaries: HashMap::new(), held: 0, stopped: None };
    let mut seen = BTreeSet::new();
    while cursor.left() >= 8 {
        let at = cursor.at();
        if !tables.message(&mut cursor, walk, entry)? {
            break;
        }
        if seen.len() < MOST_MESSAGES {
            seen.insert(at);
        }
    }
    if is_file && seen.len() < MOST_MESSAGES {
        for at in listed(slice)? {
            if !seen.contains(&at) {
                entry.note(Oddity::HeadersDisagree);
                cursor.go(at)?;
                tables.message(&mut cursor, walk, entry)?;
            }
        }
    }
    tables.stopped.map_or(Ok(()), |why| Err(why.into()))
}

/// The messages that the list behind a file knows.
// SPEC: `Footer` and `Block` of File.fbs.
fn listed(slice: &Slice<'_>) -> Result<Vec<u64>, Stop> {
    let cut = || Stop::broken("a file without the list of its messages");
    let tail = slice.len().checked_sub((MARK.len() as u64).saturating_add(4)).ok_or_else(cut)?;
    let mut cursor = Cursor::new(slice, tail..u64::MAX);
    let len = u64::from(u32::from_le_bytes(cursor.array()?));
    if cursor.bytes(MARK.len() as u64)? != MARK {
        return Err(cut());
    }
    let from = tail.checked_sub(len).ok_or_else(cut)?;
    let mut cursor = Cursor::new(slice, from..tail);
    let footer = cursor.bytes(len)?;
    let footer = Table::root(footer).ok_or_else(cut)?;
    let blocks = footer.list(2).pieces::<24>().chain(footer.list(3).pieces::<24>());
    let offset = |block: [u8; 24]| {
        let (offset, _) = block.split_first_chunk::<8>()?;
        u64::try_from(i64::from_le_bytes(*offset)).ok()
    };
    Ok(blocks.take(MOST_MESSAGES).filter_map(offset).collect())
}

/// What is known while messages come.
struct Tables<'a> {
    slice: &'a Slice<'a>,
    schema: Schema,
    dictionaries: HashMap<i64, Dictionary>,
    /// Bytes of dictionaries that are held.
    held: u64,
    stopped: Option<Why>,
}

/// The texts of a dictionary, and what was found in them.
#[derive(Default)]
struct Dictionary {
    texts: Vec<Zeroizing<Vec<u8>>>,
    outer: Range<u64>,
    seen: Seen,
}

impl Tables<'_> {
    /// Reads a message. Says whether there may be more.
    fn message(&mut self, cursor: &mut Cursor<'_>, walk: &mut Walk<'_>, entry: &mut Entry) -> Result<bool, Stop> {
        let mut head: [u8; 4] = cursor.array()?;
        // Before version 0.15 nothing stood before the length.
        if head == CONTINUES {
            head = cursor.array()?;
        }
        let len = i32::from_le_bytes(head);
        if len == 0 {
            return Ok(false);
        }
        let len = u64::try_from(len).map_err(|_| Stop::broken("a message of negative length"))?;
        let meta = cursor.bytes(len)?.to_vec();
        let broken = || Stop::broken("a message that cannot be read");
        let message = Table::root(&meta).ok_or_else(broken)?;
        let body = u64::try_from(message.long(3)).map_err(|_| broken())?;
        let from = cursor.at();
        cursor.skip(body)?;
        let body = from..cursor.at();
        let inner = message.table(2).ok_or_else(broken)?;
        // SPEC: the union `MessageHeader` of Message.fbs.
        match message.byte(1) {
            1 => {
                for pair in inner.list(2).tables() {
                    note(pair, walk, entry, self.slice.outer(0..from).range);
                }
                self.schema = Schema::read(inner)?;
            }
            2 => {
                let read = self.dictionary(inner, body, walk);
                self.keep(read)?;
            }
            3 => {
                let read = self.batch(inner, body, walk, entry);
                self.keep(read)?;
                entry.members = entry.members.saturating_add(1);
            }
            _ => self.keep(Err(Why::Unsupported("a message that is no batch of rows").into()))?,
        }
        Ok(true)
    }

    /// Keeps the first reason why something was not read; what ends everything goes on.
    fn keep(&mut self, read: Result<(), Stop>) -> Result<(), Stop> {
        match read {
            Err(Stop::Inside(why @ (Why::Broken(_) | Why::Unsupported(_) | Why::TooLargeToHold))) => {
                self.stopped.get_or_insert(why);
                Ok(())
            }
            read => read,
        }
    }

    // SPEC: `DictionaryBatch` of Message.fbs.
    fn dictionary(&mut self, message: Table<'_>, body: Range<u64>, walk: &mut Walk<'_>) -> Result<(), Stop> {
        let id = message.long(0);
        let delta = message.byte(2) != 0;
        let data = message.table(1).ok_or_else(|| Stop::broken("a dictionary without values"))?;
        let is = |field: &schema::Field| field.dictionary.is_some_and(|(of, _)| of == id);
        let field = self.schema.fields.iter().position(is).ok_or_else(|| Stop::broken("a dictionary of no column"))?;
        if !delta && let Some(old) = self.dictionaries.remove(&id) {
            self.held = self.held.saturating_sub(old.texts.iter().map(|text| text.len() as u64).sum());
        }
        // Inside the dictionary its values are laid out as the column would be without one.
        let mut plain = Schema { fields: self.schema.fields.clone(), columns: Vec::new() };
        let Some(described) = plain.fields.get_mut(field) else { return Ok(()) };
        described.dictionary = None;
        let layout = described.layout;
        let mut batch = Batch::new(self.slice, walk.budget, data, body.clone(), &plain, &[field])?;
        if !matches!(layout, Layout::Text(_) | Layout::View) {
            return Err(Why::Unsupported("a dictionary of anything but texts").into());
        }
        walk.budget.unpack(usize::try_from(batch.rows).unwrap_or(usize::MAX))?;
        let mut texts = Vec::new();
        let mut held = self.held;
        let all = Span { elements: 0..batch.rows, row: 0, rows: true, part: 0, parts: false };
        values(&mut batch, field, layout, &[all], &mut |value, element| {
            if let Value::Bytes(bytes) = value {
                held = held.saturating_add(bytes.len() as u64).saturating_add(size_of::<Zeroizing<Vec<u8>>>() as u64);
                if held > LARGEST_BLOCK_BYTES {
                    return Err(Why::TooLargeToHold.into());
                }
                // Gaps in a dictionary keep their places.
                let place = usize::try_from(element.nth).unwrap_or(usize::MAX);
                texts.resize_with(texts.len().max(place), || Zeroizing::new(Vec::new()));
                texts.push(Zeroizing::new(bytes.to_vec()));
            }
            Ok(())
        })?;
        self.held = held;
        let dictionary = self.dictionaries.entry(id).or_default();
        dictionary.outer = self.slice.outer(body).range;
        dictionary.texts.append(&mut texts);
        Ok(())
    }

    /// Reads a batch of rows, in stretches.
    fn batch(
        &mut self,
        message: Table<'_>,
        body: Range<u64>,
        walk: &mut Walk<'_>,
        entry: &mut Entry,
    ) -> Result<(), Stop> {
        let fields = &self.schema.fields;
        let roots: Vec<usize> =
            fields.iter().enumerate().filter(|(_, field)| field.outermost).map(|(nth, _)| nth).collect();
        let budget = walk.budget;
        let mut batch = Batch::new(self.slice, budget, message, body, &self.schema, &roots)?;
        let group = u32::try_from(entry.members).unwrap_or(u32::MAX);
        let before = entry.records;
        let mut rows = Rows::default();
        let mut from = 0_u64;
        // Without columns there is nothing in a row.
        let len = if batch.rows > 0 && roots.is_empty() { 0 } else { batch.rows };
        let mut broken = BTreeSet::new();
        while from < len {
            let until = from.saturating_add(STRETCH_ROWS).min(len);
            walk.budget.unpack(usize::try_from(until.saturating_sub(from)).unwrap_or(usize::MAX))?;
            let row = before.saturating_add(from);
            let span = Span { elements: from..until, row, rows: true, part: 0, parts: false };
            for root in &roots {
                if broken.contains(root) {
                    continue;
                }
                let read = self.column(*root, &mut batch, std::slice::from_ref(&span), walk, &mut rows);
                if read.is_err() {
                    broken.insert(*root);
                }
                self.keep(read)?;
            }
            rows.leave(walk, entry, group, &self.schema.columns);
            from = until;
        }
        entry.records = before.saturating_add(len);
        if let Some(why) = rows.unread() {
            self.stopped.get_or_insert(why);
        }
        Ok(())
    }

    /// Looks at the elements `spans` of a column and of those inside it.
    fn column(
        &mut self,
        field: usize,
        batch: &mut Batch<'_>,
        spans: &[Span],
        walk: &mut Walk<'_>,
        rows: &mut Rows,
    ) -> Result<(), Stop> {
        let Some(described) = self.schema.fields.get(field).cloned() else { return Ok(()) };
        if let Some((id, width)) = described.dictionary {
            return self.known(field, id, width, batch, spans, walk, rows);
        }
        match described.layout {
            Layout::Null | Layout::Passed => Ok(()),
            Layout::Struct => {
                // A gap in a structure has gaps inside.
                described.children.iter().try_for_each(|child| self.column(*child, batch, spans, walk, rows))
            }
            layout @ (Layout::List(_) | Layout::ListView(_) | Layout::FixedList(_)) => {
                let inner = batch.lists(field, layout, u32::try_from(field).unwrap_or(0).wrapping_add(1), spans)?;
                described.children.iter().try_for_each(|child| self.column(*child, batch, &inner, walk, rows))
            }
            Layout::Union { .. } => Err(Why::Unsupported("a column of several types").into()),
            Layout::RunEnds => Err(Why::Unsupported("a column of runs").into()),
            layout => {
                let Some(column) = self.schema.columns.get(field) else { return Ok(()) };
                let outer = batch.outer(field, layout.buffers().saturating_sub(1));
                let mut cell = Cell { row: 0, part: 0, column: field, outer: outer.clone() };
                values(batch, field, layout, spans, &mut |value, element| {
                    (cell.row, cell.part) = (element.row, element.part);
                    match value {
                        Value::Bytes(bytes) => rows.text(walk, column, &cell, bytes),
                        Value::Integer(number) => rows.number(walk, column, &cell, number),
                        Value::Float(number) => rows.float(walk, column, &cell, number),
                    };
                    Ok(())
                })
            }
        }
    }

    /// Looks at places in a dictionary.
    #[expect(clippy::too_many_arguments, reason = "the walk, the batch and the rows are three things under way")]
    fn known(
        &mut self,
        field: usize,
        id: i64,
        width: u64,
        batch: &mut Batch<'_>,
        spans: &[Span],
        walk: &mut Walk<'_>,
        rows: &mut Rows,
    ) -> Result<(), Stop> {
        let missing = || Stop::broken("a dictionary that is not there");
        let Dictionary { texts, outer, seen } = self.dictionaries.get_mut(&id).ok_or_else(missing)?;
        let Some(column) = self.schema.columns.get(field) else { return Ok(()) };
        let mut places = batch.buffer(field, 1)?;
        batch.present(field, spans, &mut |element| {
            let place = places.place(element.nth, width)?;
            let cell = Cell { row: element.row, part: element.part, column: field, outer: outer.clone() };
            let text = usize::try_from(place).ok().and_then(|place| texts.get(place));
            let text = text.ok_or_else(|| Stop::broken("a place that its dictionary does not have"))?;
            seen.look(place, &cell, rows, |rows| rows.text(walk, column, &cell, text));
            Ok(())
        })
    }
}

/// A value of a column.
#[derive(Clone, Copy)]
enum Value<'a> {
    Bytes(&'a [u8]),
    Integer(i64),
    Float(f64),
}

/// Calls `each` with the values of `spans`.
fn values(
    batch: &mut Batch<'_>,
    field: usize,
    layout: Layout,
    spans: &[Span],
    each: &mut dyn FnMut(Value<'_>, Element) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut first = batch.buffer(field, 1)?;
    match layout {
        Layout::Integer(width) => batch
            .present(field, spans, &mut |element| each(Value::Integer(first.integer(element.nth, width)?), element)),
        Layout::Float64 => {
            batch.present(field, spans, &mut |element| each(Value::Float(first.float(element.nth)?), element))
        }
        Layout::Fixed(len) => batch.present(field, spans, &mut |element| {
            each(Value::Bytes(first.bytes(element.nth.saturating_mul(len), len)?), element)
        }),
        Layout::Text(width) => {
            let mut bytes = batch.buffer(field, 2)?;
            batch.present(field, spans, &mut |element| {
                let (from, end) =
                    (first.count(element.nth, width)?, first.count(element.nth.saturating_add(1), width)?);
                let len = end.checked_sub(from).ok_or_else(|| Stop::broken("a text that ends before it begins"))?;
                each(Value::Bytes(bytes.bytes(from, len)?), element)
            })
        }
        Layout::View => {
            let further: Result<Vec<_>, Stop> =
                (0..batch.further(field)).map(|nth: usize| batch.buffer(field, nth.saturating_add(2))).collect();
            let mut further = further?;
            batch.present(field, spans, &mut |element| {
                let view: [u8; 16] = first.piece(element.nth)?;
                let [a, b, c, d, inline @ ..] = view;
                let len = u32::from_le_bytes([a, b, c, d]);
                // SPEC: up to twelve bytes stand here; of longer ones four, then buffer and offset.
                if len <= 12 {
                    return each(Value::Bytes(inline.get(..len as usize).unwrap_or_default()), element);
                }
                let [_, _, _, _, e, f, g, h, i, j, k, l] = inline;
                let buffer = further.get_mut(u32::from_le_bytes([e, f, g, h]) as usize);
                let buffer = buffer.ok_or_else(|| Stop::broken("a value in a buffer that is not there"))?;
                let offset = u64::from(u32::from_le_bytes([i, j, k, l]));
                each(Value::Bytes(buffer.bytes(offset, u64::from(len))?), element)
            })
        }
        _ => Ok(()),
    }
}

/// Looks at a key and value that were noted about the file.
fn note(pair: Table<'_>, walk: &mut Walk<'_>, entry: &mut Entry, outer: Range<u64>) {
    let key = String::from_utf8_lossy(pair.text(0)).into_owned();
    let passage = Passage { bytes: pair.text(1), names: [key.as_bytes(), b""], ..Passage::default() };
    walk.passage(entry, &passage, Spot::Field(&key), outer);
}
