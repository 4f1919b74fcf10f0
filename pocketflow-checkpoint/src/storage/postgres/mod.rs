//! The PostgreSQL engine: runs in a database that several machines share.

mod address;
mod connection;
mod explain;
mod listen;
#[cfg(any(test, not(feature = "tls")))]
#[cfg_attr(
    feature = "tls",
    expect(dead_code, reason = "it is there for its tests")
)]
mod no_tls;
mod options;
mod pool;
mod release;
mod ssl;
mod tables;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
use no_tls as tls;
mod transaction;
mod vacuum;

use std::fmt;
use std::sync::Arc;

use super::announcements::Announcements;
use super::engine::Engine;
use super::error::StorageResult;
use super::operation::{Operation, Release};
use listen::Listener;
pub use options::PostgresOptions;
use pool::Pool;
use release::ReleaseQueue;

/// A storage of runs in a PostgreSQL database, which several machines may share. Feature
/// `postgres`.
///
/// It opens up to nine connections as it needs them, of which one only reads. Leases are measured with the
/// clock of the server, so the clocks of the machines do not matter. If a connection is lost, the
/// current call fails with [`StorageError::Disconnected`](crate::StorageError::Disconnected), and
/// the next call opens a new connection.
///
/// Each operation is acknowledged when it is on the server's disk, whatever the server's default for
/// `synchronous_commit` is.
///
/// # The address
///
/// The address is a URL, `postgres://user:password@host:5432/database?schema=shop`, or a list of
/// settings, `host=/run/postgresql dbname=runs schema='the shop'`. Both take the settings of
/// [`tokio_postgres::Config`](https://docs.rs/tokio-postgres/latest/tokio_postgres/config/struct.Config.html),
/// such as `connect_timeout`, and some of this crate:
///
/// | setting | meaning | default |
/// | --- | --- | --- |
/// | `host`, `port`, `dbname`, `user`, `password` | the server, the database and the user | `localhost`, 5432, the name of the user, the user of the system, none |
/// | `connect_timeout` | after how many seconds an attempt to connect fails | 10 |
/// | `application_name` | the name in `pg_stat_activity` | `pocketflow-checkpoint` |
/// | `schema` | the schema that has the tables | `pocketflow` |
/// | `sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `channel_binding` | see below | `prefer`, none |
///
/// # TLS
///
/// Connections with TLS need the feature `tls`. Without it, an address that asks for TLS is an error.
/// `sslmode` has the meanings that it has in PostgreSQL's own programs:
///
/// | `sslmode` | the connection has TLS | what is checked of the server's certificate |
/// | --- | --- | --- |
/// | `disable` | never | nothing |
/// | `allow` | if the server refuses the connection without TLS | nothing |
/// | `prefer` | if the server admits it with TLS | nothing |
/// | `require` | always | nothing |
/// | `verify-ca` | always | that an authority in the file `sslrootcert` has issued it |
/// | `verify-full` | always | also that it is for the `host` of the address |
///
/// Only `verify-full` protects against an attacker who can change what the network transports, and
/// `verify-ca` does if the authority issues certificates for nothing else. A connection through a
/// socket of the machine has no TLS, whatever `sslmode` says.
///
/// `sslrootcert` names a file with certificates of authorities in PEM format, or is `system`, which
/// needs `verify-full` and trusts the authorities of the system. That is the default of
/// `verify-full`. With a file, the modes from `allow` to `require` check the certificate as
/// `verify-ca` does. The file may also contain the certificate of the server itself.
///
/// `sslcert` and `sslkey` name files in PEM format with a certificate of the client and its key. The
/// key must not be encrypted. The files are read for each connection, so they can be replaced while
/// a program runs. The files in `~/.postgresql` and the variables of the environment that begin with
/// `PG` are not read.
///
/// The certificate of a server must be of version 3, with the server's name among its *subject
/// alternative names*: a common name does not count. `channel_binding=require` binds the password to
/// the connection. It works unless the certificate is signed with Ed25519 or RSA-PSS.
///
/// # Rights
///
/// The schema and its tables are created when they do not exist, which needs the right `CREATE` on
/// the database. Where programs may not create a schema, an administrator runs `CREATE SCHEMA
/// pocketflow AUTHORIZATION app`, and the user `app` creates the tables in it. Where they may create
/// no tables either, the administrator opens the database once, for example with `pocketflow runs
/// vacuum`, and grants `USAGE` on the schema, and `SELECT`, `INSERT`, `UPDATE` and `DELETE` on its
/// tables. A missing right is [`StorageError::Forbidden`](crate::StorageError::Forbidden), which says
/// what to run.
///
/// # Announcements
///
/// A worker, and any process in which runs wait, has one more connection. It listens (`LISTEN`) for
/// what other processes announce, so a run that was filled or enqueued elsewhere goes on at once. A
/// process that cannot listen finds such runs when it [polls](crate::Checkpoints::poll).
///
/// # Poolers
///
/// A pooler such as PgBouncer may sit in between, even in transaction mode: no setting, prepared
/// statement or lock of a session outlives a transaction.
///
/// A clone shares the connections.
#[derive(Clone)]
pub struct Postgres {
    pool: Arc<Pool>,
    releases: Arc<ReleaseQueue>,
    listener: Arc<Listener>,
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Postgres").field(&self.pool.place()).finish()
    }
}

impl Postgres {
    /// Connects, and creates the schema with its tables if they do not exist. `config` is an
    /// [address](Postgres#the-address).
    ///
    /// # Errors
    ///
    /// Of [`StorageError`](crate::StorageError): `Unreachable`, `Newer`, `Foreign` if the schema
    /// has other tables, `Forbidden`, `Engine`.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), pocketflow_checkpoint::StorageError> {
    /// use pocketflow_checkpoint::{Checkpoints, Postgres};
    ///
    /// let storage = Postgres::connect("postgres://app@db.example.org/shop?schema=runs").await?;
    /// let runs = Checkpoints::new(storage);
    /// # Ok(()) }
    /// ```
    pub async fn connect(config: &str) -> StorageResult<Postgres> {
        Postgres::options().connect(config).await
    }

    /// Connects like [`Postgres::connect`], with this schema instead of that of the address.
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

    async fn announce(&self, run: &str) {
        listen::announce(&self.pool, run).await;
    }

    fn announcements(&self) -> Option<Announcements> {
        Some(self.listener.listen(&self.pool))
    }

    async fn vacuum(&self) -> StorageResult<()> {
        vacuum::vacuum(&self.pool).await
    }
}
