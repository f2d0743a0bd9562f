//! Reads HTML and XML.
//!
//! In HTML a *block* is a text: what stands between tags that break lines, with `<b>` and the like taken out and entities
//! undone; a row of a table is a record, and so is any other block. A cell is named by the first row, and by a label before
//! it. In XML each text is named by its element; what lies directly below the root is a record.
//!
//! Attributes, comments, scripts and styles are texts too: nothing is passed over.

use memchr::memchr2;

use super::tag::{LONGEST_ENTITY_BYTES, Markup as Found, Tag, attribute, entity};
use super::{Decoded, OVERLAP_BYTES, Output, Piece, Reader, Step, Window};
use crate::report::LimitKind;
use crate::text::{ALL, Name, Offsets, SHORTEST_BYTES, Text};

/// How deep elements are kept as context.
const DEEPEST_LEVEL: usize = 64;

/// How many columns of a table keep their names.
const MOST_COLUMNS: usize = 256;

/// A text of at most so many bytes that ends in a colon labels what follows: "Phone:".
const LONGEST_LABEL_BYTES: usize = 40;

/// Elements of HTML that do not end a text.
const INLINE: [&[u8]; 33] = [
    b"a", b"abbr", b"acronym", b"b", b"bdi", b"bdo", b"big", b"br", b"cite", b"code", b"data", b"del", b"dfn", b"em",
    b"font", b"i", b"ins", b"kbd", b"mark", b"q", b"s", b"samp", b"small", b"span", b"strike", b"strong", b"sub",
    b"sup", b"time", b"tt", b"u", b"var", b"wbr",
];

/// Text up to a mark: a comment, a script.
#[derive(Clone, Copy)]
struct Raw {
    until: &'static [u8],
    /// Whether the mark is a tag, and read as one.
    is_tag: bool,
}

/// Reads markup.
pub(super) struct Markup {
    html: bool,
    record: u64,
    /// Whether the record under way holds anything.
    busy: bool,
    /// The elements that are open, in XML.
    open: Vec<Name>,
    /// How many more are open than are kept.
    deeper: u64,
    row: Row,
    /// The label before the text under way.
    label: Name,
    raw: Option<Raw>,
    long: Option<Piece>,
    decoded: Decoded,
    value: Decoded,
}

/// A table's row, and what the first one calls the columns.
#[derive(Default)]
struct Row {
    inside: bool,
    first: bool,
    columns: Vec<Name>,
    cell: usize,
}

impl Markup {
    pub(super) fn new(html: bool) -> Self {
        Self {
            html,
            record: 0,
            busy: false,
            open: Vec::new(),
            deeper: 0,
            row: Row::default(),
            label: Name::NONE,
            raw: None,
            long: None,
            decoded: Decoded::default(),
            value: Decoded::default(),
        }
    }

    fn is_inline(&self, name: &[u8]) -> bool {
        self.html && INLINE.iter().any(|inline| inline.eq_ignore_ascii_case(name))
    }

    /// Reads the tag or text that begins at `at`.
    fn unit(&mut self, at: usize, window: &Window<'_>, output: &mut Output<'_>) -> Step {
        match Found::read(window.slice(at..window.bytes.len()), window.last) {
            Found::Tag(tag) if !self.is_inline(tag.name) => {
                let next = at.saturating_add(tag.len);
                self.element(&tag, at, window, output);
                Step::On(next)
            }
            Found::Raw { skip, until } => {
                self.raw = Some(Raw { until, is_tag: false });
                Step::On(at.saturating_add(skip))
            }
            Found::Unfinished if at > 0 => Step::Wait(at),
            Found::Unfinished => {
                // A tag that fills the window: an attribute that holds a picture.
                self.raw = Some(Raw { until: b">", is_tag: false });
                self.until(0, window, output)
            }
            Found::Tag(_) | Found::Endless | Found::None => self.block(at, None, window, output),
        }
    }

    /// Reads text up to a mark.
    fn until(&mut self, at: usize, window: &Window<'_>, output: &mut Output<'_>) -> Step {
        let Some(raw) = self.raw else { return Step::On(at) };
        let piece = self.long.take();
        let rest = window.slice(at..window.bytes.len());
        let found = find(rest, raw.until);
        if found.is_none() && !window.last {
            if at > 0 {
                return Step::Wait(at);
            }
            let piece = piece.unwrap_or(Piece { own_from: window.at });
            output.limit(LimitKind::LongText, window.at);
            let (owned, next) = piece.cut(&Offsets::plain(window.at), rest.len());
            let own_from = owned.end;
            self.plain(at, window.bytes.len(), owned, window, output);
            self.long = Some(Piece { own_from });
            return Step::Wait(window.position(next));
        }
        let end = at.saturating_add(found.unwrap_or(rest.len()));
        let owned = piece.map_or(ALL, |piece| piece.rest());
        self.plain(at, end, owned, window, output);
        self.raw = None;
        let mark = if raw.is_tag || found.is_none() { 0 } else { raw.until.len() };
        Step::On(end.saturating_add(mark))
    }

    /// Examines bytes as they stand there.
    fn plain(
        &mut self,
        start: usize,
        end: usize,
        owned: std::ops::Range<u64>,
        window: &Window<'_>,
        output: &mut Output<'_>,
    ) {
        let bytes = window.slice(start..end);
        if bytes.len() < SHORTEST_BYTES {
            return;
        }
        self.busy = true;
        let offsets = Offsets::plain(window.offset(start));
        let record = self.record;
        output.text(&Text { bytes, offsets: &offsets, names: [&[]; 2], owned, record, part: 0, lines: true });
    }

    /// A tag that ends a text.
    fn element(&mut self, tag: &Tag<'_>, at: usize, window: &Window<'_>, output: &mut Output<'_>) {
        if !tag.closing {
            self.attributes(tag, at, &ALL, window, output);
        }
        if self.html { self.html_element(tag) } else { self.xml_element(tag, window.offset(at), output) }
    }

    fn html_element(&mut self, tag: &Tag<'_>) {
        let is = |name: &[u8]| tag.name.eq_ignore_ascii_case(name);
        if !tag.closing && !tag.empty {
            for (name, until) in [(b"script".as_slice(), b"</script".as_slice()), (b"style", b"</style")] {
                if is(name) {
                    self.raw = Some(Raw { until, is_tag: true });
                }
            }
        }
        if is(b"table") {
            self.row = Row { first: !tag.closing, ..Row::default() };
        } else if is(b"tr") {
            // A row ends at its end, or where another begins.
            if self.row.inside {
                self.end_record();
                self.row.first = false;
            }
            self.row.inside = !tag.closing;
            self.row.cell = 0;
        } else if (is(b"td") || is(b"th")) && tag.closing {
            self.row.cell = self.row.cell.saturating_add(1);
        }
    }

    fn xml_element(&mut self, tag: &Tag<'_>, offset: u64, output: &mut Output<'_>) {
        if tag.closing {
            if self.deeper > 0 {
                self.deeper = self.deeper.saturating_sub(1);
            } else {
                self.open.pop();
            }
            if self.open.len() <= 1 && self.deeper == 0 {
                self.end_record();
            }
        } else if tag.empty {
            if self.open.len() <= 1 {
                self.end_record();
            }
        } else if self.open.len() < DEEPEST_LEVEL {
            self.open.push(Name::new(tag.name));
        } else {
            self.deeper = self.deeper.saturating_add(1);
            output.limit(LimitKind::DeepNesting, offset);
        }
    }

    fn end_record(&mut self) {
        self.record = self.record.saturating_add(u64::from(self.busy));
        self.busy = false;
    }

    /// Examines the attributes of a tag that begins at `at`.
    fn attributes(
        &mut self,
        tag: &Tag<'_>,
        at: usize,
        owned: &std::ops::Range<u64>,
        window: &Window<'_>,
        output: &mut Output<'_>,
    ) {
        let bytes = window.slice(at..at.saturating_add(tag.len));
        let mut next = tag.attributes.start;
        while let Some((name, place, behind)) = attribute(bytes, next, tag.attributes.end) {
            next = behind;
            let value = bytes.get(place.clone()).unwrap_or_default();
            if value.len() < SHORTEST_BYTES {
                continue;
            }
            self.busy = true;
            self.value.restart(window.offset(at.saturating_add(place.start)), value.len());
            undo_entities(value, 0, &mut self.value);
            output.text(&Text {
                bytes: &self.value.text,
                offsets: &self.value.offsets,
                names: [name, tag.name],
                owned: owned.clone(),
                record: self.record,
                part: 0,
                lines: false,
            });
        }
    }

    /// Reads the text that begins at `start`, or goes on with a long one.
    fn block(&mut self, start: usize, piece: Option<Piece>, window: &Window<'_>, output: &mut Output<'_>) -> Step {
        let end = self.end_of_block(start, window);
        if end.is_none() && start > 0 {
            return Step::Wait(start);
        }
        let stop = end.unwrap_or(window.bytes.len());
        let begun = piece.unwrap_or(Piece { own_from: window.offset(start) });
        self.decoded.restart(window.offset(start), stop.saturating_sub(start));
        self.decode(start, stop, begun.own_from, window, output);
        let text_len = self.decoded.text.len();
        if let Some(end) = end {
            self.say(begun.rest(), output);
            self.end_block();
            return Step::On(end.max(start.saturating_add(1)));
        }
        output.limit(LimitKind::LongText, window.at);
        // Tags without text between them: waiting for more of it would show the same ones again and again.
        if text_len < OVERLAP_BYTES.saturating_mul(4) {
            self.say(begun.rest(), output);
            return Step::On(window.bytes.len());
        }
        let (owned, next) = begun.cut(&self.decoded.offsets, text_len);
        let own_from = owned.end;
        self.say(owned, output);
        self.long = Some(Piece { own_from });
        Step::Wait(window.position(next))
    }

    /// Where the text that begins at `start` ends, if the window shows it.
    fn end_of_block(&self, start: usize, window: &Window<'_>) -> Option<usize> {
        let mut at = start;
        loop {
            let rest = window.slice(at..window.bytes.len());
            let Some(len) = memchr::memchr(b'<', rest) else { return window.last.then_some(window.bytes.len()) };
            let mark = at.saturating_add(len);
            at = match Found::read(window.slice(mark..window.bytes.len()), window.last) {
                Found::Tag(tag) if self.is_inline(tag.name) => mark.saturating_add(tag.len),
                Found::Tag(_) | Found::Raw { .. } => return Some(mark),
                Found::Unfinished => return None,
                Found::Endless => return Some(window.bytes.len()),
                Found::None => mark.saturating_add(1),
            };
        }
    }

    /// Decodes the text in `start..stop`: tags are taken out, entities undone. The tags' attributes are examined, those
    /// from `own_from` on.
    fn decode(&mut self, start: usize, stop: usize, own_from: u64, window: &Window<'_>, output: &mut Output<'_>) {
        let mut at = start;
        while at < stop {
            let rest = window.slice(at..stop);
            let len = memchr2(b'<', b'&', rest).unwrap_or(rest.len());
            self.decoded.plain(rest.get(..len).unwrap_or_default());
            let mark = at.saturating_add(len);
            let found = window.slice(mark..stop);
            let raw = |len: usize| mark.saturating_sub(start)..mark.saturating_add(len).saturating_sub(start);
            match found.first() {
                None => return,
                Some(b'&') => at = mark.saturating_add(undo_entity(found, raw(0).start, &mut self.decoded)),
                Some(_) => match Found::read(found, true) {
                    Found::Tag(tag) => {
                        if !tag.closing {
                            self.attributes(&tag, mark, &(own_from..u64::MAX), window, output);
                        }
                        let shown: &[u8] = if tag.name.eq_ignore_ascii_case(b"br") { b"\n" } else { b"" };
                        self.decoded.escape(shown, raw(tag.len));
                        at = mark.saturating_add(tag.len);
                    }
                    Found::Endless => return undo_entities(found, raw(0).start, &mut self.decoded),
                    _ => {
                        self.decoded.plain(b"<");
                        at = mark.saturating_add(1);
                    }
                },
            }
        }
    }

    /// Examines the text in the buffer.
    fn say(&mut self, owned: std::ops::Range<u64>, output: &mut Output<'_>) {
        let text = self.decoded.text.trim_ascii();
        if text.is_empty() {
            return;
        }
        self.busy = true;
        let column = self.row.columns.get(self.row.cell).filter(|_| self.row.inside && !self.row.first);
        let mut elements = self.open.iter().rev();
        let names = if self.html {
            [self.label.as_bytes(), column.map_or(&[][..], Name::as_bytes)]
        } else {
            [elements.next().map_or(&[][..], Name::as_bytes), elements.next().map_or(&[][..], Name::as_bytes)]
        };
        output.text(&Text {
            bytes: &self.decoded.text,
            offsets: &self.decoded.offsets,
            names,
            owned,
            record: self.record,
            part: 0,
            lines: self.html && !self.row.inside,
        });
        let labels = text.len() <= LONGEST_LABEL_BYTES && text.ends_with(b":");
        let name = if labels { Name::new(text) } else { Name::NONE };
        if self.row.inside && self.row.first && self.row.cell < MOST_COLUMNS {
            self.row.columns.resize(self.row.cell, Name::NONE);
            self.row.columns.push(Name::new(text));
        }
        self.label = name;
    }

    /// A text outside of tables is a record of its own.
    fn end_block(&mut self) {
        if self.html && !self.row.inside && self.label.as_bytes().is_empty() {
            self.end_record();
        }
    }
}

impl Reader for Markup {
    fn read(&mut self, window: &Window<'_>, output: &mut Output<'_>) -> usize {
        let mut at = 0;
        while at < window.bytes.len() {
            let step = if self.raw.is_some() {
                self.until(at, window, output)
            } else if let Some(piece) = self.long.take() {
                self.block(at, Some(piece), window, output)
            } else {
                self.unit(at, window, output)
            };
            match step {
                Step::On(next) => at = next,
                Step::Wait(done) => return done,
            }
        }
        at
    }

    fn records(&self) -> u64 {
        self.record.saturating_add(u64::from(self.busy))
    }
}

/// Where `mark` first stands in `bytes`, in whatever case.
fn find(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    let first = *mark.first()?;
    memchr::memchr_iter(first, bytes).find(|at| {
        bytes.get(*at..at.saturating_add(mark.len())).is_some_and(|stands| stands.eq_ignore_ascii_case(mark))
    })
}

/// Undoes the entities of `value`, which is at `begin` of its text.
fn undo_entities(value: &[u8], begin: usize, decoded: &mut Decoded) {
    let mut at = 0;
    while let Some(rest) = value.get(at..).filter(|rest| !rest.is_empty()) {
        let len = memchr::memchr(b'&', rest).unwrap_or(rest.len());
        decoded.plain(rest.get(..len).unwrap_or_default());
        at = at.saturating_add(len);
        let found = value.get(at..).unwrap_or_default();
        if !found.is_empty() {
            at = at.saturating_add(undo_entity(found, begin.saturating_add(at), decoded));
        }
    }
}

/// Undoes the entity at the beginning of `bytes`, which is at `at` of its text, and returns its length.
fn undo_entity(bytes: &[u8], at: usize, decoded: &mut Decoded) -> usize {
    let near = bytes.get(..bytes.len().min(LONGEST_ENTITY_BYTES)).unwrap_or_default();
    match entity(near) {
        Some((character, len)) => {
            decoded.escape(character.encode_utf8(&mut [0; 4]).as_bytes(), at..at.saturating_add(len));
            len
        }
        None => {
            decoded.plain(b"&");
            1
        }
    }
}
