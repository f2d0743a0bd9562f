//! What holds for any bytes. A failing case is printed, and its seed kept beside this file.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod common;

use common::{Scanned, scan, scan_with};
use proptest::prelude::*;
use scan::{Options, WINDOW_BYTES};

/// Without names: the letters round a value must be no word of any kind, and a megabyte is much for a debug build.
fn scan_plain(bytes: &[u8]) -> Scanned {
    scan_with(Options::without_names(), "", bytes, 64 << 10)
}

/// A value that is found wherever it stands alone, with what it is.
const VALUES: &[(&str, &str)] = &[
    ("email", "ada.l@example.org"),
    ("phone", "+44 20 7946 0958"),
    ("phone", "(212) 555-0123"),
    ("card", "4111 1111 1111 1111"),
    ("ssn", "773-12-3456"),
    ("iban", "GB29 NWBK 6016 1331 9268 19"),
];

/// Pieces that formats are made of, so that random texts come near the edges of every reader.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "{", "}", "[", "]", ":", ",", "\"", "\\", "\n", "\r\n", "\n\n", "\t", ";", "\"\"", "\\\"", "\\u0040",
            "\\ud83d", "\\n", "é", "\u{a0}", "-", "(", ")", "+", ".", " ", "@", "x", "phone", "ssn: ", "card ", "id,",
            "null", "\0",
        ])
        .prop_map(str::to_owned),
        prop::sample::select(VALUES).prop_map(|(_, value)| value.to_owned()),
        "[0-9]{1,17}",
        "[a-z ]{1,12}",
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..80).prop_map(|pieces| pieces.concat())
}

/// Writes `value` as the inside of a JSON string, every escape of the sort that `choice` picks.
fn json_escaped(value: &str, choice: u8) -> String {
    let escape = |(place, letter): (usize, char)| match letter {
        '"' => "\\\"".to_owned(),
        letter if choice != 0 && place % usize::from(choice) == 0 => format!("\\u{:04x}", u32::from(letter)),
        letter => letter.to_string(),
    };
    value.chars().enumerate().map(escape).collect()
}

proptest! {
    /// No bytes make a scan panic, and what is found lies inside them, in order and without overlap within a text.
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        let scanned = scan(&bytes);
        for found in &scanned.findings {
            prop_assert!(found.from < found.to && found.to <= bytes.len() as u64);
        }
    }

    /// How an object is chunked makes no difference to anything that is said about it.
    #[test]
    fn chunking_makes_no_difference(text in text(), chunk in 1_usize..40) {
        let whole = scan(text.as_bytes());
        prop_assert_eq!(&scan_with(Options::default(), "", text.as_bytes(), chunk), &whole);
        for found in &whole.findings {
            prop_assert!(found.from < found.to && found.to <= text.len() as u64);
        }
    }

    /// A value is found at exactly the bytes that spell it, however JSON escapes it. The letters before it make no key
    /// word.
    #[test]
    fn offsets_lead_back_to_json_values(pick in prop::sample::select(VALUES), before in "[qwx \"é]{0,30}", choice in 0_u8..5) {
        let (data_type, value) = pick;
        let head = format!("{{\"a\": \"{} ", json_escaped(&before, choice));
        let written = json_escaped(value, choice);
        let line = format!("{head}{written} \\\"tail\"}}\n{{\"a\": 2}}\n");
        let scanned = scan_plain(line.as_bytes());
        prop_assert_eq!(scanned.findings.len(), 1);
        let found = &scanned.findings[0];
        prop_assert_eq!(found.data_type.word(), data_type);
        prop_assert_eq!(&line[found.from as usize..found.to as usize], written.as_str());
    }

    /// The same in cells of a table.
    #[test]
    fn offsets_lead_back_to_cells(pick in prop::sample::select(VALUES), before in "[qwx ,\n]{0,30}", quotes in 0_usize..4) {
        let (data_type, value) = pick;
        let head = format!("id,a,b\n1,\"{}{before} ", "\"\"".repeat(quotes));
        let table = format!("{head}{value} \"\"\",2\n3,4,5\n");
        let scanned = scan_plain(table.as_bytes());
        prop_assert_eq!(scanned.findings.len(), 1);
        let found = &scanned.findings[0];
        prop_assert_eq!(found.data_type.word(), data_type);
        prop_assert_eq!(&table[found.from as usize..found.to as usize], value);
    }

    /// Where a value stands does not matter to who it is.
    #[test]
    fn identities_do_not_depend_on_place(pick in prop::sample::select(VALUES), choice in 0_u8..4) {
        let value = pick.1;
        let plain = scan_plain(format!("it is {value}, they say").as_bytes());
        let json = scan_plain(format!("{{\"a\": \"it is {}, they say\"}}", json_escaped(value, choice)).as_bytes());
        prop_assert_eq!(plain.findings[0].identity, json.findings[0].identity);
    }

    /// The people of generated records are counted exactly: one mention a record, and each person once.
    #[test]
    fn specimens_are_counted_exactly(seed in any::<u64>(), people in 1_usize..20, lines in 1_usize..60) {
        let mut state = seed;
        let mut chance = move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 16
        };
        let mut records = scan::specimen::Records::new(&mut chance, people);
        let (mut out, mut about) = (Vec::new(), std::collections::BTreeSet::new());
        for line in 0..lines {
            about.insert(if line % 2 == 0 { records.interview_line(&mut out) } else { records.contractor_line(&mut out) });
            records.rubric_line(&mut out);
        }
        let addresses: std::collections::BTreeSet<_> = about.iter().map(|who| records.people()[*who].email.clone()).collect();
        let scanned = scan_plain(&out);
        let known = || scanned.facts.mentions().filter(|mention| !mention.identities.is_empty());
        prop_assert_eq!(known().count(), lines);
        let first: std::collections::BTreeSet<_> = known().map(|mention| mention.identities[0]).collect();
        prop_assert_eq!(first.len(), addresses.len());
    }
}

proptest! {
    // Each case scans a megabyte.
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Chunking makes no difference to objects of several windows either.
    #[test]
    fn chunking_makes_no_difference_across_windows(text in text(), chunk in 1_usize..300_000) {
        let long = text.repeat((WINDOW_BYTES + WINDOW_BYTES / 2) / text.len().max(1) + 1);
        let long = &long.as_bytes()[..long.len().min(2 * WINDOW_BYTES)];
        prop_assert_eq!(scan_with(Options::without_names(), "", long, chunk), scan_with(Options::without_names(), "", long, 1 << 30));
    }
}
