//! Forks: nodes that run at the same time on one borrowed store.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use pocketflow::{Attempt, Error, Shared, Stage, StepLimit, flow, node};
use tokio::time::{Instant, sleep};

#[derive(Shared, Default, Debug)]
struct Report {
    topic: String,
    notes: Option<String>,
    facts: Option<String>,
    figures: Option<Vec<u64>>,
    quotes: Option<String>,
    order: Vec<String>,
    text: Option<String>,
}

#[node(Report, writes = notes)]
async fn gather(topic: &str) -> String {
    format!("notes on {topic}")
}

#[node(Report, writes = facts)]
async fn facts(notes: &str) -> String {
    sleep(Duration::from_secs(3)).await;
    format!("facts from {notes}")
}

#[node(Report, writes = figures, parallel = 2)]
async fn figures(#[each(order)] line: &str) -> u64 {
    sleep(Duration::from_secs(2)).await;
    line.len() as u64
}

#[node(Report, writes = quotes, attempts = 2)]
async fn quotes(notes: &str, #[attempt] attempt: Attempt<'_>) -> std::io::Result<String> {
    sleep(Duration::from_secs(1)).await;
    if attempt.number() == 1 {
        Err(std::io::Error::other("mumbled"))
    } else {
        Ok(format!("\"{notes}\""))
    }
}

#[node(Report, writes = text)]
fn write(facts: &str, quotes: &str) -> String {
    format!("{facts}, {quotes}")
}

flow! {
    /// A report.
    pub Whole {
        gather >> (facts, quotes) >> write;
    }
}

#[tokio::test(start_paused = true)]
async fn the_nodes_work_at_the_same_time_on_the_same_store() {
    let mut report = Report {
        topic: "rain".into(),
        ..Default::default()
    };
    let start = Instant::now();
    Whole.run(&mut report).await.unwrap();
    assert_eq!(
        start.elapsed(),
        Duration::from_secs(3),
        "as long as the longest"
    );
    assert_eq!(
        report.text.as_deref(),
        Some("facts from notes on rain, \"notes on rain\"")
    );
}

flow! {
    /// Begins with a fork. One of its nodes is a batch.
    pub Rest(notes) {
        (facts, figures, quotes) >> write;
    }
}

#[tokio::test(start_paused = true)]
async fn a_fork_may_be_the_first_and_have_batches() {
    let (order, notes) = (
        vec!["a".into(), "bc".into(), "".into()],
        Some("rain".into()),
    );
    let mut report = Report {
        order,
        notes,
        ..Default::default()
    };
    let start = Instant::now();
    Rest.run(&mut report).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(4));
    assert_eq!(report.figures.unwrap(), [1, 2, 0]);
}

struct Step {
    name: &'static str,
    takes: u64,
    fails: bool,
    posts: &'static Mutex<Vec<&'static str>>,
    dropped: &'static AtomicUsize,
}

struct OnDrop(&'static AtomicUsize);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[node(Report)]
impl Step {
    async fn exec(&self) -> Result<(), String> {
        let _dropped = OnDrop(self.dropped);
        sleep(Duration::from_secs(self.takes)).await;
        if self.fails {
            Err(format!("{} fails", self.name))
        } else {
            Ok(())
        }
    }

    fn post(&self) {
        self.posts.lock().unwrap().push(self.name);
    }
}

flow! {
    Three {
        first: Step;
        second: Step;
        third: Step;
        gather >> (first, second, third) >> keep;
    }
}

#[node(Report, appends = order)]
fn keep() -> [String; 1] {
    ["kept".into()]
}

fn three(
    fails: bool,
) -> (
    Three,
    &'static Mutex<Vec<&'static str>>,
    &'static AtomicUsize,
) {
    let (posts, dropped) = (
        &*Box::leak(Box::new(Mutex::default())),
        &*Box::leak(Box::default()),
    );
    let step = |name, takes, fails| Step {
        name,
        takes,
        fails,
        posts,
        dropped,
    };
    let three = Three {
        first: step("first", 9, false),
        second: step("second", 1, fails),
        third: step("third", 5, false),
    };
    (three, posts, dropped)
}

#[tokio::test(start_paused = true)]
async fn posts_run_in_the_written_order_whenever_the_execs_finish() {
    let (flow, posts, _) = three(false);
    let mut report = Report::default();
    flow.run(&mut report).await.unwrap();
    assert_eq!(*posts.lock().unwrap(), ["first", "second", "third"]);
    assert_eq!(report.order, ["kept"]);
}

#[tokio::test(start_paused = true)]
async fn the_first_error_cancels_the_others_and_no_post_runs() {
    let (flow, posts, dropped) = three(true);
    let (mut report, start) = (Report::default(), Instant::now());
    let error = flow.run(&mut report).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    check_cancelled(&error, posts, dropped, &report);
}

#[tokio::test(start_paused = true)]
async fn with_a_driver_it_does_so_too() {
    let (flow, posts, dropped) = three(true);
    let (mut report, start) = (Report::default(), Instant::now());
    let run = flow.with(StepLimit::new(9)).run(&mut report);
    let error = run.await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(1));
    check_cancelled(&error, posts, dropped, &report);
}

/// The second node of [`three`] fails, and nothing of the others remains.
fn check_cancelled(
    error: &Error,
    posts: &Mutex<Vec<&'static str>>,
    dropped: &AtomicUsize,
    report: &Report,
) {
    assert_eq!(error.path(), ["Three", "second"]);
    assert_eq!(
        error.stage(),
        Stage::Exec {
            attempt: 1,
            attempts: 1
        }
    );
    assert_eq!(
        format!("{error:#}"),
        "Three > second: exec failed: second fails"
    );
    assert!(posts.lock().unwrap().is_empty());
    assert_eq!(dropped.load(Relaxed), 3);
    assert!(report.order.is_empty());
}

#[node(Report)]
async fn panics() {
    sleep(Duration::from_secs(1)).await;
    panic!("between the first and the third");
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_a_node_propagates_and_the_others_are_dropped() {
    let (Three { first, third, .. }, posts, dropped) = three(false);
    let flow = flow! { first: Step; third: Step; (first, panics, third); };
    let start = Instant::now();
    let run = tokio::spawn(async move { flow.run(&mut Report::default()).await.map(drop) });
    assert!(run.await.unwrap_err().is_panic());
    assert_eq!(
        start.elapsed(),
        Duration::from_secs(1),
        "it waits for none of them"
    );
    assert_eq!(dropped.load(Relaxed), 2);
    assert!(posts.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_fork_that_is_dropped_drops_its_nodes_and_leaves_the_store() {
    let (flow, posts, dropped) = three(false);
    let mut report = Report {
        topic: "x".into(),
        ..Default::default()
    };
    assert!(
        tokio::time::timeout(Duration::from_secs(7), flow.run(&mut report))
            .await
            .is_err()
    );
    assert_eq!((dropped.load(Relaxed), posts.lock().unwrap().len()), (3, 0));
    assert_eq!(
        report.notes.as_deref(),
        Some("notes on x"),
        "as the post before left it"
    );
}

#[tokio::test(start_paused = true)]
async fn a_fork_counts_as_one_step() {
    let (flow, _, _) = three(false);
    flow.with(StepLimit::new(3))
        .run(&mut Report::default())
        .await
        .unwrap();
    let (flow, posts, _) = three(false);
    flow.with(StepLimit::new(2))
        .run(&mut Report::default())
        .await
        .unwrap_err();
    assert_eq!(posts.lock().unwrap().len(), 3);
}

#[test]
fn the_futures_of_forks_are_send() {
    fn is_send<T: Send>(_: &T) {}
    is_send(&Whole.run(&mut Report::default()));
}

#[test]
fn a_fork_is_drawn_as_a_box() {
    assert_eq!(
        Whole::GRAPH.to_string(),
        "flowchart TD
    gather([gather])
    subgraph fork.1[at the same time]
        fork.1.facts[facts]
        fork.1.quotes[quotes]
    end
    gather --> fork.1
    fork.1 --> write"
    );
}

#[test]
fn a_fork_that_comes_first_is_shown_as_the_start() {
    let picture = Rest::GRAPH.to_string();
    assert!(
        picture.starts_with("flowchart TD\n    start.0((start)) --> fork.0\n    subgraph fork.0"),
        "{picture}"
    );
}

/// The polled nodes, in order.
static POLLED: Mutex<String> = Mutex::new(String::new());

/// Needs four polls.
async fn polled(name: char) {
    for _ in 0..4 {
        POLLED.lock().unwrap().push(name);
        tokio::task::yield_now().await;
    }
}

#[node(Report)]
async fn a() {
    polled('a').await;
}

#[node(Report)]
async fn b() {
    polled('b').await;
}

#[node(Report)]
async fn c() {
    polled('c').await;
}

#[node(Report)]
async fn d() {
    polled('d').await;
}

#[tokio::test]
async fn the_nodes_are_polled_in_the_written_order_first_and_then_take_turns() {
    flow! { (a, b, c, d); }
        .run(&mut Report::default())
        .await
        .unwrap();
    assert_eq!(*POLLED.lock().unwrap(), "abcdcdabbadcdcba");
}
