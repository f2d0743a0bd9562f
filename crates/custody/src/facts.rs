//! Facts: what the scanner makes of a body as it streams by, in the form the catalog keeps.

use std::sync::{Arc, LazyLock};

use base::id::{EngagementId, VersionId};
use base::word::{DataType, ScanState};
use catalog::model::{Change, MentionRow};
use contract::Names;
use scan::{Blocks, Digester, Folder, Hint, Options, Outcome, Rules, Scan, Scanner};
use scope::people::BLOCK_BYTES;
use seal::SubjectDigest;
use unpack::Kind;

use crate::custody::Custody;
use crate::directory::Engagement;
use crate::error::CustodyError;
use crate::findings::{FIRST_SCAN, ScanReport, Tally};
use crate::settings::Dataset;

// INVARIANT: the scanner and scope mean the same by a fact without a place.
const _: () = assert!(scan::ANYWHERE == scope::people::ANYWHERE);

/// The scanner that makes a version's first facts, or those of a later scan.
///
/// Names and addresses take ten times as long as everything else together. A version is readable once its first facts are in, so
/// these go without; scanning a dataset anew finds names too.
pub(crate) fn scanner(generation: u32) -> &'static Scanner {
    static SCANNERS: LazyLock<[Scanner; 2]> =
        LazyLock::new(|| [Options::without_names(), Options::default()].map(Scanner::new));
    let [first, names] = &*SCANNERS;
    if generation == FIRST_SCAN { first } else { names }
}

/// What stands in the version of a scanner that looks for names.
const NAMES: &str = "names";

/// Which scanner made the facts, and by which rules; written into the entry of every scan. Facts of another version may say
/// something else of the same bytes.
pub(crate) fn facts_version(generation: u32) -> &'static str {
    static VERSIONS: LazyLock<[String; 2]> = LazyLock::new(|| {
        let rules: Vec<String> = Rules::built_in().iter().map(|(_, rule)| format!("{rule:?}")).collect();
        let digest = data_encoding::HEXLOWER.encode(&attest::sha256(&[rules.join("\n").as_bytes()]));
        let first =
            format!("cofferdam-scan/{}+{}", env!("CARGO_PKG_VERSION"), digest.get(..DIGITS).unwrap_or_default());
        let names = format!("{first}+{NAMES}");
        [first, names]
    });
    let [first, names] = &*VERSIONS;
    if generation == FIRST_SCAN { first } else { names }
}

/// Whether a scanner of this version looks for names.
pub(crate) fn looks_for_names(version: &str) -> bool {
    version.split('+').any(|part| part == NAMES)
}

/// What reads an object: a scanner that knows what the dataset's contract says of it, and its version.
pub(crate) struct Instrument {
    pub(crate) scanner: Scanner,
    pub(crate) version: String,
}

impl Instrument {
    /// Of what lies under `key`, for its first scan or a later one.
    pub(crate) fn of(dataset: &Dataset, key: &[u8], generation: u32) -> Self {
        // A first scan that others wait for anyway looks for names at once.
        let generation = generation.max(u32::from(dataset.names() == Names::BeforeReading));
        let (plain, version) = (scanner(generation), facts_version(generation));
        match dataset.structure(&String::from_utf8_lossy(key)) {
            None => Self { scanner: plain.clone(), version: version.to_owned() },
            Some((revision, structure)) => {
                Self { scanner: plain.knowing(&structure), version: format!("{version}+contract-{revision}") }
            }
        }
    }
}

/// How many of a body's first bytes tell what it is: a tar header.
const START_BYTES: usize = 512;

/// How much of the digest of the rules is written: enough that no two sets of one program's history share it.
const DIGITS: usize = 16;

/// How many records' facts one act carries; more come in acts of their own, so that no caller waits behind a long list.
pub(crate) const MENTIONS_AN_ACT: usize = 2_000;

/// The facts of one version, once its scan is over.
pub(crate) struct Facts {
    pub(crate) state: ScanState,
    /// What the scan said; nothing before there was one.
    pub(crate) report: Option<ScanReport>,
    /// Those that were not taken before.
    pub(crate) mentions: Vec<MentionRow>,
    /// Whether others were, and wait in the catalog.
    pub(crate) staged: bool,
    /// SHA-256 over all mentions, in hex.
    pub(crate) digest: String,
}

impl Facts {
    /// Of a version that no detector has read, and none will.
    pub(crate) fn unscannable(report: ScanReport) -> Self {
        Self {
            state: ScanState::Unscannable,
            report: Some(report),
            digest: MentionDigest::new().finish(),
            ..Self::pending()
        }
    }

    /// Of a version that is scanned later.
    pub(crate) const fn pending() -> Self {
        Self { state: ScanState::Pending, report: None, mentions: Vec::new(), staged: false, digest: String::new() }
    }
}

/// A scan of a body under way.
pub(crate) struct Inspection {
    scan: Scan,
    gathered: Gathered,
    staged: bool,
    /// What the key and the first bytes tell of what must be unpacked.
    name: String,
    start: Vec<u8>,
}

/// What a scan has found of a version and nobody has taken yet.
pub(crate) struct Gathered {
    pub(crate) tally: Tally,
    digest: MentionDigest,
    engagement: EngagementId,
    version: VersionId,
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
        dataset: &Dataset,
        version: VersionId,
        key: &[u8],
        content_type: Option<&str>,
    ) -> Result<Inspection, CustodyError> {
        let name = String::from_utf8_lossy(key).into_owned();
        let hint = Hint { content_type, name: &name };
        let instrument = Instrument::of(dataset, key, FIRST_SCAN);
        let scan = instrument.scanner.begin(&hint, self.digester(engagement)?);
        let gathered = Gathered::new(engagement, dataset, version, &instrument);
        Ok(Inspection { scan, gathered, staged: false, name, start: Vec::new() })
    }

    /// What turns identifiers of people in an engagement into digests.
    pub(crate) fn digester(&self, engagement: &Engagement) -> Result<Arc<dyn Digester>, CustodyError> {
        Ok(Arc::new(Keyed(self.ring.subjects(engagement.id.into())?)))
    }

    /// Keeps in the catalog what a scan has made of a body that is not visible yet, if it is much: a body may name more people
    /// than fit in memory.
    pub(crate) async fn stage(&self, inspection: &mut Inspection) -> Result<(), CustodyError> {
        let Inspection { gathered, staged, .. } = inspection;
        let (engagement, version) = (gathered.engagement, gathered.version);
        for mentions in gathered.take_if_full() {
            // INVARIANT: set before the first act, whose outcome may stay unknown.
            *staged = true;
            let change = Change::StageFacts { engagement, version, at: self.clock.now(), mentions };
            self.queue.record(vec![change], Vec::new()).await?;
        }
        Ok(())
    }

    /// Forgets what [`Self::stage`] kept of a body that will not become visible. Failing leaves it to the sweep.
    pub(crate) async fn forget_staged(&self, version: VersionId) {
        let _ = self.queue.record(vec![Change::DropStagedFacts(version)], Vec::new()).await;
    }

    /// Adds what a scan has made of a version that is there, if it is much.
    pub(crate) async fn add_facts(&self, gathered: &mut Gathered, generation: u32) -> Result<(), CustodyError> {
        let (engagement, version) = (gathered.engagement, gathered.version);
        for mentions in gathered.take_if_full() {
            let change = Change::Facts { engagement, version, generation, mentions };
            self.queue.record(vec![change], Vec::new()).await?;
        }
        Ok(())
    }
}

impl Inspection {
    /// The version whose facts wait in the catalog, if any do.
    pub(crate) fn staged(&self) -> Option<VersionId> {
        self.staged.then_some(self.gathered.version)
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        let missing = START_BYTES.saturating_sub(self.start.len()).min(bytes.len());
        self.start.extend_from_slice(bytes.get(..missing).unwrap_or_default());
        self.scan.push(bytes, &mut self.gathered.tally);
    }

    /// Ends the scan. What a worker unpacks is pending.
    pub(crate) fn finish(mut self) -> Facts {
        let said = self.scan.finish(&mut self.gathered.tally);
        let (outcome, reason) = match said.outcome {
            Outcome::Scanned => (ScanState::Scanned, None),
            Outcome::Unscannable { .. } if Kind::of(&self.start, &self.name) != Kind::Text => return Facts::pending(),
            Outcome::Unscannable { reason } => (ScanState::Unscannable, Some(reason.word().to_owned())),
        };
        let mut report = ScanReport {
            format: said.format.map(|format| format.word().to_owned()),
            reason,
            records: said.records,
            ..ScanReport::default()
        };
        said.limits.iter().for_each(|limit| report.limit(limit));
        Facts { staged: self.staged, ..self.gathered.finish(outcome, report) }
    }
}

impl Gathered {
    pub(crate) fn new(engagement: &Engagement, dataset: &Dataset, version: VersionId, instrument: &Instrument) -> Self {
        let folder = Folder::new(Blocks { first: BLOCK_BYTES, rest: BLOCK_BYTES });
        let tally = Tally::new(folder, &instrument.version, dataset.settings.secrets);
        Self { tally, digest: MentionDigest::new(), engagement: engagement.id, version }
    }

    /// Whether so many mentions wait that they fill an act.
    pub(crate) fn is_full(&self) -> bool {
        self.tally.folder.held() >= MENTIONS_AN_ACT
    }

    /// Takes the mentions that wait, cut into acts, if they fill one.
    fn take_if_full(&mut self) -> Vec<Vec<MentionRow>> {
        if !self.is_full() {
            return Vec::new();
        }
        let taken = self.tally.folder.take_mentions();
        self.digest.rows(&taken).chunks(MENTIONS_AN_ACT).map(<[MentionRow]>::to_vec).collect()
    }

    /// The facts of the whole. `outcome` stands unless something was found that nobody may store here.
    pub(crate) fn finish(mut self, outcome: ScanState, report: ScanReport) -> Facts {
        let (folder, report) = self.tally.finish(report);
        let state = if report.forbidden_count > 0 { ScanState::Quarantined } else { outcome };
        let mentions = self.digest.rows(&folder.finish());
        Facts { state, report: Some(report), mentions, staged: false, digest: self.digest.finish() }
    }
}

/// SHA-256 over mentions in order: per mention `u32be` counts, identities, places as `u32be block || type || 0`, and the
/// `u32be` count of people whom no identifier tells apart; then 1 if a contract's key names the person and 0 if not, and a `u32be`
/// count of residences, each as its code and 0.
struct MentionDigest(aws_lc_rs::digest::Context);

impl MentionDigest {
    fn new() -> Self {
        Self(aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256))
    }

    /// Digests mentions, and makes rows of them.
    fn rows(&mut self, facts: &scan::Facts) -> Vec<MentionRow> {
        let rows = facts.mentions().map(|mention| MentionRow {
            identities: mention.identities.to_vec(),
            places: mention.places.to_vec(),
            unresolved: mention.unresolved,
            keyed: mention.keyed,
            residences: mention.residences.to_vec(),
        });
        rows.inspect(|row| self.update(row)).collect()
    }

    fn update(&mut self, mention: &MentionRow) {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
        self.0.update(&count(mention.identities.len()));
        for identity in &mention.identities {
            self.0.update(identity);
        }
        self.0.update(&count(mention.places.len()));
        for (block, data_type) in &mention.places {
            self.0.update(&block.to_be_bytes());
            self.0.update(data_type.word().as_bytes());
            self.0.update(&[0]);
        }
        self.0.update(&mention.unresolved.to_be_bytes());
        self.0.update(&[u8::from(mention.keyed)]);
        self.0.update(&count(mention.residences.len()));
        for residence in &mention.residences {
            self.0.update(residence.as_str().as_bytes());
            self.0.update(&[0]);
        }
    }

    fn finish(self) -> String {
        data_encoding::HEXLOWER.encode(self.0.finish().as_ref())
    }
}
