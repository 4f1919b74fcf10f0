//! Options for connecting to a server.

use std::sync::Arc;

use super::address::{self, Address};
use super::listen::Listener;
use super::pool::Pool;
use super::release::ReleaseQueue;
use super::tls::Tls;
use super::{Postgres, tables};
use crate::storage::error::{StorageError, StorageResult};

/// The longest name that a server keeps; it cuts off the rest of a longer one.
const LONGEST_NAME: usize = 63;

/// Options for connecting to a server: see [`Postgres::options`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    schema: Option<String>,
    create: bool,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            schema: None,
            create: true,
        }
    }
}

impl PostgresOptions {
    /// Sets the schema that has the tables: by default that of the address, or `pocketflow`.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Sets whether a missing schema and its tables are created, and those of an older version
    /// upgraded. They are by default, which needs a user with the right to do so.
    #[must_use]
    pub fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// Connects. `config` is an [address](Postgres#the-address).
    ///
    /// # Errors
    ///
    /// Those of [`Postgres::connect`]. Without [`create`](Self::create) also
    /// [`StorageError::Foreign`] if the schema has no tables, and [`StorageError::Older`] if its tables
    /// are those of an older version.
    pub async fn connect(self, config: &str) -> StorageResult<Postgres> {
        let address = Address::parse(config)?;
        let schema = self.schema.or(address.schema);
        let schema = schema.unwrap_or_else(|| "pocketflow".to_owned());
        check_name(&schema)?;
        let tls = Tls::new(address.ssl, &address.config).map_err(address::wrong)?;
        let pool = Arc::new(Pool::new(address.config, tls, &schema));
        if self.create {
            tables::create(&pool).await?;
        } else {
            tables::check(&pool).await?;
        }
        let releases = Arc::new(ReleaseQueue::new(pool.clone()));
        Ok(Postgres {
            pool,
            releases,
            listener: Arc::new(Listener::new()),
        })
    }
}

fn check_name(schema: &str) -> StorageResult<()> {
    let why = match schema {
        "" => "it is empty",
        _ if schema.len() > LONGEST_NAME => "it is longer than 63 bytes",
        _ if schema.contains('\0') => "it has a NUL character",
        _ if schema.starts_with("pg_") => {
            "PostgreSQL keeps the names that start with `pg_` for itself"
        }
        _ => return Ok(()),
    };
    Err(StorageError::Invalid {
        what: "schema",
        value: schema.chars().take(LONGEST_NAME).collect(),
        why,
    })
}
