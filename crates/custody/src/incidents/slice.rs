//! One engagement's part of what an incident reached: counted from the record, for the report and for its partner's file.

use std::collections::{BTreeMap, BTreeSet};

use base::Timestamp;
use base::id::{ChainId, DatasetId, EngagementId, PrincipalId};
use base::word::{Form, ScanState, State};
use catalog::model::Touches;
use incident::draft::{Count, DatasetCount, FormCount, Forms, Slice};
use roaring::RoaringTreemap;
use serde::Deserialize;

use super::census::Residences;
use super::line::{Fact, Story};
use crate::custody::Custody;
use crate::directory::Engagement;
use crate::entries::kind;
use crate::error::CustodyError;
use crate::join::covered;
use crate::reach::Reached;
use crate::scope::ScopeQuestion;

/// How many versions are looked up at a time.
const PAGE: usize = 10_000;

/// What of an engagement a question reached, united over all questions.
pub(crate) struct Part {
    pub(crate) reached: Reached,
    pub(crate) selectors: BTreeSet<String>,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

/// One version that was reached.
pub(crate) struct Row {
    pub(crate) dataset: DatasetId,
    pub(crate) version: base::id::VersionId,
    pub(crate) key: Vec<u8>,
    pub(crate) size: u64,
    pub(crate) sent: u64,
    pub(crate) authorised: u64,
    pub(crate) form: Form,
}

/// A slice, with what stands in annexes and not in the report.
pub(crate) struct Sliced {
    pub(crate) slice: Slice,
    pub(crate) rows: Vec<Row>,
    pub(crate) people: super::census::People,
    pub(crate) residences: Residences,
}

impl Custody {
    /// What all questions of an incident reached, by engagement, as of an entry.
    pub(crate) fn reached_by(
        &self,
        questions: &[(ScopeQuestion, BTreeSet<EngagementId>)],
        as_of: u64,
    ) -> Result<BTreeMap<EngagementId, Part>, CustodyError> {
        let mut all: BTreeMap<EngagementId, Part> = BTreeMap::new();
        for (question, visible) in questions {
            for (engagement, reached) in self.reached(question, as_of, visible)? {
                let selectors = question.selectors.iter().map(|of| format!("{}:{}", of.kind.word(), of.value));
                let part = all.entry(engagement).or_insert_with(|| Part {
                    reached: Reached::default(),
                    selectors: BTreeSet::new(),
                    from: question.from,
                    to: question.to,
                });
                part.reached.unite(reached);
                part.selectors.extend(selectors);
                part.from = part.from.min(question.from);
                part.to = part.to.max(question.to);
            }
        }
        Ok(all)
    }

    /// Counts an engagement's part.
    ///
    /// What was possible is all of the engagement that could be read in the window: an upper bound that needs no assumption about
    /// what a credential was allowed.
    pub(crate) fn slice(
        &self,
        story: &Story,
        engagement: &Engagement,
        part: Part,
        activity: Option<(Timestamp, Timestamp)>,
    ) -> Result<Sliced, CustodyError> {
        let Part { reached, selectors, from, to } = part;
        let mut possible = self.catalog.readable_within(engagement.id, &(from..to))?;
        possible |= &reached.authorised.ordinals();
        let people = self.people_reached(engagement.id, (&reached.sent, &reached.authorised), &possible)?;
        let counted = self.count(&reached, &possible)?;
        let residences = self.catalog.residences(engagement.id)?.into_iter();
        let residences: Residences = residences.map(|(code, people)| (code.to_string(), people)).collect();
        let resumed = match story.pauses.get(&engagement.id) {
            Some(pause) => self.resumed(pause.engagement, pause.epoch)?.map(|(at, _)| at),
            None => None,
        };
        let plaintext = FormCount { objects: counted.objects, bytes: counted.bytes, people: people.count() };
        let names = Count { sent: 0, authorised: counted.names, possible: counted.names };
        let partner = self.directory.partner(engagement.partner);
        let slice = Slice {
            engagement: engagement.id,
            name: engagement.name.clone(),
            partner: partner.map(|partner| partner.name.clone()).unwrap_or_default(),
            selectors: selectors.into_iter().collect(),
            activity,
            events: reached.events,
            bytes: counted.bytes,
            objects: counted.objects,
            forms: Forms {
                plaintext,
                names_only: FormCount { objects: names, ..FormCount::default() },
                ..Forms::default()
            },
            datasets: counted.datasets,
            people: people.count(),
            people_linked: None,
            minors: None,
            records: BTreeMap::new(),
            element_forms: BTreeMap::new(),
            census: people.census(&residences),
            unidentified_objects: people.unidentified.len(),
            unscanned_objects: counted.unscanned,
            confidential: Vec::new(),
            accesses: Vec::new(),
            role: None,
            owner_to_tell: None,
            notice_hours: None,
            paused_at: story.pauses.get(&engagement.id).map(|pause| pause.stopped),
            resumed_at: resumed,
            models: Vec::new(),
            still_open_to: self.still_open_to(engagement),
            words_for_partner: words_for(story, engagement.id),
        };
        Ok(Sliced { slice, rows: counted.rows, people, residences })
    }

    fn count(&self, reached: &Reached, possible: &RoaringTreemap) -> Result<Counted, CustodyError> {
        let mut counted = Counted::default();
        let mut datasets: BTreeMap<DatasetId, DatasetCount> = BTreeMap::new();
        let authorised = reached.authorised.ordinals();
        let sent = reached.sent.ordinals();
        let mut all = &authorised | &reached.names;
        all |= possible;
        let all: Vec<u64> = all.into_iter().collect();
        for some in all.chunks(PAGE) {
            for brief in self.catalog.versions_by_ordinals(some)? {
                let of = brief.ordinal;
                let within = |touches: &Touches| covered(touches, of, brief.size);
                let bytes = Count {
                    sent: within(&reached.sent),
                    authorised: within(&reached.authorised),
                    possible: if possible.contains(of) { brief.size } else { 0 },
                };
                let version = Count {
                    sent: u64::from(sent.contains(of)),
                    authorised: u64::from(authorised.contains(of)),
                    possible: u64::from(possible.contains(of)),
                };
                counted.bytes = counted.bytes.plus(bytes);
                counted.objects = counted.objects.plus(version);
                if authorised.contains(of) && brief.scan != ScanState::Scanned {
                    counted.unscanned = counted.unscanned.saturating_add(1);
                }
                let by_name = reached.names.contains(of) && !authorised.contains(of);
                counted.names = counted.names.saturating_add(u64::from(by_name));
                if authorised.contains(of) {
                    let bucket = self.directory.dataset(brief.dataset).map(|row| row.bucket.clone());
                    let dataset = datasets.entry(brief.dataset).or_insert_with(|| DatasetCount {
                        dataset: bucket.unwrap_or_else(|| brief.dataset.to_string()),
                        versions: Count::default(),
                        bytes: Count::default(),
                    });
                    dataset.versions = dataset.versions.plus(version);
                    dataset.bytes = dataset.bytes.plus(bytes);
                }
                if authorised.contains(of) || by_name {
                    counted.rows.push(Row {
                        dataset: brief.dataset,
                        version: brief.version,
                        key: brief.key,
                        size: brief.size,
                        sent: bytes.sent,
                        authorised: bytes.authorised,
                        form: if by_name { Form::Names } else { Form::Raw },
                    });
                }
            }
        }
        counted.datasets = datasets.into_values().collect();
        Ok(counted)
    }

    /// When an engagement was last resumed after a pause of `epoch`, and by whom: who asked and who approved.
    ///
    /// Walks the engagement's chain.
    pub(crate) fn resumed(
        &self,
        engagement: EngagementId,
        epoch: u64,
    ) -> Result<Option<(Timestamp, Vec<PrincipalId>)>, CustodyError> {
        #[derive(Deserialize)]
        struct Resumed {
            epoch: u64,
            principal: PrincipalId,
            #[serde(default)]
            approvers: Vec<PrincipalId>,
        }
        let (mut found, mut next) = (None, 0);
        loop {
            let page = self.reader.chain_page(ChainId::from(engagement), next)?;
            if page.is_empty() {
                return Ok(found);
            }
            next = next.saturating_add(page.len() as u64);
            for entry in page.into_iter().filter(|entry| entry.kind == kind::RESUME) {
                let read: Resumed = serde_json::from_slice(&entry.payload.entry)
                    .map_err(|_| CustodyError::Corrupt(format!("entry {} of the ledger", entry.index)))?;
                if read.epoch > epoch {
                    let people = read.approvers.into_iter().chain([read.principal]).collect();
                    found = Some((entry.at, people));
                }
            }
        }
    }

    /// Who can still read an engagement, in a sentence.
    fn still_open_to(&self, engagement: &Engagement) -> String {
        match engagement.state() {
            State::Paused => "nobody: the engagement is paused".to_owned(),
            State::Closed => "nobody: the engagement is closed".to_owned(),
            State::Active => {
                let now = self.clock.now();
                let sessions = self.directory.sessions().into_iter();
                let live = sessions.filter(|session| {
                    session.row.engagement == engagement.id && session.is_live() && session.row.expires > now
                });
                format!("the holders of {} live sessions of the engagement, which is active", live.count())
            }
        }
    }
}

#[derive(Default)]
struct Counted {
    bytes: Count,
    objects: Count,
    names: u64,
    unscanned: u64,
    datasets: Vec<DatasetCount>,
    rows: Vec<Row>,
}

fn words_for(story: &Story, of: EngagementId) -> String {
    let last = story.facts().rev().find_map(|fact| match fact {
        Fact::WordsForPartner { engagement, words } if *engagement == of => Some(words.clone()),
        _ => None,
    });
    last.unwrap_or_default()
}
