//! Greets, then shouts. It is not async.

use pocketflow_core::prelude::*;

struct Hello {
    name: String,
    greeting: String,
}

fn main() -> Result<()> {
    let mut greet = Node::new("greet", |shared, _| {
        if let Some(hello) = shared.downcast_mut::<Hello>() {
            hello.greeting = format!("Hello, {}!", hello.name);
        }
        Ok(None)
    });
    let shout = Node::new("shout", |shared, _| {
        if let Some(hello) = shared.downcast_mut::<Hello>() {
            println!("{}", hello.greeting.to_uppercase());
        }
        Ok(None)
    });
    greet.next(shout);
    let mut hello = Hello {
        name: "Ada".to_owned(),
        greeting: String::new(),
    };
    Flow::new().start(greet).run(&mut hello)
}
