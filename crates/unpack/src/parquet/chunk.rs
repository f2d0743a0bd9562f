//! One column of one row group: its pages, one after the other, as far as a stretch of rows goes.

use std::ops::Range;

use scan::Finding;

use super::page::{Dictionary, Page, Value, Written};
use super::schema::Leaf;
use crate::codec::{self, Codec, LARGEST_BLOCK_BYTES};
use crate::cursor::Cursor;
use crate::error::Stop;
use crate::report::Why;
use crate::rows::{Cell, Rows, Seen};
use crate::source::Slice;
use crate::thrift::{self, Kind};
use crate::walk::Walk;

/// Reads a column of a row group.
pub(super) struct Chunk<'a> {
    slice: &'a Slice<'a>,
    leaf: &'a Leaf,
    /// The column's place among all.
    nth: usize,
    codec: Codec,
    /// Where the next page begins, and where the column ends.
    at: u64,
    end: u64,
    /// The row that begins next.
    row: u64,
    element: u32,
    dictionary: Option<Known>,
    dictionary_at: Option<u64>,
    page: Option<Open>,
    /// How many places of the next page were read before it was put away.
    resume: u64,
}

/// A page that is open.
struct Open {
    page: Page,
    at: u64,
    outer: Range<u64>,
    taken: u64,
}

/// A dictionary, and what was found in it so far.
struct Known {
    dictionary: Dictionary,
    outer: Range<u64>,
    seen: Seen,
}

impl<'a> Chunk<'a> {
    /// Reads the pages in `range`; the first row is `row`.
    pub(super) const fn new(
        slice: &'a Slice<'a>,
        leaf: &'a Leaf,
        nth: usize,
        codec: Codec,
        range: Range<u64>,
        row: u64,
    ) -> Self {
        Self {
            slice,
            leaf,
            nth,
            codec,
            at: range.start,
            end: range.end,
            row,
            element: 0,
            dictionary: None,
            dictionary_at: None,
            page: None,
            resume: 0,
        }
    }

    /// How many bytes it holds.
    pub(super) fn held(&self) -> usize {
        let page = self.page.as_ref().map_or(0, |open| open.page.held());
        page.saturating_add(self.dictionary.as_ref().map_or(0, |known| known.dictionary.held()))
    }

    /// Gives back what it holds. It is read once more when the next stretch comes.
    pub(super) fn put_away(&mut self) {
        self.dictionary = None;
        if let Some(open) = self.page.take() {
            self.at = open.at;
            self.resume = open.taken;
        }
    }

    /// Looks at all rows before `until`. Says whether there are more.
    pub(super) fn read(&mut self, until: u64, walk: &mut Walk<'_>, rows: &mut Rows) -> Result<bool, Stop> {
        loop {
            let Some(open) = &mut self.page else {
                if !self.open_page(walk)? {
                    return Ok(false);
                }
                continue;
            };
            match open.page.at_row() {
                None => {
                    self.page = None;
                    continue;
                }
                Some(true) if self.row >= until => return Ok(true),
                Some(_) => {}
            }
            open.taken = open.taken.saturating_add(1);
            let Some(place) = open.page.next(walk.budget)? else { continue };
            if place.row {
                self.row = self.row.saturating_add(1);
                self.element = 0;
            }
            if place.element {
                self.element = self.element.saturating_add(1);
            }
            let Some(value) = place.value else { continue };
            let cell = Cell {
                row: self.row.saturating_sub(1),
                // Elements of one list are told apart, and so are lists.
                part: if self.leaf.list == 0 { 0 } else { self.leaf.list.wrapping_shl(10).wrapping_add(self.element) },
                column: self.nth,
                outer: open.outer.clone(),
            };
            if let Value::Known(place) = value {
                self.known(place, cell, walk, rows)?;
            } else {
                look(value, self.leaf, &cell, walk, rows);
            }
        }
    }

    /// A value of the dictionary, which is looked at when it is met first.
    fn known(&mut self, place: u32, cell: Cell, walk: &mut Walk<'_>, rows: &mut Rows) -> Result<(), Stop> {
        if self.dictionary.is_none() {
            let at = self.dictionary_at.ok_or_else(|| Stop::broken("a dictionary that is not there"))?;
            let page = PageHead::read(self.slice, at..self.end)?;
            self.open_dictionary(&page, walk)?;
        }
        let Some(known) = &mut self.dictionary else { return Ok(()) };
        let cell = Cell { outer: known.outer.clone(), ..cell };
        let value = known.dictionary.value(place);
        let value = value.ok_or_else(|| Stop::broken("a place that its dictionary does not have"))?;
        known.seen.look(u64::from(place), &cell, rows, |rows| look(value, self.leaf, &cell, walk, rows));
        Ok(())
    }

    /// Opens the next page of values. Says whether there is one.
    fn open_page(&mut self, walk: &Walk<'_>) -> Result<bool, Stop> {
        while self.at < self.end {
            let head = PageHead::read(self.slice, self.at..self.end)?;
            let at = std::mem::replace(&mut self.at, head.body.end);
            match head.kind {
                PageKind::Dictionary => {
                    self.dictionary_at = Some(at);
                    self.open_dictionary(&head, walk)?;
                }
                PageKind::Values => {
                    let bytes = head.unpack(self.slice, self.codec, walk)?;
                    let mut page = Page::open(bytes, &head.written, self.leaf)?;
                    let taken = std::mem::take(&mut self.resume);
                    for _ in 0..taken {
                        page.next(walk.budget)?;
                    }
                    let outer = self.slice.outer(at..head.body.end).range;
                    self.page = Some(Open { page, at, outer, taken });
                    return Ok(true);
                }
                PageKind::Other => {}
            }
        }
        Ok(false)
    }

    fn open_dictionary(&mut self, head: &PageHead, walk: &Walk<'_>) -> Result<(), Stop> {
        let bytes = head.unpack(self.slice, self.codec, walk)?;
        let dictionary = Dictionary::open(bytes, self.leaf.physical);
        let outer = self.slice.outer(head.from..head.body.end).range;
        self.dictionary = Some(Known { dictionary, outer, seen: Seen::default() });
        Ok(())
    }
}

/// Looks at one value.
fn look<'r>(value: Value<'_>, leaf: &Leaf, cell: &Cell, walk: &mut Walk<'_>, rows: &'r mut Rows) -> &'r [Finding] {
    match value {
        Value::Bytes(bytes) => rows.text(walk, &leaf.column, cell, bytes),
        Value::Integer(number) => rows.number(walk, &leaf.column, cell, number),
        Value::Float(number) => rows.float(walk, &leaf.column, cell, number),
        Value::Known(_) => &[],
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum PageKind {
    Values,
    Dictionary,
    /// An index; a kind that is yet to be invented.
    Other,
}

/// What stands before a page.
struct PageHead {
    kind: PageKind,
    /// Where it begins.
    from: u64,
    /// Where the page itself is.
    body: Range<u64>,
    unpacked: u64,
    written: Written,
    /// Whether the values are compressed at all.
    packed: bool,
}

impl PageHead {
    // SPEC: `PageHeader` of parquet.thrift.
    fn read(slice: &Slice<'_>, range: Range<u64>) -> Result<Self, Stop> {
        let (from, end) = (range.start, range.end);
        let mut cursor = Cursor::new(slice, range);
        let (mut kind, mut unpacked, mut len) = (PageKind::Other, 0, 0);
        let mut written = Written { values: 0, encoding: 0, levels: None };
        let mut packed = true;
        thrift::fields(&mut cursor, &mut |cursor, field| {
            match (field.id, field.kind) {
                (1, _) => {
                    kind = match thrift::integer(cursor, field)? {
                        0 | 3 => PageKind::Values,
                        2 => PageKind::Dictionary,
                        _ => PageKind::Other,
                    }
                }
                (2, _) => unpacked = thrift::count(cursor, field)?,
                (3, _) => len = thrift::count(cursor, field)?,
                (5, Kind::Struct) => thrift::fields(cursor, &mut |cursor, field| {
                    match field.id {
                        1 => written.values = thrift::count(cursor, field)?,
                        2 => written.encoding = thrift::integer(cursor, field)?,
                        3 | 4 if thrift::integer(cursor, field)? == 4 => {
                            return Err(Why::Unsupported("levels in the way of before 2013").into());
                        }
                        3 | 4 => {}
                        _ => thrift::skip(cursor, field.kind)?,
                    }
                    Ok(())
                })?,
                (8, Kind::Struct) => {
                    let (mut definition, mut repetition) = (0, 0);
                    thrift::fields(cursor, &mut |cursor, field| {
                        match field.id {
                            1 => written.values = thrift::count(cursor, field)?,
                            4 => written.encoding = thrift::integer(cursor, field)?,
                            5 => definition = thrift::count(cursor, field)?,
                            6 => repetition = thrift::count(cursor, field)?,
                            7 => packed = thrift::integer(cursor, field)? != 0,
                            _ => thrift::skip(cursor, field.kind)?,
                        }
                        Ok(())
                    })?;
                    let len = |len: u64| usize::try_from(len).map_err(|_| Stop::broken("levels that cannot be"));
                    written.levels = Some((len(repetition)?, len(definition)?));
                }
                _ => thrift::skip(cursor, field.kind)?,
            }
            Ok(())
        })?;
        let body_from = cursor.at();
        let body_end = body_from.checked_add(len).filter(|body_end| *body_end <= end);
        let body_end = body_end.ok_or_else(|| Stop::broken("a page that goes beyond its column"))?;
        Ok(Self { kind, from, body: body_from..body_end, unpacked, written, packed })
    }

    /// The page itself.
    fn unpack(&self, slice: &Slice<'_>, codec: Codec, walk: &Walk<'_>) -> Result<zeroize::Zeroizing<Vec<u8>>, Stop> {
        let len = self.body.end.saturating_sub(self.body.start);
        if len > LARGEST_BLOCK_BYTES || self.unpacked > LARGEST_BLOCK_BYTES {
            return Err(Why::TooLargeToHold.into());
        }
        let mut bytes = zeroize::Zeroizing::new(vec![0; usize::try_from(len).unwrap_or(0)]);
        slice.read_exact(self.body.start, &mut bytes, "a page that is cut off")?;
        if codec == Codec::Plain {
            walk.budget.unpack(bytes.len())?;
            return Ok(bytes);
        }
        // Levels of the second version stand before what is compressed.
        let levels = self.written.levels.map_or(0, |(repetition, definition)| repetition.saturating_add(definition));
        let (levels, values) =
            bytes.split_at_checked(levels).ok_or_else(|| Stop::broken("levels that go beyond their page"))?;
        if !self.packed {
            walk.budget.unpack(bytes.len())?;
            return Ok(bytes);
        }
        let unpacked = self.unpacked.saturating_sub(levels.len() as u64);
        // A page of nothing but gaps may have no values, not even the head of their compression.
        let values = match (values.is_empty(), unpacked) {
            (true, 0) => zeroize::Zeroizing::new(Vec::new()),
            _ => codec::unpack(codec, values, unpacked, walk.budget)?,
        };
        if levels.is_empty() {
            return Ok(values);
        }
        let mut whole = zeroize::Zeroizing::new(Vec::with_capacity(levels.len().saturating_add(values.len())));
        whole.extend_from_slice(levels);
        whole.extend_from_slice(&values);
        Ok(whole)
    }
}
