//! The context of a handler.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::time::Duration;

use bytes::Bytes;
use restate_sdk::context::{RequestTarget, RunFuture};
use restate_sdk::endpoint::{ContextInternal, InputMetadata};
use restate_sdk::errors::TerminalError;
use restate_sdk::serde::Json;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::internal;
use crate::clock::Clock;
use crate::job::Refused;
use crate::pump::{Cancelled, Entry, Journal};
use crate::state::{Meta, Next, Run, key};
use crate::wire::RunStatus;

/// A log is stored in parts of so many bytes.
const LOG_PART: usize = 8 << 20;

/// The context of a handler, and the run that it is called for.
pub(super) struct Context {
    pub(super) ctx: ContextInternal,
    pub(super) run: String,
    pub(super) invocation: String,
}

/// The body of `step`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StepRequest {
    pub(super) burst: u64,
    /// When it was due, if it was called with a delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) due: Option<u64>,
}

/// The code of the error that a cancelled invocation gets, once.
const CANCELLED: u16 = 409;

/// Calls the context, again if the invocation is cancelled in the meantime. Sets the flag then.
macro_rules! uncancelled {
    ($cancelled:expr, $call:expr) => {
        loop {
            match $call.await {
                Err(error) if error.code() == CANCELLED => $cancelled = true,
                result => break result,
            }
        }
    };
}

impl Context {
    pub(super) fn new(ctx: ContextInternal, input: InputMetadata) -> Self {
        Self {
            ctx,
            run: input.key,
            invocation: input.invocation_id,
        }
    }

    /// A value of the state. A short handler goes on even if its invocation is cancelled, because it
    /// changes the state as a whole. Sets the flag then.
    async fn text(&self, key: &str, cancelled: &mut bool) -> Result<Option<String>, TerminalError> {
        let bytes: Option<Bytes> = uncancelled!(*cancelled, self.ctx.get(key))?;
        let text = bytes.map(|bytes| String::from_utf8(bytes.into()));
        text.transpose().map_err(|error| damaged(key, error))
    }

    /// The run's `meta`, if the run is known.
    pub(super) async fn meta(&self, cancelled: &mut bool) -> Result<Option<Meta>, TerminalError> {
        let text = self.text(key::META, cancelled).await?;
        let meta = text.map(|text| serde_json::from_str(&text));
        meta.transpose().map_err(|error| damaged(key::META, error))
    }

    /// [`meta`](Self::meta), and whether an earlier attempt at this invocation has read it: what the journal has is there at
    /// once, and the server is asked for the rest.
    pub(super) async fn meta_again(
        &self,
        cancelled: &mut bool,
    ) -> Result<(Option<Meta>, bool), TerminalError> {
        let mut polls = 0;
        let mut reading = pin!(self.meta(cancelled));
        let meta = poll_fn(|context| {
            polls += 1;
            reading.as_mut().poll(context)
        });
        let meta = meta.await?;
        Ok((meta, polls == 1))
    }

    /// The run's `meta`.
    ///
    /// # Errors
    ///
    /// There is no such run.
    pub(super) async fn known(&self) -> Result<Meta, TerminalError> {
        let meta = self.meta(&mut false).await?;
        meta.ok_or_else(|| Refused::new(404, format!("there is no run `{}`", self.run)).into())
    }

    /// The whole state of a run.
    pub(super) async fn load(
        &self,
        meta: Meta,
        cancelled: &mut bool,
    ) -> Result<Run, TerminalError> {
        let store = self.text(key::STORE, cancelled).await?.unwrap_or_default();
        let mut log = String::new();
        for part in 0..meta.log {
            log += &self
                .text(&key::log(part), cancelled)
                .await?
                .unwrap_or_default();
        }
        Run::read(meta, &store, &log).map_err(|error| damaged("the state", error))
    }

    /// Stores what has changed in the state.
    pub(super) fn save(&self, run: &mut Run) {
        let log = match run.log.is_empty() {
            true => String::new(),
            false => serde_json::to_string(&run.log).expect("texts are JSON"),
        };
        let before = run.meta.log;
        run.meta.log = 0;
        for part in parts(&log) {
            self.set(&key::log(run.meta.log), part.to_owned());
            run.meta.log += 1;
        }
        for part in run.meta.log..before {
            self.ctx.clear(&key::log(part));
        }
        if run.store_changed {
            self.set(key::STORE, run.store());
        }
        self.save_meta(&run.meta);
    }

    pub(super) fn save_meta(&self, meta: &Meta) {
        self.set(
            key::META,
            serde_json::to_string(meta).expect("texts are JSON"),
        );
    }

    pub(super) fn set(&self, key: &str, text: String) {
        self.ctx.set(key, Bytes::from(text));
    }

    /// The invocation that takes a burst.
    pub(super) async fn burst(&self) -> Result<Option<String>, TerminalError> {
        self.text(key::BURST, &mut false).await
    }

    /// Decides something once. What depends on more than the journal, such as the program or the time of
    /// day, must be decided here.
    pub(super) async fn decide<T>(
        &self,
        name: &str,
        decide: impl Fn() -> T + Send + Sync,
    ) -> Result<T, TerminalError>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
    {
        self.decide_later(name, || std::future::ready(decide()))
            .await
    }

    /// [`decide`](Self::decide), with a future.
    pub(super) async fn decide_later<T, F>(
        &self,
        name: &str,
        decide: impl Fn() -> F + Send + Sync,
    ) -> Result<T, TerminalError>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: Future<Output = T> + Send,
    {
        let decide = &decide;
        let mut cancelled = false;
        let decided: Json<T> = uncancelled!(
            cancelled,
            self.ctx
                .run(move || async move { Ok(Json(decide().await)) })
                .name(name)
        )?;
        let _ = cancelled;
        Ok(decided.into_inner())
    }

    /// The time of day, once.
    pub(super) async fn now(&self) -> Result<u64, TerminalError> {
        self.decide("now", || Clock::default().now()).await
    }

    /// A handler of this run.
    pub(super) fn target(&self, handler: &str) -> RequestTarget {
        RequestTarget::object(self.ctx.service_name(), &*self.run, handler)
    }

    /// Lets the run go on.
    pub(super) fn go_on(&self, next: Next, now: u64) {
        let (burst, due) = match next {
            Next::Burst(burst) => (burst, None),
            Next::BurstAt(burst, due) => (burst, Some(due)),
            Next::Waits | Next::Over => return,
        };
        let target = self.target(internal::STEP);
        let request = self
            .ctx
            .request::<_, ()>(target, Json(StepRequest { burst, due }));
        match due.map(|due| Duration::from_millis(due.saturating_sub(now))) {
            Some(delay) if !delay.is_zero() => drop(request.send_after(delay)),
            _ => drop(request.send()),
        }
    }

    /// Wakes those who wait for the run's end.
    pub(super) async fn wake_waiters(&self) -> Result<(), TerminalError> {
        for waiter in self.waiters().await? {
            self.ctx.resolve_awakeable(&waiter, ());
        }
        self.ctx.clear(key::WAITERS);
        Ok(())
    }

    /// The awakeables of those who wait for the run's end.
    pub(super) async fn waiters(&self) -> Result<Vec<String>, TerminalError> {
        let text = self.text(key::WAITERS, &mut false).await?;
        let waiters = text.map(|text| serde_json::from_str(&text));
        let waiters = waiters
            .transpose()
            .map_err(|error| damaged(key::WAITERS, error))?;
        Ok(waiters.unwrap_or_default())
    }
}

/// The parts of a log.
fn parts(mut log: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    while !log.is_empty() {
        let mut end = LOG_PART.min(log.len());
        while !log.is_char_boundary(end) {
            end -= 1;
        }
        let (part, rest) = log.split_at(end);
        parts.push(part);
        log = rest;
    }
    parts
}

/// The steps of a burst are recorded in the journal of the invocation.
impl Journal for Context {
    async fn record(&self, entry: impl Future<Output = Entry> + Send) -> Result<Entry, Cancelled> {
        let recorded = self.ctx.run(move || async move { Ok(Json(entry.await)) });
        let recorded: Result<Json<Entry>, TerminalError> = recorded.name("steps").await;
        // The entry does not fail, so a cancellation is all that can come instead.
        recorded.map(Json::into_inner).map_err(|_| Cancelled)
    }
}

/// The error that the state of a run cannot be read.
fn damaged(key: &str, error: impl std::fmt::Display) -> TerminalError {
    Refused::new(500, format!("cannot read {key} of the run: {error}")).into()
}

/// An answer as JSON.
pub(super) fn json(value: &impl Serialize) -> Bytes {
    serde_json::to_vec(value).expect("texts are JSON").into()
}

/// Reports a run.
pub(super) fn report(status: &RunStatus) -> Bytes {
    json(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_cut_into_parts_between_characters() {
        let log = "ä".repeat(LOG_PART);
        let parts = parts(&log);
        assert!(parts.len() >= 2 && parts.iter().all(|part| part.len() <= LOG_PART));
        assert_eq!(parts.concat(), log);
        assert!(super::parts("").is_empty());
    }
}
