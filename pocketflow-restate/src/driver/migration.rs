//! Runs of an older program that do not fit this one.

use pocketflow::{Graph, Position, Start};
use pocketflow_durable::{Definition, Durable, Migration, Refusal, causes, position, resumes};
use thiserror::Error;

use super::Burst;
use super::begin::{HINTS, Resuming};
use super::local::Memory;
use crate::pump::{Json, Key, Migrated, Outcome, Part, Performed, Record};

/// The migration of a flow cannot convert the state of a run.
#[derive(Debug, Error)]
#[error(
    "the migration cannot convert what an older program has stored: {}\nhelp: what is stored has not changed: start a worker with a migration that can convert it, and let the run go on with `retry`",
    .0.join(": ")
)]
pub(crate) struct CannotMigrate(Vec<String>);

/// A migration whose errors say what has failed.
pub(crate) fn explained(migration: Migration) -> Migration {
    let explain = |error: Refusal| CannotMigrate(causes(&*error)).into();
    std::sync::Arc::new(move |state| migration(state).map_err(explain))
}

impl Burst {
    /// Begins the outermost run, which does not fit this program, with the state that the migration makes of
    /// what is stored.
    ///
    /// The migration is recorded before anything else, so that a burst that starts over goes on from the same state.
    pub(super) async fn begin_migrated<S: Durable>(
        &self,
        flow: &'static Graph,
        resuming: &Resuming<'_>,
        migration: &Migration,
        shared: &mut S,
    ) -> Result<(Start, Memory), Refusal> {
        let migrated = match self.only_looks() {
            true => self.migrate(flow, resuming, migration, shared)?,
            false => {
                self.recorded_migration(flow, resuming, migration, shared)
                    .await?
            }
        };
        let mut stored = resuming.stored;
        stored.definition = &migrated.definition;
        stored.position = migrated.position.as_ref();
        let resuming = Resuming {
            stored,
            store: migrated.store.text().to_owned(),
            outer: None,
        };
        self.resume(flow, &self.run, &resuming, shared)
    }

    async fn recorded_migration<S: Durable>(
        &self,
        flow: &'static Graph,
        resuming: &Resuming<'_>,
        migration: &Migration,
        shared: &mut S,
    ) -> Result<Migrated, Refusal> {
        let key = Key {
            run: String::new(),
            step: resuming.stored.step,
            part: Part::Migration,
        };
        let migrate = async {
            self.desk.live().await;
            if self.desk.has_begun() {
                // An earlier attempt at this burst continued without a migration. The next burst migrates the
                // state that this one leaves.
                self.desk.retire();
                return std::future::pending().await;
            }
            let migrated = self.migrate(flow, resuming, migration, shared)?;
            let record = Record {
                key: key.clone(),
                begun: None,
                outcome: Outcome::Migrated(migrated.clone()),
            };
            Ok::<_, Refusal>((migrated, record))
        };
        match self.desk.perform(key.clone(), migrate).await? {
            Performed::Now(migrated) | Performed::Before(Outcome::Migrated(migrated)) => {
                Ok(migrated)
            }
            Performed::Before(_) => unreachable!("a migration is recorded as a migration"),
        }
    }

    /// What the migration makes of the run.
    fn migrate<S: Durable>(
        &self,
        flow: &'static Graph,
        resuming: &Resuming<'_>,
        migration: &Migration,
        shared: &mut S,
    ) -> Result<Migrated, Refusal> {
        let run = resuming.run(&self.run);
        let resumed = resumes(flow, &run, Some(migration), false, HINTS, shared)?;
        self.fits("the migrated store", resumed.state.len())?;
        // What the run was started with cannot be compared with a store of this program.
        let definition = Definition::of(flow, S::STORE);
        let encode = |position: Position| Json::new(position::encode(position));
        let position = match resumed.start {
            Start::At(position) | Start::After(position) => Some(encode(position)?),
            _ => None,
        };
        Ok(Migrated {
            definition: Json::new(definition.encode())?,
            store: Json::new(resumed.state)?,
            position,
        })
    }
}
