//! Who plays: the vendor's people and machines, three partners, and what each has to do with whom.
//!
//! Names are generic; nobody real is meant. Everything is set up over the admin API, as an operator would.

use std::net::{Ipv4Addr, SocketAddr};

use base::id::EngagementId;
use base::time::Clock;
use base::word::{PrincipalKind, Purpose, Role, Verb};
use custody::office::{NewGrant, NewPrincipal};
use custody::sessions::{Issued, NewSession};
use custody::settings::SecretsFound;

use crate::chance::SystemEntropy;
use crate::client::{AdminClient, Identity};
use crate::drill::plant::Kind;
use crate::error::Error;

/// One partner and the engagement with it: a compartment.
pub(super) struct Compartment {
    pub(super) partner: &'static str,
    /// As the report calls it.
    pub(super) said: &'static str,
    pub(super) engagement: &'static str,
    pub(super) buckets: [&'static str; 2],
    /// What the small files hold, in turn, and in which bucket they lie.
    pub(super) holds: &'static [(Kind, usize, &'static str)],
}

/// The three compartments: A and B are robbed, C is not.
pub(super) static COMPARTMENTS: [Compartment; 3] = [
    Compartment {
        partner: "partner-a",
        said: "Partner A",
        engagement: "interviews-for-a",
        buckets: ["a-identity-files", "a-interviews"],
        holds: &[
            (Kind::Contractors, 0, "contractors"),
            (Kind::Interviews, 1, "interviews"),
            (Kind::Register, 0, "register"),
        ],
    },
    Compartment {
        partner: "partner-b",
        said: "Partner B",
        engagement: "rubrics-for-b",
        buckets: ["b-experts", "b-rubrics"],
        holds: &[(Kind::Rubrics, 1, "rubrics"), (Kind::Contractors, 0, "experts")],
    },
    Compartment {
        partner: "partner-c",
        said: "Partner C",
        engagement: "evaluations-for-c",
        buckets: ["c-interviews", "c-evaluations"],
        holds: &[(Kind::Interviews, 0, "interviews"), (Kind::Rubrics, 1, "evaluations")],
    },
];

/// A machine with a workload on it.
pub(super) struct Host {
    pub(super) name: &'static str,
    pub(super) address: Ipv4Addr,
    /// In which compartments it works.
    pub(super) works_in: &'static [usize],
    verbs: &'static [Verb],
}

const READS: &[Verb] = &[Verb::Read, Verb::Head, Verb::List];

/// Fills the buckets.
pub(super) static LOADER: Host = Host {
    name: "loader-01",
    address: Ipv4Addr::new(127, 0, 0, 5),
    works_in: &[0, 1, 2],
    verbs: &[Verb::Write, Verb::Read, Verb::Head, Verb::List],
};

/// The machine with the poisoned dependency. It works for two partners, so two sessions lie in its memory.
pub(super) static ROBBED: Host =
    Host { name: "etl-07", address: Ipv4Addr::new(127, 0, 0, 7), works_in: &[0, 1], verbs: READS };

/// Machines that do their work, in the same hour, on the same data.
pub(super) static HONEST: [Host; 3] = [
    Host { name: "etl-03", address: Ipv4Addr::new(127, 0, 0, 3), works_in: &[0], verbs: READS },
    Host { name: "trainer-11", address: Ipv4Addr::new(127, 0, 0, 11), works_in: &[1], verbs: READS },
    Host { name: "eval-22", address: Ipv4Addr::new(127, 0, 0, 22), works_in: &[2], verbs: READS },
];

/// Somewhere else: where a stolen credential is tried first.
pub(super) const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 66);

/// Why everybody works.
const PURPOSE: &str = "model-training";

/// How long a session lives: longer than any drill.
const SESSION_SECONDS: u64 = 1800;

/// How long a grant lives.
const GRANT_SECONDS: i64 = 3600;

/// How often it is asked whether the scans are done.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_millis(50);

/// The people, each with a key of their own.
pub(super) struct Cast {
    /// Sets up.
    pub(super) administrator: AdminClient,
    /// Pauses and asks.
    pub(super) security: AdminClient,
    /// The second person.
    pub(super) second: AdminClient,
    /// Each partner's own security.
    pub(super) partners: Vec<AdminClient>,
    /// The engagements' ids, in the order of [`COMPARTMENTS`].
    pub(super) engagements: Vec<EngagementId>,
    /// The ledger's public key, as it was told before anything happened.
    pub(super) log_key: String,
}

impl Cast {
    /// Sets everybody up; `administrator` is the person the deployment was founded with.
    pub(super) async fn assemble(
        server: SocketAddr,
        administrator: AdminClient,
        entropy: &SystemEntropy,
        clock: &dyn Clock,
    ) -> Result<Self, Error> {
        let security = person(&administrator, server, entropy, "security-lead", Role::Security, None).await?;
        let second = person(&administrator, server, entropy, "security-second", Role::Security, None).await?;
        let (mut partners, mut engagements) = (Vec::new(), Vec::new());
        for compartment in &COMPARTMENTS {
            administrator.create_partner(compartment.partner).await?;
            let name = format!("{}-security", compartment.partner);
            let role = Role::PartnerSecurity;
            partners.push(person(&administrator, server, entropy, &name, role, Some(compartment.partner)).await?);
            administrator.create_engagement(compartment.partner, compartment.engagement, &[purpose()?]).await?;
            engagements.push(administrator.engagement_id(compartment.engagement).await?);
            for bucket in compartment.buckets {
                administrator.create_dataset(compartment.engagement, bucket, &[], false).await?;
            }
        }
        for host in HONEST.iter().chain([&LOADER, &ROBBED]) {
            workload(&administrator, host, clock).await?;
        }
        let log_key = security.ledger().await?.key;
        Ok(Self { administrator, security, second, partners, engagements, log_key })
    }

    /// Lets every dataset hold secrets.
    pub(super) async fn let_secrets_be(&self) -> Result<(), Error> {
        for bucket in COMPARTMENTS.iter().flat_map(|compartment| compartment.buckets) {
            self.administrator.configure_secrets(bucket, SecretsFound::List).await?;
        }
        Ok(())
    }

    /// Waits until no version waits for a scan: what is pending is read by its writer alone.
    pub(super) async fn wait_for_scans(&self) -> Result<(), Error> {
        for bucket in COMPARTMENTS.iter().flat_map(|compartment| compartment.buckets) {
            while self.security.rescan_state(bucket).await?.waiting > 0 {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
        Ok(())
    }

    /// A session for a host in a compartment, bound to the host's address.
    pub(super) async fn session(&self, host: &Host, about: &Compartment) -> Result<Issued, Error> {
        let new = NewSession {
            principal: host.name.to_owned(),
            engagement: about.engagement.to_owned(),
            purpose: purpose()?,
            places: vec![format!("{}/32", host.address)],
            seconds: SESSION_SECONDS,
        };
        self.administrator.create_session(&new).await
    }
}

async fn person(
    administrator: &AdminClient,
    server: SocketAddr,
    entropy: &SystemEntropy,
    name: &str,
    role: Role,
    partner: Option<&str>,
) -> Result<AdminClient, Error> {
    // The key lives in memory only and dies with the drill.
    let (identity, _line) = Identity::generate(name, entropy)?;
    let new = NewPrincipal {
        name: name.to_owned(),
        kind: PrincipalKind::Person,
        partner: partner.map(str::to_owned),
        roles: vec![role],
        public_key: Some(identity.public_key()),
    };
    administrator.create_principal(&new).await?;
    Ok(AdminClient::new(server, identity))
}

async fn workload(administrator: &AdminClient, host: &Host, clock: &dyn Clock) -> Result<(), Error> {
    let new = NewPrincipal {
        name: host.name.to_owned(),
        kind: PrincipalKind::Workload,
        partner: None,
        roles: vec![Role::Workload],
        public_key: None,
    };
    administrator.create_principal(&new).await?;
    for compartment in host.works_in.iter().filter_map(|place| COMPARTMENTS.get(*place)) {
        let grant = NewGrant {
            principal: host.name.to_owned(),
            engagement: compartment.engagement.to_owned(),
            bucket: None,
            verbs: host.verbs.to_vec(),
            purposes: vec![purpose()?],
            expires: clock.now().plus_seconds(GRANT_SECONDS),
        };
        administrator.create_grant(&grant).await?;
    }
    Ok(())
}

fn purpose() -> Result<Purpose, Error> {
    PURPOSE.parse().map_err(|error| Error::part("naming a purpose", base::Kind::Bug, error))
}
