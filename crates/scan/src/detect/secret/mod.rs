//! Secrets: keys of providers, key material, passwords and tokens in key-like context.
//!
//! Three ways lead to a secret. A run of key characters may have the shape that a provider gives to its keys
//! ([`shapes`]); an operator may stand behind the name of a secret ([`assign`], [`name`], [`judge`]); and some texts
//! have forms of their own: key blocks ([`block`]), links with credentials ([`link`]), passwords in prose ([`prose`]).
//! Each is found by a search for a few bytes; no regular expression runs over a whole text.
//!
//! # Threats
//! A text may be made of prefixes and operators only. Whatever is looked at round one of them is bounded by constants
//! of these files, so time stays linear.

mod assign;
mod block;
mod dummy;
mod judge;
mod link;
mod mask;
mod name;
mod prose;
mod random;
mod runs;
mod shapes;
mod words;

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memchr3_iter;
use memchr::memmem::{self, Finder};

pub use self::mask::masked;

use self::assign::{Style, back_over, forward_over};
use self::judge::{Setting, judge};
pub(super) use self::name::{Kind, Kinds};
use self::random::Makeup;
use self::runs::Runs;
use self::shapes::{Shape, Shapes};
use super::{Candidate, Detector, Scene, Strength};
use crate::finding::Confidence;
use crate::marks::Marks;
use crate::rules::{Rule, RuleId};

/// How far before a run its key may begin, as in `https://hooks.slack.com/services/...`.
const REACH_BEFORE_BYTES: usize = 72;

/// How far before a value the name of its provider is looked for.
const PROVIDER_REACH_BYTES: usize = 64;

/// The most words of that stretch that are looked at.
const MOST_WORDS: usize = 14;

/// How many beginnings of keys are tried for one run: a text of nothing but prefixes stays cheap.
const MOST_TRIES: usize = 8;

/// How much of a run is looked at to see whether it may be a key.
const JUDGED_BYTES: usize = 256;

/// Of a longer value, the first and the last half of this make its canonical form.
const LONGEST_CANONICAL_BYTES: usize = 256;

/// What is searched for in every text.
struct Finders {
    closing: Finder<'static>,
    armour: Finder<'static>,
    option: Finder<'static>,
    prose: [Finder<'static>; 2],
}

static FINDERS: LazyLock<Finders> = LazyLock::new(|| Finders {
    closing: Finder::new(b"</"),
    armour: Finder::new(block::ARMOUR),
    option: Finder::new(b" -p"),
    prose: prose::NEEDLES.map(Finder::new),
});

/// Finds secrets.
pub(super) struct Secret {
    shapes: Shapes,
    forms: Forms,
}

/// The rules that are code.
struct Forms {
    private_key: RuleId,
    putty_key: RuleId,
    link: RuleId,
    header: RuleId,
    password: RuleId,
    token: RuleId,
    named_key: RuleId,
    spoken: RuleId,
    command: RuleId,
    password_file: RuleId,
}

impl Secret {
    /// By `rules`.
    pub(super) fn of(rules: &[(RuleId, &Rule)]) -> Self {
        let form = |id: &str| rules.iter().find(|(_, rule)| rule.id == id).map(|(id, _)| *id).unwrap_or_default();
        Self {
            shapes: Shapes::of(rules),
            forms: Forms {
                private_key: form("secret-private-key"),
                putty_key: form("secret-putty-key"),
                link: form("secret-url-password"),
                header: form("secret-authorization-header"),
                password: form("secret-password"),
                token: form("secret-token"),
                named_key: form("secret-named-key"),
                spoken: form("secret-spoken-password"),
                command: form("secret-command-line"),
                password_file: form("secret-pgpass"),
            },
        }
    }
}

impl Detector for Secret {
    fn detect(&self, scene: &Scene<'_>, found: &mut Vec<Candidate>) {
        let mut search = Search { by: self, text: scene.text.bytes, names: scene.text.names, found };
        if let Some(kind) = scene.named {
            search.whole_text(kind);
        }
        let has = |mark| scene.marks.any(mark);
        if has(Marks::RUN) {
            search.runs();
        }
        if has(Marks::OPERATOR) {
            search.operators();
        }
        if has(Marks::TAG) {
            search.closings();
        }
        if has(Marks::DASH) {
            search.dashes();
        }
        if has(Marks::SAID) {
            search.said();
        }
    }

    fn needs(&self) -> Marks {
        [Marks::RUN, Marks::OPERATOR, Marks::TAG, Marks::DASH, Marks::SAID].into_iter().fold(Marks::NAMED, Marks::or)
    }

    fn canonical(&self, value: &[u8], canonical: &mut Vec<u8>) {
        // All blocks of key material begin alike, so the end counts too.
        let half = LONGEST_CANONICAL_BYTES / 2;
        match value.len().checked_sub(half).and_then(|last| value.get(last..)) {
            Some(end) if value.len() > LONGEST_CANONICAL_BYTES => {
                canonical.extend_from_slice(value.get(..half).unwrap_or_default());
                canonical.extend_from_slice(end);
            }
            _ => canonical.extend_from_slice(value),
        }
    }
}

/// A search of one text.
struct Search<'a> {
    by: &'a Secret,
    text: &'a [u8],
    names: [&'a [u8]; 2],
    found: &'a mut Vec<Candidate>,
}

impl Search<'_> {
    fn push(
        &mut self,
        rule: RuleId,
        span: Range<usize>,
        confidence: Confidence,
        strength: Strength,
        validator: &'static str,
    ) {
        self.found.push(Candidate { rule, span, strength, confidence, validator });
    }

    fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.text.get(range).unwrap_or_default()
    }

    /// The whole text is the value of a key or a cell of a column that is called after a secret.
    fn whole_text(&mut self, kind: Kind) {
        const LONGEST_BYTES: usize = 512;
        if self.text.len() > LONGEST_BYTES || self.text.contains(&b'\n') {
            return;
        }
        let name = self.names.first().copied().unwrap_or_default().to_vec();
        self.assigned(kind, &name, 0..self.text.len(), Setting { style: Style::Quoted, in_code: false });
    }

    /// Runs of key characters that have a shape.
    fn runs(&mut self) {
        let mut done = 0;
        for run in Runs::of(self.text) {
            let from = back_over(self.text, run.start, is_joint, REACH_BEFORE_BYTES).max(done);
            // A number may be the first half of a key, `123456789012345|...`.
            if !self.bytes(run.clone()).iter().all(u8::is_ascii_digit) {
                done = run.end;
            }
            if let Some(span) = block::putty(self.text, run.start) {
                self.push(self.by.forms.putty_key, span, Confidence::High, Strength::Certain, "private-key-block");
                continue;
            }
            let pairs = self.bytes(from..run.end).array_windows::<2>();
            let begins = (from..)
                .zip(pairs)
                .filter(|(at, pair)| self.by.shapes.may_begin(**pair) && begins_at(self.text, *at))
                .take(MOST_TRIES)
                .find_map(|(at, _)| self.by.shapes.at(self.text, at).filter(|(_, span)| span.end > run.start));
            if let Some((shape, span)) = begins {
                done = span.end.max(done);
                self.shaped(shape, span);
                continue;
            }
            self.plain_run(run, from);
        }
    }

    /// A run that no prefix begins: it may have a form that says little.
    fn plain_run(&mut self, run: Range<usize>, from: usize) {
        let looked_at = self.bytes(run.start..run.end.min(run.start.saturating_add(JUDGED_BYTES)));
        let makeup = Makeup::of(looked_at);
        if !makeup.looks_random() || dummy::is_filler(looked_at) || dummy::is_row(looked_at) {
            return;
        }
        let begins = (from..=run.start).rev().filter(|at| begins_at(self.text, *at)).take(MOST_TRIES);
        let free =
            begins.filter_map(|at| self.by.shapes.free_at(self.text, at)).filter(|(_, span)| span.end > run.start);
        // The one that begins first: the others are its ends.
        if let Some((shape, span)) = free.last() {
            self.shaped(shape, span);
            return;
        }
        let value_from = back_over(self.text, run.start, |byte| runs::is_key(byte) || matches!(byte, b'+' | b'/'), 64);
        let dotted_from =
            back_over(self.text, run.start, |byte| runs::is_key(byte) || matches!(byte, b'+' | b'/' | b'.' | b'*'), 64);
        let joined_from = back_over(self.text, run.start, |byte| byte != b'*' && is_joint(byte) && byte != b':', 64);
        let spoken = [joined_from, dotted_from, value_from, run.start]
            .into_iter()
            .find_map(|at| self.spoken_shape(at, run.len()));
        if let Some((rule, span, confidence)) = spoken {
            self.push(rule, span, confidence, Strength::RangesInContext, "key-shape-in-context");
        } else {
            self.named(&run);
        }
    }

    /// The form that a word before the value at `at` names: its provider, beside a word that says that it is a key.
    fn spoken_shape(&self, at: usize, len: usize) -> Option<(RuleId, Range<usize>, Confidence)> {
        if matches!(at.checked_sub(1).and_then(|before| self.text.get(before)), Some(b'/' | b'#' | b'@')) {
            return None;
        }
        let before = self.bytes(at.saturating_sub(PROVIDER_REACH_BYTES)..at);
        let around =
            [before, self.names.first().copied().unwrap_or_default(), self.names.last().copied().unwrap_or_default()];
        if !around.iter().any(|text| name::is_keyish(text)) {
            return None;
        }
        let words = around.iter().flat_map(|text| name::Words::back(text).take(MOST_WORDS));
        let (shape, span) = words.into_iter().find_map(|word| self.by.shapes.spoken_at(word, self.text, at, len))?;
        let value = self.bytes(span.clone());
        (!dummy::is_filler(value) && !dummy::says_so(value)).then_some((shape.rule, span, shape.confidence))
    }

    /// A key of a provider, unless it is only a pattern of one.
    fn shaped(&mut self, shape: &Shape, span: Range<usize>) {
        let value = self.bytes(span.clone());
        let is_filler = dummy::is_filler(value);
        if is_filler && dummy::is_mask(value) {
            return;
        }
        // What documentation shows is no secret, but somebody may have filled in half of it.
        let confidence = if is_filler || dummy::says_so(value) { Confidence::Low } else { shape.confidence };
        let strength = if confidence == Confidence::Low { Strength::Ranges } else { Strength::Certain };
        self.push(shape.rule, span, confidence, strength, "key-shape");
    }

    /// A run that a name stands before without an operator: `ENV API_KEY ...`, `define('AUTH_KEY', '...')`,
    /// `process.env.TOKEN || '...'`, "the token is ...".
    fn named(&mut self, run: &Range<usize>) {
        let of_value = |byte| runs::is_key(byte) || matches!(byte, b'+' | b'/' | b'=' | b'.' | b'~');
        let from = back_over(self.text, run.start, of_value, 64);
        let to = forward_over(self.text, run.end, of_value, 512);
        let Some(name) = assign::name_at_distance(self.text, from) else { return };
        let Some(kind) = name::kind(self.bytes(name.clone())).filter(|kind| *kind != Kind::Key) else { return };
        let name = self.bytes(name).to_vec();
        let quoted = from > 0 && matches!(self.text.get(from.saturating_sub(1)), Some(b'"' | b'\'' | b'`'));
        let style = if quoted { Style::Quoted } else { Style::WholeLine };
        // A password that is a run of random characters is as good as a token.
        self.assigned(kind.min(Kind::Token), &name, from..to, Setting { style, in_code: true });
    }

    /// What stands at `=`, `:` and `$`.
    fn operators(&mut self) {
        let (mut done, mut read) = (0, 0);
        for at in memchr3_iter(b'=', b':', b'$', self.text) {
            match self.text.get(at..).unwrap_or_default() {
                [b'$', ..] => {
                    if at >= done
                        && begins_at(self.text, at)
                        && let Some((shape, span)) = self.by.shapes.at(self.text, at)
                    {
                        done = span.end;
                        self.shaped(shape, span);
                    }
                }
                [b':', b'/', b'/', ..] => {
                    let scheme = back_over(self.text, at, |byte| byte.is_ascii_alphanumeric(), 12);
                    if let Some((shape, span)) = self.by.shapes.at(self.text, scheme) {
                        self.shaped(shape, span);
                    } else if let Some(span) = link::password(self.text, at) {
                        self.push(self.by.forms.link, span, Confidence::High, Strength::Checksum, "url-credentials");
                    }
                }
                // What stands in a value is a part of it.
                _ if at < read => {}
                _ => read = self.operator(at).unwrap_or(read),
            }
        }
    }

    /// The operator at `at`, if a name of a secret stands before it; where the value ends.
    fn operator(&mut self, at: usize) -> Option<usize> {
        let before = at.checked_sub(1).and_then(|before| self.text.get(before)).copied().unwrap_or(b' ');
        // The second half of an operator, or a path of a program: `sign::key`.
        if matches!(before, b'=' | b':') || self.bytes(at..at.saturating_add(2)) == b"::" {
            return None;
        }
        let word = assign::word_before(self.text, at)?;
        let last = name::Words::back(self.bytes(word)).next().unwrap_or_default();
        if !name::may_end(last) {
            if self.text.get(at) == Some(&b':') {
                self.colons(at);
            }
            return None;
        }
        let mut name = assign::name_before(self.text, at)?;
        let last = name::Words::back(self.bytes(name.clone())).next().unwrap_or_default();
        if last.eq_ignore_ascii_case(b"value") || last.eq_ignore_ascii_case(b"content") {
            match assign::sibling_name(self.text, at) {
                Some(attribute) => name = attribute,
                None => return None,
            }
        }
        let Some(kind) = name::kind(self.bytes(name.clone())) else {
            // `-u admin:...`: a user is called like an ending of a name.
            if self.text.get(at) == Some(&b':') {
                self.colons(at);
            }
            return None;
        };
        let found = assign::assignment(self.text, at)?;
        if self.header(&found.value) {
            return Some(found.value.end);
        }
        let unspaced = !found.spaced && self.bytes(name.clone()).iter().all(|byte| !byte.is_ascii_lowercase());
        // Only for a bare password does it matter whether a program is written round it.
        let asks = kind == Kind::Password && found.style != Style::Quoted && !unspaced;
        let setting = Setting { style: found.style, in_code: asks && is_code(self.text, at) };
        let name = self.bytes(name).to_vec();
        let end = found.value.end;
        self.assigned(kind, &name, found.value, setting);
        Some(end)
    }

    /// `Bearer ...`, `Basic ...`: the scheme of a header, and what it carries.
    fn header(&mut self, value: &Range<usize>) -> bool {
        const SCHEMES: &[&[u8]] = &[b"bearer ", b"basic ", b"token ", b"apikey ", b"key ", b"ssws ", b"negotiate "];
        let rest = self.bytes(value.start..self.text.len());
        let begins = |scheme: &&&[u8]| rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
        let Some(scheme) = SCHEMES.iter().find(begins) else { return false };
        let from = forward_over(self.text, value.start.saturating_add(scheme.len()), |byte| byte == b' ', 4);
        let to = forward_over(
            self.text,
            from,
            |byte| runs::is_key(byte) || matches!(byte, b'+' | b'/' | b'=' | b'.' | b'~'),
            2048,
        );
        let carried = self.bytes(from..to);
        let makeup = Makeup::of(carried);
        let is_secret =
            carried.len() >= 16 && (makeup.looks_random() || makeup.digits > 1) && dummy::dummy(carried).is_none();
        if is_secret {
            self.push(
                self.by.forms.header,
                from..to,
                Confidence::High,
                Strength::RangesInContext,
                "authorization-header",
            );
        }
        true
    }

    /// `-u user:password` of a command line, and a line of `.pgpass`.
    fn colons(&mut self, at: usize) {
        let after = self.text.get(at.saturating_add(1)).copied().unwrap_or(b' ');
        if !after.is_ascii_graphic() || matches!(after, b'"' | b'\'' | b'/' | b':') {
            return;
        }
        let start =
            back_over(self.text, at, |byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b':'), 80);
        let quote = back_over(self.text, start, |byte| matches!(byte, b'"' | b'\''), 1);
        let option = self.bytes(quote.saturating_sub(8)..quote);
        if option.ends_with(b" -u ") || option.ends_with(b"--user ") || option.ends_with(b"--user=") {
            let end = forward_over(
                self.text,
                at.saturating_add(1),
                |byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\''),
                128,
            );
            let value = at.saturating_add(1)..end;
            if value.len() >= 4 && dummy::dummy(self.bytes(value.clone())).is_none() {
                self.push(self.by.forms.command, value, Confidence::Medium, Strength::RangesInContext, "command-line");
            }
            return;
        }
        if start == 0 || self.text.get(start.saturating_sub(1)) == Some(&b'\n') {
            self.password_file(start);
        }
    }

    /// A line of `.pgpass`: `host:port:database:user:password`.
    fn password_file(&mut self, start: usize) {
        let end = forward_over(self.text, start, |byte| byte != b'\n' && byte != b'\r', 256);
        let line = self.bytes(start..end);
        let mut fields = line.split(|byte| *byte == b':');
        let fields: [&[u8]; 5] = std::array::from_fn(|_| fields.next().unwrap_or_default());
        let [host, port, database, user, password] = fields;
        let words = [host, database, user].iter().all(|field| {
            !field.is_empty() && field.iter().all(|byte| runs::is_key(*byte) || matches!(byte, b'.' | b'*'))
        });
        let is_port = port == b"*" || (port.len() >= 4 && port.len() <= 5 && port.iter().all(u8::is_ascii_digit));
        if words
            && is_port
            && password.len() >= 4
            && password.iter().all(u8::is_ascii_graphic)
            && line.len() == fields_len(&fields)
        {
            self.push(
                self.by.forms.password_file,
                end.saturating_sub(password.len())..end,
                Confidence::Medium,
                Strength::RangesInContext,
                "password-file",
            );
        }
    }

    /// What stands before `</name>`.
    fn closings(&mut self) {
        const LONGEST_BYTES: usize = 512;
        for at in FINDERS.closing.find_iter(self.text) {
            let from = at.saturating_add(2);
            let to = forward_over(self.text, from, |byte| runs::is_key(byte) || byte == b'.' || byte == b':', 48);
            let content = back_over(self.text, at, |byte| !matches!(byte, b'>' | b'\n'), LONGEST_BYTES)..at;
            if content.is_empty() || content.start == 0 {
                continue;
            }
            // `<key>Password</key><string>...</string>`: what is named stands in the next element.
            let (name, value) = match self.bytes(from..to) {
                b"key" | b"name" | b"Key" | b"Name" => match assign::next_element(self.text, to) {
                    Some(value) => (content, value),
                    None => continue,
                },
                _ => (from..to, content),
            };
            let Some(kind) = name::kind(self.bytes(name.clone())) else { continue };
            let name = self.bytes(name).to_vec();
            self.assigned(kind, &name, value, Setting { style: Style::Quoted, in_code: false });
        }
    }

    /// Blocks of key material, and passwords in options.
    fn dashes(&mut self) {
        for at in FINDERS.armour.find_iter(self.text) {
            if let Some((span, confidence)) = block::armoured(self.text, at) {
                self.push(self.by.forms.private_key, span, confidence, Strength::Certain, "private-key-block");
            }
        }
        for at in FINDERS.option.find_iter(self.text) {
            let Some(value) = prose::option(self.text, at) else { continue };
            let setting = Setting { style: Style::WholeLine, in_code: false };
            if let Some(confidence) = judge(Kind::Password, b"-p", self.bytes(value.clone()), setting) {
                self.push(self.by.forms.command, value, confidence, Strength::Ranges, "command-line");
            }
        }
    }

    /// Passwords that are said.
    fn said(&mut self) {
        for needle in &FINDERS.prose {
            for at in needle.find_iter(self.text) {
                let Some((name, value, style)) = prose::said(self.text, at) else { continue };
                let bytes = self.bytes(value.clone());
                if name::kind(self.bytes(name.clone())) != Some(Kind::Password) {
                    continue;
                }
                if let Some(confidence) =
                    judge(Kind::Password, self.bytes(name), bytes, Setting { style, in_code: false })
                {
                    self.push(self.by.forms.spoken, value, confidence, Strength::Ranges, "spoken-password");
                }
            }
        }
    }

    /// The value of a name of `kind`.
    fn assigned(&mut self, kind: Kind, name: &[u8], value: Range<usize>, setting: Setting) {
        let Some(confidence) = judge(kind, name, self.bytes(value.clone()), setting) else { return };
        let (rule, validator) = match kind {
            Kind::Password => (self.by.forms.password, "named-password"),
            Kind::Token => (self.by.forms.token, "named-token"),
            Kind::Key => (self.by.forms.named_key, "named-key"),
        };
        self.push(rule, value, confidence, Strength::Ranges, validator);
    }
}

/// How long a line of five fields is.
fn fields_len(fields: &[&[u8]; 5]) -> usize {
    fields.iter().fold(4, |sum: usize, field| sum.saturating_add(field.len()))
}

/// What may stand between the beginning of a key and its long run.
const fn is_joint(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'_' | b'-'
                | b'.'
                | b'/'
                | b':'
                | b'$'
                | b'{'
                | b'}'
                | b'+'
                | b'='
                | b'!'
                | b'|'
                | b'~'
                | b'*'
                | b'?'
                | b'&'
                | b'@'
        )
}

/// Whether a key may begin at `at`: no word or number goes on there, unless an escape ends before it.
fn begins_at(text: &[u8], at: usize) -> bool {
    let mut back = text.get(..at).unwrap_or_default().iter().rev();
    match (back.next(), back.next(), back.next()) {
        (None, ..) => true,
        (Some(b'n' | b'r' | b't'), Some(b'\\'), _) => true,
        (Some(low), Some(high), Some(b'%')) if low.is_ascii_hexdigit() && high.is_ascii_hexdigit() => true,
        (Some(byte), ..) => !byte.is_ascii_alphanumeric(),
    }
}

/// Whether the text round `at` is a program.
fn is_code(text: &[u8], at: usize) -> bool {
    const REACH_BYTES: usize = 300;
    const SIGNS: &[&[u8]] = &[
        b"def ",
        b"import ",
        b"return ",
        b"self.",
        b"function",
        b"();",
        b" => {",
        b"class ",
        b"const ",
        b"let ",
        b"#include",
        b"public ",
        b"private ",
        b"if (",
        b"elif ",
        b"$this",
        b"printf",
        b"print(",
        b"lambda",
        b");\n",
        b"):\n",
        b"->",
        b"except ",
        b" = self",
        b"func ",
        b"fn ",
        b"static ",
        b"None",
    ];
    let around =
        text.get(at.saturating_sub(REACH_BYTES)..text.len().min(at.saturating_add(REACH_BYTES))).unwrap_or_default();
    SIGNS.iter().any(|sign| memmem::find(around, sign).is_some())
}
