//! The question: what one credential reached in thirty days, of whom, by type, in combinations, and where they live.

use base::word::{DataType, Form};
use catalog::Catalog;
use catalog::model::{Level, SelectorKind, Touches};
use roaring::RoaringBitmap;
use scope::{Pair, TypeSet};

use crate::Outcome;
use crate::build::{ENGAGEMENT, digest};
use crate::world::{ASKED, HOURS, Size};

/// How often it is asked.
pub(crate) const TIMES: usize = 100;

/// Types that are worse together, in whichever objects each stands.
const COMBINATIONS: [[DataType; 2]; 3] =
    [[DataType::Name, DataType::Ssn], [DataType::Name, DataType::Card], [DataType::Name, DataType::BirthDate]];

/// What is compared with another database's answer.
pub(crate) struct Answer {
    pub(crate) versions: u64,
    pub(crate) people: u64,
    types: Vec<(DataType, u64)>,
    combinations: Vec<u64>,
}

/// Asks.
pub(crate) fn summary(catalog: &Catalog, size: &Size, residences: &[RoaringBitmap]) -> Outcome<Answer> {
    let hours = size.first_hour..size.first_hour.saturating_add(i64::try_from(HOURS)?);
    let mut touches = Pair::<Touches>::default();
    for (key, row) in catalog.touches(SelectorKind::Credential, digest(ASKED), hours)? {
        match (key.form, key.level) {
            (Form::Raw | Form::View, Level::Sent) => touches.sent.unite(&row),
            (Form::Raw | Form::View, Level::Authorised) => touches.authorised.unite(&row),
            (Form::Names | Form::Sealed, _) => {}
        }
    }
    let summary = catalog.summary(ENGAGEMENT, &touches)?;
    let people = &summary.people.authorised;
    let (living, unknown) = people.split(residences);
    let everywhere = living.iter().fold(unknown, |sum, count| sum.saturating_add(*count));
    if everywhere != people.all.len() || summary.people.sent != *people {
        return Err("the answer contradicts itself".into());
    }
    let combination = |types: &[DataType; 2]| people.with_all(types.iter().copied().collect::<TypeSet>()).len();
    Ok(Answer {
        versions: summary.found,
        people: people.all.len(),
        types: people.types.iter().map(|(data_type, people)| (*data_type, people.len())).collect(),
        combinations: COMBINATIONS.iter().map(combination).collect(),
    })
}

impl Answer {
    pub(crate) fn to_json(&self, p50_ms: f64) -> serde_json::Value {
        let types = self.types.iter().map(|(data_type, count)| (data_type.word().to_owned(), (*count).into()));
        serde_json::json!({
            "p50_ms": p50_ms,
            "versions": self.versions,
            "people": self.people,
            "types": types.collect::<serde_json::Map<_, _>>(),
            "combinations": self.combinations,
        })
    }
}
