//! Intentional differences from PocketFlow for Python. The tests in `ui/` show that wrong graphs do
//! not compile.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use pocketflow::{Attempt, EmptyField, Shared, Stage, flow, node};

#[derive(Shared, Default, Debug, PartialEq, Clone)]
struct Draft {
    topic: String,
    outline: Option<String>,
    text: Option<String>,
    visits: u32,
}

#[node(Draft, writes = outline)]
async fn outline(topic: &str) -> String {
    tokio::task::yield_now().await;
    format!("about {topic}")
}

struct Write {
    tries_needed: u32,
}

#[node(Draft, attempts = 3, timeout = "10s")]
impl Write {
    async fn exec(&self, outline: &str, #[attempt] attempt: Attempt<'_>) -> Result<String, String> {
        tokio::task::yield_now().await;
        match self.tries_needed {
            u32::MAX => std::future::pending().await,
            needed if attempt.number() < needed => Err(format!("not yet, at {}", attempt.number())),
            _ => Ok(outline.to_uppercase()),
        }
    }

    fn post(&self, text: &mut Option<String>, visits: &mut u32, exec: String) {
        *text = Some(exec);
        *visits += 1;
    }
}

flow! { Article { write: Write; outline >> write; } }

fn article(tries_needed: u32) -> Article {
    Article {
        write: Write { tries_needed },
    }
}

fn draft() -> Draft {
    Draft {
        topic: "rain".into(),
        ..Default::default()
    }
}

/// The store as the post of `outline` leaves it.
fn outlined() -> Draft {
    Draft {
        outline: Some("about rain".into()),
        ..draft()
    }
}

mod the_store_is_as_the_last_finished_post_left_it {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn after_a_retry() {
        let mut shared = draft();
        article(3).run(&mut shared).await.unwrap();
        assert_eq!(
            shared,
            Draft {
                text: Some("ABOUT RAIN".into()),
                visits: 1,
                ..outlined()
            }
        );
    }

    #[tokio::test(start_paused = true)]
    async fn after_an_error() {
        let mut shared = draft();
        let error = article(4).run(&mut shared).await.unwrap_err();
        assert_eq!(error.cause().to_string(), "not yet, at 3");
        assert_eq!(shared, outlined());
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_timeout() {
        let mut shared = draft();
        let error = article(u32::MAX).run(&mut shared).await.unwrap_err();
        assert!(error.cause().is::<pocketflow::TimedOut>());
        assert_eq!(shared, outlined());
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_run_that_is_cancelled_at_any_await() {
        let mut seen = Vec::new();
        for polls in 0.. {
            let mut shared = draft();
            let done = {
                let flow = article(3);
                let mut run = pin!(flow.run(&mut shared));
                let mut context = Context::from_waker(Waker::noop());
                (0..polls).any(|_| matches!(run.as_mut().poll(&mut context), Poll::Ready(Ok(_))))
            };
            if done {
                break;
            }
            assert!(
                shared == draft() || shared == outlined(),
                "after {polls} polls: {shared:?}"
            );
            seen.push(shared);
        }
        assert!(seen.len() > 4 && seen.contains(&draft()) && seen.contains(&outlined()));
    }
}

mod attempts_are_not_shared_between_runs {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn even_when_the_runs_share_their_nodes() {
        let flow = article(3);
        let (mut one, mut two) = (draft(), draft());
        let (a, b) = tokio::join!(flow.run(&mut one), flow.run(&mut two));
        a.unwrap();
        b.unwrap();
        assert_eq!(one, two);
        assert_eq!(one.text.as_deref(), Some("ABOUT RAIN"));
    }
}

mod inputs {
    use super::*;

    flow! { Second(outline) { write: Write; write; } }

    #[tokio::test]
    async fn are_checked_before_the_first_node() {
        let mut shared = draft();
        let error = Second {
            write: Write { tries_needed: 1 },
        }
        .run(&mut shared)
        .await
        .unwrap_err();
        assert_eq!((error.stage(), error.node()), (Stage::Start, None));
        let cause = error.cause().downcast_ref::<EmptyField>();
        assert_eq!(
            cause,
            Some(&EmptyField {
                store: "Draft",
                field: "outline"
            })
        );
        assert_eq!(shared, draft());

        let mut shared = outlined();
        Second {
            write: Write { tries_needed: 1 },
        }
        .run(&mut shared)
        .await
        .unwrap();
        assert_eq!(shared.text.as_deref(), Some("ABOUT RAIN"));
    }
}

mod promises_of_post {
    use super::*;

    struct Forgets;

    #[node(Draft, writes(text))]
    impl Forgets {
        fn exec(&self) {}

        fn post(&self, text: &mut Option<String>, visits: &mut u32) {
            *visits += 1;
            *text = None;
        }
    }

    #[tokio::test]
    async fn a_field_that_writes_names_is_filled_after_post_or_the_run_ends() {
        let mut shared = draft();
        let error = flow! { Forgets; }.run(&mut shared).await.unwrap_err();
        assert_eq!(error.stage(), Stage::Post);
        assert_eq!(
            format!("{error:#}"),
            "flow > Forgets: post failed: the late field `text` of `Draft` is empty"
        );
    }

    struct Empties;

    #[node(Draft)]
    impl Empties {
        fn exec(&self) {}

        fn post(&self, outline: &mut Option<String>) {
            *outline = None;
        }
    }

    #[tokio::test]
    async fn a_field_that_a_post_empties_again_is_an_error_at_its_reader() {
        let mut shared = draft();
        let write = Write { tries_needed: 1 };
        let flow = flow! { write: Write; outline >> Empties >> write; };
        let error = flow.run(&mut shared).await.unwrap_err();
        assert_eq!((error.stage(), error.node()), (Stage::Prep, Some("write")));
        assert!(error.cause().is::<EmptyField>());
    }
}

#[tokio::test(start_paused = true)]
async fn a_jittered_wait_is_never_longer_than_the_wait() {
    #[node(Draft, attempts = 2, wait = "4s", jitter = 0.5)]
    async fn once_more(#[attempt] attempt: Attempt<'_>) -> Result<(), String> {
        if attempt.is_last() {
            Ok(())
        } else {
            Err("once more".into())
        }
    }

    let start = tokio::time::Instant::now();
    flow! { once_more; }.run(&mut draft()).await.unwrap();
    // Tokio's timer counts in milliseconds and rounds up.
    assert!((Duration::from_secs(2)..=Duration::from_millis(4_001)).contains(&start.elapsed()));
}
