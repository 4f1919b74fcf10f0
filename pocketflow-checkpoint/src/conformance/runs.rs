//! Whole runs of a flow: runs that are dropped, filled twice, waited for twice, or stored while the
//! storage fails.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Mutex;
use std::task::Poll;
use std::time::Duration;

use crate::{Checkpoints, MovedOn, Parked, Status, Storage, StorageError};
use pocketflow::{Action, Attempt, Shared, flow, node};
use serde::{Deserialize, Serialize};

use super::flaky::{Flaky, How};
use super::support::*;

#[derive(Shared, Default, Debug, PartialEq, Serialize, Deserialize)]
struct Letter {
    items: Vec<u32>,
    drafts: Vec<String>,
    doubled: Option<Vec<u32>>,
    answer: Option<bool>,
    sent: Option<String>,
}

/// The keys of the work that was done. A key includes the run's id, so tests do not affect each
/// other.
static DONE: Mutex<Vec<String>> = Mutex::new(Vec::new());

async fn work(attempt: Attempt<'_>) {
    tokio::task::yield_now().await;
    DONE.lock()
        .unwrap()
        .push(attempt.key().expect("a key").to_string());
}

/// How often each piece of work of a run was done, for the pieces that were done more than once.
fn repeated(run: &str) -> Vec<String> {
    let mut keys = DONE.lock().unwrap().clone();
    keys.retain(|key| key.starts_with(&format!("{run}/")));
    keys.sort();
    keys.windows(2)
        .filter(|pair| pair[0] == pair[1])
        .map(|pair| pair[0].clone())
        .collect()
}

#[node(Letter, appends = drafts)]
async fn draft(drafts: &[String], #[attempt] attempt: Attempt<'_>) -> Vec<String> {
    work(attempt).await;
    vec![format!("draft {}", drafts.len() + 1)]
}

#[node(Letter, writes = doubled, parallel = 3)]
async fn double(#[each(items)] item: &u32, #[attempt] attempt: Attempt<'_>) -> u32 {
    work(attempt).await;
    item * 2
}

#[derive(Action, Serialize, Deserialize)]
enum Answer {
    Yes,
    No,
}

#[node(Letter)]
fn look(answer: &bool) -> Answer {
    if *answer { Answer::Yes } else { Answer::No }
}

#[node(Letter, writes = sent)]
async fn send(drafts: &[String], doubled: &[u32], #[attempt] attempt: Attempt<'_>) -> String {
    work(attempt).await;
    format!(
        "{} {doubled:?}",
        drafts.last().map_or("nothing", |draft| draft)
    )
}

flow! {
    /// Asks about each draft until one is approved.
    Write {
        double >> draft >> await(answer) >> look;
        look - "no" >> draft;
        look - "yes" >> send;
    }
}

fn letter() -> Letter {
    Letter {
        items: (0..6).collect(),
        ..Default::default()
    }
}

/// An id that no other test uses on any engine.
fn id(name: &str) -> String {
    format!("{name}-{:08x}", fastrand::u32(..))
}

/// Waits until a condition holds.
async fn until<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let found = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            match look().await {
                Some(found) => return found,
                None => tokio::time::sleep(Duration::from_millis(2)).await,
            }
        }
    });
    found.await.expect("it takes no 20 s")
}

/// Polls a future at most this many times.
async fn polled<F: Future>(times: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

pub async fn a_run_that_is_dropped_anywhere_gives_its_lease_back<S: Storage>(a: S, b: S) {
    let runs = Checkpoints::new(a);
    for polls in 0..40 {
        let run = id("dropped");
        let mut letter = letter();
        drop(polled(polls, Write.with(runs.run(&run).park()).run(&mut letter)).await);
        // The lease lasts 30 s, and the next process must not have to wait for it.
        let free = until(async || match b.show(&run).await.unwrap() {
            Some(record) if record.owner.is_some() => None,
            record => Some(record),
        });
        tokio::time::timeout(Duration::from_secs(10), free)
            .await
            .unwrap_or_else(|_| panic!("{polls} polls"));
        // The run continues, and is not counted as one that died.
        let again = Write
            .with(runs.run(&run).park())
            .run(&mut letter)
            .await
            .unwrap_err();
        assert!(again.cause().is::<Parked>(), "{polls} polls: {again:#}");
        assert_eq!(show(&b, &run).await.crashes, 0);
    }
}

/// A double click on a page that asks about a draft must not approve the next draft.
pub async fn an_answer_is_not_taken_for_the_next_question<S: Storage>(a: S, b: S) {
    let runs = Checkpoints::new(a);
    let run = id("clicks");
    // An answer to a question that has not been asked is rejected.
    let mut letter = Letter {
        answer: Some(true),
        ..letter()
    };
    let parked = Write
        .with(runs.run(&run).park())
        .run(&mut letter)
        .await
        .unwrap_err();
    let wait = |error: &pocketflow::Error| {
        error
            .cause()
            .downcast_ref::<Parked>()
            .map(|parked| parked.wait.clone())
    };
    assert_eq!(wait(&parked).as_deref(), Some("answer#1"));
    assert_eq!(letter.answer, None);
    runs.fill(&run, "answer#1", "false").await.unwrap();
    assert!(matches!(
        runs.fill(&run, "answer#1", "true").await,
        Err(StorageError::AlreadyFilled { .. })
    ));
    let parked = Write
        .with(runs.run(&run).park())
        .run(&mut letter)
        .await
        .unwrap_err();
    assert_eq!(wait(&parked).as_deref(), Some("answer#2"));
    assert!(matches!(
        runs.fill(&run, "answer#1", "true").await,
        Err(StorageError::WaitClosed { .. })
    ));
    let parked = Write
        .with(runs.run(&run).park())
        .run(&mut letter)
        .await
        .unwrap_err();
    assert_eq!(wait(&parked).as_deref(), Some("answer#2"), "it still waits");
    assert_eq!(
        letter.answer, None,
        "the answer to the first draft is none to the second"
    );
    assert_eq!(letter.drafts.len(), 2);
    // The third draft is answered before it is written.
    runs.fill(&run, "answer#3", "true").await.unwrap();
    runs.fill(&run, "answer#2", "false").await.unwrap();
    Write
        .with(runs.run(&run).park())
        .run(&mut letter)
        .await
        .unwrap();
    assert_eq!(letter.sent.as_deref(), Some("draft 3 [0, 2, 4, 6, 8, 10]"));
    assert!(matches!(
        runs.fill(&run, "answer#4", "true").await,
        Err(StorageError::NotWaiting { .. })
    ));
    assert_eq!(show(&b, &run).await.status, Status::Finished);
    assert_eq!(repeated(&run), [""; 0]);
}

pub async fn of_two_that_wait_for_a_run_one_resumes_it<S: Storage>(a: S, b: S) {
    let [a, b] = [a, b].map(|storage| Checkpoints::new(storage).poll(Duration::from_millis(5)));
    for round in 0..10 {
        let run = id("both");
        let (mut one, mut two) = (letter(), letter());
        let first = Write.with(a.run(&run)).run(&mut one);
        let (start, started) = tokio::sync::oneshot::channel();
        let then = async {
            started.await.unwrap();
            Write.with(b.run(&run)).run(&mut two).await
        };
        let person = async {
            let waits_since = async || {
                let record = b.storage().show(&run).await.unwrap()?;
                let waits = record.status == Status::Waiting && record.owner.is_none();
                waits.then_some(record.updated)
            };
            let since = until(waits_since).await;
            // The time is in milliseconds.
            tokio::time::sleep(Duration::from_millis(5)).await;
            start.send(()).unwrap();
            // Both wait: the second one got the lease for a moment and has given it back.
            until(async || waits_since().await.filter(|again| *again != since)).await;
            let by = if round % 2 == 0 { &a } else { &b };
            until(async || by.fill(&run, "answer#1", "true").await.ok()).await;
        };
        let (first, second, ()) = tokio::join!(first, then, person);
        let (won, lost) = if first.is_ok() {
            (first, second)
        } else {
            (second, first)
        };
        won.unwrap();
        let lost = lost.unwrap_err();
        assert!(lost.cause().is::<MovedOn>(), "{lost:#}");
        assert_eq!(show(a.storage(), &run).await.status, Status::Finished);
        assert_eq!(repeated(&run), [""; 0]);
        // The advice in the message works.
        let mut result = letter();
        Write.with(b.run(&run)).run(&mut result).await.unwrap();
        assert!(result.sent.is_some());
    }
}

pub async fn a_storage_that_fails_for_a_moment_loses_nothing<S: Storage>(a: S, b: S) {
    let storage = Flaky::new(a, 3);
    let runs = Checkpoints::new(storage)
        .poll(Duration::from_millis(1))
        .lease(Duration::from_millis(100));
    for _ in 0..15 {
        let run = id("flaky");
        let mut letter = letter();
        let work = async { Write.with(runs.run(&run)).run(&mut letter).await.unwrap() };
        let person = async {
            for (wait, answer) in [("answer#1", "false"), ("answer#2", "true")] {
                until(async || {
                    let waits = b
                        .show(&run)
                        .await
                        .unwrap()
                        .is_some_and(|run| run.wait.as_deref() == Some(wait));
                    waits.then_some(())
                })
                .await;
                runs.fill(&run, wait, answer).await.unwrap();
            }
        };
        tokio::join!(work, person);
        assert_eq!(letter.sent.as_deref(), Some("draft 2 [0, 2, 4, 6, 8, 10]"));
        assert_eq!(
            repeated(&run),
            [""; 0],
            "what was done is stored, however often it takes"
        );
        let record = show(&b, &run).await;
        assert_eq!((record.status, record.step), (Status::Finished, 8));
    }
}

/// Each call of a run fails once, before and after it takes effect, with a temporary and with a
/// permanent error.
pub async fn a_call_that_fails_once_loses_nothing_whichever_it_is<S: Storage + Clone>(a: S, b: S) {
    for how in [How::Busy, How::Disconnected, How::Broken, How::BrokenAfter] {
        for call in 0.. {
            let run = id("once");
            let runs = Checkpoints::new(Flaky::once(a.clone(), call, how))
                .lease(Duration::from_millis(500));
            let well = Checkpoints::new(b.clone());
            let mut answers = [("answer#1", "false"), ("answer#2", "true")].into_iter();
            let mut failures = 0;
            let letter = loop {
                let mut letter = letter();
                let error = match Write.with(runs.run(&run).park()).run(&mut letter).await {
                    Ok(_) => break letter,
                    Err(error) => error,
                };
                if error.cause().is::<Parked>() {
                    let (wait, answer) = answers.next().expect("it asks twice");
                    assert_eq!(
                        show(&b, &run).await.wait.as_deref(),
                        Some(wait),
                        "call {call} {how:?}"
                    );
                    match runs.fill(&run, wait, answer).await {
                        Ok(()) => {}
                        // The person retries, although the first attempt may have succeeded.
                        Err(error) => {
                            assert!(
                                matches!(error, StorageError::Engine { .. }),
                                "call {call} {how:?}: {error}"
                            );
                            failures += 1;
                            match well.fill(&run, wait, answer).await {
                                Ok(()) => assert_eq!(how, How::Broken),
                                Err(error) => {
                                    assert!(matches!(error, StorageError::AlreadyFilled { .. }))
                                }
                            }
                        }
                    }
                } else {
                    failures += 1;
                    assert!(
                        matches!(how, How::Broken | How::BrokenAfter),
                        "call {call} {how:?}: {error:#}"
                    );
                    let cause = error.cause().downcast_ref();
                    assert!(
                        matches!(cause, Some(StorageError::Engine { .. })),
                        "call {call} {how:?}: {error:#}"
                    );
                }
                assert!(failures <= 1, "call {call} {how:?}: {error:#}");
            };
            assert_eq!(
                letter.sent.as_deref(),
                Some("draft 2 [0, 2, 4, 6, 8, 10]"),
                "call {call} {how:?}"
            );
            let record = show(&b, &run).await;
            assert_eq!(
                (record.status, record.step, record.owner),
                (Status::Finished, 8, None)
            );
            // Only the work that was running when the storage failed is done again, with the same
            // key.
            let repeated = repeated(&run);
            let most = if failures > 0 { 3 } else { 0 };
            assert!(repeated.len() <= most, "call {call} {how:?}: {repeated:?}");
            if runs.storage().is_to_fail() {
                break;
            }
        }
    }
}

/// The storage fails permanently.
pub async fn a_storage_that_fails_for_long_ends_the_run<S: Storage>(a: S, b: S) {
    let run = id("gone");
    let storage = Flaky::new(a, 1);
    let runs = Checkpoints::new(storage).max_retry_time(Duration::from_millis(50));
    let error = Write
        .with(runs.run(&run).park())
        .run(&mut letter())
        .await
        .unwrap_err();
    let cause = error.cause().downcast_ref();
    assert!(
        matches!(cause, Some(StorageError::LeaseNotRenewed { run: of, .. }) if *of == run),
        "{error:#}"
    );
    assert!(
        b.show(&run)
            .await
            .unwrap()
            .is_none_or(|record| record.step == 0)
    );
}

/// A run that is started again and again, while its process dies each time.
pub async fn a_run_whose_processes_die_gets_stuck<S: Storage>(a: S, b: S) {
    let run = id("poison");
    let runs = Checkpoints::new(a)
        .max_crashes(3)
        .lease(Duration::from_millis(1));
    let parked = Write
        .with(runs.run(&run).park())
        .run(&mut letter())
        .await
        .unwrap_err();
    assert!(parked.cause().is::<Parked>());
    runs.fill(&run, "answer#1", "true").await.unwrap();
    // A process that dies starts the run and then stays silent.
    for number in 0..4 {
        b.begin(&run, &format!("dies {number}"), OVER, &new())
            .await
            .unwrap();
    }
    let error = Write
        .with(runs.run(&run))
        .run(&mut letter())
        .await
        .unwrap_err();
    let cause = error.cause().downcast_ref();
    assert!(
        matches!(cause, Some(StorageError::Stuck { why, .. }) if why.contains("3 processes in a row have died in its step 3, after `Write > draft`")),
        "{error:#}"
    );
    let record = show(&b, &run).await;
    assert_eq!(
        (record.status, record.owner.is_none()),
        (Status::Stuck, true)
    );
    let error = Write
        .with(runs.run(&run))
        .run(&mut letter())
        .await
        .unwrap_err();
    assert!(
        matches!(
            error.cause().downcast_ref(),
            Some(StorageError::Stuck { .. })
        ),
        "{error:#}"
    );
    runs.retry(&run).await.unwrap();
    let mut letter = letter();
    Write.with(runs.run(&run)).run(&mut letter).await.unwrap();
    assert_eq!(letter.sent.as_deref(), Some("draft 1 [0, 2, 4, 6, 8, 10]"));
    assert_eq!(repeated(&run), [""; 0]);

    // Any number of deaths is allowed without a limit.
    let run = id("crashes");
    let runs = Checkpoints::new(b).max_crashes(None);
    for number in 0..20 {
        runs.storage()
            .begin(&run, &format!("dies {number}"), OVER, &new())
            .await
            .unwrap();
    }
    assert_eq!(show(runs.storage(), &run).await.crashes, 19);
}
