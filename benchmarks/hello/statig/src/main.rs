//! Greets, then shouts.

use statig::prelude::*;

struct Hello {
    name: String,
    greeting: String,
}

enum Event {
    Step,
}

#[state_machine(initial = "State::greet()")]
impl Hello {
    #[state]
    async fn greet(&mut self, event: &Event) -> Outcome<State> {
        match event {
            Event::Step => {
                self.greeting = format!("Hello, {}!", self.name);
                Transition(State::shout())
            }
        }
    }

    #[state]
    async fn shout(&mut self, event: &Event) -> Outcome<State> {
        match event {
            Event::Step => {
                println!("{}", self.greeting.to_uppercase());
                Transition(State::end())
            }
        }
    }

    #[state]
    async fn end(event: &Event) -> Outcome<State> {
        match event {
            Event::Step => Handled,
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut machine = Hello {
        name: "Ada".to_owned(),
        greeting: String::new(),
    }
    .state_machine();
    while !matches!(machine.state(), State::End {}) {
        machine.handle(&Event::Step).await;
    }
}
