//! Facts: what the scanner makes of a body as it streams by, in the form the catalog keeps.

use std::sync::Arc;

use base::word::{DataType, ScanState};
use catalog::model::MentionRow;
use scan::{Blocks, Digester, Folder, Hint, Outcome, Scan, Scanner};
use seal::SubjectDigest;

use crate::custody::Custody;
use crate::directory::Engagement;
use crate::error::CustodyError;

/// Facts are kept for blocks of this many plaintext bytes, counted from the start of the object. It is the size of a sealed
/// segment, but does not shift with stream headers and part boundaries, so that a block's place follows from its number.
pub(crate) const BLOCK_BYTES: u64 = 64 * 1024;

/// Which scanner made the facts; written into every `object.put` entry.
pub(crate) const SCANNER_VERSION: &str = concat!("cofferdam-scan/", env!("CARGO_PKG_VERSION"));

/// The facts of one version.
pub(crate) struct Facts {
    pub(crate) state: ScanState,
    pub(crate) mentions: Vec<MentionRow>,
    /// SHA-256 over the mentions, in hex.
    pub(crate) digest: String,
}

impl Facts {
    /// Of a version that is scanned later.
    pub(crate) const fn pending() -> Self {
        Self { state: ScanState::Pending, mentions: Vec::new(), digest: String::new() }
    }
}

/// A scan of a body under way.
pub(crate) struct Inspection {
    scan: Scan,
    folder: Folder,
}

/// Lets the scanner digest people's identifiers under the engagement's subject key.
struct Keyed(SubjectDigest);

impl Digester for Keyed {
    fn digest(&self, data_type: DataType, canonical: &[u8]) -> [u8; 16] {
        self.0.digest(data_type, canonical)
    }
}

impl Custody {
    /// Begins the scan of a body that will lie under `key`.
    pub(crate) fn inspect(
        &self,
        engagement: &Engagement,
        key: &[u8],
        content_type: Option<&str>,
    ) -> Result<Inspection, CustodyError> {
        let name = String::from_utf8_lossy(key);
        let hint = Hint { content_type, name: &name };
        let digester = Arc::new(Keyed(self.ring.subjects(engagement.id.into())?));
        let scan = Scanner::new(scan::Options::default()).begin(&hint, digester);
        Ok(Inspection { scan, folder: Folder::new(Blocks { first: BLOCK_BYTES, rest: BLOCK_BYTES }) })
    }
}

impl Inspection {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.scan.push(bytes, &mut self.folder);
    }

    pub(crate) fn finish(mut self) -> Facts {
        let report = self.scan.finish(&mut self.folder);
        let state = match report.outcome {
            Outcome::Scanned => ScanState::Scanned,
            Outcome::Unscannable { .. } => ScanState::Unscannable,
        };
        let facts = self.folder.finish();
        let mentions: Vec<MentionRow> = facts
            .mentions()
            .map(|mention| MentionRow { identities: mention.identities.to_vec(), places: mention.places.to_vec() })
            .collect();
        let digest = digest(&mentions);
        Facts { state, mentions, digest }
    }
}

/// SHA-256 over the mentions in order: per mention `u32be` counts, identities, and places as `u32be block || type || 0`.
fn digest(mentions: &[MentionRow]) -> String {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    for mention in mentions {
        context.update(&count(mention.identities.len()));
        for identity in &mention.identities {
            context.update(identity);
        }
        context.update(&count(mention.places.len()));
        for (block, data_type) in &mention.places {
            context.update(&block.to_be_bytes());
            context.update(data_type.word().as_bytes());
            context.update(&[0]);
        }
    }
    data_encoding::HEXLOWER.encode(context.finish().as_ref())
}
