//! A chat in the terminal: a single node in a loop, with all three of its steps.
//!
//! ```text
//! cargo run --bin chatbot
//! ```
//!
//! `/quit` or the end of the input ends the chat. Ctrl-C stops the reply but not the program.

use std::io::{Write, stdout};
use std::sync::{Mutex, PoisonError};

use anyhow::Result;
use clap::Parser;
use futures_util::StreamExt;
use pocketflow::{Action, Shared, flow, node};
use pocketflow_examples::cli;
use pocketflow_examples::llm::{self, Message, stream_llm};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use tokio::signal::ctrl_c;

#[derive(Shared, Default)]
struct Chat {
    messages: Vec<Message>,
}

#[derive(Action)]
enum Turn {
    Continue,
    Quit,
}

struct Converse {
    /// The editor for the user's lines, with a history.
    input: Mutex<DefaultEditor>,
}

#[node(Chat, attempts = 3, wait = "1s")]
impl Converse {
    /// The history with the user's next line, or `None` at the end of the input.
    fn prep(&self, messages: &[Message]) -> Result<Option<Vec<Message>>> {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match input.readline("you> ") {
                Ok(line) if line.trim() == "/quit" => return Ok(None),
                Ok(line) if line.trim().is_empty() => {}
                Ok(line) => {
                    input.add_history_entry(&line)?;
                    return Ok(Some([messages, &[Message::user(line)]].concat()));
                }
                Err(ReadlineError::Interrupted) => eprintln!("(/quit or Ctrl-D ends the chat)"),
                Err(ReadlineError::Eof) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Prints the reply as it arrives. Only this step is retried, so the user never has to type the
    /// line again.
    async fn exec(&self, prep: &Option<Vec<Message>>) -> Result<Option<Message>> {
        let Some(messages) = prep else {
            return Ok(None);
        };
        let mut reply = String::new();
        tokio::select! {
            spoken = speak(messages, &mut reply) => spoken?,
            // The other branch is dropped, which closes the connection, so the server stops as
            // well.
            _ = ctrl_c() => print!(" (stopped)"),
        }
        println!("\n");
        Ok(Some(Message::assistant(reply)))
    }

    /// Keeps the user's message, so that the user can ask again.
    async fn fallback(&self, error: pocketflow::Error) -> Result<Option<Message>> {
        eprintln!("\nerror: {error:#}");
        Ok(Some(Message::assistant("(no reply)")))
    }

    fn post(
        &self,
        messages: &mut Vec<Message>,
        prep: Option<Vec<Message>>,
        exec: Option<Message>,
    ) -> Turn {
        let (Some(history), Some(reply)) = (prep, exec) else {
            return Turn::Quit;
        };
        *messages = history;
        messages.push(reply);
        Turn::Continue
    }
}

async fn speak(messages: &[Message], reply: &mut String) -> Result<()> {
    let mut pieces = stream_llm(messages).await?;
    while let Some(piece) = pieces.next().await {
        let piece = piece.inspect_err(|_| println!(" …"))?;
        print!("{piece}");
        stdout().flush()?;
        reply.push_str(&piece);
    }
    Ok(())
}

flow! {
    /// Talks until the user leaves.
    pub Chatbot: Chat {
        converse: Converse;
        converse - "continue" >> converse;
        converse - "quit" >> end;
    }
}

/// Chats with you in the terminal. `/quit` or the end of the input ends the chat; Ctrl-C stops a
/// reply.
#[derive(Parser)]
struct Args {
    /// How the model should answer
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "You are a friendly assistant. Answer in a few sentences."
    )]
    system: String,
}

#[tokio::main]
async fn main() -> cli::Result<()> {
    let args: Args = cli::arguments(Chatbot::GRAPH);
    llm::configured()?;

    let mut chat = Chat {
        messages: vec![Message::system(args.system)],
    };
    let converse = Converse {
        input: Mutex::new(DefaultEditor::new()?),
    };
    Chatbot { converse }.run(&mut chat).await?;
    Ok(())
}
