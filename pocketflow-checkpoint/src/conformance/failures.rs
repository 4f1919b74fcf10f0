//! Whole runs of a flow while the storage fails, or while processes die.

use std::time::Duration;

use crate::{Checkpoints, Parked, Status, Storage, StorageError};

use super::flaky::{Flaky, How};
use super::letter::{Write, id, letter, repeated, until};
use super::support::*;

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
