//! Founding: the acts that come before there is anybody to ask.

use attest::note::Signer;
use base::id::{ChainId, PrincipalId, RequestId};
use base::word::{PrincipalKind, Role};
use base::{Clock, Entropy};
use catalog::model::{Change, PrincipalRow};
use ledger::Draft;
use seal::KeyRing;

use crate::custody::{Custody, Queue};
use crate::entries::{Init, kind};
use crate::error::CustodyError;
use crate::identity::{Caller, SCANNER};
use crate::names::Names;
use crate::office::NewPrincipal;

/// The note under which the catalog remembers the scanner's principal.
const SCANNER_NOTE: &str = "scanner";

/// Records the beginning of a deployment, with the principal of its own scanner.
///
/// # Errors
/// The ledger did not record it.
pub async fn found(
    queue: &Queue,
    ring: &KeyRing,
    signer: &Signer,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
) -> Result<PrincipalId, CustodyError> {
    let names = Names::new(ring)?;
    let id = PrincipalId::fresh(entropy);
    let row = PrincipalRow {
        id,
        name: names.seal(id.as_bytes(), SCANNER)?,
        kind: PrincipalKind::Workload,
        partner: None,
        roles: vec![Role::Workload],
        public_key: None,
        created: clock.now(),
    };
    let fields = Init { origin: signer.verifier().name(), program: env!("CARGO_PKG_VERSION"), ordinal: 0 };
    let draft = Draft::new(ChainId::SYSTEM, kind::INIT, clock.now(), &fields, entropy)?;
    let note = Change::Note { name: SCANNER_NOTE.to_owned(), value: id.as_bytes().to_vec() };
    queue.record(vec![Change::Principal(row), note], vec![draft]).await?;
    Ok(id)
}

/// The scanner's principal of a deployment that was founded.
///
/// # Errors
/// `Corrupt` if there is none.
pub fn scanner(catalog: &catalog::Catalog) -> Result<Option<PrincipalId>, CustodyError> {
    let Some(note) = catalog.note(SCANNER_NOTE)? else { return Ok(None) };
    let id = PrincipalId::from_slice(&note).ok_or_else(|| CustodyError::Corrupt("the scanner's note".to_owned()))?;
    Ok(Some(id))
}

impl Custody {
    /// Adds the first person. Refused once there is one.
    ///
    /// # Errors
    /// `Conflict` if somebody is there already; as `create_principal`.
    pub async fn found_person(&self, request: RequestId, new: &NewPrincipal) -> Result<PrincipalId, CustodyError> {
        let people = self.directory.principals();
        if people.iter().any(|principal| principal.row.kind == PrincipalKind::Person) {
            return Err(CustodyError::Conflict(crate::error::Clash::Already));
        }
        self.add_principal(&Caller::scanner(self.scanner), request, new).await
    }

    /// The person who runs a set-up command on this machine, by name; only while no server runs, which the lock on the data
    /// folder ensures.
    ///
    /// # Errors
    /// `Missing`.
    pub fn local_person(&self, name: &str) -> Result<Caller, CustodyError> {
        let principal = self
            .directory
            .principal_named(name)
            .filter(|principal| principal.row.kind == PrincipalKind::Person)
            .ok_or_else(|| CustodyError::missing(crate::error::Thing::Principal, name))?;
        Ok(Caller::founder(&principal))
    }
}
