//! Creates the tables of a schema, or upgrades them.

use tokio_postgres::error::SqlState;

use super::pool::Pool;
use super::transaction::{Access, PostgresError, PostgresResult, PostgresTransaction};
use crate::storage::error::{StorageError, StorageResult};
use crate::storage::operation::OpError;
use crate::storage::sql;
use crate::storage::transaction::{Transaction, values};

/// The name and the rights of the user. A right is 1 if the user has it, and NULL if the schema does
/// not exist.
const RIGHTS: &str = "
SELECT current_user::text, has_database_privilege(current_database(), 'CREATE')::int::bigint,
    (SELECT has_schema_privilege(oid, 'USAGE')::int::bigint FROM pg_namespace WHERE nspname = ?1),
    (SELECT has_schema_privilege(oid, 'CREATE')::int::bigint FROM pg_namespace WHERE nspname = ?1)";

/// "PFlo": the transaction that creates tables holds the advisory lock of this number.
const LOCK: i64 = 0x5046_6c6f;

/// Creates the schema and its tables. Of several processes that open the database at the same time,
/// one does.
pub(super) async fn create(pool: &Pool) -> StorageResult<()> {
    let doing = || "open it".to_owned();
    let mut tx = PostgresTransaction::begin(pool, Access::Write, doing).await?;
    let done = create_in(&mut tx, pool).await;
    tx.end(done, doing).await
}

/// Checks the tables of a schema, and changes nothing.
pub(super) async fn check(pool: &Pool) -> StorageResult<()> {
    let doing = || "open it".to_owned();
    let mut tx = PostgresTransaction::begin(pool, Access::Read, doing).await?;
    let done = check_in(&mut tx, pool).await;
    tx.end(done, doing).await
}

async fn check_in(tx: &mut PostgresTransaction<'_>, pool: &Pool) -> PostgresResult<()> {
    let rights = Rights::read(tx, pool).await?;
    if rights.uses == Some(false) {
        return Err(rights.forbidden(pool, "read its runs").into());
    }
    let Some(found) = version(tx, pool).await? else {
        let why = format!("one whose schema `{}` has no tables of runs", pool.schema());
        return Err(foreign(pool, why).into());
    };
    match found {
        sql::SCHEMA_VERSION => Ok(()),
        found if (1..sql::SCHEMA_VERSION).contains(&found) => Err(StorageError::Older {
            place: pool.place().to_owned(),
            found,
            known: sql::SCHEMA_VERSION,
        }
        .into()),
        found => Err(unknown(pool, found).into()),
    }
}

async fn create_in(tx: &mut PostgresTransaction<'_>, pool: &Pool) -> PostgresResult<()> {
    tx.execute("SELECT pg_advisory_xact_lock(?1)", values![LOCK])
        .await?;
    let rights = Rights::read(tx, pool).await?;
    match rights.uses {
        Some(true) => {}
        Some(false) => return Err(rights.forbidden(pool, "use its runs").into()),
        None if rights.creates_schemas => {
            // Not `IF NOT EXISTS`, which needs the right to create a schema even if it exists.
            tx.batch(&format!("CREATE SCHEMA {}", pool.quoted_schema()))
                .await?;
        }
        None => return Err(rights.forbidden(pool, "create the tables of runs").into()),
    }
    let Some(found) = version(tx, pool).await? else {
        if rights.creates_tables == Some(false) {
            return Err(rights.forbidden(pool, "create the tables of runs").into());
        }
        let (schema, version) = (translated(sql::SCHEMA), sql::SCHEMA_VERSION);
        return tx
            .batch(&format!(
                "{schema} CREATE TABLE version (version BIGINT NOT NULL); INSERT INTO version VALUES ({version});"
            ))
            .await;
    };
    match found {
        sql::SCHEMA_VERSION => Ok(()),
        1..=3 => {
            let upgrade = match found {
                1 => sql::UPGRADE_POSTGRES_1,
                2 => sql::UPGRADE_POSTGRES_2,
                _ => sql::UPGRADE_3,
            };
            let (upgrade, version) = (translated(upgrade), sql::SCHEMA_VERSION);
            let upgrade = format!("{upgrade} UPDATE version SET version = {version};");
            let done = tx.batch(&upgrade).await;
            done.map_err(|error| owner_must_upgrade(pool, error))
        }
        found => Err(unknown(pool, found).into()),
    }
}

/// What the user may do.
#[derive(Debug)]
struct Rights {
    creates_schemas: bool,
    /// `None` if there is no schema.
    uses: Option<bool>,
    creates_tables: Option<bool>,
}

impl Rights {
    async fn read(tx: &mut PostgresTransaction<'_>, pool: &Pool) -> PostgresResult<Self> {
        let rows = tx.rows(RIGHTS, values![pool.schema()]).await?;
        let mut rights = Self {
            creates_schemas: false,
            uses: None,
            creates_tables: None,
        };
        for mut row in rows {
            pool.set_user(row.text(0)?);
            rights.creates_schemas = row.int(1)? == 1;
            rights.uses = row.maybe_int(2)?.map(|yes| yes == 1);
            rights.creates_tables = row.maybe_int(3)?.map(|yes| yes == 1);
        }
        Ok(rights)
    }

    fn forbidden(&self, pool: &Pool, doing: &str) -> StorageError {
        let (schema, user) = (pool.quoted_schema(), pool.quoted_user());
        let run = match self.uses {
            None => format!("CREATE SCHEMA {schema} AUTHORIZATION {user}"),
            Some(true) => format!("GRANT CREATE ON SCHEMA {schema} TO {user}"),
            Some(false) => format!(
                "GRANT USAGE, CREATE ON SCHEMA {schema} TO {user}; \
                 GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {user}"
            ),
        };
        StorageError::Forbidden {
            place: pool.place().to_owned(),
            doing: doing.to_owned(),
            remedy: format!("let an administrator run `{run}`"),
            source: None,
        }
    }
}

/// Only the owner of a table may change its columns.
fn owner_must_upgrade(pool: &Pool, error: PostgresError) -> PostgresError {
    match error {
        OpError::Engine(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => {
            StorageError::Forbidden {
                place: pool.place().to_owned(),
                doing: "upgrade the tables of runs".to_owned(),
                remedy:
                    "let the owner of the tables run `pocketflow runs vacuum`, which upgrades them"
                        .to_owned(),
                source: Some(error.into()),
            }
            .into()
        }
        error => error,
    }
}

/// The version of the tables, or `None` if the schema has no tables.
async fn version(tx: &mut PostgresTransaction<'_>, pool: &Pool) -> PostgresResult<Option<i64>> {
    let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = ?1";
    let tables = tx.rows(tables, values![pool.schema()]).await?;
    let tables = tables.into_iter().map(|mut row| row.text(0));
    let tables: Vec<String> = tables.collect::<PostgresResult<_>>()?;
    if tables.is_empty() {
        return Ok(None);
    }
    if !["version", "runs"]
        .iter()
        .all(|ours| tables.iter().any(|table| table == ours))
    {
        let why = format!("one whose schema `{}` has other tables", pool.schema());
        return Err(foreign(pool, why).into());
    }
    match tx.rows("SELECT version FROM version", &[]).await?.pop() {
        Some(mut row) => row.int(0).map(Some),
        None => Ok(Some(0)),
    }
}

fn foreign(pool: &Pool, why: String) -> StorageError {
    StorageError::Foreign {
        place: pool.place().to_owned(),
        why,
    }
}

fn unknown(pool: &Pool, found: i64) -> StorageError {
    if found > sql::SCHEMA_VERSION {
        StorageError::Newer {
            place: pool.place().to_owned(),
            found,
            known: sql::SCHEMA_VERSION,
        }
    } else {
        foreign(pool, format!("one of the unknown schema {found}"))
    }
}

/// The statements in the dialect of this engine. Ids are ordered by their bytes, as they are in SQLite.
fn translated(sqlite: &str) -> String {
    sqlite
        .replace("INTEGER", "BIGINT")
        .replace(") STRICT, WITHOUT ROWID", ")")
        .replace(") STRICT", ")")
        .replace("run TEXT", "run TEXT COLLATE \"C\"")
        .replace("root TEXT", "root TEXT COLLATE \"C\"")
        .replace("parent TEXT", "parent TEXT COLLATE \"C\"")
}
