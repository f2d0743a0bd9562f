//! The closed vocabularies that several parts share: states, verbs, forms, data types.
//!
//! Each has one text form, used in the catalog, the ledger, policies and the interfaces alike.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not one of a vocabulary's words.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownWord {
    /// Which vocabulary.
    pub vocabulary: &'static str,
    /// Its words.
    pub words: &'static [&'static str],
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {}: expected one of {}", self.vocabulary, self.words.join(", "))
    }
}

impl std::error::Error for UnknownWord {}

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident, $title:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every word, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The text form.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(UnknownWord { vocabulary: $title, words: &[$($word),*] }),
                }
            }
        }
    };
}

vocabulary! {
    /// The state of an engagement.
    State, "engagement state" {
        /// Data moves under policy.
        Active = "active",
        /// Nothing moves.
        Paused = "paused",
        /// Its keys are destroyed.
        Closed = "closed",
    }
}

vocabulary! {
    /// What a principal is.
    PrincipalKind, "principal kind" {
        /// A human being with a key pair.
        Person = "person",
        /// A program.
        Workload = "workload",
    }
}

vocabulary! {
    /// What a person or workload is trusted with.
    Role, "role" {
        /// Operator: sets up partners, engagements, principals and grants.
        Administrator = "administrator",
        /// Operator: pauses, resumes, scopes.
        Security = "security",
        /// Operator: moves data.
        DataEngineer = "data-engineer",
        /// Operator: labels data.
        Labeler = "labeler",
        /// Operator: answers for incidents and for the people they concern; reads no data.
        PrivacyOfficer = "privacy-officer",
        /// Reads evidence, never data.
        Auditor = "auditor",
        /// Partner: pauses, resumes and scopes its own engagements.
        PartnerSecurity = "partner-security",
        /// Partner: reads its own deliveries.
        PartnerResearcher = "partner-researcher",
        /// A program of the operator.
        Workload = "workload",
    }
}

vocabulary! {
    /// What is asked for. The names are also the Cedar actions.
    Verb, "verb" {
        /// Read the bytes of a version.
        Read = "read",
        /// Learn that an object exists and its size, time and names.
        Head = "head",
        /// List names.
        List = "list",
        /// Write a version, or parts of one.
        Write = "write",
        /// Delete an object.
        Delete = "delete",
        /// Create a dataset.
        CreateDataset = "create-dataset",
        /// Delete an empty dataset.
        DeleteDataset = "delete-dataset",
        /// Change a dataset's settings: versioning, object lock and what else S3 keeps with a bucket.
        ConfigureDataset = "configure-dataset",
        /// Shorten, lift or delete past a retention of governance mode.
        BypassGovernance = "bypass-governance",
        /// Read one's own engagement's scope reports and packs.
        Scope = "scope",
        /// Resume a paused engagement.
        Resume = "resume",
        /// Set up partners, engagements, principals, grants.
        Administer = "administer",
        /// Issue a session.
        IssueSession = "issue-session",
        /// The intake scanner reading what was just written.
        Scan = "scan",
        /// See what lies in quarantine, and why.
        Review = "review",
        /// Let a version out of quarantine, or decide that it stays.
        ReleaseQuarantined = "release-quarantined",
        /// Make, see, rehearse and retire decoys.
        KeepDecoys = "keep-decoys",
        /// See alarms, acknowledge them, and say who is told of them.
        WatchAlarms = "watch-alarms",
        /// Set a budget, or lower one.
        SetBudget = "set-budget",
        /// Let more leave than a budget did.
        RaiseBudget = "raise-budget",
        /// Work on incidents: open, declare, contain, set clocks, report, notify, close.
        Respond = "respond",
        /// Open the list of the people an incident concerns.
        OpenPeople = "open-people",
    }
}

vocabulary! {
    /// In which form something became known to somebody. Legal exemptions hang on it.
    Form, "form of exposure" {
        /// Plaintext as stored.
        Raw = "raw",
        /// A de-identified view.
        View = "view",
        /// Sealed bytes without a key.
        Sealed = "sealed",
        /// That it exists, its name, size, time.
        Names = "names",
    }
}

vocabulary! {
    /// How far the scanner got with a version.
    ScanState, "scan state" {
        /// Not looked at yet: readable by its writer and the scanner alone.
        Pending = "pending",
        /// Facts are in the catalog.
        Scanned = "scanned",
        /// Holds what must not be here: reviewers only.
        Quarantined = "quarantined",
        /// No detector can read it: readable where the dataset says so.
        Unscannable = "unscannable",
    }
}

vocabulary! {
    /// How a reader stands with the budgets that count for a read.
    BudgetState, "budget state" {
        /// Below every alarm.
        Within = "within",
        /// Past an alarm, and there is room.
        Soft = "soft",
        /// A hard budget has no room for what is asked.
        Spent = "spent",
    }
}

vocabulary! {
    /// What a reviewer decides about a version in quarantine.
    Decision, "decision" {
        /// It may be read like others.
        Release = "release",
        /// It stays where it is.
        Keep = "keep",
    }
}

vocabulary! {
    /// What an alarm is about.
    AlarmKind, "kind of alarm" {
        /// A decoy was used.
        Decoy = "decoy",
        /// A decoy was used again, after it had raised its alarm.
        DecoyAgain = "decoy-again",
        /// A soft budget was crossed.
        Budget = "budget",
        /// Sessions that are over are tried again and again.
        Lapsed = "lapsed",
        /// The store was read by somebody who did not come through here.
        Bypass = "bypass",
        /// The ledger or its publisher does not keep up.
        Ledger = "ledger",
        /// The scanner gives versions up.
        Scanner = "scanner",
        /// Somebody tries whether alarms arrive.
        Test = "test",
    }
}

vocabulary! {
    /// How soon somebody should look at an alarm.
    Severity, "severity" {
        /// When there is time.
        Low = "low",
        /// Today.
        Medium = "medium",
        /// Within the hour.
        High = "high",
        /// Now.
        Critical = "critical",
    }
}

vocabulary! {
    /// How strict a retention is. SPEC: S3 object lock.
    RetentionMode, "retention mode" {
        /// May be shortened or lifted by whoever is allowed to.
        Governance = "governance",
        /// Not shortened or lifted by anybody.
        Compliance = "compliance",
    }
}

vocabulary! {
    /// Whether a version is held for the law, without an end. SPEC: S3 object lock.
    LegalHold, "legal hold" {
        /// It may not be deleted.
        On = "on",
        /// It was held, and is no longer.
        Off = "off",
    }
}

vocabulary! {
    /// What an engagement's key is for. Each purpose has its own retention.
    KeyPurpose, "key purpose" {
        /// Wraps the keys of data; destroyed at closure.
        Data = "data",
        /// Seals entries and metadata; outlives the data.
        Record = "record",
        /// Keys the digests of people; outlives the data.
        Subject = "subject",
        /// Derives session secrets and seals session tokens.
        Token = "token",
        /// Wraps object keys of one dataset for one day.
        Epoch = "epoch",
    }
}

vocabulary! {
    /// A type of data that a finding can have.
    DataType, "data type" {
        /// E-mail address.
        Email = "email",
        /// Telephone number.
        Phone = "phone",
        /// Payment card number.
        Card = "card",
        /// US social security number.
        Ssn = "ssn",
        /// International bank account number.
        Iban = "iban",
        /// Name of a person.
        Name = "name",
        /// Date of birth.
        BirthDate = "birth-date",
        /// Age of a person.
        Age = "age",
        /// Postal address, or a part of one.
        Address = "address",
        /// IP address.
        Ip = "ip",
        /// Hardware address of a network interface.
        Mac = "mac",
        /// Identifier of a device: IMEI.
        Device = "device",
        /// Vehicle identification number or registration.
        Vehicle = "vehicle",
        /// National identity number of a person.
        NationalId = "national-id",
        /// Tax number of a person or a business.
        TaxId = "tax-id",
        /// Passport number.
        Passport = "passport",
        /// Driving licence number.
        DrivingLicence = "driving-licence",
        /// Card verification value or track data, which nobody may store.
        CardSecurity = "card-security",
        /// Bank account number that is no IBAN.
        BankAccount = "bank-account",
        /// Number of a bank: routing number, SWIFT code.
        BankCode = "bank-code",
        /// Address of a crypto currency.
        Crypto = "crypto",
        /// Number of a security: ISIN, CUSIP.
        Security = "security",
        /// Number of a patient or insured person.
        HealthId = "health-id",
        /// Number of a health professional or practice.
        Provider = "provider",
        /// Code of a diagnosis.
        Diagnosis = "diagnosis",
        /// Key, password or token that opens something.
        Secret = "secret",
        /// What a rule of the user finds.
        Custom = "custom",
        /// Number or name by which a dataset's contract tells its people apart.
        PersonKey = "person-key",
        /// Country or state in which a person lives, where a contract says that a field holds it.
        Residence = "residence",
    }
}

impl DataType {
    /// What people call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Email => "e-mail address",
            Self::Phone => "telephone number",
            Self::Card => "payment card",
            Self::Ssn => "social security number",
            Self::Iban => "bank account (IBAN)",
            Self::Name => "name",
            Self::BirthDate => "date of birth",
            Self::Age => "age",
            Self::Address => "postal address",
            Self::Ip => "IP address",
            Self::Mac => "hardware address",
            Self::Device => "device",
            Self::Vehicle => "vehicle",
            Self::NationalId => "national identity number",
            Self::TaxId => "tax number",
            Self::Passport => "passport",
            Self::DrivingLicence => "driving licence",
            Self::CardSecurity => "card verification data",
            Self::BankAccount => "bank account",
            Self::BankCode => "bank code",
            Self::Crypto => "crypto currency address",
            Self::Security => "security number",
            Self::HealthId => "patient or insurance number",
            Self::Provider => "health professional",
            Self::Diagnosis => "diagnosis",
            Self::Secret => "secret",
            Self::Custom => "custom",
            Self::PersonKey => "key of a person",
            Self::Residence => "place of residence",
        }
    }

    /// Whether a value of this type tells one person from all others, so that two records with the same value speak of the
    /// same person. A name or an age does not.
    #[must_use]
    pub const fn identifies(self) -> bool {
        matches!(
            self,
            Self::Email
                | Self::Phone
                | Self::Card
                | Self::Ssn
                | Self::Iban
                | Self::NationalId
                | Self::TaxId
                | Self::Passport
                | Self::DrivingLicence
                | Self::BankAccount
                | Self::HealthId
                | Self::PersonKey
        )
    }

    /// Whether it says something of a person at all. Secrets and numbers of banks do not.
    #[must_use]
    pub const fn is_personal(self) -> bool {
        !matches!(self, Self::Secret | Self::BankCode | Self::Security | Self::CardSecurity | Self::Custom)
    }
}

/// Why data is read or written, in the operator's words: `model-training`, `evaluation`, `labeling`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Purpose(String);

/// The longest purpose, bucket label or principal name in bytes; they are repeated in every entry.
pub const LONGEST_NAME_BYTES: usize = 64;

impl Purpose {
    /// The purpose as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Purpose {
    type Err = NotAName;
    fn from_str(text: &str) -> Result<Self, NotAName> {
        check_name(text)?;
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl<'de> Deserialize<'de> for Purpose {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A text that cannot name a purpose, partner, engagement or principal.
#[derive(Debug, PartialEq, Eq)]
pub struct NotAName;

impl fmt::Display for NotAName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a name: use 1 to 64 of a-z, 0-9, `-`, `_` and `.`, beginning with a letter or digit")
    }
}

impl std::error::Error for NotAName {}

/// Checks the names people choose: 1 to 64 of `a-z 0-9 - _ .`, beginning with a letter or digit.
///
/// # Errors
/// [`NotAName`] otherwise.
pub fn check_name(text: &str) -> Result<(), NotAName> {
    let bytes = text.as_bytes();
    let first = bytes.first().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let rest = bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_.".contains(b));
    if first && rest && bytes.len() <= LONGEST_NAME_BYTES { Ok(()) } else { Err(NotAName) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for verb in Verb::ALL {
            assert_eq!(verb.word().parse(), Ok(*verb));
        }
        assert!("READ".parse::<Verb>().is_err());
    }

    #[test]
    fn names_are_plain() {
        assert!(check_name("model-training").is_ok());
        for bad in ["", "-x", "Upper", "a b", &"x".repeat(65)] {
            assert_eq!(check_name(bad), Err(NotAName));
        }
    }
}
