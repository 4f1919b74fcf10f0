//! The commands for runs on a Restate server.

use std::env;
use std::error::Error;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pocketflow_checkpoint::utc;
use pocketflow_restate::client::{Admin, Client, ClientError, Port};
use pocketflow_restate::wire::{Fill, NextAttempt, RunStatus, Status, Wait};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::commands::{Change, Listed, Query, kind, value_json};
use super::print::{table, values};
use crate::output;

type Failure = Box<dyn Error>;

/// A server, as the arguments describe it.
pub(super) struct Server {
    admin: Admin,
    ingress: Option<String>,
    flow: Option<String>,
    token: Option<String>,
}

/// A run, or one of its inner runs.
struct Found {
    status: RunStatus,
    /// The inner run, such as `4/documents[3]`.
    inner: Option<String>,
}

impl Server {
    pub(super) fn new(
        admin: &str,
        ingress: Option<&str>,
        flow: Option<&str>,
    ) -> Result<Self, Failure> {
        let token = env::var("RESTATE_AUTH_TOKEN").ok();
        let mut admin = Admin::new(admin)?;
        if let Some(token) = &token {
            admin = admin.token(token)?;
        }
        Ok(Self {
            admin,
            ingress: ingress.map(str::to_owned),
            flow: flow.map(str::to_owned),
            token,
        })
    }

    pub(super) async fn query(&self, query: &Query, json: bool) -> Result<String, Failure> {
        match query {
            Query::List { status } => {
                let status = status.map(listed).transpose()?;
                let mut runs = self.admin.runs().await?;
                runs.retain(|run| {
                    self.is_meant(run) && status.is_none_or(|status| status == run.status)
                });
                Ok(if json {
                    output::line(&runs)
                } else {
                    list(&runs)
                })
            }
            Query::Show { run } => {
                let run = self.find(run).await?.status;
                Ok(if json { output::line(&run) } else { show(&run) })
            }
            Query::State { run, step: None } => {
                let RunStatus { flow, run, .. } = self.find(run).await?.status;
                let store = self.admin.store(&flow, &run).await?;
                let store = store.ok_or(ClientError::UnknownRun { flow, run })?;
                Ok(store + "\n")
            }
            Query::State { step: Some(_), .. } => Err(missing(
                "state of a step",
                "Restate keeps the last state of a run alone, which `state RUN` prints",
            )),
            Query::History { .. } => Err(missing(
                "`history`",
                "Restate keeps the last state of a run alone. Its page shows what the server calls: the address of `--restate` with /ui",
            )),
        }
    }

    pub(super) async fn change(&self, change: &Change) -> Result<(String, Value), Failure> {
        let again = "start it again under another id";
        let (command, instead) = match change {
            Change::Fill { run, wait, value } => return self.fill(run, wait, value).await,
            Change::Cancel { run } => {
                let run = self.whole(run).await?;
                let after = self.client(&run.flow).await?.cancel(&run.run).await?;
                let run = run.run;
                let text = match after.status {
                    Status::Cancelled => format!("cancelled run `{run}`"),
                    status => format!("run `{run}` is {status} already"),
                };
                return Ok((text, json!({ "run": run })));
            }
            Change::Retry { run } => {
                let run = self.whole(run).await?;
                if run.status == Status::Finished {
                    let run = run.run;
                    return Err(format!("run `{run}` cannot be retried: it is finished").into());
                }
                self.client(&run.flow).await?.retry(&run.run).await?;
                let run = run.run;
                return Ok((format!("run `{run}` goes on"), json!({ "run": run })));
            }
            Change::Remove { run } => {
                let RunStatus { flow, run, .. } = self.whole(run).await?;
                self.admin.remove(&flow, &run).await?;
                return Ok((format!("removed run `{run}`"), json!({ "run": run })));
            }
            Change::Prune { older_than, status } => {
                let status = listed(Listed::Status(*status))?;
                return self.prune(*older_than, status).await;
            }
            Change::Release { .. } => (
                "release",
                "a run there has no lease: when a worker dies, the server calls another one",
            ),
            Change::Rewind { .. } => ("rewind", again),
            Change::Fork { .. } => ("fork", again),
            Change::Edit { .. } => ("edit", again),
            Change::DropItems { .. } => ("drop-items", again),
            Change::Backup { .. } => (
                "backup",
                "a cluster keeps copies of its data, and Restate's snapshots put one into an object store",
            ),
            Change::Vacuum => ("vacuum", "Restate frees the room of removed runs by itself"),
        };
        Err(missing(&format!("`{command}`"), instead))
    }

    async fn fill(&self, run: &str, wait: &str, value: &str) -> Result<(String, Value), Failure> {
        let Found { status, inner } = self.find(run).await?;
        if inner.is_none() {
            one_is_meant(&status, wait)?;
        }
        let text = value_json(value);
        let kind = kind(&text).to_owned();
        let mut fill = Fill::new(wait, RawValue::from_string(text.clone())?);
        fill.inner = inner;
        self.client(&status.flow)
            .await?
            .fill_with(&status.run, &fill)
            .await?;
        let filled = format!("filled `{wait}` of run `{run}` with {kind}");
        Ok((filled, json!({ "run": run, "wait": wait })))
    }

    async fn prune(
        &self,
        older_than: Duration,
        status: Status,
    ) -> Result<(String, Value), Failure> {
        if !status.is_over() {
            return Err(format!(
                "runs that are {status} cannot be pruned: write finished, failed or cancelled"
            )
            .into());
        }
        let before = SystemTime::now()
            .checked_sub(older_than)
            .unwrap_or(UNIX_EPOCH);
        let mut removed = 0;
        for run in self.admin.runs().await? {
            if self.is_meant(&run) && run.status == status && time(run.updated) < before {
                self.admin.remove(&run.flow, &run.run).await?;
                removed += 1;
            }
        }
        let runs = if removed == 1 { "run" } else { "runs" };
        Ok((
            format!("removed {removed} {runs}"),
            json!({ "removed": removed }),
        ))
    }

    fn is_meant(&self, run: &RunStatus) -> bool {
        self.flow.as_ref().is_none_or(|flow| *flow == run.flow)
    }

    /// The run with this id, or the outermost run of this inner run: `order-17/4/documents[3]`.
    async fn find(&self, id: &str) -> Result<Found, Failure> {
        let outer = id.rmatch_indices('/').map(|(at, _)| at);
        for end in std::iter::once(id.len()).chain(outer) {
            let mut runs = self.admin.find(&id[..end]).await?;
            runs.retain(|run| self.is_meant(run));
            if runs.len() > 1 {
                let flows: Vec<_> = runs.iter().map(|run| format!("`{}`", run.flow)).collect();
                let flows = flows.join(" and ");
                let run = &id[..end];
                return Err(
                    format!("{flows} both have a run `{run}`: choose one with `--flow`").into(),
                );
            }
            if let Some(status) = runs.pop() {
                let inner = id.get(end + 1..).map(str::to_owned);
                return Ok(Found { status, inner });
            }
        }
        Err(match &self.flow {
            Some(flow) => format!("the flow `{flow}` has no run `{id}`"),
            None => format!("there is no run `{id}`"),
        }
        .into())
    }

    /// A run that is not an inner run.
    async fn whole(&self, id: &str) -> Result<RunStatus, Failure> {
        let Found { status, inner } = self.find(id).await?;
        match inner {
            None => Ok(status),
            Some(_) => {
                let run = status.run;
                Err(format!("run `{id}` is a part of run `{run}`: do this with `{run}`").into())
            }
        }
    }

    /// Adds what to do on the command line.
    pub(super) fn explain(&self, error: Failure) -> Failure {
        let help = match error.downcast_ref() {
            Some(ClientError::Denied { .. }) => {
                "the environment variable RESTATE_AUTH_TOKEN holds the token"
            }
            Some(
                ClientError::Unreachable {
                    port: Port::Ingress,
                    ..
                }
                | ClientError::WrongAddress {
                    port: Port::Ingress,
                    ..
                },
            ) if self.ingress.is_none() => {
                "the server names this address itself: if it takes requests at another one, add `--ingress URL`"
            }
            _ => return error,
        };
        format!("{}\nhelp: {help}", output::with_causes(&*error)).into()
    }

    async fn client(&self, flow: &str) -> Result<Client<()>, ClientError> {
        let client = match &self.ingress {
            Some(url) => pocketflow_restate::client(url, flow)?,
            None => self.admin.client(flow).await?,
        };
        match &self.token {
            Some(token) => client.token(token),
            None => Ok(client),
        }
    }
}

/// What there is not on Restate.
fn missing(what: &str, instead: &str) -> Failure {
    format!("there is no {what} for runs on Restate: {instead}").into()
}

/// A status of the command line.
fn listed(status: Listed) -> Result<Status, Failure> {
    let name = match status {
        Listed::Sleeping => "sleeping",
        Listed::Orphaned => "orphaned",
        Listed::Enqueued => "enqueued",
        Listed::Status(status) => status.as_str(),
    };
    name.parse().map_err(|_| {
        let statuses = Status::ALL.map(Status::as_str).join(", ");
        format!("no run on Restate is {name}: write one of {statuses}").into()
    })
}

fn time(millis: u64) -> SystemTime {
    UNIX_EPOCH
        .checked_add(Duration::from_millis(millis))
        .unwrap_or(UNIX_EPOCH)
}

fn wait(run: &RunStatus, wait: &Wait) -> String {
    let inner = wait
        .inner
        .as_ref()
        .map(|inner| format!(" of {}/{inner}", run.run));
    let until = wait
        .until
        .map(|until| format!(" (until {})", utc(time(until))));
    format!(
        "{}{}{}",
        wait.name,
        inner.unwrap_or_default(),
        until.unwrap_or_default()
    )
}

fn waits(run: &RunStatus, most: usize) -> String {
    list_of(run, &run.waits.iter().collect::<Vec<_>>(), most)
}

fn list_of(run: &RunStatus, waits: &[&Wait], most: usize) -> String {
    let names: Vec<_> = waits
        .iter()
        .take(most)
        .map(|open| wait(run, open))
        .collect();
    let names = names.join(", ");
    match waits.len().saturating_sub(most) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

/// Checks that a value is not for one of several waits.
fn one_is_meant(run: &RunStatus, asked: &str) -> Result<(), Failure> {
    let mut open: Vec<_> = run.waits.iter().collect();
    open.retain(|open| open.name == asked || open.field == asked);
    let [first, _, ..] = &open[..] else {
        return Ok(());
    };
    let id = &run.run;
    let part = match &first.inner {
        Some(inner) => format!("{id}/{inner}"),
        None => id.clone(),
    };
    let (name, open) = (&first.name, list_of(run, &open, 3));
    Err(format!(
        "run `{id}` waits for several values for `{asked}`: {open}\nhelp: fill one of them: pocketflow runs fill '{part}' '{name}' VALUE"
    )
    .into())
}

fn attempt(next: &NextAttempt) -> String {
    let NextAttempt {
        path,
        number,
        of,
        due,
        ..
    } = next;
    format!(
        "attempt {number} of {of} of {path}, due at {}",
        utc(time(*due))
    )
}

/// What the status does not say.
fn details(run: &RunStatus) -> String {
    match run.status {
        Status::Waiting => waits(run, 3),
        Status::Sleeping => match (&run.next_attempt, run.until) {
            (Some(next), _) => attempt(next),
            (None, Some(until)) => format!("sleeps until {}", utc(time(until))),
            (None, None) => String::new(),
        },
        Status::Finished => run.exit.clone().unwrap_or_default(),
        Status::Failed => run
            .error
            .as_ref()
            .map(|error| output::message(&error.message))
            .unwrap_or_default(),
        Status::Running | Status::Cancelled => match &run.problem {
            Some(problem) => output::message(problem),
            None => run.at.clone().unwrap_or_default(),
        },
    }
}

fn list(runs: &[RunStatus]) -> String {
    let rows = runs.iter().map(|run| {
        [
            run.run.clone(),
            run.status.to_string(),
            run.step.to_string(),
            run.flow.clone(),
            utc(time(run.updated)),
            details(run),
        ]
    });
    table(
        ["RUN", "STATUS", "STEP", "FLOW", "UPDATED", "DETAILS"],
        rows,
    )
}

fn show(run: &RunStatus) -> String {
    let next = run.next_attempt.as_ref();
    let sleeps = match next {
        None => run.until.map(|until| utc(time(until))),
        Some(_) => None,
    };
    values([
        ("run", Some(run.run.clone())),
        ("flow", Some(run.flow.clone())),
        ("status", Some(run.status.to_string())),
        (
            "waits for",
            next.map(attempt)
                .or((!run.waits.is_empty()).then(|| waits(run, usize::MAX))),
        ),
        (
            "last error",
            next.map(|next| output::message(&next.causes.join(": "))),
        ),
        ("until", sleeps),
        ("exit", run.exit.clone()),
        (
            "message",
            run.error
                .as_ref()
                .map(|error| output::message(&error.message)),
        ),
        ("problem", run.problem.as_deref().map(output::message)),
        ("step", Some(run.step.to_string())),
        ("at", run.at.clone()),
        ("created", Some(utc(time(run.created)))),
        ("updated", Some(utc(time(run.updated)))),
    ])
}
