//! A server in memory: it has the state of a run, and the journal of its burst.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use fastrand::Rng;
use pocketflow::Attempt;

use crate::burst::{Request, probe, take};
use crate::driver::Probe;
use crate::flow::Settings;
use crate::items::{self, Asking, Elsewhere, Reply, State};
use crate::job::Job;
use crate::pump::{Cancelled, Entry, Journal, Json, Outcome, Part, Record};
use crate::state::{Meta, Next, Run};
use crate::wire::{RunStatus, Status};

/// A piece of work: the run, the step, the branch, and the item.
type Work = (String, u64, Option<u32>, Option<u64>);

/// What the workers of one run have done.
#[derive(Default)]
pub(super) struct Done {
    begun: BTreeMap<Work, usize>,
    acknowledged: BTreeSet<Work>,
}

static DONE: Mutex<BTreeMap<String, Done>> = Mutex::new(BTreeMap::new());

/// The exec of a node: it must not be acknowledged, and takes some turns.
pub(super) async fn work(attempt: Attempt<'_>) {
    let key = attempt.key().expect("a run on Restate has an id");
    let run = run_of(key.run);
    let branch = key.branch.map(|branch| branch as u32);
    let work = (run, key.step, branch, key.identity);
    let seed = {
        let mut all = DONE.lock().unwrap();
        let id = work.0.split('/').next().unwrap();
        let done = all.get_mut(id).expect("a known run");
        assert!(
            !done.acknowledged.contains(&work),
            "{work:?} was acknowledged, and is done again"
        );
        let times = done.begun.entry(work.clone()).or_default();
        *times += 1;
        *times as u64 * 31 + key.identity.unwrap_or(key.step)
    };
    turns(Rng::with_seed(seed).usize(..6)).await;
}

/// The id of the run that a key is of, without the flow and the time: `order/1/items[0]`.
pub(super) fn run_of(name: &str) -> String {
    let (_, name) = name.split_once('/').expect("a flow");
    let (run, rest) = name.split_once('@').expect("a time");
    let inner = rest.split_once('/');
    inner.map_or_else(|| run.to_owned(), |(_, inner)| format!("{run}/{inner}"))
}

/// Yields as often as the number says.
async fn turns(mut number: usize) {
    poll_fn(|context| {
        if number == 0 {
            return Poll::Ready(());
        }
        number -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The server, for one run.
pub(super) struct Server {
    pub(super) job: Arc<dyn Job>,
    pub(super) settings: Settings,
    meta: String,
    store: String,
    log: String,
    journal: Mutex<Vec<Entry>>,
    next: Option<Next>,
    pub(super) rng: Rng,
    pub(super) others: Option<Arc<Others>>,
    /// Whether all attempts are made by one process.
    pub(super) same_process: bool,
    /// How many attempts at the current burst there were.
    attempts: usize,
    /// How many attempts at a burst were cut off.
    pub(super) crashes: usize,
}

/// One attempt at an invocation.
struct Invocation<'a> {
    run: &'a str,
    journal: &'a Mutex<Vec<Entry>>,
    next: Mutex<usize>,
    rng: Mutex<Rng>,
    cancel_at: Option<usize>,
}

impl Journal for Invocation<'_> {
    async fn record(&self, entry: impl Future<Output = Entry> + Send) -> Result<Entry, Cancelled> {
        let index = *self.next.lock().unwrap();
        *self.next.lock().unwrap() += 1;
        let known = self.journal.lock().unwrap().get(index).cloned();
        let (before, after) = {
            let mut rng = self.rng.lock().unwrap();
            (rng.usize(..3), rng.usize(..3))
        };
        turns(before).await;
        if let Some(entry) = known {
            return Ok(entry);
        }
        if self.cancel_at == Some(index) {
            return Err(Cancelled);
        }
        let entry = entry.await;
        // What is sent over the wire must come back as it was.
        let text = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<Entry>(&text).unwrap(), entry);
        turns(before).await;
        self.journal.lock().unwrap().push(entry.clone());
        turns(after).await;
        for Record { key, outcome, .. } in &entry.records {
            let run = match &*key.run {
                "" => self.run.to_owned(),
                inner => format!("{}/{inner}", self.run),
            };
            let work = match (key.part, outcome) {
                (Part::Step, Outcome::Step(_)) => (run, key.step, None, None),
                (Part::Item(piece), Outcome::Item(_)) => (run, key.step, piece.branch, piece.item),
                _ => continue,
            };
            let mut all = DONE.lock().unwrap();
            all.get_mut(self.run).unwrap().acknowledged.insert(work);
        }
        Ok(entry)
    }
}

/// The other workers. They keep what they have computed for whoever asks again.
pub(super) struct Others {
    job: Arc<dyn Job>,
    answers: Mutex<BTreeMap<String, Reply>>,
    /// The state of the run as it is stored.
    stored: Mutex<Option<Run>>,
    /// How often it was asked for.
    pub(super) reads: AtomicUsize,
    /// How often somebody has asked again.
    pub(super) again: AtomicUsize,
    /// After so many answers, those that are asked do not answer until this is raised.
    pub(super) answers_only: AtomicUsize,
}

impl Others {
    pub(super) fn new(job: Arc<dyn Job>) -> Self {
        Self {
            job,
            answers: Mutex::default(),
            stored: Mutex::default(),
            reads: AtomicUsize::default(),
            again: AtomicUsize::default(),
            answers_only: AtomicUsize::new(usize::MAX),
        }
    }

    pub(super) fn computed(&self) -> usize {
        self.answers.lock().unwrap().len()
    }
}

impl Elsewhere for Others {
    fn ask(&self, request: items::Request, key: String) -> Asking<'_> {
        Box::pin(async move {
            let known = self.answers.lock().unwrap().get(&key).cloned();
            if let Some(known) = known {
                self.again.fetch_add(1, Relaxed);
                return Ok(known);
            }
            let text = serde_json::to_string(&request).unwrap();
            let request: items::Request = serde_json::from_str(&text).unwrap();
            let run = match &request.state {
                State::Here(snapshot) => snapshot.clone().run(),
                State::Stored {
                    created,
                    burst,
                    log,
                    ..
                } => {
                    self.reads.fetch_add(1, Relaxed);
                    let mut run = self.stored.lock().unwrap().clone().unwrap();
                    assert_eq!(run.meta.status.created, *created);
                    assert_eq!(run.meta.burst, *burst);
                    run.log = log.clone();
                    run
                }
            };
            let burst = request.state.burst();
            let answer = items::answer(&self.job, &Settings::default(), request, run).await;
            let reply = Reply { burst, answer };
            let answered = {
                let mut answers = self.answers.lock().unwrap();
                answers.insert(key, reply.clone());
                answers.len()
            };
            if answered > self.answers_only.load(Relaxed) {
                return std::future::pending().await;
            }
            Ok(reply)
        })
    }
}

impl Server {
    /// Starts a run with a store.
    pub(super) fn start(job: Arc<dyn Job>, run: &str, store: &str, seed: u64) -> Self {
        DONE.lock().unwrap().insert(run.to_owned(), Done::default());
        // No two runs are started in the same millisecond.
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let created = STARTED.fetch_add(1, Relaxed) as u64;
        let input = job.input(run, store.as_bytes(), usize::MAX).unwrap();
        let status = RunStatus {
            run: run.to_owned(),
            flow: job.graph().name.to_owned(),
            status: Status::Running,
            step: 0,
            at: None,
            exit: None,
            waits: Vec::new(),
            until: None,
            next_attempt: None,
            problem: None,
            error: None,
            created,
            updated: created,
        };
        let meta = Meta {
            status,
            burst: 0,
            definition: input.definition.clone(),
            request: input.request.clone(),
            position: None,
            action: None,
            visits: BTreeMap::new(),
            log: 0,
        };
        Self {
            job,
            // Attempts are recorded, and no number of crashes is too many.
            settings: Settings {
                max_crashes: Some(u32::MAX),
                ..Settings::default()
            },
            meta: serde_json::to_string(&meta).unwrap(),
            store: crate::state::text(&input.store(store.as_bytes()).unwrap()),
            log: String::new(),
            journal: Mutex::default(),
            next: Some(Next::Burst(0)),
            rng: Rng::with_seed(seed),
            others: None,
            same_process: false,
            attempts: 0,
            crashes: 0,
        }
    }

    pub(super) fn run(&self) -> Run {
        let meta = serde_json::from_str(&self.meta).unwrap();
        Run::read(meta, &self.store, &self.log).unwrap()
    }

    pub(super) fn status(&self) -> RunStatus {
        self.run().meta.status
    }

    /// The store, as JSON.
    pub(super) fn store(&self) -> serde_json::Value {
        serde_json::from_str(&self.store).unwrap()
    }

    fn save(&mut self, run: &Run) {
        self.meta = serde_json::to_string(&run.meta).unwrap();
        if run.store_changed {
            self.store = run.store();
        }
        self.log = match run.log.is_empty() {
            true => String::new(),
            false => serde_json::to_string(&run.log).unwrap(),
        };
    }

    /// Takes bursts until the run waits or is over. Each attempt is polled at most as often as a random
    /// number below `patience` says, and more often after each crash.
    pub(super) fn go_on(&mut self, patience: usize) -> Status {
        let mut patience = patience;
        while let Some(next) = self.next {
            let due = match next {
                Next::Burst(_) => None,
                // The server in memory does not wait.
                Next::BurstAt(_, due) => Some(due),
                Next::Waits | Next::Over => break,
            };
            let polls = self.rng.usize(..patience);
            if self.attempt(due, None, polls).is_none() {
                self.crashes += 1;
                patience += 3;
            }
            assert!(self.crashes < 10_000, "it does not come to an end");
        }
        self.status().status
    }

    /// One attempt at a burst. Returns `None` if it is cut off.
    pub(super) fn attempt(
        &mut self,
        due: Option<u64>,
        cancel_at: Option<usize>,
        polls: usize,
    ) -> Option<Next> {
        let run = self.run();
        if let Some(others) = &self.others {
            *others.stored.lock().unwrap() = Some(run.clone());
            self.settings.elsewhere = Some(others.clone());
        }
        let id = run.meta.status.run.clone();
        let invocation = Invocation {
            run: &id,
            journal: &self.journal,
            next: Mutex::default(),
            rng: Mutex::new(self.rng.fork()),
            cancel_at,
        };
        self.attempts += 1;
        let request = Request {
            due,
            again: (self.attempts > 1).then(|| match self.same_process {
                true => "the process".to_owned(),
                false => format!("process {}", self.attempts),
            }),
            cancelled: false,
        };
        let taken = {
            let taking = take(&self.job, &self.settings, &invocation, request, run);
            poll_when_woken(pin!(taking), polls)
        };
        let (run, next, _) = taken?;
        self.save(&run);
        self.journal.lock().unwrap().clear();
        self.attempts = 0;
        self.next = Some(next);
        Some(next)
    }

    /// Cancels the burst at an entry of the journal.
    pub(super) fn cancel_at(&mut self, entry: usize) -> Status {
        self.attempt(None, Some(entry), 100_000)
            .expect("it comes to an end");
        self.status().status
    }

    /// Takes the rest of the run's bursts with another program.
    pub(super) fn change(&mut self, job: Arc<dyn Job>) {
        self.job = job;
    }

    /// Answers a wait. Returns why the value does not fit.
    pub(super) fn fill(&mut self, inner: &str, wait: &str, value: &str) -> Result<(), String> {
        let mut run = self.run();
        let found = run
            .waits()
            .find(|(key, open)| key.run == inner && open.name() == wait);
        let key = found.expect("an open wait").0.clone();
        let looking = probe(
            &self.job,
            &self.settings,
            &run,
            Probe::new(key.clone(), value.to_owned()),
        );
        let verdict = poll_when_woken(pin!(looking), 100_000).expect("it looks at once");
        verdict.expect("the run waits there")?;
        run.answer(&key, Json::new(value.to_owned()).unwrap());
        if matches!(run.meta.status.status, Status::Waiting | Status::Sleeping) {
            run.meta.burst += 1;
            run.meta.status.status = Status::Running;
            self.next = Some(Next::Burst(run.meta.burst));
        }
        self.save(&run);
        Ok(())
    }

    pub(super) fn retry(&mut self) {
        let mut run = self.run();
        self.next = Some(run.retry(1));
        self.save(&run);
    }

    /// How often work began that had begun before.
    pub(super) fn repeated(&self) -> usize {
        let all = DONE.lock().unwrap();
        let done = &all[&self.status().run];
        done.begun.values().map(|times| times - 1).sum()
    }

    /// How many pieces of work have begun.
    pub(super) fn begun(&self) -> usize {
        DONE.lock().unwrap()[&self.status().run].begun.len()
    }
}

/// Polls a future at most so often, and only if it has been woken.
fn poll_when_woken<T>(mut future: Pin<&mut impl Future<Output = T>>, polls: usize) -> Option<T> {
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Relaxed);
        }
    }

    let woken = Arc::new(Woken(AtomicBool::new(true)));
    let waker = Waker::from(woken.clone());
    let mut context = Context::from_waker(&waker);
    (0..polls).find_map(|_| {
        assert!(woken.0.swap(false, Relaxed), "nothing wakes it any more");
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        }
    })
}
