//! The theft: a poisoned dependency on one machine hands its two sessions to an intruder, who lists, reads in bulk over
//! several connections, and picks ranges out of the archives.

use std::ops::Range;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::drill::cast::{Compartment, ELSEWHERE};
use crate::drill::diary::Page;
use crate::drill::plant::{ARCHIVE, RECENT};
use crate::drill::pulse::Lane;
use crate::drill::reader::{Ended, Reader};
use crate::drill::seat::{Seat, Wires};
use crate::drill::truth::{Place, Truth};
use crate::error::Error;

/// Over how many connections the intruder reads in bulk.
const CONNECTIONS: usize = 6;

/// Which part of the small files is read in bulk, in percent, in the order of their names.
const BULK_PERCENT: usize = 40;

/// How many ranges are picked out of an archive, each of this many bytes.
const RANGES: u64 = 5;
const RANGE_BYTES: u64 = 150_000;

/// One read the intruder plans.
type Wish = (Place, Option<Range<u64>>);

/// What the bulk reading came to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Loot {
    pub(super) whole: u64,
    /// Objects that came out different from what was stored.
    pub(super) wrong: u64,
    pub(super) refused: u64,
}

/// Tries the credential from another address first.
pub(super) async fn from_elsewhere(
    seat: &Seat,
    wires: &Wires,
    lane: &Arc<Lane>,
    truth: &Truth,
    page: &mut Page,
) -> Result<(), Error> {
    let (_tap, reader) = seat.elsewhere(wires, ELSEWHERE, lane).await?;
    let Some((place, content)) = truth.iter().next() else { return Ok(()) };
    let ended = reader.read(place, None, content.size).await?;
    let held = matches!(&ended, Ended::Refused(status, _) if status.as_u16() == 403);
    page.promise("A stolen credential is worth nothing from another address.", held, ended.to_string());
    Ok(())
}

/// Lists and reads one compartment.
pub(super) async fn steal(reader: &Reader, about: &Compartment, truth: &Arc<Truth>) -> Result<Loot, Error> {
    let mut wishes: Vec<Wish> = Vec::new();
    for bucket in about.buckets {
        let keys = reader.list(bucket).await?;
        let small = keys.iter().filter(|key| *key != ARCHIVE && *key != RECENT);
        let wanted = keys.len().saturating_mul(BULK_PERCENT).div_ceil(100);
        wishes.extend(small.take(wanted).map(|key| ((bucket.to_owned(), key.clone()), None)));
    }
    wishes.extend(ranges(about.buckets[0], truth));
    let mut hands = JoinSet::new();
    for hand in 0..CONNECTIONS {
        let mine: Vec<Wish> = wishes.iter().skip(hand).step_by(CONNECTIONS).cloned().collect();
        hands.spawn(carry(reader.clone(), Arc::clone(truth), mine));
    }
    let mut loot = Loot::default();
    while let Some(hand) = hands.join_next().await {
        let carried = hand.map_err(|error| Error::part("waiting for a reader", base::Kind::Bug, error))??;
        loot.whole = loot.whole.saturating_add(carried.whole);
        loot.wrong = loot.wrong.saturating_add(carried.wrong);
        loot.refused = loot.refused.saturating_add(carried.refused);
    }
    Ok(loot)
}

/// Ranges of the archive: from its last third, one of them twice, one of them overlapping the next.
fn ranges(bucket: &str, truth: &Truth) -> Vec<Wish> {
    let place = (bucket.to_owned(), ARCHIVE.to_owned());
    let size = truth.get(&place).map_or(0, |content| content.size);
    let first = size.saturating_mul(2).div_euclid(3);
    let step = RANGE_BYTES.saturating_sub(RANGE_BYTES.div_euclid(4));
    let starts = (0..RANGES).chain([0]).map(|number| first.saturating_add(number.saturating_mul(step)));
    starts.map(|from| (place.clone(), Some(from..size.min(from.saturating_add(RANGE_BYTES))))).collect()
}

async fn carry(reader: Reader, truth: Arc<Truth>, wishes: Vec<Wish>) -> Result<Loot, Error> {
    let mut loot = Loot::default();
    for (place, range) in wishes {
        let Some(content) = truth.get(&place) else { continue };
        let whole = range.is_none();
        let ended = reader.read(&place, range, content.size).await?;
        let count = match ended {
            Ended::Whole(digest) if whole && digest != content.digest => &mut loot.wrong,
            Ended::Whole(_) => &mut loot.whole,
            Ended::Cut(_) | Ended::Refused(..) => &mut loot.refused,
        };
        *count = count.saturating_add(1);
    }
    Ok(loot)
}
