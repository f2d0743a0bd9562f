//! Archives and compressed files that other programs wrote: what is found inside is what is found in the plain text, and
//! it leads back to the bytes that hold it.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod common;

use common::{examine, examine_within, vector};
use scan::Reason;
use unpack::{Kind, Limits, Oddity, Outcome, Why};

fn plain(name: &str) -> Vec<(base::word::DataType, [u8; 16])> {
    let (report, kept) = examine(name, &vector(name));
    assert!(report.is_complete() && report.findings > 20, "{report:?}");
    kept.identities("")
}

#[test]
fn compressed_text_is_found_as_plain_text_is() {
    for name in ["prose.txt.gz", "two-members.txt.gz", "prose.txt.bz2", "prose.txt.zst"] {
        let (report, kept) = examine(name, &vector(name));
        assert!(report.is_complete(), "{name}: {:?}", report.not_scanned);
        assert_eq!(kept.identities(""), plain("prose.txt"), "{name}");
        assert_eq!(report.entries, 2);
        assert!(kept.found.iter().all(|found| found.path.ends_with(".txt")), "{name}");
    }
}

#[test]
fn members_of_a_tar_lead_back_to_their_own_bytes() {
    let tar = vector("pax.tar");
    let (report, kept) = examine("data/pax.tar", &tar);
    assert_eq!(kept.identities("!prose.txt"), plain("prose.txt"));
    assert_eq!(kept.identities("!a-folder-with-a-long-name/"), plain("rows.jsonl"));
    assert_eq!(report.not_scanned.into_iter().collect::<Vec<_>>(), [(Why::Link, 1)]);
    let text = vector("prose.txt");
    for found in kept.found.iter().filter(|found| found.path.ends_with("prose.txt")) {
        let inside = found.finding.from as usize..found.finding.to as usize;
        let outside = found.outer.start as usize..found.outer.end as usize;
        assert_eq!(text[inside], tar[outside]);
    }
    let records: Vec<u64> = kept.found.iter().map(|found| found.finding.record).collect();
    assert!(records.is_sorted(), "{records:?}");
}

#[test]
fn a_tar_in_a_gzip_is_walked() {
    let (report, kept) = examine("gnu.tar.gz", &vector("gnu.tar.gz"));
    assert_eq!(kept.identities("gnu.tar.gz!gnu.tar!prose.txt"), plain("prose.txt"));
    assert_eq!(kept.identities("rows.jsonl"), plain("rows.jsonl"));
    assert_eq!((report.entries, kept.entry("gnu.tar").kind), (5, Kind::Tar));
}

#[test]
fn a_zip_is_read_by_whatever_packs_its_members() {
    let (report, kept) = examine("methods.zip", &vector("methods.zip"));
    for name in ["stored.txt", "deflated.txt", "bzip2.txt", "../out.txt"] {
        assert_eq!(kept.identities(name), plain("prose.txt"), "{name}");
        assert_eq!(kept.entry(name).outcome, Outcome::Read, "{name}");
    }
    assert_eq!(kept.entry("lzma.txt").outcome, Outcome::NotScanned(Why::Unsupported("lzma in zip")));
    assert_eq!(kept.entry("../out.txt").oddities, [Oddity::EscapingName]);
    assert!(kept.entry("methods.zip").oddities.is_empty());
    assert_eq!(report.not_scanned.len(), 1);
}

#[test]
fn what_no_detector_reads_is_named() {
    let (report, kept) = examine("samples.tar", &vector("samples.tar"));
    assert_eq!(kept.entry("000001.mp4").outcome, Outcome::NotScanned(Why::Unreadable(Reason::Media)));
    assert_eq!(report.not_scanned.get(&Why::Unreadable(Reason::Media)), Some(&3));
}

/// A caption and the description beside it are about one person; the next sample is about another.
#[test]
fn members_of_a_sample_are_one_record() {
    let (report, kept) = examine("samples.tar", &vector("samples.tar"));
    assert_eq!(report.records, 3);
    for (sample, at) in ["000000.", "000001.", "000002."].into_iter().zip(0..) {
        let of_sample: Vec<_> = kept.found.iter().filter(|found| found.path.contains(sample)).collect();
        assert!(of_sample.len() >= 2 && of_sample.iter().all(|found| found.finding.record == at), "{of_sample:?}");
    }
    assert_eq!(examine("pax.tar", &vector("pax.tar")).0.records, 70, "other members keep their own");
}

#[test]
fn a_file_that_is_cut_anywhere_is_reported_and_read_up_to_there() {
    for name in ["prose.txt.gz", "prose.txt.bz2", "prose.txt.zst", "pax.tar", "gnu.tar.gz", "methods.zip"] {
        let whole = vector(name);
        for at in (0..whole.len()).step_by(whole.len() / 9).skip(1) {
            let (report, _) = examine(name, &whole[..at]);
            let lost = report.not_scanned.keys().any(|why| matches!(why, Why::Broken(_) | Why::Unreadable(_)));
            // What is cut between two members of a tar, or two streams, cannot be told from the whole.
            assert!(lost || report.unpacked > 0 || name == "pax.tar", "{name} at {at}: {report:?}");
        }
    }
}

#[test]
fn any_byte_may_be_wrong() {
    for name in [
        "prose.txt.gz",
        "prose.txt.bz2",
        "prose.txt.zst",
        "pax.tar",
        "methods.zip",
        "samples.tar",
        "people.xlsx",
        "letter.odt",
    ] {
        let whole = vector(name);
        for at in (0..whole.len()).step_by(whole.len() / 53 + 1) {
            let mut wrong = whole.clone();
            wrong[at] ^= 0x55;
            examine(name, &wrong);
        }
    }
}

#[test]
fn depth_is_bounded() {
    let mut nested = b"write to ada@example.org".to_vec();
    for _ in 0..6 {
        nested = gzip(&nested);
    }
    let (report, kept) = examine("x.gz", &nested);
    assert_eq!(report.not_scanned.keys().collect::<Vec<_>>(), [&Why::TooDeep]);
    assert!(kept.found.is_empty());
    let limits = Limits { depth: 6, ..Limits::default() };
    assert_eq!(examine_within(limits, "x.gz", &nested).0.findings, 1);
}

#[test]
fn a_bomb_is_not_unpacked() {
    let zeros = gzip(&vec![b' '; 4 << 20]);
    let limits = Limits { always_bytes: 1 << 20, ratio: 100, ..Limits::default() };
    let (report, _) = examine_within(limits, "x.gz", &zeros);
    assert!(report.not_scanned.contains_key(&Why::Bomb), "{report:?}");
    assert!(report.unpacked < 2 << 20);
}

#[test]
fn an_archive_in_a_stream_is_held_if_it_is_small() {
    let packed = gzip(&vector("methods.zip"));
    let (report, kept) = examine("methods.zip.gz", &packed);
    assert_eq!(kept.identities("stored.txt"), plain("prose.txt"));
    assert_eq!(report.not_scanned.len(), 1);
    let limits = Limits { held_bytes: 1000, ..Limits::default() };
    let (report, _) = examine_within(limits, "methods.zip.gz", &packed);
    assert!(report.not_scanned.contains_key(&Why::TooLargeToHold));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}
