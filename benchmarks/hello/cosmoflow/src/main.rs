//! Greets, then shouts.

use cosmoflow::prelude::*;

struct Greet;

#[async_trait]
impl Node<MemoryStorage> for Greet {
    type PrepResult = String;
    type ExecResult = String;
    type Error = NodeError;

    async fn prep(
        &mut self,
        store: &MemoryStorage,
        _: &ExecutionContext,
    ) -> Result<String, NodeError> {
        let name = store
            .get("name")
            .map_err(|error| NodeError::StorageError(error.to_string()))?;
        name.ok_or_else(|| NodeError::ValidationError("there is no name".to_owned()))
    }

    async fn exec(&mut self, name: String, _: &ExecutionContext) -> Result<String, NodeError> {
        Ok(format!("Hello, {name}!"))
    }

    async fn post(
        &mut self,
        store: &mut MemoryStorage,
        _: String,
        greeting: String,
        _: &ExecutionContext,
    ) -> Result<Action, NodeError> {
        store
            .set("greeting".to_owned(), greeting)
            .map_err(|error| NodeError::StorageError(error.to_string()))?;
        Ok(Action::simple("next"))
    }
}

struct Shout;

#[async_trait]
impl Node<MemoryStorage> for Shout {
    type PrepResult = String;
    type ExecResult = ();
    type Error = NodeError;

    async fn prep(
        &mut self,
        store: &MemoryStorage,
        _: &ExecutionContext,
    ) -> Result<String, NodeError> {
        let greeting = store
            .get("greeting")
            .map_err(|error| NodeError::StorageError(error.to_string()))?;
        greeting.ok_or_else(|| NodeError::ValidationError("there is no greeting".to_owned()))
    }

    async fn exec(&mut self, greeting: String, _: &ExecutionContext) -> Result<(), NodeError> {
        println!("{}", greeting.to_uppercase());
        Ok(())
    }

    async fn post(
        &mut self,
        _: &mut MemoryStorage,
        _: String,
        _: (),
        _: &ExecutionContext,
    ) -> Result<Action, NodeError> {
        Ok(Action::simple("complete"))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut store = MemoryStorage::new();
    store.set("name".to_owned(), "Ada")?;
    let mut flow = FlowBuilder::new()
        .start_node("greet")
        .node("greet", Greet)
        .node("shout", Shout)
        .route("greet", "next", "shout")
        .terminal_route("shout", "complete")
        .build();
    flow.execute(&mut store).await?;
    Ok(())
}
