//! Batches: one exec for every item of a collection.
#![allow(clippy::ptr_arg)] // `file: &PathBuf` is what a `Vec<PathBuf>` holds.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use anyhow::Context;
use pocketflow::{Attempt, Reads, Shared, Stage, flow, node};
use tokio::time::{Instant, sleep};

#[derive(Shared, Default, Debug)]
struct Numbers {
    inputs: Vec<u64>,
    factor: u64,
    late: Option<Vec<String>>,
    table: BTreeMap<String, u64>,
    set: BTreeSet<u64>,
    outputs: Option<Vec<u64>>,
    texts: Vec<String>,
}

fn numbers(inputs: impl IntoIterator<Item = u64>) -> Numbers {
    Numbers {
        inputs: inputs.into_iter().collect(),
        factor: 10,
        ..Default::default()
    }
}

mod program {
    use super::*;

    #[derive(Shared, Default)]
    struct Article {
        topic: String,
        section_titles: Option<Vec<String>>,
        section_drafts: Option<Vec<String>>,
        final_article: Option<String>,
    }

    #[node(Article, writes = section_titles, attempts = 3, wait = "1s", backoff = 2.0)]
    async fn outline(topic: &str) -> anyhow::Result<Vec<String>> {
        Ok((1..=5).map(|number| format!("{topic} {number}")).collect())
    }

    #[node(Article, writes = section_drafts, parallel = 8, attempts = 3, timeout = "30s")]
    async fn draft(#[each(section_titles)] title: &str, topic: &str) -> anyhow::Result<String> {
        Ok(format!("{title} on {topic}"))
    }

    #[node(Article, writes = final_article)]
    async fn combine(section_drafts: &[String]) -> anyhow::Result<String> {
        Ok(section_drafts.join("\n"))
    }

    #[tokio::test]
    async fn an_article_is_written_in_parallel() -> anyhow::Result<()> {
        let mut article = Article {
            topic: "AI safety".into(),
            ..Default::default()
        };
        let write = flow! { outline >> draft >> combine; };
        write.run(&mut article).await?;
        assert!(
            article
                .final_article
                .unwrap()
                .starts_with("AI safety 1 on AI safety\nAI safety 2")
        );
        assert_eq!(outline("AI safety").await?.len(), 5);
        assert_eq!(draft("a", "b").await?, "a on b");
        Ok(())
    }
}

/// Later items finish sooner.
#[node(Numbers, writes = outputs, parallel = 100)]
async fn backwards(#[each(inputs)] input: &u64, factor: &u64) -> u64 {
    sleep(Duration::from_secs(1_000 - input)).await;
    input * factor
}

#[node(Numbers, writes = outputs)]
async fn one_by_one(#[each(inputs)] input: &u64) -> u64 {
    sleep(Duration::from_secs(10)).await;
    *input
}

struct Configured {
    jobs: NonZeroUsize,
}

#[node(Numbers, writes = outputs, parallel = self.jobs)]
impl Configured {
    async fn exec(&self, #[each(inputs)] input: &u64) -> u64 {
        sleep(Duration::from_secs(10)).await;
        *input
    }
}

#[tokio::test(start_paused = true)]
async fn the_node_may_say_how_many_are_in_flight() {
    for (jobs, seconds) in [(1, 60), (2, 30), (4, 20), (100, 10)] {
        let (mut numbers, start) = (numbers(0..6), Instant::now());
        let configured = Configured {
            jobs: NonZeroUsize::new(jobs).unwrap(),
        };
        flow! { configured: Configured; configured; }
            .run(&mut numbers)
            .await
            .unwrap();
        assert_eq!(
            start.elapsed(),
            Duration::from_secs(seconds),
            "{jobs} in flight"
        );
        assert_eq!(numbers.outputs.unwrap(), [0, 1, 2, 3, 4, 5]);
    }
}

#[node(Numbers, writes = outputs, parallel = unbounded)]
async fn at_once(#[each(inputs)] input: &u64) -> u64 {
    sleep(Duration::from_secs(10)).await;
    *input
}

#[tokio::test(start_paused = true)]
async fn results_are_in_the_order_of_the_items() {
    for count in [0, 1, 3, 100] {
        let mut shared = numbers(0..count);
        flow! { backwards; }.run(&mut shared).await.unwrap();
        assert_eq!(
            shared.outputs.unwrap(),
            (0..count).map(|input| input * 10).collect::<Vec<_>>()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn ten_items_of_ten_seconds_take_ten_in_parallel_and_a_hundred_in_sequence() {
    let start = Instant::now();
    flow! { one_by_one; }
        .run(&mut numbers(0..10))
        .await
        .unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(100));
    let start = Instant::now();
    flow! { at_once; }.run(&mut numbers(0..10)).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_secs(10));
}

#[tokio::test]
async fn an_empty_batch_still_runs_post() {
    let mut shared = numbers([]);
    flow! { one_by_one; }.run(&mut shared).await.unwrap();
    assert_eq!(shared.outputs, Some(Vec::new()));
}

mod in_flight {
    use super::*;

    static NOW: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);

    fn takes(input: u64) -> Duration {
        Duration::from_millis(input * 37 % 101 + 1)
    }

    #[node(Numbers, writes = outputs, parallel = 8)]
    async fn eight(#[each(inputs)] input: &u64) -> u64 {
        MOST.fetch_max(NOW.fetch_add(1, Relaxed) + 1, Relaxed);
        sleep(takes(*input)).await;
        NOW.fetch_sub(1, Relaxed);
        *input
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_never_more_than_the_width_and_always_as_many_while_items_are_left() {
        let (mut shared, start) = (numbers(0..1_000), Instant::now());
        flow! { eight; }.run(&mut shared).await.unwrap();
        assert_eq!(MOST.load(Relaxed), 8);
        assert_eq!(shared.outputs.unwrap().len(), 1_000);

        // There are eight workers, each of which takes the next item as soon as it is free. If one
        // of them were idle, the batch would take longer.
        let mut hands = [Duration::ZERO; 8];
        for input in 0..1_000 {
            *hands.iter_mut().min().unwrap() += takes(input);
        }
        assert_eq!(start.elapsed(), hands.into_iter().max().unwrap());
    }
}

mod failures {
    use super::*;

    #[derive(Default)]
    struct Seen(std::sync::Mutex<Vec<u64>>);

    struct Fails {
        started: Seen,
        finished: Seen,
    }

    #[node(Numbers, writes = outputs, parallel = 4)]
    impl Fails {
        async fn exec(&self, #[each(inputs)] input: &u64) -> io::Result<u64> {
            self.started.0.lock().unwrap().push(*input);
            sleep(Duration::from_secs(if *input == 2 { 1 } else { 5 })).await;
            if *input == 2 {
                return Err(io::Error::other("no"));
            }
            self.finished.0.lock().unwrap().push(*input);
            Ok(*input)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_final_error_cancels_the_others_and_names_the_item() {
        let fails = Fails {
            started: Seen::default(),
            finished: Seen::default(),
        };
        let flow = flow! { fails: Fails; fails; };
        let (mut shared, start) = (numbers(0..10), Instant::now());
        let error = flow.run(&mut shared).await.unwrap_err();
        assert_eq!(start.elapsed(), Duration::from_secs(1));
        assert_eq!(error.item(), Some(2));
        assert_eq!(format!("{error:#}"), "flow > fails[2]: exec failed: no");
        assert_eq!(*flow.fails.started.0.lock().unwrap(), [0, 1, 2, 3]);
        assert!(flow.fails.finished.0.lock().unwrap().is_empty());
        assert!(shared.outputs.is_none(), "no post has run");
    }

    /// Every third item fails twice, and every tenth always. If the items shared an attempt
    /// counter, some would be given up early.
    #[node(Numbers, writes = outputs, parallel = 8, attempts = 3, wait = "1s", fallback = nothing)]
    async fn flaky(
        #[each(inputs)] input: &u64,
        #[attempt] attempt: Attempt<'_>,
    ) -> io::Result<u64> {
        assert_eq!(attempt.item(), Some(*input as usize));
        sleep(Duration::from_millis(input % 7)).await;
        let fails = if input % 10 == 0 {
            3
        } else {
            2 * u32::from(input % 3 == 0)
        };
        match attempt.number() {
            number if number <= fails => Err(io::Error::other(format!("try {number}"))),
            number => Ok(input * 100 + u64::from(number)),
        }
    }

    fn nothing(reads: &Reads<'_, flaky>, input: &u64, error: pocketflow::Error) -> io::Result<u64> {
        let _ = reads;
        assert_eq!(error.item(), Some(*input as usize));
        assert_eq!(
            error.stage(),
            Stage::Exec {
                attempt: 3,
                attempts: 3
            }
        );
        Ok(input * 100 + 99)
    }

    #[tokio::test(start_paused = true)]
    async fn tries_and_fallback_are_the_items_own() {
        let mut shared = numbers(0..100);
        flow! { flaky; }.run(&mut shared).await.unwrap();
        for (input, output) in (0..).zip(shared.outputs.unwrap()) {
            let expected = match input {
                _ if input % 10 == 0 => 99,
                _ if input % 3 == 0 => 3,
                _ => 1,
            };
            assert_eq!(output, input * 100 + expected);
        }
    }

    struct Sorry;

    #[node(Numbers, writes = texts)]
    impl Sorry {
        async fn exec(&self, #[each(inputs)] input: &u64, factor: &u64) -> anyhow::Result<String> {
            anyhow::ensure!(*input != 1, "not {input}");
            Ok(format!("{}", input * factor))
        }

        async fn fallback(&self, input: &u64, error: pocketflow::Error) -> anyhow::Result<String> {
            Ok(format!("sorry for {input}: {}", error.cause()))
        }
    }

    #[tokio::test]
    async fn the_fallback_of_an_impl_takes_the_item_by_its_name() {
        let mut shared = numbers(0..3);
        flow! { Sorry; }.run(&mut shared).await.unwrap();
        assert_eq!(shared.texts, ["0", "sorry for 1: not 1", "20"]);
    }

    #[node(Numbers, writes = outputs, parallel = 2, attempts = 2, timeout = "5s")]
    async fn slow(#[each(inputs)] input: &u64, #[attempt] attempt: Attempt<'_>) -> u64 {
        if *input == 1 && attempt.number() == 1 {
            sleep(Duration::from_secs(60)).await;
        }
        *input
    }

    #[tokio::test(start_paused = true)]
    async fn a_timeout_is_the_items_own() {
        let (mut shared, start) = (numbers(0..4), Instant::now());
        flow! { slow; }.run(&mut shared).await.unwrap();
        assert_eq!(
            (shared.outputs.unwrap().len(), start.elapsed().as_secs()),
            (4, 5)
        );
    }
}

mod collections {
    use super::*;

    #[node(Numbers, writes = texts)]
    fn rows(#[each(table)] row: (&String, &u64), factor: &u64) -> String {
        format!("{}={}", row.0, row.1 * factor)
    }

    #[node(Numbers, writes = outputs)]
    fn members(#[each(set)] member: &u64) -> u64 {
        *member
    }

    #[node(Numbers, appends = texts)]
    async fn shout(#[each(late)] text: &str) -> String {
        text.to_uppercase()
    }

    #[node(Numbers)]
    fn nothing_to_store(#[each(inputs)] input: &u64) {
        assert!(*input < 100);
    }

    #[node(Numbers, writes = late)]
    fn words() -> Vec<String> {
        vec!["a".into(), "b".into()]
    }

    struct Chunks {
        size: usize,
    }

    /// Runs over the items that `prep` returned.
    #[node(Numbers, parallel = 2)]
    impl Chunks {
        fn prep<'s>(&self, inputs: &'s [u64]) -> Vec<&'s [u64]> {
            inputs.chunks(self.size).collect()
        }

        async fn exec(&self, #[each(prep)] chunk: &&[u64], factor: &u64) -> u64 {
            chunk.iter().sum::<u64>() * factor
        }

        fn post(&self, outputs: &mut Option<Vec<u64>>, exec: Vec<u64>) {
            *outputs = Some(exec);
        }
    }

    #[tokio::test]
    async fn of_every_kind_are_run_over() {
        let mut shared = numbers(0..7);
        shared.table = BTreeMap::from([("a".into(), 1), ("b".into(), 2)]);
        shared.set = BTreeSet::from([3, 1]);
        let chunks = Chunks { size: 3 };
        let flow = flow! {
            chunks: Chunks;
            words >> rows >> shout >> nothing_to_store >> members >> keep >> chunks;
        };
        flow.run(&mut shared).await.unwrap();
        assert_eq!(shared.texts, ["a=10", "b=20", "A", "B", "[1, 3]"]);
        assert_eq!(shared.outputs.unwrap(), [30, 120, 60]);
    }

    #[node(Numbers, appends = texts)]
    fn keep(outputs: &[u64]) -> [String; 1] {
        [format!("{outputs:?}")]
    }
}

mod of_flows {
    use super::*;

    #[derive(Shared, Default)]
    struct Library {
        prefix: String,
        files: Vec<PathBuf>,
        summaries: Option<Vec<String>>,
    }

    #[derive(Shared, Default)]
    struct Document {
        prefix: String,
        path: PathBuf,
        text: Option<String>,
        summary: Option<String>,
    }

    #[node(Document, writes = text)]
    async fn read(path: &PathBuf) -> String {
        tokio::task::yield_now().await;
        format!("text of {}", path.display())
    }

    #[node(Document, writes = summary)]
    async fn sum_up(text: &str, prefix: &str) -> String {
        tokio::task::yield_now().await;
        format!("{prefix}{}", text.len())
    }

    flow! { Summarize { read >> sum_up; } }

    #[node(Library, writes = summaries, parallel = 4)]
    async fn summarize_all(#[each(files)] file: &PathBuf, prefix: &str) -> anyhow::Result<String> {
        let mut document = Document {
            path: file.clone(),
            prefix: prefix.into(),
            ..Default::default()
        };
        Summarize.run(&mut document).await?;
        document.summary.context("no summary")
    }

    #[tokio::test]
    async fn each_run_has_a_store_of_its_own_with_parameters_of_the_parents() {
        let files = (0..20)
            .map(|number| PathBuf::from("x".repeat(number)))
            .collect();
        let mut library = Library {
            files,
            prefix: "length ".into(),
            summaries: None,
        };
        flow! { summarize_all; }.run(&mut library).await.unwrap();
        let expected: Vec<_> = (0..20)
            .map(|number| format!("length {}", number + 8))
            .collect();
        assert_eq!(library.summaries.unwrap(), expected);
    }

    #[derive(Shared, Default)]
    struct School {
        classes: Vec<Vec<u64>>,
        means: Option<Vec<u64>>,
    }

    #[derive(Shared, Default)]
    struct Class {
        students: Vec<u64>,
        grades: Option<Vec<u64>>,
        mean: Option<u64>,
    }

    #[derive(Shared, Default)]
    struct Student {
        score: u64,
        grade: Option<u64>,
    }

    #[node(Student, writes = grade)]
    fn grade(score: &u64) -> u64 {
        score / 10
    }

    flow! { Grading { grade; } }

    #[node(Class, writes = grades, parallel = unbounded)]
    async fn grade_all(#[each(students)] score: &u64) -> anyhow::Result<u64> {
        let mut student = Student {
            score: *score,
            ..Default::default()
        };
        Grading.run(&mut student).await?;
        student.grade.context("no grade")
    }

    #[node(Class, writes = mean)]
    fn average(grades: &[u64]) -> u64 {
        grades.iter().sum::<u64>() / grades.len().max(1) as u64
    }

    flow! { Grades { grade_all >> average; } }

    #[node(School, writes = means)]
    async fn each_class(#[each(classes)] class: &[u64]) -> anyhow::Result<u64> {
        let mut class = Class {
            students: class.to_vec(),
            ..Default::default()
        };
        Grades.run(&mut class).await?;
        class.mean.context("no mean")
    }

    #[tokio::test]
    async fn a_batch_of_batches_is_school_class_and_student() {
        let mut school = School {
            classes: vec![vec![50, 70], vec![], vec![100]],
            means: None,
        };
        flow! { each_class; }.run(&mut school).await.unwrap();
        assert_eq!(school.means.unwrap(), [6, 0, 10]);
    }
}

mod panics {
    use std::sync::Arc;

    use super::*;

    struct Drops(AtomicUsize);

    struct OnDrop<'a>(&'a AtomicUsize);

    impl Drop for OnDrop<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    #[node(Numbers, writes = outputs, parallel = unbounded)]
    impl Drops {
        async fn exec(&self, #[each(inputs)] input: &u64) -> u64 {
            let _dropped = OnDrop(&self.0);
            sleep(Duration::from_secs(*input)).await;
            assert_ne!(*input, 3, "three is too many");
            std::future::pending::<()>().await;
            *input
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_of_an_item_propagates_and_the_others_are_dropped() {
        let drops = Drops(AtomicUsize::new(0));
        let flow = Arc::new(flow! { drops: Drops; drops; });
        let runs = Arc::clone(&flow);
        let run = tokio::spawn(async move { runs.run(&mut numbers(0..10)).await.map(drop) });
        assert!(run.await.unwrap_err().is_panic());
        assert_eq!(flow.drops.0.load(Relaxed), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_that_is_dropped_drops_its_items_and_leaves_the_store() {
        let mut shared = numbers(10..20);
        let drops = Drops(AtomicUsize::new(0));
        let flow = flow! { drops: Drops; drops; };
        assert!(
            tokio::time::timeout(Duration::from_secs(1), flow.run(&mut shared))
                .await
                .is_err()
        );
        assert_eq!(flow.drops.0.load(Relaxed), 10);
        assert!(shared.outputs.is_none());
    }
}

mod fairness {
    use super::*;

    static OTHERS: AtomicUsize = AtomicUsize::new(0);

    #[node(Numbers, writes = outputs, parallel = unbounded)]
    async fn many(#[each(inputs)] input: &u64) -> u64 {
        tokio::task::yield_now().await;
        *input
    }

    /// Is ready at its first poll, and so never pending by itself.
    #[node(Numbers, writes = outputs, parallel = unbounded)]
    async fn at_the_first_poll(#[each(inputs)] input: &u64) -> u64 {
        *input
    }

    #[tokio::test]
    async fn so_does_one_whose_items_are_done_at_once() {
        let turns = std::sync::Arc::new(AtomicUsize::new(0));
        let counted = turns.clone();
        let other = tokio::spawn(async move {
            loop {
                counted.fetch_add(1, Relaxed);
                tokio::task::yield_now().await;
            }
        });
        let mut shared = numbers(0..10_000);
        flow! { at_the_first_poll; }.run(&mut shared).await.unwrap();
        other.abort();
        assert_eq!(shared.outputs.unwrap().len(), 10_000);
        assert!(turns.load(Relaxed) > 100, "{turns:?}");
    }

    #[tokio::test]
    async fn a_large_batch_gives_way_to_other_tasks() {
        let other = tokio::spawn(async {
            loop {
                OTHERS.fetch_add(1, Relaxed);
                tokio::task::yield_now().await;
            }
        });
        let mut shared = numbers(0..10_000);
        flow! { many; }.run(&mut shared).await.unwrap();
        other.abort();
        assert!(OTHERS.load(Relaxed) > 100, "{OTHERS:?}");
    }
}
