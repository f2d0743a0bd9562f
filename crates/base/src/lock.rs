//! Object lock: until when a version may not be deleted, and who may decide otherwise.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::word::{LegalHold, RetentionMode};

/// Until when a version is retained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// How strict.
    pub mode: RetentionMode,
    /// The first instant at which it is over.
    pub until: Timestamp,
}

/// What keeps a version from being deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Lock {
    /// Its retention; one that is over stays, and forbids nothing.
    pub retention: Option<Retention>,
    /// Its legal hold; `None` if it never had one.
    pub legal_hold: Option<LegalHold>,
}

/// Who may undo what a lock keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bar {
    /// Everybody who may delete: nothing stands against it.
    Open,
    /// Whoever may bypass governance, and says so.
    Governance,
    /// Nobody.
    Absolute,
}

impl Lock {
    /// What stands against deleting the version.
    // SPEC: S3 object lock: a legal hold holds whatever the retention says.
    #[must_use]
    pub fn against_deletion(&self, now: Timestamp) -> Bar {
        if self.legal_hold == Some(LegalHold::On) {
            return Bar::Absolute;
        }
        self.against_retention(None, now)
    }

    /// What stands against another retention in place of the one there is.
    // SPEC: S3 object lock: what is retained may be retained longer by anybody who may write. Another mode, even a stricter one,
    // takes the right to bypass governance.
    #[must_use]
    pub fn against_retention(&self, new: Option<Retention>, now: Timestamp) -> Bar {
        let Some(old) = self.retention.filter(|retention| retention.until > now) else { return Bar::Open };
        if new.is_some_and(|new| new.until >= old.until && new.mode == old.mode) {
            return Bar::Open;
        }
        match old.mode {
            RetentionMode::Governance => Bar::Governance,
            RetentionMode::Compliance => Bar::Absolute,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1000);

    fn retained(mode: RetentionMode, seconds: i64) -> Retention {
        Retention { mode, until: Timestamp::from_seconds(seconds) }
    }

    fn lock(mode: RetentionMode, seconds: i64) -> Lock {
        Lock { retention: Some(retained(mode, seconds)), legal_hold: None }
    }

    #[test]
    fn a_retention_forbids_until_it_is_over() {
        assert_eq!(Lock::default().against_deletion(NOW), Bar::Open);
        assert_eq!(lock(RetentionMode::Governance, 1001).against_deletion(NOW), Bar::Governance);
        assert_eq!(lock(RetentionMode::Compliance, 1001).against_deletion(NOW), Bar::Absolute);
        assert_eq!(lock(RetentionMode::Compliance, 1000).against_deletion(NOW), Bar::Open);
        for (hold, bar) in [(LegalHold::On, Bar::Absolute), (LegalHold::Off, Bar::Open)] {
            assert_eq!(Lock { retention: None, legal_hold: Some(hold) }.against_deletion(NOW), bar);
        }
    }

    #[test]
    fn a_retention_grows_freely_and_shrinks_by_right() {
        use RetentionMode::{Compliance, Governance};
        for (old, new, bar) in [
            ((Governance, 2000), Some((Governance, 2000)), Bar::Open),
            ((Governance, 2000), Some((Compliance, 3000)), Bar::Governance),
            ((Governance, 2000), Some((Governance, 1999)), Bar::Governance),
            ((Governance, 2000), Some((Compliance, 1999)), Bar::Governance),
            ((Governance, 2000), None, Bar::Governance),
            ((Compliance, 2000), Some((Compliance, 2001)), Bar::Open),
            ((Compliance, 2000), Some((Compliance, 1999)), Bar::Absolute),
            ((Compliance, 2000), Some((Governance, 3000)), Bar::Absolute),
            ((Compliance, 2000), None, Bar::Absolute),
            ((Compliance, 900), Some((Governance, 1100)), Bar::Open),
        ] {
            let new = new.map(|(mode, until)| retained(mode, until));
            assert_eq!(lock(old.0, old.1).against_retention(new, NOW), bar, "{old:?} {new:?}");
        }
    }
}
