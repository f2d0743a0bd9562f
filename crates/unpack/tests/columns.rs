//! Columnar files, pickles and headers as real programs write them: what is found in them is what was put in.

#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use base::word::DataType;
use scan::{Finding, Hint, Options, Scanner};
use unpack::{Entry, Oddity, Outcome, Place, Report, Sink, Spot, Standing, Unpacker, Why};

/// Identities that can be compared: the canonical value itself, as far as it fits.
struct Plain;

impl scan::Digester for Plain {
    fn digest(&self, _: DataType, canonical: &[u8]) -> [u8; 16] {
        let mut digest = [0; 16];
        digest.iter_mut().zip(canonical).for_each(|(to, from)| *to = *from);
        digest
    }
}

#[derive(Default)]
struct Kept {
    /// Type, record, part, column or field, beginning of the value.
    found: Vec<(DataType, u64, u32, String, String)>,
    outers: Vec<std::ops::Range<u64>>,
    entries: Vec<Entry>,
}

impl Sink for Kept {
    fn take(&mut self, place: &Place<'_>, finding: Finding) {
        let spot = match place.spot {
            Spot::Cell { column, row, .. } => {
                assert_eq!(row, finding.record);
                column.to_owned()
            }
            Spot::Field(field) => field.to_owned(),
            _ => String::new(),
        };
        let value = String::from_utf8_lossy(&finding.identity).trim_end_matches('\0').to_owned();
        self.found.push((finding.data_type, finding.record, finding.part, spot, value));
        self.outers.push(place.outer.clone());
    }

    fn read(&mut self, entry: &Entry) {
        self.entries.push(entry.clone());
    }
}

impl Kept {
    /// The beginnings of the addresses found in a column or field.
    fn addresses(&self, spot: &str) -> Vec<&str> {
        let here = self.found.iter().filter(|found| found.0 == DataType::Email && found.3 == spot);
        here.map(|found| found.4.as_str()).collect()
    }
}

fn vector(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/vectors/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// What is found does not matter here, but that all of it is: two types are enough.
fn options() -> Options {
    Options { types: vec![DataType::Email, DataType::Ssn], ..Options::without_names() }
}

fn examine_bytes(name: &str, bytes: &[u8]) -> (Kept, Report) {
    static UNPACKER: LazyLock<Unpacker> = LazyLock::new(|| Unpacker::new(Scanner::new(options()), Arc::new(Plain)));
    let mut kept = Kept::default();
    let hint = Hint { content_type: None, name };
    let report = UNPACKER.examine(&bytes.to_vec(), &hint, &mut kept).unwrap();
    assert!(kept.outers.iter().all(|outer| outer.start < outer.end && outer.end <= bytes.len() as u64));
    (kept, report)
}

fn examine(name: &str) -> (Kept, Report) {
    examine_bytes(name, &vector(name))
}

/// What `make.py` put into the table of forty people.
fn check_people(kept: &Kept, what: &str) {
    let emails = kept.addresses("email");
    assert_eq!(emails.len(), 40, "{what}");
    assert_eq!(emails[..2], ["ada.0@example.co", "grace.1@example."], "{what}");
    let numbers = kept.found.iter().filter(|found| found.0 == DataType::Ssn && found.3 == "ssn").count();
    assert_eq!(numbers, 40, "{what}: numbers in a column of integers");
    assert_eq!(kept.addresses("team").len(), 20, "{what}: one value of a dictionary in every second row");
    assert_eq!(kept.addresses("contacts[].value").len(), 10, "{what}: lists of structures");
    assert_eq!(kept.addresses("chat").len(), 4, "{what}: JSON in a text");
    assert_eq!(kept.addresses("attributes[].value").len(), 1, "{what}: maps");
    assert_eq!(kept.found.len(), 40 + 40 + 20 + 10 + 4 + 1, "{what}: and nothing else");
    // What is in a row leaves together.
    let records: Vec<u64> = kept.found.iter().map(|found| found.1).collect();
    assert!(records.is_sorted(), "{what}");
    let seventh: BTreeSet<&str> =
        kept.found.iter().filter(|found| found.1 == 7).map(|found| found.3.as_str()).collect();
    assert_eq!(seventh, BTreeSet::from(["attributes[].value", "email", "ssn", "team"]), "{what}");
    let friend = kept.found.iter().find(|found| found.3 == "contacts[].value").unwrap();
    assert_ne!(friend.2, 0, "{what}: somebody in a list is not the one whom the row is about");
}

const BINARY: Why = Why::Unreadable(scan::Reason::Binary);

/// Why something was not read.
fn unread(report: &Report) -> Vec<&Why> {
    report.not_scanned.keys().collect()
}

#[test]
fn parquet_is_read_however_it_is_written() {
    for name in ["none", "snappy", "gzip", "zstd", "lz4", "version-2", "plain", "deltas"] {
        let (kept, report) = examine(&format!("{name}.parquet"));
        check_people(&kept, name);
        assert_eq!(report.records, 40, "{name}");
        assert_eq!(unread(&report), [&BINARY], "{name}: the column of bytes that are no text");
    }
}

#[test]
fn arrow_is_read_however_it_is_written() {
    for name in ["plain.arrow", "lz4.arrow", "zstd.arrow", "stream.arrows"] {
        let (kept, report) = examine(name);
        check_people(&kept, name);
        assert_eq!(report.records, 40, "{name}");
        assert_eq!(unread(&report), [&BINARY], "{name}");
        assert!(kept.entries[0].oddities.is_empty(), "{name}");
    }
    let (kept, report) = examine("views.arrow");
    assert_eq!((kept.addresses("email").len(), kept.addresses("large").len()), (40, 40));
    assert!(report.is_complete());
}

#[test]
fn broken_bytes_in_arrow_do_no_harm() {
    for name in ["plain.arrow", "lz4.arrow", "views.arrow"] {
        let bytes = vector(name);
        for at in (0..bytes.len()).step_by(41) {
            let mut broken = bytes.clone();
            broken[at] ^= 0xff;
            examine_bytes(name, &broken);
        }
    }
}

#[test]
fn findings_lead_to_the_page_that_holds_them() {
    let bytes = vector("none.parquet");
    let (kept, _) = examine("none.parquet");
    for (found, outer) in kept.found.iter().zip(&kept.outers) {
        if found.0 == DataType::Email {
            let held = &bytes[outer.start as usize..outer.end as usize];
            assert!(memchr::memmem::find(held, found.4.as_bytes()).is_some(), "{found:?}");
        }
    }
}

#[test]
fn what_of_parquet_is_not_read_is_said() {
    let (kept, report) = examine("brotli.parquet");
    assert_eq!(kept.found, []);
    assert_eq!(unread(&report), [&Why::Unsupported("a column compressed with Brotli")]);

    let mut bytes = vector("none.parquet");
    let len = bytes.len();
    let (_, cut) = examine_bytes("a.parquet", &bytes[..len - 3]);
    assert!(matches!(cut.not_scanned.keys().next(), Some(Why::Broken(_))));
    bytes[len - 8..len - 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let (_, lying) = examine_bytes("a.parquet", &bytes);
    assert!(matches!(lying.not_scanned.keys().next(), Some(Why::Broken(_))));
    bytes[len - 4..].copy_from_slice(b"PARE");
    let (_, encrypted) = examine_bytes("a.parquet", &bytes);
    assert_eq!(encrypted.not_scanned.keys().next(), Some(&Why::Encrypted));
}

#[test]
fn broken_bytes_in_parquet_do_no_harm() {
    for name in ["zstd.parquet", "plain.parquet", "deltas.parquet"] {
        let bytes = vector(name);
        for at in (0..bytes.len()).step_by(53) {
            let mut broken = bytes.clone();
            broken[at] ^= 0xff;
            examine_bytes(name, &broken);
        }
    }
}

/// The imports of a file that are not of data alone, with whether they are called.
fn unsafe_imports(name: &str) -> BTreeMap<String, (Standing, bool)> {
    let (kept, _) = examine(name);
    let entry = kept.entries.last().unwrap();
    entry.unsafe_imports().map(|import| (import.to_string(), (import.standing, import.called))).collect()
}

#[test]
fn pickles_are_read_in_every_protocol() {
    for protocol in 0..6 {
        let (kept, report) = examine(&format!("data-{protocol}.pkl"));
        assert_eq!(kept.addresses("").len(), 4, "{protocol}");
        assert_eq!(kept.found.iter().filter(|found| found.0 == DataType::Ssn).count(), 4, "{protocol}");
        assert!(report.is_complete(), "{protocol}: {report:?}");
        assert_eq!(unsafe_imports(&format!("data-{protocol}.pkl")), BTreeMap::new(), "{protocol}");
        let records: BTreeSet<u64> = kept.found.iter().map(|found| found.1).collect();
        assert_eq!(records.len(), 4, "{protocol}: each dictionary is about somebody else");
    }
}

#[test]
fn commands_in_pickles_are_named() {
    let dangerous = (Standing::Dangerous, true);
    for protocol in 0..6 {
        let found = unsafe_imports(&format!("system-{protocol}.pkl"));
        assert_eq!(found, BTreeMap::from([("posix.system".into(), dangerous)]), "{protocol}");
    }
    assert_eq!(unsafe_imports("eval.pkl"), BTreeMap::from([("builtins.eval".into(), dangerous)]));
    assert_eq!(unsafe_imports("popen.pkl"), BTreeMap::from([("subprocess.Popen".into(), dangerous)]));
    assert_eq!(unsafe_imports("behind.pkl"), BTreeMap::from([("posix.system".into(), dangerous)]));
    assert_eq!(unsafe_imports("broken.pkl"), BTreeMap::from([("posix.system".into(), dangerous)]));
    assert_eq!(unsafe_imports("computed.pkl"), BTreeMap::from([("(a computed name)".into(), dangerous)]));
    assert_eq!(unsafe_imports("array.joblib"), BTreeMap::from([("posix.system".into(), dangerous)]));
    assert_eq!(unsafe_imports("object.npy"), BTreeMap::from([("posix.system".into(), dangerous)]));
}

#[test]
fn what_only_builds_data_is_no_alarm() {
    for name in ["numpy.pkl", "ordered.pkl"] {
        assert_eq!(unsafe_imports(name), BTreeMap::new(), "{name}");
        let (kept, _) = examine(name);
        assert!(!kept.entries.last().unwrap().imports.is_empty(), "{name}");
    }
    let (kept, _) = examine("array.joblib");
    assert_eq!(kept.addresses(""), ["grace.1@example."], "what follows an array is read");
}

#[test]
fn arrays_of_numpy_are_read_as_what_they_hold() {
    let (kept, report) = examine("texts.npy");
    assert_eq!(kept.addresses("").len(), 3);
    assert!(report.is_complete());
    let (_, report) = examine("numbers.npy");
    assert_eq!(report.not_scanned.keys().next(), Some(&Why::Unsupported("the numbers of an array")));
}

#[test]
fn a_layer_that_is_a_program_is_named() {
    let mut bytes = b"\x89HDF\r\n\x1a\n".to_vec();
    bytes.resize(70_000, 0);
    bytes.extend(br#"{"layers": [{"class_name": "Lambda", "config": {}}]}"#);
    let (kept, report) = examine_bytes("model.h5", &bytes);
    let found: Vec<String> = kept.entries[0].unsafe_imports().map(ToString::to_string).collect();
    assert_eq!(found, ["keras.layers.Lambda"]);
    assert_eq!(unread(&report), [&Why::Unreadable(scan::Reason::Columnar)]);
}

#[test]
fn pictures_in_a_table_speak_of_whom_their_row_does() {
    let (kept, report) = examine("pictures.parquet");
    let mut first: Vec<(&str, &str)> =
        kept.found.iter().filter(|found| found.1 == 0).map(|found| (found.3.as_str(), found.4.as_str())).collect();
    first.sort_unstable();
    first.dedup();
    assert_eq!(first.len(), 7, "{first:?}");
    assert!(first.contains(&("image.bytes", "ada.0@example.co")));
    assert!(first.contains(&("owner", "owner0@example.c")));
    assert_eq!(unread(&report), [&Why::Unreadable(scan::Reason::Image)]);
}

#[test]
fn headers_of_models_are_read_and_checked() {
    let (kept, report) = examine("sound.safetensors");
    assert_eq!(kept.addresses("author"), ["ada.0@example.co"]);
    assert_eq!(kept.entries[0].outcome, Outcome::Partly(Why::Unsupported("the numbers of tensors")));
    assert_eq!((kept.entries[0].members, &kept.entries[0].oddities), (2, &vec![]));
    assert_eq!(report.findings, 1);

    let (kept, _) = examine("overlap.safetensors");
    assert!(kept.entries[0].oddities.contains(&Oddity::Overlap));
    let (kept, _) = examine("short.safetensors");
    assert_eq!(kept.entries[0].outcome, Outcome::Partly(Why::Broken("tensors that go beyond the file")));

    let (kept, report) = examine("sound.gguf");
    assert_eq!(kept.addresses("general.author"), ["ada.0@example.co"]);
    assert_eq!(kept.addresses("tokens"), ["grace.1@example."]);
    assert!(report.is_complete());
}

#[test]
fn avro_is_read_however_it_is_written() {
    for name in ["null", "deflate", "snappy", "zstandard"] {
        let (kept, report) = examine(&format!("{name}.avro"));
        assert_eq!(kept.addresses("email").len(), 40, "{name}");
        assert_eq!(kept.found.iter().filter(|found| found.0 == DataType::Ssn).count(), 20, "{name}");
        assert_eq!(kept.addresses("contacts[].value").len(), 10, "{name}");
        assert_eq!(kept.addresses("attributes[]").len(), 1, "{name}");
        assert_eq!(kept.found.len(), 71, "{name}");
        assert!(kept.found.is_sorted_by_key(|found| found.1), "{name}");
        assert_eq!(report.records, 40, "{name}");
        assert!(report.is_complete(), "{name}: {report:?}");
    }
    let (_, report) = examine("bzip2.avro");
    assert_eq!(report.not_scanned.keys().next(), Some(&Why::Unsupported("blocks of bzip2")));
}

#[test]
fn broken_bytes_in_avro_pickles_and_images_do_no_harm() {
    for name in ["null.avro", "snappy.avro", "array.joblib", "data-4.pkl", "photo.jpg", "drawing.png", "scan.tiff"] {
        let bytes = vector(name);
        for at in (0..bytes.len()).step_by(7) {
            let mut broken = bytes.clone();
            broken[at] ^= 0xff;
            examine_bytes(name, &broken);
        }
        for len in (0..bytes.len()).step_by(31) {
            examine_bytes(name, &bytes[..len]);
        }
    }
}

/// What is found in an image: field and beginning of the address.
fn fields(name: &str) -> BTreeSet<(String, String)> {
    let (kept, report) = examine(name);
    assert_eq!(report.not_scanned.keys().next(), Some(&Why::Unreadable(scan::Reason::Image)), "{name}: the picture");
    let bytes = vector(name);
    for (found, outer) in kept.found.iter().zip(&kept.outers) {
        let held = &bytes[outer.start as usize..outer.end as usize];
        let packed = matches!(found.3.as_str(), "parameters" | "Comment");
        assert!(packed || memchr::memmem::find(held, found.4.as_bytes()).is_some(), "{name}: {found:?}");
    }
    kept.found.into_iter().map(|found| (found.3, found.4)).collect()
}

#[test]
fn what_is_written_about_an_image_is_read() {
    let exif = [
        ("Artist", "ada.0@example.co"),
        ("Comment", "grace.1@example."),
        ("Copyright", "mary.2@example.c"),
        ("UserComment", "joan.3@example.c"),
    ];
    let with = |more: &[(&str, &str)]| -> BTreeSet<(String, String)> {
        exif.iter().chain(more).map(|(field, value)| ((*field).to_owned(), (*value).to_owned())).collect()
    };
    let xmp = ("XMP", "xmp.4@example.co");
    assert_eq!(fields("photo.jpg"), with(&[xmp, ("Comment", "comment.5@exampl")]));
    assert_eq!(fields("photo.webp"), with(&[xmp]));
    assert_eq!(fields("scan.tiff"), with(&[]));
    let texts =
        [("Author", "plain.6@example."), ("parameters", "packed.7@example"), ("Description", "international.8@")];
    assert_eq!(fields("drawing.png"), with(&texts));
}

#[test]
fn columns_that_a_contract_knows_tell_people_apart() {
    let known = |name: &str, holds| scan::Field { name: name.to_owned(), inside: None, title: None, holds };
    let fields = vec![
        known("ssn", scan::Holds::Subject { kind: None }),
        known("email", scan::Holds::Type(DataType::Email)),
        known("value", scan::Holds::Subject { kind: None }),
    ];
    let structure = scan::Structure { collection: "people".to_owned(), namespace: "d".to_owned(), fields };
    let unpacker = Unpacker::new(Scanner::new(options()).knowing(&structure), Arc::new(Plain));
    for (name, people) in [("none.parquet", 40), ("deltas.parquet", 40), ("plain.arrow", 40), ("null.avro", 20)] {
        let mut kept = Kept::default();
        unpacker.examine(&vector(name), &Hint { content_type: None, name }, &mut kept).unwrap();
        let keys: Vec<_> = kept.found.iter().filter(|found| found.0 == DataType::PersonKey).collect();
        assert_eq!(keys.len(), people, "{name}: one a row, and none of a list that is in something");
        assert!(keys.iter().all(|key| key.3 == "ssn" && key.4.starts_with("dataset:d:")), "{name}");
        let (before, _) = examine(name);
        assert_eq!(
            kept.addresses("email"),
            before.addresses("email"),
            "{name}: what a detector finds is not found twice"
        );
    }
}
