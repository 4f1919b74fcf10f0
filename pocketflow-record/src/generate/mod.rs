//! A property test of a flow: every `exec` returns a generated value, and the run must end well.
//!
//! See [`Generate`].

mod case;
mod coverage;
mod late;
mod random;

pub use case::Case;
pub use late::LateFields;
pub use random::Random;

use std::any::{Any, TypeId};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use pocketflow::seam::{Execs, Through};
use pocketflow::{Drive, Error, Fields, TypedNode};

use self::coverage::Coverage;

/// Runs a flow many times, each time with other values from its nodes, and checks that every run ends:
/// at an exit or with a failure of a node, within its steps, and without an empty field.
///
/// A strategy makes the values of one type. It takes the place of the `exec` of every node that returns
/// this type, and fills the fields of this type at an `await`. Everything else is real: `prep`, `post`,
/// the edges and their bounds. So a run may take any way through the graph that its actions allow, and a
/// `post` sees any value that the types allow.
///
/// ```
/// use pocketflow::{Action, Shared, flow, node};
/// use pocketflow_record::Generate;
///
/// #[derive(Shared, Default)]
/// struct Research { question: String, notes: String, answer: Option<String> }
///
/// #[derive(Action)]
/// enum Next { Search, Answer }
///
/// #[node(Research)]
/// async fn decide(question: &str, notes: &str) -> anyhow::Result<Next> {
/// #   let _ = (question, notes);
///     unreachable!("a test does not ask a model")
/// }
///
/// #[node(Research, appends = notes)]
/// async fn search(question: &str) -> anyhow::Result<String> {
/// #   let _ = question;
///     unreachable!("a test does not search")
/// }
///
/// #[node(Research, writes = answer)]
/// async fn answer(notes: &str) -> anyhow::Result<String> {
/// #   let _ = notes;
///     unreachable!("a test does not ask a model")
/// }
///
/// flow! {
///     Agent {
///         decide - "search" >> search max 3 else answer;
///         decide - "answer" >> answer;
///         search >> decide;
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let generated = Generate::new()
///     .value(|random| if random.chance(0.7) { Next::Search } else { Next::Answer })
///     .value(|random| random.pick(&["", "salt", "a long text"]).to_string())
///     .failures(0.05)
///     .check(&Agent, |_random| Research { question: "why?".into(), ..Default::default() })
///     .await?;
/// assert!(generated.untaken().is_empty(), "{:?}", generated.untaken());
/// # assert!(generated.failed() > 0 && generated.failed() < generated.cases());
/// # Ok(()) }
/// ```
///
/// A run that does not end well is a [`Counterexample`], which prints the seed of the case and the way
/// that the run took. A test that returns it prints it.
///
/// # Strategies
///
/// A strategy is a function of a [`Random`]. If it makes a value with `serde`, `fake`, `arbitrary` or
/// `proptest`, take the seed for that from [`Random::any`]. The values are not shrunk, so make short ones.
/// A node without a value needs no strategy. A type without a strategy is an error that names the node
/// and the type. [`real`](Self::real) lets a node run as it is, which is right for a plain computation.
///
/// Every exec has a `Random` of its own, which depends on the seed of the case and on the place of the
/// exec. So a batch gives its items the same values, whichever is polled first.
#[must_use = "it does nothing until `check` is awaited"]
pub struct Generate {
    seed: u64,
    cases: u32,
    max_steps: Option<u64>,
    setup: Setup,
}

/// What all cases share.
#[derive(Default)]
struct Setup {
    failures: f64,
    expires: f64,
    /// A `Strategy<T>` for each type `T`.
    values: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    /// What fills a field of each type `Option<T>`.
    late: HashMap<TypeId, FillLate>,
    real: HashSet<TypeId>,
}

/// Makes values of a type.
type Strategy<T> = Box<dyn Fn(&mut Random) -> T + Send + Sync>;

/// Fills an `Option<T>` by the strategy for `T`.
type FillLate = fn(&Setup, &mut Random, &mut dyn Any);

impl Generate {
    /// No strategy yet, 256 cases, no failures, and seeds from 0 on: a test does the same in each run.
    pub fn new() -> Self {
        let setup = Setup {
            expires: 0.25,
            ..Setup::default()
        };
        Self {
            seed: 0,
            cases: 256,
            max_steps: None,
            setup,
        }
        .value(|_| ())
    }

    /// Makes the values of a type. A second strategy for the same type takes the place of the first.
    pub fn value<T: Send + 'static>(
        mut self,
        strategy: impl Fn(&mut Random) -> T + Send + Sync + 'static,
    ) -> Self {
        let strategy: Strategy<T> = Box::new(strategy);
        let values = &mut self.setup.values;
        values.insert(TypeId::of::<T>(), Box::new(strategy));
        let fill: FillLate = |setup, random, field| {
            if let Some(field) = field.downcast_mut::<Option<T>>() {
                *field = setup.make(random);
            }
        };
        self.setup.late.insert(TypeId::of::<Option<T>>(), fill);
        self
    }

    /// Lets an exec fail with this probability, after all its attempts, if the node can fail. The
    /// run goes on along an error edge, or ends with the failure. The default is 0.0.
    pub fn failures(mut self, probability: f64) -> Self {
        self.setup.failures = probability;
        self
    }

    /// Lets an `await` with a deadline expire with this probability. The default is 0.25.
    pub fn expires(mut self, probability: f64) -> Self {
        self.setup.expires = probability;
        self
    }

    /// Lets a node run as it is.
    pub fn real<N: TypedNode>(mut self) -> Self {
        self.setup.real.insert(TypeId::of::<N>());
        self
    }

    /// Sets the largest number of steps that a run may take, with those of its inner runs. For a flow
    /// whose loops are all bounded, that is its `MAX_STEPS`, which is also the default. For any other
    /// flow the default is 1,000.
    pub fn max_steps(mut self, steps: u64) -> Self {
        self.max_steps = Some(steps);
        self
    }

    /// Sets the number of cases.
    pub fn cases(mut self, cases: u32) -> Self {
        self.cases = cases;
        self
    }

    /// Sets the seed of the first case. Each further case has the next one. To run the case of a
    /// [`Counterexample`] alone: `.seed(its seed).cases(1)`.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Runs the cases, each on a new store.
    ///
    /// A node that panics ends the test, as any panic does. The seed of the case and the way that the
    /// run took are then printed to the standard error.
    ///
    /// # Errors
    ///
    /// With the first run that does not end well: it takes more steps, finds a late field empty, or has
    /// an exec without a strategy.
    pub async fn check<F, S>(
        self,
        flow: &F,
        store: impl Fn(&mut Random) -> S,
    ) -> Result<Generated, Counterexample>
    where
        F: Drive<S, Arc<Case>, Through<Execs>>,
        S: Fields<LateFields>,
    {
        let steps = self.max_steps.or_else(|| F::GRAPH.step_bound());
        let steps = steps.unwrap_or(1_000);
        let setup = Arc::new(self.setup);
        let mut coverage = Coverage::of(F::GRAPH);
        let (mut cases, mut failed) = (0, 0);
        for case in 0..self.cases {
            let seed = self.seed.wrapping_add(u64::from(case));
            let mut shared = store(&mut Random::from_seed(seed));
            let case = Arc::new(Case::new(Arc::clone(&setup), F::GRAPH, seed, steps));
            let guard = case.print_if_it_panics();
            let ended = flow.drive(Arc::clone(&case), &mut shared).await;
            drop(guard);
            cases += 1;
            let way = case.way();
            coverage.add(case.taken());
            match ended {
                Ok(_) => {}
                Err(error) if error.is_failure() => failed += 1,
                Err(error) => return Err(Counterexample { seed, way, error }),
            }
        }
        Ok(Generated {
            cases,
            failed,
            untaken: coverage.untaken(),
        })
    }
}

impl Setup {
    /// Makes a value, if there is a strategy for its type.
    fn make<T: 'static>(&self, random: &mut Random) -> Option<T> {
        let strategy = self.values.get(&TypeId::of::<T>())?;
        let strategy = strategy.downcast_ref::<Strategy<T>>()?;
        Some(strategy(random))
    }
}

impl Default for Generate {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Generate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generate")
            .field("seed", &self.seed)
            .field("cases", &self.cases)
            .field("max_steps", &self.max_steps)
            .field("failures", &self.setup.failures)
            .finish_non_exhaustive()
    }
}

/// All cases have ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    cases: u32,
    failed: u32,
    untaken: BTreeSet<String>,
}

impl Generated {
    /// How many cases there were.
    pub fn cases(&self) -> u32 {
        self.cases
    }

    /// How many of them ended with the failure of a node.
    pub fn failed(&self) -> u32 {
        self.failed
    }

    /// The edges that no case has taken, as the flow writes them, with the name of the flow. The edges
    /// of nested flows and of flows on fields are among them. An error edge is never taken without
    /// [`failures`](Generate::failures).
    pub fn untaken(&self) -> Vec<&str> {
        self.untaken.iter().map(String::as_str).collect()
    }
}

/// A run that does not end well. Its `Debug` is for human readers as well, because a test that returns
/// a `Result` prints it.
#[derive(Clone)]
pub struct Counterexample {
    seed: u64,
    way: Vec<String>,
    error: Error,
}

impl Counterexample {
    /// The seed of the case: `.seed(seed).cases(1)` runs it alone.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The edges that the run took, as the flow writes them.
    pub fn way(&self) -> &[String] {
        &self.way
    }

    /// What went wrong. Its [cause](Error::cause) may be [`TooManySteps`], [`NoStrategy`] or
    /// [`EmptyField`](pocketflow::EmptyField).
    pub fn error(&self) -> &Error {
        &self.error
    }
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, way, error } = self;
        // Nothing is wrong with the flow.
        if let Some(missing) = error.find::<NoStrategy>() {
            return fmt::Display::fmt(missing, f);
        }
        write!(f, "a generated run does not end well: {error:#}")?;
        write_case(f, *seed, way)
    }
}

impl fmt::Debug for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Counterexample {}

/// How many of the last edges are shown.
const SHOWN: usize = 20;

/// Writes how to run a case again, and the way that it took.
fn write_case(f: &mut impl fmt::Write, seed: u64, way: &[String]) -> fmt::Result {
    write!(
        f,
        "\n  to run this case alone: `.seed({seed}).cases(1)`\n  its way:"
    )?;
    let hidden = way.len().saturating_sub(SHOWN);
    if hidden > 0 {
        write!(f, "\n    … {hidden} steps")?;
    }
    if way.is_empty() {
        f.write_str("\n    no step was done")?;
    }
    way[hidden..]
        .iter()
        .try_for_each(|edge| write!(f, "\n    {edge}"))
}

/// The cause of an error if a generated run takes more steps than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManySteps {
    /// How many it may take.
    pub max: u64,
}

impl fmt::Display for TooManySteps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the run has taken {} steps and not reached an exit: bound its loops with `max 5 else …`, or allow more with `max_steps`",
            self.max
        )
    }
}

impl std::error::Error for TooManySteps {}

/// The cause of an error if there is no strategy for a type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoStrategy {
    /// What needs it: a node, or the field of an `await`.
    pub of: String,
    /// The name of the type.
    pub type_name: String,
}

impl fmt::Display for NoStrategy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { of, type_name } = self;
        write!(
            f,
            "{of} needs a `{type_name}`, and there is no strategy for this type: add one, `.value(|random| …)`, whose function returns a `{type_name}`"
        )
    }
}

impl std::error::Error for NoStrategy {}
