//! Options for connecting to a server.

use std::sync::Arc;

use super::pool::Pool;
use super::release::ReleaseQueue;
use super::{Postgres, tables};
use crate::storage::error::StorageResult;
use crate::storage::rules;

/// Options for connecting to a server: see [`Postgres::options`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresOptions {
    schema: String,
    create: bool,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            schema: "pocketflow".to_owned(),
            create: true,
        }
    }
}

impl PostgresOptions {
    /// Sets the schema that has the tables: `pocketflow` by default.
    #[must_use]
    pub fn schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// Sets whether a missing schema and its tables are created, and those of an older version
    /// upgraded. They are by default, which needs a user with the right to do so.
    #[must_use]
    pub fn create(mut self, create: bool) -> Self {
        self.create = create;
        self
    }

    /// Connects. `config` is a URL (`postgres://user:password@host/database`) or a list of settings
    /// (`host=/run/postgresql dbname=runs`).
    ///
    /// # Errors
    ///
    /// Those of [`Postgres::connect`], and without [`create`](Self::create)
    /// [`StorageError::Foreign`](crate::StorageError::Foreign) if the schema has no tables, and
    /// [`StorageError::Older`](crate::StorageError::Older).
    pub async fn connect(self, config: &str) -> StorageResult<Postgres> {
        rules::id("schema", &self.schema)?;
        let pool = Arc::new(Pool::new(config, &self.schema)?);
        if self.create {
            tables::create(&pool).await?;
        } else {
            tables::check(&pool).await?;
        }
        let releases = Arc::new(ReleaseQueue::new(pool.clone()));
        Ok(Postgres { pool, releases })
    }
}
