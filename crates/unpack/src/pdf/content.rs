//! What a content stream shows: its operators, in order, become lines of text.
//!
//! SPEC: ISO 32000-1 §9.4. Where on the page something stands decides only whether a line or a word ends.

use std::rc::Rc;

use zeroize::Zeroizing;

use super::cmap::Font;
use super::lex::{Lexer, Value};

/// More operands than any operator has; a stream that goes on without operators is none.
const MOST_OPERANDS: usize = 512;

/// A gap inside a shown array that separates words, in thousandths of the font's size. Kerning stays below, a space is 250.
const WORD_GAP: f64 = 180.0;

/// How wide a character is taken to be, in parts of the font's size: widths are not read.
const USUAL_WIDTH: f64 = 0.5;

/// The text of a stream.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) text: Zeroizing<Vec<u8>>,
    /// How many codes had no character, of how many.
    pub(super) unknown: u64,
    pub(super) codes: u64,
}

/// Reads the stream `content`; `font` finds a font by its name in the resources.
pub(super) fn read(content: &[u8], mut font: impl FnMut(&[u8]) -> Rc<Font>) -> Shown {
    let mut page = Page { shown: Shown::default(), font: Rc::new(Font::simple(None)), size: 1.0, pen: Pen::default() };
    // Text is at most a few bytes for each byte of content; a vector that grew would leave its old bytes behind.
    page.shown.text.reserve(content.len());
    let mut lexer = Lexer::new(content);
    let mut operands: Vec<Value> = Vec::new();
    while let Some(value) = lexer.value() {
        let Value::Word(operator) = value else {
            if operands.len() < MOST_OPERANDS {
                operands.push(value);
            }
            continue;
        };
        match operator.as_slice() {
            b"Tf" => {
                if let Some(Value::Name(name)) = operands.first() {
                    page.font = font(name);
                }
                page.size = operands.get(1).and_then(Value::number).unwrap_or(1.0);
            }
            b"BI" => skip_image(&mut lexer),
            _ => page.operate(&operator, &operands),
        }
        operands.clear();
    }
    page.shown
}

/// Steps over an image that stands in the stream itself.
fn skip_image(lexer: &mut Lexer<'_>) {
    let rest = lexer.rest();
    let end = memchr::memmem::find_iter(rest, b"EI").find(|at| {
        let before = at.checked_sub(1).and_then(|at| rest.get(at));
        let behind = rest.get(at.saturating_add(2));
        let blank = |byte: Option<&u8>| byte.is_none_or(|byte| byte.is_ascii_whitespace());
        blank(before) && blank(behind)
    });
    lexer.at = lexer.at.saturating_add(end.map_or(rest.len(), |end| end.saturating_add(2)));
}

/// Where the next text is shown, and where the last ended.
#[derive(Clone, Copy, Default)]
struct Pen {
    x: f64,
    y: f64,
    /// The scale of the text matrix.
    scale: f64,
    leading: f64,
    /// Where the last text was shown, and how many codes it had.
    last: Option<(f64, f64, usize)>,
}

struct Page {
    shown: Shown,
    font: Rc<Font>,
    size: f64,
    pen: Pen,
}

impl Page {
    fn operate(&mut self, operator: &[u8], operands: &[Value]) {
        let number = |at: usize| operands.get(at).and_then(Value::number).unwrap_or(0.0);
        match operator {
            b"BT" => self.pen = Pen { scale: 1.0, leading: self.pen.leading, last: self.pen.last, ..Pen::default() },
            b"TL" => self.pen.leading = number(0),
            b"Td" => self.go(number(0), number(1)),
            b"TD" => {
                self.pen.leading = -number(1);
                self.go(number(0), number(1));
            }
            b"Tm" => {
                self.pen.scale = number(0).abs().max(number(1).abs());
                (self.pen.x, self.pen.y) = (number(4), number(5));
            }
            b"T*" => self.go(0.0, -self.pen.leading),
            b"Tj" => self.show(operands.first()),
            b"'" | b"\"" => {
                self.go(0.0, -self.pen.leading);
                self.show(operands.last());
            }
            b"TJ" => self.show_all(operands.first()),
            _ => {}
        }
    }

    fn go(&mut self, x: f64, y: f64) {
        self.pen.x += x * self.pen.scale;
        self.pen.y += y * self.pen.scale;
    }

    fn show(&mut self, codes: Option<&Value>) {
        let Some(Value::Text(codes)) = codes else { return };
        self.separate();
        let count = self.codes(codes);
        self.pen.last = Some((self.pen.x, self.pen.y, count));
    }

    fn show_all(&mut self, pieces: Option<&Value>) {
        let Some(Value::Array(pieces)) = pieces else { return };
        self.separate();
        let mut count = 0_usize;
        for piece in pieces {
            match piece {
                Value::Text(codes) => count = count.saturating_add(self.codes(codes)),
                Value::Number(back) if -*back > WORD_GAP => self.blank(b' '),
                _ => {}
            }
        }
        self.pen.last = Some((self.pen.x, self.pen.y, count));
    }

    fn codes(&mut self, codes: &[u8]) -> usize {
        let (unknown, all) = self.font.show(codes, &mut self.shown.text);
        self.shown.unknown = self.shown.unknown.saturating_add(unknown);
        self.shown.codes = self.shown.codes.saturating_add(all);
        usize::try_from(all).unwrap_or(usize::MAX)
    }

    /// Ends the word or the line, if the pen has moved on from the last text.
    fn separate(&mut self) {
        let Some((x, y, count)) = self.pen.last else { return };
        let em = (self.size * self.pen.scale).abs().max(0.001);
        if (self.pen.y - y).abs() > em * USUAL_WIDTH {
            // Far below is another paragraph.
            if (self.pen.y - y).abs() > em * 2.5 {
                self.blank(b'\n');
            }
            self.shown.text.push(b'\n');
        } else if self.pen.x < x {
            self.blank(b' ');
        } else if self.pen.x > x {
            let gap = self.pen.x - x - count as f64 * USUAL_WIDTH * em;
            // Programs that place single characters leave gaps where words end; others place words.
            if count > 2 || gap > USUAL_WIDTH * em {
                self.blank(b' ');
            }
        }
    }

    /// White space, unless there is some.
    fn blank(&mut self, blank: u8) {
        if self.shown.text.last().is_some_and(|last| !last.is_ascii_whitespace()) {
            self.shown.text.push(blank);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(content: &str) -> String {
        let font = Rc::new(Font::simple(None));
        String::from_utf8(read(content.as_bytes(), |_| Rc::clone(&font)).text.to_vec()).unwrap()
    }

    #[test]
    fn lines_and_words_are_told_by_place() {
        assert_eq!(text("BT /F 10 Tf 72 700 Td (ada@) Tj (example.org) Tj ET"), "ada@example.org");
        assert_eq!(text("BT /F 10 Tf 72 700 Td (Name:) Tj 50 0 Td (Ada) Tj 0 -12 Td (next) Tj ET"), "Name: Ada\nnext");
        assert_eq!(text("BT /F 10 Tf 12 TL 1 0 0 1 72 700 Tm (a) Tj T* (b) Tj (c) ' ET"), "a\nb\nc");
        assert_eq!(text("BT /F 10 Tf [(ad) 20 (a@ex) -30 (ample.org) -300 (next)] TJ ET"), "ada@example.org next");
        assert_eq!(text("BT /F 10 Tf (a) Tj ET BT 1 0 0 1 0 -40 Tm (b) Tj ET"), "a\n\nb");
    }

    #[test]
    fn single_characters_are_joined() {
        let letters = "ada@x.org".chars().zip(0..);
        let content: String = letters
            .map(|(letter, at)| format!("BT /F 10 Tf 1 0 0 1 {} 700 Tm ({letter}) Tj ET ", 72 + at * 6))
            .collect();
        assert_eq!(text(&content), "ada@x.org");
    }

    #[test]
    fn images_and_nonsense_are_passed_over() {
        assert_eq!(text("BI /W 1 ID \u{1}(EI x Tj EI Q BT (a) Tj"), "a");
        assert_eq!(text("BI /W 1 ID ("), "");
        assert_eq!(text("Tj TJ ' Tf Td (a"), "");
    }
}
