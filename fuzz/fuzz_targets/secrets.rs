//! Texts made of what the search for secrets looks at: prefixes, names, operators, quotes, armour. It survives them, what
//! it finds lies in the text, and how the text is chunked makes no difference.

#![no_main]

use std::sync::Arc;

use base::word::DataType;
use libfuzzer_sys::fuzz_target;
use scan::{Digester, Finding, Hint, Options, Scanner};

const PIECES: &[&str] = &[
    "password", "api_key", "secret", "token", "value", "name", "=", ":", "=>", "://", "@", "$", "\"", "'", "\\\"", "\\n",
    "\n", " ", ",", ";", "&", "<", "</", ">", "-----BEGIN ", "PRIVATE KEY-----", "-----END ", "PuTTY-User-Key-File-2: ",
    "Private-Lines:", "Private-MAC:", " -p ", " -u ", "curl", "sshpass", "${", "}", "{{", "}}", "eyJ", "AKIA", "ghp_",
    "$2b$12$", "$6$", "Bearer ", "Basic ", "login ", "machine ", "a1B2c3D4e5F6g7H8", "0123456789abcdef", "/", ".", "-", "_",
    "\u{e4}",
];

struct Blind;

impl Digester for Blind {
    fn digest(&self, _: DataType, _: &[u8]) -> [u8; 16] {
        [0; 16]
    }
}

fn scanned(bytes: &[u8], chunk: usize) -> Vec<Finding> {
    let mut found = Vec::new();
    let hint = Hint { content_type: Some("text/plain"), name: "" };
    let mut scan = Scanner::new(Options::default()).begin(&hint, Arc::new(Blind));
    bytes.chunks(chunk).for_each(|piece| scan.push(piece, &mut found));
    let _ = scan.finish(&mut found);
    found
}

fuzz_target!(|input: (u8, Vec<u8>)| {
    let (chunk, steps) = input;
    let mut text = Vec::new();
    for step in steps {
        match PIECES.get(usize::from(step)) {
            Some(piece) => text.extend_from_slice(piece.as_bytes()),
            None => text.push(step),
        }
    }
    let whole = scanned(&text, text.len().max(1));
    assert!(whole.iter().all(|finding| finding.from < finding.to && finding.to <= text.len() as u64));
    assert_eq!(scanned(&text, usize::from(chunk).max(1)), whole);
});
