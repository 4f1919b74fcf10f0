//! Steps that let time pass: an `await(field, within = "3d")`, which expires, and a declared `sleep`.

use std::time::Duration;

use pocketflow::{Driver, Error, Run, Shared, StepInfo, Stub, Taken, Waits, flow, node};
use tokio::time::Instant;

#[derive(Shared, Default, Debug)]
struct Article {
    topic: String,
    text: Option<String>,
    approval: Option<String>,
    state: Vec<String>,
}

#[node(Article, writes = text)]
fn draft(topic: &str) -> String {
    topic.to_uppercase()
}

#[node(Article, appends = state)]
fn publish(text: &str, approval: &str) -> Vec<String> {
    vec![format!("{text}, by {approval}")]
}

#[node(Article, appends = state)]
fn escalate(text: &str, approval: Option<&str>) -> Vec<String> {
    vec![format!("{text}, {approval:?}")]
}

flow! {
    /// A person approves within three days.
    pub Publish {
        draft >> await(approval, within = "3d") >> publish;
        await(approval) - "expired" >> escalate;
    }
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn rain() -> Article {
    Article {
        topic: "rain".into(),
        ..Default::default()
    }
}

#[tokio::test(start_paused = true)]
async fn in_a_plain_run_it_expires_in_memory() {
    let (mut article, start) = (rain(), Instant::now());
    // A value from before is not an answer.
    article.approval = Some("Ada".into());
    Publish.run(&mut article).await.unwrap();
    assert_eq!(article.state, ["RAIN, None"]);
    assert_eq!(start.elapsed().as_secs(), 3 * DAY.as_secs());
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_does_not_wait_lets_it_expire() {
    struct Plain;
    impl Driver<Article> for Plain {}
    let (mut article, start) = (rain(), Instant::now());
    Publish.with(Plain).run(&mut article).await.unwrap();
    assert_eq!(article.state, ["RAIN, None"]);
    assert!(start.elapsed() >= 3 * DAY);
}

#[tokio::test]
async fn a_stub_fills_it_or_lets_it_expire_at_once() {
    let mut answers = [None, Some("Ada")].into_iter();
    let stub = Stub::new().fill("approval", move |article: &mut Article| {
        article.approval = answers.next().unwrap().map(str::to_owned);
    });
    flow! {
        Twice {
            draft >> await(approval, within = "3d") >> publish;
            await(approval) - "expired" >> escalate >> await(approval);
        }
    }
    let mut article = rain();
    Twice.with(&stub).run(&mut article).await.unwrap();
    assert_eq!(article.state, ["RAIN, None", "RAIN, by Ada"]);
}

#[tokio::test]
async fn a_stub_finds_no_earlier_value_in_the_field() {
    let stub = Stub::new().fill("approval", |article: &mut Article| {
        assert_eq!(article.approval, None);
    });
    let mut article = rain();
    article.approval = Some("an earlier one".into());
    Publish.with(&stub).run(&mut article).await.unwrap();
    assert_eq!(article.state, ["RAIN, None"]);
}

const LIMIT: Duration = Duration::from_millis(1_500);

mod limits {
    pub(super) const PAUSE: std::time::Duration = std::time::Duration::from_secs(90);
}

flow! {
    /// The options are written once, at any mention. A second wait for the field has a name.
    pub Remind: Article {
        draft >> await(approval) >> publish;
        await(approval, within = LIMIT) - "expired" >> escalate >> cool_down >> again >> publish;
        again - "expired" >> end "late";

        cool_down: sleep(limits::PAUSE);
        again: await(approval, within = "2d");
    }
}

#[tokio::test(start_paused = true)]
async fn a_flow_sleeps_and_waits_again() {
    let (mut article, start) = (rain(), Instant::now());
    assert_eq!(Remind.run(&mut article).await.unwrap(), RemindExit::Late);
    assert_eq!(
        start.elapsed().as_millis(),
        1_500 + 90_000 + 2 * DAY.as_millis()
    );
    assert_eq!(article.state, ["RAIN, None"]);
}

/// The name of a step, what it waits for, when that expires, and how long it sleeps.
type Learned = (
    String,
    Option<&'static str>,
    Option<Duration>,
    Option<Duration>,
);

/// Records what a driver learns of each step.
#[derive(Default)]
struct Watch(std::sync::Mutex<Vec<Learned>>);

impl Driver<Article> for Watch {
    async fn step<R: Run<Article>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut Article,
        run: R,
    ) -> Result<Taken, Error> {
        let times = (info.expires_after(), info.sleeps_for());
        let learned = (info.name().to_owned(), info.waits_for(), times.0, times.1);
        self.0.lock().unwrap().push(learned);
        run.run(shared).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_driver_learns_how_long_a_step_takes() {
    let watch = Watch::default();
    Remind.with(&watch).run(&mut rain()).await.unwrap();
    let seen = watch.0.into_inner().unwrap();
    let field = Some("approval");
    let expected = [
        ("draft", None, None, None),
        ("await(approval)", field, Some(LIMIT), None),
        ("escalate", None, None, None),
        ("cool_down", None, None, Some(limits::PAUSE)),
        ("again", field, Some(2 * DAY), None),
    ];
    assert_eq!(
        seen,
        expected.map(|(name, field, within, sleep)| (name.to_owned(), field, within, sleep))
    );
}

#[test]
fn a_diagram_shows_how_long() {
    assert_eq!(
        Remind::GRAPH.to_string(),
        "flowchart TD
    draft([draft])
    await.1{{await approval, 1500ms}}
    cool_down{{sleep 90s}}
    await.5{{await approval, 2d}}
    exit.0((late))
    draft --> await.1
    await.1 --> publish
    await.1 -->|expired| escalate
    escalate --> cool_down
    cool_down --> await.5
    await.5 --> publish
    await.5 -->|expired| exit.0"
    );
}

#[test]
fn how_long_is_no_part_of_the_fingerprint_and_that_there_is_a_deadline_is() {
    let fingerprint = |graph: &'static pocketflow::Graph| graph.fingerprint();
    mod longer {
        use super::*;
        flow! {
            pub(super) Publish {
                draft >> await(approval, within = "4d") >> publish;
                await(approval) - "expired" >> escalate;
            }
        }
    }
    mod without {
        use super::*;
        flow! { pub(super) Publish { draft >> await(approval) >> publish; } }
    }
    let here = fingerprint(Publish::GRAPH);
    assert_eq!(here, fingerprint(longer::Publish::GRAPH));
    assert_ne!(here, fingerprint(without::Publish::GRAPH));
}

flow! {
    /// Pauses may begin a flow, and end it.
    pub Slow: Article {
        first >> draft >> await(approval);

        first: sleep("1h");
    }
}

flow! {
    /// A flow that sleeps, in another one.
    pub Nested {
        Slow >> publish;
    }
}

#[tokio::test(start_paused = true)]
async fn a_nested_flow_sleeps() {
    let start = Instant::now();
    let error = Nested.run(&mut rain()).await.unwrap_err();
    assert_eq!(
        error.cause().downcast_ref(),
        Some(&Waits { field: "approval" })
    );
    assert_eq!(start.elapsed().as_secs(), 3_600);
    assert_eq!(Nested::MAX_STEPS, 4);
}

/// No runtime has a timer here.
#[test]
fn without_a_runtime_the_error_names_what_needs_one() {
    let run = |flow: &dyn Fn() -> Result<(), Error>| format!("{:#}", flow().unwrap_err());
    let slow = run(&|| ready(async { Slow.run(&mut rain()).await.map(drop) }));
    assert_eq!(
        slow,
        "Slow > first: stopped: `sleep` needs a tokio runtime, and none is running here: run the flow in one, as \
         `#[tokio::main]` does"
    );
    let publish = run(&|| ready(async { Publish.run(&mut rain()).await.map(drop) }));
    assert!(publish.contains("Publish > await(approval): stopped: `within` needs a tokio runtime"));
}

/// Polls a future that is ready at once.
fn ready<T>(future: impl std::future::Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(done) => done,
        std::task::Poll::Pending => panic!("it waits"),
    }
}
