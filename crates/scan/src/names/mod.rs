//! Names of people, postal addresses, ages and dates of birth in free text.
//!
//! Words are cut into tokens ([`token`]), and a small trained tagger ([`tag`], its file read by [`model`]) gives each a
//! [`Label`]. The tagger looks at capitalised and listed words and their neighbours only; that is what makes it fast.
//! It also labels places, organisations and works, not to report them but so that they are not taken for people.
//!
//! The model is trained by `scripts/train-names` from openly licensed texts, lists and generated sentences; the trainer
//! is `examples/train_names`, and everything public here is for it.
//!
//! # Threats
//! A text can be written so that a name is missed: this finds what people write, not what they hide. A model file is
//! checked before it is used, and whatever its numbers are, tagging ends, in time linear in the text.

mod age;
mod cell;
pub mod feature;
mod fold;
mod key;
pub mod lists;
pub mod model;
pub(crate) mod people;
mod repeat;
mod span;
pub mod tag;
pub mod token;
mod vocabulary;

pub(crate) use self::fold::fold;

use std::ops::Range;
use std::sync::LazyLock;

use crate::finding::Confidence;

/// How many labels there are.
pub const LABELS: usize = 8;

/// The model that is shipped.
const FILE: &[u8] = include_bytes!("../../models/names.bin");

/// What the tagger says a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Label {
    /// None of the others.
    Other,
    /// The first token of a person's name.
    Person,
    /// A later one.
    PersonOn,
    /// The first token of a postal address.
    Address,
    /// A later one.
    AddressOn,
    /// A town, a country, a river.
    Place,
    /// A company, a club, an authority.
    Organisation,
    /// Another thing that has a name: a work, a product, a people, a language.
    Thing,
}

impl Label {
    /// Every label, in the order of the table's columns.
    pub const ALL: [Self; LABELS] = [
        Self::Other,
        Self::Person,
        Self::PersonOn,
        Self::Address,
        Self::AddressOn,
        Self::Place,
        Self::Organisation,
        Self::Thing,
    ];
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The name of a person.
    Name,
    /// A postal address.
    Address,
    /// A town, region or country.
    Place,
    /// An age.
    Age,
    /// A date of birth.
    BirthDate,
}

/// One thing found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// What it is.
    pub kind: Kind,
    /// Its place in the text.
    pub span: Range<usize>,
    /// How sure that is.
    pub confidence: Confidence,
}

/// The shipped model. A test reads it, so it is there.
static MODEL: LazyLock<Option<model::Model<'static>>> = LazyLock::new(|| model::Model::read(FILE).ok());

/// Finds names and what goes with them, in one text after the other, reusing its buffers.
#[derive(Default)]
pub struct Names {
    tokens: Vec<token::Token>,
    labels: Vec<(Label, i32)>,
    tagger: tag::Tagger,
    repeats: repeat::Repeats,
}

impl Names {
    /// Adds what is found in `text`. `names` are those of its key or column, and of what is around that.
    pub fn find(&mut self, text: &[u8], names: &[&[u8]; 2], found: &mut Vec<Hit>) {
        if let Some(model) = &*MODEL {
            self.find_by(model, text, names, found);
        }
    }

    /// Adds what is found in `text` by another model.
    pub fn find_by(&mut self, model: &model::Model<'_>, text: &[u8], names: &[&[u8]; 2], found: &mut Vec<Hit>) {
        let holds = key::holds(names);
        token::tokenize(text, model.lists, &mut self.tokens);
        if let Some(hit) = cell::whole(text, &self.tokens, holds) {
            found.push(hit);
            return;
        }
        let keyed = names.iter().any(|name| !name.is_empty());
        let bias = cell::bias(holds, keyed, self.tokens.len());
        self.tagger.tag(model, &self.tokens, &bias, &mut self.labels);
        self.repeats.settle(&self.tokens, &mut self.labels);
        let first = found.len();
        span::collect(&self.tokens, &self.labels, found);
        for at in first..found.len() {
            let ends = found.get(at).filter(|hit| hit.kind == Kind::Name).map(|hit| hit.span.end);
            found.extend(ends.and_then(|ends| age::behind_name(text, &self.tokens, ends)));
        }
        age::collect(text, &self.tokens, holds == Some(key::Holds::BirthDate), found);
    }
}
