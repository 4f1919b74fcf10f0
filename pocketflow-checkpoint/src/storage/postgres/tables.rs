//! Creates the tables of a schema, or upgrades them.

use super::pool::Pool;
use super::transaction::{PostgresResult, PostgresTransaction};
use crate::storage::error::{StorageError, StorageResult};
use crate::storage::sql;
use crate::storage::transaction::{Transaction, values};

/// "PFlo": the transaction that creates tables holds the advisory lock of this number.
const LOCK: i64 = 0x5046_6c6f;

/// Creates the schema and its tables. Of several processes that open the database at the same time,
/// one does.
pub(super) async fn create(pool: &Pool) -> StorageResult<()> {
    let doing = || "open it".to_owned();
    let mut tx = PostgresTransaction::begin(pool, doing).await?;
    let done = create_in(&mut tx, pool).await;
    tx.end(done, doing).await
}

async fn create_in(tx: &mut PostgresTransaction<'_>, pool: &Pool) -> PostgresResult<()> {
    let foreign = |why| StorageError::Foreign {
        place: pool.place().to_owned(),
        why,
    };
    tx.execute("SELECT pg_advisory_xact_lock(?1)", values![LOCK])
        .await?;
    // Not `IF NOT EXISTS`, which needs the right to create a schema even if it exists.
    let schema = "SELECT nspname::text FROM pg_namespace WHERE nspname = ?1";
    if tx.rows(schema, values![pool.schema()]).await?.is_empty() {
        tx.batch(&format!("CREATE SCHEMA {}", pool.quoted_schema()))
            .await?;
    }
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = ?1";
    let tables = tx.rows(tables, values![pool.schema()]).await?;
    let tables = tables.into_iter().map(|mut row| row.text(0));
    let tables: Vec<String> = tables.collect::<PostgresResult<_>>()?;
    if tables.is_empty() {
        let (schema, version) = (translated(sql::SCHEMA), sql::SCHEMA_VERSION);
        tx.batch(&format!(
            "{schema} CREATE TABLE version (version BIGINT NOT NULL); INSERT INTO version VALUES ({version});"
        ))
        .await?;
        return Ok(());
    }
    if !["version", "runs"]
        .iter()
        .all(|ours| tables.iter().any(|table| table == ours))
    {
        return Err(foreign(format!(
            "one whose schema `{}` has other tables",
            pool.schema()
        ))
        .into());
    }
    let found = match tx.rows("SELECT version FROM version", &[]).await?.pop() {
        Some(mut row) => row.int(0)?,
        None => 0,
    };
    match found {
        sql::SCHEMA_VERSION => Ok(()),
        1 => {
            let (upgrade, version) = (translated(sql::UPGRADE_POSTGRES), sql::SCHEMA_VERSION);
            tx.batch(&format!(
                "{upgrade} UPDATE version SET version = {version};"
            ))
            .await
        }
        found if found > sql::SCHEMA_VERSION => Err(StorageError::Newer {
            place: pool.place().to_owned(),
            found,
            known: sql::SCHEMA_VERSION,
        }
        .into()),
        found => Err(foreign(format!("one of the unknown schema {found}")).into()),
    }
}

/// The statements in the dialect of this engine. Ids are ordered by their bytes, as they are in SQLite.
fn translated(sqlite: &str) -> String {
    sqlite
        .replace("INTEGER", "BIGINT")
        .replace(") STRICT", ")")
        .replace("run TEXT", "run TEXT COLLATE \"C\"")
}
