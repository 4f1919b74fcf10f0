//! Greets, then shouts.

use floxide::context::SharedState;
use floxide::{FloxideError, Node, Transition, Workflow, WorkflowCtx, node, workflow};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Hello {
    name: SharedState<String>,
    greeting: SharedState<String>,
}

node! {
    pub struct Greet {};
    context = Hello;
    input = ();
    output = ();
    |ctx, _input| {
        let greeting = format!("Hello, {}!", ctx.name.get().await);
        ctx.greeting.set(greeting).await;
        Ok(Transition::Next(()))
    }
}

node! {
    pub struct Shout {};
    context = Hello;
    input = ();
    output = ();
    |ctx, _input| {
        println!("{}", ctx.greeting.get().await.to_uppercase());
        Ok(Transition::Next(()))
    }
}

workflow! {
    pub struct Greeting {
        greet: Greet,
        shout: Shout,
    }
    start = greet;
    context = Hello;
    edges {
        greet => { [shout] };
        shout => {};
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), FloxideError> {
    let hello = Hello {
        name: SharedState::new("Ada".to_owned()),
        ..Hello::default()
    };
    Greeting {
        greet: Greet {},
        shout: Shout {},
    }
    .run(&WorkflowCtx::new(hello), ())
    .await
}
