//! XML as events, from a stream, in bounded memory, leading back to the object.

use std::io::{self, BufRead, Read};
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};
use zeroize::Zeroizing;

use crate::error::Stop;
use crate::report::Why;
use crate::source::Outer;
use crate::stream::{Stream, chunk};

/// The longest element or text that is read. Office programs write paragraphs in pieces, and a cell holds at most 32,767
/// characters.
const LONGEST_EVENT_BYTES: usize = 1 << 20;

/// What is read.
pub(super) enum Node<'x> {
    /// An element begins. An empty element begins and ends.
    Open(&'x BytesStart<'x>),
    /// An element ends; its name, without a prefix.
    Close(&'x [u8]),
    /// Text, entities undone.
    Text(&'x [u8]),
}

/// Reads XML.
pub(super) struct Xml<'a> {
    reader: Reader<Feed<'a>>,
    buffer: Zeroizing<Vec<u8>>,
}

impl<'a> Xml<'a> {
    pub(super) fn new(stream: &'a mut dyn Stream) -> Self {
        let feed = Feed {
            stream,
            chunk: chunk(),
            from: 0,
            to: 0,
            event: 0,
            stop: None,
            last: Outer::NONE,
            outer: Outer::NONE,
        };
        let mut reader = Reader::from_reader(feed);
        let config = reader.config_mut();
        // Documents are read as far as they can be, not judged.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        Self { reader, buffer: Zeroizing::new(Vec::new()) }
    }

    /// Where in the object the bytes since the last call came from.
    pub(super) fn take_outer(&mut self) -> Range<u64> {
        self.reader.get_mut().take_outer()
    }

    /// Hands every node to `take`, to the end.
    pub(super) fn each(&mut self, mut take: impl FnMut(&mut Self, Node<'_>) -> Result<(), Stop>) -> Result<(), Stop> {
        let mut buffer = std::mem::take(&mut self.buffer);
        loop {
            buffer.clear();
            self.reader.get_mut().event = 0;
            match self.reader.read_event_into(&mut buffer) {
                Ok(Event::Start(element)) => take(self, Node::Open(&element))?,
                Ok(Event::Empty(element)) => {
                    take(self, Node::Open(&element))?;
                    take(self, Node::Close(element.local_name().as_ref()))?;
                }
                Ok(Event::End(element)) => take(self, Node::Close(element.local_name().as_ref()))?,
                Ok(Event::Text(text)) => take(self, Node::Text(&text))?,
                Ok(Event::CData(text)) => take(self, Node::Text(&text))?,
                Ok(Event::Comment(text)) => take(self, Node::Text(&text))?,
                Ok(Event::GeneralRef(entity)) => {
                    let character = entity.resolve_char_ref().ok().flatten().map(|char| char.to_string());
                    let name = String::from_utf8_lossy(&entity);
                    let text = character.as_deref().or_else(|| resolve_xml_entity(&name));
                    take(self, Node::Text(text.unwrap_or(" ").as_bytes()))?;
                }
                Ok(Event::Eof) => return Ok(()),
                Ok(_) => {}
                Err(_) => return Err(self.reader.get_mut().stop.take().unwrap_or(Stop::broken("its XML is damaged"))),
            }
        }
    }
}

/// The value of an attribute, by its name without a prefix.
pub(super) fn attribute(element: &BytesStart<'_>, name: &[u8]) -> Option<Vec<u8>> {
    let mut attributes = element.attributes();
    attributes.with_checks(false);
    attributes.flatten().find(|found| found.key.local_name().as_ref() == name).map(|found| found.value.into_owned())
}

/// The stream, as the XML reader wants it. It ends an event that is too long.
struct Feed<'a> {
    stream: &'a mut dyn Stream,
    chunk: Zeroizing<Vec<u8>>,
    from: usize,
    to: usize,
    /// How many bytes the event under way has.
    event: usize,
    stop: Option<Stop>,
    last: Outer,
    outer: Outer,
}

impl Feed<'_> {
    fn take_outer(&mut self) -> Range<u64> {
        // What comes next may begin in the bytes that are here already.
        std::mem::replace(&mut self.outer, self.last.clone()).range
    }

    fn stopped(&mut self, stop: Stop) -> io::Error {
        self.stop = Some(stop);
        io::Error::other("stopped")
    }
}

impl Read for Feed<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(into)?;
        self.consume(read);
        Ok(read)
    }
}

impl BufRead for Feed<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.event > LONGEST_EVENT_BYTES {
            return Err(self.stopped(Why::Unsupported("XML with an element of more than 1 MiB").into()));
        }
        if self.from >= self.to {
            self.from = 0;
            self.to = match self.stream.read(&mut self.chunk) {
                Ok(read) => read,
                Err(stop) => {
                    self.to = 0;
                    return Err(self.stopped(stop));
                }
            };
            self.last = self.stream.outer();
            self.outer.join(&self.last.clone());
        }
        Ok(self.chunk.get(self.from..self.to).unwrap_or_default())
    }

    fn consume(&mut self, len: usize) {
        self.from = self.from.saturating_add(len).min(self.to);
        self.event = self.event.saturating_add(len);
    }
}
