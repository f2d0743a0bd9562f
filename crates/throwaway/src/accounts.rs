//! The accounts: who they are, and the keys that never change.

use std::collections::BTreeSet;

use cofferdam::{Error, files};
use serde::Deserialize;

/// What suites written for boto3 expect to find.
const EXPECTED: [&str; 6] = ["main", "alt", "tenant", "iam", "iam-root", "iam-alt-root"];

/// More would make founding slow and prove nothing.
const MOST_ACCOUNTS: usize = 64;

/// How long a secret key is, as AWS's are.
pub(crate) const SECRET_BYTES: usize = 40;

/// How long an access key is at least, as AWS's are.
const ACCESS_KEY_BYTES: usize = 20;

/// An account: an engagement, and one workload in it.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    /// The engagement's name, and the display name in answers.
    pub(crate) name: String,
    /// For suites that ask for one; the server has no use for it.
    pub(crate) email: String,
    /// The access key id.
    pub(crate) access_key: String,
    /// The secret key. No secret: it stands in this repository, or in a file of the suite.
    pub(crate) secret_key: String,
}

impl Account {
    /// An account with keys made from its name.
    fn named(name: &str) -> Self {
        let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        Self {
            name: name.to_owned(),
            email: format!("{name}@throwaway.test"),
            access_key: format!("{:X<ACCESS_KEY_BYTES$}", format!("THROW{}", plain.to_ascii_uppercase())),
            secret_key: format!("{:+<SECRET_BYTES$}", format!("known/to/everybody/{plain}")),
        }
    }
}

/// The accounts that the command line asks for: those suites expect, a number of them, or those of a file.
///
/// # Errors
/// [`Error::Misuse`] for what cannot be accounts; [`Error::File`].
pub(crate) fn chosen(asked: Option<&str>) -> Result<Vec<Account>, Error> {
    let accounts: Vec<Account> = match asked.map(|asked| (asked, asked.parse::<usize>())) {
        None => EXPECTED.into_iter().map(Account::named).collect(),
        Some((_, Ok(count))) => {
            let more = (1..=count.min(MOST_ACCOUNTS.saturating_add(1)).saturating_sub(EXPECTED.len()))
                .map(|more| format!("more-{more}"));
            let names = EXPECTED.into_iter().map(str::to_owned).chain(more);
            names.take(count).map(|name| Account::named(&name)).collect()
        }
        Some((file, Err(_))) => {
            let text = files::read_text(file.as_ref())?;
            let text = text.ok_or_else(|| Error::Misuse(format!("there is no file `{file}`")))?;
            serde_json::from_str(&text).map_err(|error| Error::Misuse(format!("`{file}` cannot be read: {error}")))?
        }
    };
    check(&accounts)?;
    Ok(accounts)
}

fn check(accounts: &[Account]) -> Result<(), Error> {
    if accounts.is_empty() || accounts.len() > MOST_ACCOUNTS {
        return Err(Error::Misuse(format!("there can be 1 to {MOST_ACCOUNTS} accounts")));
    }
    for account in accounts {
        let Account { name, access_key, secret_key, .. } = account;
        base::word::check_name(name).map_err(|error| Error::Misuse(format!("`{}` is {error}", name.escape_debug())))?;
        if secret_key.len() != SECRET_BYTES || access_key.is_empty() {
            let why =
                format!("the secret key of `{name}` must have {SECRET_BYTES} characters, its access key at least one");
            return Err(Error::Misuse(why));
        }
    }
    let names: BTreeSet<&str> = accounts.iter().map(|account| account.name.as_str()).collect();
    let keys: BTreeSet<&str> = accounts.iter().map(|account| account.access_key.as_str()).collect();
    if names.len() < accounts.len() || keys.len() < accounts.len() {
        return Err(Error::Misuse("two accounts have one name or one access key".to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_as_long_as_clients_expect_and_differ() {
        let accounts = chosen(Some("64")).unwrap();
        assert_eq!(accounts.len(), 64);
        for account in &accounts {
            assert_eq!((account.access_key.len(), account.secret_key.len()), (20, 40), "{}", account.name);
        }
        assert_eq!(chosen(None).unwrap().len(), EXPECTED.len());
        assert_eq!(chosen(Some("1")).unwrap()[0].name, "main");
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in ["0", "65", "/no/such/file"] {
            assert!(chosen(Some(bad)).is_err(), "{bad}");
        }
        let twins = [Account::named("a"), Account::named("a")];
        assert!(check(&twins).is_err());
    }
}
