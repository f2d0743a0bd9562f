//! A made-up incident for tests: two partners reached, one stolen credential, people in eleven places.
//!
//! The counts of the two partners share no digits worth mentioning, so that a number of the one in a file of the other is found.

use std::collections::{BTreeMap, BTreeSet};

use base::Timestamp;
use base::id::EngagementId;
use base::word::DataType::{self, BirthDate, Card, DrivingLicence, Email, Name, Passport, Phone, Ssn};

use crate::assemble::assemble;
use crate::book::RuleBook;
use crate::census::{Census, Group};
use crate::changes::Reasons;
use crate::clock::{Again, ClockEntry, Clocks};
use crate::deadline::{Decision, Hold, Sent};
use crate::draft::{AccessCount, ConfidentialCount, Count, DatasetCount, Draft, FormCount, Forms, Of, Slice};
use crate::figure::AsOf;
use crate::report::{
    Contacts, EvidenceOf, FourFactors, Happening, Incident, Limits, Measure, Model, Report, RootCause, Safeguard,
    Selectors, Training, Window,
};
use crate::word::{Category, ClockName, DutyRole, HoldBy, ReportKind, Stage, TimelineSource};

pub(crate) const FIRST: EngagementId = EngagementId::from_bytes([0x11; 16]);
pub(crate) const SECOND: EngagementId = EngagementId::from_bytes([0x77; 16]);

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::from_rfc3339(text).expect("a time")
}

pub(crate) fn book() -> RuleBook {
    RuleBook::with(&[]).expect("the shipped rules")
}

/// The initial report.
pub(crate) fn report() -> Report {
    assemble(&draft(), &book(), None, &Reasons::new()).expect("a report")
}

const fn count(sent: u64, authorised: u64, possible: u64) -> Count {
    Count { sent, authorised, possible }
}

fn groups(of: &[(&[DataType], Option<&str>, u64)]) -> Vec<Group> {
    of.iter()
        .map(|(elements, residence, people)| Group {
            elements: elements.iter().copied().collect(),
            residence: residence.map(str::to_owned),
            people: *people,
        })
        .collect()
}

fn accesses(from: &str, bytes: &[u64]) -> Vec<AccessCount> {
    let start = at(from);
    bytes
        .iter()
        .zip(0_i64..)
        .map(|(bytes, nth)| AccessCount {
            from: start.plus_seconds(nth.saturating_mul(300)),
            to: start.plus_seconds(nth.saturating_add(1).saturating_mul(300)),
            events: bytes.div_euclid(1_000_000).saturating_add(1),
            bytes: count(bytes.div_euclid(10).saturating_mul(9), *bytes, *bytes),
        })
        .collect()
}

fn first() -> Slice {
    let contract: &[DataType] = &[Name, Ssn, Email, Phone, BirthDate];
    let licence: &[DataType] = &[Name, DrivingLicence, BirthDate];
    let contact: &[DataType] = &[Name, Email];
    let served = groups(&[
        (contract, Some("US-CA"), 1_877),
        (contract, Some("US-TX"), 641),
        (contract, Some("US-NY"), 588),
        (licence, Some("US-WA"), 487),
        (licence, Some("US-FL"), 319),
        (contact, Some("DE"), 296),
        (contact, Some("FR"), 112),
        (contract, Some("US-MA"), 93),
    ]);
    let mut possible = served.clone();
    possible.extend(groups(&[(contract, None, 233), (contact, Some("GB"), 58), (licence, Some("US-OR"), 241)]));
    let mut with_sealed = possible.clone();
    with_sealed.extend(groups(&[(&[Name, Passport], Some("US-CA"), 1_409)]));
    Slice {
        engagement: FIRST,
        name: "interviews".to_owned(),
        partner: "meridian".to_owned(),
        selectors: vec!["credential:CDS4…7QPA".to_owned(), "host:etl-07".to_owned()],
        activity: Some((at("2026-03-24T09:03:11Z"), at("2026-03-24T11:41:52Z"))),
        events: 23_917,
        bytes: count(41_203_118_771, 43_998_001_553, 61_557_903_227),
        objects: count(18_233, 18_907, 26_119),
        forms: Forms {
            plaintext: FormCount {
                objects: count(18_233, 18_907, 26_119),
                bytes: count(41_203_118_771, 43_998_001_553, 61_557_903_227),
                people: count(4_413, 4_646, 4_945),
            },
            ciphertext_only: FormCount {
                objects: count(1_409, 1_409, 1_409),
                bytes: count(977_221_009, 977_221_009, 977_221_009),
                people: count(1_409, 1_409, 1_409),
            },
            names_only: FormCount { objects: count(31_771, 31_771, 31_771), ..FormCount::default() },
            pseudonym_view: FormCount::default(),
        },
        datasets: vec![
            DatasetCount {
                dataset: "screening-interviews".to_owned(),
                versions: count(11_087, 11_399, 15_881),
                bytes: count(38_802_113_001, 41_117_889_331, 57_331_009_117),
            },
            DatasetCount {
                dataset: "identity-documents".to_owned(),
                versions: count(7_146, 7_508, 10_238),
                bytes: count(2_401_005_770, 2_880_112_222, 4_226_894_110),
            },
        ],
        people: count(4_413, 4_646, 4_945),
        people_linked: None,
        minors: None,
        records: BTreeMap::from([
            (Ssn, count(3_301, 3_447, 3_611)),
            (Name, count(22_119, 23_001, 24_877)),
            (Email, count(9_881, 10_113, 11_091)),
        ]),
        element_forms: BTreeMap::from([(Passport, "ciphertext_only".to_owned())]),
        census: Census { served, possible, with_sealed, unscanned_allowance: 37 },
        unidentified_objects: 219,
        unscanned_objects: 61,
        confidential: Vec::new(),
        accesses: accesses(
            "2026-03-24T09:00:00Z",
            &[
                2_000_000,
                9_000_000,
                311_000_000,
                820_000_000,
                2_110_000_000,
                3_911_000_000,
                3_870_000_000,
                3_777_000_000,
                3_901_000_000,
                3_655_000_000,
                1_230_000_000,
                401_000_000,
                3_001_000_000,
                3_811_000_000,
                3_790_000_000,
                3_320_000_000,
                990_000_000,
                12_000_000,
                0,
                0,
                1_100_000_000,
                1_007_000_000,
                2_800_000_000,
                3_600_000_000,
                3_411_000_000,
                3_209_000_000,
                3_555_000_000,
                2_210_000_000,
                1_870_000_000,
                2_011_000_000,
                3_033_000_000,
                3_112_000_000,
                1_410_000_000,
            ],
        ),
        role: Some(DutyRole::Owner),
        owner_to_tell: None,
        notice_hours: Some(48),
        paused_at: Some(at("2026-03-24T11:41:51Z")),
        resumed_at: None,
        models: Vec::new(),
        still_open_to: "nobody: the engagement is paused and its sessions are ended".to_owned(),
        words_for_partner: "Your interviews and identity documents were read with a stolen credential.".to_owned(),
    }
}

fn second() -> Slice {
    let card: &[DataType] = &[Name, Card];
    let served = groups(&[(card, Some("US-CO"), 5_203), (&[Email], Some("NL"), 706)]);
    let mut possible = served.clone();
    possible.extend(groups(&[(card, Some("US-CO"), 1_471)]));
    Slice {
        engagement: SECOND,
        name: "rubrics".to_owned(),
        partner: "halcyon".to_owned(),
        selectors: vec!["credential:CDX9…M2ZB".to_owned()],
        activity: Some((at("2026-03-24T10:17:40Z"), at("2026-03-24T10:58:09Z"))),
        events: 5_039,
        bytes: count(6_084_660, 6_084_660, 8_440_408),
        objects: count(506, 506, 804),
        forms: Forms {
            plaintext: FormCount {
                objects: count(506, 506, 804),
                bytes: count(6_084_660, 6_084_660, 8_440_408),
                people: count(5_909, 7_380, 7_380),
            },
            ..Forms::default()
        },
        datasets: vec![DatasetCount {
            dataset: "grading-prompts".to_owned(),
            versions: count(506, 506, 804),
            bytes: count(6_084_660, 6_084_660, 8_440_408),
        }],
        people: count(5_909, 7_380, 7_380),
        people_linked: None,
        minors: None,
        records: BTreeMap::from([(Card, count(6_403, 7_801, 7_801))]),
        element_forms: BTreeMap::new(),
        census: Census { with_sealed: possible.clone(), served, possible, unscanned_allowance: 0 },
        unidentified_objects: 0,
        unscanned_objects: 8,
        confidential: vec![ConfidentialCount {
            class: "rubric".to_owned(),
            objects: count(406, 406, 604),
            bytes: count(5_050_505, 5_050_505, 7_070_707),
        }],
        accesses: accesses("2026-03-24T10:15:00Z", &[660_606, 2_020_202, 2_200_220, 808_080]),
        role: Some(DutyRole::Maintainer),
        owner_to_tell: Some("halcyon, privacy office".to_owned()),
        notice_hours: None,
        paused_at: Some(at("2026-03-24T11:41:51Z")),
        resumed_at: None,
        models: Vec::new(),
        still_open_to: "two reviewers of yours, by grants that were renewed this month".to_owned(),
        words_for_partner: "Rubrics of yours were read with a stolen credential.".to_owned(),
    }
}

fn clocks() -> Clocks {
    let mut clocks = Clocks::default();
    for (clock, time, by, why) in [
        (ClockName::FirstActivity, "2026-03-24T09:03:11Z", "ledger", "the first access with the stolen credential"),
        (ClockName::LastActivity, "2026-03-24T11:41:52Z", "ledger", "the last access before the pause"),
        (ClockName::FirstSignal, "2026-03-24T11:41:50Z", "ledger", "a decoy was used"),
        (ClockName::Contained, "2026-03-24T11:41:52Z", "ledger", "the last byte that a node sent"),
        (ClockName::Aware, "2026-03-24T12:10:00Z", "r-okafor", "the decoy and the reads share one credential"),
        (ClockName::Declared, "2026-03-24T12:15:00Z", "r-okafor", "criteria D1 and D3 are met"),
    ] {
        let entry = ClockEntry {
            time: at(time),
            set_by: by.to_owned(),
            why: why.to_owned(),
            set_at: at("2026-03-24T12:16:00Z"),
            index: Some(911_204),
        };
        clocks.set(clock, entry, Again::First, at("2026-03-25T08:00:00Z")).expect("a clock");
    }
    clocks
}

/// What the reports of the specimen are made from.
pub(crate) fn draft() -> Draft {
    let as_of = AsOf {
        size: 1_204_118,
        root: "9f2c4e7a1b8d3c5f6e0a9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d8e".to_owned(),
        time: at("2026-03-25T07:58:00Z"),
    };
    let measure = |time, act: &str, what: &str, engagement| Of {
        engagement,
        what: Measure {
            at: at(time),
            act: act.to_owned(),
            what: what.to_owned(),
            by: "decoy".to_owned(),
            approvers: Vec::new(),
            ledger_index: Some(911_180),
        },
    };
    let happening = |time, index, what: &str, engagement| Of {
        engagement,
        what: Happening {
            at: at(time),
            source: TimelineSource::Ledger,
            index: Some(index),
            what: what.to_owned(),
            proof: format!("entry {index}, under the checkpoint of 1204118"),
        },
    };
    let partner_a = format!("partner-contract/partner/{FIRST}");
    let told =
        Sent { at: at("2026-03-24T18:30:00Z"), receipt: "read receipt of 18:41 UTC".to_owned(), reason_late: None };
    Draft {
        kind: ReportKind::Initial,
        made: at("2026-03-25T08:00:00Z"),
        incident: Incident {
            id: "inc_2m7v4q".to_owned(),
            title: "Stolen credential of the machine etl-07".to_owned(),
            state: Stage::Scoping,
            severity: "high".to_owned(),
            category: Category::CredentialTheft,
            cyber: true,
            confidentiality: true,
            integrity: false,
            availability: false,
            lead: "r-okafor".to_owned(),
            contacts: Contacts {
                dpo: "dpo@vendor.example".to_owned(),
                security: "security@vendor.example".to_owned(),
                press: "press@vendor.example".to_owned(),
            },
            operator_entity: "The Vendor, Inc.".to_owned(),
            law_enforcement_hold: None,
        },
        clocks: clocks(),
        selectors: Selectors {
            credentials: vec!["CDS4…7QPA".to_owned(), "CDX9…M2ZB".to_owned()],
            principals: Vec::new(),
            hosts: vec!["etl-07".to_owned()],
            networks: Vec::new(),
            image_digests: Vec::new(),
            window: Window { from: at("2026-03-19T00:00:00Z"), to: at("2026-03-25T00:00:00Z") },
            decoys_tripped: vec!["CDD1…9XKC".to_owned()],
            expression: "(credential=CDS4…7QPA or credential=CDX9…M2ZB) and host=etl-07".to_owned(),
        },
        as_of: as_of.clone(),
        slices: vec![first(), second()],
        keys_taken: false,
        keys_taken_basis: "no key was unwrapped outside the gateway; the keyholders' logs agree".to_owned(),
        declared_rules: BTreeSet::from(["us-sec-8k".to_owned()]),
        rules_of: "2026-11-24".to_owned(),
        holds: Vec::new(),
        still_counting: None,
        sent: BTreeMap::from([(partner_a, told)]),
        waived: BTreeMap::new(),
        owners: BTreeMap::from([("gdpr-33/authority".to_owned(), "r-okafor".to_owned())]),
        reasons_late: BTreeMap::new(),
        consequences: Vec::new(),
        hipaa_four_factors: None,
        measures: vec![
            measure("2026-03-24T11:41:51Z", "pause", "the decoy paused the engagement", Some(FIRST)),
            measure("2026-03-24T11:41:51Z", "pause", "the decoy paused the engagement", Some(SECOND)),
            measure("2026-03-24T11:42:30Z", "revoke", "two sessions of the machine were ended", None),
        ],
        safeguards_before: vec![Safeguard {
            check: "CF-KEY-01".to_owned(),
            state_at_first_activity: "pass".to_owned(),
            evidence: "entry 910002".to_owned(),
        }],
        training: Vec::new(),
        root_cause: RootCause {
            text: "a package installed on etl-07 copied its environment".to_owned(),
            enabling: vec!["an open version range".to_owned()],
            confirmed: false,
        },
        limits: Limits {
            ledger_complete_from: Some(at("2026-01-02T00:00:00Z")),
            gaps: Vec::new(),
            bypass_rows: None,
            unscanned_objects: 0,
            scanner_version: "3".to_owned(),
            recall_by_type_permille: BTreeMap::from([(Ssn, 981), (Email, 997)]),
            residence_known_permille: None,
            not_covered: vec!["copies made before import".to_owned(), "screens photographed".to_owned()],
            not_recorded: Vec::new(),
        },
        timeline: vec![
            happening("2026-03-24T09:03:11Z", 904_411, "first access with the stolen credential", Some(FIRST)),
            happening("2026-03-24T10:17:40Z", 908_800, "first access to this engagement", Some(SECOND)),
            happening("2026-03-24T11:41:50Z", 911_177, "a decoy was used from the same address", None),
            happening("2026-03-24T11:41:51Z", 911_180, "paused; no byte after 11:41:52", Some(FIRST)),
            happening("2026-03-24T11:41:51Z", 911_181, "paused; no byte after that", Some(SECOND)),
        ],
        evidence: EvidenceOf {
            checkpoint: as_of,
            witnesses: vec!["witness.example/one".to_owned()],
            pack_digest: None,
            verify: "cofferdam-verify pack.tar --trust trust.json".to_owned(),
        },
        next_update: Some(at("2026-03-25T20:00:00Z")),
    }
}

/// What a later report is made from: everything that the first one could leave out is there, and no figure is smaller.
pub(crate) fn full() -> Draft {
    let mut draft = draft();
    let decision =
        |why: &str| Decision { by: "r-okafor".to_owned(), at: at("2026-03-26T09:00:00Z"), why: why.to_owned() };
    draft.kind = ReportKind::Update;
    draft.made = at("2026-03-28T08:00:00Z");
    draft.declared_rules.insert("hipaa".to_owned());
    draft.incident.state = Stage::Eradicated;
    draft.still_counting = Some(decision("two archives are still being unpacked"));
    draft.holds.push(Hold {
        by: HoldBy::LawEnforcement,
        from: at("2026-03-26T12:00:00Z"),
        until: Some(at("2026-03-27T12:00:00Z")),
        request: "letter of 26 March".to_owned(),
    });
    draft.incident.law_enforcement_hold = draft.holds.first().cloned();
    draft.waived.insert("gdpr-34/people".to_owned(), decision("names and e-mail addresses alone: no high risk"));
    let late = Sent {
        at: at("2026-03-27T15:00:00Z"),
        receipt: "case 4411".to_owned(),
        reason_late: Some("the form was out of order".to_owned()),
    };
    draft.sent.insert("gdpr-33/authority".to_owned(), late);
    draft.training.push(Training {
        principal_ref: "prn_1".to_owned(),
        course: "C".to_owned(),
        version: "2".to_owned(),
        passed: Some(at("2025-11-02T10:00:00Z")),
        expires: None,
    });
    draft.hipaa_four_factors = Some(FourFactors {
        nature_extent: "names and insurance numbers".to_owned(),
        recipient: "not known".to_owned(),
        acquired_or_viewed: "acquired".to_owned(),
        mitigation: "none".to_owned(),
        conclusion: "a breach".to_owned(),
        by: "r-okafor".to_owned(),
        at: at("2026-03-27T10:00:00Z"),
    });
    draft.evidence.pack_digest = Some("77aa".to_owned());
    if let Some(first) = draft.slices.first_mut() {
        first.people_linked = Some(count(4_390, 4_611, 4_911));
        first.minors = Some(count(0, 3, 17));
        first.models.push(Model {
            model: "screener".to_owned(),
            version: "7".to_owned(),
            share_of_training_objects_permille: 214,
            gate_verdict: "held".to_owned(),
        });
        first.people.possible = first.people.possible.saturating_add(233);
        first.resumed_at = Some(at("2026-03-27T18:00:00Z"));
    }
    draft
}
