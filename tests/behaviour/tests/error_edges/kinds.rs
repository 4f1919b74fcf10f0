//! What an error edge follows, and what it does not.

use pocketflow::{Action, Driver, Error, Failed, Reads, Run, Shared, Stage, StepInfo, StepLimit};
use pocketflow::{StepsExceeded, Taken, TimedOut, flow, node};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

#[derive(Shared, Default)]
pub struct Store {
    problem: Option<Failed>,
    given: Option<u32>,
    value: Option<u32>,
    count: u32,
    log: Vec<&'static str>,
}

#[node(Store, appends = log)]
fn after() -> [&'static str; 1] {
    ["after"]
}

struct Prep;

#[node(Store)]
impl Prep {
    fn prep(&self, count: &u32) -> Result<u32, &'static str> {
        if *count == 0 {
            Err("nothing to do")
        } else {
            Ok(*count)
        }
    }
    fn exec(&self, prep: &u32) -> u32 {
        *prep
    }
    fn post(&self, count: &mut u32, exec: u32) {
        *count = exec + 1;
    }
}

flow! { pub OfPrep { prep: Prep; prep - error(problem) >> after; } }

#[tokio::test]
async fn an_error_of_prep_is_a_failure() {
    let mut store = Store::default();
    OfPrep { prep: Prep }.run(&mut store).await.unwrap();
    let problem = store.problem.unwrap();
    assert_eq!(problem.to_string(), "OfPrep > prep: prep failed");
    assert_eq!((problem.attempts, problem.cause()), (0, "nothing to do"));
    let mut store = Store {
        count: 1,
        ..Default::default()
    };
    OfPrep { prep: Prep }.run(&mut store).await.unwrap();
    assert_eq!((store.count, store.log.len()), (2, 0));
}

#[node(Store, writes = value, attempts = 2, timeout = "1ms")]
async fn slow() -> u32 {
    std::future::pending().await
}

flow! { pub OfTime { slow - error(problem) >> after; } }

#[tokio::test(start_paused = true)]
async fn so_is_a_timeout() {
    let mut store = Store::default();
    OfTime.run(&mut store).await.unwrap();
    let problem = store.problem.unwrap();
    assert_eq!(problem.attempts, 2);
    assert!(problem.cause().contains("1ms"), "{problem:#}");
    let error = flow! { slow; }
        .run(&mut Store::default())
        .await
        .unwrap_err();
    assert!(error.cause().is::<TimedOut>());
}

#[node(Store, writes = value, attempts = 2, fallback = fall_back)]
async fn with_fallback(count: &u32) -> Result<u32, String> {
    Err(format!("no {count}"))
}

fn fall_back(reads: &Reads<'_, with_fallback>, error: Error) -> Result<u32, String> {
    match reads.count {
        0 => Ok(7),
        1 => Err("the fallback failed as well".into()),
        _ => Err(error.to_string()),
    }
}

flow! { pub OfFallback { with_fallback - error(problem) >> after; } }

#[tokio::test]
async fn a_fallback_that_helps_is_no_failure_and_one_that_fails_is() {
    let mut store = Store::default();
    OfFallback.run(&mut store).await.unwrap();
    assert_eq!(
        (store.value, store.problem, store.log.len()),
        (Some(7), None, 0)
    );
    let mut store = Store {
        count: 1,
        ..Default::default()
    };
    OfFallback.run(&mut store).await.unwrap();
    let problem = store.problem.unwrap();
    assert_eq!(problem.stage, "fallback failed");
    assert_eq!((store.value, &store.log[..]), (None, &["after"][..]));
}

struct Empties;

/// It empties a field in `post`, so a later plain read finds nothing.
#[node(Store)]
impl Empties {
    fn exec(&self) {}
    fn post(&self, given: &mut Option<u32>) {
        *given = None;
    }
}

#[node(Store, writes = value)]
fn needs(given: &u32) -> Result<u32, String> {
    Ok(*given)
}

flow! {
    pub OfEmpty(given) {
        empties: Empties;
        empties >> needs;
        needs - error >> after;
    }
}

#[tokio::test]
async fn a_field_that_is_empty_by_mistake_is_none() {
    let mut store = Store {
        given: Some(1),
        ..Default::default()
    };
    let error = OfEmpty { empties: Empties }
        .run(&mut store)
        .await
        .unwrap_err();
    assert_eq!(error.stage(), Stage::Prep);
    assert!(store.log.is_empty());
}

struct Promises;

#[node(Store, writes(value))]
impl Promises {
    fn exec(&self) -> Result<u32, String> {
        Ok(1)
    }
    fn post(&self, value: &mut Option<u32>, exec: u32) {
        _ = (value, exec);
    }
}

flow! { pub OfPost { promises: Promises; promises - error >> after; } }

#[tokio::test]
async fn nor_is_a_promise_that_a_post_breaks() {
    let error = OfPost { promises: Promises }
        .run(&mut Store::default())
        .await
        .unwrap_err();
    assert_eq!(error.stage(), Stage::Post);
}

#[node(Store)]
fn refuse(count: &u32) -> Result<(), String> {
    match count {
        0 => Err("refused".into()),
        _ => Ok(()),
    }
}

flow! { pub Refuse { refuse - error(problem) >> after >> refuse max 3 else end "gave_up"; } }

/// A driver that fails at a step, before it or after it.
struct Fails(&'static str, bool);

impl<S: Shared> Driver<S> for Fails {
    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        if self.1 && info.name() == self.0 {
            return Err(info.error("the driver failed"));
        }
        let taken = run.run(shared).await?;
        match info.name() == self.0 {
            true => Err(info.error("the driver failed")),
            false => Ok(taken),
        }
    }
}

#[tokio::test]
async fn an_error_of_a_driver_ends_the_run() {
    for before in [true, false] {
        let error = Refuse
            .with(Fails("refuse", before))
            .run(&mut Store::default())
            .await
            .unwrap_err();
        assert_eq!(error.stage(), Stage::Driver);
    }
    let error = Refuse
        .with(StepLimit::new(3))
        .run(&mut Store::default())
        .await
        .unwrap_err();
    assert!(error.cause().is::<StepsExceeded>());
    assert_eq!(error.path(), ["Refuse", "after"]);
}

/// Records where each step leads.
#[derive(Default)]
struct Way(Mutex<Vec<String>>);

impl<S: Shared> Driver<S> for Way {
    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        let taken = run.run(shared).await?;
        let edge = taken.edge().unwrap();
        assert_eq!(taken.failed(), edge.error.is_some());
        assert_eq!(info.taken(taken.action()).unwrap().index(), taken.index());
        let next = taken.next().or(taken.exit()).unwrap();
        self.0
            .lock()
            .unwrap()
            .push(format!("{info} - {} >> {next}", taken.action()));
        Ok(taken)
    }
}

#[tokio::test]
async fn a_driver_sees_which_edge_is_taken() {
    let way = Way::default();
    let mut store = Store::default();
    let exit = Refuse.with(&way).run(&mut store).await.unwrap();
    assert_eq!(exit, RefuseExit::GaveUp);
    let ways = way.0.into_inner().unwrap();
    assert_eq!(ways[0], "Refuse > refuse - error >> after");
    assert_eq!(ways[1], "Refuse > after - default >> refuse");
    assert_eq!(ways[7], "Refuse > after - default >> gave_up");
    assert_eq!(store.problem.unwrap().node(), Some("refuse"));
    // A plain run does the same.
    let mut plain = Store::default();
    assert_eq!(Refuse.run(&mut plain).await.unwrap(), RefuseExit::GaveUp);
    assert_eq!(plain.log, store.log);
}

#[derive(Action)]
enum Choice {
    A,
    B,
    C,
}

/// Three actions, so the error edge is the fourth.
#[node(Store)]
fn choose(count: &u32) -> Result<Choice, &'static str> {
    match count {
        0 => Ok(Choice::A),
        1 => Ok(Choice::B),
        2 => Ok(Choice::C),
        _ => Err("too many"),
    }
}

flow! {
    pub Choose {
        choose - "a" >> end;
        choose - "b" >> end "b";
        choose - error >> after max 1 else end "failed";
        choose - "c" >> end "c";
        after >> choose;
    }
}

#[tokio::test]
async fn an_error_edge_comes_after_all_actions_and_may_be_bounded() {
    use ChooseExit::{B, C, Default, Failed};
    const { assert!(Choose::MAX_STEPS == 3) };
    for (count, exit) in [(0, Default), (1, B), (2, C), (3, Failed)] {
        let mut store = Store {
            count,
            ..std::default::Default::default()
        };
        assert_eq!(Choose.run(&mut store).await.unwrap(), exit);
        assert_eq!(store.log.len(), usize::from(count == 3));
        let mut store = Store {
            count,
            ..std::default::Default::default()
        };
        assert_eq!(
            Choose
                .with(StepLimit::new(9))
                .run(&mut store)
                .await
                .unwrap(),
            exit
        );
    }
}

static BRANCH: AtomicU32 = AtomicU32::new(0);

#[node(Store, writes = value)]
async fn works() -> u32 {
    BRANCH.fetch_add(1, Relaxed);
    1
}

flow! { pub Fork { (works, refuse) >> end; (works, refuse) - error(problem) >> after; } }

#[tokio::test]
async fn a_fork_has_one_error_edge_for_all_its_nodes() {
    for driven in [false, true] {
        let mut store = Store::default();
        match driven {
            true => Fork.with(StepLimit::new(9)).run(&mut store).await.unwrap(),
            false => Fork.run(&mut store).await.unwrap(),
        };
        // No `post` of the fork has run.
        assert_eq!((store.value, &store.log[..]), (None, &["after"][..]));
        assert_eq!(store.problem.unwrap().path, ["Fork", "refuse"]);
    }
    assert_eq!(BRANCH.load(Relaxed), 2);
}
