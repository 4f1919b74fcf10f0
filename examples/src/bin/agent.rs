//! An agent: searches a folder of texts until it can answer a question.
//!
//! ```text
//! cargo run --bin agent -- "Why is the sea salty?"
//! cargo run --bin agent -- --record run.jsonl "Why is the sea salty?"
//! ```

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::Parser;
use pocketflow::{Action, Attempt, Reads, Shared, flow, node};
use pocketflow_examples::cli;
use pocketflow_examples::llm::{Llm, Message, Model};
use pocketflow_examples::progress::Progress;
use pocketflow_examples::search::{Library, Passage};
use pocketflow_record::Record;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the agent works with.
struct Services {
    llm: Box<dyn Llm>,
    library: Library,
}

#[derive(Shared, Default, Serialize, Deserialize)]
#[shared(context = Services)]
struct Research {
    question: String,
    /// What has been found so far.
    found: Vec<Passage>,
    search_query: Option<String>,
    /// The text to search in. The search covers all texts if the model leaves it out.
    title: Option<String>,
    answer: Option<String>,
}

/// What to do next. The model's reply, as YAML or JSON, is the action. A reply that names an
/// unknown action is retried.
#[derive(Action, Serialize, Deserialize, JsonSchema)]
#[action(Research)]
#[serde(tag = "action", rename_all = "snake_case")]
enum Decision {
    Search {
        #[schemars(length(min = 1, max = 80))]
        search_query: String,
        title: Option<String>,
    },
    Answer,
}

/// The passages as part of a prompt.
fn text(found: &[Passage]) -> String {
    found
        .iter()
        .map(|passage| format!("{}: {}\n", passage.title, passage.text))
        .collect()
}

#[node(Research, attempts = 3, wait = "1s", fallback = search_for_the_question)]
async fn decide(
    question: &str,
    found: &[Passage],
    search_query: Option<&str>,
    #[attempt] attempt: Attempt<'_>,
    #[context] llm: &dyn Llm,
) -> Result<Decision> {
    let known = text(found);
    let mut prompt = format!(
        "Question: {question}\n\nWhat is known:\n{known}\n\n\
         If that is enough to answer the question, reply with this YAML:\naction: answer\n\n\
         If something is missing, reply with:\naction: search\nsearch_query: a few words to search for\n\
         title: the title of a text, to search only there\n"
    );
    if let Some(query) = search_query {
        prompt += &format!("\nThe last search was for {query:?}.\n");
    }
    if let Some(error) = attempt.last_error() {
        prompt += &format!("\nYour last reply was rejected: {error}");
    }
    let decision = llm.call_for(&[Message::user(prompt)]).await?;
    ensure!(
        search_query.is_some() || matches!(decision, Decision::Search { .. }),
        "search first: nothing is known yet"
    );
    Ok(decision)
}

/// The best guess for a model that cannot follow the format.
fn search_for_the_question(
    reads: &Reads<'_, decide>,
    error: pocketflow::Error,
) -> Result<Decision> {
    eprintln!("note: {error:#}; taking the question as it is");
    Ok(match reads.search_query {
        None => Decision::Search {
            search_query: reads.question.into(),
            title: None,
        },
        Some(_) => Decision::Answer,
    })
}

#[node(Research, appends = found)]
fn search(
    search_query: &str,
    title: Option<&str>,
    #[context] library: &Library,
) -> Result<Vec<Passage>> {
    let found = library.search(search_query, title, 2)?;
    eprintln!("searched for {search_query:?}: {} found", found.len());
    Ok(found)
}

#[node(Research, writes = answer, attempts = 3, wait = "1s")]
async fn answer(question: &str, found: &[Passage], #[context] llm: &dyn Llm) -> Result<String> {
    let known = text(found);
    let prompt = format!("{known}\nFrom this, answer in one or two sentences: {question}");
    llm.call(&[Message::user(prompt)]).await
}

flow! {
    /// Searches until it can answer, at most five times.
    pub Agent: Research {
        decide - "search" >> search max 5 else answer;
        search >> decide;
        decide - "answer" >> answer;
    }
}

/// Answers a question from a folder of texts.
#[derive(Parser)]
struct Args {
    /// The question
    question: String,
    /// The folder with the texts, *.md and *.txt [default: examples/texts]
    #[arg(long, value_name = "FOLDER")]
    texts: Option<PathBuf>,
    /// Record the run in this file, with prompts and replies
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> cli::Result<()> {
    let args: Args = cli::arguments(Agent::GRAPH);
    let texts = args
        .texts
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("texts"));
    let services = Services {
        llm: Box::new(Model::from_environment()?),
        library: Library::open(&texts)?,
    };

    let mut research = Research {
        question: args.question,
        ..Default::default()
    };
    let flow = Agent.context(&services).with(Progress::new());
    match &args.record {
        Some(file) => {
            let record = Record::create(file)?.content(true);
            flow.with(&record).run(&mut research).await?;
            record.finish()?;
        }
        None => {
            flow.run(&mut research).await?;
        }
    }
    println!("{}", research.answer.unwrap_or_default());
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use pocketflow_examples::fake::Fake;

    use super::*;

    /// Asks a question with this model, in a folder with one text.
    async fn ask(llm: &Fake, question: &str) -> Research {
        let texts = tempfile::tempdir().unwrap();
        fs::write(
            texts.path().join("tea.md"),
            "Tea\n\nTea is made of leaves.\n",
        )
        .unwrap();
        let services = Services {
            llm: Box::new(llm.clone()),
            library: Library::open(texts.path()).unwrap(),
        };
        let mut research = Research {
            question: question.into(),
            ..Default::default()
        };
        Agent.context(&services).run(&mut research).await.unwrap();
        research
    }

    #[tokio::test(start_paused = true)]
    async fn an_action_that_does_not_exist_is_never_taken() {
        let llm = Fake::replies(&[
            "action: dance",
            "action: answer",
            "action: search\nsearch_query: tea",
            "action: answer",
            "Leaves.",
        ]);
        let research = ask(&llm, "What is tea?").await;
        assert_eq!(research.answer.as_deref(), Some("Leaves."));
        let calls = llm.calls();
        assert!(
            calls[1].asks(
                "rejected: line 1 of the YAML block, \"action: dance\": unknown variant `dance`"
            ),
            "{calls:?}"
        );
        assert!(
            calls[2].asks("rejected: search first: nothing is known yet"),
            "{calls:?}"
        );
        assert!(!calls[3].asks("rejected"), "the next visit starts anew");
        assert!(calls[4].asks("Tea is made of leaves."), "{calls:?}");
    }

    #[tokio::test]
    async fn a_title_that_is_left_out_is_not_that_of_the_last_search() {
        let llm = Fake::new(|call, before| {
            Ok(match before {
                0 => "action: search\nsearch_query: leaves\ntitle: no such text",
                1 => {
                    assert!(call.asks("The last search was for \"leaves\"."));
                    assert!(!call.asks("Tea is made of leaves."));
                    "action: search\nsearch_query: leaves"
                }
                2 => "action: answer",
                _ => "Leaves.",
            })
        });
        let research = ask(&llm, "What is tea?").await;
        assert_eq!(research.found.len(), 1);
        assert_eq!(research.title, None);
    }

    #[tokio::test]
    async fn it_searches_five_times_at_most() {
        let llm = Fake::new(|call, _| {
            Ok(match call.wants {
                Some(_) => "action: search\nsearch_query: xyzzy",
                None => "I do not know.",
            })
        });
        let research = ask(&llm, "What is xyzzy?").await;
        assert_eq!(research.answer.as_deref(), Some("I do not know."));
        assert_eq!(llm.calls().len(), 6 + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_that_cannot_follow_the_format_gets_there_all_the_same() {
        let llm = Fake::new(|call, _| {
            Ok(match call.wants {
                Some(_) => "Hm, let me see.",
                None => "It is a drink.",
            })
        });
        let research = ask(&llm, "What is tea?").await;
        assert_eq!(research.search_query.as_deref(), Some("What is tea?"));
        assert_eq!(research.answer.as_deref(), Some("It is a drink."));
        assert_eq!(llm.calls().len(), 3 + 3 + 1);
    }

    fn nothing() -> Services {
        Services {
            llm: Box::new(Fake::replies(&[])),
            library: Library::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("texts")).unwrap(),
        }
    }

    // `pocketflow test` has written this, but for the value of the context.

    /// A run of `Agent`, recorded on 2026-11-26: it reached `end` in 6 steps.
    #[tokio::test]
    async fn agent_run_0() -> Result<(), pocketflow_record::ReplayError> {
        // No exec runs, so the context can be one that does nothing.
        let context: Services = nothing();
        let record = include_str!("../../tests/runs/agent_run_0.jsonl");
        pocketflow_record::replay(&Agent.context(&context), record).await?;
        Ok(())
    }

    /// The agent, changed by hand.
    mod hasty {
        use super::*;

        flow! {
            pub(super) Agent: Research {
                decide - "search" >> search max 1 else answer;
                search >> decide;
                decide - "answer" >> answer;
            }
        }
    }

    #[tokio::test]
    async fn the_recorded_run_shows_what_a_change_does() {
        let record = include_str!("../../tests/runs/agent_run_0.jsonl");
        let context = nothing();
        let changed = pocketflow_record::replay(&hasty::Agent.context(&context), record).await;
        let text = changed.unwrap_err().to_string();
        assert!(
            text.starts_with(
                "the run of `Agent` differs from its record in step 3, `Agent > decide`
  edge
    then    decide - \"search\" >> search
    now     decide - \"search\" >> answer
  note: the graph of `Agent` has changed:
    the edge `decide - \"search\" >> search max 1 else answer` is new"
            ),
            "{text}"
        );
    }
}
