//! Greets, then shouts. It is not async.

use rust_fsm::*;

state_machine! {
    hello(Greet)

    Greet(Done) => Shout,
    Shout(Done) => End,
}

struct Hello {
    name: String,
    greeting: String,
}

fn greet(hello: &mut Hello) {
    hello.greeting = format!("Hello, {}!", hello.name);
}

fn shout(hello: &Hello) {
    println!("{}", hello.greeting.to_uppercase());
}

fn main() -> Result<(), TransitionImpossibleError> {
    let mut store = Hello {
        name: "Ada".to_owned(),
        greeting: String::new(),
    };
    let mut machine = hello::StateMachine::new();
    loop {
        match machine.state() {
            hello::State::Greet => greet(&mut store),
            hello::State::Shout => shout(&store),
            hello::State::End => return Ok(()),
        }
        machine.consume(&hello::Input::Done)?;
    }
}
