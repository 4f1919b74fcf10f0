//! Connections and transactions, and what PostgreSQL's errors mean.

use std::collections::HashMap;
use std::error::Error as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::config::Host;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Error, NoTls, Row, Statement};

use super::ops::Ran;
use crate::error::StorageError;
use crate::storage::rules::Fault;
use crate::storage::{StorageResult, sql};

/// How many connections there are at most. A server allows 100 by default, to all of its clients.
const CONNECTIONS: usize = 8;
/// "PFlo": whoever creates tables holds the advisory lock of this number.
const LOCK: i64 = 0x5046_6c6f;
const OPENING: &str = "open it";

pub(super) struct Pool {
    config: Config,
    schema: String,
    place: String,
    permits: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

struct Connection {
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

impl Pool {
    pub(super) async fn open(config: &str, schema: &str) -> StorageResult<Pool> {
        let mut config: Config =
            config
                .parse()
                .map_err(|error: Error| StorageError::Unreachable {
                    // The text may have a password in it.
                    place: "the address of the PostgreSQL database".to_owned(),
                    source: error.into(),
                })?;
        // Without these, a machine that vanished is noticed after hours.
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        config
            .keepalives_idle(Duration::from_secs(30))
            .tcp_user_timeout(Duration::from_secs(30));
        if config.get_application_name().is_none() {
            config.application_name("pocketflow-checkpoint");
        }
        let pool = Pool {
            place: place(&config),
            config,
            schema: schema.to_owned(),
            permits: Semaphore::new(CONNECTIONS),
            idle: Mutex::default(),
        };
        let mut tx = pool.begin(OPENING.to_owned()).await?;
        let done = pool.create(&mut tx).await;
        tx.end(done).await?;
        Ok(pool)
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    fn quoted_schema(&self) -> String {
        format!("\"{}\"", self.schema.replace('"', "\"\""))
    }

    /// Makes the schema and its tables. Of several that open the database at once, one does.
    async fn create(&self, tx: &mut Transaction<'_>) -> Ran<()> {
        let foreign = |why| StorageError::Foreign {
            place: self.place.clone(),
            why,
        };
        tx.rows("SELECT pg_advisory_xact_lock(?1)", &[&LOCK])
            .await?;
        // Not `IF NOT EXISTS`, which needs the right to create a schema even if it exists.
        if tx
            .rows(
                "SELECT 1 FROM pg_namespace WHERE nspname = ?1",
                &[&self.schema],
            )
            .await?
            .is_empty()
        {
            tx.batch(&format!("CREATE SCHEMA {}", self.quoted_schema()))
                .await?;
        }
        let tables = tx
            .rows(
                "SELECT tablename::text FROM pg_tables WHERE schemaname = ?1",
                &[&self.schema],
            )
            .await?;
        let tables = tables
            .iter()
            .map(|row| row.try_get::<_, String>(0))
            .collect::<Result<Vec<_>, _>>()?;
        if tables.is_empty() {
            let (schema, version) = (words(sql::SCHEMA), sql::VERSION);
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
                self.schema
            ))
            .into());
        }
        let found = match tx.rows("SELECT version FROM version", &[]).await?.first() {
            Some(row) => row.try_get(0)?,
            None => 0,
        };
        match found {
            sql::VERSION => Ok(()),
            1 => {
                let (upgrade, version) = (words(sql::UPGRADE_POSTGRES), sql::VERSION);
                tx.batch(&format!(
                    "{upgrade} UPDATE version SET version = {version};"
                ))
                .await
            }
            found if found > sql::VERSION => {
                let place = self.place.clone();
                Err(StorageError::Newer {
                    place,
                    found,
                    known: sql::VERSION,
                }
                .into())
            }
            found => Err(foreign(format!("one of the unknown schema {found}")).into()),
        }
    }

    /// The same database with connections of its own: those of this one belong to a runtime, which
    /// may be gone.
    pub(super) fn anew(&self) -> Pool {
        Pool {
            config: self.config.clone(),
            schema: self.schema.clone(),
            place: self.place.clone(),
            permits: Semaphore::new(CONNECTIONS),
            idle: Mutex::default(),
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> StorageResult<Connection> {
        let unreachable = |error: Error| StorageError::Unreachable {
            place: self.place.clone(),
            source: error.into(),
        };
        let (client, connection) = self.config.connect(NoTls).await.map_err(unreachable)?;
        // It ends with the client, or with an error that the client reports too.
        tokio::spawn(connection);
        // The timeouts are for rows that a machine locked before it vanished. What is acknowledged
        // must be on the disk.
        let settings = format!(
            "SET search_path TO {}; SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '60s'; \
             SELECT set_config('synchronous_commit', 'on', false) \
                WHERE current_setting('synchronous_commit') IN ('off', 'local')",
            self.quoted_schema(),
        );
        client.batch_execute(&settings).await.map_err(unreachable)?;
        Ok(Connection {
            client,
            statements: HashMap::new(),
        })
    }

    /// Begins a transaction. A connection that was lost while nobody used it is replaced, for
    /// nothing was under way on it.
    pub(super) async fn begin(&self, doing: String) -> StorageResult<Transaction<'_>> {
        const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
        let permit = self
            .permits
            .acquire()
            .await
            .map_err(|_| StorageError::Closed {
                place: self.place.clone(),
            })?;
        loop {
            // A variable of its own, so that the lock does not outlast the line.
            let idle = self.idle().pop();
            let (connection, fresh) = match idle {
                Some(connection) if connection.client.is_closed() => continue,
                Some(connection) => (connection, false),
                None => (self.connect().await?, true),
            };
            match connection.client.batch_execute(BEGIN).await {
                Ok(()) => {
                    return Ok(Transaction {
                        pool: self,
                        connection,
                        doing,
                        _permit: permit,
                    });
                }
                Err(error) if fresh => return Err(explain(&self.place, &doing, error)),
                Err(_) => {}
            }
        }
    }
}

/// A transaction. If it is dropped before its end, its connection is closed, and the server rolls
/// it back.
pub(super) struct Transaction<'a> {
    pool: &'a Pool,
    connection: Connection,
    doing: String,
    _permit: SemaphorePermit<'a>,
}

impl Transaction<'_> {
    async fn statement(&mut self, sql: &'static str) -> Result<Statement, Error> {
        if let Some(statement) = self.connection.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self
            .connection
            .client
            .prepare(&sql.replace('?', "$"))
            .await?;
        self.connection.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    pub(super) async fn rows(
        &mut self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Ran<Vec<Row>> {
        let statement = self.statement(sql).await?;
        Ok(self.connection.client.query(&statement, params).await?)
    }

    pub(super) async fn change(
        &mut self,
        sql: &'static str,
        params: &[&(dyn ToSql + Sync)],
    ) -> Ran<u64> {
        let statement = self.statement(sql).await?;
        Ok(self.connection.client.execute(&statement, params).await?)
    }

    async fn batch(&mut self, sql: &str) -> Ran<()> {
        Ok(self.connection.client.batch_execute(sql).await?)
    }

    /// Commits if the operation succeeded, and undoes it otherwise.
    pub(super) async fn end<T>(self, done: Ran<T>) -> StorageResult<T> {
        let Transaction {
            pool,
            connection,
            doing,
            _permit,
        } = self;
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = connection.client.batch_execute(end).await;
        if ended.is_ok() && !connection.client.is_closed() {
            pool.idle().push(connection);
        }
        match (done, ended) {
            (Ok(value), Ok(())) => Ok(value),
            (Ok(_), Err(error)) | (Err(Fault::Engine(error)), _) => {
                Err(explain(&pool.place, &doing, error))
            }
            (Err(Fault::Rule(error)), _) => Err(error),
        }
    }
}

/// The schema in the words of this engine. Ids are ordered by their bytes, as they are in SQLite.
fn words(sqlite: &str) -> String {
    sqlite
        .replace("INTEGER", "BIGINT")
        .replace(") STRICT", ")")
        .replace("run TEXT", "run TEXT COLLATE \"C\"")
}

/// The address, without user and password.
fn place(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let database = config
        .get_dbname()
        .or(config.get_user())
        .unwrap_or_default();
    format!("postgres://{host}:{port}/{database}")
}

fn explain(place: &str, doing: &str, error: Error) -> StorageError {
    let (place, doing) = (place.to_owned(), doing.to_owned());
    let Some(code) = error.code() else {
        let lost = error.is_closed()
            || error
                .source()
                .is_some_and(|cause| cause.is::<std::io::Error>());
        return if lost {
            StorageError::Disconnected {
                place,
                doing,
                source: error.into(),
            }
        } else {
            StorageError::Engine {
                place,
                doing,
                source: error.into(),
            }
        };
    };
    let classes = |classes: &[&str]| classes.iter().any(|class| code.code().starts_with(class));
    if classes(&["08", "57P"]) || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT {
        StorageError::Disconnected {
            place,
            doing,
            source: error.into(),
        }
    } else if *code == SqlState::DISK_FULL {
        StorageError::Full {
            place,
            doing,
            source: error.into(),
        }
    } else if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        StorageError::ReadOnly {
            place,
            doing,
            source: Some(error.into()),
        }
    } else if classes(&["XX001", "XX002"]) {
        StorageError::Corrupt {
            place,
            doing,
            source: error.into(),
        }
    } else if classes(&["55P03", "40", "57014"]) {
        StorageError::Busy {
            place,
            doing,
            source: error.into(),
        }
    } else {
        StorageError::Engine {
            place,
            doing,
            source: error.into(),
        }
    }
}
