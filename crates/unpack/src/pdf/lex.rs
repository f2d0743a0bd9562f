//! The values of PDF: numbers, names, strings, arrays, dictionaries, references.
//!
//! SPEC: ISO 32000-1 §7.2–7.3. What is malformed is read as something shorter, never refused: files in the wild are.

/// How deep arrays and dictionaries are read. Real files stay below ten.
const DEEPEST: u8 = 32;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Number(f64),
    Name(Vec<u8>),
    Text(Vec<u8>),
    Array(Vec<Value>),
    Dict(Dict),
    /// The number of an object elsewhere.
    Ref(u32),
    /// A bare word: `true`, `null`, or an operator of a content stream.
    Word(Vec<u8>),
}

impl Value {
    pub(super) fn number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// As a length or position.
    pub(super) fn whole(&self) -> Option<u64> {
        // A float that is too large, or none, becomes a bound.
        self.number().filter(|number| *number >= 0.0).map(|number| number as u64)
    }

    pub(super) fn name(&self) -> Option<&[u8]> {
        if let Self::Name(name) = self { Some(name) } else { None }
    }

    pub(super) fn reference(&self) -> Option<u32> {
        if let Self::Ref(number) = self { Some(*number) } else { None }
    }

    pub(super) fn dict(&self) -> Option<&Dict> {
        if let Self::Dict(dict) = self { Some(dict) } else { None }
    }
}

/// Keys and values, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Dict(pub(super) Vec<(Vec<u8>, Value)>);

impl Dict {
    pub(super) fn get(&self, key: &[u8]) -> Option<&Value> {
        self.0.iter().find(|(has, _)| has == key).map(|(_, value)| value)
    }

    /// Whether the value of `key` is the name `name`.
    pub(super) fn is(&self, key: &[u8], name: &[u8]) -> bool {
        self.get(key).and_then(Value::name) == Some(name)
    }
}

/// Reads values.
pub(super) struct Lexer<'a> {
    bytes: &'a [u8],
    pub(super) at: usize,
}

impl<'a> Lexer<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// What is still to be read.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn step(&mut self, len: usize) {
        self.at = self.at.saturating_add(len);
    }

    /// Steps over white space and comments.
    pub(super) fn blank(&mut self) {
        while let Some(byte) = self.rest().first() {
            match byte {
                b'%' => {
                    let line = self.rest().iter().take_while(|byte| !matches!(byte, b'\n' | b'\r')).count();
                    self.step(line);
                }
                _ if is_blank(*byte) => self.step(1),
                _ => return,
            }
        }
    }

    /// The next value. `None` at the end.
    pub(super) fn value(&mut self) -> Option<Value> {
        self.value_at(0)
    }

    fn value_at(&mut self, depth: u8) -> Option<Value> {
        self.blank();
        Some(match self.rest() {
            [] => return None,
            [b'<', b'<', ..] if depth < DEEPEST => self.dict(depth.saturating_add(1)),
            [b'[', ..] if depth < DEEPEST => self.array(depth.saturating_add(1)),
            [b'(', ..] => self.literal(),
            [b'<', ..] => self.hex(),
            [b'/', ..] => self.name(),
            [b'0'..=b'9' | b'+' | b'-' | b'.', ..] => self.number(),
            [byte, ..] if is_delimiter(*byte) => {
                self.step(1);
                Value::Word(vec![*byte])
            }
            rest => {
                let word: Vec<u8> = rest.iter().copied().take_while(|byte| is_regular(*byte)).collect();
                self.step(word.len().max(1));
                Value::Word(word)
            }
        })
    }

    fn dict(&mut self, depth: u8) -> Value {
        self.step(2);
        let mut dict = Dict::default();
        loop {
            self.blank();
            match self.rest() {
                [] => break,
                [b'>', b'>', ..] => {
                    self.step(2);
                    break;
                }
                [b'/', ..] => {
                    let Value::Name(key) = self.name() else { break };
                    self.blank();
                    if self.rest().starts_with(b">>") {
                        continue;
                    }
                    let Some(value) = self.value_at(depth) else { break };
                    dict.0.push((key, value));
                }
                rest if rest.starts_with(b"endobj") || rest.starts_with(b"stream") => break,
                _ => {
                    // No key: what stands there is passed over.
                    if self.value_at(depth).is_none() {
                        break;
                    }
                }
            }
        }
        Value::Dict(dict)
    }

    fn array(&mut self, depth: u8) -> Value {
        self.step(1);
        let mut values = Vec::new();
        loop {
            self.blank();
            match self.rest() {
                [] => break,
                [b']', ..] => {
                    self.step(1);
                    break;
                }
                rest if rest.starts_with(b"endobj") => break,
                _ => match self.value_at(depth) {
                    Some(value) => values.push(value),
                    None => break,
                },
            }
        }
        Value::Array(values)
    }

    /// `(text)`, with escapes and balanced parentheses.
    fn literal(&mut self) -> Value {
        self.step(1);
        let mut text = Vec::new();
        let mut open = 1_usize;
        while let Some(byte) = self.rest().first().copied() {
            self.step(1);
            match byte {
                b'(' => open = open.saturating_add(1),
                b')' => {
                    open = open.saturating_sub(1);
                    if open == 0 {
                        break;
                    }
                }
                b'\\' => {
                    self.escape(&mut text);
                    continue;
                }
                _ => {}
            }
            text.push(byte);
        }
        Value::Text(text)
    }

    fn escape(&mut self, text: &mut Vec<u8>) {
        let Some(byte) = self.rest().first().copied() else { return };
        match byte {
            b'0'..=b'7' => {
                let digits = self.rest().iter().take(3).take_while(|byte| matches!(byte, b'0'..=b'7'));
                let (code, len) = digits.fold((0_u32, 0_usize), |(code, len), digit| {
                    (code.wrapping_mul(8).wrapping_add(u32::from(digit & 7)), len.saturating_add(1))
                });
                text.push((code & 0xff) as u8);
                self.step(len);
                return;
            }
            b'n' => text.push(b'\n'),
            b'r' => text.push(b'\r'),
            b't' => text.push(b'\t'),
            b'b' | b'f' => text.push(b' '),
            b'\r' if self.rest().starts_with(b"\r\n") => self.step(1),
            b'\r' | b'\n' => {}
            _ => text.push(byte),
        }
        self.step(1);
    }

    /// `<hexadecimal>`; a missing last digit is 0.
    fn hex(&mut self) -> Value {
        self.step(1);
        let len = self.rest().iter().take_while(|byte| **byte != b'>').count();
        let digits: Vec<u8> = self.rest().iter().take(len).filter_map(|byte| hex_digit(*byte)).collect();
        self.step(len.saturating_add(1));
        let pair = |pair: &[u8]| pair.first().copied().unwrap_or(0) << 4 | pair.get(1).copied().unwrap_or(0);
        Value::Text(digits.chunks(2).map(pair).collect())
    }

    fn name(&mut self) -> Value {
        self.step(1);
        let mut name = Vec::new();
        while let Some(byte) = self.rest().first().copied().filter(|byte| is_regular(*byte)) {
            let code = match self.rest() {
                [b'#', high, low, ..] => hex_digit(*high).zip(hex_digit(*low)),
                _ => None,
            };
            match code {
                Some((high, low)) => {
                    name.push(high << 4 | low);
                    self.step(3);
                }
                None => {
                    name.push(byte);
                    self.step(1);
                }
            }
        }
        Value::Name(name)
    }

    /// A number, or a reference, `12 0 R`.
    fn number(&mut self) -> Value {
        let len = self.rest().iter().take_while(|byte| is_regular(**byte)).count().max(1);
        let word = self.rest().get(..len).unwrap_or_default();
        self.step(len);
        let number = std::str::from_utf8(word).ok().and_then(|word| word.parse::<f64>().ok());
        let Some(number) = number.filter(|number| number.is_finite()) else { return Value::Word(word.to_vec()) };
        if word.iter().all(u8::is_ascii_digit)
            && let Ok(object) = std::str::from_utf8(word).unwrap_or_default().parse::<u32>()
            && let Some(len) = reference_len(self.rest())
        {
            self.step(len);
            return Value::Ref(object);
        }
        Value::Number(number)
    }
}

/// The length of the ` 0 R` that makes a number a reference.
fn reference_len(rest: &[u8]) -> Option<usize> {
    let blank = |bytes: &[u8]| bytes.iter().take_while(|byte| is_blank(**byte)).count();
    let first = blank(rest);
    let digits = rest.get(first..)?.iter().take(5).take_while(|byte| byte.is_ascii_digit()).count();
    let behind = first.saturating_add(digits);
    let second = blank(rest.get(behind..)?);
    let end = behind.saturating_add(second);
    let word_ends = rest.get(end.saturating_add(1)).is_none_or(|byte| !is_regular(*byte));
    (first > 0 && digits > 0 && second > 0 && rest.get(end) == Some(&b'R') && word_ends)
        .then_some(end.saturating_add(1))
}

pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, 0 | b'\t' | b'\n' | 0xc | b'\r' | b' ')
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

const fn is_regular(byte: u8) -> bool {
    !is_blank(byte) && !is_delimiter(byte)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Value {
        Lexer::new(text.as_bytes()).value().unwrap()
    }

    #[test]
    fn values_are_read() {
        assert_eq!(read("(a\\(b\\)\\101(c)\\\n d)"), Value::Text(b"a(b)A(c) d".to_vec()));
        assert_eq!(read("<48 65 6C6>"), Value::Text(b"Hel`".to_vec()));
        assert_eq!(read("/A#20b/c"), Value::Name(b"A b".to_vec()));
        assert_eq!(read("% no\n-1.5"), Value::Number(-1.5));
        assert_eq!(read("12 0 R"), Value::Ref(12));
        assert_eq!(read("12 0 RG"), Value::Number(12.0));
        let Value::Dict(dict) = read("<</Kids [1 0 R 2] /Type/Pages /Empty>>") else { panic!() };
        assert_eq!(dict.get(b"Kids"), Some(&Value::Array(vec![Value::Ref(1), Value::Number(2.0)])));
        assert!(dict.is(b"Type", b"Pages"));
    }

    #[test]
    fn nonsense_ends() {
        for text in ["<<", "[", "(", "<", "<</A", "[[[[", ")", ">>", "/", "<< /A << /B [ ( endobj", "+-", "{}"] {
            let mut lexer = Lexer::new(text.as_bytes());
            while lexer.value().is_some() {}
        }
        let deep = "[".repeat(100_000);
        let mut lexer = Lexer::new(deep.as_bytes());
        while lexer.value().is_some() {}
    }
}
