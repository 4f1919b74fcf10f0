//! Batches whose failed items are left out, and collected as failures.

use std::future::Future;
use std::sync::Mutex;
use std::time::Duration;

use pocketflow::{
    Attempt, Error, ExecCall, ExecDriver, Failed, Run, Shared, Stage, StepInfo, Taken, seam,
};
use pocketflow::{AttemptCall, Driver, Failure, NoRuntime, StepLimit, flow, node};

#[derive(Shared, Default)]
struct Library {
    documents: Vec<u64>,
    summaries: Option<Vec<String>>,
    problems: Vec<Failed>,
    late_problems: Option<Vec<Failed>>,
    report: String,
}

fn summary(document: u64) -> Result<String, String> {
    match document % 3 {
        0 => Err(format!("{document} is empty")),
        _ => Ok(format!("summary of {document}")),
    }
}

#[node(Library, writes = summaries, failures = problems, attempts = 2)]
async fn one_by_one(
    #[each(documents)] document: &u64,
    #[attempt] attempt: Attempt<'_>,
) -> Result<String, String> {
    _ = attempt;
    summary(*document)
}

/// The items fail in the reverse of their order.
#[node(Library, writes = summaries, failures = late_problems, parallel = 4)]
async fn at_once(#[each(documents)] document: &u64) -> Result<String, String> {
    tokio::time::sleep(Duration::from_millis(100 - document)).await;
    summary(*document)
}

struct WithPost {
    jobs: std::num::NonZeroUsize,
}

#[node(Library, writes(summaries), failures = problems, parallel = self.jobs)]
impl WithPost {
    fn prep(&self, documents: &[u64]) -> Result<Vec<u64>, String> {
        if documents.is_empty() {
            Err("there are no documents".into())
        } else {
            Ok(documents.to_vec())
        }
    }
    async fn exec(&self, #[each(prep)] document: &u64) -> Result<String, String> {
        summary(*document)
    }
    fn post(
        &self,
        summaries: &mut Option<Vec<String>>,
        problems: &mut Vec<Failed>,
        exec: Vec<String>,
    ) {
        assert_eq!(problems.len(), 2, "the failures are there already");
        problems.truncate(1);
        *summaries = Some(exec);
    }
}

#[node(Library, writes = report)]
fn report(summaries: &[String], problems: &[Failed]) -> String {
    format!("{} done, {} failed", summaries.len(), problems.len())
}

#[node(Library, writes = report)]
fn late_report(late_problems: &[Failed]) -> String {
    format!("{} failed", late_problems.len())
}

fn library() -> Library {
    Library {
        documents: vec![1, 2, 3, 4, 5, 6],
        ..Default::default()
    }
}

fn seen(problems: &[Failed]) -> Vec<(Option<usize>, u32, &str)> {
    problems
        .iter()
        .map(|failed| (failed.item, failed.attempts, failed.cause()))
        .collect()
}

flow! { Summarize { one_by_one >> report; } }
flow! { AtOnce { at_once >> late_report; } }
flow! { Post { post: WithPost; post - error >> end "nothing"; post >> end; } }

#[tokio::test]
async fn a_failed_item_is_left_out_and_its_failure_is_kept() {
    for driven in [false, true] {
        let mut library = library();
        match driven {
            true => Summarize
                .with(StepLimit::new(9))
                .run(&mut library)
                .await
                .unwrap(),
            false => Summarize.run(&mut library).await.unwrap(),
        };
        assert_eq!(library.report, "4 done, 2 failed");
        assert_eq!(library.summaries.unwrap()[2], "summary of 4");
        let expected = [(Some(2), 2, "3 is empty"), (Some(5), 2, "6 is empty")];
        assert_eq!(seen(&library.problems), expected);
        assert_eq!(library.problems[0].path, ["Summarize", "one_by_one"]);
    }
}

#[tokio::test(start_paused = true)]
async fn failures_come_in_the_order_of_the_items_and_fill_a_late_field() {
    for driven in [false, true] {
        let mut library = library();
        match driven {
            true => AtOnce
                .with(StepLimit::new(9))
                .run(&mut library)
                .await
                .unwrap(),
            false => AtOnce.run(&mut library).await.unwrap(),
        };
        assert_eq!(library.report, "2 failed");
        let expected = [(Some(2), 1, "3 is empty"), (Some(5), 1, "6 is empty")];
        assert_eq!(seen(&library.late_problems.unwrap()), expected);
    }
    // Without a failure, the late field is filled all the same.
    let mut none = Library {
        documents: vec![1],
        ..Default::default()
    };
    AtOnce.run(&mut none).await.unwrap();
    assert_eq!(none.late_problems, Some(vec![]));
}

#[tokio::test]
async fn post_sees_the_failures_and_only_prep_can_fail() {
    let jobs = std::num::NonZeroUsize::new(2).unwrap();
    let post = || Post {
        post: WithPost { jobs },
    };
    let mut library = library();
    assert_eq!(post().run(&mut library).await.unwrap(), PostExit::Default);
    assert_eq!(
        (library.summaries.unwrap().len(), library.problems.len()),
        (4, 1)
    );
    let exit = post().run(&mut Library::default()).await.unwrap();
    assert_eq!(exit, PostExit::Nothing);
    let info = Summarize::GRAPH.places[0].node;
    assert!(!info.fails && Post::GRAPH.places[0].node.fails);
}

struct Counting;

#[node(Library, writes(report), failures = late_problems)]
impl Counting {
    async fn exec(&self, #[each(documents)] document: &u64) -> Result<String, String> {
        summary(*document)
    }
    fn post(&self, exec: Vec<String>, late_problems: &[Failed], report: &mut String) {
        *report = format!("{} done, {} failed", exec.len(), late_problems.len());
    }
}

#[tokio::test]
async fn post_reads_a_late_field_that_the_failures_fill() {
    flow! { Only: Library { Counting; } }
    let mut library = library();
    Only.run(&mut library).await.unwrap();
    assert_eq!(library.report, "4 done, 2 failed");
    let mut none = Library::default();
    Only.run(&mut none).await.unwrap();
    assert_eq!(none.report, "0 done, 0 failed");
}

#[tokio::test]
async fn a_second_run_adds_to_the_field() {
    let mut library = library();
    Summarize.run(&mut library).await.unwrap();
    Summarize.run(&mut library).await.unwrap();
    assert_eq!(
        (library.problems.len(), library.summaries.unwrap().len()),
        (4, 4)
    );
}

/// Fails around every exec of an item, as a driver that has lost its storage does.
#[derive(Default)]
struct Broken(Mutex<u32>);

impl Driver<Library, seam::Execs> for Broken {
    async fn step<R: Run<Library>>(
        &self,
        _: &StepInfo<'_>,
        shared: &mut Library,
        run: R,
    ) -> Result<Taken, Error> {
        run.run(shared).await
    }
}

impl<H: 'static, N: pocketflow::Node<Library, H>> ExecDriver<Library, H, N> for Broken {
    async fn exec<C>(
        &self,
        info: &StepInfo<'_>,
        _: Option<usize>,
        call: C,
    ) -> Result<N::Exec, Error>
    where
        C: ExecCall<Library, H, N>,
    {
        *self.0.lock().unwrap() += 1;
        _ = call.call().await;
        Err(info.error("the storage is gone"))
    }

    async fn attempt<C>(
        &self,
        _: &StepInfo<'_>,
        _: Attempt<'_>,
        call: C,
    ) -> Result<N::Exec, Failure>
    where
        C: AttemptCall<Library, H, N>,
    {
        call.call().await
    }
}

#[tokio::test]
async fn an_error_of_a_driver_is_no_failure_of_an_item() {
    let driver = Broken::default();
    let error = Summarize
        .with(&driver)
        .run(&mut library())
        .await
        .unwrap_err();
    assert_eq!(error.stage(), Stage::Driver);
    assert_eq!(*driver.0.lock().unwrap(), 1, "the first one ends the batch");
}

#[node(Library, writes = summaries, failures = problems, timeout = "1s")]
async fn timed(#[each(documents)] document: &u64) -> String {
    document.to_string()
}

#[test]
fn a_missing_runtime_is_none_either() {
    let run = async { flow! { timed; }.run(&mut library()).await.unwrap_err() };
    let mut run = std::pin::pin!(run);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let std::task::Poll::Ready(error) = run.as_mut().poll(&mut context) else {
        panic!("it does not wait")
    };
    assert!(error.cause().is::<NoRuntime>());
}
