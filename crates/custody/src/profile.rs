//! The profile of a dataset: which types of data, about how many people, in how many objects, found how often; and what was not
//! scanned, by name and reason.
//!
//! It is joined from facts and reports of the current versions; no byte of them is read. Its digest is entered.

use std::collections::{BTreeMap, BTreeSet};

use base::id::{RequestId, VersionId};
use base::word::{DataType, ScanState, Verb};
use base::{Residence, Timestamp};
use catalog::model::ListedRow;
use contract::Class;
use roaring::{RoaringBitmap, RoaringTreemap};
use serde::{Deserialize, Serialize};

use crate::custody::{Custody, Matter};
use crate::directory::Engagement;
use crate::entries::{Evidence, kind};
use crate::error::CustodyError;
use crate::facts::looks_for_names;
use crate::findings::{Found, ScanReport};
use crate::identity::Caller;
use crate::people::{Headcount, Links};

/// The version of the answer's JSON.
pub const SCHEMA: &str = "cofferdam.dataset-profile/1";

/// How many objects that were not scanned an answer lists by name; the counts are of all.
const LISTED: usize = 10_000;

/// How many versions are looked at between others' turns.
const PAGE: usize = 1_000;

/// What a dataset holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Profile {
    /// `cofferdam.dataset-profile/1`.
    pub schema: String,
    /// The bucket.
    pub bucket: String,
    /// Its engagement, by name.
    pub engagement: String,
    /// When it was asked.
    pub asked: Timestamp,
    /// Current objects.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects by how far the scanner got.
    pub states: BTreeMap<ScanState, u64>,
    /// People whom the objects are about.
    pub people: Headcount,
    /// What was found, by type.
    pub types: Vec<TypeProfile>,
    /// What was found, by type, rule and confidence.
    pub found: Vec<Found>,
    /// People by where they live, as contracts say; somebody of whom data says two places is counted in both.
    #[serde(default)]
    pub residences: BTreeMap<Residence, u64>,
    /// People of whom nothing says where they live.
    #[serde(default)]
    pub residence_unknown: u64,
    /// Objects by what the contract says is confidential about them.
    #[serde(default)]
    pub classes: BTreeMap<Class, u64>,
    /// Objects that were scanned, and in which nobody has looked for names yet: the people whom they name are not counted.
    #[serde(default)]
    pub names_unknown: u64,
    /// Objects by the scanner whose findings these are.
    pub scanners: BTreeMap<String, u64>,
    /// Objects that were not scanned, or only in part.
    pub not_scanned: Vec<NotScanned>,
    /// How many of those are not listed.
    pub not_scanned_omitted: u64,
}

/// What was found of one type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeProfile {
    /// The type.
    #[serde(rename = "type")]
    pub data_type: DataType,
    /// What people call it.
    pub title: String,
    /// People about whom it says something.
    pub people: Headcount,
    /// Objects that hold it.
    pub objects: u64,
    /// How often it was found.
    pub findings: u64,
}

/// An object that was not scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotScanned {
    /// Its key.
    pub key: String,
    /// The version.
    pub version: VersionId,
    /// Its size.
    pub size: u64,
    /// `pending` or `unscannable`; `scanned` where it was read in part.
    pub state: ScanState,
    /// Why.
    pub reason: String,
}

/// What is counted on the way.
#[derive(Default)]
struct Sum {
    ordinals: RoaringTreemap,
    found: BTreeMap<(DataType, String, String), u64>,
    objects: BTreeMap<DataType, u64>,
}

impl Custody {
    /// What a dataset holds, now.
    ///
    /// # Errors
    /// `Missing`; as policy answers; `Corrupt` when a report or fact cannot be read: an answer is never silently smaller.
    pub async fn profile(&self, caller: &Caller, request: RequestId, bucket: &str) -> Result<Profile, CustodyError> {
        let (engagement, dataset) = self.collection(caller, bucket)?;
        let matter = Matter::names(request, Verb::Scope, &engagement, Some(&dataset));
        let permit = self.judge(caller, matter).await?;
        let _receipt = self.release(caller, permit).await?;
        let mut profile = Profile {
            schema: SCHEMA.to_owned(),
            bucket: dataset.bucket.clone(),
            engagement: engagement.name.clone(),
            asked: self.clock.now(),
            objects: 0,
            bytes: 0,
            states: BTreeMap::new(),
            people: Headcount::default(),
            types: Vec::new(),
            found: Vec::new(),
            residences: BTreeMap::new(),
            residence_unknown: 0,
            classes: BTreeMap::new(),
            names_unknown: 0,
            scanners: BTreeMap::new(),
            not_scanned: Vec::new(),
            not_scanned_omitted: 0,
        };
        let mut sum = Sum::default();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = self.catalog.list(dataset.id, b"", after.as_deref(), false, PAGE)?;
            let Some(last) = page.last() else { break };
            after = Some(last.key.clone());
            for row in &page {
                let class = dataset.terms().and_then(|terms| terms.class(&String::from_utf8_lossy(&row.key)));
                if let Some(class) = class {
                    one_more(profile.classes.entry(class).or_default());
                }
                self.add_object(&engagement, row, &mut profile, &mut sum)?;
            }
            tokio::task::yield_now().await;
        }
        self.add_people(&engagement, &mut profile, &sum)?;
        profile.found = sum
            .found
            .into_iter()
            .map(|((data_type, rule, confidence), count)| Found { data_type, rule, confidence, count })
            .collect();
        let digest = attest::sha256(&[&serde_json::to_vec(&profile).unwrap_or_default()]);
        let what = Evidence { made: "dataset-profile", digest: data_encoding::HEXLOWER.encode(&digest) };
        self.enter(caller, request, engagement.id.into(), kind::EVIDENCE, what).await?;
        Ok(profile)
    }

    fn add_object(
        &self,
        engagement: &Engagement,
        row: &ListedRow,
        profile: &mut Profile,
        sum: &mut Sum,
    ) -> Result<(), CustodyError> {
        profile.objects = profile.objects.saturating_add(1);
        profile.bytes = profile.bytes.saturating_add(row.size);
        one_more(profile.states.entry(row.scan).or_default());
        sum.ordinals.insert(row.ordinal);
        let last = self.catalog.scans(row.ordinal)?.into_iter().next();
        let report = last
            .map(|scan| ScanReport::open(&engagement.fields, row.version, scan.generation, &scan.report))
            .transpose()?;
        if let Some(report) = &report {
            if row.scan != ScanState::Unscannable && !looks_for_names(&report.scanner) {
                one_more(&mut profile.names_unknown);
            }
            one_more(profile.scanners.entry(report.scanner.clone()).or_default());
            let mut types = BTreeSet::new();
            for found in &report.found {
                let key = (found.data_type, found.rule.clone(), found.confidence.clone());
                let count = sum.found.entry(key).or_default();
                *count = count.saturating_add(found.count);
                types.insert(found.data_type);
            }
            for data_type in types {
                one_more(sum.objects.entry(data_type).or_default());
            }
        }
        if let Some(reason) = self.why_not_scanned(row, report.as_ref())? {
            if profile.not_scanned.len() < LISTED {
                profile.not_scanned.push(NotScanned {
                    key: String::from_utf8_lossy(&row.key).into_owned(),
                    version: row.version,
                    size: row.size,
                    state: row.scan,
                    reason,
                });
            } else {
                profile.not_scanned_omitted = profile.not_scanned_omitted.saturating_add(1);
            }
        }
        Ok(())
    }

    /// Why an object was not scanned, or not all of it; nothing if it was.
    fn why_not_scanned(&self, row: &ListedRow, report: Option<&ScanReport>) -> Result<Option<String>, CustodyError> {
        if row.scan == ScanState::Pending {
            let job = self.catalog.job(row.ordinal)?;
            let waits = |job: catalog::model::JobRow| match job.failure {
                Some(failure) => format!("waits for attempt {} after: {failure}", job.attempts.saturating_add(1)),
                None if job.attempts > 0 => format!("is being read: {} of {} bytes", job.done, row.size),
                None => "waits for the scanner".to_owned(),
            };
            return Ok(Some(job.map_or_else(|| "waits for the scanner".to_owned(), waits)));
        }
        Ok(report.and_then(|report| report.reason.clone()))
    }

    fn add_people(&self, engagement: &Engagement, profile: &mut Profile, sum: &Sum) -> Result<(), CustodyError> {
        let (mut all, mut everybody) = (BTreeMap::<DataType, (RoaringBitmap, u64)>::new(), RoaringBitmap::new());
        self.catalog.facts(engagement.id, &sum.ordinals, |fact| {
            let (people, unresolved) = all.entry(fact.data_type).or_default();
            people.extend(fact.subjects.iter());
            everybody.extend(fact.subjects.iter());
            *unresolved = unresolved.saturating_add(fact.unresolved);
        })?;
        let mut placed = RoaringBitmap::new();
        for (residence, lives) in self.catalog.residences(engagement.id)? {
            let here = &lives & &everybody;
            if !here.is_empty() {
                profile.residences.insert(residence, here.len());
                placed |= here;
            }
        }
        profile.residence_unknown = everybody.len().saturating_sub(placed.len());
        let keyed = self.catalog.keyed_people(engagement.id)?;
        let links = Links::of(&self.catalog.subject_links(engagement.id)?, &keyed);
        let unresolved = all.values().map(|(_, unresolved)| unresolved).fold(0u64, |sum, one| sum.saturating_add(*one));
        profile.people = links.count(&everybody, unresolved);
        for data_type in DataType::ALL {
            let findings = sum.found.iter().filter(|((of, ..), _)| of == data_type).map(|(_, count)| count);
            let findings = findings.fold(0u64, |sum, count| sum.saturating_add(*count));
            let people = all.get(data_type).map(|(people, unresolved)| links.count(people, *unresolved));
            if findings > 0 || people.is_some() {
                profile.types.push(TypeProfile {
                    data_type: *data_type,
                    title: data_type.title().to_owned(),
                    people: people.unwrap_or_default(),
                    objects: sum.objects.get(data_type).copied().unwrap_or(0),
                    findings,
                });
            }
        }
        Ok(())
    }
}

const fn one_more(count: &mut u64) {
    *count = count.saturating_add(1);
}
