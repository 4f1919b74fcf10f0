//! `smlang`: machines that a macro defines. The work of a node is the action of a transition.
//!
//! Every machine has a single event, `Step`, and its guards decide where it leads. The driver sends
//! the event until the machine is in `Done`. Guards run before the action, so `more` checks what
//! will be left after it. There are no nested states, so a nested machine is an action that drives
//! a separate machine.

use crate::contender::*;

const NO_BATCH: (&str, &str) = ("batch", "a state machine has no batches");
const NESTED: (&str, &str) = (
    "nested",
    "It has no nested states: the inner flow is a separate machine, which an action drives.",
);

pub const SYNC: Contender = Contender {
    name: "smlang, sync",
    package: Some("smlang"),
    machine: true,
    steps: &[
        (Shape::Loop, Steps::Sync(sync::again)),
        (Shape::Chain, Steps::Sync(sync::chain)),
        (Shape::Branch, Steps::Sync(sync::branch)),
        (Shape::Nested, Steps::Sync(sync::nested)),
        (Shape::Store, Steps::Sync(sync::lend)),
    ],
    missing: &[
        NO_BATCH,
        (
            "waiting",
            "an action that is not async cannot wait; see the async machine",
        ),
    ],
    notes: &[NESTED],
    ..Contender::NONE
};

pub const ASYNC: Contender = Contender {
    name: "smlang, async",
    package: Some("smlang"),
    machine: true,
    steps: &[
        (
            Shape::Loop,
            Steps::Async(|steps| Box::pin(with_async::again(steps))),
        ),
        (
            Shape::Chain,
            Steps::Async(|steps| Box::pin(with_async::chain(steps))),
        ),
        (
            Shape::Branch,
            Steps::Async(|steps| Box::pin(with_async::branch(steps))),
        ),
        (
            Shape::Nested,
            Steps::Async(|steps| Box::pin(with_async::nested(steps))),
        ),
        (
            Shape::Store,
            Steps::Async(|steps| Box::pin(with_async::lend(steps))),
        ),
    ],
    waiting: Some(|| Box::pin(wait())),
    missing: &[NO_BATCH],
    notes: &[NESTED],
    ..Contender::NONE
};

const GOES_ON: &str = "every state but the last takes the event, and no action fails";

/// The context of all machines except the last.
struct Count {
    left: u64,
    count: u64,
}

impl Count {
    #[inline(always)]
    fn set(&mut self, count: u64) {
        self.count = count;
        self.left = self.left.wrapping_sub(1);
    }

    /// Whether the count chooses this node of the six.
    #[inline(always)]
    fn chooses(&self, way: u64) -> Result<bool, ()> {
        Ok(self.count % 12 / 2 == way)
    }
}

/// The context of the last machine.
struct Lender {
    left: u64,
    text: String,
    numbers: Vec<u64>,
    visit: Option<u64>,
}

impl Lender {
    #[inline(always)]
    fn set(&mut self, visit: u64) {
        self.visit = Some(visit);
        self.left -= 1;
    }
}

/// The machines, with actions of both kinds.
macro_rules! shapes {
    ([$($async:tt)?], [$($await:tt)*]) => {
        use smlang::statemachine;

        use super::*;

        /// Sends the event to a new machine until the machine is done.
        macro_rules! drive {
            ($machine:ident, $event:path, $done:pat) => {
                while !matches!($machine.process_event($event) $($await)*.expect(GOES_ON), $done) {}
            };
        }

        statemachine! {
            name: Again,
            derive_states: [Debug],
            transitions: {
                *Tick + Step [more] / $($async)? tick = Tick,
                Tick + Step / $($async)? tick = Done,
            }
        }

        impl AgainStateMachineContext for Count {
            fn more(&self) -> Result<bool, ()> {
                Ok(self.left > 1)
            }

            $($async)? fn tick(&mut self) -> Result<(), ()> {
                self.set(work(self.count));
                Ok(())
            }
        }

        pub $($async)? fn again(steps: u64) -> u64 {
            let mut machine = AgainStateMachine::new(Count { left: steps, count: 0 });
            drive!(machine, AgainEvents::Step, AgainStates::Done);
            machine.context().count
        }

        statemachine! {
            name: Chain,
            derive_states: [Debug],
            transitions: {
                *First + Step / $($async)? pass = Second,
                Second + Step / $($async)? pass = Third,
                Third + Step / $($async)? pass = Done,
            }
        }

        impl ChainStateMachineContext for Count {
            $($async)? fn pass(&mut self) -> Result<(), ()> {
                self.set(work(self.count));
                Ok(())
            }
        }

        pub $($async)? fn chain(steps: u64) -> u64 {
            let mut done = 0;
            while done < steps {
                let mut machine = ChainStateMachine::new(Count { left: 0, count: done });
                drive!(machine, ChainEvents::Step, ChainStates::Done);
                done = machine.context().count;
            }
            done
        }

        statemachine! {
            name: Branch,
            derive_states: [Debug],
            transitions: {
                *Choose + Step [to_a] / $($async)? choose = A,
                Choose + Step [to_b] / $($async)? choose = B,
                Choose + Step [to_c] / $($async)? choose = C,
                Choose + Step [to_d] / $($async)? choose = D,
                Choose + Step [to_e] / $($async)? choose = E,
                Choose + Step / $($async)? choose = F,
                A | B | C | D | E | F + Step [more] / $($async)? tick = Choose,
                A | B | C | D | E | F + Step / $($async)? tick = Done,
            }
        }

        impl BranchStateMachineContext for Count {
            fn to_a(&self) -> Result<bool, ()> {
                self.chooses(0)
            }

            fn to_b(&self) -> Result<bool, ()> {
                self.chooses(1)
            }

            fn to_c(&self) -> Result<bool, ()> {
                self.chooses(2)
            }

            fn to_d(&self) -> Result<bool, ()> {
                self.chooses(3)
            }

            fn to_e(&self) -> Result<bool, ()> {
                self.chooses(4)
            }

            fn more(&self) -> Result<bool, ()> {
                Ok(self.left > 1)
            }

            $($async)? fn choose(&mut self) -> Result<(), ()> {
                self.set(work(self.count));
                Ok(())
            }

            $($async)? fn tick(&mut self) -> Result<(), ()> {
                self.set(work(self.count));
                Ok(())
            }
        }

        pub $($async)? fn branch(steps: u64) -> u64 {
            let mut machine = BranchStateMachine::new(Count { left: steps, count: 0 });
            drive!(machine, BranchEvents::Step, BranchStates::Done);
            machine.context().count
        }

        statemachine! {
            name: Inner,
            derive_states: [Debug],
            transitions: {
                *First + Step / $($async)? pass = Second,
                Second + Step / $($async)? pass = Done,
            }
        }

        /// The context of the inner machine is borrowed from the outer one.
        impl InnerStateMachineContext for &mut Count {
            $($async)? fn pass(&mut self) -> Result<(), ()> {
                self.set(work(self.count));
                Ok(())
            }
        }

        statemachine! {
            name: Nested,
            derive_states: [Debug],
            transitions: {
                *Outer + Step / $($async)? pass = Inner,
                Inner + Step [more] / $($async)? inner = Outer,
                Inner + Step / $($async)? inner = Done,
            }
        }

        impl NestedStateMachineContext for Count {
            /// Whether more steps are left than the two of the inner machine.
            fn more(&self) -> Result<bool, ()> {
                Ok(self.left > 2)
            }

            $($async)? fn pass(&mut self) -> Result<(), ()> {
                self.set(work(self.count));
                Ok(())
            }

            $($async)? fn inner(&mut self) -> Result<(), ()> {
                let mut machine = InnerStateMachine::new(self);
                drive!(machine, InnerEvents::Step, InnerStates::Done);
                Ok(())
            }
        }

        pub $($async)? fn nested(steps: u64) -> u64 {
            let mut machine = NestedStateMachine::new(Count { left: steps, count: 0 });
            drive!(machine, NestedEvents::Step, NestedStates::Done);
            machine.context().count
        }

        statemachine! {
            name: Lend,
            derive_states: [Debug],
            transitions: {
                *Look + Step [more] / $($async)? visit = Look,
                Look + Step / $($async)? visit = Done,
            }
        }

        impl LendStateMachineContext for Lender {
            fn more(&self) -> Result<bool, ()> {
                Ok(self.left > 1)
            }

            $($async)? fn visit(&mut self) -> Result<(), ()> {
                self.set(look(self.visit.unwrap_or_default(), &self.text, &self.numbers));
                Ok(())
            }
        }

        pub $($async)? fn lend(steps: u64) -> u64 {
            let lender = Lender { left: steps, text: text(), numbers: numbers(), visit: None };
            let mut machine = LendStateMachine::new(lender);
            drive!(machine, LendEvents::Step, LendStates::Done);
            machine.context().visit.unwrap_or_default()
        }
    };
}

mod sync {
    shapes!([], []);
}

mod with_async {
    shapes!([async], [.await]);
}

// A machine that waits.

struct Article {
    topic: String,
    text: Option<String>,
    length: Option<u64>,
}

smlang::statemachine! {
    name: Write,
    derive_states: [Debug],
    transitions: {
        *Draft + Step / async draft = Review,
        Review + Step / async review = Publish,
        Publish + Step / async publish = Done,
    }
}

impl WriteStateMachineContext for Article {
    async fn draft(&mut self) -> Result<(), ()> {
        self.text = Some(self.topic.to_uppercase());
        Ok(())
    }

    async fn review(&mut self) -> Result<(), ()> {
        let text = self.text.as_ref().ok_or(())?;
        gate().await;
        if text.is_empty() { Err(()) } else { Ok(()) }
    }

    async fn publish(&mut self) -> Result<(), ()> {
        let text = self.text.as_ref().ok_or(())?;
        self.length = Some(text.len() as u64);
        Ok(())
    }
}

async fn wait() -> u64 {
    let mut machine = WriteStateMachine::new(Article {
        topic: topic(),
        text: None,
        length: None,
    });
    while !matches!(
        machine
            .process_event(WriteEvents::Step)
            .await
            .expect(GOES_ON),
        WriteStates::Done
    ) {}
    machine.context().length.unwrap_or_default()
}
