//! The text of PDF files: what pages show, what forms and comments hold, what the properties say, and the files inside.
//!
//! Written here: the crates for it read the whole file into memory, bring a second provider of cryptography, or panic.
//!
//! # Threats
//! A file may refer in circles, state any length, unpack to anything, or use a font that says nothing of its characters so
//! that its text is seen and not found. Steps are counted, decoding is bounded and on the object's account, and what cannot
//! be read as characters is reported.
//!
//! LIMIT: pages are counted in the order of the file. Pictures of text are not read; that is said. What stands between
//! objects is not read: no program shows it.

mod cmap;
mod content;
mod file;
mod filter;
mod lex;

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use scan::{Hint, Passage};
use zeroize::Zeroizing;

use crate::compress::Inflate;
use crate::error::Stop;
use crate::kind::Kind;
use crate::place::Spot;
use crate::report::{Entry, Why};
use crate::source::Slice;
use crate::stream::{Linear, Steady, Stream};
use crate::walk::Walk;
use cmap::{Font, text_string};
use file::{File, MOST_STEPS};
use lex::{Dict, Value};

/// Fonts that are kept between pages. Documents use a dozen.
const MOST_FONTS: usize = 64;

/// Streams that make up one page.
const MOST_CONTENTS: usize = 1024;

/// Text is looked at in blocks of this size, each a record.
const BLOCK_BYTES: usize = 32 << 10;

/// One code in so many without a character, and the text counts as not read.
const CODES_PER_UNKNOWN: u64 = 10;

/// Reads a file.
pub(crate) fn read(walk: &mut Walk<'_>, entry: &mut Entry, _: &Hint<'_>, slice: &Slice<'_>) -> Result<(), Stop> {
    let file = File::index(slice, walk.budget)?;
    if file.listed.is_empty() {
        return Err(Stop::broken("it begins like a PDF and has no objects"));
    }
    let mut pdf = Pdf { walk, entry, file, fonts: BTreeMap::new(), page: 0, images: 0 };
    pdf.read()?;
    let (images, gap) = (pdf.images, pdf.file.gap);
    if images > 0 {
        walk.pass_over("images", Kind::Text, Why::Unreadable(scan::Reason::Image))?;
    }
    gap.map_or(Ok(()), |why| Err(why.into()))
}

struct Pdf<'p, 'w, 's> {
    walk: &'p mut Walk<'w>,
    entry: &'p mut Entry,
    file: File<'s>,
    fonts: BTreeMap<u32, Rc<Font>>,
    page: u32,
    images: u64,
}

/// A page's fonts, by the names it gives them.
type Fonts = BTreeMap<Vec<u8>, Rc<Font>>;

impl Pdf<'_, '_, '_> {
    fn read(&mut self) -> Result<(), Stop> {
        for at in 0..self.file.listed.len() {
            let Some(listed) = self.file.listed.get(at).cloned() else { break };
            let Some(value) = self.file.listed_value(&listed)? else { continue };
            match (&value, &listed.stream) {
                (Value::Dict(dict), Some(range)) => {
                    self.strings(&value, &listed.value);
                    self.stream(dict, range.clone(), self.file.is_replaced(at))?;
                }
                _ => self.object(&value, &listed.value)?,
            }
            let Some(range) = listed.stream else { continue };
            let Some(packed) = self.file.packed(at)? else { continue };
            for (_, place) in &packed.objects {
                if let Some(value) = packed.value(*place) {
                    self.object(&value, &range)?;
                }
            }
        }
        Ok(())
    }

    /// An object that is no stream; `inside` is where it stands, or the object stream that holds it.
    fn object(&mut self, value: &Value, inside: &Range<u64>) -> Result<(), Stop> {
        self.strings(value, inside);
        match value {
            Value::Dict(dict) if dict.is(b"Type", b"Page") => self.page(dict),
            _ => Ok(()),
        }
    }

    /// A stream that stands for itself: a form, a file inside, properties, or a page's former content.
    fn stream(&mut self, dict: &Dict, range: Range<u64>, replaced: bool) -> Result<(), Stop> {
        let bare = dict.get(b"Type").is_none() && dict.get(b"Subtype").is_none() && dict.get(b"Length1").is_none();
        if dict.is(b"Subtype", b"Image") {
            self.images = self.images.saturating_add(1);
        } else if dict.is(b"Type", b"EmbeddedFile") || dict.is(b"Type", b"Metadata") {
            let name = if dict.is(b"Type", b"Metadata") { "metadata.xml" } else { "embedded-file" };
            self.member(name, dict, range)?;
        } else if dict.is(b"Subtype", b"Form") || (replaced && bare) {
            let resources = self.file.dict(dict, b"Resources")?.unwrap_or_default();
            let fonts = self.fonts(&resources)?;
            if let Some((decoded, range)) = self.file.decoded(dict, range)? {
                self.show(&decoded.bytes, &fonts, range);
            }
        }
        Ok(())
    }

    /// Visits a file inside.
    fn member(&mut self, name: &str, dict: &Dict, range: Range<u64>) -> Result<(), Stop> {
        self.entry.members = self.entry.members.saturating_add(1);
        let hint = Hint { content_type: None, name };
        let slice = self.file.slice.part(range.clone());
        match filter::filters(dict).as_slice() {
            [] => self.walk.visit(&hint, &mut Linear::new(slice)),
            [b"FlateDecode"] => {
                let mut linear = Linear::new(slice);
                linear.skip(2)?;
                let budget = self.walk.budget;
                let mut inflate = Inflate::new(&mut linear, budget);
                self.walk.visit(&hint, &mut Steady::new(&mut inflate))
            }
            _ => {
                let Some((decoded, range)) = self.file.decoded(dict, range)? else { return Ok(()) };
                let held = Slice::held(&*decoded.bytes, self.file.slice.outer(range));
                self.walk.visit(&hint, &mut Linear::new(held))
            }
        }
    }

    /// Looks at every string of an object. The name of a form's field is the context of its value.
    fn strings(&mut self, value: &Value, inside: &Range<u64>) {
        let field = value.dict().and_then(|dict| match dict.get(b"T") {
            Some(Value::Text(name)) => Some(text_string(name)),
            _ => None,
        });
        let mut waiting: Vec<(&[u8], &Value)> = vec![(b"", value)];
        let record = self.entry.records;
        while let Some((key, value)) = waiting.pop() {
            match value {
                Value::Dict(dict) => waiting.extend(dict.0.iter().map(|(key, value)| (key.as_slice(), value))),
                Value::Array(values) if key != b"ID" => waiting.extend(values.iter().map(|value| (key, value))),
                Value::Text(text) => {
                    let text = Zeroizing::new(text_string(text));
                    let names = [field.as_deref().unwrap_or(key), key];
                    let outer = self.outer(inside);
                    let spot = Spot::Field(std::str::from_utf8(key).unwrap_or_default());
                    let passage = Passage { bytes: &text, names, record, part: 0, lines: false };
                    self.walk.passage(self.entry, &passage, spot, outer);
                }
                _ => {}
            }
        }
    }

    /// Where in the object `range` of the file is.
    fn outer(&self, range: &Range<u64>) -> Range<u64> {
        self.file.slice.outer(range.clone()).range
    }

    /// Shows a page.
    fn page(&mut self, page: &Dict) -> Result<(), Stop> {
        self.page = self.page.saturating_add(1);
        let resources = self.resources(page)?;
        let fonts = self.fonts(&resources)?;
        let Some(contents) = page.get(b"Contents") else { return Ok(()) };
        let numbers: Vec<u32> = match (contents, self.file.resolve(contents)?) {
            (_, Some(Value::Array(parts))) => parts.iter().filter_map(Value::reference).take(MOST_CONTENTS).collect(),
            (Value::Ref(number), _) => vec![*number],
            _ => Vec::new(),
        };
        let mut whole = Zeroizing::new(Vec::new());
        let mut range = 0..0;
        for number in numbers {
            let Some((decoded, at)) = self.file.stream(number)? else { continue };
            // Parts of a page are one stream that was cut between tokens.
            if whole.len().saturating_add(decoded.bytes.len()) > BLOCK_BYTES {
                self.show(&whole, &fonts, range);
                whole.clear();
                range = 0..0;
            }
            whole.extend_from_slice(&decoded.bytes);
            whole.push(b'\n');
            range = if range.is_empty() { at } else { range.start.min(at.start)..range.end.max(at.end) };
        }
        self.show(&whole, &fonts, range);
        Ok(())
    }

    /// A page's resources, or those of the part that it belongs to.
    fn resources(&mut self, page: &Dict) -> Result<Dict, Stop> {
        let mut dict = page.clone();
        for _ in 0..MOST_STEPS {
            if let Some(resources) = self.file.dict(&dict, b"Resources")? {
                return Ok(resources);
            }
            match self.file.dict(&dict, b"Parent")? {
                Some(parent) => dict = parent,
                None => break,
            }
        }
        Ok(Dict::default())
    }

    fn fonts(&mut self, resources: &Dict) -> Result<Fonts, Stop> {
        let mut fonts = Fonts::new();
        let Some(named) = self.file.dict(resources, b"Font")? else { return Ok(fonts) };
        for (name, value) in named.0.iter().take(MOST_FONTS) {
            let number = value.reference();
            let known = number.and_then(|number| self.fonts.get(&number)).map(Rc::clone);
            let font = match known {
                Some(font) => font,
                None => Rc::new(self.font(value)?),
            };
            if let Some(number) = number {
                if self.fonts.len() >= MOST_FONTS {
                    self.fonts.clear();
                }
                self.fonts.insert(number, Rc::clone(&font));
            }
            fonts.insert(name.clone(), font);
        }
        Ok(fonts)
    }

    fn font(&mut self, value: &Value) -> Result<Font, Stop> {
        let Some(Value::Dict(dict)) = self.file.resolve(value)? else { return Ok(Font::simple(None)) };
        let mut font = if dict.is(b"Subtype", b"Type0") {
            let encoding = dict.get(b"Encoding").and_then(Value::name).unwrap_or_default();
            Font::composite(encoding)
        } else {
            Font::simple(self.file.dict(&dict, b"Encoding")?.as_ref())
        };
        if let Some(number) = dict.get(b"ToUnicode").and_then(Value::reference)
            && let Some((table, _)) = self.file.stream(number)?
        {
            font.read_table(&table.bytes);
        }
        Ok(font)
    }

    /// Looks at what a content stream shows.
    fn show(&mut self, content: &[u8], fonts: &Fonts, range: Range<u64>) {
        let shown =
            content::read(content, |name| fonts.get(name).map_or_else(|| Rc::new(Font::simple(None)), Rc::clone));
        if shown.unknown.saturating_mul(CODES_PER_UNKNOWN) > shown.codes {
            self.file.note(Why::Unsupported("text in a font that does not say which characters it shows"));
        }
        let outer = self.outer(&range);
        let mut rest = shown.text.as_slice();
        while !rest.is_empty() {
            let most = rest.get(..BLOCK_BYTES).unwrap_or(rest);
            let cut = if most.len() < rest.len() { memchr::memrchr(b'\n', most).filter(|cut| *cut > 0) } else { None };
            let (block, behind) = rest.split_at_checked(cut.unwrap_or(most.len())).unwrap_or((rest, &[]));
            let record = self.entry.records;
            let passage = Passage { bytes: block, names: [&[]; 2], record, part: 0, lines: true };
            self.walk.passage(self.entry, &passage, Spot::Page(self.page), outer.clone());
            rest = behind;
        }
    }
}
