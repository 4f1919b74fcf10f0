//! Greets, then shouts.

use std::sync::Arc;

use async_trait::async_trait;
use graph_flow::{
    Context, FlowRunner, GraphBuilder, InMemorySessionStorage, NextAction, Session, SessionStorage,
    Task, TaskResult,
};

struct Greet;

#[async_trait]
impl Task for Greet {
    fn id(&self) -> &str {
        "greet"
    }

    async fn run(&self, context: Context) -> graph_flow::Result<TaskResult> {
        let name: String = context.get("name").unwrap_or_default();
        context.set("greeting", format!("Hello, {name}!"))?;
        Ok(TaskResult::new(None, NextAction::ContinueAndExecute))
    }
}

struct Shout;

#[async_trait]
impl Task for Shout {
    fn id(&self) -> &str {
        "shout"
    }

    async fn run(&self, context: Context) -> graph_flow::Result<TaskResult> {
        let greeting: String = context.get("greeting").unwrap_or_default();
        println!("{}", greeting.to_uppercase());
        Ok(TaskResult::new(None, NextAction::End))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> graph_flow::Result<()> {
    let graph = GraphBuilder::new("greeting")
        .add_task(Arc::new(Greet))
        .add_task(Arc::new(Shout))
        .add_edge("greet", "shout")
        .build()?;
    let storage = Arc::new(InMemorySessionStorage::new());
    let session = Session::new_from_task("ada".to_owned(), "greet");
    session.context.set("name", "Ada")?;
    storage.save(session).await?;
    FlowRunner::new(Arc::new(graph), storage).run("ada").await?;
    Ok(())
}
