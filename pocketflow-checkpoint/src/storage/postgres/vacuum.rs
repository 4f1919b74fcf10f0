//! Gives the room of removed runs back.

use super::explain::explain;
use super::pool::Pool;
use super::transaction::{Access, PostgresResult, PostgresTransaction};
use crate::storage::error::{StorageError, StorageResult};
use crate::storage::transaction::{Transaction, values};

/// The tables that this user may not vacuum. The server would skip them with a warning, whose text
/// depends on its language. Who may vacuum a table is its owner, the owner of the database, and from
/// version 17 who has the right `MAINTAIN`, of which older versions do not know.
const NOT_OURS: &str = "
SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = ?1 AND c.relname IN ('runs', 'checkpoints', 'texts', 'items', 'waits', 'attempts') AND c.relkind = 'r'
    AND NOT pg_has_role(c.relowner, 'USAGE')
    AND NOT EXISTS (SELECT FROM pg_database d WHERE d.datname = current_database() AND pg_has_role(d.datdba, 'USAGE'))
    AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'pg_maintain' AND pg_has_role(r.oid, 'USAGE'))
    AND NOT EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.privilege_type = 'MAINTAIN'
        AND (a.grantee = 0 OR pg_has_role(a.grantee, 'USAGE')))
ORDER BY c.relname";

const DOING: &str = "give room back";

pub(super) async fn vacuum(pool: &Pool) -> StorageResult<()> {
    let doing = || DOING.to_owned();
    let mut tx = PostgresTransaction::begin(pool, Access::Read, doing).await?;
    let done = check_in(&mut tx, pool).await;
    tx.end(done, doing).await?;

    let connection = pool.get(Access::Write).await?;
    // The server refuses it within a transaction, and so in a list of statements.
    let tables = ["runs", "checkpoints", "texts", "items", "waits", "attempts"];
    let schema = pool.quoted_schema();
    let tables = tables.map(|table| format!("{schema}.{table}")).join(", ");
    let vacuum = format!("VACUUM (ANALYZE) {tables}");
    let done = connection.client().batch_execute(&vacuum).await;
    done.map_err(|error| explain(pool, DOING, error))?;
    connection.put_back();
    Ok(())
}

async fn check_in(tx: &mut PostgresTransaction<'_>, pool: &Pool) -> PostgresResult<()> {
    let rows = tx.rows(NOT_OURS, values![pool.schema()]).await?;
    let tables = rows.into_iter().map(|mut row| row.text(0));
    let tables = tables.collect::<PostgresResult<Vec<_>>>()?;
    if tables.is_empty() {
        return Ok(());
    }
    let (schema, user) = (pool.quoted_schema(), pool.quoted_user());
    Err(StorageError::Forbidden {
        place: pool.place().to_owned(),
        doing: DOING.to_owned(),
        remedy: format!(
            "let the owner of the tables ({}) run `pocketflow runs vacuum`, or, from version 17 of PostgreSQL on, `GRANT \
             MAINTAIN ON ALL TABLES IN SCHEMA {schema} TO {user}`; the server also vacuums by itself, from time to time",
            tables.join(", ")
        ),
        source: None,
    }
    .into())
}
