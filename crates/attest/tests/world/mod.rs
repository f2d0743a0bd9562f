//! A small log in memory that makes packs: three chains, checkpoints with a heads entry, a witness.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part of it")]
#![allow(clippy::allow_attributes, reason = "what is unused differs from file to file")]

use std::cell::RefCell;
use std::collections::BTreeMap;

use attest::checkpoint::Checkpoint;
use attest::cosignature::Cosigner;
use attest::heads::{HeadsEntry, HeadsTree};
use attest::note::{Note, Signer};
use attest::pack::{Header, PackWriter, PackedEntry, PackedHeads, Since};
use attest::payload::SealedPayload;
use attest::private::{PrivateField, PrivateFields};
use attest::proof::Proof;
use attest::tile::{Tile, TileNodes, grow};
use attest::tree;
use attest::trust::Policy;
use attest::{Hash, SigningKey, entry, sha256};
use base::id::{ChainId, EngagementId};
use base::ports::ChainHead;
use base::{Fault, Kind, Secret, Timestamp};

pub const ORIGIN: &str = "ledger.example.test/op1";
pub const START_SECONDS: i64 = 1_795_498_920;

pub fn key(byte: u8) -> SigningKey {
    SigningKey::from_seed(&Secret::take(&mut [byte; 32])).unwrap()
}

pub fn engagement(byte: u8) -> ChainId {
    EngagementId::from_bytes([byte; 16]).into()
}

/// A log with its checkpoints.
pub struct World {
    pub log: Signer,
    pub witness: Cosigner,
    pub now: Timestamp,
    entries: Vec<SealedPayload>,
    heads: Vec<ChainHead>,
    tiles: RefCell<BTreeMap<Tile, Vec<u8>>>,
}

/// What a checkpoint leaves behind.
pub struct Published {
    pub note: Note,
    pub size: u64,
    pub heads: Vec<ChainHead>,
}

impl World {
    pub fn new() -> Self {
        let mut world = Self {
            log: Signer::new(ORIGIN, key(1)).unwrap(),
            witness: Cosigner::new("witness.example.test/w1", key(2)).unwrap(),
            now: Timestamp::from_seconds(START_SECONDS),
            entries: Vec::new(),
            heads: Vec::new(),
            tiles: RefCell::default(),
        };
        world.append(ChainId::SYSTEM, "deployment-created");
        world
    }

    /// A world where two engagements had `count` entries each, among others.
    pub fn busy(count: usize) -> Self {
        let mut world = Self::new();
        for n in 0..count {
            world.append(engagement(7), if n % 3 == 0 { "settlement" } else { "access" });
            world.append(engagement(8), "access");
            if n % 5 == 4 {
                world.publish();
            }
        }
        world
    }

    pub fn trust(&self) -> Policy {
        format!("log {}\nwitness w1 {}\nquorum w1\n", self.log.verifier(), self.witness.verifier()).parse().unwrap()
    }

    pub fn append(&mut self, chain: ChainId, kind: &str) {
        let salt = sha256(&[b"field", &self.entries.len().to_be_bytes()]);
        let address = PrivateField { salt, value: format!("192.0.2.{}", self.entries.len() % 250) };
        self.now = self.now.plus_seconds(1);
        let text = format!(
            r#"{{"v":1,"kind":"{kind}","at":"{}","who":{{"address":"{}"}},"bytes":{}}}"#,
            self.now,
            address.commitment(),
            self.entries.len()
        );
        self.record(chain, text, PrivateFields::from([("who.address".into(), address)]));
    }

    pub fn record(&mut self, chain: ChainId, text: String, private: PrivateFields) {
        let place = self.heads.iter().position(|head| head.chain == chain).unwrap_or_else(|| {
            let ordinal = self.heads.len() as u64;
            self.heads.push(ChainHead { chain, ordinal, length: 0, data: entry::START });
            self.heads.len() - 1
        });
        let salt = self.salt();
        let head = &mut self.heads[place];
        let link = entry::Link { chain, seq: head.length, previous: head.data };
        let payload = SealedPayload { salt, link, entry: text.into_bytes(), private };
        head.length += 1;
        head.data = payload.data();
        self.write(payload);
    }

    /// Appends to the log whatever it is, as a hostile operator might. The heads stay as they are.
    pub fn write(&mut self, payload: SealedPayload) {
        let written = grow(&|tile: Tile| self.read(tile), self.size(), &[payload.data()]).unwrap();
        self.tiles.borrow_mut().extend(written);
        self.entries.push(payload);
    }

    pub fn size(&self) -> u64 {
        self.entries.len() as u64
    }

    pub fn payload(&self, index: u64) -> SealedPayload {
        self.entries[index as usize].clone()
    }

    fn salt(&self) -> [u8; 32] {
        sha256(&[b"salt", &self.entries.len().to_be_bytes()])
    }

    /// Appends a heads entry and signs a checkpoint over it.
    pub fn publish(&mut self) -> Published {
        let heads = self.heads_now();
        self.record_heads(&heads);
        self.sign(heads)
    }

    pub fn heads_now(&self) -> Vec<ChainHead> {
        self.heads.clone()
    }

    /// Appends a heads entry over these heads, whether or not they are the right ones.
    pub fn record_heads(&mut self, heads: &[ChainHead]) {
        let covered = HeadsTree::of(heads).unwrap();
        let entry = HeadsEntry { at: self.now, chains: covered.chains(), root: covered.root().unwrap() };
        self.record(ChainId::SYSTEM, entry.write().unwrap(), PrivateFields::new());
    }

    /// Signs and cosigns a checkpoint over the log as it is.
    pub fn sign(&self, heads: Vec<ChainHead>) -> Published {
        let size = self.size();
        let root = tree::root(&TileNodes::new(&|tile: Tile| self.read(tile), size), size).unwrap();
        let mut note = Checkpoint { origin: ORIGIN.into(), size, root }.sign(&self.log).unwrap();
        note.push(self.witness.cosign(note.text(), self.now).unwrap());
        Published { note, size, heads }
    }

    pub fn entry(&self, index: u64, published: &Published) -> PackedEntry {
        let proof = self.prove(index, published);
        PackedEntry::new(index, self.payload(index), proof).unwrap()
    }

    /// The proof of the entry at `index`, and its commitment.
    pub fn proof(&self, index: u64, published: &Published) -> (Proof, Hash) {
        let path = self.prove(index, published);
        let proof = Proof { extra: None, index, path, checkpoint: published.note.clone() };
        (proof, self.payload(index).data())
    }

    /// The entries of `chain` from `from` on, as they were when `published` was.
    pub fn packed(&self, chain: ChainId, from: u64, published: &Published) -> Vec<PackedEntry> {
        let length = published.head(chain).length;
        let of_chain = |index: &u64| {
            let link = &self.entries[*index as usize].link;
            link.chain == chain && (from..length).contains(&link.seq)
        };
        (0..published.size).filter(of_chain).map(|index| self.entry(index, published)).collect()
    }

    pub fn heads(&self, chain: ChainId, published: &Published) -> PackedHeads {
        self.heads_at(published.size - 1, chain, published)
    }

    /// As if the heads entry were at `index`.
    pub fn heads_at(&self, index: u64, chain: ChainId, published: &Published) -> PackedHeads {
        let head = published.head(chain);
        let path = HeadsTree::of(&published.heads).unwrap().prove(head.ordinal).unwrap();
        PackedHeads::new(self.entry(index, published), head, path)
    }

    /// A pack of these entries, whether or not they are the right ones.
    pub fn assemble(&self, chain: ChainId, from: u64, published: &Published, entries: &[PackedEntry]) -> Vec<u8> {
        self.assemble_under(self.heads(chain, published), chain, from, published, entries)
    }

    pub fn assemble_under(
        &self,
        heads: PackedHeads,
        chain: ChainId,
        from: u64,
        published: &Published,
        entries: &[PackedEntry],
    ) -> Vec<u8> {
        let header = Header::new(ORIGIN.into(), chain, from, published.head(chain).length, self.now);
        let mut writer = PackWriter::new(header, &published.note, &self.trust(), heads);
        entries.iter().for_each(|entry| writer.push(entry).unwrap());
        writer.finish().unwrap()
    }

    pub fn pack(&self, chain: ChainId, from: u64, published: &Published) -> Vec<u8> {
        self.assemble(chain, from, published, &self.packed(chain, from, published))
    }

    fn prove(&self, index: u64, published: &Published) -> Vec<Hash> {
        let tiles = |tile: Tile| self.read(tile);
        tree::inclusion(&TileNodes::new(&tiles, published.size), index, published.size).unwrap()
    }

    fn read(&self, tile: Tile) -> Result<Vec<u8>, Fault> {
        let missing = || Fault::new(Kind::Missing, format!("reading `{tile}`"));
        self.tiles.borrow().get(&tile).cloned().ok_or_else(missing)
    }
}

impl Published {
    pub fn head(&self, chain: ChainId) -> &ChainHead {
        self.heads.iter().find(|head| head.chain == chain).unwrap()
    }

    pub fn since(&self, chain: ChainId) -> Since {
        let head = self.head(chain);
        Since { length: head.length, data: head.data }
    }
}
