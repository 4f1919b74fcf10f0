//! Where the flow and the journal meet: pieces ask here whether they are recorded, and leave what
//! they have computed.

mod entries;

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use futures_channel::oneshot;
use futures_util::future::{Either, select};

use super::crashes::Crashes;
use super::record::{Entry, Json, Key, Outcome, Part, Piece, Record, Why};
use crate::clock::Clock;

/// One burst. The flow and the pump share it.
#[derive(Clone)]
pub(crate) struct Desk(Arc<Mutex<Inner>>);

struct Inner {
    /// Identifies the program.
    program: String,
    /// The definition of its flow, if it differs from the one that is stored.
    definition: Option<Json>,
    clock: Clock,
    /// An entry takes about as many bytes at most.
    max_entry: usize,
    /// Whether the end of the journal is reached, so that work may begin.
    live: bool,
    /// Those who wait for that.
    held: Vec<oneshot::Sender<()>>,
    /// What is recorded. A step and an item are removed when they are asked for.
    recorded: BTreeMap<Key, Outcome>,
    /// Those who have asked for what is not recorded yet.
    asked: BTreeMap<Key, oneshot::Sender<Outcome>>,
    /// What is computed and not recorded, in this order.
    done: Vec<Record>,
    /// The entry that the journal has not acknowledged.
    proposed: Option<Entry>,
    /// The attempts at this burst that have come to nothing, if there were any.
    crashes: Option<Crashes>,
    /// How many entries the journal has, whether they contain more than attempts, and how many bytes they take.
    entries: usize,
    has_begun: bool,
    bytes: usize,
    /// The path of the current step of the outermost run.
    at: Option<String>,
    /// Why the run does not get on, although it has not failed.
    problem: Option<String>,
    /// Why the flow has ended.
    end: Option<Why>,
    /// Whether the flow must not run any more: another program began the burst, or an earlier
    /// attempt has recorded something else.
    retired: bool,
    cancelled: bool,
    /// Wakes the entry that is being made.
    waker: Option<Waker>,
}

/// What a piece of work comes to.
pub(crate) enum Performed<T> {
    /// It was done, and it is recorded now.
    Now(T),
    /// It was recorded before.
    Before(Outcome),
}

impl Desk {
    /// `stored` are the pieces of the step in progress that earlier bursts have recorded.
    pub(crate) fn new(
        program: String,
        clock: Clock,
        max_entry: usize,
        stored: BTreeMap<Key, Outcome>,
    ) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            program,
            definition: None,
            clock,
            max_entry,
            live: false,
            held: Vec::new(),
            recorded: stored,
            asked: BTreeMap::new(),
            done: Vec::new(),
            proposed: None,
            crashes: None,
            entries: 0,
            has_begun: false,
            bytes: 0,
            at: None,
            problem: None,
            end: None,
            retired: false,
            cancelled: false,
            waker: None,
        })))
    }

    /// The state is consistent whenever the lock is free, so a poisoned lock can be used.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does a piece of work, unless it is recorded. If the record arrives while the work is in
    /// progress, the work is dropped.
    ///
    /// Work that must not be repeated waits until the burst is [live](Self::live).
    ///
    /// # Errors
    ///
    /// The error of the work. It is not recorded.
    pub(crate) async fn perform<T, E>(
        &self,
        key: Key,
        work: impl Future<Output = Result<(T, Record), E>>,
    ) -> Result<Performed<T>, E> {
        match self.unless_recorded(&key, work).await {
            Err(outcome) => Ok(Performed::Before(outcome)),
            Ok(done) => {
                let (value, record) = done?;
                self.record(record).await;
                Ok(Performed::Now(value))
            }
        }
    }

    /// Does what is not recorded for a key. If the record arrives in the meantime, the work is dropped.
    ///
    /// # Errors
    ///
    /// What is recorded.
    pub(crate) async fn unless_recorded<T>(
        &self,
        key: &Key,
        work: impl Future<Output = T>,
    ) -> Result<T, Outcome> {
        let recorded = self.ask(key)?;
        match select(recorded, pin!(work)).await {
            Either::Left((Ok(outcome), _)) => Err(outcome),
            // The pump outlives the flow.
            Either::Left((Err(_), _)) => std::future::pending().await,
            Either::Right((value, _)) => Ok(value),
        }
    }

    /// Records what is done, and waits until the journal has acknowledged it.
    pub(crate) async fn record(&self, record: Record) {
        let Ok(recorded) = self.ask(&record.key) else {
            return;
        };
        {
            let mut inner = self.lock();
            inner.done.push(record);
            inner.wake();
        }
        if recorded.await.is_err() {
            std::future::pending().await
        }
    }

    /// [Records](Self::record) what replaces what is recorded.
    pub(crate) async fn replace(&self, record: Record) {
        self.lock().recorded.remove(&record.key);
        self.record(record).await;
    }

    /// What is recorded for a key, or where to wait for it.
    fn ask(&self, key: &Key) -> Result<oneshot::Receiver<Outcome>, Outcome> {
        let mut inner = self.lock();
        let recorded = match key.part {
            Part::Step | Part::Item(_) => inner.recorded.remove(key),
            _ => inner.recorded.get(key).cloned(),
        };
        if let Some(outcome) = recorded {
            return Err(outcome);
        }
        let (sender, receiver) = oneshot::channel();
        inner.asked.insert(key.clone(), sender);
        Ok(receiver)
    }

    /// Waits until the end of the journal is reached. What is done from then on is done for the
    /// first time, as far as the journal knows.
    pub(crate) async fn live(&self) {
        let held = {
            let mut inner = self.lock();
            if inner.live {
                return;
            }
            let (sender, receiver) = oneshot::channel();
            inner.held.push(sender);
            receiver
        };
        if held.await.is_err() {
            std::future::pending().await
        }
    }

    /// The wait at a step, if it is recorded.
    pub(crate) fn wait(&self, key: &Key) -> Option<Outcome> {
        self.lock().recorded.get(key).cloned()
    }

    /// The last attempt for which a piece of a step waits, or has waited.
    pub(crate) fn attempt(&self, run: &str, step: u64, piece: Piece) -> Option<(u32, Outcome)> {
        let key = |number| Key {
            run: run.to_owned(),
            step,
            part: Part::Attempt(piece, number),
        };
        let inner = self.lock();
        let last = inner.recorded.range(key(0)..=key(u32::MAX)).next_back();
        let (key, outcome) = last?;
        match key.part {
            Part::Attempt(_, number) => Some((number, outcome.clone())),
            _ => None,
        }
    }

    /// Another version of the flow drives the run from now on.
    pub(crate) fn defines(&self, definition: Json) {
        self.lock().definition = Some(definition);
    }

    /// Remembers where the outermost run is.
    pub(crate) fn at(&self, path: String) {
        self.lock().at = Some(path);
    }

    /// Remembers why the run does not get on.
    pub(crate) fn problem(&self, why: String) {
        self.lock().problem = Some(why);
    }

    /// Counts the attempts at this burst.
    pub(crate) fn count(&self, crashes: Crashes) {
        self.lock().crashes = Some(crashes);
    }

    /// How many bytes the entries of the journal take.
    pub(crate) fn bytes(&self) -> usize {
        self.lock().bytes
    }

    /// Whether the journal contains more than attempts.
    pub(crate) fn has_begun(&self) -> bool {
        self.lock().has_begun
    }

    /// The flow must not run any more. The burst ends with what is recorded, and the next one goes on.
    pub(crate) fn retire(&self) {
        let mut inner = self.lock();
        inner.retired = true;
        inner.wake();
    }

    /// The flow has ended.
    pub(crate) fn end(&self, why: Why) {
        let mut inner = self.lock();
        inner.end = Some(why);
        inner.wake();
    }

    /// Whether the flow must not run any more.
    pub(crate) fn is_retired(&self) -> bool {
        self.lock().retired
    }

    /// There is no journal, so work may begin.
    pub(crate) fn go_live(&self) {
        self.lock().go_live();
    }

    /// The next entry of the journal. The first poll says that the burst is live.
    pub(super) fn poll_entry(&self, context: &mut Context<'_>) -> Poll<Entry> {
        let mut inner = self.lock();
        if let Some(crashes) = inner.crashes.as_mut().filter(|crashes| !crashes.asked) {
            // The flow goes on with what was acknowledged last, to the step at which it may be stuck.
            crashes.asked = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Some(entry) = inner.attempt() {
            return Poll::Ready(entry);
        }
        inner.go_live();
        match inner.entry() {
            Some(entry) => Poll::Ready(entry),
            None => {
                inner.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }

    /// The journal has acknowledged an entry.
    pub(super) fn acknowledged(&self, entry: &Entry) {
        let mut inner = self.lock();
        let proposed = inner.proposed.take();
        if proposed.is_none() && !inner.done.is_empty() {
            // A step whose items are recorded is computed again, and may be recorded as well. If it
            // comes to something else now, what is recorded counts, and the flow must not go on.
            let records = entry.records.iter();
            let recorded: HashMap<_, _> = records.map(|of| (&of.key, &of.outcome)).collect();
            let mut differs = false;
            inner.done.retain(|record| {
                let recorded = recorded.get(&record.key);
                differs |= recorded.is_some_and(|outcome| **outcome != record.outcome);
                recorded.is_none()
            });
            inner.retired |= differs;
        }
        let differs = proposed.is_some_and(|proposed| proposed != *entry);
        let program = entry.program.as_ref();
        let foreign = program.is_some_and(|program| *program != inner.program);
        inner.retired |= differs || foreign;
        inner.entries += 1;
        inner.has_begun |= entry.attempt.is_none();
        if let Some(crashes) = &mut inner.crashes {
            crashes.acknowledged(entry);
        }
        inner.bytes += entry.records.iter().map(Record::size).sum::<usize>();
        for Record { key, outcome, .. } in &entry.records {
            // The flow has gone on from the state as it was before.
            inner.retired |= key.part == Part::Migration && !inner.asked.contains_key(key);
            match inner.asked.remove(key) {
                // Attempts and waits are looked up again.
                Some(asked) if matches!(key.part, Part::Step | Part::Item(_)) => {
                    let _ = asked.send(outcome.clone());
                }
                asked => {
                    inner.recorded.insert(key.clone(), outcome.clone());
                    if let Some(asked) = asked {
                        let _ = asked.send(outcome.clone());
                    }
                }
            }
        }
    }

    /// The invocation has been cancelled. What the journal has not acknowledged goes into the last
    /// entry.
    pub(crate) fn cancelled(&self) {
        let mut inner = self.lock();
        inner.cancelled = true;
        if let Some(entry) = inner.proposed.take() {
            inner.done.splice(0..0, entry.records);
        }
    }
}
