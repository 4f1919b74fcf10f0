//! A newsroom: an editor plans what to find out, reporters find it out at the same time, each with
//! a desk of its own, and a chief editor writes the article.
//!
//! ```text
//! cargo run --bin newsroom -- "the sea"
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

/// What everyone in the newsroom works with.
struct Services {
    llm: Box<dyn Llm>,
    library: Library,
}

/// The store of the newsroom. The desks are stores too: each reporter works on one of them.
#[derive(Shared, Default, Serialize)]
#[shared(context = Services)]
struct Issue {
    topic: String,
    desks: Option<Vec<Desk>>,
    article: Option<String>,
}

/// The store of a reporter.
#[derive(Debug, Shared, Default, Serialize)]
#[shared(context = Services)]
struct Desk {
    question: String,
    found: Vec<Passage>,
    search_query: Option<String>,
    report: Option<String>,
}

/// The plan, as the model writes it.
#[derive(Deserialize, JsonSchema)]
struct Plan {
    #[schemars(length(min = 1, max = 4))]
    questions: Vec<String>,
}

/// What a reporter does next. The model's reply, as YAML or JSON, is the action.
#[derive(Action, Serialize, Deserialize, JsonSchema)]
#[action(Desk)]
#[serde(tag = "action", rename_all = "snake_case")]
enum Decision {
    Search {
        #[schemars(length(min = 1, max = 80))]
        search_query: String,
    },
    Report,
}

/// The passages as part of a prompt.
fn text(found: &[Passage]) -> String {
    found
        .iter()
        .map(|passage| format!("{}: {}\n", passage.title, passage.text))
        .collect()
}

#[node(Issue, writes = desks, attempts = 3, wait = "1s", fallback = ask_about_the_topic)]
async fn plan(
    topic: &str,
    #[attempt] attempt: Attempt<'_>,
    #[context] llm: &dyn Llm,
) -> Result<Vec<Desk>> {
    let mut prompt = format!(
        "You plan an article about {topic}. Which questions must your reporters answer?\n\
         Reply with this YAML, with two to four short questions:\nquestions:\n- …\n- …\n"
    );
    if let Some(error) = attempt.last_error() {
        prompt += &format!("\nYour last reply was rejected: {error}");
    }
    let plan: Plan = llm.call_for(&[Message::user(prompt)]).await?;
    ensure!(
        (1..=4).contains(&plan.questions.len()),
        "ask one to four questions"
    );
    Ok(plan.questions.into_iter().map(desk).collect())
}

/// The plan for a model that cannot follow the format.
fn ask_about_the_topic(reads: &Reads<'_, plan>, error: pocketflow::Error) -> Result<Vec<Desk>> {
    eprintln!("note: {error:#}; asking two plain questions");
    let topic = reads.topic;
    Ok(vec![
        desk(format!("What is known about {topic}?")),
        desk(format!("What is surprising about {topic}?")),
    ])
}

/// A desk for a reporter who has not begun.
fn desk(question: String) -> Desk {
    Desk {
        question,
        ..Default::default()
    }
}

#[node(Desk, attempts = 3, wait = "1s", fallback = search_for_the_question)]
async fn decide(
    question: &str,
    found: &[Passage],
    search_query: Option<&str>,
    #[attempt] attempt: Attempt<'_>,
    #[context] llm: &dyn Llm,
) -> Result<Decision> {
    let mut prompt = format!(
        "You are a reporter. Your question: {question}\n\nWhat you know:\n{}\n\n\
         If that is enough, reply with this YAML:\naction: report\n\n\
         If something is missing, reply with:\naction: search\nsearch_query: a few words to search for\n",
        text(found)
    );
    if let Some(query) = search_query {
        prompt += &format!("\nYour last search was for {query:?}.\n");
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

/// The next step for a model that cannot follow the format: one search, and then the report.
fn search_for_the_question(
    reads: &Reads<'_, decide>,
    error: pocketflow::Error,
) -> Result<Decision> {
    eprintln!("note: {error:#}; taking the question as it is");
    Ok(match reads.search_query {
        None => Decision::Search {
            search_query: reads.question.into(),
        },
        Some(_) => Decision::Report,
    })
}

#[node(Desk, appends = found)]
fn search(search_query: &str, #[context] library: &Library) -> Result<Vec<Passage>> {
    library.search(search_query, None, 2)
}

#[node(Desk, writes = report, attempts = 3, wait = "1s")]
async fn report(question: &str, found: &[Passage], #[context] llm: &dyn Llm) -> Result<String> {
    let prompt = format!(
        "{}\nFrom this, answer in one or two sentences: {question}",
        text(found)
    );
    llm.call(&[Message::user(prompt)]).await
}

flow! {
    /// A reporter searches until the question can be answered, at most three times.
    pub Reporter: Desk {
        decide - "search" >> search max 3 else report;
        search >> decide;
        decide - "report" >> report;
    }
}

#[node(Issue, writes = article, attempts = 3, wait = "1s")]
async fn edit(topic: &str, desks: &[Desk], #[context] llm: &dyn Llm) -> Result<String> {
    let reports: String = desks
        .iter()
        .filter_map(|desk| Some(format!("- {}\n", desk.report.as_ref()?)))
        .collect();
    let prompt = format!(
        "Write a short article about {topic} from these reports, and nothing else:\n{reports}"
    );
    llm.call(&[Message::user(prompt)]).await
}

flow! {
    /// Plans an article, sends a reporter to each desk, four at a time, and writes the article.
    pub Newsroom: Issue {
        plan >> Reporter.each(desks, parallel = 4) >> edit;
    }
}

/// Writes an article from a folder of texts.
#[derive(Parser)]
struct Args {
    /// What the article is about
    topic: String,
    /// The folder with the texts, *.md and *.txt [default: examples/texts]
    #[arg(long, value_name = "FOLDER")]
    texts: Option<PathBuf>,
    /// Record the run in this file, with prompts and replies
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> cli::Result<()> {
    let args: Args = cli::arguments(Newsroom::GRAPH);
    let texts = args
        .texts
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("texts"));
    let services = Services {
        llm: Box::new(Model::from_environment()?),
        library: Library::open(&texts)?,
    };

    let mut issue = Issue {
        topic: args.topic,
        ..Default::default()
    };
    let flow = Newsroom.context(&services).with(Progress::new());
    match &args.record {
        Some(file) => {
            let record = Record::create(file)?.content(true);
            flow.with(&record).run(&mut issue).await?;
            record.finish()?;
        }
        None => {
            flow.run(&mut issue).await?;
        }
    }
    for desk in issue.desks.iter().flatten() {
        println!(
            "{}\n  {}\n",
            desk.question,
            desk.report.as_deref().unwrap_or_default()
        );
    }
    println!("{}", issue.article.unwrap_or_default());
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use pocketflow_examples::fake::Fake;

    use super::*;

    /// Runs the newsroom with this model, in a folder with one text.
    async fn publish(llm: &Fake) -> Issue {
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
        let mut issue = Issue {
            topic: "tea".into(),
            ..Default::default()
        };
        Newsroom.context(&services).run(&mut issue).await.unwrap();
        issue
    }

    #[tokio::test]
    async fn each_reporter_has_a_desk_of_its_own() {
        let llm = Fake::new(|call, _| {
            Ok(if call.asks("You plan an article") {
                "questions:\n- What is tea made of?\n- Who drinks tea?"
            } else if call.asks("You are a reporter") {
                match call.asks("Your last search") {
                    false if call.asks("made of?") => "action: search\nsearch_query: leaves",
                    false => "action: search\nsearch_query: drinkers",
                    true => "action: report",
                }
            } else if call.asks("Write a short article") {
                "Tea is made of leaves, and nobody knows who drinks it."
            } else if call.asks("Tea is made of leaves.") {
                "Leaves."
            } else {
                "Nobody knows."
            })
        });
        let issue = publish(&llm).await;
        let desks = issue.desks.unwrap();
        let reports: Vec<_> = desks.iter().map(|desk| desk.report.as_deref()).collect();
        assert_eq!(reports, [Some("Leaves."), Some("Nobody knows.")]);
        assert_eq!((desks[0].found.len(), desks[1].found.len()), (1, 0));
        let calls = llm.calls();
        assert!(calls.last().unwrap().asks("- Leaves.\n- Nobody knows.\n"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_that_cannot_follow_the_format_gets_there_all_the_same() {
        let llm = Fake::new(|call, _| {
            Ok(match call.wants {
                Some(_) => "Hm, let me see.",
                None => "It is a drink.",
            })
        });
        let issue = publish(&llm).await;
        assert_eq!(issue.desks.map(|desks| desks.len()), Some(2));
        assert_eq!(issue.article.as_deref(), Some("It is a drink."));
    }
}
