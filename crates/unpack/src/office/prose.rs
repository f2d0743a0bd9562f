//! Running text and tables of any office document, by the names that the vocabularies share: `p` ends a paragraph, `tr` or
//! `table-row` a row, `tc` or `table-cell` a cell.

use scan::Passage;
use zeroize::Zeroizing;

use super::xml::{Node, Xml, attribute};
use crate::error::Stop;
use crate::place::Spot;
use crate::report::Entry;
use crate::walk::Walk;

/// Paragraphs are looked at together, because context crosses them ("Phone:" in one, the number in the next), up to so
/// many and so many bytes; the same as in plain text.
const LONGEST_BLOCK_PARAGRAPHS: u32 = 32;
const LONGEST_BLOCK_BYTES: usize = 32 << 10;

/// How many columns of a table keep their names.
const MOST_COLUMNS: usize = 256;

/// Attributes that hold what people wrote: link targets, names of authors, alternative texts.
const SPEAKING: [&[u8]; 8] =
    [b"Target", b"href", b"author", b"creator", b"descr", b"initials", b"name-and-extension", b"userId"];

/// Reads a member.
pub(super) fn read(walk: &mut Walk<'_>, entry: &mut Entry, xml: &mut Xml<'_>) -> Result<(), Stop> {
    let mut prose = Prose { walk, entry, text: Zeroizing::default(), paragraphs: 0, blank: true, tables: Vec::new() };
    let read = xml.each(|xml, node| {
        prose.node(xml, &node);
        Ok(())
    });
    prose.flush(xml, &[]);
    read
}

struct Prose<'p, 'w> {
    walk: &'p mut Walk<'w>,
    entry: &'p mut Entry,
    text: Zeroizing<Vec<u8>>,
    paragraphs: u32,
    /// Whether the paragraph under way has no text yet.
    blank: bool,
    /// The tables that are open, the innermost last.
    tables: Vec<Table>,
}

/// A table that is open.
#[derive(Default)]
struct Table {
    /// What the first row calls the columns.
    names: Vec<Vec<u8>>,
    column: usize,
    row: u64,
}

impl Prose<'_, '_> {
    fn node(&mut self, xml: &mut Xml<'_>, node: &Node<'_>) {
        match node {
            Node::Text(text) => self.say(text),
            Node::Open(element) => {
                match element.local_name().as_ref() {
                    b"tbl" | b"table" => {
                        self.flush(xml, &[]);
                        self.tables.push(Table::default());
                    }
                    b"tab" | b"s" => self.text.push(b' '),
                    b"br" | b"cr" | b"line-break" => self.text.push(b'\n'),
                    _ => {}
                }
                for name in SPEAKING {
                    if let Some(value) = attribute(element, name) {
                        self.say(&value);
                        self.text.push(b'\n');
                    }
                }
            }
            Node::Close(name) => match *name {
                b"p" | b"h" | b"si" | b"comment" => self.end_paragraph(xml),
                b"tc" | b"table-cell" => self.end_cell(xml),
                b"tr" | b"table-row" => {
                    if let Some(table) = self.tables.last_mut() {
                        table.row = table.row.saturating_add(1);
                        table.column = 0;
                    }
                    self.entry.records = self.entry.records.saturating_add(1);
                }
                b"tbl" | b"table" => {
                    self.flush(xml, &[]);
                    self.tables.pop();
                }
                // Fields of properties stand for themselves: `dc:creator`, `cp:lastModifiedBy`.
                name if self.tables.is_empty() && is_property(name) => self.flush(xml, name),
                _ => {}
            },
        }
    }

    fn say(&mut self, text: &[u8]) {
        let room = LONGEST_BLOCK_BYTES.saturating_mul(2).saturating_sub(self.text.len());
        self.blank &= text.trim_ascii().is_empty();
        self.text.extend_from_slice(text.get(..text.len().min(room)).unwrap_or_default());
    }

    /// In running text, an empty paragraph or one too many ends a block.
    fn end_paragraph(&mut self, xml: &mut Xml<'_>) {
        self.text.push(b'\n');
        self.paragraphs = self.paragraphs.saturating_add(1);
        let full = self.paragraphs >= LONGEST_BLOCK_PARAGRAPHS || self.text.len() >= LONGEST_BLOCK_BYTES;
        if full || (self.blank && self.tables.is_empty()) {
            self.flush(xml, &[]);
        }
        self.blank = true;
    }

    fn end_cell(&mut self, xml: &mut Xml<'_>) {
        let Some(table) = self.tables.last_mut() else { return self.flush(xml, &[]) };
        let name = table.names.get(table.column).cloned().unwrap_or_default();
        if table.row == 0 && table.names.len() < MOST_COLUMNS {
            table.names.push(self.text.trim_ascii().to_vec());
        }
        table.column = table.column.saturating_add(1);
        self.look(xml, &name, self.entry.records);
    }

    /// Looks at the text so far, as a record of its own.
    fn flush(&mut self, xml: &mut Xml<'_>, name: &[u8]) {
        if !self.text.trim_ascii().is_empty() {
            self.look(xml, name, self.entry.records);
        }
        self.text.clear();
        self.paragraphs = 0;
    }

    fn look(&mut self, xml: &mut Xml<'_>, name: &[u8], record: u64) {
        let outer = xml.take_outer();
        let lines = self.tables.is_empty();
        let passage = Passage { bytes: &self.text, names: [name, &[]], record, part: 0, lines };
        let in_table = self.tables.last().filter(|_| !lines);
        let column = String::from_utf8_lossy(name);
        let spot = match in_table {
            Some(table) => Spot::Cell { group: 0, row: table.row, column: &column },
            None => Spot::Offsets,
        };
        let records = self.entry.records;
        self.walk.passage(self.entry, &passage, spot, outer);
        if in_table.is_some() {
            // The row goes on.
            self.entry.records = records;
        }
        self.text.clear();
        self.paragraphs = 0;
    }
}

/// Elements of the properties of a document that hold one value.
fn is_property(name: &[u8]) -> bool {
    matches!(
        name,
        b"creator"
            | b"lastModifiedBy"
            | b"initial-creator"
            | b"title"
            | b"subject"
            | b"description"
            | b"keywords"
            | b"Manager"
            | b"Company"
            | b"user-defined"
            | b"lpwstr"
            | b"author"
    )
}
