//! Other drivers: what they do to a run is recorded, too.

use std::time::Duration;

use pocketflow::{
    Driver, Error, FlowPosition, Position, Run, Shared, StepInfo, StepLimit, Stub, Taken, flow,
    node,
};
use pocketflow_record::{Outcome, Record, Recording, note};

use super::brief::brief;

#[derive(Shared, Default)]
struct Article {
    draft: Option<String>,
    approval: Option<String>,
    state: String,
    edited: u32,
}

#[node(Article, writes = draft)]
async fn draft() -> String {
    "…".into()
}

#[node(Article, writes = state)]
fn publish(approval: &str) -> String {
    approval.into()
}

#[node(Article, writes = state)]
fn escalate() -> String {
    "late".into()
}

flow! {
    Publish: Article {
        draft >> await(approval, within = "3d") >> publish;
        await(approval) - "expired" >> nap >> escalate;
        nap: sleep("1h");
    }
}
flow! { Asked: Article { draft >> await(approval) >> publish; } }

#[tokio::test(start_paused = true)]
async fn a_wait_that_expires_and_a_sleep_are_steps() {
    let record = Record::in_memory();
    Publish
        .with(&record)
        .run(&mut Article::default())
        .await
        .unwrap();
    let lines = brief(&record.text());
    assert_eq!(
        lines[5..9],
        [
            "0.2: step await(approval) waits for approval",
            r#"0.2: taken "expired" >> 3"#,
            "0.3: step nap sleeps 3600000",
            r#"0.3: taken "default" >> 4"#,
        ],
        "{lines:#?}"
    );
}

#[tokio::test]
async fn what_arrives_at_a_wait_is_recorded() {
    let record = Record::in_memory();
    let stub = Stub::new().fill("approval", |article: &mut Article| {
        article.approval = Some("Ada".into());
        // Somebody has also edited another field.
        article.edited = 1;
    });
    Asked
        .with(&record)
        .with(&stub)
        .run(&mut Article::default())
        .await
        .unwrap();
    assert_eq!(
        brief(&record.text())[6],
        r#"0.2: taken "default" >> 2 approval="Ada" edited=1"#
    );
}

#[tokio::test]
async fn a_wait_that_nobody_fills_is_a_failure() {
    let record = Record::in_memory();
    Asked
        .with(&record)
        .run(&mut Article::default())
        .await
        .unwrap_err();
    assert!(
        brief(&record.text())[6].starts_with("0.2: failed at Asked > await(approval) failed: ")
    );
}

/// Suspends the run at each wait.
struct Park;

impl<S: Shared> Driver<S> for Park {
    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        match info.waits_for() {
            Some(field) => Err(info.suspend(format!("it waits for `{field}`"))),
            None => run.run(shared).await,
        }
    }

    fn run_id(&self) -> Option<&str> {
        Some("article-7")
    }
}

#[tokio::test]
async fn a_suspended_run_and_the_run_that_resumes_it_have_one_id() {
    let record = Record::in_memory();
    let mut article = Article::default();
    let parked = Asked.with(&record).with(Park).run(&mut article).await;
    assert!(parked.unwrap_err().suspends());
    article.approval = Some("Ada".into());
    let at = Position {
        steps: 2,
        inner_steps: 0,
        flows: vec![FlowPosition {
            flow: "Asked".into(),
            fingerprint: Asked::GRAPH.fingerprint(),
            place: "publish".into(),
            taken: vec![],
        }],
    };
    let again = Asked.with(&record).with(Park).resume(at, &mut article);
    again.await.unwrap();
    let lines = brief(&record.text());
    assert_eq!(
        lines[5..9],
        [
            "0.2: step await(approval) waits for approval",
            "0.2: suspended at Asked > await(approval) failed: Asked > await(approval): stopped | it waits for `approval`",
            "0: end failed: Asked > await(approval): stopped | it waits for `approval` (suspended) at Asked > await(approval)",
            r#"1: run Asked id article-7 resumed after 2 at publish draft="…" approval="Ada" state="" edited=0"#,
        ]
    );
    let recording = Recording::read(record.text()).unwrap();
    let both: Vec<_> = recording
        .with_id("article-7")
        .map(|run| run.outcome())
        .collect();
    assert!(matches!(
        both[..],
        [Outcome::Suspended(_), Outcome::Exit("default")]
    ));
}

#[tokio::test]
async fn a_driver_that_stops_the_run_is_the_failure_of_its_step() {
    let record = Record::in_memory();
    let run = Asked.with(&record).with(StepLimit::new(1));
    run.run(&mut Article::default()).await.unwrap_err();
    let lines = brief(&record.text());
    assert!(
        lines[6].starts_with("0.2: failed at Asked > await(approval) failed: "),
        "{lines:#?}"
    );
}

#[tokio::test]
async fn a_stub_is_seen_as_the_exec_that_it_replaces() {
    let record = Record::in_memory();
    let stub = Stub::new().node::<draft>(|_, _| Ok("stubbed".into()));
    let run = Asked.with(&record).with(&stub);
    run.run(&mut Article::default()).await.unwrap_err();
    assert_eq!(brief(&record.text())[3], r#"0.1: exec draft = "stubbed""#);
}

/// Changes a field after each step, which no node of the flow writes.
struct Meddle;

impl Driver<Article> for Meddle {
    async fn step<R: Run<Article>>(
        &self,
        _: &StepInfo<'_>,
        shared: &mut Article,
        run: R,
    ) -> Result<Taken, Error> {
        let taken = run.run(shared).await?;
        shared.edited += 1;
        Ok(taken)
    }
}

#[tokio::test]
async fn what_a_driver_changes_outside_nodes_is_recorded_at_the_end() {
    let record = Record::in_memory();
    let stub = Stub::new().fill("approval", |article: &mut Article| {
        article.approval = Some("Ada".into());
    });
    let run = Asked.with(&record).with(Meddle).with(&stub);
    run.run(&mut Article::default()).await.unwrap();
    let lines = brief(&record.text());
    assert_eq!(lines.last().unwrap(), r#"0: end "default" edited=3"#);
}

#[tokio::test]
async fn runs_at_the_same_time_share_a_record() {
    let record = Record::in_memory();
    let runs: Vec<_> = (0..20)
        .map(|_| {
            let record = record.clone();
            tokio::spawn(async move {
                let mut article = Article::default();
                let stub = Stub::new().fill("approval", |article: &mut Article| {
                    article.approval = Some("Ada".into());
                });
                let run = Asked.with(record).with(stub).run(&mut article);
                tokio::time::timeout(Duration::from_secs(60), run).await
            })
        })
        .collect();
    for run in runs {
        run.await.unwrap().unwrap().unwrap();
    }
    let recording = Recording::read(record.text()).unwrap();
    assert_eq!(recording.runs().len(), 20);
    for run in recording.runs() {
        assert_eq!(run.steps.len(), 3);
        assert_eq!(run.state_at_end().get("state"), Some(r#""Ada""#));
    }
}

#[derive(Shared, Default)]
struct Loss {
    last: Option<f64>,
    all: Vec<f32>,
    finite: Option<f64>,
}

#[node(Loss, writes = last)]
fn measure(all: &[f32]) -> f64 {
    note("all", &all);
    f64::from(all[0]) * f64::NAN
}

#[node(Loss, writes = finite)]
fn compare(last: &f64) -> Option<f64> {
    last.is_finite().then_some(*last)
}

flow! { Measure { measure >> compare; } }

#[tokio::test]
async fn a_number_that_json_does_not_have_is_not_null() {
    let record = Record::in_memory();
    let mut loss = Loss {
        all: vec![1.0, f32::INFINITY],
        ..Loss::default()
    };
    Measure.with(&record).run(&mut loss).await.unwrap();
    let recording = Recording::read(record.text()).unwrap();
    let run = &recording.runs()[0];
    let why = Some("JSON has no number for NaN and infinities".to_owned());
    assert_eq!(run.run.shared.get("all").unwrap().why_unwritable(), why);
    // That there is nothing is another thing.
    assert_eq!(run.run.shared.get("last").unwrap().text(), "null");
    let [measure, compare] = &run.steps[..] else {
        panic!()
    };
    let value = measure.execs[0].value.as_ref().unwrap();
    assert_eq!(value.why_unwritable(), why);
    assert_eq!(compare.execs[0].value.as_ref().unwrap().text(), "null");
    assert_eq!(measure.notes[0].value.text(), "[1.0,null]");
}
