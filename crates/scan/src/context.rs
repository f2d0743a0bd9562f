//! Context: which type of data the words near a candidate speak of.
//!
//! Many numbers have no check digit, and what they are is said beside them: "call me on 450 0840", `"ssn": 123456789`.
//! The nearest key word wins, so that in "card 4000..., phone 555..." each number gets its own. Words that name other
//! numbers ("order", "invoice", "id") are key words too: they speak against.
//!
//! Context is asked for only near a candidate, so its cost does not matter to texts that have none.

#![expect(
    clippy::arithmetic_side_effects,
    reason = "positions of bytes in a slice: sums stay below its length, and each difference is guarded by a comparison"
)]

use std::cell::{Cell, OnceCell};

use crate::lexicon::{Lexicon, Topic, is_word};
use crate::rules::RuleId;
use crate::text::Text;

/// How far back a key word is looked for, in bytes.
const REACH_BEFORE_BYTES: usize = 64;

/// How far behind a candidate a key word is looked for: "9498777106 (office)", "450 0840 is my mobile" is too far.
const REACH_AFTER_BYTES: usize = 16;

/// How far behind a number that has a form of its own: "556703-7485 is our number of registration".
const REACH_FAR_AFTER_BYTES: usize = 48;

/// What the words round one text's candidates are looked up in, and what is known of the whole text.
pub(crate) struct Surroundings<'a> {
    text: &'a Text<'a>,
    lexicon: &'a Lexicon,
    names: OnceCell<[Option<Topic>; 2]>,
    /// What stands before the last place that was asked about; several detectors ask about the same.
    last: Cell<Option<(usize, [Option<Topic>; 2])>>,
    /// The same for what stands behind.
    last_after: Cell<Option<(usize, [Option<Topic>; MOST_WORDS_AFTER])>>,
}

impl<'a> Surroundings<'a> {
    /// Of candidates in `text`.
    pub(crate) const fn new(text: &'a Text<'a>, lexicon: &'a Lexicon) -> Self {
        Self { text, lexicon, names: OnceCell::new(), last: Cell::new(None), last_after: Cell::new(None) }
    }

    /// The topics of the nearest key word before `from`, and of the nearest that says which number.
    fn before(&self, from: usize) -> [Option<Topic>; 2] {
        if let Some((place, topics)) = self.last.get()
            && place == from
        {
            return topics;
        }
        let topics = nearest_before(self.lexicon, self.text.bytes.get(..from).unwrap_or_default());
        self.last.set(Some((from, topics)));
        topics
    }

    /// What the words behind `to` speak of.
    fn after(&self, to: usize) -> [Option<Topic>; MOST_WORDS_AFTER] {
        if let Some((place, topics)) = self.last_after.get()
            && place == to
        {
            return topics;
        }
        let topics = topics_after(self.lexicon, self.text.bytes.get(to..).unwrap_or_default());
        self.last_after.set(Some((to, topics)));
        topics
    }

    /// What the names of the text speak of, and what the first that says which number does.
    fn names(&self) -> [Option<Topic>; 2] {
        *self.names.get_or_init(|| {
            let said = self.text.names.map(|name| of_name(self.lexicon, name));
            let [first, telling] =
                [0, 1].map(|which| said.iter().find_map(|topics| topics.get(which).copied().flatten()));
            [first, telling]
        })
    }
}

/// What words say about a value of one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// They speak of it.
    This,
    /// They speak of what another rule finds.
    Another,
    /// They speak of a number that no rule finds.
    Other,
    /// They speak of none.
    Nothing,
}

/// The surroundings of a candidate whose end is not settled yet.
pub(crate) struct Context<'a> {
    around: &'a Surroundings<'a>,
    /// The topic of the nearest key word, and that of the nearest one that says which number.
    before: Option<Topic>,
    telling: Option<Topic>,
}

impl<'a> Context<'a> {
    /// Of a candidate that begins at `from`.
    pub(crate) fn of(around: &'a Surroundings<'a>, from: usize) -> Self {
        let [before, telling] = around.before(from);
        Self { around, before, telling }
    }

    /// What they speak of, if the candidate ends at `to`.
    ///
    /// Words before come first, then a word that directly follows, then the names of the text.
    pub(crate) fn topic(&self, to: usize) -> Option<Topic> {
        if self.before.is_some_and(|topic| topic != Topic::OTHER && topic != Topic::UNSAID) {
            return self.before;
        }
        let after = nearest_after(self.around.lexicon, self.around.text.bytes.get(to..).unwrap_or_default());
        after.or(self.before).or_else(|| self.around.names()[0])
    }

    /// What they say about a value of `rule`, if the candidate ends at `to`.
    pub(crate) fn about(&self, rule: RuleId, to: usize) -> About {
        match self.topic(to) {
            Some(topic) if self.around.lexicon.is_about(topic, rule) => About::This,
            Some(Topic::OTHER) => About::Other,
            None | Some(Topic::UNSAID) => About::Nothing,
            Some(_) => About::Another,
        }
    }

    /// Whether they speak of what `rule` finds, if the candidate ends at `to`.
    pub(crate) fn is_about(&self, rule: RuleId, to: usize) -> bool {
        self.topic(to).is_some_and(|topic| self.around.lexicon.is_about(topic, rule))
    }

    /// Whether they speak of what `rule` finds, for a value with a form of its own: a word like "id" does not part it
    /// from the word before, and the word that speaks of it may follow at some distance.
    pub(crate) fn tells_of(&self, rule: RuleId, to: usize) -> bool {
        let lexicon = self.around.lexicon;
        let about = |topic: Option<Topic>| topic.is_some_and(|topic| lexicon.is_about(topic, rule));
        about(self.telling) || about(self.around.names()[1]) || self.around.after(to).into_iter().any(about)
    }
}

/// The topics of the nearest key word in the last bytes of `before`, and of the nearest that says which number.
fn nearest_before(lexicon: &Lexicon, before: &[u8]) -> [Option<Topic>; 2] {
    let reach = before.get(before.len().saturating_sub(REACH_BEFORE_BYTES)..).unwrap_or_default();
    let mut nearest = None;
    for (word, rest) in Words(reach) {
        let Some(topic) = of_compound(lexicon, word, rest) else { continue };
        nearest = nearest.or(Some(topic));
        if topic != Topic::UNSAID {
            return [nearest, Some(topic)];
        }
    }
    [nearest, None]
}

/// The words of a text, last first, each with what stands before it.
#[derive(Clone)]
struct Words<'a>(&'a [u8]);

impl<'a> Iterator for Words<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let end = self.0.iter().rposition(|byte| is_word(*byte))? + 1;
        let text = self.0.get(..end)?;
        let start = text.iter().rposition(|byte| !is_word(*byte)).map_or(0, |at| at + 1);
        let (before, word) = text.split_at_checked(start)?;
        self.0 = before;
        Some((word, before))
    }
}

/// The key word right behind, on the same line, unless it is the label of what comes next ("Fax:").
fn nearest_after(lexicon: &Lexicon, after: &[u8]) -> Option<Topic> {
    let reach = after.get(..after.len().min(REACH_AFTER_BYTES)).unwrap_or_default();
    let line = reach.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let start = line.iter().position(|byte| is_word(*byte))?;
    let word = line.get(start..)?;
    let len = word.iter().position(|byte| !is_word(*byte)).unwrap_or(word.len());
    let topic = of_compound(lexicon, word.get(..len)?, &[])?;
    let labels_the_next = matches!(after.get(start + len), Some(b':' | b'='));
    (topic != Topic::OTHER && topic != Topic::UNSAID && !labels_the_next).then_some(topic)
}

/// How many key words behind a value are looked at.
const MOST_WORDS_AFTER: usize = 4;

/// What the last key words behind speak of, on the same line and before another number or label.
fn topics_after(lexicon: &Lexicon, after: &[u8]) -> [Option<Topic>; MOST_WORDS_AFTER] {
    let reach = after.get(..after.len().min(REACH_FAR_AFTER_BYTES)).unwrap_or_default();
    let ends = |byte: &u8| matches!(byte, b'\n' | b':' | b'=' | b'|' | b'\t') || byte.is_ascii_digit();
    let line = reach.get(..reach.iter().position(ends).unwrap_or(reach.len())).unwrap_or_default();
    let labels_the_next = matches!(reach.get(line.len()), Some(b':' | b'='));
    let found = Words(line).filter_map(|(word, before)| of_compound(lexicon, word, before));
    let mut topics = [None; MOST_WORDS_AFTER];
    topics.iter_mut().zip(found.skip(usize::from(labels_the_next))).for_each(|(to, topic)| *to = Some(topic));
    topics
}

/// What the name of a key or column speaks of. `phone_number` speaks of a phone, `phone_id` of something else, and
/// `messages` of nothing, but `office_number` of a phone again.
fn of_name(lexicon: &Lexicon, name: &[u8]) -> [Option<Topic>; 2] {
    let numbered = Words(name)
        .flat_map(|(word, before)| Humps { word, before })
        .any(|(word, _)| NUMBER.iter().any(|number| number.eq_ignore_ascii_case(word)));
    let said = Words(name)
        .flat_map(|(word, before)| Humps { word, before })
        .filter_map(|(word, before)| lexicon.look_up(word, before, !numbered));
    let whole = || lexicon.look_up(&squashed(name), &[], !numbered);
    let telling = said.clone().find(|topic| *topic != Topic::UNSAID);
    let mut said = said;
    [said.next().or_else(whole), telling.or_else(whole)]
}

/// The letters of a name alone: `social_security` is `socialsecurity`.
fn squashed(name: &[u8]) -> Vec<u8> {
    name.iter().copied().filter(|byte| is_word(*byte)).collect()
}

/// Words that make a name one of a number.
const NUMBER: &[&[u8]] = &[b"number", b"num", b"no", b"nr"];

/// What a word of a text speaks of; `phoneNumber` is read as two.
fn of_compound(lexicon: &Lexicon, word: &[u8], before: &[u8]) -> Option<Topic> {
    lexicon.look_up(word, before, false).or_else(|| {
        // Words of one case have no humps, and they are nearly all.
        if !word.iter().skip(1).any(u8::is_ascii_uppercase) {
            return None;
        }
        let humps = Humps { word, before }.filter(|(hump, _)| hump.len() < word.len());
        humps.map(|(hump, before)| lexicon.look_up(hump, before, false)).find_map(|topic| topic)
    })
}

/// The words of a camel-case name, last first, each with what stands before it.
#[derive(Clone)]
struct Humps<'a> {
    word: &'a [u8],
    before: &'a [u8],
}

impl<'a> Iterator for Humps<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        if self.word.is_empty() {
            return None;
        }
        // A word begins at a capital before or after a small letter: `CC|Number`, `card|Number`.
        let begins = |at: usize| {
            let [Some(before), Some(here)] = [self.word.get(at - 1), self.word.get(at)] else { return false };
            let small_after = self.word.get(at + 1).is_some_and(u8::is_ascii_lowercase);
            here.is_ascii_uppercase() && (before.is_ascii_lowercase() || small_after)
        };
        let cut = (1..self.word.len()).rev().find(|at| begins(*at)).unwrap_or(0);
        let (rest, word) = self.word.split_at(cut);
        self.word = rest;
        Some((word, if rest.is_empty() { self.before } else { rest }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rules;
    use crate::text::{ALL, Offsets};

    /// The rule that the words round `value` speak of, `other` if of another number, or nothing.
    fn topic_at(text: &str, value: &str, name: &str) -> &'static str {
        let from = text.find(value).unwrap();
        let offsets = Offsets::plain(0);
        let names = [name.as_bytes(), b"".as_slice()];
        let text =
            Text { bytes: text.as_bytes(), offsets: &offsets, names, owned: ALL, record: 0, part: 0, lines: false };
        let rules = Rules::built_in();
        let lexicon = rules.detection().lexicon();
        let around = Surroundings::new(&text, lexicon);
        let Some(topic) = Context::of(&around, from).topic(from + value.len()) else { return "" };
        let known = ["phone", "card", "us-ssn"].into_iter();
        known.into_iter().find(|id| lexicon.is_about(topic, rules.find(id).unwrap())).unwrap_or("other")
    }

    #[test]
    fn the_nearest_word_before_wins() {
        let text = "card 4000 0000, phone 5550100, order 12345678";
        assert_eq!(topic_at(text, "4000 0000", ""), "card");
        assert_eq!(topic_at(text, "5550100", ""), "phone");
        assert_eq!(topic_at(text, "12345678", ""), "other");
        assert_eq!(topic_at("his social security number is 1", "1", ""), "us-ssn");
    }

    #[test]
    fn a_word_behind_counts_unless_it_labels_the_next() {
        assert_eq!(topic_at("30971\n781 1704-Office", "781 1704", ""), "phone");
        assert_eq!(topic_at("781 1704 Phone: 12", "781 1704", ""), "");
        assert_eq!(topic_at("781 1704\nPhone 12", "781 1704", ""), "");
    }

    #[test]
    fn names_speak_where_the_text_does_not() {
        for (name, expected) in [
            ("phoneNumber", "phone"),
            ("PHONE_NUMBER", "phone"),
            ("phone_id", "other"),
            ("CCNumber", "card"),
            ("emergency.contact.tel", "phone"),
            ("ssn", "us-ssn"),
            ("Social Security #", "us-ssn"),
            ("socialSecNo", "us-ssn"),
            ("social", ""),
            ("messages", ""),
            ("office", ""),
            ("office_no", "phone"),
            ("contactNumber", "phone"),
            ("content", ""),
            ("", ""),
        ] {
            assert_eq!(topic_at("123456789", "123456789", name), expected, "{name}");
        }
        assert_eq!(topic_at("ssn 123456789", "123456789", "phone"), "us-ssn");
    }
}
