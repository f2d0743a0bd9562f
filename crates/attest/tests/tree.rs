//! The tree: vectors of RFC 6962's reference tests, and every proof of every small tree.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "tests")]

use attest::Hash;
use attest::digest::{hex, read_hex};
use attest::tree::{self, Frontier, Nodes};
use base::Fault;

/// Leaf hashes in memory; the plainest reading of the definition.
struct Leaves(Vec<Hash>);

impl Leaves {
    fn of(data: &[Vec<u8>]) -> Self {
        Self(data.iter().map(|data| tree::leaf(data)).collect())
    }

    fn numbered(count: usize) -> Self {
        Self((0..count).map(|n| tree::leaf(n.to_string().as_bytes())).collect())
    }

    fn root(&self, size: usize) -> Hash {
        let mut frontier = Frontier::new();
        self.0[..size].iter().for_each(|leaf| frontier.push(*leaf));
        frontier.root()
    }
}

impl Nodes for Leaves {
    fn node(&self, level: u8, index: u64) -> Result<Hash, Fault> {
        let from = usize::try_from(index << level).unwrap();
        Ok(mth(&self.0[from..from + (1 << level)]))
    }
}

/// RFC 6962 section 2.1, word for word.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => tree::empty(),
        [leaf] => *leaf,
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            tree::node(&mth(&leaves[..split]), &mth(&leaves[split..]))
        }
    }
}

fn rfc6962_leaves() -> Leaves {
    let data: [&[u8]; 8] = [
        b"",
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
    ];
    Leaves::of(&data.map(<[u8]>::to_vec))
}

const RFC6962_ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn texts(proof: &[Hash]) -> Vec<String> {
    proof.iter().map(|hash| hex(hash)).collect()
}

#[test]
fn rfc6962_roots() {
    let leaves = rfc6962_leaves();
    for (size, root) in RFC6962_ROOTS.iter().enumerate() {
        assert_eq!(hex(&leaves.root(size)), *root, "size {size}");
        assert_eq!(hex(&tree::root(&leaves, size as u64).unwrap()), *root, "size {size}");
    }
}

#[test]
fn rfc6962_inclusion_5_of_8() {
    let proof = tree::inclusion(&rfc6962_leaves(), 5, 8).unwrap();
    assert_eq!(
        texts(&proof),
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            RFC6962_ROOTS[4],
        ]
    );
}

#[test]
fn rfc6962_consistency_3_to_7_and_4_to_8() {
    let leaves = rfc6962_leaves();
    assert_eq!(
        texts(&tree::consistency(&leaves, 3, 7).unwrap()),
        [
            "0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7",
            "07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7",
            RFC6962_ROOTS[2],
            "837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e",
        ]
    );
    assert_eq!(
        texts(&tree::consistency(&leaves, 4, 8).unwrap()),
        ["6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]
    );
}

#[test]
fn every_leaf_of_every_small_tree_is_included_and_only_there() {
    let leaves = Leaves::numbered(70);
    let stray = read_hex(RFC6962_ROOTS[8]).unwrap();
    for size in 1..70_u64 {
        let root = mth(&leaves.0[..size as usize]);
        for index in 0..size {
            let leaf = leaves.0[index as usize];
            let proof = tree::inclusion(&leaves, index, size).unwrap();
            let check = |index, size, proof: &[Hash]| tree::verify_inclusion(&leaf, index, size, proof, &root).is_ok();
            assert!(check(index, size, &proof), "{index} of {size}");
            for other in (0..size + 2).filter(|other| *other != index) {
                assert!(!check(other, size, &proof), "{index} as {other} of {size}");
            }
            assert!(!check(index, size, &[proof.as_slice(), &[stray]].concat()));
            if let Some((_, shorter)) = proof.split_last() {
                assert!(!check(index, size, shorter));
            }
            for place in 0..proof.len() {
                let mut changed = proof.clone();
                changed[place][0] ^= 1;
                assert!(!check(index, size, &changed));
            }
        }
        assert!(tree::inclusion(&leaves, size, size).is_err());
    }
}

#[test]
fn every_small_tree_continues_every_smaller_one() {
    let leaves = Leaves::numbered(70);
    for new in 0..70_u64 {
        let new_root = mth(&leaves.0[..new as usize]);
        for old in 0..=new {
            let old_root = mth(&leaves.0[..old as usize]);
            let proof = tree::consistency(&leaves, old, new).unwrap();
            let check = |old_root: &Hash, new_root: &Hash, proof: &[Hash]| {
                tree::verify_consistency((old, old_root), (new, new_root), proof).is_ok()
            };
            assert!(check(&old_root, &new_root, &proof), "{old} to {new}");
            assert!(!check(&[1; 32], &new_root, &proof), "{old} to {new}");
            if old > 0 {
                assert!(!check(&old_root, &[1; 32], &proof), "{old} to {new}");
            }
            assert!(!check(&old_root, &new_root, &[proof.as_slice(), &[[1; 32]]].concat()), "{old} to {new}");
            // A taller tree needs a longer proof.
            let taller = new.next_power_of_two() * 2;
            assert!(old == 0 || tree::verify_consistency((old, &old_root), (taller, &new_root), &proof).is_err());
            for place in 0..proof.len() {
                let mut changed = proof.clone();
                changed[place][0] ^= 1;
                assert!(!check(&old_root, &new_root, &changed));
            }
        }
        assert!(tree::consistency(&leaves, new + 1, new).is_err());
        let (old, new_root) = ((new + 1, &[1; 32]), &new_root);
        assert!(tree::verify_consistency(old, (new, new_root), &[]).is_err());
    }
}

#[test]
fn a_frontier_resumes_where_it_was() {
    let leaves = Leaves::numbered(70);
    for size in 0..70_usize {
        let mut resumed = Frontier::of(&leaves, size as u64).unwrap();
        assert_eq!(resumed.root(), leaves.root(size));
        leaves.0[size..].iter().for_each(|leaf| resumed.push(*leaf));
        assert_eq!(resumed.size(), 70);
        assert_eq!(resumed.root(), leaves.root(70));
    }
}
