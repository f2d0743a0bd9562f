//! Reads a file of rules.

use base::word::DataType;
use serde::Deserialize;

use super::error::RulesError;
use super::{Book, Need, Origin, Rule};
use crate::finding::Confidence;
use crate::pattern;
use crate::validate::Validator;

/// The longest name of anything, so that tables stay readable.
const LONGEST_ID_BYTES: usize = 48;

/// A file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rule: Vec<Written>,
    #[serde(default)]
    against: Vec<String>,
    #[serde(default)]
    unsaid: Vec<String>,
}

/// A rule as it is written. A field that is misspelt is an error, not a rule that does less than it says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    id: String,
    title: String,
    r#type: DataType,
    label: String,
    pattern: Option<String>,
    weak: Option<String>,
    detector: Option<String>,
    validator: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    talk: Vec<String>,
    context: Option<WrittenNeed>,
    confidence: WrittenConfidence,
    entropy: Option<f32>,
    #[serde(default)]
    prefixes: Vec<String>,
    examples: Vec<String>,
    counterexamples: Vec<String>,
    source: String,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenNeed {
    Required,
    Raises,
    None,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum WrittenConfidence {
    Low,
    Medium,
    High,
}

/// Adds the rules and words of `text` to `book`.
pub(super) fn read(file: &str, text: &str, origin: Origin, book: &mut Book) -> Result<(), RulesError> {
    let written: File = toml::from_str(text).map_err(|source| RulesError::File { file: file.to_owned(), source })?;
    for rule in written.rule {
        book.rules.push(check(file, rule, origin)?);
    }
    book.words.against.extend(lower(written.against));
    book.words.unsaid.extend(lower(written.unsaid));
    Ok(())
}

/// The rule, if it can work.
fn check(file: &str, written: Written, origin: Origin) -> Result<Rule, RulesError> {
    let wrong =
        |field, problem: String| RulesError::Field { file: file.to_owned(), rule: written.id.clone(), field, problem };
    if !is_id(&written.id) {
        return Err(wrong("id", "it is no kebab-case word of letters and digits".to_owned()));
    }
    if written.label.is_empty()
        || !written.label.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit())
    {
        return Err(wrong("label", "it is no word of capitals, digits and `_`".to_owned()));
    }
    for (field, text) in [("pattern", &written.pattern), ("weak", &written.weak)] {
        text.as_deref().map_or(Ok(()), pattern::check).map_err(|problem| wrong(field, problem))?;
    }
    if written.pattern.is_none() && written.weak.is_none() && written.detector.is_none() {
        return Err(wrong("pattern", "there is none, and no detector either".to_owned()));
    }
    if written.examples.is_empty() || written.counterexamples.is_empty() {
        return Err(wrong("examples", "a rule needs texts it finds something in, and texts it does not".to_owned()));
    }
    let context = match written.context {
        Some(WrittenNeed::Required) if written.keywords.is_empty() => {
            return Err(wrong("keywords", "they are required, and there are none".to_owned()));
        }
        Some(WrittenNeed::Required) => Need::Required,
        Some(WrittenNeed::None) => Need::Nothing,
        Some(WrittenNeed::Raises) | None => Need::Raises,
    };
    let validator = written.validator.as_deref().map(|name| {
        let unknown =
            || RulesError::Validator { file: file.to_owned(), rule: written.id.clone(), name: name.to_owned() };
        Validator::named(name).ok_or_else(unknown)
    });
    Ok(Rule {
        validator: validator.transpose()?,
        context,
        confidence: match written.confidence {
            WrittenConfidence::Low => Confidence::Low,
            WrittenConfidence::Medium => Confidence::Medium,
            WrittenConfidence::High => Confidence::High,
        },
        id: written.id,
        title: written.title,
        data_type: written.r#type,
        label: written.label,
        pattern: written.pattern,
        weak: written.weak,
        detector: written.detector,
        keywords: lower(written.keywords),
        talk: lower(written.talk),
        entropy: written.entropy,
        prefixes: written.prefixes,
        examples: written.examples,
        counterexamples: written.counterexamples,
        source: written.source,
        origin,
    })
}

fn lower(words: Vec<String>) -> Vec<String> {
    words.into_iter().map(|word| word.to_lowercase()).collect()
}

fn is_id(id: &str) -> bool {
    let words = id
        .split('-')
        .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    words && id.len() <= LONGEST_ID_BYTES
}
