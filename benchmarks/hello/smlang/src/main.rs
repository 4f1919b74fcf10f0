//! Greets, then shouts.

use smlang::statemachine;

statemachine! {
    transitions: {
        *Greet + Step / async greet = Shout,
        Shout + Step / async shout = End,
    }
}

struct Hello {
    name: String,
    greeting: String,
}

impl StateMachineContext for Hello {
    async fn greet(&mut self) -> Result<(), ()> {
        self.greeting = format!("Hello, {}!", self.name);
        Ok(())
    }

    async fn shout(&mut self) -> Result<(), ()> {
        println!("{}", self.greeting.to_uppercase());
        Ok(())
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut machine = StateMachine::new(Hello {
        name: "Ada".to_owned(),
        greeting: String::new(),
    });
    while !matches!(machine.state(), States::End) {
        machine.process_event(Events::Step).await?;
    }
    Ok(())
}
