//! Greets, then shouts.

use anyhow::Result;
use pocketflow_rs::{BaseState, Context, Node, ProcessResult, build_flow};
use serde_json::Value;

struct Greet;

#[async_trait::async_trait]
impl Node for Greet {
    type State = BaseState;

    async fn execute(&self, context: &Context) -> Result<Value> {
        let name = context
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        Ok(format!("Hello, {name}!").into())
    }

    async fn post_process(
        &self,
        context: &mut Context,
        result: &Result<Value>,
    ) -> Result<ProcessResult<BaseState>> {
        if let Ok(greeting) = result {
            context.set("greeting", greeting.clone());
        }
        Ok(ProcessResult::default())
    }
}

struct Shout;

#[async_trait::async_trait]
impl Node for Shout {
    type State = BaseState;

    async fn execute(&self, context: &Context) -> Result<Value> {
        let greeting = context
            .get("greeting")
            .and_then(Value::as_str)
            .unwrap_or_default();
        println!("{}", greeting.to_uppercase());
        Ok(Value::Null)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let flow = build_flow!(
        start: ("greet", Greet),
        nodes: [("shout", Shout)],
        edges: [("greet", "shout", BaseState::Default)]
    );
    let mut context = Context::new();
    context.set("name", "Ada".into());
    flow.run(context).await?;
    Ok(())
}
