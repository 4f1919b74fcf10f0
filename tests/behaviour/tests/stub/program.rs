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
