//! The report: `cofferdam.incident-report/1`, the one document that every other form is made from.
//!
//! Every number is a [`Figure`]: at least, at most, on what it rests, as of which checkpoint. The names of fields are the
//! format's; `docs/formats/incident-report.schema.json` says the same, and a test holds the two together.
//!
//! It never holds the name of a person the data is about, nor a value that was found.

use std::collections::BTreeMap;

use base::Timestamp;
use base::id::EngagementId;
use base::word::DataType;
use serde::{Deserialize, Serialize};

use crate::changes::Change;
use crate::clock::ClockEntry;
use crate::deadline::{Deadline, Hold};
use crate::figure::{AsOf, Figure};
use crate::word::{Category, ClockName, DutyRole, ReportKind, Stage, TimelineSource};

/// The format's name and version.
pub const SCHEMA: &str = "cofferdam.incident-report/1";

macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $of:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$fdoc])* pub $field: $of,)* }
    )*};
}

sections! {
    /// A report.
    Report {
        /// `cofferdam.incident-report/1`.
        schema: String,
        /// Its number, from 1.
        report_no: u32,
        /// The first, a later one, or the last.
        kind: ReportKind,
        /// When it was made.
        made: Timestamp,
        /// The digest of the report before it, SHA-256 in hexadecimal.
        supersedes: Option<String>,
        /// What is other than in the report before it.
        changes: Vec<Change>,
        /// What it is about.
        incident: Incident,
        /// Every clock that is set, with all its entries; deadlines refer to these names.
        clock: BTreeMap<ClockName, Vec<ClockEntry>>,
        /// What was looked for.
        selectors: Selectors,
        /// What it reached.
        exposure: Exposure,
        /// What we are to the data of each engagement.
        duty: Vec<DutyOf>,
        /// Each partner's part. Partners' own files are made from their own slice, never from this.
        partners: Vec<PartnerPart>,
        /// What may come of it.
        consequences: Vec<Consequence>,
        /// HIPAA's four factors, where it was declared.
        hipaa_four_factors: Option<FourFactors>,
        /// What was done.
        measures: Vec<Measure>,
        /// What protected the data at the first activity.
        safeguards_before: Vec<Safeguard>,
        /// What the people involved had been taught.
        training_of_people_involved: Vec<Training>,
        /// How it could happen.
        root_cause: RootCause,
        /// What the report does not cover.
        limits: Limits,
        /// What is owed, to whom, by when.
        deadlines: Vec<Deadline>,
        /// What happened, in order.
        timeline: Vec<Happening>,
        /// What shows it.
        evidence: EvidenceOf,
    }

    /// What the report is about.
    Incident {
        /// Its id.
        id: String,
        /// Its title.
        title: String,
        /// How far it has come.
        state: Stage,
        /// How severe it is, in the operator's words.
        severity: String,
        /// Of which kind.
        category: Category,
        /// Whether it was an attack on systems.
        cyber: bool,
        /// Whether data became known to somebody.
        confidentiality: bool,
        /// Whether data was changed.
        integrity: bool,
        /// Whether data was out of reach.
        availability: bool,
        /// Who leads.
        lead: String,
        /// Whom to ask.
        contacts: Contacts,
        /// Who reports.
        operator_entity: String,
        /// Who asked to hold notices back.
        law_enforcement_hold: Option<Hold>,
    }

    /// Whom to ask.
    Contacts {
        /// The data protection officer.
        dpo: String,
        /// Security.
        security: String,
        /// The press office.
        press: String,
    }

    /// What was looked for.
    Selectors {
        /// Credentials.
        credentials: Vec<String>,
        /// Principals.
        principals: Vec<String>,
        /// Hosts or workloads.
        hosts: Vec<String>,
        /// Addresses and networks.
        networks: Vec<String>,
        /// Digests of images.
        image_digests: Vec<String>,
        /// From when until when.
        window: Window,
        /// Decoys that were used.
        decoys_tripped: Vec<String>,
        /// The question as it was put, with its ANDs and ORs.
        expression: String,
    }

    /// A span of time.
    Window {
        /// From when, inclusive.
        from: Timestamp,
        /// Until when, exclusive.
        to: Timestamp,
    }

    /// What was reached.
    Exposure {
        /// Accesses.
        events: Figure,
        /// Bytes.
        bytes: Figure,
        /// Versions of objects whose bytes were reached.
        objects: Figure,
        /// By dataset.
        dataset_versions: Vec<DatasetPart>,
        /// By form: exemptions hang on it.
        by_form: ByForm,
        /// Whether who has sealed bytes may have their keys.
        keys_taken: bool,
        /// How that is known.
        keys_taken_basis: String,
        /// Records, by type of data.
        records: Records,
        /// People.
        subjects: Subjects,
        /// People, by what they are to the operator, where that is known.
        subject_roles: BTreeMap<String, Figure>,
        /// By type of data.
        elements: Vec<Element>,
        /// What triggers rules: types of data about the same person, across files.
        combos: Vec<Combo>,
        /// By residence.
        jurisdictions: Vec<Residence>,
        /// Of whom it is not known where they live.
        residence_unknown: Figure,
        /// Confidential data that is not about people.
        confidential: Vec<Confidential>,
        /// Accesses over time, where the ledger was asked for them.
        access_over_time: Vec<Access>,
    }

    /// One dataset that was reached.
    DatasetPart {
        /// Its bucket.
        dataset: String,
        /// Its engagement.
        engagement: EngagementId,
        /// Versions reached.
        versions: Figure,
        /// Bytes.
        bytes: Figure,
    }

    /// The forms.
    ByForm {
        /// Readable, as stored.
        plaintext: OfForm,
        /// A de-identified view.
        pseudonym_view: OfForm,
        /// Sealed bytes without their key.
        ciphertext_only: OfForm,
        /// Names of objects, no bytes.
        names_only: OfForm,
    }

    /// What was reached in one form.
    OfForm {
        /// Versions.
        objects: Figure,
        /// Bytes.
        bytes: Figure,
        /// People.
        subjects: Figure,
    }

    /// Records.
    Records {
        /// By type of data.
        by_type: BTreeMap<DataType, Figure>,
    }

    /// People.
    Subjects {
        /// Everybody.
        total: Figure,
        /// Everybody, once those that are the same by a confirmed identifier are taken for one; none: links are not kept.
        after_linking: Option<Figure>,
        /// Children, where ages are known; none: ages were not looked at.
        minors: Option<Figure>,
        /// People in a weak position, where that is recorded.
        vulnerable: Option<Figure>,
        /// The dead, where that is recorded.
        deceased: Option<Figure>,
        /// Objects with people that nothing tells apart.
        unidentified_objects: Figure,
    }

    /// One type of data.
    Element {
        /// Which.
        r#type: DataType,
        /// People.
        subjects: Figure,
        /// Times it was found.
        records: Option<Figure>,
        /// The form it was readable in at its worst: plaintext, pseudonym_view, ciphertext_only, names_only.
        form: String,
        /// Whether article 9 of the GDPR protects it.
        special_category: bool,
        /// What such a value looks like, masked; never one that was found.
        sample_masked: String,
    }

    /// Types of data about the same person.
    Combo {
        /// As an expression.
        rule: String,
        /// People who meet it.
        subjects: Figure,
    }

    /// One place.
    Residence {
        /// Its code.
        code: String,
        /// People who live there.
        residents: Figure,
        /// Those who meet the elements of the place's own rule; none: there is none in the book.
        trigger_subjects: Option<Figure>,
        /// By combination.
        by_combo: BTreeMap<String, Figure>,
    }

    /// Confidential data of a partner.
    Confidential {
        /// rubric, prompt_set, eval_set, preference_data, source_code, model_output, project_name.
        class: String,
        /// Its engagement.
        engagement: EngagementId,
        /// Versions.
        objects: Figure,
        /// Bytes.
        bytes: Figure,
    }

    /// Accesses in one span.
    Access {
        /// From when.
        from: Timestamp,
        /// Until when.
        to: Timestamp,
        /// Accesses.
        events: Figure,
        /// Bytes.
        bytes: Figure,
    }

    /// What we are to an engagement's data.
    DutyOf {
        /// Which engagement.
        engagement: EngagementId,
        /// What we are; none: not recorded.
        role: Option<DutyRole>,
        /// Whom we tell, where we keep data for somebody.
        owner_to_tell: Option<String>,
    }

    /// One partner's part.
    PartnerPart {
        /// The engagement.
        engagement: EngagementId,
        /// The engagement's name.
        name: String,
        /// The partner's name.
        partner: String,
        /// Versions.
        objects: Figure,
        /// Bytes.
        bytes: Figure,
        /// By dataset.
        dataset_versions: Vec<DatasetPart>,
        /// Confidential classes that were reached.
        confidential_classes: Vec<String>,
        /// People.
        subjects: Figure,
        /// When it was paused.
        paused_at: Option<Timestamp>,
        /// When it was resumed.
        resumed_at: Option<Timestamp>,
        /// Models that were trained on what was reached.
        models_trained: Vec<Model>,
        /// By when the partner is told.
        notice_due: Option<Timestamp>,
        /// When it was.
        notice_sent: Option<Timestamp>,
        /// What shows that.
        receipt: Option<String>,
    }

    /// A model.
    Model {
        /// Its name.
        model: String,
        /// Its version.
        version: String,
        /// Of how many objects it was trained on, how many were reached, in thousandths.
        share_of_training_objects_permille: u32,
        /// What the gate decided.
        gate_verdict: String,
    }

    /// What may come of it.
    Consequence {
        /// Which data.
        element_set: String,
        /// Identity theft, account takeover, doxxing, voice or face cloning, discrimination, trade-secret loss, benchmark leak.
        harm: String,
        /// How likely, in words.
        likelihood: String,
        /// Why.
        why: String,
    }

    /// HIPAA's four factors.
    FourFactors {
        /// What it was, and how much.
        nature_extent: String,
        /// Who got it.
        recipient: String,
        /// Whether it was acquired or viewed.
        acquired_or_viewed: String,
        /// What lessens the risk.
        mitigation: String,
        /// What follows.
        conclusion: String,
        /// Who says so.
        by: String,
        /// When.
        at: Timestamp,
    }

    /// Something done.
    Measure {
        /// When.
        at: Timestamp,
        /// pause, revoke, rotate, key_suspend, quarantine, notify, train, policy_change.
        act: String,
        /// What, in a sentence.
        what: String,
        /// Who.
        by: String,
        /// Who approved.
        approvers: Vec<String>,
        /// The ledger's entry.
        ledger_index: Option<u64>,
    }

    /// A check that ran before.
    Safeguard {
        /// Its id.
        check: String,
        /// Its state at the first activity.
        state_at_first_activity: String,
        /// What shows it.
        evidence: String,
    }

    /// What somebody had been taught.
    Training {
        /// Who, as a reference; never a name.
        principal_ref: String,
        /// The course.
        course: String,
        /// Its version.
        version: String,
        /// When it was passed.
        passed: Option<Timestamp>,
        /// When it ends.
        expires: Option<Timestamp>,
    }

    /// How it could happen.
    RootCause {
        /// In words; empty: not known yet.
        text: String,
        /// What made it possible.
        enabling: Vec<String>,
        /// Whether it is certain.
        confirmed: bool,
    }

    /// What is not covered.
    Limits {
        /// From when the ledger holds everything.
        ledger_complete_from: Option<Timestamp>,
        /// Gaps of the ledger.
        gaps: Vec<String>,
        /// Reads in the store's own log that match no fetch of ours; none: that log was not imported.
        bypass_rows: Option<u64>,
        /// Versions that no detector read.
        unscanned_objects: u64,
        /// The scanner.
        scanner_version: String,
        /// The share of what is there that the scanner finds, in thousandths, as measured.
        recall_by_type_permille: BTreeMap<DataType, u32>,
        /// Of how many people the residence is known, in thousandths.
        residence_known_permille: Option<u32>,
        /// What cannot be seen from here.
        not_covered: Vec<String>,
        /// What was not recorded, so that an empty list above is not read as "none".
        not_recorded: Vec<String>,
    }

    /// Something that happened.
    Happening {
        /// When.
        at: Timestamp,
        /// From where it is known.
        source: TimelineSource,
        /// The ledger's entry.
        index: Option<u64>,
        /// What.
        what: String,
        /// What shows it.
        proof: String,
    }

    /// What shows it.
    EvidenceOf {
        /// The checkpoint the figures hold for.
        checkpoint: AsOf,
        /// Witnesses that signed it.
        witnesses: Vec<String>,
        /// The digest of the evidence pack.
        pack_digest: Option<String>,
        /// How to verify it.
        verify: String,
    }
}

impl ByForm {
    /// Every form with its name in the format, the most readable first.
    #[must_use]
    pub const fn each(&self) -> [(&'static str, &OfForm); 4] {
        [
            ("plaintext", &self.plaintext),
            ("pseudonym_view", &self.pseudonym_view),
            ("ciphertext_only", &self.ciphertext_only),
            ("names_only", &self.names_only),
        ]
    }
}

impl Report {
    /// The report as the bytes that are kept, digested and sent.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // Strings, numbers and maps with string keys: nothing in a report fails to serialise.
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }

    /// The operative time of a clock.
    #[must_use]
    pub fn clock_at(&self, clock: ClockName) -> Option<Timestamp> {
        let times = self.clock.get(&clock)?.iter().map(|entry| entry.time);
        if clock.ends_something() { times.max() } else { times.min() }
    }
}

/// Whether article 9 of the GDPR protects a type of data, as far as the scanner's types tell.
#[must_use]
pub const fn is_special(data_type: DataType) -> bool {
    matches!(data_type, DataType::Diagnosis | DataType::HealthId)
}

/// What a value of a type looks like, made up and masked: no value that was found ever stands in a report.
#[must_use]
pub const fn masked(data_type: DataType) -> &'static str {
    match data_type {
        DataType::Ssn => "***-**-1234",
        DataType::Card => "**** **** **** 1234",
        DataType::Email => "a***@e***.org",
        DataType::Phone => "+* *** *** **12",
        DataType::Iban => "DE** **** **** **34",
        DataType::BirthDate => "19**-**-**",
        DataType::Name => "A*** B***",
        DataType::Ip => "192.0.2.*",
        _ => "***",
    }
}
