//! Builds the index as the product does: access after access into rows, rows and packs through the one writer.

use base::Timestamp;
use base::id::{DatasetId, EngagementId};
use base::ports::Committer as _;
use base::word::Form;
use catalog::model::{Change, Digest, Level, PackRow, SelectorKind, TouchKey, Touches};
use catalog::{Catalog, CatalogCommitter};
use scope::{Held, Pack, Span, pack};

use crate::Outcome;
use crate::world::{CREDENTIALS, HOURS, OBJECTS, Size, facts};

/// The one engagement.
pub(crate) const ENGAGEMENT: EngagementId = EngagementId::from_bytes([0xE1; 16]);

const DATASET: DatasetId = DatasetId::from_bytes([0xD1; 16]);

/// Packs in one transaction.
const PACKS_AT_ONCE: usize = 32;

/// Under which digest the index has a credential.
pub(crate) fn digest(credential: u64) -> Digest {
    let mut digest = [0xC1; 16];
    digest.iter_mut().zip(credential.to_be_bytes()).for_each(|(to, from)| *to = from);
    digest
}

/// Packs every object's facts; returns how many people were named, each with each type.
pub(crate) fn packs(catalog: &Catalog) -> Outcome<u64> {
    let mut committer = catalog.committer()?;
    let (mut changes, mut mentions) = (Vec::new(), 0u64);
    for number in 0..=pack::group(OBJECTS) {
        let mut held = Vec::new();
        for ordinal in pack::range(number).filter(|ordinal| (1..=OBJECTS).contains(ordinal)) {
            let (facts, count) = facts(ordinal);
            mentions = mentions.saturating_add(count);
            held.push(Held { ordinal, dataset: DATASET, size: 40_000, scanned: true, loose: false, facts });
        }
        let row = PackRow { engagement: ENGAGEMENT, number, was: 0, pack: Pack::of(number, &held), taken: Vec::new() };
        changes.push(Change::Packed(Box::new(row)));
        if changes.len() == PACKS_AT_ONCE {
            commit(catalog, &mut committer, std::mem::take(&mut changes))?;
        }
    }
    commit(catalog, &mut committer, changes)?;
    Ok(mentions)
}

/// Indexes every access of one size, an hour in a transaction.
pub(crate) fn touches(catalog: &Catalog, size: &Size, mark: &mut u64) -> Outcome<()> {
    let mut committer = catalog.committer()?;
    for hour in 0..HOURS {
        let mut rows = Vec::new();
        let at = size.first_hour.saturating_add(i64::try_from(hour)?);
        let second = Timestamp::from_seconds(at.saturating_mul(3600));
        for credential in 0..CREDENTIALS {
            // Each access is allowed, and settled whole.
            for level in [Level::Authorised, Level::Sent] {
                let mut touches = Touches::default();
                for ordinal in size.reads(credential, hour) {
                    touches.count(second, 40_000);
                    touches.whole.insert(ordinal);
                }
                let (kind, form, span) = (SelectorKind::Credential, Form::Raw, Span::Hour);
                let selector = digest(credential);
                rows.push((TouchKey { kind, selector, engagement: ENGAGEMENT, hour: at, span, form, level }, touches));
            }
        }
        let from = *mark;
        *mark = mark.saturating_add(1);
        commit(catalog, &mut committer, vec![Change::Touched { from, indexed: *mark, rows }])?;
    }
    Ok(())
}

fn commit(catalog: &Catalog, committer: &mut CatalogCommitter, changes: Vec<Change>) -> Outcome<()> {
    let mut batch = committer.begin()?;
    batch.apply(changes)?;
    batch.commit()?;
    Ok(catalog.checkpoint()?)
}
