//! `Stub`: fakes for the nodes of a flow, in tests.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use pocketflow::{
    Action, Attempt, Error, Failed, Failure, Limit, NoStub, Shared, Stage, StepLimit,
    StepsExceeded, Stub, TimedOut, Trace, Waits, flow, node,
};
use tokio::time::Instant;

#[derive(Shared, Default, Debug, PartialEq)]
struct Desk {
    topic: String,
    titles: Vec<String>,
    rounds: u32,
    notes: Option<String>,
    drafts: Option<Vec<String>>,
    facts: Option<String>,
    figures: Option<String>,
    approval: Option<bool>,
    answer: Option<String>,
}

/// A type of this module alone, which a node returns.
#[derive(Debug, PartialEq)]
struct Secret(u32);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Api {
    Busy,
    Denied,
}

impl std::fmt::Display for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the api is {self:?}")
    }
}

impl std::error::Error for Api {}

fn is_busy(error: &Api) -> bool {
    matches!(error, Api::Busy)
}

fn report_is_busy(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Api::Busy))
}

const UNREACHABLE: &str = "a test does not call this";

#[node(Desk, writes = answer, attempts = 3, wait = "10s", timeout = "5s")]
async fn answer(topic: &str, #[attempt] _attempt: Attempt<'_>) -> anyhow::Result<String> {
    unreachable!("{UNREACHABLE}: {topic}")
}

#[node(Desk, writes = answer, attempts = 5, wait = "1s", retry_if = is_busy)]
async fn ask(topic: &str) -> Result<String, Api> {
    unreachable!("{UNREACHABLE}: {topic}")
}

#[node(Desk, writes = answer, attempts = 5, wait = "1s", retry_if = report_is_busy)]
async fn ask_reported(topic: &str) -> anyhow::Result<String> {
    unreachable!("{UNREACHABLE}: {topic}")
}

#[node(Desk, writes = answer, attempts = 2, fallback = from_memory)]
async fn ask_or_remember(topic: &str) -> io::Result<String> {
    unreachable!("{UNREACHABLE}: {topic}")
}

fn from_memory(reads: &pocketflow::Reads<'_, ask_or_remember>, error: Error) -> io::Result<String> {
    Ok(format!(
        "{} from memory, since {}",
        reads.topic,
        error.cause()
    ))
}

#[node(Desk, writes = drafts, parallel = 4, attempts = 2)]
async fn draft(#[each(titles)] title: &str, topic: &str) -> anyhow::Result<String> {
    unreachable!("{UNREACHABLE}: {title} {topic}")
}

struct WebSearch {
    engine: &'static str,
}

#[node(Desk, attempts = 2, writes(notes))]
impl WebSearch {
    fn prep(&self, topic: &str) -> String {
        format!("{topic} at {}", self.engine)
    }

    async fn exec(&self, prep: &String, rounds: &u32) -> anyhow::Result<Secret> {
        unreachable!("{UNREACHABLE}: {prep} {rounds}")
    }

    async fn fallback(&self, prep: &String, error: Error) -> Secret {
        assert_eq!(prep, "rain at a test");
        assert_eq!(error.cause().to_string(), "offline");
        Secret(0)
    }

    fn post(&self, exec: Secret, notes: &mut Option<String>) {
        *notes = Some(format!("{exec:?}"));
    }
}

#[node(Desk, writes = facts)]
async fn facts() -> String {
    unreachable!("{UNREACHABLE}")
}

#[node(Desk, writes = figures)]
async fn figures() -> String {
    "real figures".into()
}

#[node(Desk, writes = rounds)]
fn count(rounds: &u32) -> u32 {
    rounds + 1
}

#[derive(Action, Debug)]
enum Turn {
    Again,
    Enough,
}

#[node(Desk)]
async fn decide(rounds: &u32) -> anyhow::Result<Turn> {
    unreachable!("{UNREACHABLE}: {rounds}")
}

#[node(Desk)]
fn publish(approval: &bool) {
    assert!(approval);
}

flow! { Answer { answer; } }
flow! { Ask { ask; } }
flow! { AskReported { ask_reported; } }
flow! { Remember { ask_or_remember; } }
flow! { Draft { draft; } }
flow! { Search { search: WebSearch; search; } }
flow! { Gather { count >> (facts, figures, draft); } }
flow! {
    Loop {
        decide - "again" >> count >> decide;
        decide - "enough" >> end;
    }
}
flow! { Approved { count >> await(approval) >> publish; } }
flow! { Outer { count >> Answer >> again; again: count; } }

fn desk() -> Desk {
    Desk {
        topic: "rain".into(),
        titles: ["causes", "effects"].map(String::from).to_vec(),
        ..Desk::default()
    }
}

fn search() -> Search {
    Search {
        search: WebSearch { engine: "a test" },
    }
}

/// The program of the documentation, word for word.
#[allow(unused_variables)]
mod program {
    use anyhow::Result;
    use pocketflow::{Shared, Stub, flow, node};

    struct Services {
        llm: String,
    }

    #[derive(Shared, Default)]
    #[shared(context = Services)]
    struct Research {
        question: String,
        topic: String,
        section_titles: Vec<String>,
        section_drafts: Option<Vec<String>>,
        found: Option<String>,
        answer: Option<String>,
    }

    #[node(Research, writes = answer)]
    async fn answer(question: &str, #[context] llm: &str) -> Result<String> {
        unreachable!("a test asks no {llm}: {question}")
    }

    #[node(Research, writes = section_drafts, parallel = 8)]
    async fn draft(#[each(section_titles)] title: &str, topic: &str) -> Result<String> {
        unreachable!("a test asks no model: {title} {topic}")
    }

    struct WebSearch;

    #[node(Research, attempts = 2, writes = found)]
    impl WebSearch {
        async fn exec(&self, topic: &str) -> Result<String> {
            unreachable!("a test searches nothing: {topic}")
        }

        async fn fallback(&self, error: pocketflow::Error) -> Result<String> {
            Ok(format!("nothing found: {}", error.cause()))
        }
    }

    flow! { Answer { answer; } }
    flow! { Write { draft >> WebSearch; } }

    #[tokio::test]
    async fn runs() -> Result<()> {
        let services = Services {
            llm: "model".into(),
        };
        let mut research = Research {
            question: "why?".into(),
            topic: "rain".into(),
            section_titles: vec!["Causes".into(), "Effects".into()],
            ..Default::default()
        };

        let stub =
            Stub::new().node::<answer>(|reads, _attempt| Ok(format!("{} is 42", reads.question)));
        Answer
            .context(&services)
            .with(&stub)
            .run(&mut research)
            .await?;
        assert_eq!(stub.calls::<answer>(), 1);
        assert_eq!(research.answer.as_deref(), Some("why? is 42"));

        let stub = Stub::strict() // a node without a stub fails the run, and is named
            .node::<draft>(|reads, attempt| {
                Ok(format!("{} of {}", attempt.item().unwrap(), reads.topic))
            }) // a batch, item by item
            .node::<WebSearch>(|reads, _| Err("offline".into())); // an impl node; attempts and fallback run as they would
        Write
            .context(&services)
            .with(&stub)
            .run(&mut research)
            .await?;
        assert_eq!(research.section_drafts.unwrap(), ["0 of rain", "1 of rain"]);
        assert_eq!(research.found.as_deref(), Some("nothing found: offline"));
        assert_eq!(
            (stub.calls::<WebSearch>(), stub.attempts::<WebSearch>()),
            (1, 2)
        );

        let error = Answer
            .context(&services)
            .with(&stub)
            .run(&mut Research::default())
            .await;
        assert_eq!(
            format!("{:#}", error.unwrap_err()),
            "Answer > answer: stopped: the node `answer` has no stub: replace it with `.node::<answer>(…)`, or let it run with `.real::<answer>()`"
        );
        Ok(())
    }
}

mod attempts {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn are_retried_after_their_waits() -> Result<(), Error> {
        let (sender, seen) = mpsc::channel();
        let stub = Stub::new().node::<answer>(move |_, attempt| {
            let last = attempt.last_error().map(|error| error.to_string());
            sender.send((attempt.number(), attempt.of(), last))?;
            match attempt.number() {
                3 => Ok("at last".into()),
                number => Err(format!("failure {number}").into()),
            }
        });
        let start = Instant::now();
        let mut desk = desk();
        Answer.with(&stub).run(&mut desk).await?;
        assert_eq!(desk.answer.as_deref(), Some("at last"));
        assert_eq!(start.elapsed(), Duration::from_secs(20));
        assert_eq!((stub.calls::<answer>(), stub.attempts::<answer>()), (1, 3));
        let seen: Vec<_> = seen.try_iter().collect();
        let failure = |number| Some(format!("failure {number}"));
        assert_eq!(seen, [(1, 3, None), (2, 3, failure(1)), (3, 3, failure(2))]);
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn end_with_the_error_of_the_last() {
        let stub = Stub::new().node::<answer>(|_, _| Err(Api::Busy.into()));
        let error = Answer.with(&stub).run(&mut desk()).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "Answer > answer: exec failed at attempt 3 of 3"
        );
        assert_eq!(error.cause().downcast_ref(), Some(&Api::Busy));
        assert_eq!(stub.attempts::<answer>(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn are_judged_by_retry_if() {
        for (answer, attempts) in [(Api::Busy, 5), (Api::Denied, 1)] {
            let stub = Stub::new().node::<ask>(move |_, _| Err(answer.into()));
            let error = Ask.with(&stub).run(&mut desk()).await.unwrap_err();
            assert_eq!(error.cause().downcast_ref(), Some(&answer));
            assert_eq!(stub.attempts::<ask>(), attempts);

            let stub = Stub::new()
                .node::<ask_reported>(move |_, _| Err(Failure::of_report(anyhow::anyhow!(answer))));
            AskReported.with(&stub).run(&mut desk()).await.unwrap_err();
            assert_eq!(stub.attempts::<ask_reported>(), attempts);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn with_an_error_that_retry_if_does_not_take_are_retried() {
        let stub = Stub::new().node::<ask>(|_, _| Err("offline".into()));
        Ask.with(&stub).run(&mut desk()).await.unwrap_err();
        assert_eq!(stub.attempts::<ask>(), 5);

        let stub = Stub::new().node::<ask>(|_, _| Err(Failure::new("offline").without_retry()));
        let error = Ask.with(&stub).run(&mut desk()).await.unwrap_err();
        assert_eq!(stub.attempts::<ask>(), 1);
        assert_eq!(
            error.to_string(),
            "Ask > ask: exec failed at attempt 1 of 5, not retried"
        );
    }

    #[tokio::test]
    async fn end_in_the_fallback() -> Result<(), Error> {
        let stub = Stub::new().node::<ask_or_remember>(|_, _| Err("offline".into()));
        let mut desk = desk();
        Remember.with(&stub).run(&mut desk).await?;
        assert_eq!(
            desk.answer.as_deref(),
            Some("rain from memory, since offline")
        );
        assert_eq!(stub.attempts::<ask_or_remember>(), 2);
        Ok(())
    }

    /// A stub takes no time, so it returns the timeout that it plays.
    #[tokio::test(start_paused = true)]
    async fn can_play_a_timeout() {
        let limit = Duration::from_secs(5);
        let stub = Stub::new().node::<answer>(move |_, _| Err(TimedOut { limit }.into()));
        let error = Answer.with(&stub).run(&mut desk()).await.unwrap_err();
        assert_eq!(error.cause().downcast_ref(), Some(&TimedOut { limit }));
        assert_eq!(stub.attempts::<answer>(), 3);
    }
}

mod batches {
    use super::*;

    #[tokio::test]
    async fn lend_each_item() -> Result<(), Error> {
        let stub =
            Stub::new().each::<draft>(|reads, title: &str, attempt| match attempt.number() {
                1 if title == "effects" => Err("try again".into()),
                number => Ok(format!("{title} of {} at attempt {number}", reads.topic)),
            });
        let mut desk = desk();
        Draft.with(&stub).run(&mut desk).await?;
        assert_eq!(
            desk.drafts.as_deref().unwrap(),
            [
                "causes of rain at attempt 1",
                "effects of rain at attempt 2"
            ]
        );
        assert_eq!((stub.calls::<draft>(), stub.attempts::<draft>()), (2, 3));
        Ok(())
    }

    #[tokio::test]
    async fn name_the_item_that_fails() {
        let stub = Stub::new().each::<draft>(|_, title, _| match title {
            "effects" => Err("no effects".into()),
            _ => Ok(title.into()),
        });
        let error = Draft.with(&stub).run(&mut desk()).await.unwrap_err();
        assert_eq!(error.item(), Some(1));
        assert_eq!(error.cause().to_string(), "no effects");
    }
}

mod strict {
    use super::*;

    #[tokio::test]
    async fn fails_at_a_node_without_a_stub() {
        let stub = Stub::strict().real::<count>();
        let error = Outer.with(&stub).run(&mut desk()).await.unwrap_err();
        assert_eq!(error.path(), ["Outer", "Answer", "answer"]);
        assert_eq!(error.stage(), Stage::Driver);
        assert_eq!(
            error.cause().downcast_ref(),
            Some(&NoStub { node: "answer" })
        );
        assert_eq!(
            error.cause().to_string(),
            "the node `answer` has no stub: replace it with `.node::<answer>(…)`, or let it run with `.real::<answer>()`"
        );
        // Neither the retries nor the fallback of a node can hide it.
        assert_eq!((stub.calls::<answer>(), stub.attempts::<answer>()), (0, 0));
        assert_eq!(stub.calls::<count>(), 1);

        let stub = Stub::strict();
        let error = Remember.with(&stub).run(&mut desk()).await.unwrap_err();
        assert!(error.cause().is::<NoStub>());
        assert_eq!(stub.attempts::<ask_or_remember>(), 0);
    }

    #[tokio::test]
    async fn names_a_node_by_its_type_and_the_place_by_its_name() {
        let error = search()
            .with(&Stub::strict())
            .run(&mut desk())
            .await
            .unwrap_err();
        assert_eq!(error.path(), ["Search", "search"]);
        assert_eq!(
            error.cause().downcast_ref(),
            Some(&NoStub { node: "WebSearch" })
        );
    }

    #[tokio::test]
    async fn leaves_an_empty_batch_alone() -> Result<(), Error> {
        let mut desk = Desk::default();
        Draft.with(&Stub::strict()).run(&mut desk).await?;
        assert_eq!(desk.drafts.unwrap(), [""; 0]);
        Ok(())
    }
}

mod places {
    use super::*;

    #[tokio::test]
    async fn of_a_nested_flow_are_replaced() -> Result<(), Error> {
        let stub = Stub::new().node::<answer>(|_, _| Ok("42".into()));
        let mut desk = desk();
        Outer.with(&stub).run(&mut desk).await?;
        assert_eq!(desk.answer.as_deref(), Some("42"));
        // Two places with one node.
        assert_eq!(stub.calls::<count>(), 2);
        assert_eq!(desk.rounds, 2);
        Ok(())
    }

    #[tokio::test]
    async fn of_a_fork_are_replaced() -> Result<(), Error> {
        let stub = Stub::strict()
            .real::<count>()
            .real::<figures>()
            .node::<facts>(|_, _| Ok("facts".into()))
            .each::<draft>(|_, title, _| Ok(title.to_uppercase()));
        let mut desk = desk();
        Gather.with(&stub).run(&mut desk).await?;
        assert_eq!(desk.facts.as_deref(), Some("facts"));
        assert_eq!(desk.figures.as_deref(), Some("real figures"));
        assert_eq!(desk.drafts.as_deref().unwrap(), ["CAUSES", "EFFECTS"]);
        assert_eq!(stub.calls::<draft>(), 2);
        Ok(())
    }

    #[tokio::test]
    async fn in_a_loop_are_visited_again() -> Result<(), Error> {
        let mut turns = [Turn::Again, Turn::Again, Turn::Enough].into_iter();
        let stub = Stub::new().node::<decide>(move |reads, _| {
            let turn = turns
                .next()
                .ok_or_else(|| format!("round {}", reads.rounds))?;
            Ok(turn)
        });
        let mut desk = desk();
        Loop.with(&stub).run(&mut desk).await?;
        assert_eq!((desk.rounds, stub.calls::<decide>()), (2, 3));
        Ok(())
    }

    /// A test plays the failure that an error edge leads on from.
    #[tokio::test]
    async fn that_fail_lead_along_their_error_edge() -> Result<(), Error> {
        #[derive(Shared, Default)]
        struct Sale {
            receipt: Option<String>,
            problem: Option<Failed>,
        }

        #[node(Sale, attempts = 2, writes = receipt)]
        async fn pay() -> anyhow::Result<String> {
            unreachable!("{UNREACHABLE}")
        }

        #[node(Sale)]
        fn explain(problem: &Failed) {
            assert_eq!(problem.cause(), "no money");
        }

        flow! {
            Sell {
                pay >> end;
                pay - error(problem) >> explain >> end "declined";
            }
        }

        let stub = Stub::new().node::<pay>(|_, _| Err("no money".into()));
        let exit = Sell.with(&stub).run(&mut Sale::default()).await?;
        assert_eq!(exit, SellExit::Declined);
        assert_eq!((stub.attempts::<pay>(), stub.calls::<explain>()), (2, 1));

        // A missing stub is a mistake of the test, and no error edge hides it.
        let error = Sell
            .with(&Stub::strict())
            .run(&mut Sale::default())
            .await
            .unwrap_err();
        assert!(error.cause().is::<NoStub>());
        Ok(())
    }

    #[tokio::test]
    async fn that_wait_are_filled() -> Result<(), Error> {
        let stub = Stub::new().fill("approval", |desk: &mut Desk| {
            desk.approval = Some(desk.rounds == 1);
        });
        let mut desk = desk();
        Approved.with(&stub).run(&mut desk).await?;
        assert_eq!(desk.approval, Some(true));
        assert_eq!(stub.calls::<publish>(), 1);
        Ok(())
    }

    #[tokio::test]
    async fn that_wait_wait_as_they_do_without_a_stub() {
        let stub = Stub::strict().real::<count>();
        let error = Approved.with(&stub).run(&mut desk()).await.unwrap_err();
        assert_eq!(
            error.cause().downcast_ref(),
            Some(&Waits { field: "approval" })
        );
    }

    #[tokio::test]
    async fn that_wait_and_stay_empty_fail() {
        let stub = Stub::new().fill("approval", |_: &mut Desk| {});
        let error = Approved.with(&stub).run(&mut desk()).await.unwrap_err();
        assert_eq!(error.path(), ["Approved", "await(approval)"]);
        assert_eq!(
            error.cause().to_string(),
            "the late field `approval` of `Desk` is empty"
        );
    }

    #[test]
    #[should_panic(expected = "the store `Desk` has no late field `aproval`")]
    fn that_wait_for_a_misspelt_field_are_found_at_once() {
        let _ = Stub::new().fill("aproval", |_: &mut Desk| {});
    }
}

mod drivers {
    use super::*;

    #[tokio::test]
    async fn wrap_a_stub_and_are_wrapped() {
        for outer in [true, false] {
            let stub = Stub::new().node::<decide>(|_, _| Ok(Turn::Again));
            let limit = StepLimit::new(6);
            let mut desk = desk();
            let result = if outer {
                Loop.with(limit)
                    .with(Trace)
                    .with(&stub)
                    .run(&mut desk)
                    .await
            } else {
                Loop.with(&stub)
                    .with(Trace)
                    .with(limit)
                    .run(&mut desk)
                    .await
            };
            let error = result.unwrap_err();
            assert!(error.cause().is::<StepsExceeded>());
            assert_eq!((desk.rounds, stub.calls::<decide>()), (3, 3));
        }
    }

    /// A limit around the stub holds for the attempts that the stub replaces.
    #[tokio::test(start_paused = true)]
    async fn limit_the_attempts_of_a_stub() -> Result<(), Error> {
        let stub = Stub::new().each::<draft>(|_, title, attempt| match attempt.number() {
            1 => Err("try again".into()),
            _ => Ok(title.into()),
        });
        let limit = Limit::new().per_second(1).node::<draft>();
        let start = Instant::now();
        Draft.with(limit).with(&stub).run(&mut desk()).await?;
        assert_eq!(stub.attempts::<draft>(), 4);
        assert_eq!(start.elapsed(), Duration::from_secs(3));
        Ok(())
    }

    /// The first stub that knows the node replaces it.
    #[tokio::test]
    async fn of_one_kind_can_be_two_stubs() -> Result<(), Error> {
        let outer = Stub::new().node::<facts>(|_, _| Ok("outer".into()));
        let inner = Stub::strict()
            .real::<count>()
            .real::<figures>()
            .node::<facts>(|_, _| Ok("inner".into()))
            .each::<draft>(|_, title, _| Ok(title.into()));
        let mut desk = desk();
        Gather.with(&outer).with(&inner).run(&mut desk).await?;
        assert_eq!(desk.facts.as_deref(), Some("outer"));
        assert_eq!(
            (outer.attempts::<facts>(), inner.attempts::<facts>()),
            (1, 0)
        );
        assert_eq!(
            (outer.attempts::<draft>(), inner.attempts::<draft>()),
            (2, 2)
        );
        Ok(())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn are_shared_by_spawned_runs() -> Result<(), Error> {
        let kept = Arc::new(AtomicUsize::new(0));
        let counted = kept.clone();
        let stub = Arc::new(Stub::strict().each::<draft>(move |_, title, _| {
            counted.fetch_add(title.len(), Ordering::Relaxed);
            Ok(title.into())
        }));
        let runs = (0..8).map(|_| {
            let stub = stub.clone();
            tokio::spawn(async move { Draft.with(stub).run(&mut desk()).await })
        });
        for run in runs.collect::<Vec<_>>() {
            run.await.unwrap()?;
        }
        assert_eq!(stub.calls::<draft>(), 16);
        assert_eq!(kept.load(Ordering::Relaxed), 8 * "causeseffects".len());
        Ok(())
    }

    #[tokio::test]
    async fn that_borrow_are_stubs_in_spawned_tasks() {
        tokio::spawn(async {
            let stub = Stub::new().node::<answer>(|_, _| Ok("42".into()));
            Answer
                .with(&stub)
                .run(&mut desk())
                .await
                .map(|_| stub.calls::<answer>())
        })
        .await
        .unwrap()
        .unwrap();
    }
}

#[tokio::test]
async fn the_last_stub_of_a_node_counts() -> Result<(), Error> {
    let stub = Stub::new()
        .node::<answer>(|_, _| Ok("first".into()))
        .node::<answer>(|_, _| Ok("second".into()));
    let mut desk = desk();
    Answer.with(&stub).run(&mut desk).await?;
    assert_eq!(desk.answer.as_deref(), Some("second"));
    Ok(())
}

#[tokio::test]
async fn a_value_of_a_private_type_is_replaced() -> Result<(), Error> {
    let stub = Stub::strict().node::<WebSearch>(|reads, _| Ok(Secret(*reads.rounds + 7)));
    let mut desk = desk();
    search().with(&stub).run(&mut desk).await?;
    assert_eq!(desk.notes.as_deref(), Some("Secret(7)"));
    Ok(())
}

/// A node of another module, whose store and value are private there.
mod elsewhere {
    use pocketflow::{Shared, Stub, flow, node};

    #[derive(Shared, Default)]
    struct Own {
        number: Option<Number>,
    }

    struct Number(u8);

    #[node(Own, writes = number)]
    fn number() -> Number {
        Number(1)
    }

    flow! { Numbered { number; } }

    pub(super) async fn stubbed() -> usize {
        let stub = Stub::new().node::<number>(|_, _| Ok(Number(2)));
        let mut own = Own::default();
        Numbered.with(&stub).run(&mut own).await.unwrap();
        assert_eq!(own.number.unwrap().0, 2);
        stub.calls::<number>()
    }
}

#[tokio::test]
async fn a_private_node_is_replaced() {
    assert_eq!(elsewhere::stubbed().await, 1);
}

#[test]
fn an_attempt_can_be_one_after_a_failure() {
    let failure = Failure::new(Api::Busy);
    let attempt = Attempt::after(&failure);
    assert_eq!((attempt.number(), attempt.of()), (2, 2));
    assert!(attempt.is_last());
    let error = attempt.last_error().unwrap();
    assert_eq!(error.to_string(), "the api is Busy");
    assert_eq!(error.downcast_ref(), Some(&Api::Busy));
    assert!(attempt.key().is_none());
}

/// Nodes of another module, in a flow of this one.
mod steps {
    #[derive(pocketflow::Shared, Default)]
    pub(super) struct Page {
        pub(super) words: Vec<String>,
        pub(super) lengths: Option<Vec<usize>>,
        pub(super) sum: Option<usize>,
    }

    #[pocketflow::node(Page, writes = lengths)]
    pub(super) fn measure(#[each(words)] word: &str) -> usize {
        word.len()
    }

    #[pocketflow::node(Page, writes = sum)]
    pub(super) fn add(lengths: &[usize]) -> usize {
        lengths.iter().sum()
    }
}

#[tokio::test]
async fn nodes_of_another_module_are_replaced() -> Result<(), Error> {
    use steps::{Page, add, measure};

    let stub = Stub::strict()
        .each::<measure>(|_, word, _| Ok(word.len() * 10))
        .node::<add>(|reads, _| Ok(reads.lengths.iter().sum::<usize>() + 1));
    let mut page = Page {
        words: vec!["one".into(), "three".into()],
        ..Page::default()
    };
    flow! { measure >> add; }.with(&stub).run(&mut page).await?;
    assert_eq!(page.sum, Some(81));
    assert_eq!((stub.calls::<measure>(), stub.attempts::<add>()), (2, 1));
    Ok(())
}
