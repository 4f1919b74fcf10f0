//! A nested flow in a bounded loop: an agent answers, and a judge accepts the answer or sends it
//! back, at most three times.
//!
//! ```text
//! cargo run --bin supervisor -- "What pulls the tides?"
//! ```

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use pocketflow::{Action, Attempt, Shared, flow, node};
use pocketflow_examples::cli;
use pocketflow_examples::llm::{self, Message, call_llm, call_llm_for};
use pocketflow_examples::progress::Progress;
use pocketflow_examples::search::Library;
use schemars::JsonSchema;
use serde::Deserialize;

#[derive(Shared, Default)]
struct Case {
    question: String,
    found: Option<String>,
    answer: Option<String>,
    /// What the judge found wrong with the last answer.
    objection: Option<String>,
}

struct LookUp {
    library: Library,
}

#[node(Case, writes = found)]
impl LookUp {
    fn exec(&self, question: &str, objection: Option<&str>) -> Result<String> {
        let found = self.library.search(
            &format!("{question} {}", objection.unwrap_or_default()),
            None,
            2,
        )?;
        Ok(found
            .iter()
            .map(|passage| format!("{}: {}\n", passage.title, passage.text))
            .collect())
    }
}

/// Reads `objection` as an `Option`, because there is no objection yet at the first visit.
#[node(Case, writes = answer, attempts = 3, wait = "1s")]
async fn reply(question: &str, found: &str, objection: Option<&str>) -> Result<String> {
    let mut prompt = format!("{found}\nAnswer from this, in one sentence: {question}");
    if let Some(objection) = objection {
        prompt += &format!("\nYour last answer was sent back: {objection}");
    }
    call_llm(&[Message::user(prompt)]).await
}

flow! {
    /// Searches the texts for the question and answers it.
    pub Answer: Case {
        look_up: LookUp;
        look_up >> reply;
    }
}

#[derive(Action, Deserialize, JsonSchema)]
#[action(Case)]
#[serde(tag = "verdict", rename_all = "snake_case")]
enum Verdict {
    Accept,
    SendBack {
        #[schemars(length(min = 1, max = 160))]
        objection: String,
    },
}

#[node(Case, attempts = 3, wait = "1s")]
async fn judge(
    question: &str,
    found: &str,
    answer: &str,
    #[attempt] attempt: Attempt<'_>,
) -> Result<Verdict> {
    let mut prompt = format!(
        "Question: {question}\nSource: {found}\nAnswer: {answer}\n\n\
         Does the answer say what the source says? If so, reply with this YAML:\nverdict: accept\n\n\
         Otherwise:\nverdict: send_back\nobjection: what is wrong, in one sentence"
    );
    if let Some(error) = attempt.last_error() {
        prompt += &format!("\nYour last reply was rejected: {error}");
    }
    call_llm_for(&[Message::user(prompt)]).await
}

flow! {
    /// Answers until the judge accepts, at most three times.
    pub Supervisor: Case {
        answer: Answer;
        answer >> judge;
        judge - "accept" >> end;
        judge - "send_back" >> answer max 2 else end "disputed";
    }
}

/// Answers a question from a folder of texts, under supervision. The exit status is 1 if the judge
/// never accepts.
#[derive(Parser)]
struct Args {
    /// The question
    question: String,
    /// The folder with the texts, *.md and *.txt [default: examples/texts]
    #[arg(long, value_name = "FOLDER")]
    texts: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> cli::Result<ExitCode> {
    let args: Args = cli::arguments(Supervisor::GRAPH);
    llm::configured()?;
    let texts = args
        .texts
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("texts"));
    let answer = Answer {
        look_up: LookUp {
            library: Library::open(&texts)?,
        },
    };

    let mut case = Case {
        question: args.question,
        ..Default::default()
    };
    let exit = Supervisor { answer }
        .with(Progress::new())
        .run(&mut case)
        .await?;
    println!("{}", case.answer.unwrap_or_default());
    Ok(match exit {
        SupervisorExit::Default => ExitCode::SUCCESS,
        SupervisorExit::Disputed => {
            eprintln!(
                "note: the judge did not accept this: {}",
                case.objection.unwrap_or_default()
            );
            ExitCode::FAILURE
        }
    })
}
