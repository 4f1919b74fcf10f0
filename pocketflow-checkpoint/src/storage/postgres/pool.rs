//! Connections to the server.
//!
//! `deadpool-postgres` would save 25 of the 344 lines of this engine and need five more crates. It
//! returns the connection of a dropped call to the pool, and if the server still waits for a lock
//! there, the next call waits as well (`tests/conformance/lost.rs`). The guard against this, and the
//! retry on a lost connection, are most of this file.
//!
//! Between two transactions, a connection has no state on the server: no settings and no prepared
//! statements. So a pooler such as PgBouncer may give each transaction another server connection.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config};

use super::connection::Messages;
use super::tls::Tls;
use super::transaction::Access;
use crate::storage::error::{StorageError, StorageResult};

/// The maximum number of connections. A server allows 100 by default for all of its clients.
const CONNECTIONS: usize = 9;
/// How many of them may be in transactions that write. The remaining one serves queries, which then do
/// not wait for transactions that wait for locks.
const WRITERS: usize = 8;

pub(super) struct Pool {
    config: Config,
    tls: Tls,
    schema: String,
    place: String,
    /// The user, once the server has named it.
    user: Arc<OnceLock<String>>,
    permits: Semaphore,
    writers: Semaphore,
    idle: Mutex<Vec<Client>>,
}

impl Pool {
    pub(super) fn new(mut config: Config, tls: Tls, schema: &str) -> Pool {
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
        Pool {
            place: place(&config),
            config,
            tls,
            schema: schema.to_owned(),
            user: Arc::default(),
            permits: Semaphore::new(CONNECTIONS),
            writers: Semaphore::new(WRITERS),
            idle: Mutex::default(),
        }
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    pub(super) fn schema(&self) -> &str {
        &self.schema
    }

    pub(super) fn quoted_schema(&self) -> String {
        quoted(&self.schema)
    }

    /// The user, in quotation marks.
    pub(super) fn quoted_user(&self) -> String {
        self.user
            .get()
            .map_or("USER".to_owned(), |user| quoted(user))
    }

    pub(super) fn set_user(&self, user: String) {
        let _ = self.user.set(user);
    }

    /// A pool of the same database with new connections: those of this pool belong to a runtime,
    /// which may be gone.
    pub(super) fn anew(&self) -> Pool {
        Pool {
            config: self.config.clone(),
            tls: self.tls.clone(),
            schema: self.schema.clone(),
            place: self.place.clone(),
            user: self.user.clone(),
            permits: Semaphore::new(CONNECTIONS),
            writers: Semaphore::new(WRITERS),
            idle: Mutex::default(),
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Client>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a connection. Its messages must be driven.
    pub(super) async fn connect(&self) -> StorageResult<(Client, Messages)> {
        let connected = self.tls.connect(&self.config).await;
        connected.map_err(|source| StorageError::Unreachable {
            place: self.place.clone(),
            source,
        })
    }

    /// An idle connection, or a new one. At most [`CONNECTIONS`] are in use at the same time.
    pub(super) async fn get(&self, access: Access) -> StorageResult<PooledConnection<'_>> {
        let closed = |_| StorageError::Closed {
            place: self.place.clone(),
        };
        let writer = match access {
            Access::Write => Some(self.writers.acquire().await.map_err(closed)?),
            Access::Read => None,
        };
        let permit = self.permits.acquire().await.map_err(closed)?;
        let idle = {
            let mut idle = self.idle();
            idle.retain(|client| !client.is_closed());
            idle.pop()
        };
        let (client, is_new) = match idle {
            Some(client) => (client, false),
            None => {
                let (client, messages) = self.connect().await?;
                tokio::spawn(messages.drive());
                (client, true)
            }
        };
        Ok(PooledConnection {
            pool: self,
            client,
            is_new,
            _permits: (permit, writer),
        })
    }
}

/// A connection that one transaction uses. Dropping it closes the connection.
pub(super) struct PooledConnection<'a> {
    pub(super) pool: &'a Pool,
    client: Client,
    /// Whether it was opened for this transaction.
    pub(super) is_new: bool,
    _permits: (SemaphorePermit<'a>, Option<SemaphorePermit<'a>>),
}

impl PooledConnection<'_> {
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Makes the connection available to the next transaction.
    pub(super) fn put_back(self) {
        if !self.client.is_closed() {
            self.pool.idle().push(self.client);
        }
    }
}

/// An identifier as SQL writes it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
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
