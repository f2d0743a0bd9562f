//! Rows of the directory as the admin API shows them, and to whom.
//!
//! People of the operator see all; people of a partner see what is their own partner's, as everywhere in custody. What is
//! shown is set-up: names, ids, states. No secret is among it, and nothing of the data.

use base::Timestamp;
use base::id::{DatasetId, EngagementId, GrantId, PartnerId, PrincipalId, SessionId};
use base::word::{PrincipalKind, Purpose, Role, State, Verb};
use custody::Caller;
use custody::directory::Directory;
use custody::settings::SecretsFound;
use serde::Serialize;

/// What a caller may see of the directory.
pub(super) struct View<'a> {
    directory: &'a Directory,
    partner: Option<PartnerId>,
}

#[derive(Serialize)]
pub(super) struct Partner {
    pub(super) name: String,
    id: PartnerId,
    created: Timestamp,
}

#[derive(Serialize)]
pub(super) struct Engagement {
    pub(super) name: String,
    id: EngagementId,
    partner: String,
    pub(super) state: State,
    purposes: Vec<Purpose>,
    created: Timestamp,
}

#[derive(Serialize)]
pub(super) struct Dataset {
    pub(super) bucket: String,
    id: DatasetId,
    engagement: String,
    purposes: Vec<Purpose>,
    unscannable_readable: bool,
    secrets: SecretsFound,
    created: Timestamp,
}

#[derive(Serialize)]
pub(super) struct Principal {
    pub(super) name: String,
    id: PrincipalId,
    kind: PrincipalKind,
    partner: Option<String>,
    roles: Vec<Role>,
}

#[derive(Serialize)]
pub(super) struct Grant {
    pub(super) id: GrantId,
    principal: String,
    engagement: String,
    bucket: Option<String>,
    verbs: Vec<Verb>,
    purposes: Vec<Purpose>,
    expires: Timestamp,
}

#[derive(Serialize)]
pub(super) struct Session {
    pub(super) id: SessionId,
    access_key: String,
    principal: String,
    engagement: String,
    purpose: Purpose,
    places: Vec<String>,
    issued: Timestamp,
    expires: Timestamp,
}

impl<'a> View<'a> {
    pub(super) fn of(directory: &'a Directory, caller: &Caller) -> Self {
        Self { directory, partner: caller.who().partner }
    }

    fn shows(&self, partner: PartnerId) -> bool {
        self.partner.is_none_or(|own| own == partner)
    }

    fn shows_engagement(&self, engagement: EngagementId) -> bool {
        self.directory.engagement(engagement).is_some_and(|engagement| self.shows(engagement.partner))
    }

    pub(super) fn partners(&self) -> Vec<Partner> {
        let rows = self.directory.partners().into_iter().filter(|row| self.shows(row.id));
        rows.map(|row| Partner { name: row.name.clone(), id: row.id, created: row.created }).collect()
    }

    pub(super) fn engagements(&self) -> Vec<Engagement> {
        let rows = self.directory.engagements().into_iter().filter(|row| self.shows(row.partner));
        rows.map(|row| Engagement {
            name: row.name.clone(),
            id: row.id,
            partner: self.directory.partner(row.partner).map(|partner| partner.name.clone()).unwrap_or_default(),
            state: row.state(),
            purposes: row.purposes.to_vec(),
            created: row.created,
        })
        .collect()
    }

    pub(super) fn datasets(&self) -> Vec<Dataset> {
        let engagements = self.directory.engagements().into_iter().filter(|row| self.shows(row.partner));
        let rows = engagements.flat_map(|engagement| {
            self.directory.datasets(engagement.id).into_iter().map(move |row| (row, engagement.name.clone()))
        });
        rows.map(|(row, engagement)| Dataset {
            bucket: row.bucket.clone(),
            id: row.id,
            engagement,
            purposes: row.purposes.clone(),
            unscannable_readable: row.unscannable_readable,
            secrets: row.settings.secrets,
            created: row.created,
        })
        .collect()
    }

    pub(super) fn principals(&self) -> Vec<Principal> {
        let rows = self.directory.principals().into_iter();
        rows.filter(|row| self.partner.is_none() || row.row.partner == self.partner)
            .map(|row| Principal {
                name: row.name.clone(),
                id: row.row.id,
                kind: row.row.kind,
                partner: row.row.partner.and_then(|id| self.directory.partner(id)).map(|partner| partner.name.clone()),
                roles: row.row.roles.clone(),
            })
            .collect()
    }

    pub(super) fn grants(&self) -> Vec<Grant> {
        let rows = self.directory.grants().into_iter().filter(|row| self.shows_engagement(row.engagement));
        rows.map(|row| Grant {
            id: row.id,
            principal: self.principal(row.principal),
            engagement: self.engagement(row.engagement),
            bucket: row.dataset.and_then(|id| self.directory.dataset(id)).map(|dataset| dataset.bucket.clone()),
            verbs: row.verbs.clone(),
            purposes: row.purposes.clone(),
            expires: row.expires,
        })
        .collect()
    }

    pub(super) fn sessions(&self) -> Vec<Session> {
        let rows = self.directory.sessions().into_iter().filter(|row| self.shows_engagement(row.row.engagement));
        rows.map(|row| Session {
            id: row.row.id,
            access_key: row.row.access_key.clone(),
            principal: self.principal(row.row.principal),
            engagement: self.engagement(row.row.engagement),
            purpose: row.row.purpose.clone(),
            places: row.row.places.clone(),
            issued: row.row.issued,
            expires: row.row.expires,
        })
        .collect()
    }

    fn principal(&self, id: PrincipalId) -> String {
        self.directory.principal(id).map(|principal| principal.name.clone()).unwrap_or_default()
    }

    fn engagement(&self, id: EngagementId) -> String {
        self.directory.engagement(id).map(|engagement| engagement.name.clone()).unwrap_or_default()
    }
}
