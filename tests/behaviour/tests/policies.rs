//! Policies whose values are constants, fields of the node, or fields of the context.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use pocketflow::{Attempt, InvalidPolicy, Shared, Stage, StepLimit, TimedOut, flow, node};
use tokio::time::{Duration, Instant, sleep};

const TRIES: u32 = 3;
const WAIT: Duration = Duration::from_secs(1);
const GROWTH: f64 = 2.0;

mod limits {
    pub(super) const WIDTH: usize = 2;
    pub(super) const TIME: super::Duration = super::Duration::from_millis(10);
}

struct Settings {
    tries: u32,
    wait: Duration,
    growth: f64,
    longest: Duration,
    jitter: f64,
    time: Duration,
    width: usize,
}

fn settings() -> Settings {
    Settings {
        tries: TRIES,
        wait: WAIT,
        growth: GROWTH,
        longest: Duration::from_millis(1_500),
        jitter: 0.0,
        time: Duration::from_secs(5),
        width: 3,
    }
}

#[derive(Shared, Default)]
#[shared(context = Settings)]
struct Desk {
    items: Vec<u32>,
    attempts: Vec<u32>,
    most: Option<Vec<u32>>,
}

fn fails(attempt: Attempt<'_>) -> Result<[u32; 1], String> {
    if attempt.is_last() {
        Ok([attempt.of()])
    } else {
        Err(format!("attempt {}", attempt.number()))
    }
}

/// Counts how many are running at a time, and returns the most there were.
async fn running(now: &AtomicU32) -> u32 {
    let most = now.fetch_add(1, Relaxed) + 1;
    sleep(Duration::from_millis(1)).await;
    now.fetch_sub(1, Relaxed);
    most
}

mod constants {
    use super::*;

    #[node(Desk, appends = attempts, attempts = TRIES, wait = WAIT, backoff = GROWTH)]
    fn try_three_times(#[attempt] attempt: Attempt<'_>) -> Result<[u32; 1], String> {
        fails(attempt)
    }

    #[node(Desk, timeout = limits::TIME)]
    async fn sleep_too_long() -> Result<(), String> {
        sleep(WAIT).await;
        Ok(())
    }

    #[node(Desk, writes = most, parallel = self::limits::WIDTH)]
    async fn two_at_a_time(#[each(items)] _item: &u32) -> u32 {
        static NOW: AtomicU32 = AtomicU32::new(0);
        running(&NOW).await
    }

    use super::limits;

    #[tokio::test(start_paused = true)]
    async fn are_policies() {
        let (settings, mut desk, start) = (settings(), Desk::default(), Instant::now());
        let flow = flow! { try_three_times };
        flow.context(&settings).run(&mut desk).await.unwrap();
        assert_eq!(desk.attempts, [3]);
        assert_eq!(start.elapsed(), 3 * WAIT);

        let flow = flow! { sleep_too_long };
        let error = flow.context(&settings).run(&mut desk).await.unwrap_err();
        assert_eq!(error.find::<TimedOut>().unwrap().limit, limits::TIME);

        desk.items = vec![0; 6];
        let flow = flow! { two_at_a_time };
        flow.context(&settings).run(&mut desk).await.unwrap();
        assert_eq!(desk.most.unwrap().iter().max(), Some(&2));
    }
}

mod of_the_context {
    use super::*;

    #[node(
        Desk,
        appends = attempts,
        attempts = context.tries,
        wait = context.wait,
        backoff = context.growth,
        max_wait = context.longest,
        jitter = context.jitter
    )]
    fn try_as_often(#[attempt] attempt: Attempt<'_>) -> Result<[u32; 1], String> {
        fails(attempt)
    }

    #[node(Desk, timeout = context.time, attempts = 2)]
    async fn sleep_too_long(#[context] wait: &Duration) -> Result<(), String> {
        sleep(*wait * 10).await;
        Ok(())
    }

    #[node(Desk, writes = most, parallel = context.width)]
    async fn some_at_a_time(#[each(items)] _item: &u32) -> u32 {
        static NOW: AtomicU32 = AtomicU32::new(0);
        running(&NOW).await
    }

    flow! { Try { try_as_often; } }
    flow! { Fork { Try >> (sleep_too_long, some_at_a_time); } }

    #[tokio::test(start_paused = true)]
    async fn are_policies() {
        let (settings, mut desk, start) = (settings(), Desk::default(), Instant::now());
        Try.context(&settings).run(&mut desk).await.unwrap();
        Try.with(StepLimit::new(9))
            .context(&settings)
            .run(&mut desk)
            .await
            .unwrap();
        assert_eq!(desk.attempts, [3, 3]);
        assert_eq!(start.elapsed(), 2 * (WAIT + settings.longest));

        let flow = flow! { sleep_too_long };
        let error = flow.context(&settings).run(&mut desk).await.unwrap_err();
        assert_eq!(error.find::<TimedOut>().unwrap().limit, settings.time);

        desk.items = vec![0; 6];
        let flow = flow! { some_at_a_time };
        flow.context(&settings).run(&mut desk).await.unwrap();
        assert_eq!(desk.most.unwrap().iter().max(), Some(&3));
    }

    /// An error before the first node names the node that would have failed.
    #[tokio::test]
    async fn are_checked_before_the_first_node() {
        type Case = (&'static str, fn(&mut Settings), &'static str);
        let cases: [Case; 6] = [
            ("attempts", |it| it.tries = 0, "Fork > Try > try_as_often"),
            ("backoff", |it| it.growth = 0.5, "Fork > Try > try_as_often"),
            (
                "jitter",
                |it| it.jitter = f64::NAN,
                "Fork > Try > try_as_often",
            ),
            (
                "max_wait",
                |it| it.longest = WAIT / 2,
                "Fork > Try > try_as_often",
            ),
            (
                "timeout",
                |it| it.time = Duration::ZERO,
                "Fork > sleep_too_long",
            ),
            ("parallel", |it| it.width = 0, "Fork > some_at_a_time"),
        ];
        for (option, change, place) in cases {
            let mut settings = settings();
            change(&mut settings);
            let mut desk = Desk::default();
            let plain = Fork.context(&settings).run(&mut desk).await.unwrap_err();
            let driven = Fork.context(&settings).with(StepLimit::new(9));
            let driven = driven.run(&mut desk).await.unwrap_err();
            for error in [plain, driven] {
                assert_eq!(error.find::<InvalidPolicy>().unwrap().option, option);
                assert_eq!(error.stage(), Stage::Start);
                assert_eq!(error.path().join(" > "), place);
                assert!(error.to_string().contains(place), "{error}");
            }
            assert!(desk.attempts.is_empty());
        }
    }
}

mod of_the_node {
    use super::*;

    struct Try {
        tries: u32,
        wait: Duration,
        time: Duration,
    }

    #[node(Desk, appends = attempts, attempts = self.tries, wait = self.wait, timeout = self.time)]
    impl Try {
        async fn exec(&self, #[attempt] attempt: Attempt<'_>) -> Result<[u32; 1], String> {
            fails(attempt)
        }
    }

    struct Mixed {
        tries: u32,
    }

    #[node(Desk, appends = attempts, attempts = self.tries, wait = context.wait)]
    impl Mixed {
        fn exec(&self, #[attempt] attempt: Attempt<'_>) -> Result<[u32; 1], String> {
            fails(attempt)
        }
    }

    flow! {
        Both {
            once: Try;
            mixed: Mixed;
            once >> mixed;
        }
    }

    flow! {
        Outer {
            both: Both;
            first: Mixed;
            first >> both;
        }
    }

    fn both(first: u32, second: u32) -> Both {
        Both {
            once: Try {
                tries: first,
                wait: WAIT,
                time: WAIT,
            },
            mixed: Mixed { tries: second },
        }
    }

    #[tokio::test(start_paused = true)]
    async fn are_policies() {
        let (settings, mut desk, start) = (settings(), Desk::default(), Instant::now());
        let flow = both(2, 3);
        flow.context(&settings).run(&mut desk).await.unwrap();
        assert_eq!(desk.attempts, [2, 3]);
        assert_eq!(start.elapsed(), 3 * WAIT);
    }

    #[tokio::test]
    async fn are_checked_before_the_first_node() {
        let (settings, mut desk) = (settings(), Desk::default());
        let flow = Outer {
            both: both(1, 0),
            first: Mixed { tries: 1 },
        };
        let error = flow.context(&settings).run(&mut desk).await.unwrap_err();
        assert_eq!(error.find::<InvalidPolicy>().unwrap().option, "attempts");
        assert_eq!(error.path().join(" > "), "Outer > both > mixed");
        assert!(desk.attempts.is_empty());
    }
}

mod bounds {
    use super::*;

    const fn rounds() -> u32 {
        1 + limits::WIDTH as u32
    }

    const ROUNDS: u32 = rounds();

    #[node(Desk, appends = attempts)]
    fn look() -> [u32; 1] {
        [1]
    }

    flow! { Look { look >> look max ROUNDS else end; } }
    flow! { Path { look >> look max self::ROUNDS else end "over"; } }

    #[tokio::test]
    async fn are_constants() {
        let (settings, mut desk) = (settings(), Desk::default());
        Look.context(&settings).run(&mut desk).await.unwrap();
        assert_eq!(desk.attempts.len(), 4);
        assert_eq!((Look::MAX_STEPS, Path::MAX_STEPS), (4, 4));
    }
}

mod after {
    use super::*;

    #[derive(Debug)]
    struct Busy(Option<Duration>);

    impl std::fmt::Display for Busy {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("busy")
        }
    }

    impl std::error::Error for Busy {}

    fn wait(error: &Busy) -> Option<Duration> {
        error.0
    }

    #[node(Desk, attempts = 4, wait = WAIT, jitter = 1.0, max_wait = "30s", retry_after = wait)]
    async fn ask(#[attempt] attempt: Attempt<'_>) -> Result<(), Busy> {
        match attempt.number() {
            1 => Err(Busy(Some(Duration::from_secs(10)))),
            2 => Err(Busy(Some(Duration::from_secs(100)))),
            3 => Err(Busy(None)),
            _ => Ok(()),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_says_how_long_to_wait() {
        let (settings, mut desk, start) = (settings(), Desk::default(), Instant::now());
        let flow = flow! { ask };
        flow.context(&settings).run(&mut desk).await.unwrap();
        // The second wait is bounded by `max_wait`, and the third is the policy's own.
        let (least, most) = (Duration::from_secs(40), Duration::from_secs(41));
        assert!((least..=most + Duration::from_millis(5)).contains(&start.elapsed()));
    }
}
