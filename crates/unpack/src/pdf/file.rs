//! The objects of a PDF file, found by reading it from its beginning to its end.
//!
//! The cross-reference table is not believed: it may be broken, and it leaves out what earlier revisions of the file said,
//! which is still there for whoever reads the bytes.

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::filter::{self, Decoded};
use super::lex::{Dict, Lexer, Value, is_blank};
use crate::error::Stop;
use crate::limits::Budget;
use crate::report::Why;
use crate::source::Slice;

/// How many objects are kept track of: eight megabytes' worth.
const MOST_OBJECTS: usize = 128 << 10;

/// How much of the file is in view at once; most objects are far smaller.
const VIEW_BYTES: usize = 64 << 10;

/// The longest object that is read, streams apart.
const LONGEST_OBJECT_BYTES: usize = 1 << 20;

/// How many references are followed one after the other, and how many parents a page has.
pub(super) const MOST_STEPS: usize = 16;

/// An object that stands in the file itself.
#[derive(Clone)]
pub(super) struct Listed {
    pub(super) number: u32,
    /// Where its value is.
    pub(super) value: Range<u64>,
    /// Where its bytes are, if it is a stream.
    pub(super) stream: Option<Range<u64>>,
}

/// Where the newest revision of an object is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the file, in the list.
    Listed(usize),
    /// In an object stream of the list, so many bytes behind its beginning.
    Packed(usize, usize),
}

/// A stream of objects, decoded.
pub(super) struct Packed {
    bytes: Zeroizing<Vec<u8>>,
    /// Number and place of each.
    pub(super) objects: Vec<(u32, usize)>,
}

impl Packed {
    pub(super) fn value(&self, at: usize) -> Option<Value> {
        Lexer::new(self.bytes.get(at..)?).value()
    }
}

/// A file that was indexed.
pub(super) struct File<'a> {
    pub(super) slice: &'a Slice<'a>,
    budget: &'a Budget,
    view: Zeroizing<Vec<u8>>,
    view_at: u64,
    pub(super) listed: Vec<Listed>,
    newest: BTreeMap<u32, Place>,
    /// The object stream that was used last: neighbours lie together.
    packed: Option<(usize, Rc<Packed>)>,
    /// The first thing that was not read as it should be.
    pub(super) gap: Option<Why>,
}

impl<'a> File<'a> {
    /// Finds the objects.
    pub(super) fn index(slice: &'a Slice<'a>, budget: &'a Budget) -> Result<Self, Stop> {
        let (view, listed, newest) = (Zeroizing::new(Vec::new()), Vec::new(), BTreeMap::new());
        let mut file = Self { slice, budget, view, view_at: 0, listed, newest, packed: None, gap: None };
        file.find_objects()?;
        for at in 0..file.listed.len() {
            let Some(packed) = file.packed(at)? else { continue };
            for (number, place) in &packed.objects {
                if file.newest.len() < MOST_OBJECTS {
                    file.newest.insert(*number, Place::Packed(at, *place));
                }
            }
        }
        Ok(file)
    }

    /// Notes that something was not read, and goes on; what ends everything ends this.
    pub(super) fn or_gap<T>(&mut self, read: Result<T, Stop>) -> Result<Option<T>, Stop> {
        match read {
            Ok(read) => Ok(Some(read)),
            Err(Stop::Inside(why)) if !matches!(why, Why::Bomb | Why::TooLarge | Why::TooMany) => {
                self.note(why);
                Ok(None)
            }
            Err(stop) => Err(stop),
        }
    }

    pub(super) fn note(&mut self, why: Why) {
        self.gap = self.gap.or(Some(why));
    }

    /// The bytes from `at` on: `len` of them, if there are so many, and perhaps more.
    fn view(&mut self, at: u64, len: usize) -> Result<&[u8], Stop> {
        let here = at.checked_sub(self.view_at).and_then(|from| usize::try_from(from).ok());
        let wanted = usize::try_from(self.slice.len().saturating_sub(at)).unwrap_or(usize::MAX).min(len);
        let seen = here.filter(|from| from.saturating_add(wanted) <= self.view.len());
        let from = match seen {
            Some(from) => from,
            None => {
                let mut view = Zeroizing::new(vec![0; len.max(VIEW_BYTES)]);
                let read = self.slice.read(at, &mut view)?;
                view.truncate(read);
                (self.view, self.view_at) = (view, at);
                0
            }
        };
        Ok(self.view.get(from..).unwrap_or_default())
    }

    /// Steps through the file from object to object.
    fn find_objects(&mut self) -> Result<(), Stop> {
        // `12345 0 obj` may lie across two views.
        const LONGEST_HEAD_BYTES: usize = 32;
        let mut at = 0_u64;
        while at < self.slice.len() {
            let view = self.view(at, LONGEST_HEAD_BYTES.saturating_mul(2))?;
            let (len, found) = (view.len(), next_object(view));
            let before = found.map_or(len, |(_, begin)| begin);
            let trailer = memchr::memmem::find(view.get(..before).unwrap_or_default(), b"trailer");
            if let Some(trailer) = trailer {
                let dict = at.saturating_add(trailer as u64).saturating_add(7);
                if self.value(dict)?.0.and_then(|value| value.dict().map(is_encrypted)) == Some(true) {
                    return Err(Why::Encrypted.into());
                }
            }
            let Some((number, begin)) = found else {
                let last = at.saturating_add(len as u64) >= self.slice.len();
                let step = if last { len } else { len.saturating_sub(LONGEST_HEAD_BYTES) };
                at = at.saturating_add(step.max(1) as u64);
                continue;
            };
            let body = at.saturating_add(begin as u64);
            at = self.enlist(number, body)?.max(body.saturating_add(1));
        }
        Ok(())
    }

    /// Enters the object whose value begins at `body` in the list, and says where reading goes on.
    fn enlist(&mut self, number: u32, body: u64) -> Result<u64, Stop> {
        let (value, end) = self.value(body)?;
        let dict = value.as_ref().and_then(Value::dict);
        let mut stream = None;
        let mut next = end;
        if let Some(dict) = dict
            && let Some(start) = self.stream_start(end)?
        {
            if dict.is(b"Type", b"XRef") && is_encrypted(dict) {
                return Err(Why::Encrypted.into());
            }
            let stated = dict.get(b"Length").and_then(Value::whole);
            let stop = self.stream_end(start, stated)?;
            stream = Some(start..stop);
            next = stop;
        }
        if self.listed.len() >= MOST_OBJECTS {
            return Err(Why::Unsupported("a PDF of more than 131072 objects").into());
        }
        self.newest.insert(number, Place::Listed(self.listed.len()));
        self.listed.push(Listed { number, value: body..end, stream });
        Ok(next)
    }

    /// The value at an offset, and where it ends.
    fn value(&mut self, at: u64) -> Result<(Option<Value>, u64), Stop> {
        let mut wanted = 4 << 10;
        loop {
            let view = self.view(at, wanted)?;
            let whole = view.len() < wanted;
            let mut lexer = Lexer::new(view);
            let value = lexer.value();
            // What reaches the end of the view may go on behind it.
            if !lexer.rest().is_empty() || whole || wanted >= LONGEST_OBJECT_BYTES {
                return Ok((value, at.saturating_add(lexer.at as u64)));
            }
            wanted = LONGEST_OBJECT_BYTES;
        }
    }

    /// Where the bytes of a stream begin whose dictionary ends at `at`.
    fn stream_start(&mut self, at: u64) -> Result<Option<u64>, Stop> {
        let view = self.view(at, 64)?;
        let blank = view.iter().take_while(|byte| is_blank(**byte)).count();
        let Some(behind) = view.get(blank..).and_then(|rest| rest.strip_prefix(b"stream")) else { return Ok(None) };
        let word_and_line = match behind {
            [b'\r', b'\n', ..] => 8,
            [b'\n' | b'\r', ..] => 7,
            _ => 6,
        };
        Ok(Some(at.saturating_add(blank as u64).saturating_add(word_and_line)))
    }

    /// Where they end: where their length says, if the end stands there, else at the first end that stands anywhere.
    fn stream_end(&mut self, start: u64, stated: Option<u64>) -> Result<u64, Stop> {
        const END: &[u8] = b"endstream";
        if let Some(end) = stated.map(|len| start.saturating_add(len)).filter(|end| *end <= self.slice.len()) {
            let view = self.view(end, 16)?;
            let blank = view.iter().take_while(|byte| is_blank(**byte)).count();
            if view.get(blank..).is_some_and(|rest| rest.starts_with(END)) {
                return Ok(end);
            }
        }
        let mut at = start;
        loop {
            let view = self.view(at, VIEW_BYTES)?;
            let len = view.len();
            if let Some(found) = memchr::memmem::find(view, END) {
                return Ok(at.saturating_add(found as u64));
            }
            if len < VIEW_BYTES {
                return Ok(self.slice.len());
            }
            at = at.saturating_add(len.saturating_sub(END.len()) as u64);
        }
    }

    /// The value of an object of the list.
    pub(super) fn listed_value(&mut self, listed: &Listed) -> Result<Option<Value>, Stop> {
        Ok(self.value(listed.value.start)?.0)
    }

    /// Whether an object of the list was replaced by a later revision of the file.
    pub(super) fn is_replaced(&self, place: usize) -> bool {
        let number = self.listed.get(place).map(|listed| listed.number);
        number.and_then(|number| self.newest.get(&number)) != Some(&Place::Listed(place))
    }

    /// The newest revision of an object, with its bytes if it is a stream.
    fn object(&mut self, number: u32) -> Result<(Option<Value>, Option<Range<u64>>), Stop> {
        match self.newest.get(&number).copied() {
            None => Ok((None, None)),
            Some(Place::Listed(at)) => {
                let Some(listed) = self.listed.get(at).cloned() else { return Ok((None, None)) };
                Ok((self.listed_value(&listed)?, listed.stream))
            }
            Some(Place::Packed(at, place)) => Ok((self.packed(at)?.and_then(|packed| packed.value(place)), None)),
        }
    }

    /// A value, or what it refers to.
    pub(super) fn resolve(&mut self, value: &Value) -> Result<Option<Value>, Stop> {
        let mut value = value.clone();
        for _ in 0..MOST_STEPS {
            let Some(number) = value.reference() else { return Ok(Some(value)) };
            match self.object(number)?.0 {
                Some(next) => value = next,
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    /// The dictionary that `dict` has under `key`.
    pub(super) fn dict(&mut self, dict: &Dict, key: &[u8]) -> Result<Option<Dict>, Stop> {
        let Some(value) = dict.get(key) else { return Ok(None) };
        match self.resolve(&value.clone())? {
            Some(Value::Dict(dict)) => Ok(Some(dict)),
            _ => Ok(None),
        }
    }

    /// The stream that a number refers to: its bytes decoded, and where they are.
    pub(super) fn stream(&mut self, number: u32) -> Result<Option<(Decoded, Range<u64>)>, Stop> {
        let (Some(Value::Dict(dict)), Some(range)) = self.object(number)? else { return Ok(None) };
        self.decoded(&dict, range)
    }

    /// Decodes the bytes of a stream. What is missing is noted.
    pub(super) fn decoded(&mut self, dict: &Dict, range: Range<u64>) -> Result<Option<(Decoded, Range<u64>)>, Stop> {
        let decoded = filter::decode(dict, &self.slice.part(range.clone()), self.budget);
        let Some(Some(decoded)) = self.or_gap(decoded)? else { return Ok(None) };
        if let Some(gap) = decoded.gap {
            self.note(gap);
        }
        Ok(Some((decoded, range)))
    }

    /// The objects in an object stream of the list. `None` when it is something else.
    pub(super) fn packed(&mut self, at: usize) -> Result<Option<Rc<Packed>>, Stop> {
        if let Some((_, packed)) = self.packed.as_ref().filter(|(place, _)| *place == at) {
            return Ok(Some(Rc::clone(packed)));
        }
        let Some(Listed { stream: Some(range), value, .. }) = self.listed.get(at).cloned() else { return Ok(None) };
        let Some(Value::Dict(dict)) =
            self.value(value.start)?.0.filter(|value| value.dict().is_some_and(|dict| dict.is(b"Type", b"ObjStm")))
        else {
            return Ok(None);
        };
        let Some((decoded, _)) = self.decoded(&dict, range)? else { return Ok(None) };
        let number = |key: &[u8]| dict.get(key).and_then(Value::whole).and_then(|number| usize::try_from(number).ok());
        let first = number(b"First").unwrap_or(0);
        let count = number(b"N").unwrap_or(0).min(MOST_OBJECTS);
        let mut lexer = Lexer::new(decoded.bytes.get(..first).unwrap_or_default());
        let mut objects = Vec::new();
        while objects.len() < count {
            let mut next = || lexer.value()?.whole();
            let (Some(number), Some(place)) = (next(), next()) else { break };
            let place = usize::try_from(place).unwrap_or(usize::MAX).saturating_add(first);
            objects.push((u32::try_from(number).unwrap_or(u32::MAX), place));
        }
        let packed = Rc::new(Packed { bytes: decoded.bytes, objects });
        self.packed = Some((at, Rc::clone(&packed)));
        Ok(Some(packed))
    }
}

fn is_encrypted(dict: &Dict) -> bool {
    dict.get(b"Encrypt").is_some_and(|value| *value != Value::Word(b"null".to_vec()))
}

/// The number of the first object in `view`, and where its value begins: behind `12 0 obj`.
fn next_object(view: &[u8]) -> Option<(u32, usize)> {
    memchr::memmem::find_iter(view, b"obj").find_map(|at| {
        let mut words = view.get(..at)?.rsplit(|byte| is_blank(*byte)).filter(|word| !word.is_empty()).take(2);
        // `endobj` has letters where the generation has digits.
        let adjoins = at.checked_sub(1).and_then(|at| view.get(at)).is_some_and(|byte| is_blank(*byte));
        let generation = words.next()?;
        let digits = words.next()?;
        let tail = digits.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
        let number = digits.get(digits.len().saturating_sub(tail)..)?;
        let numbers = generation.iter().all(u8::is_ascii_digit) && !number.is_empty();
        let number = std::str::from_utf8(number).ok()?.parse().ok()?;
        (adjoins && numbers).then_some((number, at.saturating_add(3)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found_by_their_head() {
        assert_eq!(next_object(b"%PDF-1.7\n12 0 obj<<"), Some((12, 17)));
        assert_eq!(next_object(b"endobj\n3 0 obj"), Some((3, 14)));
        assert_eq!(next_object(b"endobj object 5 obj"), None);
    }
}
