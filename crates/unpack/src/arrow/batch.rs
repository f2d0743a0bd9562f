//! One batch of rows: which of its buffers belong to which column, and which elements to which row.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::buffer::Buffer;
use super::schema::{Layout, Schema};
use crate::codec::{self, Codec, LARGEST_BLOCK_BYTES};
use crate::error::Stop;
use crate::flatbuffer::Table;
use crate::limits::Budget;
use crate::report::Why;
use crate::source::Slice;

/// How many bytes of buffers are held unpacked for one batch.
const MOST_HELD_BYTES: u64 = LARGEST_BLOCK_BYTES;

/// How many lists are followed at once: those of one stretch of rows.
const MOST_SPANS: usize = 1 << 18;

/// Elements of a column that belong to one row, or each to the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) elements: Range<u64>,
    /// The row of the first, and whether each further one has the next.
    pub(super) row: u64,
    pub(super) rows: bool,
    /// The part of the first, and whether each further one has the next.
    pub(super) part: u32,
    pub(super) parts: bool,
}

impl Span {
    /// An element of it.
    fn element(&self, nth: u64) -> Element {
        let further = nth.saturating_sub(self.elements.start);
        let row = if self.rows { self.row.saturating_add(further) } else { self.row };
        let part = if self.parts { self.part.wrapping_add(further as u32) } else { self.part };
        Element { nth, row, part }
    }
}

/// An element of a column: its place in the column, its row and its part of the row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element {
    pub(super) nth: u64,
    pub(super) row: u64,
    pub(super) part: u32,
}

/// A batch whose buffers have been given to their columns.
pub(super) struct Batch<'a> {
    slice: &'a Slice<'a>,
    budget: &'a Budget,
    /// Where the buffers are, in the slice.
    buffers: Vec<Range<u64>>,
    codec: Option<Codec>,
    /// The first buffer of each column, and how many further ones it has.
    places: Vec<(usize, usize)>,
    pub(super) rows: u64,
    held: HashMap<usize, Rc<Zeroizing<Vec<u8>>>>,
    held_bytes: u64,
}

impl<'a> Batch<'a> {
    // SPEC: `RecordBatch` of Message.fbs.
    /// Lays out a batch whose buffers are in `body`, for the columns `roots` and those inside them.
    pub(super) fn new(
        slice: &'a Slice<'a>,
        budget: &'a Budget,
        batch: Table<'_>,
        body: Range<u64>,
        schema: &Schema,
        roots: &[usize],
    ) -> Result<Self, Stop> {
        let mut buffers = Vec::new();
        for piece in batch.list(2).pieces::<16>() {
            let word = |half: Option<&[u8]>| half.and_then(|half| half.try_into().ok()).map(i64::from_le_bytes);
            let (offset, len) = (word(piece.get(..8)), word(piece.get(8..)));
            let range = offset.zip(len).and_then(|(offset, len)| {
                let from = body.start.checked_add(u64::try_from(offset).ok()?)?;
                let end = from.checked_add(u64::try_from(len).ok()?)?;
                (end <= body.end).then_some(from..end)
            });
            buffers.push(range.ok_or_else(|| Stop::broken("a buffer that goes beyond its batch"))?);
        }
        let codec = match batch.table(3).map(|compression| compression.byte(0)) {
            None => None,
            Some(0) => Some(Codec::Lz4Frame),
            Some(1) => Some(Codec::Zstd),
            Some(_) => return Err(Why::Unsupported("a batch compressed in an unknown way").into()),
        };
        let mut further = batch.list(4).pieces::<8>().map(u64::from_le_bytes);
        let mut places = vec![(0, 0); schema.fields.len()];
        let mut next = 0;
        for root in roots {
            lay_out(schema, *root, &mut next, &mut further, &mut places);
        }
        let rows = u64::try_from(batch.long(0)).map_err(|_| Stop::broken("a batch of negative rows"))?;
        Ok(Self { slice, budget, buffers, codec, places, rows, held: HashMap::new(), held_bytes: 0 })
    }

    /// The bytes of the object that hold a buffer of a column.
    pub(super) fn outer(&self, field: usize, nth: usize) -> Range<u64> {
        let place = self.places.get(field).map(|(first, _)| first.saturating_add(nth));
        let range = place.and_then(|place| self.buffers.get(place)).cloned();
        self.slice.outer(range.unwrap_or(0..0)).range
    }

    /// How many buffers a column of views has for long values.
    pub(super) fn further(&self, field: usize) -> usize {
        self.places.get(field).map_or(0, |(_, further)| *further)
    }

    /// A buffer of a column.
    pub(super) fn buffer(&mut self, field: usize, nth: usize) -> Result<Buffer<'a>, Stop> {
        let place = self.places.get(field).map(|(first, _)| first.saturating_add(nth));
        let range = place.and_then(|place| self.buffers.get(place)).cloned();
        let (Some(place), Some(range)) = (place, range) else {
            return Err(Stop::broken("a batch with fewer buffers than its columns need"));
        };
        let Some(codec) = self.codec.filter(|_| range.start < range.end) else {
            return Ok(Buffer::in_place(self.slice, range));
        };
        if let Some(held) = self.held.get(&place) {
            return Ok(Buffer::Held(Rc::clone(held)));
        }
        // SPEC: a compressed buffer begins with its length, or -1 when it was left as it is.
        let mut head = [0; 8];
        self.slice.read_exact(range.start, &mut head, "a buffer that is cut off")?;
        let body = range.start.saturating_add(8)..range.end;
        let len = i64::from_le_bytes(head);
        if len == -1 {
            return Ok(Buffer::in_place(self.slice, body));
        }
        let len = u64::try_from(len).map_err(|_| Stop::broken("a buffer of negative length"))?;
        let packed = body.end.checked_sub(body.start).ok_or_else(|| Stop::broken("a buffer that is cut off"))?;
        self.held_bytes = self.held_bytes.saturating_add(len);
        if self.held_bytes > MOST_HELD_BYTES || packed > LARGEST_BLOCK_BYTES {
            return Err(Why::TooLargeToHold.into());
        }
        let mut bytes = Zeroizing::new(vec![0; usize::try_from(packed).unwrap_or(0)]);
        self.slice.read_exact(body.start, &mut bytes, "a buffer that is cut off")?;
        let held = Rc::new(codec::unpack(codec, &bytes, len, self.budget)?);
        self.held.insert(place, Rc::clone(&held));
        Ok(Buffer::Held(held))
    }

    /// Calls `each` with every element of `spans` that has a value.
    pub(super) fn present(
        &mut self,
        field: usize,
        spans: &[Span],
        each: &mut dyn FnMut(Element) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let mut gaps = self.buffer(field, 0)?;
        for span in spans {
            for nth in span.elements.clone() {
                if gaps.is_empty() || gaps.bit(nth)? {
                    each(span.element(nth))?;
                }
            }
        }
        Ok(())
    }

    /// The spans of a list's elements. `list` tells the list apart from others in its row.
    pub(super) fn lists(&mut self, field: usize, layout: Layout, list: u32, spans: &[Span]) -> Result<Vec<Span>, Stop> {
        let mut offsets = match layout {
            Layout::FixedList(_) => None,
            _ => Some(self.buffer(field, 1)?),
        };
        let mut lengths = match layout {
            Layout::ListView(_) => Some(self.buffer(field, 2)?),
            _ => None,
        };
        let mut inner = Vec::new();
        let budget = self.budget;
        self.present(field, spans, &mut |Element { nth, row, part }| {
            let elements = match (layout, &mut offsets, &mut lengths) {
                (Layout::FixedList(len), ..) => {
                    let from = nth.saturating_mul(len);
                    from..from.saturating_add(len)
                }
                (Layout::ListView(width), Some(offsets), Some(lengths)) => {
                    let from = offsets.count(nth, width)?;
                    from..from.saturating_add(lengths.count(nth, width)?)
                }
                (Layout::List(width), Some(offsets), _) => {
                    offsets.count(nth, width)?..offsets.count(nth.saturating_add(1), width)?
                }
                _ => return Ok(()),
            };
            let Some(len) = elements.end.checked_sub(elements.start).filter(|len| *len > 0) else { return Ok(()) };
            // Lists may lie in each other, and elements may take no bytes.
            budget.unpack(usize::try_from(len).unwrap_or(usize::MAX))?;
            if inner.len() >= MOST_SPANS {
                return Err(Why::TooLargeToHold.into());
            }
            // Elements of the outermost list are parts of the row.
            let (part, parts) = if part == 0 { (list.wrapping_shl(10).wrapping_add(1), true) } else { (part, false) };
            inner.push(Span { elements, row, rows: false, part, parts });
            Ok(())
        })?;
        Ok(inner)
    }
}

/// Gives a column and those inside it their buffers.
fn lay_out(
    schema: &Schema,
    field: usize,
    next: &mut usize,
    further: &mut impl Iterator<Item = u64>,
    places: &mut [(usize, usize)],
) {
    let Some(described) = schema.fields.get(field) else { return };
    // Places in a dictionary are gaps and numbers; what is in the dictionary comes with it.
    let layout = if described.dictionary.is_some() { Layout::Passed } else { described.layout };
    let more = match layout {
        Layout::View => further.next().and_then(|count| usize::try_from(count).ok()).unwrap_or(0),
        _ => 0,
    };
    if let Some(place) = places.get_mut(field) {
        *place = (*next, more);
    }
    *next = next.saturating_add(layout.buffers()).saturating_add(more);
    if described.dictionary.is_none() {
        for child in &described.children {
            lay_out(schema, *child, next, further, places);
        }
    }
}
