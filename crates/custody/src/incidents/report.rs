//! Reports: what an incident reached is asked anew, counted, compared with the report before, and kept with a file for each
//! partner. The digests of all of them are entries, in the same transaction as the documents.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use base::Timestamp;
use base::id::{ChainId, EngagementId, IncidentId, RequestId};
use catalog::model::{Change, IncidentFileRow};
use incident::assemble::{Previous, assemble};
use incident::book::RuleBook;
use incident::changes::Reasons;
use incident::deadline::Deadline;
use incident::draft::Draft;
use incident::figure::AsOf;
use incident::partner::partner_file;
use incident::report::Report;
use incident::word::ReportKind;
use serde::{Deserialize, Serialize};

use super::chain::Part;
use super::draft::activity_clocks;
use super::line::{Done, Story};
use super::slice::Sliced;
use super::view::{Owed, Shown};
use crate::custody::{Custody, Matter};
use crate::directory::Engagement;
use crate::error::{CustodyError, Thing};
use crate::identity::Caller;
use crate::touch::{Release, Selector};

/// The document of a report.
pub const REPORT: &str = "report.json";
/// The objects that were reached.
pub const OBJECTS: &str = "objects.csv";
/// A partner's document.
pub const PARTNER: &str = "partner.json";
/// What a report was made from: deadlines are worked out of it again.
const DRAFT: &str = "draft.json";

/// What a sealed document is bound to, beside its place.
const CONTEXT: &str = "incident.file";

/// How many entries a report walks to find the first and the last access. Opening one costs about ten microseconds.
const MOST_WALKED: u64 = 500_000;

/// A report that was made.
#[derive(Debug, Serialize, Deserialize)]
pub struct Reported {
    /// The incident.
    pub shown: Shown,
    /// The report's number.
    pub no: u32,
    /// SHA-256 of the report, in hex.
    pub digest: String,
    /// Whether every engagement that was reached stands still.
    pub stopped: bool,
    /// The documents, by name; a partner's under `partners/`.
    pub documents: BTreeMap<String, String>,
}

/// What a report is made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewReport {
    /// The first, a later one, or the last.
    pub kind: ReportKind,
    /// Why figures fell, by figure; an empty name is a reason for all.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reasons: BTreeMap<String, String>,
}

impl Custody {
    /// Makes a report of an incident.
    ///
    /// # Errors
    /// `Denied`; `Missing`; `Invalid` when nothing was asked yet, when its kind does not fit, or when a figure fell without a
    /// reason; `Corrupt` when the incident and the ledger do not agree.
    pub async fn report_incident(
        &self,
        caller: &Caller,
        request: RequestId,
        incident: IncidentId,
        new: &NewReport,
    ) -> Result<Reported, CustodyError> {
        self.may_respond(caller, request).await?;
        self.settle_now().await?;
        let (asked, _) = self.story(incident)?;
        if asked.questions.is_empty() {
            return Err(CustodyError::invalid(
                "nobody has asked yet what the incident reached\nask with `cofferdam incident scope`",
            ));
        }
        let mut questions = Vec::with_capacity(asked.questions.len());
        for selection in &asked.questions {
            let question = selection.question()?;
            let visible = self.may_scope(caller, request, &question).await?;
            questions.push((question, visible));
        }
        let published = self.publisher.publish().await?;
        let as_of = AsOf {
            size: published.checkpoint.size,
            root: data_encoding::HEXLOWER.encode(&published.checkpoint.root),
            time: self.clock.now(),
        };
        let _turn = self.desk.lock().await;
        let (mut story, last) = self.story(incident)?;
        let indices = self.check_against_ledger(incident)?;
        let mut sliced = Vec::new();
        for (id, part) in self.reached_by(&questions, as_of.size)? {
            let Some(engagement) = self.directory.engagement(id) else { continue };
            let selectors: BTreeSet<Selector> =
                questions.iter().flat_map(|(question, _)| question.selectors.iter().cloned()).collect();
            let activity = self.activity(&engagement, &selectors, part.from..part.to)?;
            sliced.push((Arc::clone(&engagement), self.slice(&story, &engagement, part, activity)?));
        }
        let book = RuleBook::with(&[])?;
        let parts: Vec<Sliced> = sliced.into_iter().map(|(_, part)| part).collect();
        let mut draft = self.draft_report(&story, &parts, (new.kind, as_of), &indices)?;
        activity_clocks(&mut draft);
        let previous = self.last_report(&story)?;
        let before = previous.as_ref().map(|(report, digest)| Previous { report, digest });
        let reasons: Reasons = new.reasons.clone();
        let report = assemble(&draft, &book, before, &reasons)?;
        let mut kept =
            Kept { incident, no: report.report_no, at: draft.made, rows: Vec::new(), texts: BTreeMap::new() };
        let digest = self.keep(&mut kept, None, REPORT, &report.to_json())?;
        for (name, text) in [
            ("report.html", incident::page::html(&report)),
            ("jurisdictions.csv", incident::annex::jurisdictions(&report)),
            ("deadlines.csv", incident::annex::deadlines(&report)),
            ("timeline.csv", incident::annex::timeline(&report)),
        ] {
            self.keep(&mut kept, None, name, text.as_bytes())?;
        }
        self.keep(&mut kept, None, DRAFT, &json(&draft)?)?;
        self.keep(&mut kept, None, OBJECTS, self.objects(&parts).as_bytes())?;
        let (mut partners, mut entries) = (BTreeMap::new(), Vec::new());
        for part in &parts {
            let engagement = part.slice.engagement;
            let file = partner_file(&draft, report.report_no, engagement, &book)?;
            let digest = self.keep(&mut kept, Some(engagement), PARTNER, &file.to_json())?;
            self.keep_people(&mut kept, part)?;
            let said = Part { digest: Some(digest.clone()), report: Some(report.report_no), ..Part::default() };
            entries.push(self.incident_part(caller, request, (incident, "report"), engagement, &said)?);
            partners.insert(engagement, digest);
        }
        let done = Done::Reported {
            no: report.report_no,
            kind: new.kind,
            digest: digest.clone(),
            rules_of: draft.rules_of.clone(),
            partners,
            reasons: new.reasons.clone(),
        };
        let changes = kept.rows.into_iter().map(|row| Change::IncidentFile(Box::new(row))).collect();
        self.add_line_with(caller, request, &mut story, last, done, (entries, changes)).await?;
        let stopped = self.all_stopped(&story.engagements());
        Ok(Reported {
            shown: self.incident_shown(&story)?,
            no: report.report_no,
            digest,
            stopped,
            documents: kept.texts,
        })
    }

    /// A document of a report, for those who work on incidents.
    ///
    /// # Errors
    /// `Denied`; `Missing`; `Corrupt`.
    pub async fn incident_document(
        &self,
        caller: &Caller,
        request: RequestId,
        incident: IncidentId,
        (no, name): (u32, &str),
    ) -> Result<Vec<u8>, CustodyError> {
        self.may_respond(caller, request).await?;
        if name == DRAFT {
            return Err(CustodyError::missing(Thing::Report, name));
        }
        self.read_file(incident, no, None, name)?.ok_or_else(|| CustodyError::missing(Thing::Report, no))
    }

    /// A partner's document of a report, for those who may read the engagement's record: the partner's own security among them,
    /// with their own key.
    ///
    /// # Errors
    /// As policy answers; `Missing`; `Corrupt`.
    pub async fn partner_document(
        &self,
        caller: &Caller,
        request: RequestId,
        incident: IncidentId,
        (no, engagement): (u32, &str),
    ) -> Result<Vec<u8>, CustodyError> {
        let engagement = self.visible(caller, engagement)?;
        let permit = self.judge(caller, Matter::names(request, base::word::Verb::Scope, &engagement, None)).await?;
        let _receipt = self.release(caller, permit).await?;
        let file = self.read_file(incident, no, Some(&engagement), PARTNER)?;
        file.ok_or_else(|| CustodyError::missing(Thing::Report, no))
    }

    /// The duties of an incident that are neither done nor waived, by key: what closing it waits for.
    ///
    /// # Errors
    /// `Invalid` when there is no final report: what is owed is not known before.
    pub(crate) fn open_duties(&self, story: &Story) -> Result<Vec<String>, CustodyError> {
        if story.reports.last().is_none_or(|made| made.kind != ReportKind::Final) {
            return Err(CustodyError::invalid(
                "there is no final report: what is owed is not known\nmake one with `cofferdam incident report ID --kind final`",
            ));
        }
        Ok(self.owed(story)?.into_iter().map(|owed| owed.duty).collect())
    }

    /// What is owed as of now, by what the last report counted; nothing before there is one.
    pub(crate) fn owed(&self, story: &Story) -> Result<Vec<Owed>, CustodyError> {
        let open = self.duties(story)?.into_iter().filter(Deadline::is_open);
        Ok(open.map(|deadline| Owed { duty: deadline.key(), due: deadline.due, state: deadline.state }).collect())
    }

    /// Every duty as of now, by what the last report counted; nothing before there is one.
    pub(crate) fn duties(&self, story: &Story) -> Result<Vec<Deadline>, CustodyError> {
        let Some(last) = story.reports.last() else { return Ok(Vec::new()) };
        let corrupt = || CustodyError::Corrupt(format!("report {} of incident `{}`", last.no, story.id));
        let bytes = self.read_file(story.id, last.no, None, DRAFT)?.ok_or_else(corrupt)?;
        let mut draft: Draft = serde_json::from_slice(&bytes).map_err(|_| corrupt())?;
        // Not a report but its deadlines are wanted: of these clocks and acts, at this time.
        draft.kind = ReportKind::Initial;
        draft.made = self.clock.now();
        draft.clocks = story.clocks.clone();
        draft.sent = story.sent.clone();
        draft.waived = story.waived.clone();
        draft.holds = story.holds.clone();
        Ok(assemble(&draft, &RuleBook::with(&[])?, None, &Reasons::new())?.deadlines)
    }

    fn last_report(&self, story: &Story) -> Result<Option<(Report, String)>, CustodyError> {
        let Some(last) = story.reports.last() else { return Ok(None) };
        let corrupt = || CustodyError::Corrupt(format!("report {} of incident `{}`", last.no, story.id));
        let bytes = self.read_file(story.id, last.no, None, REPORT)?.ok_or_else(corrupt)?;
        if data_encoding::HEXLOWER.encode(&attest::sha256(&[&bytes])) != last.digest {
            return Err(corrupt());
        }
        let report = serde_json::from_slice(&bytes).map_err(|_| corrupt())?;
        Ok(Some((report, last.digest.clone())))
    }

    /// The first and the last access to an engagement by any of these selectors; nothing where the window holds more entries
    /// than a report walks.
    fn activity(
        &self,
        engagement: &Engagement,
        selectors: &BTreeSet<Selector>,
        window: std::ops::Range<Timestamp>,
    ) -> Result<Option<(Timestamp, Timestamp)>, CustodyError> {
        let chain = ChainId::from(engagement.id);
        let mut found: Option<(Timestamp, Timestamp)> = None;
        let mut next = 0;
        while next < MOST_WALKED {
            let page = self.reader.chain_page(chain, next)?;
            if page.is_empty() {
                return Ok(found);
            }
            next = next.saturating_add(page.len() as u64);
            for entry in page.iter().filter(|entry| window.contains(&entry.at)) {
                let release = Release::read(entry)?;
                let selected = |release: &Release| release.selectors().iter().any(|of| selectors.contains(of));
                if let Some(release) = release.filter(selected) {
                    let (first, last) = found.unwrap_or((release.at, release.at));
                    found = Some((first.min(release.at), last.max(release.at)));
                }
            }
        }
        Ok(None)
    }

    /// Every object that was reached, as CSV.
    fn objects(&self, parts: &[Sliced]) -> String {
        let mut text = String::from("engagement,bucket,key,version,form,size,sent_bytes,authorised_bytes\r\n");
        for part in parts {
            for row in &part.rows {
                let bucket = self.directory.dataset(row.dataset).map(|dataset| dataset.bucket.clone());
                let bucket = bucket.unwrap_or_else(|| row.dataset.to_string());
                let key = String::from_utf8_lossy(&row.key);
                // Writing to a string cannot fail.
                let _ = write!(
                    text,
                    "{},{},{},{},{},{},{},{}\r\n",
                    field(&part.slice.name),
                    field(&bucket),
                    field(&key),
                    row.version,
                    row.form,
                    row.size,
                    row.sent,
                    row.authorised
                );
            }
        }
        text
    }

    /// Seals a document under the record key of whom it is for. Returns its digest, in hex.
    pub(crate) fn keep(
        &self,
        kept: &mut Kept,
        engagement: Option<EngagementId>,
        name: &str,
        document: &[u8],
    ) -> Result<String, CustodyError> {
        let chain = engagement.map_or(ChainId::SYSTEM, ChainId::from);
        let place = place(kept.incident, kept.no, chain, name);
        let sealed = match engagement.and_then(|id| self.directory.engagement(id)) {
            Some(engagement) => engagement.fields.seal(CONTEXT, &place, document)?,
            None => self.deployment.fields.seal(CONTEXT, &place, document)?,
        };
        let digest = attest::sha256(&[document]);
        let (incident, report, at) = (kept.incident, kept.no, kept.at);
        kept.rows.push(IncidentFileRow { incident, report, chain, name: name.to_owned(), at, digest, sealed });
        if name != DRAFT && name != super::people::PEOPLE {
            let path = match engagement {
                Some(id) => format!("partners/{id}.json"),
                None => name.to_owned(),
            };
            kept.texts.insert(path, String::from_utf8_lossy(document).into_owned());
        }
        Ok(data_encoding::HEXLOWER.encode(&digest))
    }

    /// Opens a document that was kept, and holds it against its digest.
    pub(crate) fn read_file(
        &self,
        incident: IncidentId,
        no: u32,
        engagement: Option<&Engagement>,
        name: &str,
    ) -> Result<Option<Vec<u8>>, CustodyError> {
        let (chain, fields) =
            engagement.map_or((ChainId::SYSTEM, &self.deployment.fields), |of| (ChainId::from(of.id), &of.fields));
        let Some(row) = self.catalog.incident_file(incident, no, chain, name)? else { return Ok(None) };
        let plain = fields.open(CONTEXT, &place(incident, no, chain, name), &row.sealed)?;
        let bytes = plain.expose(<[u8]>::to_vec);
        if attest::sha256(&[&bytes]) != row.digest {
            return Err(CustodyError::Corrupt(format!("document `{name}` of report {no} of incident `{incident}`")));
        }
        Ok(Some(bytes))
    }
}

/// Documents on their way into the catalog.
pub(crate) struct Kept {
    incident: IncidentId,
    no: u32,
    at: Timestamp,
    rows: Vec<IncidentFileRow>,
    /// What is handed to the caller, by path.
    texts: BTreeMap<String, String>,
}

fn place(incident: IncidentId, no: u32, chain: ChainId, name: &str) -> Vec<u8> {
    [incident.as_bytes().as_slice(), &no.to_be_bytes(), chain.as_bytes(), name.as_bytes()].concat()
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, CustodyError> {
    serde_json::to_vec(value).map_err(|error| CustodyError::invalid(format!("the report cannot be written: {error}")))
}

/// A field of CSV: quoted where it must be, and never read as a formula by a spreadsheet.
fn field(text: &str) -> String {
    let text: String = text.chars().map(|of| if of.is_control() { '\u{fffd}' } else { of }).collect();
    let formula = text.starts_with(['=', '+', '-', '@']);
    let text = if formula { format!("'{text}") } else { text };
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn a_key_cannot_become_a_formula_or_a_second_field() {
        for (text, written) in [
            ("a/b.txt", "a/b.txt"),
            ("=1+1", "'=1+1"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "two\u{fffd}lines"),
        ] {
            assert_eq!(field(text), written);
        }
    }
}
