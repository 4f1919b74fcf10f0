//! Contexts: what a run is given, and never stores.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use pocketflow::{Shared, StepLimit, flow, node};

trait Llm: Send + Sync {
    fn ask(&self, prompt: &str) -> Result<String>;
}

struct Canned(&'static str);

impl Llm for Canned {
    fn ask(&self, _: &str) -> Result<String> {
        Ok(self.0.into())
    }
}

struct Index(Vec<&'static str>);

/// What the flow works with. A plain struct: no derive, no wrapper, no `Default`.
struct Services {
    llm: Box<dyn Llm>,
    index: Index,
    #[allow(unused)]
    tries: u32,
}

#[derive(Shared, Default)]
#[shared(context = Services)]
struct Research {
    question: String,
    notes: String,
    answer: Option<String>,
}

#[node(Research, appends = notes)]
async fn search(question: &str, #[context] index: &Index) -> Result<String> {
    Ok(format!("{question}: {}", index.0.join(", ")))
}

#[allow(unused)]
const RETRY_WAIT: Duration = Duration::from_millis(1);

#[node(Research, writes = answer, attempts = 3)]
async fn answer(question: &str, notes: &str, #[context] llm: &dyn Llm) -> Result<String> {
    llm.ask(&format!("{question} {notes}"))
}

flow! {
    /// Answers a question.
    pub Answer { search >> answer; }
}

fn services() -> Services {
    Services {
        llm: Box::new(Canned("42")),
        index: Index(vec!["a", "b"]),
        tries: 3,
    }
}

#[tokio::test]
async fn the_program_of_the_contract() -> Result<()> {
    let services = services();
    let mut research = Research {
        question: "why?".into(),
        ..Default::default()
    };
    Answer.context(&services).run(&mut research).await?;
    assert_eq!(research.answer.as_deref(), Some("42"));
    assert_eq!(research.notes, "why?: a, b");
    assert_eq!(answer("why?", "because", &Canned("42")).await?, "42");
    Answer
        .context(&services)
        .with(StepLimit::new(9))
        .run(&mut research)
        .await?;
    Answer
        .with(StepLimit::new(9))
        .context(&services)
        .with(StepLimit::new(9))
        .run(&mut research)
        .await?;
    let services = Arc::new(services);
    Answer.context(&services).run(&mut research).await?;
    tokio::spawn(async move { Answer.context(services).run(&mut research).await }).await??;
    Ok(())
}

/// A context may be private, where the store and the flow are public.
mod private {
    use pocketflow::{Shared, flow, node};

    struct Clock(u64);

    mod inner {
        pub(super) struct Services {
            pub(super) clock: super::Clock,
        }
    }
    use inner::Services;

    /// A store.
    #[derive(Shared, Default)]
    #[shared(context = Services)]
    pub struct Log {
        /// When it was written.
        pub written: Option<u64>,
    }

    #[node(Log, writes = written)]
    fn write(#[context] clock: &Clock) -> u64 {
        clock.0
    }

    flow! {
        /// Writes.
        pub Write { write; }
    }

    #[tokio::test]
    async fn may_stand_under_a_public_store_and_flow() {
        let services = Services { clock: Clock(7) };
        let mut log = Log::default();
        Write.context(&services).run(&mut log).await.unwrap();
        assert_eq!(log.written, Some(7));
    }
}
