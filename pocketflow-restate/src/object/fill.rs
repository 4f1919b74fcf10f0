//! `fill`: answers a wait.

use bytes::Bytes;
use restate_sdk::errors::TerminalError;

use super::Object;
use super::context::{Context, report};
use crate::burst;
use crate::driver::{Probe, TooLarge};
use crate::job::Refused;
use crate::pump::{Json, Key, Wait};
use crate::state::{Next, Run};
use crate::wire::{Fill, Status};

impl Object {
    pub(super) async fn fill(
        &self,
        context: &Context,
        body: Bytes,
    ) -> Result<Bytes, TerminalError> {
        let fill: Fill<Json> = serde_json::from_slice(&body).map_err(|error| {
            let help =
                "send {\"field\": …, \"value\": …}, and \"wait\" or \"inner\" if several are open";
            Refused::new(
                400,
                format!("the body is not an answer: {error}\nhelp: {help}"),
            )
        })?;
        let meta = context.known().await?;
        let mut run = context.load(meta, &mut false).await?;
        let key = addressed(&run, &fill)?.clone();
        self.is_small(&run, &fill)?;
        self.check(context, &run, &key, &fill).await?;
        let now = context.now().await?;
        run.answer(&key, fill.value);
        run.meta.status.updated = now;
        let waits = matches!(run.meta.status.status, Status::Waiting | Status::Sleeping);
        if waits {
            run.meta.burst += 1;
            run.meta.status.status = Status::Running;
        }
        context.save(&mut run);
        if waits {
            context.go_on(Next::Burst(run.meta.burst), now);
        }
        Ok(report(&run.meta.status))
    }

    /// Refuses a value with which the store would be too large.
    fn is_small(&self, run: &Run, fill: &Fill<Json>) -> Result<(), Refused> {
        let (bytes, max) = (
            run.size() + fill.value.text().len(),
            self.settings.max_store,
        );
        if bytes <= max {
            return Ok(());
        }
        let what = format!("the store with this value of `{}`", fill.field);
        Err(Refused::new(413, TooLarge { what, bytes, max }.to_string()))
    }

    /// Checks the value where the run waits.
    async fn check(
        &self,
        context: &Context,
        run: &Run,
        key: &Key,
        fill: &Fill<Json>,
    ) -> Result<(), TerminalError> {
        let checked = context.decide_later("check", || {
            let probe = Probe::new(key.clone(), fill.value.text().to_owned());
            burst::probe(&self.job, &self.settings, run, probe)
        });
        let field = &fill.field;
        match checked.await? {
            Ok(Ok(())) => Ok(()),
            Ok(Err(why)) => {
                let why = format!("the value does not fit the field `{field}`: {why}");
                Err(Refused::new(400, why).into())
            }
            Err(why) => {
                let run = &context.run;
                let why = format!("run `{run}` cannot go on to its wait for `{field}`: {why}");
                Err(Refused::new(409, why).into())
            }
        }
    }
}

/// The wait that an answer is for.
fn addressed<'a>(run: &'a Run, fill: &Fill<Json>) -> Result<&'a Key, Refused> {
    let status = &run.meta.status;
    let id = &status.run;
    if status.status.is_over() {
        let help = match status.status {
            Status::Finished => "it waits for nothing any more",
            _ => "let it go on with `retry` first",
        };
        return Err(Refused::new(
            409,
            format!("run `{id}` is {}\nhelp: {help}", status.status),
        ));
    }
    let is_meant = |(key, wait): &(&Key, &Wait)| {
        let name = fill.wait.as_ref();
        let inner = fill.inner.as_ref();
        wait.field == fill.field
            && name.is_none_or(|name| *name == wait.name())
            && inner.is_none_or(|inner| *inner == key.run)
    };
    let mut meant = run.waits().filter(is_meant);
    match (meant.next(), meant.next()) {
        (Some((key, _)), None) => Ok(key),
        (None, _) => {
            let asked = fill.wait.as_deref().unwrap_or(&fill.field);
            let inner = fill.inner.as_ref().map(|inner| format!(" in `{inner}`"));
            let inner = inner.unwrap_or_default();
            Err(Refused::new(
                409,
                format!(
                    "run `{id}` does not wait for `{asked}`{inner}: {}",
                    open(run)
                ),
            ))
        }
        (Some(_), Some(_)) => Err(Refused::new(
            409,
            format!(
                "several waits for `{}` are open: {}\nhelp: name one, with \"inner\" or \"wait\"",
                fill.field,
                open(run)
            ),
        )),
    }
}

/// The open waits, in words.
fn open(run: &Run) -> String {
    let name = |(key, wait): (&Key, &Wait)| match &*key.run {
        "" => format!("`{}`", wait.name()),
        inner => format!("`{}` in `{inner}`", wait.name()),
    };
    let mut names: Vec<_> = run.waits().map(name).collect();
    let more = names.len().saturating_sub(20);
    names.truncate(20);
    match (names.is_empty(), more) {
        (true, _) => "it waits for no field".to_owned(),
        (false, 0) => format!("it waits for {}", names.join(", ")),
        (false, more) => format!("it waits for {}, and {more} more", names.join(", ")),
    }
}
