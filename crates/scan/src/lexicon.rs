//! Key words: which words speak of what which rules find.
//!
//! The words are the rules' own, so everybody who reads a rule can say what it does to their data. Case does not count.
//! A word of several rules speaks of all of them. Words that name other numbers ("order", "invoice") speak against
//! every rule.

use std::collections::BTreeMap;

use crate::rules::{Rule, RuleId, Words};

/// What a key word speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Topic(u16);

impl Topic {
    /// Some other number: whatever it is, no rule looks for it.
    pub(crate) const OTHER: Self = Self(0);
    /// A number, without a word about which: "id", "code". It speaks neither for a rule nor against it.
    pub(crate) const UNSAID: Self = Self(1);
}

/// Where a key word counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Counts {
    /// In texts and in names of keys and columns.
    Everywhere,
    /// In texts only: in a name it says too little (`messages`, `call_log`, `social`).
    InTexts,
}

/// A key word, or the last word of a phrase, and what it says.
#[derive(Clone, Debug)]
struct Key {
    word: Box<[u8]>,
    /// Longest first, so that "insurance number" is heard before "number".
    phrases: Vec<Phrase>,
}

#[derive(Clone, Debug)]
struct Phrase {
    /// The words before the last, last first.
    before: Vec<Box<[u8]>>,
    topic: Topic,
    counts: Counts,
}

/// The key words of a set of rules.
#[derive(Debug, Default)]
pub(crate) struct Lexicon {
    /// By hash; of two with the same, one is in the next free slot.
    slots: Vec<Option<Key>>,
    /// The rules that each topic speaks of, sorted.
    topics: Vec<Vec<RuleId>>,
    /// For each first and last letter, a bit for each length that a key word has: most words are none by this alone.
    lengths: Vec<u64>,
}

/// A phrase, last word first.
type Spelling = Vec<Box<[u8]>>;

/// Several times as many slots as words, so that most look-ups end at once.
const SLOTS_PER_WORD: usize = 8;

impl Lexicon {
    /// The key words of `rules`, and those that speak of none.
    pub(crate) fn new<'a>(rules: impl Iterator<Item = (RuleId, &'a Rule)>, words: &Words) -> Self {
        let mut said: BTreeMap<Spelling, (Vec<RuleId>, Counts)> = BTreeMap::new();
        for (id, rule) in rules {
            let keywords = rule.keywords.iter().map(|word| (word, Counts::Everywhere));
            for (keyword, counts) in keywords.chain(rule.talk.iter().map(|word| (word, Counts::InTexts))) {
                for spelling in cases(keyword) {
                    let entry = said.entry(spelling).or_insert_with(|| (Vec::new(), counts));
                    entry.1 = entry.1.min(counts);
                    if entry.0.last() != Some(&id) {
                        entry.0.push(id);
                    }
                }
            }
        }
        let mut lexicon = Self { topics: vec![Vec::new(), Vec::new()], ..Self::default() };
        let mut keys: BTreeMap<Box<[u8]>, Vec<Phrase>> = BTreeMap::new();
        let mut add = |spelling: Spelling, topic, counts| {
            let mut words = spelling.into_iter();
            let Some(word) = words.next() else { return };
            keys.entry(word).or_default().push(Phrase { before: words.collect(), topic, counts });
        };
        for (spelling, (rules, counts)) in said {
            let topic = lexicon.topic(rules);
            add(spelling, topic, counts);
        }
        for (list, topic) in [(&words.against, Topic::OTHER), (&words.unsaid, Topic::UNSAID)] {
            for spelling in list.iter().flat_map(|word| cases(word)) {
                add(spelling, topic, Counts::Everywhere);
            }
        }
        lexicon.fill(keys);
        lexicon
    }

    /// What `word` speaks of behind `before`, in the name of a key if `named`.
    pub(crate) fn look_up(&self, word: &[u8], before: &[u8], named: bool) -> Option<Topic> {
        let key = self.key(word)?;
        let fits = |phrase: &&Phrase| (!named || phrase.counts == Counts::Everywhere) && phrase.ends(before);
        key.phrases.iter().find(fits).map(|phrase| phrase.topic)
    }

    /// Whether `topic` speaks of what `rule` finds.
    pub(crate) fn is_about(&self, topic: Topic, rule: RuleId) -> bool {
        self.topics.get(usize::from(topic.0)).is_some_and(|rules| rules.binary_search(&rule).is_ok())
    }

    fn key(&self, word: &[u8]) -> Option<&Key> {
        let lengths = self.lengths.get(ends_of(word)?)?;
        if lengths & length_bit(word.len()) == 0 {
            return None;
        }
        let mut slots = self.slots.iter().cycle().skip(self.slot_of(word)).map_while(Option::as_ref);
        slots.find(|key| key.word.eq_ignore_ascii_case(word))
    }

    /// The topic of these rules; each set has one.
    fn topic(&mut self, mut rules: Vec<RuleId>) -> Topic {
        rules.sort_unstable();
        let known = self.topics.iter().skip(2).position(|known| *known == rules).map(|place| place.saturating_add(2));
        let place = known.unwrap_or_else(|| {
            self.topics.push(rules);
            self.topics.len().saturating_sub(1)
        });
        Topic(u16::try_from(place).unwrap_or_default())
    }

    fn fill(&mut self, keys: BTreeMap<Box<[u8]>, Vec<Phrase>>) {
        let size = keys.len().saturating_mul(SLOTS_PER_WORD).next_power_of_two();
        self.slots = vec![None; size];
        self.lengths = vec![0; 1 << 10];
        for (word, mut phrases) in keys {
            // A rule's word counts for more than one that speaks against all.
            phrases.sort_by_key(|phrase| (std::cmp::Reverse(phrase.before.len()), phrase.topic.0 < 2));
            if let Some(lengths) = ends_of(&word).and_then(|ends| self.lengths.get_mut(ends)) {
                *lengths |= length_bit(word.len());
            }
            let first = self.slot_of(&word);
            let free = (first..size).chain(0..first).find(|slot| matches!(self.slots.get(*slot), Some(None)));
            if let Some(slot) = free.and_then(|slot| self.slots.get_mut(slot)) {
                *slot = Some(Key { word, phrases });
            }
        }
    }

    /// FNV-1a over the word in lower case.
    fn slot_of(&self, word: &[u8]) -> usize {
        let hash =
            word.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte | 0x20)).wrapping_mul(0x0100_0193));
        ((hash >> 7) as usize) & self.slots.len().saturating_sub(1)
    }
}

/// A number for the first and the last letter of a word, whatever their case.
fn ends_of(word: &[u8]) -> Option<usize> {
    let [first, last] = [word.first()?, word.last()?].map(|byte| usize::from(byte & 31));
    Some((first << 5) | last)
}

/// The bit of a length; the longest share one.
const fn length_bit(len: usize) -> u64 {
    1 << if len < 63 { len } else { 63 }
}

impl Phrase {
    /// Whether `text` ends in the words before the last.
    fn ends(&self, text: &[u8]) -> bool {
        let mut words = text.rsplit(|byte| !is_word(*byte)).filter(|word| !word.is_empty());
        self.before.iter().all(|expected| words.next().is_some_and(|word| word.eq_ignore_ascii_case(expected)))
    }
}

/// The spellings of a keyword. Case counts beyond ASCII, so there are three of those.
fn cases(keyword: &str) -> Vec<Spelling> {
    let upper = keyword.to_uppercase();
    let mut letters = keyword.chars();
    let capital: String = letters.next().map(char::to_uppercase).into_iter().flatten().chain(letters).collect();
    let other = [upper, capital].into_iter().filter(|_| !keyword.is_ascii());
    let mut spelled: Vec<Spelling> = spellings(keyword).collect();
    spelled.extend(other.flat_map(|keyword| spellings(&keyword).collect::<Vec<_>>()));
    spelled
}

fn lower(word: &[u8]) -> Box<[u8]> {
    word.to_ascii_lowercase().into_boxed_slice()
}

/// How a keyword is written: word by word, and all in one, as in the names of columns.
fn spellings(keyword: &str) -> impl Iterator<Item = Spelling> {
    let words: Spelling =
        keyword.as_bytes().rsplit(|byte| !is_word(*byte)).filter(|word| !word.is_empty()).map(lower).collect();
    let joined: Vec<u8> = words.iter().rev().flat_map(|word| word.iter().copied()).collect();
    let several = words.len() > 1;
    std::iter::once(words).chain(several.then(|| vec![joined.into_boxed_slice()]))
}

/// Letters of any script: bytes above ASCII belong to the word they stand in.
pub(crate) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use crate::rules::Rules;

    #[test]
    fn every_word_of_every_rule_is_found_and_speaks_of_it() {
        let rules = Rules::built_in();
        let lexicon = rules.detection().lexicon();
        for (id, rule) in rules.iter().filter(|(_, rule)| rule.data_type != base::word::DataType::Secret) {
            for keyword in rule.keywords.iter().chain(&rule.talk) {
                for written in [keyword.clone(), keyword.to_ascii_uppercase()] {
                    let mark = |letter: char| !letter.is_alphabetic() && letter.is_ascii();
                    let written = written.trim_end_matches(mark);
                    let last = written.rfind(mark);
                    let (before, word) = written.split_at(last.map_or(0, |at| at + 1));
                    let topic = lexicon.look_up(word.as_bytes(), before.as_bytes(), false);
                    assert!(topic.is_some_and(|topic| lexicon.is_about(topic, id)), "{}: {written}", rule.id);
                }
            }
        }
    }

    #[test]
    fn other_words_are_not() {
        let rules = Rules::built_in();
        for word in ["", "hello", "cards_", "PHONE1", &"x".repeat(99)] {
            assert_eq!(rules.detection().lexicon().look_up(word.as_bytes(), b"", false), None);
        }
    }
}
