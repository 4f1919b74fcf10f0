//! Behaviour that is the same as in PocketFlow for Python.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context;
use pocketflow::{Action, Attempt, Shared, Stage, flow, node};
use tokio::time::Instant;

#[derive(Shared, Default, Debug)]
struct Log {
    lines: Vec<String>,
    number: u64,
    result: Option<String>,
}

mod order_of_steps {
    use super::*;

    struct Steps;

    #[node(Log)]
    impl Steps {
        fn prep(&self, lines: &[String]) -> Vec<String> {
            [lines, &["prep".into()]].concat()
        }

        async fn exec(&self, prep: &[String]) -> Vec<String> {
            [prep, &["exec".into()]].concat()
        }

        fn post(&self, lines: &mut Vec<String>, prep: Vec<String>, exec: Vec<String>) {
            assert_eq!(prep, ["prep"]);
            *lines = [&exec[..], &["post".into()]].concat();
        }
    }

    #[tokio::test]
    async fn prep_then_exec_then_post() {
        let mut log = Log::default();
        flow! { Steps; }.run(&mut log).await.unwrap();
        assert_eq!(log.lines, ["prep", "exec", "post"]);
    }
}

mod retries {
    use super::*;

    #[derive(Default)]
    struct Flaky {
        fail: u32,
        seen: std::sync::Mutex<Vec<(u32, u32, Option<String>)>>,
        preps: AtomicU32,
        posts: AtomicU32,
    }

    #[node(Log, attempts = 3, wait = "10s")]
    impl Flaky {
        fn prep(&self) {
            self.preps.fetch_add(1, Ordering::Relaxed);
        }

        async fn exec(&self, #[attempt] attempt: Attempt<'_>) -> io::Result<u32> {
            let error = attempt.last_error().map(|error| error.to_string());
            self.seen
                .lock()
                .unwrap()
                .push((attempt.number(), attempt.of(), error));
            if attempt.number() <= self.fail {
                return Err(io::Error::other(format!("failure {}", attempt.number())));
            }
            Ok(attempt.number())
        }

        fn post(&self, number: &mut u64, exec: u32) {
            self.posts.fetch_add(1, Ordering::Relaxed);
            *number = exec.into();
        }
    }

    flow! { Once { flaky: Flaky; flaky; } }

    fn failing(fail: u32) -> Once {
        Once {
            flaky: Flaky {
                fail,
                ..Default::default()
            },
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_exec_is_tried_again_and_waits_come_between_tries_only() {
        let (mut log, flow, start) = (Log::default(), failing(2), Instant::now());
        flow.run(&mut log).await.unwrap();
        assert_eq!(log.number, 3);
        assert_eq!(
            start.elapsed(),
            Duration::from_secs(20),
            "two waits for three tries"
        );
        let Flaky {
            preps, posts, seen, ..
        } = &flow.flaky;
        assert_eq!(
            (preps.load(Ordering::Relaxed), posts.load(Ordering::Relaxed)),
            (1, 1)
        );
        let seen = seen.lock().unwrap();
        assert_eq!(
            *seen,
            [
                (1, 3, None),
                (2, 3, Some("failure 1".into())),
                (3, 3, Some("failure 2".into()))
            ],
            "an attempt knows its number and why the one before it failed"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_failure_there_is_no_wait() {
        let start = Instant::now();
        failing(0).run(&mut Log::default()).await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_counts_all_tries_and_the_last_error_is_final() {
        let (mut log, flow, start) = (Log::default(), failing(3), Instant::now());
        let error = flow.run(&mut log).await.unwrap_err();
        assert_eq!(
            start.elapsed(),
            Duration::from_secs(20),
            "no wait after the last try"
        );
        assert_eq!(error.path(), ["Once", "flaky"]);
        assert_eq!(
            error.stage(),
            Stage::Exec {
                attempt: 3,
                attempts: 3
            }
        );
        let cause = error
            .cause()
            .downcast_ref::<io::Error>()
            .expect("the user's own error");
        assert_eq!(cause.to_string(), "failure 3");
        assert_eq!(flow.flaky.posts.load(Ordering::Relaxed), 0);
    }

    #[node(Log, writes = result, attempts = 2)]
    fn parse(#[attempt] attempt: Attempt<'_>) -> anyhow::Result<String> {
        if let Some(error) = attempt.last_error() {
            assert!(
                error
                    .source()
                    .is_some_and(|source| source.is::<std::num::ParseIntError>())
            );
            return Ok(error.to_string());
        }
        let number: u32 = "many".parse().context("the reply is not a number")?;
        Ok(number.to_string())
    }

    #[tokio::test]
    async fn the_last_error_prints_with_its_causes() {
        let mut log = Log::default();
        flow! { parse; }.run(&mut log).await.unwrap();
        assert_eq!(
            log.result.as_deref(),
            Some("the reply is not a number: invalid digit found in string")
        );
    }

    #[derive(Action)]
    enum Beat {
        Again,
        Over,
    }

    struct Beats(AtomicU32);

    #[node(Log, attempts = 2)]
    impl Beats {
        fn exec(&self, #[attempt] attempt: Attempt<'_>) -> Result<u32, &'static str> {
            if attempt.number() == 1 {
                Err("the first try of every visit fails")
            } else {
                Ok(attempt.number())
            }
        }

        fn post(&self, lines: &mut Vec<String>, exec: u32) -> Beat {
            lines.push(format!("attempt {exec}"));
            if lines.len() < 3 {
                Beat::Again
            } else {
                Beat::Over
            }
        }
    }

    #[tokio::test]
    async fn attempts_start_anew_on_every_visit_of_a_loop() {
        let mut log = Log::default();
        let beats = Beats(AtomicU32::new(0));
        let heart = flow! { beats: Beats; beats - "again" >> beats; beats - "over" >> end; };
        heart.run(&mut log).await.unwrap();
        assert_eq!(log.lines, ["attempt 2"; 3]);
        assert_eq!(heart.beats.0.load(Ordering::Relaxed), 0);
    }
}

mod fallbacks {
    use pocketflow::Reads;

    use super::*;

    #[node(Log, writes = result, attempts = 2, fallback = apologise)]
    async fn always_down(number: &u64) -> io::Result<String> {
        Err(io::Error::other(format!("down at {number}")))
    }

    fn apologise(reads: &Reads<'_, always_down>, error: pocketflow::Error) -> io::Result<String> {
        Ok(format!(
            "{} after attempt {:?}: {}",
            reads.number,
            error.attempt(),
            error.cause()
        ))
    }

    #[tokio::test]
    async fn the_value_of_a_fallback_goes_to_post() {
        let mut log = Log {
            number: 7,
            ..Default::default()
        };
        flow! { always_down; }.run(&mut log).await.unwrap();
        assert_eq!(
            log.result.as_deref(),
            Some("7 after attempt Some(2): down at 7")
        );
    }

    #[node(Log, writes = result, fallback = ask_another)]
    async fn first_model() -> io::Result<String> {
        Err(io::Error::other("out of credit"))
    }

    async fn ask_another(_: &Reads<'_, first_model>, _: pocketflow::Error) -> io::Result<String> {
        tokio::task::yield_now().await;
        Ok("the cheap model".into())
    }

    #[tokio::test]
    async fn a_fallback_may_be_async() {
        let mut log = Log::default();
        flow! { first_model; }.run(&mut log).await.unwrap();
        assert_eq!(log.result.as_deref(), Some("the cheap model"));
    }

    struct GivesUp;

    #[node(Log)]
    impl GivesUp {
        async fn exec(&self) -> anyhow::Result<()> {
            anyhow::bail!("no way")
        }

        async fn fallback(&self, error: pocketflow::Error) -> Result<(), pocketflow::Error> {
            Err(error)
        }
    }

    #[tokio::test]
    async fn a_fallback_that_hands_the_error_on_leaves_it_as_it_was() {
        let error = flow! { GivesUp; }
            .run(&mut Log::default())
            .await
            .unwrap_err();
        assert_eq!(format!("{error:#}"), "flow > GivesUp: exec failed: no way");
    }

    #[node(Log, attempts = 2, fallback = hands_on)]
    fn down() -> anyhow::Result<()> {
        Err(io::Error::from(io::ErrorKind::TimedOut).into())
    }

    fn hands_on(_: &Reads<'_, down>, error: pocketflow::Error) -> anyhow::Result<()> {
        Err(error.into())
    }

    #[tokio::test]
    async fn a_report_keeps_the_error_it_is_about() {
        let error = flow! { down; }.run(&mut Log::default()).await.unwrap_err();
        assert_eq!(
            error.stage(),
            Stage::Exec {
                attempt: 2,
                attempts: 2
            },
            "handed on in a report"
        );
        let cause = error
            .cause()
            .downcast_ref::<io::Error>()
            .expect("not the report");
        assert_eq!(cause.kind(), io::ErrorKind::TimedOut);
    }

    #[node(Log, fallback = fails_too)]
    fn fails() -> Result<(), String> {
        Err("the first".into())
    }

    fn fails_too(_: &Reads<'_, fails>, error: pocketflow::Error) -> Result<(), String> {
        Err(format!("the second, after {}", error.cause()))
    }

    #[tokio::test]
    async fn a_fallback_that_fails_ends_the_run_with_its_error() {
        let error = flow! { fails; }.run(&mut Log::default()).await.unwrap_err();
        assert_eq!(error.stage(), Stage::Fallback);
        assert_eq!(
            format!("{error:#}"),
            "flow > fails: fallback failed: the second, after the first"
        );
    }

    /// Fails with the error of a flow that it runs itself. By its type, this could be the error
    /// that the node received.
    struct Bills;

    #[node(Log, attempts = 2)]
    impl Bills {
        fn exec(&self) -> Result<(), String> {
            Err("no card".into())
        }

        async fn fallback(&self, error: pocketflow::Error) -> Result<(), pocketflow::Error> {
            assert_eq!(error.cause().to_string(), "no card");
            flow! { bills_by_post; }
                .run(&mut Log::default())
                .await
                .map(drop)
        }
    }

    #[node(Log)]
    fn bills_by_post() -> Result<(), String> {
        Err("no address".into())
    }

    /// The same inside a report, with the error of the same node in another run.
    #[node(Log, fallback = runs_itself)]
    fn repeats(number: &u64) -> anyhow::Result<()> {
        anyhow::bail!("not {number}")
    }

    async fn runs_itself(
        reads: &Reads<'_, repeats>,
        error: pocketflow::Error,
    ) -> anyhow::Result<()> {
        if *reads.number == 0 {
            return Err(error.into());
        }
        flow! { repeats; }.run(&mut Log::default()).await?;
        Ok(())
    }

    #[tokio::test]
    async fn a_fallback_that_fails_with_the_error_of_another_run_has_failed() {
        let error = flow! { Bills; }.run(&mut Log::default()).await.unwrap_err();
        assert_eq!(
            (error.stage(), error.path()),
            (Stage::Fallback, &["flow", "Bills"][..])
        );
        let other = error
            .cause()
            .downcast_ref::<pocketflow::Error>()
            .expect("the other flow's");
        assert_eq!(other.path(), ["flow", "bills_by_post"]);
        assert_eq!(other.cause().to_string(), "no address");

        let driven = flow! { Bills; }
            .with(pocketflow::Direct)
            .run(&mut Log::default())
            .await
            .unwrap_err();
        assert_eq!(
            (driven.stage(), driven.to_string()),
            (Stage::Fallback, error.to_string())
        );

        let error = flow! { repeats; }
            .run(&mut Log {
                number: 1,
                ..Log::default()
            })
            .await
            .unwrap_err();
        assert_eq!(
            error.stage(),
            Stage::Fallback,
            "the second run handed its error on, and the first got another"
        );
    }
}

mod graphs {
    use super::*;

    #[derive(Action)]
    enum Way {
        One,
        Two,
        Three,
        Four,
        Five,
        Default,
    }

    #[node(Log)]
    fn choose(number: &u64) -> Way {
        match number {
            1 => Way::One,
            2 => Way::Two,
            3 => Way::Three,
            4 => Way::Four,
            5 => Way::Five,
            _ => Way::Default,
        }
    }

    #[node(Log, appends = lines)]
    fn one() -> [String; 1] {
        ["one".into()]
    }

    #[node(Log, appends = lines)]
    async fn two() -> [String; 1] {
        ["two".into()]
    }

    #[node(Log, appends = lines)]
    fn other(number: &u64) -> Vec<String> {
        vec![format!("other {number}")]
    }

    flow! {
        Choice {
            choose >> other;
            choose - "one" >> one >> two;
            choose - "two" >> two;
            choose - "three" >> end "three";
            choose - "four" >> end;
            choose - "five" >> other;
        }
    }

    #[tokio::test]
    async fn a_branch_of_six_ways_takes_each() {
        let expected: [(&[&str], _); 6] = [
            (&["other 0"], ChoiceExit::Default),
            (&["one", "two"], ChoiceExit::Default),
            (&["two"], ChoiceExit::Default),
            (&[], ChoiceExit::Three),
            (&[], ChoiceExit::Default),
            (&["other 5"], ChoiceExit::Default),
        ];
        for (number, (lines, exit)) in (0..).zip(expected) {
            let mut log = Log {
                number,
                ..Default::default()
            };
            assert_eq!(Choice.run(&mut log).await.unwrap(), exit, "{number}");
            assert_eq!(log.lines, lines, "{number}");
        }
    }

    #[derive(Action)]
    enum Count {
        Continue,
        Done,
    }

    #[node(Log, writes = number)]
    fn add(number: &u64) -> u64 {
        number + 3
    }

    #[node(Log)]
    async fn enough(number: &u64) -> Count {
        if *number < 10 {
            Count::Continue
        } else {
            Count::Done
        }
    }

    #[tokio::test]
    async fn a_loop_goes_round_until_its_exit_and_a_node_without_an_edge_ends_the_flow() {
        let mut log = Log::default();
        let sum = flow! { add >> enough - "continue" >> add; enough - "done" >> other; };
        sum.run(&mut log).await.unwrap();
        assert_eq!((log.number, log.lines), (12, vec!["other 12".to_owned()]));
    }

    #[tokio::test]
    async fn a_node_function_is_an_ordinary_function() {
        assert_eq!(add(&1), 4);
        assert_eq!(two().await, ["two"]);
    }

    #[tokio::test]
    async fn the_same_node_is_used_twice_under_two_names() {
        let mut log = Log::default();
        flow! { again: add; add >> again >> other; }
            .run(&mut log)
            .await
            .unwrap();
        assert_eq!(log.number, 6);
    }
}

mod policies {
    use super::*;

    /// The time of each attempt.
    #[derive(Default)]
    struct Tries(std::sync::Mutex<Vec<Duration>>);

    impl Tries {
        fn note(&self, start: Instant) {
            self.0.lock().unwrap().push(start.elapsed());
        }
    }

    struct Backs {
        tries: Tries,
        start: Instant,
    }

    #[node(Log, attempts = 5, wait = "1s", backoff = 2.0, max_wait = "3s")]
    impl Backs {
        async fn exec(&self) -> Result<(), String> {
            self.tries.note(self.start);
            Err("busy".into())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn waits_grow_by_the_factor_up_to_the_longest() {
        let backs = Backs {
            tries: Tries::default(),
            start: Instant::now(),
        };
        let flow = flow! { backs: Backs; backs; };
        flow.run(&mut Log::default()).await.unwrap_err();
        let seconds: Vec<_> = flow
            .backs
            .tries
            .0
            .lock()
            .unwrap()
            .iter()
            .map(Duration::as_secs)
            .collect();
        assert_eq!(seconds, [0, 1, 3, 6, 9]);
    }

    #[node(Log, writes = result, attempts = 2, timeout = "5s")]
    async fn slow(#[attempt] attempt: Attempt<'_>) -> String {
        if attempt.number() == 1 {
            std::future::pending::<()>().await;
        }
        format!("{}", attempt.last_error().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_ends_an_attempt_and_the_next_is_made() {
        let (mut log, start) = (Log::default(), Instant::now());
        flow! { slow; }.run(&mut log).await.unwrap();
        assert_eq!(log.result.as_deref(), Some("no result within 5s"));
        assert_eq!(start.elapsed(), Duration::from_secs(5));
    }

    fn is_busy(error: &io::Error) -> bool {
        error.kind() == io::ErrorKind::ResourceBusy
    }

    #[node(Log, attempts = 5, retry_if = is_busy)]
    fn picky(#[attempt] attempt: Attempt<'_>) -> io::Result<()> {
        Err(match attempt.number() {
            1 => io::Error::from(io::ErrorKind::ResourceBusy),
            _ => io::Error::from(io::ErrorKind::PermissionDenied),
        })
    }

    #[tokio::test]
    async fn retry_if_sees_the_nodes_own_error_and_may_end_the_tries() {
        let error = flow! { picky; }.run(&mut Log::default()).await.unwrap_err();
        assert_eq!(
            error.stage(),
            Stage::Exec {
                attempt: 2,
                attempts: 5
            }
        );
        assert!(
            error
                .to_string()
                .ends_with("exec failed at attempt 2 of 5, not retried")
        );
    }
}
