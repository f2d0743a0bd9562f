//! The closed vocabularies of incidents. Each word is what stands in the report, in rule files and on the command line.

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
    ($($(#[$doc:meta])* $name:ident, $title:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* })*) => {$(
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
                    _ => Err(UnknownWord { vocabulary: $title, words: &[$($word,)*] }),
                }
            }
        }
    )*};
}

vocabulary! {
    /// On what a figure rests.
    Basis, "basis" {
        /// Bytes left: the ledger says so.
        Served = "served",
        /// Ranges were read: bytes left, of a part.
        PartlyServed = "partly_served",
        /// Only names were.
        Listed = "listed",
        /// The credential could have read it; no event says that it did.
        Reachable = "reachable",
        /// Somebody said so.
        Reported = "reported",
    }

    /// A moment that deadlines and readers refer to. Most are set by a person, with reasons.
    ClockName, "clock" {
        /// The intruder's first act that is known.
        FirstActivity = "first_activity",
        /// The last one.
        LastActivity = "last_activity",
        /// The first sign that reached anybody.
        FirstSignal = "first_signal",
        /// From when it was known, or could have been with care.
        Discovered = "discovered",
        /// From when it was reasonably certain that personal data were compromised.
        Aware = "aware",
        /// When it was declared an incident.
        Declared = "declared",
        /// When the last way out was closed.
        Contained = "contained",
        /// When a processor of ours told us.
        ProcessorToldUs = "processor_told_us",
        /// When it was decided that the incident is material to investors.
        MaterialityDecided = "materiality_decided",
        /// When it was determined that an event occurred which New York's Department of Financial Services must hear of.
        DfsDetermined = "dfs_determined",
        /// When the people concerned were told.
        PeopleTold = "people_told",
        /// When counting ended.
        ScopeFinal = "scope_final",
        /// When an extortionist was paid.
        ExtortionPaid = "extortion_paid",
    }

    /// How far an incident has come.
    Stage, "stage of an incident" {
        /// Something was noticed.
        Signal = "signal",
        /// Somebody owns it.
        Triage = "triage",
        /// It is an incident.
        Declared = "declared",
        /// Every way out is closed.
        Contained = "contained",
        /// What it reached is being counted.
        Scoping = "scoping",
        /// Its cause is removed.
        Eradicated = "eradicated",
        /// Work resumes.
        Recovering = "recovering",
        /// Lessons are written.
        Closed = "closed",
    }

    /// What kind of incident it is.
    Category, "category" {
        /// A credential was stolen.
        CredentialTheft = "credential_theft",
        /// Somebody who was allowed in.
        Insider = "insider",
        /// Data stood open.
        PublicExposure = "public_exposure",
        /// A part that was built in.
        SupplyChain = "supply_chain",
        /// A key was lost.
        LostKey = "lost_key",
        /// Another kind.
        Other = "other",
    }

    /// Which report of an incident it is.
    ReportKind, "kind of report" {
        /// The first.
        Initial = "initial",
        /// A later one: counting goes on.
        Update = "update",
        /// Counting has ended.
        Final = "final",
    }

    /// Where a deadline stands.
    DeadlineState, "state of a deadline" {
        /// The rule does not apply, or what starts its clock has not happened.
        NotTriggered = "not_triggered",
        /// The clock runs.
        Running = "running",
        /// It ends soon.
        DueSoon = "due_soon",
        /// Done in time.
        Sent = "sent",
        /// Past its end, or done past its end.
        Late = "late",
        /// Somebody decided, with reasons, that it need not be done.
        Waived = "waived",
    }

    /// Whom a duty is owed to.
    Recipient, "recipient" {
        /// The people concerned.
        People = "people",
        /// A data protection authority.
        Authority = "authority",
        /// A state's attorney general, or the agency in that place.
        AttorneyGeneral = "attorney_general",
        /// The consumer reporting agencies.
        CreditBureaus = "credit_bureaus",
        /// The United States' Department of Health and Human Services.
        Hhs = "hhs",
        /// Prominent media of a state.
        Media = "media",
        /// Investors, through the Securities and Exchange Commission.
        Investors = "investors",
        /// New York's Department of Financial Services.
        Dfs = "dfs",
        /// The Cybersecurity and Infrastructure Security Agency.
        Cisa = "cisa",
        /// The partner whose data it is.
        Partner = "partner",
        /// The controller, owner or covered entity for whom the data is kept.
        Owner = "owner",
    }

    /// What the operator is to the data.
    DutyRole, "role" {
        /// Decides why and how (GDPR).
        Controller = "controller",
        /// Works for a controller (GDPR).
        Processor = "processor",
        /// Owns or licenses it (US states).
        Owner = "owner",
        /// Keeps it for an owner (US states).
        Maintainer = "maintainer",
        /// Provides or pays for care (HIPAA).
        CoveredEntity = "covered_entity",
        /// Works for a covered entity (HIPAA).
        BusinessAssociate = "business_associate",
    }

    /// How a rule's text was come by.
    HowRead, "way of reading" {
        /// In the source that is named.
        Source = "R",
        /// In a text about the source.
        Secondary = "R2",
        /// From memory: check before use.
        Memory = "M",
    }

    /// Who may hold back a notice.
    HoldBy, "holder" {
        /// Any law enforcement agency that investigates.
        LawEnforcement = "law_enforcement",
        /// The Attorney General of the United States alone.
        UsAttorneyGeneral = "us_attorney_general",
    }

    /// Where an entry of the timeline comes from.
    TimelineSource, "source" {
        /// The ledger.
        Ledger = "ledger",
        /// A person who worked on the incident.
        Responder = "responder",
        /// Another system's log.
        Imported = "imported",
        /// Somebody outside.
        External = "external",
    }

    /// How a figure moved from one report to the next.
    Direction, "direction" {
        /// It is there now and was not.
        New = "new",
        /// It grew, or its upper bound did.
        Grew = "grew",
        /// It shrank: only with a reason.
        Shrank = "shrank",
        /// It was there and is no longer: only with a reason.
        Gone = "gone",
        /// Its bounds drew closer without leaving the earlier ones.
        Narrowed = "narrowed",
        /// Something other than a figure.
        Changed = "changed",
    }
}

impl ClockName {
    /// What it means, after "when".
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::FirstActivity => "the intruder's first act is known",
            Self::LastActivity => "the intruder's last act is known",
            Self::FirstSignal => "the first signal is on record",
            Self::Discovered => "the date of discovery is set",
            Self::Aware => "awareness is set",
            Self::Declared => "the incident is declared",
            Self::Contained => "the incident is contained",
            Self::ProcessorToldUs => "a processor has told us",
            Self::MaterialityDecided => "materiality has been decided",
            Self::DfsDetermined => "it is determined that a reportable event occurred",
            Self::PeopleTold => "the people concerned have been told",
            Self::ScopeFinal => "the scope is final",
            Self::ExtortionPaid => "an extortion payment was made",
        }
    }

    /// Whether a later second entry counts rather than an earlier one. Deadlines run from what was known first; what ends
    /// something ends when it was last seen.
    #[must_use]
    pub const fn ends_something(self) -> bool {
        matches!(self, Self::LastActivity | Self::Contained)
    }
}

impl Recipient {
    /// What a reader calls it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::People => "people concerned",
            Self::Authority => "data protection authority",
            Self::AttorneyGeneral => "attorney general",
            Self::CreditBureaus => "credit bureaus",
            Self::Hhs => "Health and Human Services",
            Self::Media => "media",
            Self::Investors => "investors (SEC)",
            Self::Dfs => "Department of Financial Services",
            Self::Cisa => "CISA",
            Self::Partner => "partner",
            Self::Owner => "owner of the data",
        }
    }
}

impl DutyRole {
    /// Under which law it is a role.
    #[must_use]
    pub const fn law(self) -> &'static str {
        match self {
            Self::Controller | Self::Processor => "gdpr",
            Self::Owner | Self::Maintainer => "us-states",
            Self::CoveredEntity | Self::BusinessAssociate => "hipaa",
        }
    }
}

impl HowRead {
    /// What the mark means.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Source => "read in the source",
            Self::Secondary => "read in a secondary source",
            Self::Memory => "from memory",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for clock in ClockName::ALL {
            assert_eq!(clock.word().parse(), Ok(*clock));
            assert!(!clock.meaning().is_empty());
        }
        assert!("Aware".parse::<ClockName>().is_err());
    }
}
