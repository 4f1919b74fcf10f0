//! Greets, then shouts.

use sayiir_runtime::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Hello {
    name: String,
    greeting: String,
}

#[task]
async fn greet(mut hello: Hello) -> Result<Hello, BoxError> {
    hello.greeting = format!("Hello, {}!", hello.name);
    Ok(hello)
}

#[task]
async fn shout(hello: Hello) -> Result<Hello, BoxError> {
    println!("{}", hello.greeting.to_uppercase());
    Ok(hello)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let workflow = workflow! { name: "greeting", steps: [greet, shout] }?;
    let hello = Hello {
        name: "Ada".to_owned(),
        greeting: String::new(),
    };
    InProcessRunner.run(&workflow, hello).await?;
    Ok(())
}
