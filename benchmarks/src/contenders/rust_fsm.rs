//! `rust-fsm`: machines of states and inputs, which a macro defines and which hold no other data.
//!
//! The driver of a machine does the work of the current state on a separate store, and passes the
//! resulting input to the machine. (It could also do the work that an output of the machine
//! requests, but this way is faster.) A nested machine is a state whose work is to drive another
//! machine.

use rust_fsm::{StateMachine, StateMachineImpl, state_machine};

use crate::contender::*;

pub const CONTENDER: Contender = Contender {
    name: "rust-fsm",
    package: Some("rust-fsm"),
    machine: true,
    steps: &[
        (Shape::Loop, Steps::Sync(again)),
        (Shape::Chain, Steps::Sync(chain)),
        (Shape::Branch, Steps::Sync(branch)),
        (Shape::Nested, Steps::Sync(nested)),
        (Shape::Store, Steps::Sync(lend)),
    ],
    missing: &[
        ("batch", "a state machine has no batches"),
        (
            "waiting",
            "its machines run no code that could wait: the driver does the work",
        ),
    ],
    notes: &[(
        "steps",
        "Its machines run no code and hold no data: the driver does the work and owns the store.",
    )],
    ..Contender::NONE
};

state_machine! {
    ticking(Tick)

    Tick => { Again => Tick, Done => End }
}

state_machine! {
    chaining(First)

    First(Next) => Second,
    Second(Next) => Third,
    Third(Next) => End
}

state_machine! {
    branching(Choose)

    Choose => { ToA => A, ToB => B, ToC => C, ToD => D, ToE => E, ToF => F },
    A => { Again => Choose, Done => End },
    B => { Again => Choose, Done => End },
    C => { Again => Choose, Done => End },
    D => { Again => Choose, Done => End },
    E => { Again => Choose, Done => End },
    F => { Again => Choose, Done => End }
}

state_machine! {
    nesting(Outer)

    Outer(Next) => Inner,
    Inner => { Again => Outer, Done => End }
}

state_machine! {
    inside(First)

    First(Next) => Second,
    Second(Next) => End
}

/// Drives a new machine to its end. `work` does the work of a state and returns the next input,
/// unless it is the last state.
#[inline(always)]
fn drive<M: StateMachineImpl>(mut work: impl FnMut(&M::State) -> Option<M::Input>) {
    let mut machine = StateMachine::<M>::new();
    while let Some(input) = work(machine.state()) {
        machine
            .consume(&input)
            .expect("every state takes the inputs that its work comes to");
    }
}

/// The store of all machines except the last.
struct Count {
    left: u64,
    count: u64,
}

impl Count {
    #[inline(always)]
    fn pass(&mut self) {
        self.count = work(self.count);
        self.left = self.left.wrapping_sub(1);
    }
}

fn again(steps: u64) -> u64 {
    use ticking::{Impl, Input, State};

    let mut count = Count {
        left: steps,
        count: 0,
    };
    drive::<Impl>(|state| match state {
        State::Tick => {
            count.pass();
            Some(if count.left == 0 {
                Input::Done
            } else {
                Input::Again
            })
        }
        State::End => None,
    });
    count.count
}

fn chain(steps: u64) -> u64 {
    use chaining::{Impl, Input, State};

    let mut done = 0;
    while done < steps {
        let mut count = Count {
            left: 0,
            count: done,
        };
        drive::<Impl>(|state| {
            match state {
                State::First => count.pass(),
                State::Second => count.pass(),
                State::Third => count.pass(),
                State::End => return None,
            }
            Some(Input::Next)
        });
        done = count.count;
    }
    done
}

fn branch(steps: u64) -> u64 {
    use branching::{Impl, Input, State};

    fn choose(count: &mut Count) -> Option<Input> {
        count.pass();
        Some(match (count.count - 1) % 12 / 2 {
            0 => Input::ToA,
            1 => Input::ToB,
            2 => Input::ToC,
            3 => Input::ToD,
            4 => Input::ToE,
            _ => Input::ToF,
        })
    }

    fn tick(count: &mut Count) -> Option<Input> {
        count.pass();
        Some(if count.left == 0 {
            Input::Done
        } else {
            Input::Again
        })
    }

    let mut count = Count {
        left: steps,
        count: 0,
    };
    drive::<Impl>(|state| match state {
        State::Choose => choose(&mut count),
        State::A => tick(&mut count),
        State::B => tick(&mut count),
        State::C => tick(&mut count),
        State::D => tick(&mut count),
        State::E => tick(&mut count),
        State::F => tick(&mut count),
        State::End => None,
    });
    count.count
}

fn nested(steps: u64) -> u64 {
    use nesting::{Impl, Input, State};

    fn inner(count: &mut Count) {
        use inside::{Impl, Input, State};

        drive::<Impl>(|state| {
            match state {
                State::First => count.pass(),
                State::Second => count.pass(),
                State::End => return None,
            }
            Some(Input::Next)
        });
    }

    let mut count = Count {
        left: steps,
        count: 0,
    };
    drive::<Impl>(|state| match state {
        State::Outer => {
            count.pass();
            Some(Input::Next)
        }
        State::Inner => {
            inner(&mut count);
            Some(if count.left == 0 {
                Input::Done
            } else {
                Input::Again
            })
        }
        State::End => None,
    });
    count.count
}

/// The store of the last machine.
struct Lender {
    left: u64,
    text: String,
    numbers: Vec<u64>,
    visit: Option<u64>,
}

fn lend(steps: u64) -> u64 {
    use ticking::{Impl, Input, State};

    let mut store = Lender {
        left: steps,
        text: text(),
        numbers: numbers(),
        visit: None,
    };
    drive::<Impl>(|state| match state {
        State::Tick => {
            store.visit = Some(look(
                store.visit.unwrap_or_default(),
                &store.text,
                &store.numbers,
            ));
            store.left -= 1;
            Some(if store.left == 0 {
                Input::Done
            } else {
                Input::Again
            })
        }
        State::End => None,
    });
    store.visit.unwrap_or_default()
}
