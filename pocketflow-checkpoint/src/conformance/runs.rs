//! Whole runs of a flow: runs that are dropped, filled twice, or waited for twice.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::{Checkpoints, MovedOn, Parked, Status, Storage, StorageError};

use super::letter::{Letter, Write, id, letter, repeated, until};
use super::support::*;

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
