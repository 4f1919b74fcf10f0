//! One generated run.

use std::any::{TypeId, type_name};
use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pocketflow::__private::{Describe, Handled};
use pocketflow::seam::Execs;
use pocketflow::{
    Attempt, AttemptCall, Driver, Error, ExecDriver, Failure, Fields, Graph, Node, Run, Stage,
    StepInfo, Taken,
};

use super::coverage::{self, TakenEdge};
use super::late::{Fill, LateFields};
use super::{NoStrategy, Random, Setup, TooManySteps, write_case};
use crate::names::short;

/// The driver of one generated run. [`Generate::check`](super::Generate::check) makes it.
pub struct Case {
    setup: Arc<Setup>,
    graph: &'static Graph,
    seed: u64,
    max_steps: u64,
    way: Mutex<Way>,
}

#[derive(Default)]
struct Way {
    edges: Vec<String>,
    taken: BTreeSet<TakenEdge>,
}

impl Case {
    pub(super) fn new(setup: Arc<Setup>, graph: &'static Graph, seed: u64, max_steps: u64) -> Self {
        Self {
            setup,
            graph,
            seed,
            max_steps,
            way: Mutex::default(),
        }
    }

    /// The edges that were taken, in their order.
    pub(super) fn way(&self) -> Vec<String> {
        lock(&self.way).edges.clone()
    }

    /// The edges that were taken, each once.
    pub(super) fn taken(&self) -> BTreeSet<TakenEdge> {
        lock(&self.way).taken.clone()
    }

    /// Prints the case when it is dropped by a panic.
    pub(super) fn print_if_it_panics(self: &Arc<Self>) -> PrintIfPanicking {
        PrintIfPanicking(Arc::clone(self))
    }

    /// The random numbers of a place in the run.
    fn random(&self, info: &StepInfo<'_>, item: Option<usize>) -> Random {
        let place = format!("{info}/{}/{:?}/{item:?}", info.step(), info.branch_number());
        // FNV-1a
        let hash = place.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Random::from_seed(Random::from_seed(self.seed).any() ^ hash)
    }

    fn took(&self, info: &StepInfo<'_>, taken: &Taken) {
        let mut way = lock(&self.way);
        let at = match info.inner_run() {
            Some(_) => format!("{info}: "),
            None => String::new(),
        };
        way.edges.push(at + &coverage::written(info, taken));
        way.taken.extend(coverage::taken(info, taken));
    }

    fn wait<S: Fields<LateFields>>(
        &self,
        info: &StepInfo<'_>,
        field: &str,
        shared: &mut S,
    ) -> Result<Taken, Error> {
        let mut random = self.random(info, None);
        let index = S::STORE.field(field);
        if let Some(index) = index {
            shared.clear_field(index);
        }
        if info.expires_after().is_some() && random.chance(self.setup.expires) {
            return Ok(info.taken("expired").expect("a wait with a deadline"));
        }
        let mut fields = LateFields::new(Fill {
            setup: Arc::clone(&self.setup),
            random,
            no_strategy: None,
        });
        if let Some(index) = index {
            shared.visit_field(index, &mut fields);
        }
        match fields.no_strategy() {
            Some(type_name) => Err(info.error(NoStrategy {
                of: format!("the field `{field}`, which `{info}` waits for,"),
                type_name,
            })),
            None => Ok(info.taken(info.actions()[0]).expect("the first action")),
        }
    }
}

impl<S: Fields<LateFields>> Driver<S, Execs> for Case {
    fn flow<R: Run<S>>(
        &self,
        _flow: &'static Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        async move {
            let taken = run.run(shared).await?;
            if let Some(info) = info.filter(|info| !info.begins_inner_run()) {
                self.took(info, &taken);
            }
            Ok(taken)
        }
    }

    fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        async move {
            if info.total_steps() > self.max_steps {
                return Err(info.error(TooManySteps {
                    max: self.max_steps,
                }));
            }
            let taken = if info.sleeps_for().is_some() {
                info.taken(info.actions()[0]).expect("the only action")
            } else if let Some(field) = info.waits_for() {
                self.wait(info, field, shared)?
            } else {
                run.run(shared).await?
            };
            self.took(info, &taken);
            Ok(taken)
        }
    }
}

impl<S, Marker, N> ExecDriver<S, Marker, N> for Case
where
    S: Fields<LateFields>,
    Marker: 'static,
    N: Node<S, Marker>,
    N::Exec: 'static,
{
    fn attempt<C>(
        &self,
        info: &StepInfo<'_>,
        attempt: Attempt<'_>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send
    where
        C: AttemptCall<S, Marker, N>,
    {
        async move {
            if self.setup.real.contains(&TypeId::of::<N>()) {
                return call.call().await;
            }
            let node = <N as Describe>::NODE;
            let mut random = self.random(info, attempt.item());
            let may_fail = node.fails || matches!(node.handled, Some(Handled::Failures));
            if random.chance(self.setup.failures) && may_fail {
                let stage = Stage::Exec {
                    attempt: attempt.of(),
                    attempts: attempt.of(),
                };
                let failure = info.failure(attempt.item(), stage, "a generated failure");
                return Err(Failure::ending(failure));
            }
            self.setup.make(&mut random).ok_or_else(|| {
                Failure::ending(info.error(NoStrategy {
                    of: format!("the node `{}`", node.name),
                    type_name: short(type_name::<N::Exec>()),
                }))
            })
        }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Case")
            .field("seed", &self.seed)
            .field("max_steps", &self.max_steps)
            .finish_non_exhaustive()
    }
}

/// Prints a case if the test panics in it.
pub(super) struct PrintIfPanicking(Arc<Case>);

impl Drop for PrintIfPanicking {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut text = format!("a generated run of `{}` panicked", self.0.graph.name);
            let _ = write_case(&mut text, self.0.seed, &self.0.way());
            eprintln!("{text}");
        }
    }
}

/// The way is whole whenever the lock is free, so a poisoned lock can be used.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
