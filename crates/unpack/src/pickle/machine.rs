//! Follows a pickle without running it: which values are where, so that it can be said what is imported and called.
//!
//! Values are known only as far as that needs: where a text stands, a number, which import a value is or was made by.
//! Nothing is imported, called or built.

use std::collections::HashMap;

use super::known::{Standing, standing};
use super::opcode::{self, Effect};
use super::{Import, Pickle, Text};
use crate::cursor::Cursor;
use crate::error::Stop;

/// How many values are on the stack or in the memo at most, each. Picklers write long lists in batches of a thousand,
/// so only a tuple goes deep; of a memo this long the later entries are texts and arrays, which nothing calls.
const MOST_VALUES: usize = 1 << 17;

/// How many different imports are told apart. A model has tens.
const MOST_IMPORTS: usize = 1024;

/// The longest module or name that is believed.
const LONGEST_NAME_BYTES: u64 = 512;

/// What joblib's description of an array calls its shape, its type, and how it is aligned.
const SHAPE: &str = "shape";
const ELEMENT: &str = "dtype";
const ALIGNMENT: &str = "numpy_array_alignment_bytes";

/// How many pickles may stand inside each other: joblib writes an array of objects as a pickle of its own.
const DEEPEST_PICKLE: u8 = 4;

/// One value, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Mark,
    /// A text at this offset, this long.
    Text(u64, u64),
    Integer(i64),
    /// A tuple of whole numbers, of which this is the product: the shape of an array is one.
    Product(i64),
    /// A tuple that begins with a text: what a type of numbers is made from.
    Led(u64, u64),
    /// Bytes that an element of an array takes; `None` for references to objects.
    Element(Option<u64>),
    /// What was imported, by its place in the list.
    Import(usize),
    /// What a call of an import gave.
    Made(usize),
    /// Anything else that the pickle says in full: a number, a list.
    Plain,
    /// Something of which nothing is known.
    Lost,
}

/// The machine of one pickle. What it finds out goes into a [`Pickle`] that pickles of one file share.
pub(super) struct Machine<'a> {
    stack: Vec<Value>,
    memo: HashMap<u64, Value>,
    kept: u64,
    depth: u8,
    /// Of the array that joblib is about to write.
    shape: Option<i64>,
    element: Option<Option<u64>>,
    padded: bool,
    /// No text came since one object was parted from the next.
    parted: bool,
    found: &'a mut Pickle,
    texts: &'a mut dyn FnMut(&Text) -> Result<(), Stop>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(found: &'a mut Pickle, texts: &'a mut dyn FnMut(&Text) -> Result<(), Stop>) -> Self {
        Self::at_depth(0, found, texts)
    }

    fn at_depth(depth: u8, found: &'a mut Pickle, texts: &'a mut dyn FnMut(&Text) -> Result<(), Stop>) -> Self {
        let (stack, memo) = (Vec::new(), HashMap::new());
        Self { stack, memo, kept: 0, depth, shape: None, element: None, padded: false, parted: true, found, texts }
    }

    /// Follows one pickle to its end.
    pub(super) fn follow(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        loop {
            let at = cursor.at();
            let Some(effect) = opcode::read(cursor)? else {
                return Err(Stop::broken("a byte that is no instruction of a pickle"));
            };
            if effect == Effect::Stop {
                return Ok(());
            }
            self.step(effect, at, cursor)?;
            if self.stack.len() > MOST_VALUES {
                return Err(Stop::broken("a pickle that keeps more values than any that is followed"));
            }
        }
    }

    fn step(&mut self, effect: Effect, at: u64, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        match effect {
            Effect::Nothing | Effect::Stop => {}
            Effect::Swap(taken, put) => {
                (0..taken).for_each(|_| _ = self.pop());
                (0..put).for_each(|_| self.stack.push(Value::Plain));
            }
            Effect::Integer(number) => self.stack.push(Value::Integer(number)),
            Effect::Text(from, len) => {
                (self.texts)(&Text { from, len, object: self.found.objects })?;
                self.parted = false;
                self.stack.push(Value::Text(from, len));
            }
            Effect::Mark => self.stack.push(Value::Mark),
            Effect::Collect(put) => {
                self.above_mark();
                if put {
                    self.stack.push(Value::Plain);
                }
            }
            Effect::Dictionary(collect) => {
                if collect {
                    let values = self.above_mark();
                    self.set(&values, cursor)?;
                }
                self.part_texts();
                self.stack.push(Value::Plain);
            }
            Effect::SetItem => {
                let (value, key) = (self.pop(), self.pop());
                self.set(&[key, value], cursor)?;
            }
            Effect::SetItems => {
                let values = self.above_mark();
                self.set(&values, cursor)?;
                self.part_texts();
            }
            Effect::Tuple(Some(count)) => {
                let from = self.stack.len().saturating_sub(usize::from(count));
                let values = self.stack.split_off(from);
                self.stack.push(tuple(&values));
            }
            Effect::Tuple(None) => {
                let values = self.above_mark();
                self.stack.push(tuple(&values));
            }
            Effect::Pop => _ = self.pop(),
            Effect::Duplicate => {
                let top = self.top();
                self.stack.push(top);
            }
            Effect::Keep(under) => self.keep(under),
            Effect::Recall(under) => {
                let value = self.memo.get(&under).copied().unwrap_or(Value::Lost);
                self.stack.push(value);
            }
            Effect::Import(from) => {
                let import = self.import_lines(from, cursor)?;
                self.stack.push(import);
            }
            Effect::ImportFromStack => {
                let (name, module) = (self.pop(), self.pop());
                let import = self.import_values(module, name, at, cursor)?;
                self.stack.push(import);
            }
            Effect::Extension => {
                let import = self.import("(an extension of copyreg)", "", at, Standing::Unknown);
                self.stack.push(import);
            }
            Effect::Instance(from) => {
                self.above_mark();
                let import = self.import_lines(from, cursor)?;
                let made = self.call(import, at);
                self.stack.push(made);
            }
            Effect::Object => {
                let values = self.above_mark();
                let made = self.call(values.first().copied().unwrap_or(Value::Lost), at);
                self.stack.push(made);
            }
            Effect::Reduce => {
                let (arguments, callee) = (self.pop(), self.pop());
                let made = match (callee, arguments) {
                    (Value::Import(import), Value::Led(from, len)) if self.is(import, "numpy", "dtype") => {
                        self.call(callee, at);
                        Value::Element(element(&named(from, len, cursor)?))
                    }
                    _ => self.call(callee, at),
                };
                self.stack.push(made);
            }
            Effect::New(arguments) => {
                (0..arguments).for_each(|_| _ = self.pop());
                let class = self.pop();
                let made = self.call(class, at);
                self.stack.push(made);
            }
            Effect::Build => {
                self.pop();
                self.skip_array(cursor)?;
            }
        }
        Ok(())
    }

    /// What comes belongs to another object than what came.
    ///
    /// LIMIT: a text behind a dictionary inside a dictionary belongs to neither: its owner may be counted twice.
    fn part_texts(&mut self) {
        if !std::mem::replace(&mut self.parted, true) {
            self.found.objects = self.found.objects.saturating_add(1);
        }
    }

    /// Takes the topmost value. A stack that is empty, or a mark where a value should be, gives one of which nothing is
    /// known: a real machine would refuse, and whoever wrote the pickle may have another one in mind.
    fn pop(&mut self) -> Value {
        self.stack.pop_if(|top| *top != Value::Mark).unwrap_or(Value::Lost)
    }

    fn top(&self) -> Value {
        self.stack.last().copied().unwrap_or(Value::Lost)
    }

    /// Takes everything down to the mark, and the mark.
    fn above_mark(&mut self) -> Vec<Value> {
        let mark = self.stack.iter().rposition(|value| *value == Value::Mark);
        let values = self.stack.split_off(mark.map_or(0, |mark| mark.saturating_add(1)));
        self.stack.pop();
        values
    }

    fn keep(&mut self, under: Option<u64>) {
        let under = under.unwrap_or(self.kept);
        self.kept = self.kept.saturating_add(1);
        if self.memo.len() < MOST_VALUES {
            self.memo.insert(under, self.top());
        }
    }

    /// Pairs of key and value; two of them say how long an array is that joblib writes behind its description.
    fn set(&mut self, pairs: &[Value], cursor: &Cursor<'_>) -> Result<(), Stop> {
        for pair in pairs.chunks_exact(2) {
            let [Value::Text(from, len), value] = *pair else { continue };
            // Dictionaries may be many and keys far away: only what can be one of the three is looked at.
            let may_be = match value {
                Value::Product(_) => len == SHAPE.len() as u64,
                Value::Element(_) => len == ELEMENT.len() as u64,
                Value::Integer(_) => len == ALIGNMENT.len() as u64,
                _ => false,
            };
            if !may_be {
                continue;
            }
            match (named(from, len, cursor)?.as_str(), value) {
                (SHAPE, Value::Product(product)) => self.shape = Some(product),
                (ELEMENT, Value::Element(element)) => self.element = Some(element),
                (ALIGNMENT, _) => self.padded = true,
                _ => {}
            }
        }
        Ok(())
    }

    /// Behind the description of an array joblib writes its bytes, outside of any instruction: steps over them.
    fn skip_array(&mut self, cursor: &mut Cursor<'_>) -> Result<(), Stop> {
        let Value::Made(import) = self.top() else { return Ok(()) };
        if !self.is(import, "joblib.numpy_pickle", "NumpyArrayWrapper") {
            return Ok(());
        }
        let (shape, element, padded) = (self.shape.take(), self.element.take(), std::mem::take(&mut self.padded));
        let Some(element) = element else {
            return Err(Stop::broken("an array of joblib whose size is not said, and all behind it"));
        };
        let Some(element) = element else {
            if self.depth >= DEEPEST_PICKLE {
                return Err(Stop::broken("pickles inside pickles, too deep"));
            }
            return Machine::at_depth(self.depth.saturating_add(1), self.found, self.texts).follow(cursor);
        };
        if padded {
            let padding = cursor.byte()?;
            cursor.skip(u64::from(padding))?;
        }
        let elements = shape.and_then(|shape| u64::try_from(shape).ok()).unwrap_or(1);
        let bytes = elements.saturating_mul(element);
        self.found.array_bytes = self.found.array_bytes.saturating_add(bytes);
        cursor.skip(bytes)
    }

    /// The import that two lines at `from` name.
    fn import_lines(&mut self, from: u64, cursor: &Cursor<'_>) -> Result<Value, Stop> {
        let len = cursor.at().saturating_sub(from);
        if len > LONGEST_NAME_BYTES.saturating_mul(2) {
            return Ok(self.import("(a very long name)", "", from, Standing::Unknown));
        }
        let lines = String::from_utf8_lossy(&cursor.aside(from, len)?).into_owned();
        let (module, name) = lines.trim_end_matches('\n').split_once('\n').unwrap_or((&lines, ""));
        Ok(self.import_named(module, name, from))
    }

    /// The import that two values name. Names that are computed cannot be judged, and nobody who saves data needs them.
    fn import_values(&mut self, module: Value, name: Value, at: u64, cursor: &Cursor<'_>) -> Result<Value, Stop> {
        let (Value::Text(module, module_len), Value::Text(name, name_len)) = (module, name) else {
            return Ok(self.import("(a computed name)", "", at, Standing::Dangerous));
        };
        if module_len > LONGEST_NAME_BYTES || name_len > LONGEST_NAME_BYTES {
            return Ok(self.import("(a very long name)", "", at, Standing::Unknown));
        }
        let (module, name) = (named(module, module_len, cursor)?, named(name, name_len, cursor)?);
        Ok(self.import_named(&module, &name, at))
    }

    fn import_named(&mut self, module: &str, name: &str, at: u64) -> Value {
        self.import(module, name, at, standing(module, name))
    }

    fn import(&mut self, module: &str, name: &str, at: u64, standing: Standing) -> Value {
        let imports = &mut self.found.imports;
        if let Some(known) = imports.iter().position(|import| import.module == module && import.name == name) {
            return Value::Import(known);
        }
        if imports.len() >= MOST_IMPORTS {
            self.found.more_imports = true;
            return Value::Lost;
        }
        imports.push(Import { module: module.to_owned(), name: name.to_owned(), at, standing, called: false });
        Value::Import(imports.len().saturating_sub(1))
    }

    /// Calls `callee`. What is called and was not imported was computed: that is a program, not data.
    fn call(&mut self, callee: Value, at: u64) -> Value {
        let import = match callee {
            Value::Import(import) => import,
            _ => match self.import("(a computed function)", "", at, Standing::Unknown) {
                Value::Import(import) => import,
                _ => return Value::Lost,
            },
        };
        if let Some(import) = self.found.imports.get_mut(import) {
            import.called = true;
        }
        Value::Made(import)
    }

    fn is(&self, import: usize, module: &str, name: &str) -> bool {
        self.found.imports.get(import).is_some_and(|import| import.module == module && import.name == name)
    }
}

/// The text at `from`. Only short ones are names.
fn named(from: u64, len: u64, cursor: &Cursor<'_>) -> Result<String, Stop> {
    if len > LONGEST_NAME_BYTES {
        return Ok(String::new());
    }
    Ok(String::from_utf8_lossy(&cursor.aside(from, len)?).into_owned())
}

fn tuple(values: &[Value]) -> Value {
    if let Some(Value::Text(from, len)) = values.first() {
        return Value::Led(*from, *len);
    }
    let product = values.iter().try_fold(1_i64, |product, value| match value {
        Value::Integer(number) => Some(product.saturating_mul(*number)),
        _ => None,
    });
    product.map_or(Value::Plain, Value::Product)
}

/// Bytes of an element whose type numpy names so: `f8`, `U10`, `b1`, `M8`.
fn element(name: &str) -> Option<u64> {
    let name = name.trim_start_matches(['<', '>', '|', '=']);
    let (kind, width) = name.split_at_checked(1)?;
    let width: u64 = width.parse().unwrap_or(1);
    match kind {
        "O" => None,
        "U" => Some(width.saturating_mul(4)),
        _ => Some(width),
    }
}
