//! A small deployment in a catalog on disk.

use std::path::PathBuf;

use base::id::*;
use base::lock::Lock;
use base::object::{Body, Part, WrappedKey};
use base::ports::Committer;
use base::word::*;
use base::{Fault, Timestamp};
use catalog::model::*;
use catalog::{Catalog, CatalogCommitter};
use testkit::SeededEntropy;

pub const DEPLOYMENT: DeploymentId = DeploymentId::from_bytes([0xDE; 16]);

pub struct World {
    pub folder: tempfile::TempDir,
    pub entropy: SeededEntropy,
    pub catalog: Catalog,
    pub committer: CatalogCommitter,
    pub partner: PartnerRow,
    pub engagement: EngagementRow,
    pub dataset: DatasetRow,
    pub person: PrincipalRow,
}

pub fn at(second: i64) -> Timestamp {
    Timestamp::from_seconds(1_795_478_400 + second)
}

pub fn name(text: &str) -> SealedName {
    let mut digest = [0; 16];
    digest.iter_mut().zip(text.bytes()).for_each(|(to, from)| *to = from);
    SealedName { digest, sealed: format!("sealed {text}").into_bytes() }
}

impl World {
    pub fn new(seed: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let entropy = SeededEntropy::new(seed);
        let catalog = Catalog::open(&folder.path().join("catalog"), DEPLOYMENT).unwrap();
        let committer = catalog.committer().unwrap();
        let partner = PartnerRow { id: PartnerId::fresh(&entropy), name: name("lab"), created: at(0) };
        let engagement = EngagementRow {
            id: EngagementId::fresh(&entropy),
            partner: partner.id,
            name: name("speech"),
            state: State::Active,
            epoch: 1,
            ordinal: 1,
            purposes: vec!["model-training".parse().unwrap(), "evaluation".parse().unwrap()],
            created: at(1),
        };
        let dataset = DatasetRow {
            id: DatasetId::fresh(&entropy),
            engagement: engagement.id,
            bucket: "speech-2026".to_owned(),
            purposes: vec![],
            unscannable_readable: true,
            created: at(2),
            settings: None,
            revision: 0,
        };
        let person = PrincipalRow {
            id: PrincipalId::fresh(&entropy),
            name: name("ada"),
            kind: PrincipalKind::Person,
            partner: Some(partner.id),
            roles: vec![Role::Security, Role::Auditor],
            public_key: Some([9; 32]),
            created: at(3),
        };
        let mut world = Self { folder, entropy, catalog, committer, partner, engagement, dataset, person };
        let changes = vec![
            Change::Partner(world.partner.clone()),
            Change::Engagement(world.engagement.clone()),
            Change::Dataset(world.dataset.clone()),
            Change::Principal(world.person.clone()),
        ];
        world.run(changes).unwrap();
        world
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("catalog")
    }

    /// One act in a batch of its own.
    pub fn run(&mut self, changes: Vec<Change>) -> Result<Vec<Applied>, Fault> {
        let mut batch = self.committer.begin()?;
        let answers = batch.apply(changes)?;
        batch.commit()?;
        Ok(answers)
    }

    pub fn blob(&mut self) -> BlobId {
        let blob = BlobId::fresh(&self.entropy);
        let request = RequestId::fresh(&self.entropy);
        self.run(vec![Change::Intend { blobs: vec![blob], request, at: at(10) }]).unwrap();
        blob
    }

    pub fn version(&self, key: &[u8], parts: Vec<Part>) -> VersionRow {
        VersionRow {
            engagement: self.engagement.id,
            dataset: self.dataset.id,
            key: key.to_vec(),
            object: ObjectId::fresh(&self.entropy),
            version: VersionId::fresh(&self.entropy),
            ordinal: 0,
            size: parts.iter().map(|part| part.size).sum(),
            modified: at(20),
            segment_size: 65_536,
            parts,
            wrapped: Some(WrappedKey { under: KeyId::fresh(&self.entropy), bytes: vec![3; 60] }),
            meta: b"sealed meta".to_vec(),
            scan: ScanState::Pending,
            generation: 0,
            writer: self.person.id,
            mac: [4; 32],
            gone: None,
            null: true,
            marker: false,
            lock: Lock::default(),
        }
    }

    /// Puts a small object; answers the row as it must read back.
    pub fn put(&mut self, key: &[u8]) -> VersionRow {
        let mut row = self.version(key, vec![inline(b"sealed body")]);
        match self.run(vec![put(row.clone())]).unwrap().as_slice() {
            [Applied::Version { ordinal, .. }] => row.ordinal = *ordinal,
            other => panic!("{other:?}"),
        }
        row
    }
}

pub fn inline(body: &'static [u8]) -> Part {
    Part { number: 1, size: body.len() as u64, body: Body::Inline(bytes::Bytes::from_static(body)) }
}

pub fn stored(number: u32, blob: BlobId) -> Part {
    Part { number, size: 1000, body: Body::Blob(blob) }
}

/// Retires a version that was read back.
pub fn retire(row: &VersionRow, at: Timestamp) -> Change {
    Change::Retire { version: row.version, was: row.mac, revision: 0, at }
}

pub fn put(row: VersionRow) -> Change {
    Change::Put(Box::new(PutVersion {
        row,
        revision: 0,
        precondition: Precondition::None,
        intents: vec![],
        upload: None,
    }))
}
