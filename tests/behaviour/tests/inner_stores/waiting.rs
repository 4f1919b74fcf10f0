//! Inner runs that wait hold no seat of `parallel`, and those that are suspended end no others.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use pocketflow::{
    Driver, EmptyField, Error, Failed, Run, Shared, StepInfo, Taken, Waits, flow, node,
};
use tokio::sync::Notify;
use tokio::time::sleep;

#[derive(Shared, Default, Debug, Clone, PartialEq)]
struct Document {
    name: String,
    draft: Option<String>,
    approval: Option<String>,
    published: bool,
}

#[derive(Shared, Default, Debug, Clone, PartialEq)]
struct Shelf {
    documents: Vec<Document>,
    title: Option<String>,
}

#[derive(Shared, Default, Debug)]
struct Library {
    documents: Vec<Document>,
    shelves: Vec<Shelf>,
    other: Document,
    problems: Vec<Failed>,
}

/// How many runs of these nodes there are at the same time.
static DRAFTS: Gauge = Gauge::new();
static PUBLISHED: Gauge = Gauge::new();

struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Gauge {
    const fn new() -> Self {
        Self {
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        }
    }

    async fn hold(&self, time: Duration) {
        let now = self.now.fetch_add(1, Relaxed) + 1;
        self.most.fetch_max(now, Relaxed);
        sleep(time).await;
        self.now.fetch_sub(1, Relaxed);
    }
}

#[node(Document, writes = draft)]
async fn draft(name: &str) -> String {
    DRAFTS.hold(Duration::from_secs(1)).await;
    format!("about {name}")
}

#[node(Document, writes = published)]
async fn publish(draft: &str, approval: &str) -> Result<bool, String> {
    PUBLISHED.hold(Duration::from_secs(1)).await;
    match approval {
        "no" => Err(format!("{draft} is refused")),
        _ => Ok(true),
    }
}

flow! { Write { draft >> await(approval) >> publish; } }

#[node(Shelf, writes = title)]
fn name_shelf(documents: &[Document]) -> String {
    documents.len().to_string()
}

flow! { Fill: Shelf { Write.each(documents, parallel = 2) >> name_shelf; } }

flow! { Three: Library { Write.each(documents, parallel = 3); } }
flow! { InOrder: Library { Write.each(documents); } }
flow! { Collects: Library { Write.each(documents, parallel = 3, failures = problems); } }
flow! { Shelves: Library { Fill.each(shelves, parallel = 1); } }
flow! { TwoShelves: Library { Fill.each(shelves, parallel = 2); } }
flow! { Beside: Library { (Fill.each(shelves, parallel = 2), Write.on(other)); } }

fn documents(count: usize) -> Vec<Document> {
    let document = |index| Document {
        name: format!("{index}"),
        ..Document::default()
    };
    (0..count).map(document).collect()
}

/// Waits at each `await` until [`fill`](Self::fill) is called for the path of the run.
#[derive(Default)]
struct Answers {
    filled: Mutex<HashMap<String, String>>,
    changed: Notify,
    waiting: AtomicUsize,
    most_waiting: AtomicUsize,
    /// Suspends the runs instead.
    suspends: bool,
}

impl Answers {
    fn fill(&self, run: &str, approval: &str) {
        self.filled
            .lock()
            .unwrap()
            .insert(run.into(), approval.into());
        self.changed.notify_waiters();
    }
}

impl<S: Shared> Driver<S> for &Answers {
    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        if info.waits_for().is_none() {
            return run.run(shared).await;
        }
        let document = (shared as &mut dyn std::any::Any)
            .downcast_mut::<Document>()
            .unwrap();
        let waiting = self.waiting.fetch_add(1, Relaxed) + 1;
        self.most_waiting.fetch_max(waiting, Relaxed);
        let answer = loop {
            let changed = self.changed.notified();
            if let Some(answer) = self.filled.lock().unwrap().get(&document.name) {
                break answer.clone();
            }
            if self.suspends {
                self.waiting.fetch_sub(1, Relaxed);
                return Err(info.suspend("it waits for an approval"));
            }
            changed.await;
        };
        self.waiting.fetch_sub(1, Relaxed);
        document.approval = Some(answer);
        Ok(info.taken("default").unwrap())
    }
}

/// Runs on a clock of its own, and one test at a time, because the gauges are shared.
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

async fn gauges() -> tokio::sync::MutexGuard<'static, ()> {
    let guard = ONE_AT_A_TIME.lock().await;
    for gauge in [&DRAFTS, &PUBLISHED] {
        gauge.now.store(0, Relaxed);
        gauge.most.store(0, Relaxed);
    }
    guard
}

#[tokio::test(start_paused = true)]
async fn twenty_documents_that_all_wait_are_all_drafted_on_three_seats() {
    let _guard = gauges().await;
    let answers = Answers::default();
    let mut library = Library {
        documents: documents(20),
        ..Library::default()
    };
    let run = Three.with(&answers).run(&mut library);
    let approve = async {
        while answers.waiting.load(Relaxed) < 20 {
            sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(
            (DRAFTS.most.load(Relaxed), PUBLISHED.most.load(Relaxed)),
            (3, 0)
        );
        // All at once, and in another order.
        for index in (0..20).rev() {
            answers.fill(&index.to_string(), "yes");
        }
    };
    let (done, ()) = tokio::join!(run, approve);
    done.unwrap();
    assert_eq!(PUBLISHED.most.load(Relaxed), 3, "they take seats again");
    assert!(library.documents.iter().all(|document| document.published));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_goes_on_is_before_an_item_that_has_not_begun() {
    let _guard = gauges().await;
    let answers = Answers::default();
    // The first one is answered at once, while the others wait and more begin.
    answers.fill("0", "yes");
    let mut library = Library {
        documents: documents(9),
        ..Library::default()
    };
    let run = Three.with(&answers).run(&mut library);
    let approve = async {
        sleep(Duration::from_millis(1500)).await;
        // In the second second, one publishes and two draft.
        assert_eq!(
            (DRAFTS.now.load(Relaxed), PUBLISHED.now.load(Relaxed)),
            (2, 1)
        );
        sleep(Duration::from_secs(9)).await;
        assert_eq!(answers.waiting.load(Relaxed), 8);
        for index in 1..9 {
            answers.fill(&index.to_string(), "yes");
        }
    };
    let (done, ()) = tokio::join!(run, approve);
    done.unwrap();
    assert_eq!(
        (DRAFTS.most.load(Relaxed), PUBLISHED.most.load(Relaxed)),
        (3, 3)
    );
}

#[tokio::test(start_paused = true)]
async fn in_order_the_next_item_begins_when_the_one_before_has_ended() {
    let _guard = gauges().await;
    let answers = Answers::default();
    let mut library = Library {
        documents: documents(2),
        ..Library::default()
    };
    let run = InOrder.with(&answers).run(&mut library);
    let approve = async {
        sleep(Duration::from_secs(60)).await;
        assert_eq!(answers.waiting.load(Relaxed), 1);
        answers.fill("1", "yes");
        answers.fill("0", "yes");
    };
    let (done, ()) = tokio::join!(run, approve);
    done.unwrap();
    assert!(library.documents[1].published);
}

/// The shelves hold one seat, and each shelf holds two.
#[tokio::test(start_paused = true)]
async fn a_run_whose_inner_runs_all_wait_waits_as_well() {
    let _guard = gauges().await;
    let answers = Answers::default();
    let names = |names: [&str; 2]| Shelf {
        documents: names
            .map(|name| Document {
                name: name.into(),
                ..Document::default()
            })
            .into(),
        title: None,
    };
    let mut library = Library {
        shelves: vec![
            names(["a", "b"]),
            names(["c", "d"]),
            names(["e", "f"]),
            names(["g", "h"]),
        ],
        ..Library::default()
    };
    let run = TwoShelves.with(&answers).run(&mut library);
    let approve = async {
        sleep(Duration::from_secs(30)).await;
        assert_eq!(answers.waiting.load(Relaxed), 8, "all shelves have begun");
        assert_eq!(DRAFTS.most.load(Relaxed), 4);
        for name in ["h", "f", "d", "b", "a", "c", "e", "g"] {
            answers.fill(name, "yes");
        }
    };
    let (done, ()) = tokio::join!(run, approve);
    done.unwrap();
    // Two shelves at a time, and two documents of each.
    assert_eq!(PUBLISHED.most.load(Relaxed), 4);
    assert!(library.shelves.iter().all(|shelf| shelf.title.is_some()));
    assert!(
        library
            .shelves
            .iter()
            .flat_map(|shelf| &shelf.documents)
            .all(|document| document.published)
    );
}

#[tokio::test(start_paused = true)]
async fn a_branch_that_waits_lets_the_others_go_on() {
    let _guard = gauges().await;
    let answers = Answers::default();
    let shelf = |count| Shelf {
        documents: documents(count),
        title: None,
    };
    let mut library = Library {
        shelves: vec![shelf(3), shelf(3), shelf(3)],
        ..Library::default()
    };
    library.other.name = "other".into();
    let run = Beside.with(&answers).run(&mut library);
    let approve = async {
        sleep(Duration::from_secs(30)).await;
        assert_eq!(answers.waiting.load(Relaxed), 10);
        for name in ["2", "other", "0", "1"] {
            answers.fill(name, "yes");
            sleep(Duration::from_secs(5)).await;
        }
    };
    let (done, ()) = tokio::join!(run, approve);
    done.unwrap();
    assert!(library.other.published);
    assert!(library.shelves.iter().all(|shelf| shelf.title.is_some()));
}

#[tokio::test(start_paused = true)]
async fn a_suspended_run_ends_no_other() {
    let _guard = gauges().await;
    let answers = Answers {
        suspends: true,
        ..Answers::default()
    };
    for index in [3, 7] {
        answers.fill(&index.to_string(), "yes");
    }
    let mut library = Library {
        documents: documents(10),
        ..Library::default()
    };
    let error = Three.with(&answers).run(&mut library).await.unwrap_err();
    assert!(error.suspends());
    assert!(
        error.to_string().starts_with("Three > documents["),
        "{error}"
    );
    assert!(
        library
            .documents
            .iter()
            .all(|document| document.draft.is_some())
    );
    let published = |library: &Library| -> Vec<usize> {
        let documents = library.documents.iter().enumerate();
        documents
            .filter(|(_, document)| document.published)
            .map(|(index, _)| index)
            .collect()
    };
    assert_eq!(published(&library), [3, 7]);

    // In order, what comes after it does not begin.
    let mut library = Library {
        documents: documents(3),
        ..Library::default()
    };
    let error = InOrder.with(&answers).run(&mut library).await.unwrap_err();
    assert!(error.suspends());
    assert_eq!(library.documents[1].draft, None);
}

#[tokio::test(start_paused = true)]
async fn a_suspended_branch_ends_no_other() {
    let _guard = gauges().await;
    let answers = Answers {
        suspends: true,
        ..Answers::default()
    };
    answers.fill("other", "yes");
    let mut library = Library {
        shelves: vec![Shelf {
            documents: documents(2),
            title: None,
        }],
        ..Library::default()
    };
    library.other.name = "other".into();
    let error = Beside.with(&answers).run(&mut library).await.unwrap_err();
    assert!(error.suspends() && library.other.published);
}

#[tokio::test(start_paused = true)]
async fn a_refused_document_is_collected_after_it_has_waited() {
    let _guard = gauges().await;
    let answers = Answers::default();
    for index in 0..6 {
        let answer = if index % 2 == 0 { "no" } else { "yes" };
        answers.fill(&index.to_string(), answer);
    }
    let mut library = Library {
        documents: documents(6),
        ..Library::default()
    };
    Collects.with(&answers).run(&mut library).await.unwrap();
    let items: Vec<_> = library
        .problems
        .iter()
        .map(|problem| problem.item)
        .collect();
    assert_eq!(items, [Some(0), Some(2), Some(4)]);
    assert_eq!(
        format!("{:#}", library.problems[1]),
        "Collects > documents[2] > publish: exec failed: about 2 is refused"
    );
    assert_eq!(PUBLISHED.most.load(Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn a_plain_run_cannot_wait() {
    let _guard = gauges().await;
    let mut library = Library {
        documents: documents(1),
        ..Library::default()
    };
    let error = Three.run(&mut library).await.unwrap_err();
    assert_eq!(
        error.cause().downcast_ref(),
        Some(&Waits { field: "approval" })
    );
    assert!(!error.suspends() && !error.cause().is::<EmptyField>());
}

#[tokio::test(start_paused = true)]
async fn shelves_that_wait_in_order() {
    let _guard = gauges().await;
    let answers = Answers::default();
    let mut library = Library {
        shelves: vec![
            Shelf {
                documents: documents(2),
                title: None,
            };
            2
        ],
        ..Library::default()
    };
    let run = Shelves.with(&answers).run(&mut library);
    let approve = async {
        sleep(Duration::from_secs(9)).await;
        assert_eq!(answers.waiting.load(Relaxed), 2);
        answers.fill("0", "yes");
        answers.fill("1", "yes");
    };
    let (done, ()) = tokio::join!(run, approve);
    done.unwrap();
    assert_eq!(library.shelves[1].title.as_deref(), Some("2"));
}

/// A small generator of numbers, so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % bound
    }
}

/// Answers come at random moments, so runs wait and go on in any order, at two levels and in a fork.
#[tokio::test(start_paused = true)]
async fn whenever_the_answers_come_all_runs_end_and_no_seat_is_taken_twice() {
    let _guard = gauges().await;
    for seed in 0..300 {
        let (mut random, answers) = (Random(seed), Answers::default());
        let mut names = vec!["other".to_owned()];
        let mut library = Library::default();
        library.other.name = names[0].clone();
        for shelf in 0..random.below(5) {
            let document = |index| Document {
                name: format!("{shelf}.{index}"),
                ..Document::default()
            };
            let documents: Vec<_> = (0..random.below(6)).map(document).collect();
            names.extend(documents.iter().map(|document| document.name.clone()));
            library.shelves.push(Shelf {
                documents,
                title: None,
            });
        }
        let mut moments: Vec<_> = names
            .iter()
            .map(|name| (random.below(12_000), name))
            .collect();
        moments.sort();
        let start = tokio::time::Instant::now();
        let approve = async {
            for (moment, name) in moments {
                tokio::time::sleep_until(start + Duration::from_millis(moment)).await;
                answers.fill(name, "yes");
            }
        };
        let run = async { tokio::join!(Beside.with(&answers).run(&mut library), approve).0 };
        let ended = tokio::time::timeout(Duration::from_secs(1_000), run).await;
        ended
            .unwrap_or_else(|_| panic!("seed {seed} ends"))
            .unwrap();
        // Two shelves at a time with two documents each, and the other document.
        for gauge in [&DRAFTS, &PUBLISHED] {
            assert!(gauge.most.load(Relaxed) <= 5, "seed {seed}");
        }
        assert!(library.other.published);
        for shelf in &library.shelves {
            assert!(shelf.title.is_some(), "seed {seed}");
            assert!(shelf.documents.iter().all(|document| document.published));
        }
    }
}
