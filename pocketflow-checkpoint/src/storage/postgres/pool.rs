//! Connections to the server.
//!
//! `deadpool-postgres` would save 25 of the 344 lines of this engine and need five more crates. It
//! returns the connection of a dropped call to the pool, and if the server still waits for a lock
//! there, the next call waits as well (`tests/conformance/lost.rs`). The guard against this, and the
//! retry on a lost connection, are most of this file.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, Error, NoTls, Statement};

use crate::storage::error::{StorageError, StorageResult};
use crate::storage::sql;

/// The maximum number of connections. A server allows 100 by default for all of its clients.
const CONNECTIONS: usize = 8;

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
    pub(super) fn new(config: &str, schema: &str) -> StorageResult<Pool> {
        let mut config: Config =
            config
                .parse()
                .map_err(|error: Error| StorageError::Unreachable {
                    // The text may contain a password.
                    place: "the address of the PostgreSQL database".to_owned(),
                    source: error.into(),
                })?;
        // Without these, it takes hours to notice a machine that has vanished.
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        config
            .keepalives_idle(Duration::from_secs(30))
            .tcp_user_timeout(Duration::from_secs(30));
        if config.get_application_name().is_none() {
            config.application_name("pocketflow-checkpoint");
        }
        Ok(Pool {
            place: place(&config),
            config,
            schema: schema.to_owned(),
            permits: Semaphore::new(CONNECTIONS),
            idle: Mutex::default(),
        })
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    pub(super) fn schema(&self) -> &str {
        &self.schema
    }

    pub(super) fn quoted_schema(&self) -> String {
        format!("\"{}\"", self.schema.replace('"', "\"\""))
    }

    /// A pool of the same database with new connections: those of this pool belong to a runtime,
    /// which may be gone.
    pub(super) fn anew(&self) -> Pool {
        Pool {
            config: self.config.clone(),
            schema: self.schema.clone(),
            place: self.place.clone(),
            permits: Semaphore::new(CONNECTIONS),
            idle: Mutex::default(),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self) -> StorageResult<Connection> {
        let unreachable = |error: Error| StorageError::Unreachable {
            place: self.place.clone(),
            source: error.into(),
        };
        let (client, connection) = self.config.connect(NoTls).await.map_err(unreachable)?;
        // The task ends with the client, or with an error that the client reports too.
        tokio::spawn(connection);
        // The timeouts are for rows that a machine locked before it vanished. An acknowledged
        // operation must be on the disk.
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

    /// An idle connection, or a new one. At most [`CONNECTIONS`] are in use at the same time.
    pub(super) async fn get(&self) -> StorageResult<PooledConnection<'_>> {
        let permit = self
            .permits
            .acquire()
            .await
            .map_err(|_| StorageError::Closed {
                place: self.place.clone(),
            })?;
        let idle = {
            let mut idle = self.idle();
            idle.retain(|connection| !connection.client.is_closed());
            idle.pop()
        };
        let (connection, is_new) = match idle {
            Some(connection) => (connection, false),
            None => (self.connect().await?, true),
        };
        Ok(PooledConnection {
            pool: self,
            connection,
            is_new,
            _permit: permit,
        })
    }
}

/// A connection that one transaction uses. Dropping it closes the connection.
pub(super) struct PooledConnection<'a> {
    pub(super) pool: &'a Pool,
    connection: Connection,
    /// Whether it was opened for this transaction.
    pub(super) is_new: bool,
    _permit: SemaphorePermit<'a>,
}

impl PooledConnection<'_> {
    pub(super) fn client(&self) -> &Client {
        &self.connection.client
    }

    /// A prepared statement. Its parameters are `?1`, which is `$1` in PostgreSQL.
    pub(super) async fn statement(&mut self, sql: &'static str) -> Result<Statement, Error> {
        let Connection { client, statements } = &mut self.connection;
        if let Some(statement) = statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = client.prepare(&sql.replace('?', "$")).await?;
        if !sql::PLANNED_ANEW.contains(&sql) {
            statements.insert(sql, statement.clone());
        }
        Ok(statement)
    }

    /// Makes the connection available to the next transaction.
    pub(super) fn put_back(self) {
        if !self.connection.client.is_closed() {
            self.pool.idle().push(self.connection);
        }
    }
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
