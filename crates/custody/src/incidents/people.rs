//! The list of the people an incident concerns: kept sealed with every report, one for each engagement, and opened by two.
//!
//! It holds no name and no value: the catalog has neither, only keyed digests. A person is an ordinal within the engagement, with
//! the types of data that were reached and the place where the person is found first: bucket, key, version and block. Whoever
//! writes to people resolves a place by reading that block, with a session and a grant for it, on record like any read.
//!
//! LIMIT: a person whom two engagements name stands on both lists; nothing personal links compartments. People whom no identifier
//! tells apart are not on it; the report counts them.

use std::collections::BTreeMap;

use base::id::{EngagementId, IncidentId, PrincipalId, RequestId, VersionId};
use base::word::{DataType, Form, Verb};
use catalog::model::Change;
use serde::{Deserialize, Serialize};

use super::chain::Part;
use super::line::Done;
use super::report::Kept;
use super::slice::Sliced;
use crate::custody::{Custody, Matter};
use crate::directory::Engagement;
use crate::error::{CustodyError, Thing};
use crate::identity::Caller;

/// The document.
pub(crate) const PEOPLE: &str = "people.sealed";

/// The version of the list's JSON.
const SCHEMA: &str = "cofferdam.incident-people/1";

/// How many people one list holds: some hundred bytes each, in one row of the catalog.
const MOST_LISTED: usize = 1_000_000;

/// Stands for the second person when it is asked whether only that person is missing. It approves nothing.
const SOMEBODY_ELSE: PrincipalId = PrincipalId::from_bytes([0xff; 16]);

/// The list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PeopleList {
    /// `cofferdam.incident-people/1`.
    pub schema: String,
    /// The engagement.
    pub engagement: EngagementId,
    /// The people.
    pub people: Vec<ListedPerson>,
    /// How many more there are than the list holds.
    pub omitted: u64,
    /// How many are named whom nothing tells apart; they are not on the list.
    pub unresolved: u64,
}

/// One person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ListedPerson {
    /// Who, within the engagement.
    pub ordinal: u32,
    /// What of this person was reached.
    pub elements: Vec<DataType>,
    /// Whether all of it certainly left.
    pub sent: bool,
    /// Where the person lives; nothing where that is not known.
    pub residence: Option<String>,
    /// Where the person is found first: the reference to a contact.
    pub found: Option<Place>,
}

/// A place in the data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Place {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
    /// The version.
    pub version: VersionId,
    /// The block of 64 KiB, from 0; nothing where it is not known.
    pub block: Option<u32>,
}

impl Custody {
    /// Keeps the list of an engagement's people beside the report.
    pub(crate) fn keep_people(&self, kept: &mut Kept, part: &Sliced) -> Result<(), CustodyError> {
        let people = &part.people;
        let everybody = people.authorised.all();
        let certain = people.sent.all();
        let mut places = BTreeMap::new();
        for (ordinal, _) in people.places.values() {
            places.entry(*ordinal).or_insert(None);
        }
        let ordinals: Vec<u64> = places.keys().copied().collect();
        for some in ordinals.chunks(10_000) {
            for brief in self.catalog.versions_by_ordinals(some)? {
                let bucket = self.directory.dataset(brief.dataset).map(|row| row.bucket.clone());
                let bucket = bucket.unwrap_or_else(|| brief.dataset.to_string());
                let key = String::from_utf8_lossy(&brief.key).into_owned();
                places.insert(brief.ordinal, Some((bucket, key, brief.version)));
            }
        }
        let listed = everybody.iter().take(MOST_LISTED).map(|person| {
            let found = people.places.get(&person).and_then(|(ordinal, block)| {
                let (bucket, key, version) = places.get(ordinal)?.clone()?;
                let block = (*block != scan::ANYWHERE).then_some(*block);
                Some(Place { bucket, key, version, block })
            });
            let of = people.authorised.types.iter().filter(|(_, people)| people.contains(person));
            let elements = of.map(|(data_type, _)| *data_type).collect();
            let home = part.residences.iter().find(|(_, people)| people.contains(person));
            let residence = home.map(|(code, _)| code.clone());
            ListedPerson { ordinal: person, elements, sent: certain.contains(person), residence, found }
        });
        let list = PeopleList {
            schema: SCHEMA.to_owned(),
            engagement: part.slice.engagement,
            people: listed.collect(),
            omitted: everybody.len().saturating_sub(MOST_LISTED as u64),
            unresolved: people.authorised.unresolved,
        };
        let bytes = serde_json::to_vec(&list)
            .map_err(|error| CustodyError::invalid(format!("the list of people cannot be written: {error}")))?;
        self.keep(kept, Some(part.slice.engagement), PEOPLE, &bytes).map(drop)
    }

    /// Opens the list of the people of one engagement, on the approval of a second person. Without one, the request for approval
    /// is recorded and named in the refusal.
    ///
    /// # Errors
    /// `NeedsApproval`; `Denied`; `Missing`.
    pub async fn open_people(
        &self,
        caller: &Caller,
        request: RequestId,
        incident: IncidentId,
        (no, engagement): (u32, &str),
    ) -> Result<PeopleList, CustodyError> {
        let engagement = self.visible(caller, engagement)?;
        let missing = || CustodyError::missing(Thing::Report, no);
        let bytes = self.read_file(incident, no, Some(&engagement), PEOPLE)?.ok_or_else(missing)?;
        let file = attest::sha256(&[&bytes]);
        let digest = opening_digest(incident, no, &engagement, &file);
        let _turn = self.desk.lock().await;
        let approval = self.approval_for(caller, &engagement, Verb::OpenPeople, digest)?;
        let approvers = approval.as_ref().map(|row| self.approvers(row)).unwrap_or_default();
        let waiting = approvers.is_empty();
        match self.judge(caller, opening(request, &engagement, approvers.clone())).await {
            Err(_) if waiting && self.would_allow(caller, opening(request, &engagement, vec![SOMEBODY_ELSE])) => {
                let id = match approval {
                    Some(row) => row.id,
                    None => self.ask_approval(caller, request, &engagement, Verb::OpenPeople, digest).await?,
                };
                return Err(CustodyError::NeedsApproval(id));
            }
            judged => _ = judged?,
        }
        let approval = approval.ok_or_else(missing)?;
        let list: PeopleList = serde_json::from_slice(&bytes)
            .map_err(|_| CustodyError::Corrupt(format!("the people list of report {no} of incident `{incident}`")))?;
        let (mut story, last) = self.story(incident)?;
        let hex = data_encoding::HEXLOWER.encode(&file);
        let done = Done::PeopleOpened {
            engagement: engagement.id,
            people: list.people.len() as u64,
            approval: approval.id,
            approvers: approvers.clone(),
            digest: hex.clone(),
        };
        let part =
            Part { digest: Some(hex), report: Some(no), approval: Some(approval.id), approvers, ..Part::default() };
        let entry = self.incident_part(caller, request, (incident, "people"), engagement.id, &part)?;
        // The opening is durable, and the approval used up, before anybody is shown the list.
        let used = vec![Change::UseApproval { approval: approval.id, at: self.clock.now() }];
        self.add_line_with(caller, request, &mut story, last, done, (vec![entry], used)).await?;
        Ok(list)
    }
}

fn opening(request: RequestId, engagement: &Engagement, approvers: Vec<PrincipalId>) -> Matter<'_> {
    Matter {
        request,
        verb: Verb::OpenPeople,
        form: Form::Names,
        engagement,
        dataset: None,
        bytes: None,
        approvers,
        budget: None,
    }
}

/// What an approval of an opening is bound to: this list of this report, and no other.
fn opening_digest(incident: IncidentId, no: u32, engagement: &Engagement, file: &[u8; 32]) -> [u8; 32] {
    let no = no.to_be_bytes();
    attest::sha256(&[b"cofferdam/incident-people/v1", incident.as_bytes(), &no, engagement.id.as_bytes(), file])
}
