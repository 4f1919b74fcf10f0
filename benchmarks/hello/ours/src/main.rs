//! Greets, then shouts.

use pocketflow::{Shared, flow, node};

#[derive(Shared)]
struct Hello {
    name: String,
    greeting: Option<String>,
}

#[node(Hello, writes = greeting)]
async fn greet(name: &str) -> String {
    format!("Hello, {name}!")
}

#[node(Hello)]
fn shout(greeting: &str) {
    println!("{}", greeting.to_uppercase());
}

flow! { Greeting { greet >> shout; } }

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), pocketflow::Error> {
    let mut hello = Hello {
        name: "Ada".to_owned(),
        greeting: None,
    };
    Greeting.run(&mut hello).await?;
    Ok(())
}
