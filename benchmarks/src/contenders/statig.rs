//! `statig`: machines whose states are methods. The work of a node is the handler of its state.
//!
//! The machines need no different events, so the driver calls `step` until the machine is in the
//! state `done`. A state that repeats itself returns `Handled`, an internal transition. Leaving and
//! entering the state again would take twice as long in the async machine, and the same time in the
//! sync one. In the nested machine, the two inner states have a superstate, through which they
//! leave.
//!
//! The compiler cannot prove that the futures of an async machine are `Send` (mdeloof/statig#78,
//! rust-lang/rust#100013), which the harness requires. They stay on one thread here, so a wrapper
//! guarantees it by checking the thread at every poll.

use send_wrapper::SendWrapper;

use crate::contender::*;

const NO_BATCH: (&str, &str) = ("batch", "a state machine has no batches");
const STAYS: &str = "The state stays, with `Handled`. A transition, which leaves the state and enters it again, takes about twice as \
long: `chain` and `branch` have one in each step.";

pub const SYNC: Contender = Contender {
    name: "statig, sync",
    package: Some("statig"),
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
            "a handler that is not async cannot wait; see the async machine",
        ),
    ],
    ..Contender::NONE
};

pub const ASYNC: Contender = Contender {
    name: "statig, async",
    package: Some("statig"),
    machine: true,
    steps: &[
        (
            Shape::Loop,
            Steps::Async(|steps| send(with_async::again(steps))),
        ),
        (
            Shape::Chain,
            Steps::Async(|steps| send(with_async::chain(steps))),
        ),
        (
            Shape::Branch,
            Steps::Async(|steps| send(with_async::branch(steps))),
        ),
        (
            Shape::Nested,
            Steps::Async(|steps| send(with_async::nested(steps))),
        ),
        (
            Shape::Store,
            Steps::Async(|steps| send(with_async::lend(steps))),
        ),
    ],
    waiting: Some(|| send(writing::wait())),
    missing: &[NO_BATCH],
    notes: &[
        ("loop", STAYS),
        ("store", STAYS),
        (
            "steps",
            "Its future is not known to be `Send` (rust-lang/rust#100013), so it is in a `SendWrapper`, which checks the \
thread at each poll. A run is polled once.",
        ),
        (
            "waiting",
            "8 of the bytes belong to the `SendWrapper` that makes its future `Send`.",
        ),
    ],
    ..Contender::NONE
};

fn send(future: impl Future<Output = u64> + 'static) -> BoxFuture {
    Box::pin(SendWrapper::new(future))
}

/// The machines, with handlers of both kinds. Each is in a separate module, because the macro names
/// the states of each `State`.
macro_rules! shapes {
    ([$($async:tt)?], [$($await:tt)*]) => {
        pub use self::again::again;
        pub use self::branch::branch;
        pub use self::chain::chain;
        pub use self::lend::lend;
        pub use self::nested::nested;

        mod again {
            use statig::prelude::*;

            use crate::contender::*;

            struct Again {
                left: u64,
                count: u64,
            }

            #[state_machine(initial = "State::tick()")]
            impl Again {
                #[state]
                $($async)? fn tick(&mut self) -> Outcome<State> {
                    self.count = work(self.count);
                    self.left -= 1;
                    if self.left == 0 { Transition(State::done()) } else { Handled }
                }

                #[state]
                $($async)? fn done() -> Outcome<State> {
                    Handled
                }
            }

            pub $($async)? fn again(steps: u64) -> u64 {
                let mut machine = Again { left: steps, count: 0 }.state_machine();
                while !matches!(machine.state(), State::Done {}) {
                    machine.step() $($await)*;
                }
                machine.inner().count
            }
        }

        mod chain {
            use statig::prelude::*;

            use crate::contender::*;

            struct Chain {
                count: u64,
            }

            #[state_machine(initial = "State::first()")]
            impl Chain {
                #[state]
                $($async)? fn first(&mut self) -> Outcome<State> {
                    self.count = work(self.count);
                    Transition(State::second())
                }

                #[state]
                $($async)? fn second(&mut self) -> Outcome<State> {
                    self.count = work(self.count);
                    Transition(State::third())
                }

                #[state]
                $($async)? fn third(&mut self) -> Outcome<State> {
                    self.count = work(self.count);
                    Transition(State::done())
                }

                #[state]
                $($async)? fn done() -> Outcome<State> {
                    Handled
                }
            }

            pub $($async)? fn chain(steps: u64) -> u64 {
                let mut done = 0;
                while done < steps {
                    let mut machine = Chain { count: done }.state_machine();
                    while !matches!(machine.state(), State::Done {}) {
                        machine.step() $($await)*;
                    }
                    done = machine.inner().count;
                }
                done
            }
        }

        mod branch {
            use statig::prelude::*;

            use crate::contender::*;

            struct Branch {
                left: u64,
                count: u64,
            }

            impl Branch {
                fn tick(&mut self) -> Outcome<State> {
                    self.count = work(self.count);
                    self.left -= 1;
                    Transition(if self.left == 0 { State::done() } else { State::choose() })
                }
            }

            #[state_machine(initial = "State::choose()")]
            impl Branch {
                #[state]
                $($async)? fn choose(&mut self) -> Outcome<State> {
                    let count = self.count;
                    self.count = work(count);
                    self.left -= 1;
                    Transition(match count % 12 / 2 {
                        0 => State::a(),
                        1 => State::b(),
                        2 => State::c(),
                        3 => State::d(),
                        4 => State::e(),
                        _ => State::f(),
                    })
                }

                #[state]
                $($async)? fn a(&mut self) -> Outcome<State> {
                    self.tick()
                }

                #[state]
                $($async)? fn b(&mut self) -> Outcome<State> {
                    self.tick()
                }

                #[state]
                $($async)? fn c(&mut self) -> Outcome<State> {
                    self.tick()
                }

                #[state]
                $($async)? fn d(&mut self) -> Outcome<State> {
                    self.tick()
                }

                #[state]
                $($async)? fn e(&mut self) -> Outcome<State> {
                    self.tick()
                }

                #[state]
                $($async)? fn f(&mut self) -> Outcome<State> {
                    self.tick()
                }

                #[state]
                $($async)? fn done() -> Outcome<State> {
                    Handled
                }
            }

            pub $($async)? fn branch(steps: u64) -> u64 {
                let mut machine = Branch { left: steps, count: 0 }.state_machine();
                while !matches!(machine.state(), State::Done {}) {
                    machine.step() $($await)*;
                }
                machine.inner().count
            }
        }

        mod nested {
            use statig::prelude::*;

            use crate::contender::*;

            struct Nested {
                left: u64,
                count: u64,
            }

            impl Nested {
                fn pass(&mut self) {
                    self.count = work(self.count);
                    self.left -= 1;
                }
            }

            #[state_machine(initial = "State::outer()")]
            impl Nested {
                #[state]
                $($async)? fn outer(&mut self) -> Outcome<State> {
                    self.pass();
                    Transition(State::first())
                }

                #[superstate]
                $($async)? fn inner(&mut self) -> Outcome<State> {
                    Transition(if self.left == 0 { State::done() } else { State::outer() })
                }

                #[state(superstate = "inner")]
                $($async)? fn first(&mut self) -> Outcome<State> {
                    self.pass();
                    Transition(State::second())
                }

                #[state(superstate = "inner")]
                $($async)? fn second(&mut self) -> Outcome<State> {
                    self.pass();
                    Super
                }

                #[state]
                $($async)? fn done() -> Outcome<State> {
                    Handled
                }
            }

            pub $($async)? fn nested(steps: u64) -> u64 {
                let mut machine = Nested { left: steps, count: 0 }.state_machine();
                while !matches!(machine.state(), State::Done {}) {
                    machine.step() $($await)*;
                }
                machine.inner().count
            }
        }

        mod lend {
            use statig::prelude::*;

            use crate::contender::*;

            struct Lend {
                left: u64,
                text: String,
                numbers: Vec<u64>,
                visit: Option<u64>,
            }

            #[state_machine(initial = "State::look()")]
            impl Lend {
                #[state]
                $($async)? fn look(&mut self) -> Outcome<State> {
                    self.visit = Some(look(self.visit.unwrap_or_default(), &self.text, &self.numbers));
                    self.left -= 1;
                    if self.left == 0 { Transition(State::done()) } else { Handled }
                }

                #[state]
                $($async)? fn done() -> Outcome<State> {
                    Handled
                }
            }

            pub $($async)? fn lend(steps: u64) -> u64 {
                let lend = Lend { left: steps, text: text(), numbers: numbers(), visit: None };
                let mut machine = lend.state_machine();
                while !matches!(machine.state(), State::Done {}) {
                    machine.step() $($await)*;
                }
                machine.inner().visit.unwrap_or_default()
            }
        }
    };
}

mod sync {
    shapes!([], []);
}

mod with_async {
    shapes!([async], [.await]);
}

mod writing {
    use statig::prelude::*;

    use crate::contender::*;

    struct Article {
        topic: String,
        text: Option<String>,
        length: Option<u64>,
    }

    #[state_machine(initial = "State::draft()")]
    impl Article {
        #[state]
        async fn draft(&mut self) -> Outcome<State> {
            self.text = Some(self.topic.to_uppercase());
            Transition(State::review())
        }

        /// A handler cannot fail, so an article without a text just ends.
        #[state]
        async fn review(&mut self) -> Outcome<State> {
            let text = self.text.as_deref().unwrap_or_default();
            gate().await;
            Transition(if text.is_empty() {
                State::done()
            } else {
                State::publish()
            })
        }

        #[state]
        async fn publish(&mut self) -> Outcome<State> {
            self.length = self.text.as_ref().map(|text| text.len() as u64);
            Transition(State::done())
        }

        #[state]
        async fn done() -> Outcome<State> {
            Handled
        }
    }

    pub async fn wait() -> u64 {
        let mut machine = Article {
            topic: topic(),
            text: None,
            length: None,
        }
        .state_machine();
        while !matches!(machine.state(), State::Done {}) {
            machine.step().await;
        }
        machine.inner().length.unwrap_or_default()
    }
}
