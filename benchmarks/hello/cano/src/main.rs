//! Greets, then shouts.

use cano::prelude::*;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {
    Greet,
    Shout,
    End,
}

struct Greet;

#[task(state = Step)]
impl Greet {
    async fn run(&self, resources: &Resources) -> Result<TaskResult<Step>, CanoError> {
        let store = resources.get::<MemoryStore, _>("store")?;
        let name: String = store.get("name")?;
        store.put("greeting", format!("Hello, {name}!"))?;
        Ok(TaskResult::Single(Step::Shout))
    }
}

struct Shout;

#[task(state = Step)]
impl Shout {
    async fn run(&self, resources: &Resources) -> Result<TaskResult<Step>, CanoError> {
        let store = resources.get::<MemoryStore, _>("store")?;
        let greeting: String = store.get("greeting")?;
        println!("{}", greeting.to_uppercase());
        Ok(TaskResult::Single(Step::End))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), CanoError> {
    let store = MemoryStore::new();
    store.put("name", "Ada".to_owned())?;
    let workflow = Workflow::new(Resources::new().insert("store", store))
        .register(Step::Greet, Greet)
        .register(Step::Shout, Shout)
        .add_exit_state(Step::End);
    workflow
        .orchestrate(Step::Greet, CancellationToken::disabled())
        .await?;
    Ok(())
}
