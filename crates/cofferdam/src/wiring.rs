//! The one place where the parts are opened and put together.
//!
//! Whatever may mint a proof (the releaser of receipts, the opener, the decider) is made here and moved to its one owner,
//! custody. What is read off this file is who may do what.
//!
//! # What a deployment is made of, and in which order
//! 1. `deployment`: its id. Everything below carries it, so that parts of two deployments cannot be mixed up;
//! 2. `store/`: its lock is taken before anything else is touched;
//! 3. `keys/root.key`: the root key. There is no fallback: without the right one nothing opens;
//! 4. the system's keys, wrapped under it, in the store;
//! 5. `catalog/`, and with it the ledger;
//! 6. the log's signing key, sealed under the system's record key, in the store;
//! 7. the first entry.
//!
//! Founding makes what is missing in this order and opens what is there. A crash between two steps is mended by founding
//! again; what belongs to another deployment is refused at every step.
//!
//! # Threats
//! A thief of the folder has no root key. A thief of root key and folder has everything: they should not lie on one disk's
//! backup. A restored old copy of the catalog is noticed against the published checkpoint; a clock set back is noticed
//! against the last entry.

use std::path::Path;
use std::sync::Arc;

use attest::key::SigningKey;
use attest::note::Signer;
use base::id::{ChainId, DeploymentId};
use base::ports::{Blobs, Committer, Documents, EntrySealer, Keys};
use base::{Clock, Entropy, Kind, Secret};
use catalog::model::{Applied, Change};
use catalog::{Catalog, CatalogCommitter};
use custody::{Custody, Parts, Queue, Wire, founding};
use ledger::{Publisher, Reader, Releaser, SteadyClock, Writer};
use policy::Decider;
use seal::{KeyRing, LocalRoot, Opener, RecordSealer};
use store::{Disk, LocalDisk, Store};

use crate::chance::SystemEntropy;
use crate::config::{Config, Intake};
use crate::error::Error;
use crate::files;

/// How far the clock may be behind the newest entry. More than this is not drift: it was set wrong, or the machine is a
/// restored copy.
const CLOCK_BEHIND_SECONDS: i64 = 5 * 60;

/// Where things lie in the data folder.
const DEPLOYMENT_FILE: &str = "deployment";
/// What may lie in the data folder before anything is founded in it: the configuration, a root key folder, what an interrupted
/// founding left, and what file systems put there themselves.
const BEFORE_FOUNDING: [&str; 4] = ["cofferdam.toml", "keys", "deployment.new", "lost+found"];
const STORE_FOLDER: &str = "store";
const CATALOG_FOLDER: &str = "catalog";
const CATALOG_FILE: &str = "catalog.sqlite";

/// The document with the log's name and its sealed signing key.
const LOG_KEY: &str = "log-key";

/// What the sealed seed of the log's key is bound to, beside the log's name.
const LOG_KEY_CONTEXT: &str = "log-key";

/// A deployment that was opened: custody, and what the program itself must run and stop.
pub struct Deployment {
    /// The domain.
    pub custody: Arc<Custody>,
    /// Publishes the ledger's tree.
    pub publisher: Arc<Publisher<Change, Applied>>,
    /// For keeping the catalog's log short.
    pub catalog: Catalog,
    /// The clock everything here runs by.
    pub clock: Arc<dyn Clock>,
    writer: Writer<Change, Applied>,
}

/// Whether what is missing may be made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// It is made: a deployment is being founded.
    Made,
    /// It is an error: a deployment is being opened.
    Refused,
}

impl Deployment {
    /// Opens the deployment of a data folder.
    ///
    /// # Errors
    /// Each thing that is missing, of another deployment, or does not verify is refused, with what to do about it.
    pub async fn open(config: &Config, wire: Arc<dyn Wire>, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        Self::assemble(config, wire, clock, Missing::Refused, None).await
    }

    /// Founds a deployment in a data folder, or goes on where an earlier attempt stopped. `log` names its ledger to
    /// strangers.
    ///
    /// # Errors
    /// As [`Self::open`]; [`Error::Refused`] for a folder that holds something else.
    pub async fn found(config: &Config, clock: Arc<dyn Clock>, log: Option<&str>) -> Result<Self, Error> {
        Self::assemble(config, Arc::new(custody::NoWire), clock, Missing::Made, log).await
    }

    async fn assemble(
        config: &Config,
        wire: Arc<dyn Wire>,
        clock: Arc<dyn Clock>,
        missing: Missing,
        log: Option<&str>,
    ) -> Result<Self, Error> {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::default());
        let disk: Arc<dyn Disk> = Arc::new(LocalDisk);

        let id = deployment_id(config, disk.as_ref(), entropy.as_ref(), missing)?;
        let store = Store::open(Arc::clone(&disk), &config.data.join(STORE_FOLDER), id)
            .map_err(|error| Error::part("opening the store", error.kind(), error))?;
        let keys = store.keys();
        let documents: Arc<dyn Documents> = Arc::new(store.documents());
        let begun = Begun::look(config, &keys, documents.as_ref(), missing)?;
        let root = root_key(config, disk.as_ref(), id, &entropy, begun.root_key)?;
        let ring = KeyRing::open(Box::new(root), Arc::new(keys), Arc::clone(&entropy), id);
        let ring = Arc::new(ring.map_err(|error| Error::part("opening the keys", error.kind(), error))?);

        let catalog = open_catalog(&config.data, disk.as_ref(), id, begun.catalog)?;
        let committer = catalog.committer().map_err(|error| Error::part("opening the catalog", error.kind(), error))?;
        let sealer: Arc<dyn EntrySealer> = Arc::new(RecordSealer::new(Arc::clone(&ring)));
        let (committer, clock) = steady(committer, &catalog, &sealer, clock)?;
        let (queue, releaser, writer) =
            ledger::start::<CatalogCommitter>(committer, Arc::clone(&sealer), Arc::clone(&clock), Arc::clone(&entropy))
                .map_err(|error| Error::part("opening the ledger", error.kind(), error))?;
        let intake = config.intake;
        let ground = Ground { id, store, documents, ring, catalog: catalog.clone(), sealer, clock, entropy, intake };
        let clock = Arc::clone(&ground.clock);
        match ground.raise(queue, releaser, wire, missing, log).await {
            Ok((custody, publisher)) => Ok(Self { custody, publisher, catalog, clock, writer }),
            Err(error) => {
                stop(writer).await;
                Err(error)
            }
        }
    }

    /// Ends in good order: what was sent is settled, what is queued is written. Nothing is lost without this; settlements
    /// would count as unsent.
    pub async fn close(self) {
        if let Err(error) = self.custody.settle_now().await {
            tracing::warn!(error = base::error::chain(&error), "the last settlements were not entered");
        }
        stop(self.writer).await;
    }
}

/// The parts on which custody is built.
struct Ground {
    id: DeploymentId,
    store: Store,
    documents: Arc<dyn Documents>,
    ring: Arc<KeyRing>,
    catalog: Catalog,
    sealer: Arc<dyn EntrySealer>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    intake: Intake,
}

type Raised = (Arc<Custody>, Arc<Publisher<Change, Applied>>);

impl Ground {
    /// Builds custody, with the first entry if there is none.
    async fn raise(
        self,
        queue: Queue,
        releaser: Releaser<Change, Applied>,
        wire: Arc<dyn Wire>,
        missing: Missing,
        log: Option<&str>,
    ) -> Result<Raised, Error> {
        let Self { id, store, documents, ring, catalog, sealer, clock, entropy, intake } = self;
        let rows = queue.rows(Arc::new(catalog.clone()));
        let reader = Reader::new(Arc::clone(&rows), sealer);

        let scanner = founding::scanner(&catalog).map_err(|error| Error::custody("opening the catalog", error))?;
        // INVARIANT: the log's key is made before the first entry, which names the log.
        let missing_key = if scanner.is_some() { Missing::Refused } else { missing };
        let signer = log_signer(&ring, documents.as_ref(), id, entropy.as_ref(), missing_key, log)?;
        let origin = signer.verifier().name().to_owned();
        let scanner = match (scanner, missing) {
            (Some(scanner), _) => scanner,
            (None, Missing::Made) => founding::found(&queue, &ring, &signer, clock.as_ref(), entropy.as_ref())
                .await
                .map_err(|error| Error::custody("recording the first entry", error))?,
            (None, Missing::Refused) => return Err(unfinished()),
        };
        let publisher = Publisher::open(queue.clone(), rows, documents, signer)
            .map_err(|error| Error::part("opening the ledger", error.kind(), error))?;
        let publisher = Arc::new(publisher);
        let decider = Decider::new().map_err(|error| Error::part("reading the policies", error.kind(), error))?;
        let blobs: Arc<dyn Blobs> = Arc::new(store.blobs());
        let fences = store.fences().map_err(|error| Error::part("opening the fences", error.kind(), error))?;

        // Who may mint: the releaser makes receipts, the opener spends them, the decider makes permits. None can be cloned,
        // and from here on custody alone has them.
        let parts = Parts {
            origin,
            catalog,
            queue,
            releaser,
            publisher: Arc::clone(&publisher),
            reader,
            decider,
            opener: Opener::new(Arc::clone(&ring), Arc::clone(&blobs)),
            ring,
            blobs,
            fences: Arc::new(fences),
            wire,
            scanner,
            clock,
            entropy,
            unscannable_readable: intake.unscannable_readable,
        };
        let custody = Custody::open(parts).await.map_err(|error| Error::custody("opening custody", error))?;
        Ok((custody, publisher))
    }
}

/// Lets the ledger's writer finish what is queued.
async fn stop(writer: Writer<Change, Applied>) {
    if tokio::task::spawn_blocking(move || writer.stop()).await.is_err() {
        tracing::error!("the ledger's writer did not stop in good order");
    }
}

/// What may still be made of a deployment whose founding began earlier.
///
/// A root key or a catalog that is gone must not be mistaken for one that was never made: the new one would fit nothing.
struct Begun {
    root_key: Missing,
    catalog: Missing,
}

impl Begun {
    fn look(config: &Config, keys: &dyn Keys, documents: &dyn Documents, missing: Missing) -> Result<Self, Error> {
        let wrapped = !keys.list().map_err(|fault| Error::fault("opening the keys", fault))?.is_empty();
        let signs = documents.read(LOG_KEY).map_err(|fault| Error::fault("opening the store", fault))?.is_some();
        let catalog = config.data.join(CATALOG_FOLDER).join(CATALOG_FILE).exists();
        if missing == Missing::Refused && !(wrapped && (signs || catalog)) {
            return Err(unfinished());
        }
        let unless = |later: bool| if later { Missing::Refused } else { missing };
        // INVARIANT: founding makes the root key before anything is wrapped, and the catalog before the log's key.
        Ok(Self { root_key: unless(wrapped), catalog: unless(signs) })
    }
}

fn deployment_id(
    config: &Config,
    disk: &dyn Disk,
    entropy: &dyn Entropy,
    missing: Missing,
) -> Result<DeploymentId, Error> {
    let path = config.data.join(DEPLOYMENT_FILE);
    if let Some(text) = files::read_text(&path)? {
        return text.trim().parse().map_err(|_| {
            let why = format!("`{}` does not hold a deployment's id\nrestore it from a backup", path.display());
            Error::NotVerified(why)
        });
    }
    if missing == Missing::Refused {
        return Err(Error::Refused(format!(
            "there is no deployment in `{0}`\nmake one with `cofferdam init --data {0}`, or name its folder with `--data`",
            config.data.display()
        )));
    }
    files::ensure_folder(disk, &config.data)?;
    let held = disk.list(&config.data).map_err(|error| Error::file("looking into", &config.data, error))?;
    if let Some(foreign) = held.iter().find(|entry| !BEFORE_FOUNDING.contains(&entry.name.as_str())) {
        return Err(Error::Refused(format!(
            "`{}` holds `{}`, but no file `{DEPLOYMENT_FILE}` that says whose it is\n\
             restore that file from a backup, or begin with an empty folder",
            config.data.display(),
            crate::output::escape(&foreign.name)
        )));
    }
    let id = DeploymentId::fresh(entropy);
    // DURABLE: the id comes first. A crash from here on leaves a deployment that founding completes.
    files::create(disk, &path, format!("{id}\n").as_bytes())?;
    Ok(id)
}

fn root_key(
    config: &Config,
    disk: &dyn Disk,
    id: DeploymentId,
    entropy: &Arc<dyn Entropy>,
    missing: Missing,
) -> Result<LocalRoot, Error> {
    let path = &config.root_key.file;
    let passphrase = config.root_key.passphrase_file.as_deref();
    let passphrase = passphrase.map(|path| files::read_secret("the passphrase", path)).transpose()?;
    // Editors end a file with a line break; no passphrase ends with one.
    let passphrase = passphrase.as_ref().map(|plain| plain.as_ref().trim_ascii_end());
    let failed =
        |error: seal::SealError| Error::part(format!("opening the root key `{}`", path.display()), error.kind(), error);
    if !path.exists() {
        if missing == Missing::Refused {
            return Err(Error::Refused(format!(
                "the root key `{}` is missing, and nothing opens without it\n\
                 restore it from where you keep it; a new one would open nothing",
                path.display()
            )));
        }
        let made = LocalRoot::create(entropy.as_ref(), id, passphrase).map_err(failed)?;
        if let Some(folder) = path.parent() {
            files::ensure_folder(disk, folder)?;
        }
        // DURABLE: the root key is written before anything is wrapped under it.
        made.expose(|bytes| files::create(disk, path, bytes))?;
    }
    let file = files::read_secret("the root key", path)?;
    file.expose(|bytes| LocalRoot::read(bytes, id, passphrase, Arc::clone(entropy))).map_err(failed)
}

fn open_catalog(data: &Path, disk: &dyn Disk, id: DeploymentId, missing: Missing) -> Result<Catalog, Error> {
    let folder = data.join(CATALOG_FOLDER);
    let file = folder.join(CATALOG_FILE);
    if missing == Missing::Refused && !file.exists() {
        return Err(Error::Refused(format!(
            "the catalog `{}` is missing\nrestore it from a backup; a new one would know nothing of the store",
            file.display()
        )));
    }
    files::ensure_folder(disk, &folder)?;
    Catalog::open(&file, id).map_err(|error| Error::part("opening the catalog", error.kind(), error))
}

/// The key that signs checkpoints. It is made once; the log's name is bound to it.
fn log_signer(
    ring: &KeyRing,
    documents: &dyn Documents,
    id: DeploymentId,
    entropy: &dyn Entropy,
    missing: Missing,
    log: Option<&str>,
) -> Result<Signer, Error> {
    let attempt = "opening the log's signing key";
    let corrupt =
        || Error::NotVerified("the log's signing key is malformed\nrestore the store from a backup".to_owned());
    let failed = |error: seal::SealError| Error::part(attempt, error.kind(), error);
    let fields = ring.fields(ChainId::SYSTEM).map_err(failed)?;
    let held = documents.read(LOG_KEY).map_err(|fault| Error::fault(attempt, fault))?;
    let (origin, seed) = match (held, missing) {
        (Some(held), _) => {
            let text = String::from_utf8(held).map_err(|_| corrupt())?;
            let (origin, sealed) = text.trim_end().split_once('\n').ok_or_else(corrupt)?;
            let sealed = data_encoding::HEXLOWER.decode(sealed.as_bytes()).map_err(|_| corrupt())?;
            let plain = fields.open(LOG_KEY_CONTEXT, origin.as_bytes(), &sealed).map_err(failed)?;
            let seed: Option<[u8; 32]> = plain.expose(|bytes| bytes.try_into().ok());
            (origin.to_owned(), Secret::take(&mut seed.ok_or_else(corrupt)?))
        }
        (None, Missing::Refused) => {
            let why = "the log's signing key is missing from the store\nrestore the store from a backup";
            return Err(Error::NotVerified(why.to_owned()));
        }
        (None, Missing::Made) => {
            let origin = log.map_or_else(|| format!("cofferdam.internal/{id}"), str::to_owned);
            let mut seed = entropy.bytes::<32>();
            let sealed = fields.seal(LOG_KEY_CONTEXT, origin.as_bytes(), &seed).map_err(failed)?;
            let document = format!("{origin}\n{}\n", data_encoding::HEXLOWER.encode(&sealed));
            // DURABLE: the key is kept before it signs anything.
            documents.replace(LOG_KEY, document.as_bytes()).map_err(|fault| Error::fault(attempt, fault))?;
            (origin, Secret::take(&mut seed))
        }
    };
    let key = SigningKey::from_seed(&seed).map_err(|error| Error::part(attempt, Kind::Bug, error))?;
    Signer::new(&origin, key).map_err(|error| Error::part(format!("naming the log `{origin}`"), Kind::Invalid, error))
}

/// A clock that goes on from the newest entry, so that no entry is dated before another. Refused when the machine's clock is
/// far behind it.
fn steady(
    mut committer: CatalogCommitter,
    catalog: &Catalog,
    sealer: &Arc<dyn EntrySealer>,
    clock: Arc<dyn Clock>,
) -> Result<(CatalogCommitter, Arc<dyn Clock>), Error> {
    let attempt = "reading the newest entry";
    let tail = committer.tail().map_err(|error| Error::part(attempt, error.kind(), error))?;
    let reader = Reader::new(Arc::new(catalog.clone()), Arc::clone(sealer));
    let newest = reader.last_time(tail.size).map_err(|error| Error::part(attempt, error.kind(), error))?;
    let now = clock.now();
    if now.plus_seconds(CLOCK_BEHIND_SECONDS) < newest {
        return Err(Error::Refused(format!(
            "the clock says {now}, but the newest entry was made at {newest}\n\
             set the clock; if it is right, the ledger is not this machine's"
        )));
    }
    Ok((committer, Arc::new(SteadyClock::after(clock, newest))))
}

fn unfinished() -> Error {
    Error::Refused("the deployment was not founded completely\nrun `cofferdam init` on its folder again".to_owned())
}
