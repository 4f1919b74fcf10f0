//! A `Stub` in a durable run: what is stored is not called again, and what a run waits for can be
//! played by the test.

use pocketflow::{Shared, Stub, flow, node};
use pocketflow_checkpoint::Checkpoints;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Article {
    topic: String,
    titles: Option<Vec<String>>,
    drafts: Option<Vec<String>>,
    approval: Option<String>,
    line: Option<String>,
}

#[node(Article, writes = titles)]
async fn outline(topic: &str) -> Result<Vec<String>, String> {
    unreachable!("a test does not ask a model about {topic}")
}

#[node(Article, writes = drafts, parallel = 2, attempts = 2)]
async fn draft(#[each(titles)] title: &str) -> Result<String, String> {
    unreachable!("a test does not ask a model about {title}")
}

#[node(Article, writes = line)]
fn publish(drafts: &[String], approval: &str) -> String {
    format!("{}, approved by {approval}", drafts.join(", "))
}

flow! { Write { outline >> draft >> await(approval) >> publish; } }

async fn runs() -> (TempDir, Checkpoints) {
    let folder = tempfile::tempdir().unwrap();
    let runs = Checkpoints::open(folder.path().join("runs.db"))
        .await
        .unwrap();
    (folder, runs)
}

fn article() -> Article {
    Article {
        topic: "rain".into(),
        ..Article::default()
    }
}

fn stub() -> Stub {
    Stub::strict()
        .real::<publish>()
        .node::<outline>(|reads, _| {
            Ok(["causes", "effects"]
                .map(|part| format!("{part} of {}", reads.topic))
                .to_vec())
        })
}

#[tokio::test]
async fn the_work_of_an_earlier_process_is_not_called_again() {
    for outer in [true, false] {
        let (_folder, runs) = runs().await;

        // The second item fails at both of its attempts.
        let first = stub().each::<draft>(|_, title, _| match title {
            "effects of rain" => Err("the model is busy".into()),
            _ => Ok(format!("A text about the {title}")),
        });
        let error = if outer {
            Write
                .with(&first)
                .with(runs.run("1"))
                .run(&mut article())
                .await
        } else {
            Write
                .with(runs.run("1"))
                .with(&first)
                .run(&mut article())
                .await
        };
        assert_eq!(error.unwrap_err().item(), Some(1));
        assert_eq!((first.calls::<draft>(), first.attempts::<draft>()), (2, 3));

        // What the first one stored is there: neither `outline` nor the first item is called.
        let second = stub()
            .each::<draft>(|_, title, _| Ok(format!("Another about the {title}")))
            .fill("approval", |article: &mut Article| {
                article.approval = Some("Ada".into());
            });
        let mut article = article();
        // The stub wraps the run, so that it fills the field before the run would wait for it.
        Write
            .with(&second)
            .with(runs.run("1"))
            .run(&mut article)
            .await
            .unwrap();
        assert_eq!(second.calls::<outline>(), 0);
        assert_eq!(
            (second.calls::<draft>(), second.attempts::<draft>()),
            (1, 1)
        );
        assert_eq!(
            article.line.as_deref(),
            Some(
                "A text about the causes of rain, Another about the effects of rain, approved by Ada"
            )
        );
    }
}
