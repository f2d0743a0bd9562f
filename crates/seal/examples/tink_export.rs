//! Seals versions of several sizes, exports their keys, and writes what Google's Tink needs to read them.
//!
//! `cargo run -p seal --example tink_export -- DIR`, then `python tests/python/tink_check.py DIR`. For every part a description
//! `NAME.json` names the sealed stream, the associated data, the keyset, and the digest of the plaintext. Everything is made
//! up and repeats: nothing here was ever anybody's data or key.

#![allow(unreachable_pub, dead_code, missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![expect(clippy::print_stdout, reason = "an example talks")]

#[path = "../tests/world/mod.rs"]
mod world;

use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use base::object::Body;
use base::ports::Blobs;
use data_encoding::HEXLOWER;
use seal::{Layout, Parameters};
use world::{Rest, World};

/// Plaintext bytes of the parts of each version: empty, around the edges of segments, multipart.
const VERSIONS: &[(&str, &[usize])] = &[
    ("empty", &[0]),
    ("one-byte", &[1]),
    ("small", &[4096]),
    ("one-segment", &[65_480]),
    ("one-segment-and-a-byte", &[65_481]),
    ("three-segments", &[65_480 + 2 * 65_520]),
    ("large", &[3_000_000]),
    ("multipart", &[200_000, 65_480, 1]),
];

fn main() {
    let folder = std::env::args().nth(1).expect("usage: tink_export DIR");
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).unwrap();
    let world = World::new(20_261_124);
    for (name, sizes) in VERSIONS {
        let data: Vec<Vec<u8>> = sizes.iter().map(|size| world.data(*size)).collect();
        let parts: Vec<(u32, &[u8])> = (1..).zip(data.iter().map(Vec::as_slice)).collect();
        let object = world.put(&parts, Rest::Store);
        let layout = Parameters::new(object.segment_size).unwrap().layout();
        let export = world.opener.export(world.earn(&object, 0, object.size)).unwrap();
        let keyset = export.keyset.expose(|json| String::from_utf8(json.to_vec()).unwrap());
        for ((number, associated), (part, plain)) in export.parts.iter().zip(object.parts.iter().zip(&data)) {
            let Body::Blob(blob) = part.body else { panic!("not in the store") };
            let file = format!("{name}-{number}");
            write(folder, &file, &sealed(&world, blob, layout, part.size), &keyset, associated, plain);
            println!("{file}: {} bytes", plain.len());
        }
    }
}

fn sealed(world: &World, blob: base::id::BlobId, layout: Layout, size: u64) -> Vec<u8> {
    let length = usize::try_from(layout.sealed_len(size).unwrap()).unwrap();
    let mut bytes = Vec::new();
    world.blobs.open(blob).unwrap().read_at(0, length, &mut bytes).unwrap();
    bytes
}

fn write(folder: &Path, name: &str, sealed: &[u8], keyset: &str, associated: &[u8], plain: &[u8]) {
    let description = format!(
        "{{\"ciphertext\":\"{name}.sealed\",\"aad\":\"{}\",\"sha256\":\"{}\",\"keyset\":{keyset}}}\n",
        HEXLOWER.encode(associated),
        HEXLOWER.encode(digest(&SHA256, plain).as_ref()),
    );
    std::fs::write(folder.join(format!("{name}.sealed")), sealed).unwrap();
    std::fs::write(folder.join(format!("{name}.json")), description).unwrap();
}
