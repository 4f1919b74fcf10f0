//! What a person does to durable runs.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use pocketflow_checkpoint::StorageError;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::database::{Database, Definition};
use crate::schema;
use crate::server::Shared;
use crate::sources::chain;

/// An action. Values are texts of JSON, which keep their digits.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub(crate) enum Action {
    /// Answers a wait, by its name: `decision#2`.
    Fill {
        run: String,
        wait: String,
        value: String,
    },
    Retry {
        run: String,
    },
    Cancel {
        run: String,
    },
    Release {
        run: String,
    },
    Rewind {
        run: String,
        step: u64,
    },
    Fork {
        run: String,
        step: u64,
        new: String,
    },
    Edit {
        run: String,
        field: String,
        value: String,
    },
}

type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

/// Does it, and says what it has done.
pub(crate) async fn act(State(shared): State<Arc<Shared>>, Json(action): Json<Action>) -> Answer {
    if shared.read_only {
        let why = "this page is read-only: start its server without `--read-only`";
        return Err(refused(StatusCode::FORBIDDEN, why));
    }
    let database = database(&shared)?;
    // It is done even if the browser goes away in between.
    let done = tokio::spawn(async move {
        let done = perform(&action, &*database).await;
        shared.sources.has_changed().await;
        done
    });
    let done = done.await.unwrap_or_else(|_| {
        let why = "the server has failed while it did this: look whether it has happened";
        Err(refused(StatusCode::INTERNAL_SERVER_ERROR, why))
    });
    done.map(|done| Json(json!({ "done": done })))
}

fn database(shared: &Shared) -> Result<Arc<dyn Database>, (StatusCode, Json<Value>)> {
    let database = shared.sources.database.clone();
    database.ok_or_else(|| {
        let why = "this page has no database, and a record cannot be changed: start its server with `--db`";
        refused(StatusCode::CONFLICT, why)
    })
}

async fn perform(
    action: &Action,
    database: &dyn Database,
) -> Result<String, (StatusCode, Json<Value>)> {
    let done = match action {
        Action::Fill { run, wait, value } => {
            fits(database, run, wait, value).await?;
            database
                .fill(run, wait, value)
                .await
                .map(|()| format!("`{wait}` is filled"))
        }
        Action::Retry { run } => {
            let done = database.retry(run).await;
            done.map(|()| "The run starts again as soon as a process takes it up".to_owned())
        }
        Action::Cancel { run } => {
            let done = database.cancel(run).await;
            done.map(|()| "The run is cancelled".to_owned())
        }
        Action::Release { run } => {
            let done = database.release(run).await;
            done.map(|()| "The lease is released".to_owned())
        }
        Action::Rewind { run, step } => {
            let done = database.rewind(run, *step).await;
            done.map(|()| format!("The run is where it was after step {step}"))
        }
        Action::Fork { run, step, new } => {
            let done = database.fork(run, *step, new).await;
            done.map(|()| format!("`{new}` is a copy of the run as it was after step {step}"))
        }
        Action::Edit { run, field, value } => {
            let done = database.edit(run, field, value).await;
            done.map(|()| format!("`{field}` is set"))
        }
    };
    done.map_err(|error| refused(status(&error), &chain(&error)))
}

/// Compares a value with the description of the field, if the run has one.
async fn fits(
    database: &dyn Database,
    run: &str,
    wait: &str,
    value: &str,
) -> Result<(), (StatusCode, Json<Value>)> {
    let Ok(Some(record)) = database.show(run).await else {
        return Ok(());
    };
    let field = wait.split('#').next().unwrap_or(wait);
    let definition = Definition::read(&record.graph);
    let Some(schema) = definition.schemas.get(field) else {
        return Ok(());
    };
    let value: Value = serde_json::from_str(value).map_err(|error| {
        let why = format!("the value for `{field}` is not JSON: {error}");
        refused(StatusCode::UNPROCESSABLE_ENTITY, &why)
    })?;
    schema::check(schema, &value).map_err(|why| {
        let why = format!("the value does not fit the field `{field}`: {why}");
        refused(StatusCode::UNPROCESSABLE_ENTITY, &why)
    })
}

fn status(error: &StorageError) -> StatusCode {
    match error {
        StorageError::UnknownRun { .. } => StatusCode::NOT_FOUND,
        StorageError::InvalidJson { .. }
        | StorageError::InvalidState { .. }
        | StorageError::Invalid { .. }
        | StorageError::NoSuchField { .. }
        | StorageError::WrongValue { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        StorageError::Alive { .. }
        | StorageError::NotWaiting { .. }
        | StorageError::NoSuchWait { .. }
        | StorageError::AlreadyFilled { .. }
        | StorageError::WaitClosed { .. }
        | StorageError::Cancelled { .. }
        | StorageError::WrongStatus { .. }
        | StorageError::NoLease { .. }
        | StorageError::InnerRun { .. }
        | StorageError::Exists { .. }
        | StorageError::NoCheckpoint { .. } => StatusCode::CONFLICT,
        StorageError::ReadOnly { .. } => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_GATEWAY,
    }
}

fn refused(status: StatusCode, why: &str) -> (StatusCode, Json<Value>) {
    (status, Json(json!({ "error": why })))
}

/// Which state of a run is asked for.
#[derive(Debug, Deserialize)]
pub(crate) struct StateOf {
    run: String,
}

/// The fields of a run as they are now, for a form that changes them.
pub(crate) async fn state(
    State(shared): State<Arc<Shared>>,
    Query(StateOf { run }): Query<StateOf>,
) -> Answer {
    let database = database(&shared)?;
    let record = database.show(&run).await;
    let record = record.map_err(|error| refused(status(&error), &chain(&error)))?;
    let missing = || refused(StatusCode::NOT_FOUND, &format!("there is no run `{run}`"));
    let record = record.ok_or_else(missing)?;
    let redaction = shared.sources.redaction(&record).await;
    let state = redaction.state(&record.state);
    // Texts, so that the page changes no digit.
    let fields = state.iter().map(|(name, value)| {
        let value = (!redaction.hides(name)).then(|| value.text());
        json!({ "name": name, "value": value })
    });
    let fields: Vec<Value> = fields.collect();
    Ok(Json(json!({ "fields": fields })))
}
