//! The schema and its history.
//!
//! Each migration is a file under `content/`, applied once, in order, each in a transaction of its own together with the
//! number that records it. A database that is newer than the program, that is somebody else's, or that belongs to another
//! deployment is refused before a single row of it is read.

use base::id::DeploymentId;

use crate::error::CatalogError;
use crate::sql::{Sql, SqlError, Value, one, write};

/// Every migration, oldest first. The number recorded in the database is how many were applied.
const MIGRATIONS: &[&str] = &[
    include_str!("../content/1-start.sql"),
    include_str!("../content/2-versions.sql"),
    include_str!("../content/3-scans.sql"),
    include_str!("../content/4-jobs.sql"),
    include_str!("../content/5-alarms.sql"),
    include_str!("../content/6-contracts.sql"),
    include_str!("../content/7-bypasses.sql"),
    include_str!("../content/8-budgets.sql"),
    include_str!("../content/9-packs.sql"),
    include_str!("../content/10-incidents.sql"),
];

const META: &str = "CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value BYTEA NOT NULL) /* clustered */;";
const VERSION: &str = "schema";
const DEPLOYMENT: &str = "deployment";

/// Brings an empty or older database up to date and checks that it is this deployment's.
pub(crate) fn migrate(sql: &mut dyn Sql, deployment: DeploymentId) -> Result<(), CatalogError> {
    if sql.tables().map_err(during_migration)?.is_empty() {
        // DURABLE: one transaction; a crash inside it leaves an empty database, which is where we started.
        in_transaction(sql, |sql| {
            sql.script(META).map_err(during_migration)?;
            record(sql, VERSION, &[0])?;
            record(sql, DEPLOYMENT, deployment.as_bytes())
        })?;
    }
    let applied = version(sql)?;
    check_deployment(sql, deployment)?;
    for (script, number) in MIGRATIONS.iter().zip(1u8..).skip(usize::from(applied)) {
        // DURABLE: one transaction; a crash inside it leaves the version before, and the next start applies it again.
        in_transaction(sql, |sql| {
            sql.script(script).map_err(during_migration)?;
            record(sql, VERSION, &[number])
        })?;
        tracing::info!(version = number, "catalog schema brought up to date");
    }
    Ok(())
}

fn version(sql: &mut dyn Sql) -> Result<u8, CatalogError> {
    if !sql.tables().map_err(during_migration)?.iter().any(|table| table == "meta") {
        return Err(unusable(
            "this database is not a Cofferdam catalog: it has tables, and none is `meta`",
            "give the catalog a database of its own",
        ));
    }
    let known = u8::try_from(MIGRATIONS.len()).unwrap_or(u8::MAX);
    match recorded(sql, VERSION)?.as_deref() {
        Some([found]) if *found <= known => Ok(*found),
        Some([found]) => Err(unusable(
            &format!("this catalog has schema version {found}, this program knows versions up to {known}"),
            "run the newer program, or restore the backup made before it was first run",
        )),
        _ => Err(unusable("this catalog does not say which schema it has", "restore it from a backup")),
    }
}

fn check_deployment(sql: &mut dyn Sql, deployment: DeploymentId) -> Result<(), CatalogError> {
    let found = recorded(sql, DEPLOYMENT)?.and_then(|bytes| DeploymentId::from_slice(&bytes));
    let Some(found) = found else {
        return Err(unusable("this catalog does not say whose it is", "restore it from a backup"));
    };
    if found == deployment {
        return Ok(());
    }
    Err(unusable(
        &format!("this catalog belongs to deployment `{found}`, this program serves `{deployment}`"),
        "point the configuration at the catalog of this deployment",
    ))
}

fn in_transaction(
    sql: &mut dyn Sql,
    act: impl FnOnce(&mut dyn Sql) -> Result<(), CatalogError>,
) -> Result<(), CatalogError> {
    sql.begin().map_err(during_migration)?;
    if let Err(error) = act(sql) {
        sql.rollback().map_err(during_migration)?;
        return Err(error);
    }
    sql.commit().map_err(during_migration)
}

fn record(sql: &mut dyn Sql, name: &str, value: &[u8]) -> Result<(), CatalogError> {
    let text = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    write(sql, "meta", text, &[name.into(), value.into()]).map(|_| ())
}

fn recorded(sql: &mut dyn Sql, name: &str) -> Result<Option<Vec<u8>>, CatalogError> {
    one(sql, "meta", "SELECT value FROM meta WHERE name = $1", &[Value::Text(name)], |row| row.vec())
}

fn during_migration(error: SqlError) -> CatalogError {
    error.during("bringing the catalog's schema up to date")
}

fn unusable(why: &str, remedy: &str) -> CatalogError {
    CatalogError::Unusable { why: format!("{why}\n{remedy}") }
}

#[cfg(test)]
mod tests {
    use base::Kind;

    use super::*;
    use crate::sqlite::{Sqlite, Use};

    const OURS: DeploymentId = DeploymentId::from_bytes([1; 16]);

    fn refusal(prepare: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let mut sql = Sqlite::open(&folder.path().join("catalog"), Use::Write).unwrap();
        migrate(&mut sql, OURS).unwrap();
        migrate(&mut sql, OURS).unwrap();
        sql.script(prepare).unwrap();
        let error = migrate(&mut sql, OURS).unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid);
        error.to_string()
    }

    #[test]
    fn a_newer_schema_is_refused() {
        let said = refusal("UPDATE meta SET value = x'63' WHERE name = 'schema';");
        let known =
            format!("this catalog has schema version 99, this program knows versions up to {}\nrun", MIGRATIONS.len());
        assert!(said.starts_with(&known), "{said}");
    }

    #[test]
    fn another_deployment_is_refused() {
        let said = refusal("UPDATE meta SET value = x'02020202020202020202020202020202' WHERE name = 'deployment';");
        assert!(said.contains(&DeploymentId::from_bytes([2; 16]).to_string()), "{said}");
        assert!(said.contains(&OURS.to_string()), "{said}");
    }

    #[test]
    fn a_foreign_database_is_refused() {
        let said = refusal("DROP TABLE meta;");
        assert!(said.contains("not a Cofferdam catalog"), "{said}");
        assert!(refusal("DELETE FROM meta;").contains("does not say which schema"));
    }
}
