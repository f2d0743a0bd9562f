//! Bypasses: what the backing store did that nothing of ours explains, told by the store's own access log.
//!
//! Rows of the log are matched one to one with what receipts let us fetch; a fetch that an earlier import used up explains
//! nothing again. What is left over is entered in the chain of the engagement whose blob it was, and widens every answer about
//! that engagement and time: sealed bytes, without a key.
//!
//! LIMIT: a local folder has no log. Who else reads its files is seen by nobody; a copy of it in an object store has one.
//! LIMIT: stores deliver their logs late and, as Amazon says, not always whole. An import says which of our own fetches it
//! did not tell of: the share of them is how far the log can be trusted.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;

use attest::private::PrivateField;
use base::Timestamp;
use base::id::{AlarmId, BlobId, EngagementId, RequestId};
use base::word::{AlarmKind, Severity, Verb};
use catalog::model::{BlobOwner, Change, Digest, StoreRequestRow};
use ledger::Draft;
use reconcile::{Act, Bypass, Fetch, SKEW_SECONDS, Thing, Why, match_rows};
pub use reconcile::{Ours, Row};
use serde::{Deserialize, Serialize};

use crate::alarms::{Details, Raising};
use crate::custody::{Custody, Matter};
use crate::entries::{BypassFound, BypassImported, kind};
use crate::error::CustodyError;
use crate::identity::Caller;
use crate::names::short;
use crate::touch::Release;

/// The version of the answer's JSON.
pub const SCHEMA: &str = "cofferdam.bypass-import/1";

/// How many rows one call may bring: with what a page may hold of long keys it stays below the admin API's body.
pub const ROWS_A_CALL: usize = 2_000;

/// For how long after its receipt a window may still be fetched: no body holds one open longer than a client takes for 64 MiB
/// at the slowest rate that the gateway lets stand.
const FETCH_SECONDS: i64 = 3_600;

/// How many versions one entry names: with ordinals of twenty digits it stays below an entry's 65,535 bytes.
const VERSIONS_AN_ENTRY: usize = 2_000;

/// What an import came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// `cofferdam.bypass-import/1`.
    pub schema: String,
    /// Rows that were handed in.
    pub rows: u64,
    /// Rows that an earlier import brought already.
    pub known: u64,
    /// Reads that fetches of ours explain.
    pub explained: u64,
    /// Other requests of ours.
    pub own: u64,
    /// Requests that the store refused.
    pub refused: u64,
    /// Fetches of ours, of the same blobs and between the first row and the last, of which the rows do not tell.
    pub untold: u64,
    /// What nothing of ours explains, by who and what.
    pub bypasses: Vec<Found>,
}

/// Requests of one kind, by one requester from one address, that nothing of ours explains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The engagement whose sealed bytes they reached; nothing when it was none's.
    pub engagement: Option<String>,
    /// `read`, `names`, `write` or `delete`.
    pub act: String,
    /// `stranger`, or `unexplained` when it was done with an identity of ours.
    pub why: String,
    /// Who, as the store knows them.
    pub requester: String,
    /// From where.
    pub address: Option<IpAddr>,
    /// How many.
    pub requests: u64,
    /// Versions whose sealed bytes were reached.
    pub versions: u64,
    /// Sealed bytes that the store says it sent.
    pub bytes: u64,
    /// Requests of which the store does not say how many bytes went.
    pub unmeasured: u64,
    /// When the first was, by the store's clock.
    pub first: Timestamp,
    /// When the last was.
    pub last: Timestamp,
}

impl Imported {
    /// Adds what a further page of the same logs came to.
    pub fn add(&mut self, page: Self) {
        for (sum, more) in [
            (&mut self.untold, page.untold),
            (&mut self.rows, page.rows),
            (&mut self.known, page.known),
            (&mut self.explained, page.explained),
            (&mut self.own, page.own),
            (&mut self.refused, page.refused),
        ] {
            *sum = sum.saturating_add(more);
        }
        self.bypasses.extend(page.bypasses);
    }
}

/// What tells bypasses apart.
type Kind = (Option<EngagementId>, Act, Why, String, Option<IpAddr>);

/// Bypasses of one kind.
struct Group {
    requests: u64,
    bytes: u64,
    unmeasured: u64,
    first: Timestamp,
    last: Timestamp,
    versions: BTreeSet<u64>,
}

impl Group {
    const fn beginning(at: Timestamp) -> Self {
        Self { requests: 0, bytes: 0, unmeasured: 0, first: at, last: at, versions: BTreeSet::new() }
    }
}

/// What went round the program in a window, in one engagement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bypassed {
    /// Requests.
    pub requests: u64,
    /// Versions whose sealed bytes were read.
    pub versions: roaring::RoaringTreemap,
    /// Sealed bytes that the store says it sent.
    pub bytes: u64,
    /// Versions whose sealed bytes somebody overwrote or deleted.
    pub altered: roaring::RoaringTreemap,
}

impl Custody {
    /// Takes rows of the backing store's log. The import, and every bypass it shows, are entered together with what is
    /// remembered of the rows.
    ///
    /// # Errors
    /// `Invalid` for too many rows; as policy answers: it takes who may scope the whole deployment.
    pub async fn import_store_log(
        &self,
        caller: &Caller,
        request: RequestId,
        rows: Vec<Row>,
        ours: &Ours,
    ) -> Result<Imported, CustodyError> {
        if rows.len() > ROWS_A_CALL {
            return Err(CustodyError::invalid(format!("a call brings at most {ROWS_A_CALL} rows of a log")));
        }
        let matter = Matter::names(request, Verb::Scope, &self.deployment, None);
        let permit = self.judge(caller, matter).await?;
        let _receipt = self.release(caller, permit).await?;
        let _one_at_a_time = self.packing.lock().await;

        let handed_in = rows.len() as u64;
        let mut fresh = Vec::with_capacity(rows.len());
        for row in rows {
            if !self.catalog.knows_store_request(&self.row_digest(&row))? {
                fresh.push(row);
            }
        }
        let blobs: BTreeSet<BlobId> = fresh.iter().filter_map(blob_of).collect();
        let owners = self.catalog.owners_of(&blobs)?;
        let fetches = self.unused_fetches(&fresh, &owners)?;
        let matched = match_rows(&fresh, &fetches, ours);
        let bypasses = matched.bypass.len() as u64;

        let mut kept: Vec<StoreRequestRow> =
            matched.read.iter().map(|row| self.remembered(row, None, &owners)).collect();
        kept.extend(matched.bypass.iter().map(|found| self.remembered(found.row, Some(found.why), &owners)));
        let counted = BypassImported {
            requests: fresh.len() as u64,
            explained: matched.read.len() as u64,
            own: matched.own,
            refused: matched.refused,
            bypasses,
        };
        let mut answer = Imported {
            schema: SCHEMA.to_owned(),
            rows: handed_in,
            known: handed_in.saturating_sub(counted.requests),
            explained: counted.explained,
            own: counted.own,
            refused: counted.refused,
            untold: matched.untold.iter().filter(|fetch| between(&fresh, fetch)).count() as u64,
            bypasses: Vec::new(),
        };
        let mut drafts = vec![self.draft(caller, request, base::id::ChainId::SYSTEM, kind::BYPASS_IMPORT, counted)?];
        for (kind, group) in grouped(&matched.bypass, &owners) {
            self.found(caller, request, &kind, &group, &mut drafts)?;
            answer.bypasses.push(self.shown(kind, &group));
        }
        let mut changes = vec![Change::StoreRequests(kept)];
        if bypasses > 0 {
            changes.push(self.bypass_alarm(bypasses, &matched.bypass, &owners)?);
        }
        // DURABLE: rows, entries and alarm together. Before it, the same log is simply imported again.
        self.queue.record(changes, drafts).await?;
        if bypasses > 0 {
            self.outbox.ring();
        }
        Ok(answer)
    }

    /// What went round the program in a window, in one engagement, as far as logs were imported.
    ///
    /// # Errors
    /// `Corrupt` or `Unavailable`.
    pub fn bypassed(&self, engagement: EngagementId, window: Range<Timestamp>) -> Result<Bypassed, CustodyError> {
        let mut all = Bypassed::default();
        for row in self.catalog.bypasses(engagement, window)? {
            all.requests = all.requests.saturating_add(1);
            let reached = if row.act == Act::Read.word() { &mut all.versions } else { &mut all.altered };
            if row.act != Act::Names.word() {
                reached.extend(row.ordinal);
                all.bytes = all.bytes.saturating_add(row.sent.unwrap_or_default());
            }
        }
        Ok(all)
    }

    /// How many requests went round the program in a window, in these engagements; nothing if no log was ever imported.
    pub(crate) fn bypass_rows(
        &self,
        engagements: impl Iterator<Item = EngagementId>,
        window: &Range<Timestamp>,
    ) -> Result<Option<u64>, CustodyError> {
        if !self.catalog.knows_store_log()? {
            return Ok(None);
        }
        let mut rows = 0_u64;
        for engagement in engagements {
            rows = rows.saturating_add(self.bypassed(engagement, window.clone())?.requests);
        }
        Ok(Some(rows))
    }

    /// The alarm of an import that showed bypasses.
    fn bypass_alarm(
        &self,
        count: u64,
        bypass: &[Bypass<'_>],
        owners: &BTreeMap<BlobId, BlobOwner>,
    ) -> Result<Change, CustodyError> {
        let blobs = bypass.iter().filter_map(|found| blob_of(found.row));
        let engagements: BTreeSet<_> =
            blobs.filter_map(|blob| owners.get(&blob)).map(|owner| owner.engagement).collect();
        let summary = format!("the backing store's log tells of {count} requests that nothing of ours explains");
        let details = Details { summary, engagements: engagements.into_iter().collect(), ..Details::default() };
        let id = AlarmId::fresh(self.entropy.as_ref());
        let (kind, severity) = (AlarmKind::Bypass, Severity::High);
        self.raising(&Raising { id, kind, severity, about: b"store", count, details })
    }

    /// What receipts let us fetch of the blobs that rows tell of, less what earlier imports used up.
    fn unused_fetches(&self, rows: &[Row], owners: &BTreeMap<BlobId, BlobOwner>) -> Result<Vec<Fetch>, CustodyError> {
        let times = rows.iter().filter(|row| row.act == Act::Read && blob_of(row).is_some()).map(|row| row.at);
        let (Some(first), Some(last)) = (times.clone().min(), times.max()) else { return Ok(Vec::new()) };
        let mut blobs_of: BTreeMap<u64, Vec<(BlobId, &BlobOwner)>> = BTreeMap::new();
        for (blob, owner) in owners {
            blobs_of.entry(owner.ordinal).or_default().push((*blob, owner));
        }
        let mut fetches = Vec::new();
        let reach = FETCH_SECONDS.saturating_add(SKEW_SECONDS);
        self.releases_between(
            first.plus_seconds(reach.saturating_neg()),
            last.plus_seconds(SKEW_SECONDS),
            |release| {
                let Some((ordinal, window)) = release.fetched() else { return };
                for (blob, owner) in blobs_of.get(&ordinal).into_iter().flatten() {
                    let bytes = sealed_bytes(owner, &window);
                    if bytes > 0 {
                        let until = release.at.plus_seconds(FETCH_SECONDS);
                        fetches.push(Fetch { blob: *blob, from: release.at, until, bytes });
                    }
                }
            },
        )?;
        let known = self.known_reads(owners, first..last.plus_seconds(1))?;
        // Who read was decided when they were imported; here they only take their fetches with them.
        let everybody = Ours { requesters: vec![String::new()] };
        Ok(match_rows(&known, &fetches, &everybody).untold)
    }

    /// Hands over every release of a window of time.
    fn releases_between(
        &self,
        from: Timestamp,
        to: Timestamp,
        mut take: impl FnMut(&Release),
    ) -> Result<(), CustodyError> {
        let size = *self.queue.size().borrow();
        let disorder = crate::reach::DISORDER_SECONDS;
        let mut next = self.index_at(from.plus_seconds(disorder.saturating_neg()), size)?;
        let end = self.index_at(to.plus_seconds(disorder), size)?;
        while next < end {
            let page = self.reader.page(next)?;
            let Some(last) = page.last() else { break };
            next = last.index.saturating_add(1);
            for entry in page {
                match Release::read(&entry)? {
                    Some(release) if release.at >= from && release.at <= to => take(&release),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Reads of the same blobs near that time, which earlier imports found explained.
    fn known_reads(
        &self,
        owners: &BTreeMap<BlobId, BlobOwner>,
        window: Range<Timestamp>,
    ) -> Result<Vec<Row>, CustodyError> {
        let reach = FETCH_SECONDS.saturating_add(SKEW_SECONDS);
        let window = window.start.plus_seconds(reach.saturating_neg())..window.end.plus_seconds(reach);
        let mut known = Vec::new();
        for blob in owners.keys() {
            for read in self.catalog.explained_reads(*blob, window.clone())? {
                known.push(Row {
                    at: read.at,
                    request: data_encoding::HEXLOWER.encode(&read.request),
                    act: Act::Read,
                    operation: String::new(),
                    thing: Thing::Blob(*blob),
                    requester: String::new(),
                    address: None,
                    done: true,
                    sent: read.sent,
                    range: None,
                });
            }
        }
        Ok(known)
    }

    fn row_digest(&self, row: &Row) -> Digest {
        let thing = match &row.thing {
            Thing::Blob(blob) => blob.to_string(),
            Thing::Other(name) => name.clone(),
            Thing::Bucket => String::new(),
        };
        short(
            &self
                .deployment
                .fields
                .index("store/request", format!("{}\n{:?}\n{thing}", row.request, row.act).as_bytes()),
        )
    }

    fn remembered(&self, row: &Row, why: Option<Why>, owners: &BTreeMap<BlobId, BlobOwner>) -> StoreRequestRow {
        let blob = blob_of(row);
        let owner = blob.and_then(|blob| owners.get(&blob));
        StoreRequestRow {
            request: self.row_digest(row),
            act: row.act.word().to_owned(),
            blob,
            at: row.at,
            sent: row.sent,
            bypass: why.map(|why| why.word().to_owned()),
            engagement: owner.map(|owner| owner.engagement),
            ordinal: owner.map(|owner| owner.ordinal),
        }
    }

    /// Drafts the entries of one kind of bypass: as many as its versions need.
    fn found(
        &self,
        caller: &Caller,
        request: RequestId,
        (engagement, act, why, requester, address): &Kind,
        group: &Group,
        drafts: &mut Vec<Draft>,
    ) -> Result<(), CustodyError> {
        let chain = engagement.map_or(base::id::ChainId::SYSTEM, Into::into);
        let versions: Vec<u64> = group.versions.iter().copied().collect();
        let mut pages: Vec<&[u64]> = versions.chunks(VERSIONS_AN_ENTRY).collect();
        if pages.is_empty() {
            pages.push(&[]);
        }
        for (page, some) in pages.into_iter().enumerate() {
            let private = |value: String| PrivateField { salt: self.entropy.bytes(), value };
            let who = private(requester.clone());
            let place = private(address.map(|address| address.to_string()).unwrap_or_default());
            let counts = page == 0;
            let what = BypassFound {
                act: act.word(),
                why: why.word(),
                requester: who.commitment(),
                from_address: place.commitment(),
                first: group.first,
                last: group.last,
                // Counted in the first entry, not in those that only name further versions.
                requests: if counts { group.requests } else { 0 },
                bytes: if counts { group.bytes } else { 0 },
                unmeasured: if counts { group.unmeasured } else { 0 },
                versions: &ledger::runs(some),
            };
            let draft = self.draft(caller, request, chain, kind::BYPASS_FOUND, what)?;
            drafts.push(draft.with(REQUESTER, who).with(FROM_ADDRESS, place));
        }
        Ok(())
    }

    fn shown(&self, (engagement, act, why, requester, address): Kind, group: &Group) -> Found {
        Found {
            engagement: engagement.map(|id| {
                self.directory.engagement(id).map_or_else(|| id.to_string(), |engagement| engagement.name.clone())
            }),
            act: act.word().to_owned(),
            why: why.word().to_owned(),
            requester,
            address,
            requests: group.requests,
            versions: group.versions.len() as u64,
            bytes: group.bytes,
            unmeasured: group.unmeasured,
            first: group.first,
            last: group.last,
        }
    }
}

/// The names of the private fields of `bypass.found`.
const REQUESTER: &str = "requester";
const FROM_ADDRESS: &str = "from_address";

fn grouped(bypass: &[Bypass<'_>], owners: &BTreeMap<BlobId, BlobOwner>) -> BTreeMap<Kind, Group> {
    let mut groups: BTreeMap<Kind, Group> = BTreeMap::new();
    for Bypass { row, why } in bypass {
        let owner = blob_of(row).and_then(|blob| owners.get(&blob));
        let kind = (owner.map(|owner| owner.engagement), row.act, *why, row.requester.clone(), row.address);
        let group = groups.entry(kind).or_insert_with(|| Group::beginning(row.at));
        group.requests = group.requests.saturating_add(1);
        group.bytes = group.bytes.saturating_add(row.sent.unwrap_or_default());
        group.unmeasured = group.unmeasured.saturating_add(u64::from(row.sent.is_none()));
        group.first = group.first.min(row.at);
        group.last = group.last.max(row.at);
        group.versions.extend(owner.map(|owner| owner.ordinal));
    }
    groups
}

/// Whether a fetch lies between the first row and the last: the log should tell of it.
fn between(rows: &[Row], fetch: &Fetch) -> bool {
    rows.iter().any(|row| row.at <= fetch.from) && rows.iter().any(|row| row.at >= fetch.from)
}

const fn blob_of(row: &Row) -> Option<BlobId> {
    match row.thing {
        Thing::Blob(blob) => Some(blob),
        Thing::Other(_) | Thing::Bucket => None,
    }
}

/// How many sealed bytes of a blob a window of its version needs, at most: whole segments, and one more where the window
/// begins or ends inside one.
fn sealed_bytes(owner: &BlobOwner, window: &Range<u64>) -> u64 {
    let from = window.start.max(owner.plain.start);
    let to = window.end.min(owner.plain.end);
    let segment = u64::from(owner.segment_size);
    // SPEC: Tink, AES-GCM-HKDF streaming: a tag of 16 bytes a segment, a header of 40 in the first.
    let room = segment.saturating_sub(56).max(1);
    match to.checked_sub(from) {
        None | Some(0) => 0,
        Some(length) => length.div_ceil(room).saturating_add(1).saturating_mul(segment),
    }
}
