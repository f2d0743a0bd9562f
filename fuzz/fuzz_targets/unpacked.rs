//! Whatever lies inside an object: unpacking survives it, stays within its limits, and attributes every finding to bytes
//! that are there. The first byte chooses a format, so that its reader is reached at once; checksums of zip and office
//! members are made to agree.

#![no_main]

use std::sync::Arc;

use base::word::DataType;
use libfuzzer_sys::fuzz_target;
use scan::{Digester, Finding, Hint, Scanner};
use unpack::{Limits, Place, Sink, Unpacker};

struct Blind;

impl Digester for Blind {
    fn digest(&self, _data_type: DataType, _canonical: &[u8]) -> [u8; 16] {
        [0; 16]
    }
}

/// The object's length, and how many findings were made.
struct Checked(u64, u64);

impl Sink for Checked {
    fn take(&mut self, place: &Place<'_>, _finding: Finding) {
        assert!(place.outer.start <= place.outer.end && place.outer.end <= self.0);
        self.1 += 1;
    }
}

fn object(format: u8, bytes: &[u8]) -> (&'static str, Vec<u8>) {
    match format % 10 {
        0 => ("a.gz", [b"\x1f\x8b\x08\0\0\0\0\0\0\xff", bytes].concat()),
        1 => ("a.zst", [b"\x28\xb5\x2f\xfd", bytes].concat()),
        2 => ("a.bz2", [b"BZh91AY&SY", bytes].concat()),
        3 => ("a.tar", tar(bytes)),
        4 => ("a.zip", [b"PK\x03\x04", bytes].concat()),
        5 => ("a.docx", zip("word/document.xml", bytes)),
        6 => ("a.xlsx", zip("xl/worksheets/sheet1.xml", bytes)),
        7 => ("a.pdf", [b"%PDF-1.7\n", bytes].concat()),
        8 => ("a.html", [b"<html>", bytes].concat()),
        _ => ("", bytes.to_vec()),
    }
}

/// A header with a right checksum, then the bytes.
fn tar(bytes: &[u8]) -> Vec<u8> {
    let mut header = bytes.to_vec();
    let rest = header.split_off(header.len().min(512));
    header.resize(512, 0);
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    [header, rest].concat()
}

/// An archive of one stored member, and the name that makes it a workbook.
fn zip(name: &str, bytes: &[u8]) -> Vec<u8> {
    let (mut local, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in [(name, bytes), ("xl/workbook.xml", b"")] {
        let sizes = [[0; 4], (bytes.len() as u32).to_le_bytes(), (bytes.len() as u32).to_le_bytes()].concat();
        let names = [(name.len() as u16).to_le_bytes(), [0; 2]].concat();
        directory.extend([b"PK\x01\x02".as_slice(), &[0; 12], &sizes, &names, &[0; 10]].concat());
        directory.extend((local.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        local.extend([b"PK\x03\x04".as_slice(), &[0; 10], &sizes, &names, name.as_bytes(), bytes].concat());
    }
    let end = [(directory.len() as u32).to_le_bytes(), (local.len() as u32).to_le_bytes()].concat();
    [local.as_slice(), &directory, b"PK\x05\x06", &[0, 0, 0, 0, 2, 0, 2, 0], &end, &[0; 2]].concat()
}

fuzz_target!(|input: (u8, &[u8])| {
    let (name, bytes) = object(input.0, input.1);
    let limits = Limits { always_bytes: 4 << 20, ratio: 100, members: 1000, ..Limits::default() };
    let unpacker = Unpacker::new(Scanner::default(), Arc::new(Blind)).with_limits(limits);
    let mut checked = Checked(bytes.len() as u64, 0);
    let report = unpacker.examine(&bytes, &Hint { content_type: None, name }, &mut checked).unwrap();
    assert_eq!(report.findings, checked.1);
});
