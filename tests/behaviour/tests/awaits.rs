//! `await(field)`: a step that waits until a late field is filled. A driver defines how to wait.

use std::sync::Mutex;

use pocketflow::{
    Attempt, Driver, Error, Run, Shared, StepInfo, StepLimit, Taken, Waits, flow, node,
};

#[derive(Shared, Default, Debug)]
struct Draft {
    topic: String,
    text: Option<String>,
    approval: Option<bool>,
    published: Option<String>,
    keys: Vec<String>,
}

#[derive(pocketflow::Action)]
enum Verdict {
    Yes,
    No,
}

#[node(Draft, writes = text)]
fn draft(topic: &str, text: Option<&str>) -> String {
    text.map_or_else(|| topic.to_owned(), |text| format!("{text}, again"))
}

/// Reads `approval` as filled: the only path to this node goes through the `await`.
#[node(Draft)]
fn decide(approval: &bool) -> Verdict {
    if *approval { Verdict::Yes } else { Verdict::No }
}

#[node(Draft, writes = published)]
fn publish(text: &str) -> String {
    text.to_uppercase()
}

flow! {
    /// Drafts until the draft is approved.
    pub Publish {
        draft >> await(approval) >> decide;
        decide - "yes" >> publish;
        decide - "no" >> draft;
    }
}

/// A person with prepared answers.
struct Person(Mutex<Vec<bool>>);

impl Driver<Draft> for Person {
    async fn step<R: Run<Draft>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut Draft,
        run: R,
    ) -> Result<Taken, Error> {
        let Some(field) = info.waits_for() else {
            return run.run(shared).await;
        };
        assert_eq!(
            (field, info.name(), info.actions()),
            ("approval", "await(approval)", &["default"][..])
        );
        shared.approval = self.0.lock().unwrap().pop();
        Ok(info.taken("default").unwrap())
    }
}

#[tokio::test]
async fn a_driver_fills_the_field() {
    let mut shared = Draft {
        topic: "rain".into(),
        ..Default::default()
    };
    let person = Person(Mutex::new(vec![true, false]));
    Publish
        .with(StepLimit::new(7))
        .with(person)
        .run(&mut shared)
        .await
        .unwrap();
    assert_eq!(shared.published.as_deref(), Some("RAIN, AGAIN"));
}

#[tokio::test]
async fn without_such_a_driver_a_run_says_that_it_cannot_wait() {
    let mut shared = Draft {
        topic: "rain".into(),
        ..Default::default()
    };
    let error = Publish.run(&mut shared).await.unwrap_err();
    assert_eq!(
        error.cause().downcast_ref(),
        Some(&Waits { field: "approval" })
    );
    assert_eq!(
        format!("{error:#}"),
        "Publish > await(approval): stopped: it waits for `approval`, and this run has no driver that can wait for a field \
         to be filled"
    );
    assert_eq!(
        shared.text.as_deref(),
        Some("rain"),
        "what was done before is kept"
    );
}

#[test]
fn it_is_a_step_of_the_graph() {
    assert_eq!(
        Publish::GRAPH.to_string(),
        "flowchart TD
    draft([draft])
    await.1{{await approval}}
    draft --> await.1
    await.1 --> decide
    decide -->|yes| publish
    decide -->|no| draft"
    );
}

flow! {
    /// Waits first, and ends after it.
    pub Edges {
        await(approval) >> draft >> await(published);
    }
}

flow! {
    /// The field that an inner flow waits for is filled after it.
    pub Outer {
        Edges >> decide;
        decide - "yes" >> end;
        decide - "no" >> end "refused";
    }
}

#[test]
fn it_may_be_the_first_and_the_last_and_stand_in_a_nested_flow() {
    assert_eq!(Edges::MAX_STEPS, 3);
    assert_eq!(Outer::MAX_STEPS, 4);
    assert!(
        Edges::GRAPH
            .to_string()
            .contains("start.0((start)) --> await.0")
    );
}

/// A driver that reports the name of the run.
struct Named;

impl Driver<Draft> for Named {
    fn run_id(&self) -> Option<&str> {
        Some("draft-1")
    }
}

#[node(Draft, appends = keys, attempts = 2)]
fn keyed(topic: &str, #[attempt] attempt: Attempt<'_>) -> Result<Vec<String>, String> {
    let key = attempt.key().map(|key| key.to_string());
    if attempt.number() == 1 {
        Err(format!("{topic}: {key:?}"))
    } else {
        Ok(key.into_iter().collect())
    }
}

#[node(Draft, writes = keys, parallel = 2)]
async fn items(#[each(keys)] _key: &str, #[attempt] attempt: Attempt<'_>) -> String {
    attempt.key().map(|key| key.to_string()).unwrap_or_default()
}

#[node(Draft, writes = text)]
fn branch(#[attempt] attempt: Attempt<'_>) -> String {
    attempt.key().map(|key| key.to_string()).unwrap_or_default()
}

#[tokio::test]
async fn work_in_a_run_with_a_name_has_a_key() {
    let fork = flow! { keyed >> keyed2 >> (items, branch); keyed2: keyed; };
    let mut shared = Draft::default();
    fork.with(Named)
        .with(StepLimit::new(9))
        .run(&mut shared)
        .await
        .unwrap();
    assert_eq!(
        shared.keys,
        ["draft-1/3/branch-0/item-0", "draft-1/3/branch-0/item-1"]
    );
    assert_eq!(shared.text.as_deref(), Some("draft-1/3/branch-1"));

    let mut shared = Draft::default();
    flow! { keyed >> keyed2; keyed2: keyed; }
        .with(StepLimit::new(9))
        .with(Named)
        .run(&mut shared)
        .await
        .unwrap();
    assert_eq!(
        shared.keys,
        ["draft-1/1", "draft-1/2"],
        "the same in every attempt"
    );

    let mut shared = Draft::default();
    flow! { keyed; }.run(&mut shared).await.unwrap();
    assert!(shared.keys.is_empty(), "a run without a name has none");
}
