//! Contracts of datasets: what a document says of the people in a dataset, of what is confidential, and of what may be done with it.
//!
//! The document is kept whole and sealed, a revision each time it changes; what follows from it ([`contract::Terms`]) is a part of
//! the dataset's settings, so that every act is decided under one revision of both.
//!
//! A contract narrows: its purposes are among the engagement's. Facts that were made before it stay as they are; scanning the dataset
//! anew makes those that it speaks of.
//!
//! # Threats
//! Whoever may configure a dataset may change what scope later counts: every change is an entry with the document's digest, and
//! documents of before are kept. A writer of the database can neither read nor forge one.

use base::Timestamp;
use base::id::{DatasetId, RequestId};
use base::word::Verb;
use catalog::model::ContractRow;
use contract::{Contract, Holds, Names, Terms, Unscannable};
use seal::Fields;
use serde::{Deserialize, Serialize};

use crate::custody::{Custody, Matter};
use crate::directory::Engagement;
use crate::error::{CustodyError, Thing};
use crate::identity::Caller;
use crate::settings::{Changed, Dataset};

/// The version of the answer's JSON.
pub const SCHEMA: &str = "cofferdam.dataset-contract/1";

/// What a sealed document is bound to, beside the dataset and the revision.
const CONTEXT: &str = "contract";

/// When names are looked for in a dataset with a contract that does not say. Such a dataset is about people; a put stays as fast
/// as without, and what is not known yet is said by whoever counts.
const NAMES: Names = Names::After;

/// The contract that a dataset's settings hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bound {
    /// The revision of the settings that it began with.
    pub revision: u64,
    /// What follows from it.
    pub terms: Terms,
}

/// A contract, as it is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ContractAnswer {
    /// `cofferdam.dataset-contract/1`.
    pub schema: String,
    /// The bucket.
    pub bucket: String,
    /// Its revision.
    pub revision: u64,
    /// Since when it holds.
    pub since: Timestamp,
    /// SHA-256 of the document, in hex.
    pub digest: String,
    /// Its status, in its own words.
    pub status: String,
    /// What follows from it.
    pub terms: Terms,
    /// What is in it and nothing follows from.
    pub not_understood: Vec<contract::Left>,
    /// The document.
    pub document: String,
    /// Every contract that the dataset had, the last one first.
    pub revisions: Vec<Revision>,
}

/// One contract that a dataset had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Which.
    pub revision: u64,
    /// Since when.
    pub since: Timestamp,
    /// SHA-256 of the document, in hex.
    pub digest: String,
}

impl Custody {
    /// Puts a dataset under a contract, in the place of the one that it has.
    ///
    /// # Errors
    /// `Invalid` with everything that is wrong with the document, or when it allows a purpose that the engagement does not have;
    /// `Missing`; as policy answers.
    pub async fn set_contract(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: &str,
        document: &str,
    ) -> Result<ContractAnswer, CustodyError> {
        self.reconfigure(caller, request, bucket, |engagement, settings, revision| {
            let contract = Contract::read(document).map_err(|error| CustodyError::invalid(error.to_string()))?;
            check_purposes(&contract.terms, engagement)?;
            let digest = attest::sha256(&[document.as_bytes()]);
            let subject_key = contract.terms.collections.iter().flat_map(|collection| &collection.fields);
            let subject_key =
                subject_key.filter(|field| matches!(field.holds, Some(Holds::Subject { .. }))).count() > 0;
            let not_understood = contract.not_understood.len() as u64;
            settings.contract = Some(Bound { revision, terms: contract.terms });
            Ok(Changed::Contract { document: document.to_owned(), digest, subject_key, not_understood })
        })
        .await?;
        let (engagement, dataset) = self.collection(caller, bucket)?;
        self.contract_of(&engagement, &dataset)
    }

    /// The contract of a dataset.
    ///
    /// # Errors
    /// `Missing` dataset or contract; as policy answers.
    pub async fn contract(
        &self,
        caller: &Caller,
        request: RequestId,
        bucket: &str,
    ) -> Result<ContractAnswer, CustodyError> {
        let (engagement, dataset) = self.collection(caller, bucket)?;
        let matter = Matter::names(request, Verb::Scope, &engagement, Some(&dataset));
        let permit = self.judge(caller, matter).await?;
        let _receipt = self.release(caller, permit).await?;
        self.contract_of(&engagement, &dataset)
    }

    fn contract_of(&self, engagement: &Engagement, dataset: &Dataset) -> Result<ContractAnswer, CustodyError> {
        let rows = self.catalog.contracts(dataset.id)?;
        let Some(row) = rows.first() else {
            return Err(CustodyError::missing(Thing::Contract, dataset.bucket.clone()));
        };
        let corrupt = || CustodyError::Corrupt(format!("contract {} of dataset `{}`", row.revision, dataset.id));
        let opened = engagement.fields.open(CONTEXT, &place(dataset.id, row.revision), &row.document)?;
        let document = opened.expose(|bytes| String::from_utf8(bytes.to_vec())).map_err(|_| corrupt())?;
        if attest::sha256(&[document.as_bytes()]) != row.digest {
            return Err(corrupt());
        }
        let contract = Contract::read(&document).map_err(|_| corrupt())?;
        let revision = |row: &ContractRow| Revision {
            revision: row.revision,
            since: row.at,
            digest: data_encoding::HEXLOWER.encode(&row.digest),
        };
        let Revision { revision: number, since, digest } = revision(row);
        Ok(ContractAnswer {
            schema: SCHEMA.to_owned(),
            bucket: dataset.bucket.clone(),
            revision: number,
            since,
            digest,
            status: contract.status,
            terms: contract.terms,
            not_understood: contract.not_understood,
            document,
            revisions: rows.iter().map(revision).collect(),
        })
    }
}

/// A contract narrows what the engagement allows.
fn check_purposes(terms: &Terms, engagement: &Engagement) -> Result<(), CustodyError> {
    let foreign = terms.purposes.iter().flatten().find(|purpose| !engagement.purposes.contains(purpose));
    match foreign {
        None => Ok(()),
        Some(foreign) => Err(CustodyError::invalid(format!(
            "the contract allows the purpose `{foreign}`, which engagement `{}` does not have\nuse purposes of the engagement in \
             `cofferdamPurposes`",
            engagement.name
        ))),
    }
}

/// Seals a document for a dataset and a revision of its settings.
pub(crate) fn seal(
    fields: &Fields,
    dataset: DatasetId,
    revision: u64,
    document: &str,
) -> Result<Vec<u8>, CustodyError> {
    Ok(fields.seal(CONTEXT, &place(dataset, revision), document.as_bytes())?)
}

fn place(dataset: DatasetId, revision: u64) -> Vec<u8> {
    [dataset.as_bytes().as_slice(), &revision.to_be_bytes()].concat()
}

impl Dataset {
    /// What the contract says, if there is one.
    pub(crate) fn terms(&self) -> Option<&Terms> {
        self.settings.contract.as_ref().map(|bound| &bound.terms)
    }

    /// When names are looked for in what comes in.
    pub(crate) fn names(&self) -> Names {
        self.terms().map_or(Names::OnRequest, |terms| terms.names.unwrap_or(NAMES))
    }

    /// Whether versions that no detector can read may be read, if the contract says.
    pub(crate) fn unscannable_by_contract(terms: &Terms) -> Option<bool> {
        terms.unscannable.map(|unscannable| unscannable == Unscannable::Read)
    }

    /// What the contract says of the fields in an object, and of which revision it is.
    pub(crate) fn structure(&self, key: &str) -> Option<(u64, scan::Structure)> {
        let bound = self.settings.contract.as_ref()?;
        let collection = bound.terms.collection(key)?;
        let fields = collection.fields.iter().map(|field| scan::Field {
            name: field.name.clone(),
            inside: field.inside.clone(),
            title: field.title.clone(),
            holds: match &field.holds {
                None => scan::Holds::Anything,
                Some(Holds::Subject { kind }) => scan::Holds::Subject { kind: kind.clone() },
                Some(Holds::Residence { within }) => scan::Holds::Residence { within: *within },
                Some(Holds::Type(data_type)) => scan::Holds::Type(*data_type),
            },
        });
        let structure = scan::Structure {
            collection: collection.name.clone(),
            namespace: self.id.to_string(),
            fields: fields.collect(),
        };
        Some((bound.revision, structure))
    }
}
