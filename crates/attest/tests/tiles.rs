//! Tiles: the names and contents of C2SP tlog-tiles, and proofs made from them.
#![expect(clippy::unwrap_used, clippy::arithmetic_side_effects, reason = "tests")]

use std::collections::BTreeMap;

use attest::digest::{hex, sha256};
use attest::tile::{Row, Tile, TileNodes, changed, entries, grow};
use attest::tree::{self, Frontier};
use base::{Fault, Kind};

type Files = BTreeMap<String, Vec<u8>>;

fn read(files: &Files, tile: Tile) -> Result<Vec<u8>, Fault> {
    let missing = || Fault::new(Kind::Missing, format!("reading `{tile}`"));
    files.get(&tile.to_string()).cloned().ok_or_else(missing)
}

fn append(files: &mut Files, old: u64, data: &[Vec<u8>]) {
    let written = grow(&|tile: Tile| read(files, tile), old, data).unwrap();
    let names: Vec<Tile> = written.iter().map(|(tile, _)| *tile).collect();
    assert_eq!(names, changed(old, old + data.len() as u64));
    files.extend(written.into_iter().map(|(tile, bytes)| (tile.to_string(), bytes)));
}

fn leaves(count: u64) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("leaf-{n}").into_bytes()).collect()
}

#[test]
fn tlog_tiles_paths() {
    let path = |row, index, size| Tile::of(row, index, size).unwrap().to_string();
    assert_eq!(path(Row::Hashes(0), 1_234_067, u64::MAX), "tile/0/x001/x234/067");
    assert_eq!(path(Row::Hashes(0), 1000, u64::MAX), "tile/0/x001/000");
    assert_eq!(path(Row::Hashes(3), 0, u64::MAX), "tile/3/000");
    assert_eq!(path(Row::Entries, 999, u64::MAX), "tile/entries/999");
    assert_eq!(path(Row::Entries, 1, 300), "tile/entries/001.p/44");
}

#[test]
fn tlog_tiles_size_70000() {
    let of = |level, index| Tile::of(Row::Hashes(level), index, 70_000).map(Tile::width);
    assert_eq!((of(0, 272), of(0, 273), of(0, 274)), (Some(256), Some(112), None));
    assert_eq!((of(1, 0), of(1, 1), of(1, 2)), (Some(256), Some(17), None));
    assert_eq!((of(2, 0), of(2, 1), of(3, 0)), (Some(1), None, None));
    assert_eq!(changed(0, 70_000).len(), 274 + 2 + 1 + 274);
}

#[test]
fn tlog_tiles_size_256() {
    let names: Vec<String> = changed(0, 256).iter().map(Tile::to_string).collect();
    assert_eq!(names, ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]);
    assert!(changed(256, 256).is_empty());
}

#[test]
fn log_of_300_leaves() {
    let mut files = Files::new();
    append(&mut files, 0, &leaves(300));
    let sample: [(&str, &[u8], &str); 5] = [
        (
            "tile/0/000",
            include_bytes!("vectors/log/tile/0/000"),
            "ce3c085cd6d7319d36f186fd350976c5e95e53d273bbeede36875ef414efb450",
        ),
        (
            "tile/0/001.p/44",
            include_bytes!("vectors/log/tile/0/001.p/44"),
            "e82ea97d8b9c5712083da74350c08bf1f02b76226bc577c0a6222f4bf17681ff",
        ),
        (
            "tile/1/000.p/1",
            include_bytes!("vectors/log/tile/1/000.p/1"),
            "53ea4459da184612c4c9a45756f59cdc426deba13f29e51debee356ba241efe9",
        ),
        (
            "tile/entries/000",
            include_bytes!("vectors/log/tile/entries/000"),
            "daab121300001e846571b1de45f1a0a2e16851018a706aa8232c3de9ad7c1822",
        ),
        (
            "tile/entries/001.p/44",
            include_bytes!("vectors/log/tile/entries/001.p/44"),
            "70c7f95e1f677a56fd2289a5b7a0e48627f8fd7d3acf36a80e644275c4fb4cfc",
        ),
    ];
    assert_eq!(files.len(), sample.len());
    for (name, content, digest) in sample {
        assert_eq!(files[name], content, "{name}");
        assert_eq!(hex(&sha256(&[content])), digest, "{name}");
    }
    assert_eq!(entries(&files["tile/entries/001.p/44"]).unwrap()[43], b"leaf-299");
}

/// However a log grows, its newest tiles are those of a log written at once; and they prove every leaf and every prefix.
#[test]
fn growing_in_steps_is_growing_at_once() {
    let steps = [1, 0, 1, 253, 1, 1, 255, 1, 300, 512, 3];
    let all = leaves(steps.iter().sum());
    let (mut files, mut frontier, mut size) = (Files::new(), Frontier::new(), 0);
    for step in steps {
        let data = &all[size as usize..(size + step) as usize];
        append(&mut files, size, data);
        data.iter().for_each(|data| frontier.push(tree::leaf(data)));
        let old = size;
        size += step;

        let mut at_once = Files::new();
        append(&mut at_once, 0, &all[..size as usize]);
        assert!(at_once.iter().all(|(name, bytes)| files.get(name) == Some(bytes)), "size {size}");

        let tiles = |tile: Tile| read(&files, tile);
        let nodes = TileNodes::new(&tiles, size);
        let root = frontier.root();
        assert_eq!(tree::root(&nodes, size).unwrap(), root);
        assert_eq!(Frontier::of(&nodes, size).unwrap(), frontier);
        for index in (0..size).step_by(7) {
            let proof = tree::inclusion(&nodes, index, size).unwrap();
            tree::verify_inclusion(&tree::leaf(&all[index as usize]), index, size, &proof, &root).unwrap();
        }
        let proof = tree::consistency(&nodes, old, size).unwrap();
        let old_root = tree::root(&nodes, old).unwrap();
        tree::verify_consistency((old, &old_root), (size, &root), &proof).unwrap();
    }
}

#[test]
fn tiles_of_the_wrong_length_are_corrupt() {
    let mut files = Files::new();
    append(&mut files, 0, &leaves(300));
    files.get_mut("tile/0/001.p/44").unwrap().pop();
    let tiles = |tile: Tile| read(&files, tile);
    let failed = tree::inclusion(&TileNodes::new(&tiles, 300), 0, 300).unwrap_err();
    assert_eq!(failed.kind(), Kind::Corrupt);
    assert_eq!(grow(&tiles, 300, &leaves(1)).unwrap_err().kind(), Kind::Corrupt);
    assert_eq!(grow(&tiles, 301, &leaves(1)).unwrap_err().kind(), Kind::Missing);
}

#[test]
fn a_bundle_is_not_cut() {
    assert!(entries(&[]).unwrap().is_empty());
    assert_eq!(entries(&[0, 0, 0, 1, 9]).unwrap(), [b"".as_slice(), &[9]]);
    assert!(entries(&[0]).is_err());
    assert!(entries(&[0, 2, 9]).is_err());
    assert!(grow(&|_: Tile| Ok(Vec::new()), 0, &[vec![0; 65_536]]).is_err());
}
