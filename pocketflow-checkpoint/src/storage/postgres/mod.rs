//! The PostgreSQL engine: runs in a database that several machines share.

mod explain;
mod options;
mod pool;
mod release;
mod tables;
mod transaction;

use std::fmt;
use std::sync::Arc;

use super::engine::Engine;
use super::error::StorageResult;
use super::operation::{Operation, Release};
use explain::explain;
pub use options::PostgresOptions;
use pool::Pool;
use release::ReleaseQueue;

/// A storage of runs in a PostgreSQL database, which several machines may share. Feature
/// `postgres`.
///
/// It opens up to eight connections (without TLS) as it needs them. Leases are measured with the
/// clock of the server, so the clocks of the machines do not matter. If a connection is lost, the
/// current call fails with [`StorageError::Disconnected`](crate::StorageError::Disconnected), and
/// the next call opens a new connection.
///
/// The tables are in a separate schema. Each operation is acknowledged when it is on the server's
/// disk, whatever the server's default for `synchronous_commit` is.
///
/// A clone shares the connections.
#[derive(Clone)]
pub struct Postgres {
    pool: Arc<Pool>,
    releases: Arc<ReleaseQueue>,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Postgres").field(&self.pool.place()).finish()
    }
}

impl Postgres {
    /// Connects, and creates the schema `pocketflow` with its tables if they do not exist.
    ///
    /// `config` is a URL (`postgres://user:password@host/database`) or a list of settings
    /// (`host=/run/postgresql dbname=runs`).
    ///
    /// # Errors
    ///
    /// Of [`StorageError`](crate::StorageError): `Unreachable`, `Newer`, `Foreign` if the schema
    /// has other tables, `Engine`.
    pub async fn connect(config: &str) -> StorageResult<Postgres> {
        Postgres::connect_in(config, "pocketflow").await
    }

    /// Connects like [`Postgres::connect`], with another schema.
    ///
    /// # Errors
    ///
    /// Those of [`Postgres::connect`].
    pub async fn connect_in(config: &str, schema: &str) -> StorageResult<Postgres> {
        Postgres::options().schema(schema).connect(config).await
    }

    /// Options for connecting.
    pub fn options() -> PostgresOptions {
        PostgresOptions::default()
    }
}

impl Engine for Postgres {
    async fn run<O: Operation>(&self, operation: O) -> StorageResult<O::Output> {
        // Boxed, because the futures of the client are large, and those of each level of inner runs
        // would contain them.
        Box::pin(transaction::run(&self.pool, &operation)).await
    }

    fn release_in_background(&self, release: Release) {
        self.releases.push(release);
    }

    async fn vacuum(&self) -> StorageResult<()> {
        let connection = self.pool.get().await?;
        // The server refuses it within a transaction, and so in a list of statements.
        let tables = "VACUUM (ANALYZE) runs, checkpoints, texts, items, waits";
        let done = connection.client().batch_execute(tables).await;
        done.map_err(|error| explain(self.pool.place(), "give room back", error))?;
        connection.put_back();
        Ok(())
    }
}
