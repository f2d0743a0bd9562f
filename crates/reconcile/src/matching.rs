//! Matches what the store served with what we fetched, one to one.
//!
//! A fetch of ours explains at most one row: of the same blob, by one of our own identities, at its time, and of no more
//! bytes than we asked for. What is left over is a bypass. Which of two like rows is left over cannot be known; how many are
//! left over can, and what they reached is the same blob.

use std::collections::BTreeMap;

use base::Timestamp;
use base::id::BlobId;
use serde::{Deserialize, Serialize};

use crate::row::{Act, Row, Thing};

/// How far the store's clock and ours may stand apart. Amazon refuses requests that are signed fifteen minutes off, so a node
/// that could fetch at all was nearer than that; time services keep both within seconds.
pub const SKEW_SECONDS: i64 = 60;

/// What we are called where the store keeps its log. Nobody else's row is explained by a fetch of ours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ours {
    /// Identities that the nodes sign with, as the log writes them. A role is named without its session.
    pub requesters: Vec<String>,
}

impl Ours {
    fn is(&self, requester: &str) -> bool {
        self.requesters.iter().any(|ours| {
            requester == ours || requester.strip_prefix(ours.as_str()).is_some_and(|session| session.starts_with('/'))
        })
    }
}

/// A range of a blob that we fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// The blob.
    pub blob: BlobId,
    /// When it was allowed.
    pub from: Timestamp,
    /// When it was certainly over.
    pub until: Timestamp,
    /// Sealed bytes that were asked for, at most.
    pub bytes: u64,
}

/// A row that no fetch of ours explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bypass<'a> {
    /// The row.
    pub row: &'a Row,
    /// Why it is one.
    pub why: Why,
}

/// Why a row is a bypass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Somebody did it who is none of us.
    Stranger,
    /// One of our identities did it, and we did not.
    Unexplained,
}

impl Why {
    /// The word used in entries and reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stranger => "stranger",
            Self::Unexplained => "unexplained",
        }
    }
}

/// What the rows came to. Every row is in exactly one of the counts or among the bypasses.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Matched<'a> {
    /// Reads that a fetch of ours explains.
    pub read: Vec<&'a Row>,
    /// Writes, deletes and look-ups by our own identities, which need no fetch.
    pub own: u64,
    /// Requests that the store refused, whoever made them.
    pub refused: u64,
    /// Fetches of ours that no row tells of: the store delivers its log late, and not all of it.
    pub untold: Vec<Fetch>,
    /// The rest, in order of time.
    pub bypass: Vec<Bypass<'a>>,
}

/// Matches rows with fetches. Costs a sort of both, and for each row a walk over the fetches of its blob at its time.
#[must_use]
pub fn match_rows<'a>(rows: &'a [Row], fetches: &[Fetch], ours: &Ours) -> Matched<'a> {
    let mut open: BTreeMap<BlobId, Vec<&Fetch>> = BTreeMap::new();
    for fetch in fetches {
        open.entry(fetch.blob).or_default().push(fetch);
    }
    // The fetch that is over first is given away first: it could explain the fewest later rows.
    open.values_mut().for_each(|fetches| fetches.sort_by_key(|fetch| (fetch.until, fetch.bytes)));
    let mut order: Vec<&Row> = rows.iter().collect();
    order.sort_by(|a, b| (a.at, &a.request).cmp(&(b.at, &b.request)));

    let mut matched = Matched::default();
    for row in order {
        if !row.done {
            matched.refused = matched.refused.saturating_add(1);
        } else if !ours.is(&row.requester) {
            matched.bypass.push(Bypass { row, why: Why::Stranger });
        } else if row.act != Act::Read {
            matched.own = matched.own.saturating_add(1);
        } else if take(&mut open, row) {
            matched.read.push(row);
        } else if let Thing::Other(_) = row.thing {
            // Keys, tiles and checkpoints are read by every node at its start; we keep no record of that.
            matched.own = matched.own.saturating_add(1);
        } else {
            matched.bypass.push(Bypass { row, why: Why::Unexplained });
        }
    }
    matched.untold = open.into_values().flatten().cloned().collect();
    matched
}

/// Gives away the fetch that explains a row, if there is one.
fn take(open: &mut BTreeMap<BlobId, Vec<&Fetch>>, row: &Row) -> bool {
    let Thing::Blob(blob) = row.thing else { return false };
    let Some(fetches) = open.get_mut(&blob) else { return false };
    let fits = |fetch: &&Fetch| {
        fetch.from <= row.at.plus_seconds(SKEW_SECONDS)
            && row.at <= fetch.until.plus_seconds(SKEW_SECONDS)
            // What went to a copy within the store has no length, and we make none.
            && row.sent.is_some_and(|sent| sent <= fetch.bytes)
    };
    let Some(found) = fetches.iter().position(fits) else { return false };
    fetches.remove(found);
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const US: &str = "arn:aws:sts::1:assumed-role/cofferdam";

    fn ours() -> Ours {
        Ours { requesters: vec![US.to_owned()] }
    }

    fn row(blob: u8, at: i64, sent: u64, requester: &str) -> Row {
        Row {
            at: Timestamp::from_seconds(at),
            request: format!("R{at}-{sent}"),
            act: Act::Read,
            operation: "REST.GET.OBJECT".to_owned(),
            thing: Thing::Blob(BlobId::from_bytes([blob; 16])),
            requester: requester.to_owned(),
            address: None,
            done: true,
            sent: Some(sent),
            range: None,
        }
    }

    fn fetch(blob: u8, from: i64, bytes: u64) -> Fetch {
        let from = Timestamp::from_seconds(from);
        Fetch { blob: BlobId::from_bytes([blob; 16]), from, until: from.plus_seconds(10), bytes }
    }

    #[test]
    fn a_fetch_explains_one_row_and_no_second() {
        let node = format!("{US}/node-1");
        let rows = [row(1, 1000, 50, &node), row(1, 1001, 50, &node), row(2, 1000, 50, &node)];
        let found = match_rows(&rows, &[fetch(1, 1000, 100)], &ours());
        assert_eq!((found.read.len(), found.bypass.len(), found.untold.len()), (1, 2, 0));
        assert!(found.bypass.iter().all(|bypass| bypass.why == Why::Unexplained));
    }

    #[test]
    fn nobody_else_is_explained() {
        for other in ["", "arn:aws:iam::1:user/eve", "arn:aws:sts::1:assumed-role/cofferdam-backup/x"] {
            let rows = [row(1, 1000, 50, other)];
            let found = match_rows(&rows, &[fetch(1, 1000, 100)], &ours());
            assert_eq!((found.bypass.first().unwrap().why, found.untold.len()), (Why::Stranger, 1), "{other}");
        }
    }

    #[test]
    fn time_and_length_must_fit() {
        let fits = |at, sent| match_rows(&[row(1, at, sent, US)], &[fetch(1, 1000, 100)], &ours()).read.len() == 1;
        assert!(fits(1000 - SKEW_SECONDS, 100) && fits(1010 + SKEW_SECONDS, 0));
        assert!(!fits(1000 - SKEW_SECONDS - 1, 100) && !fits(1010 + SKEW_SECONDS + 1, 100) && !fits(1000, 101));
    }

    #[test]
    fn refusals_and_own_writes_are_no_bypass_and_strangers_writes_are() {
        let mut refused = row(1, 1, 0, "eve");
        refused.done = false;
        let (mut own, mut theirs) = (row(1, 1, 0, US), row(1, 1, 0, "eve"));
        own.act = Act::Write;
        theirs.act = Act::Delete;
        let rows = [refused, own, theirs];
        let found = match_rows(&rows, &[], &ours());
        assert_eq!((found.refused, found.own, found.bypass.len()), (1, 1, 1));
    }

    proptest! {
        /// Nothing is lost, and a bypass is never explained away: at most as many rows are explained as there are fetches.
        #[test]
        fn every_row_is_somewhere(
            rows in prop::collection::vec((1_u8..4, 0_i64..200, 0_u64..200, any::<bool>()), 0..40),
            fetches in prop::collection::vec((1_u8..4, 0_i64..200, 0_u64..200), 0..40),
        ) {
            let rows: Vec<Row> =
                rows.into_iter().map(|(blob, at, sent, us)| row(blob, at, sent, if us { US } else { "eve" })).collect();
            let fetches: Vec<Fetch> = fetches.into_iter().map(|(blob, from, bytes)| fetch(blob, from, bytes)).collect();
            let found = match_rows(&rows, &fetches, &ours());
            let read = found.read.len();
            prop_assert_eq!(read.checked_add(found.bypass.len()), Some(rows.len()));
            prop_assert_eq!(read.checked_add(found.untold.len()), Some(fetches.len()));
            for blob in 1..4_u8 {
                let of = |row: &&Row| row.thing == Thing::Blob(BlobId::from_bytes([blob; 16]));
                let told = rows.iter().filter(of).count();
                let known = fetches.iter().filter(|fetch| fetch.blob == BlobId::from_bytes([blob; 16])).count();
                let left = found.bypass.iter().filter(|bypass| of(&bypass.row)).count();
                prop_assert!(left >= told.saturating_sub(known));
            }
        }
    }
}
