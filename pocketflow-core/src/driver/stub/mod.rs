//! Fakes for tests.

mod drive;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::node::{Attempt, Failure, Reads, TypedBatch, TypedNode};
use crate::store::{Field, Shared};

/// Replaces the `exec` of chosen nodes, for tests. Everything else stays real: `prep` and `post`,
/// retries and their waits, `retry_if`, the fallback, and the path of the run.
///
/// A stub is a function of what the node reads and of the [`Attempt`]. It returns what `exec`
/// returns, or an error, which may be a text. Pass the stub by reference, and look at it after the
/// run:
///
/// ```
/// use pocketflow::{Shared, Stub, flow, node};
///
/// #[derive(Shared, Default)]
/// struct Research { question: String, answer: Option<String> }
///
/// #[node(Research, writes = answer, attempts = 3)]
/// async fn answer(question: &str) -> std::io::Result<String> {
///     unreachable!("a test does not ask a model about {question}")
/// }
///
/// flow! { Agent { answer; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), pocketflow::Error> {
/// let stub = Stub::new().node::<answer>(|reads, attempt| match attempt.number() {
///     1 => Err("the model is busy".into()),
///     _ => Ok(format!("{} 42.", reads.question)),
/// });
/// let mut research = Research { question: "How much?".into(), answer: None };
/// Agent.with(&stub).run(&mut research).await?;
///
/// assert_eq!(research.answer.as_deref(), Some("How much? 42."));
/// assert_eq!(stub.calls::<answer>(), 1);
/// assert_eq!(stub.attempts::<answer>(), 2);
/// # Ok(()) }
/// ```
///
/// # What a stub sees
///
/// `reads` is the [`Reads`] of the node, with a field for each parameter of `exec` that borrows from
/// the store or from the context. It has neither what only `prep` reads nor what `prep` returns: if
/// a test needs such a field, name it in `exec` as well. [`each`](Self::each) also gives the item of
/// a batch. Both are borrowed from the store, so a test that wants to keep what each call has read
/// takes what it needs in the closure. The closure may change what it owns:
///
/// ```
/// # use pocketflow::{Shared, Stub, flow, node};
/// # #[derive(Shared, Default)] struct Research { topics: Vec<String>, notes: Vec<String> }
/// # #[node(Research, writes = notes)] fn search(#[each(topics)] topic: &str) -> String { topic.into() }
/// # flow! { Agent { search; } }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), pocketflow::Error> {
/// let (sender, asked) = std::sync::mpsc::channel();
/// let mut answers = ["wet", "cold"].into_iter();
/// let stub = Stub::new().each::<search>(move |_reads, topic, _attempt| {
///     sender.send(topic.to_owned())?;
///     Ok(answers.next().ok_or("a third search")?.into())
/// });
/// # let mut research = Research { topics: vec!["rain".into(), "snow".into()], notes: vec![] };
/// Agent.with(&stub).run(&mut research).await?;
///
/// assert_eq!(asked.try_iter().collect::<Vec<_>>(), ["rain", "snow"]);
/// assert_eq!(research.notes, ["wet", "cold"]);
/// # Ok(()) }
/// ```
///
/// A node is known by its type. If a flow has two places with the same node, they have the same
/// stub and are counted together.
///
/// # Errors, retries and timeouts
///
/// An error of a stub is the error of the attempt. If the node has attempts left, it is tried again
/// after its `wait`; in a test with `start_paused`, the waits take no time. `retry_if` decides about
/// an error of the type that it takes; any other error is worth another attempt, unless it is
/// [`Failure::without_retry`]. After the last attempt, the node's fallback runs.
///
/// A stub returns at once, so the node's `timeout` never ends it. To test what happens after a
/// timeout, return the error that a timeout returns: `Err(TimedOut { limit }.into())`.
///
/// # What is replaced where
///
/// Nodes in nested flows, forks and batches are replaced as well. A flow that a node runs by itself,
/// with `Inner.run(&mut its_store)`, is a separate run without this driver.
///
/// An `await(field)` has no `exec`. [`fill`](Self::fill) says what arrives there; without it, the
/// step waits as it does without the stub. A `sleep` sleeps; in a test with `start_paused`, that takes
/// no time.
///
/// A driver that is added after the stub does not see the attempts that the stub replaces, so add
/// the stub last: `Agent.with(Trace).with(&stub)`.
#[derive(Default)]
#[must_use = "a stub does nothing until a flow runs with it"]
pub struct Stub {
    strict: bool,
    /// What each known node does, by the node's type.
    nodes: HashMap<TypeId, Known>,
    /// What is filled at each wait, by the field and the type of its store.
    waits: HashMap<(TypeId, &'static str), Replaced>,
    counts: Mutex<HashMap<TypeId, Counts>>,
}

/// What a node does that the stub knows.
enum Known {
    /// It runs as it does without the stub.
    Real,
    /// A `Replacement` runs in its place.
    Replaced(Replaced),
}

/// A function whose type is forgotten.
type Replaced = Mutex<Box<dyn Any + Send>>;

/// What is filled at a wait in the store `S`.
type Fill<S> = Box<dyn FnMut(&mut S) + Send>;

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    calls: usize,
    attempts: usize,
}

impl Stub {
    /// A stub without nodes: all of them run as they are.
    pub fn new() -> Self {
        Self::default()
    }

    /// A stub that fails the run at a node that it does not know, before the node's first attempt.
    /// The [cause](crate::Error::cause) of the error is [`NoStub`], which names the node. So a test
    /// never calls a service by mistake.
    ///
    /// ```
    /// # use pocketflow::{NoStub, Shared, Stub, flow, node};
    /// # #[derive(Shared, Default)] struct Order { total_cents: u64, receipt: Option<String> }
    /// # #[node(Order)] fn review(total_cents: &u64) {}
    /// # #[node(Order, writes = receipt)] async fn pay(total_cents: &u64) -> String { unreachable!() }
    /// flow! { Checkout { review >> pay; } }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), pocketflow::Error> {
    /// let stub = Stub::strict().real::<review>();
    /// let error = Checkout.with(&stub).run(&mut Order::default()).await.unwrap_err();
    /// assert_eq!(error.cause().downcast_ref(), Some(&NoStub { node: "pay" }));
    ///
    /// let stub = stub.node::<pay>(|_, _| Ok("paid".into()));
    /// Checkout.with(&stub).run(&mut Order::default()).await?;
    /// # Ok(()) }
    /// ```
    pub fn strict() -> Self {
        Self {
            strict: true,
            ..Self::default()
        }
    }

    /// Replaces the `exec` of the node `N`: the type of its `impl`, or the name of its function. The
    /// name is a type here, and no argument: `stub.node::<pay>(|reads, attempt| …)`. For a batch, the
    /// function runs once for every item; the index is [`Attempt::item`], and the method
    /// [`each`](Self::each) also gives the value.
    ///
    /// A second function for the same node takes the place of the first. If the flow does not have
    /// the node, the function is never called, and that is not an error: a set of stubs can be for
    /// several flows. To test that a node has run, look at its [`calls`](Self::calls).
    pub fn node<N: TypedNode>(
        mut self,
        stub: impl FnMut(Reads<'_, N>, Attempt<'_>) -> Result<N::Exec, Failure> + Send + 'static,
    ) -> Self {
        let stub = Known::Replaced(Mutex::new(N::erase(Box::new(stub))));
        self.nodes.insert(TypeId::of::<N>(), stub);
        self
    }

    /// Replaces the `exec` of a batch, as [`node`](Self::node) does. The function also receives the
    /// item, as the node's parameter `#[each(…)]` does.
    ///
    /// ```
    /// # use pocketflow::{Shared, Stub, flow, node};
    /// #[derive(Shared, Default)]
    /// struct Article { topic: String, titles: Vec<String>, drafts: Option<Vec<String>> }
    ///
    /// #[node(Article, writes = drafts, parallel = 8)]
    /// async fn draft(#[each(titles)] title: &str, topic: &str) -> std::io::Result<String> {
    ///     unreachable!("a test does not ask a model about the {title} of {topic}")
    /// }
    ///
    /// flow! { Write { draft; } }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), pocketflow::Error> {
    /// let stub = Stub::new().each::<draft>(|reads, title, _| Ok(format!("{title} of {}", reads.topic)));
    /// let titles = vec!["causes".into(), "effects".into()];
    /// let mut article = Article { topic: "rain".into(), titles, drafts: None };
    /// Write.with(&stub).run(&mut article).await?;
    ///
    /// assert_eq!(article.drafts.unwrap(), ["causes of rain", "effects of rain"]);
    /// assert_eq!(stub.calls::<draft>(), 2);
    /// # Ok(()) }
    /// ```
    pub fn each<N: TypedBatch>(
        mut self,
        stub: impl FnMut(Reads<'_, N>, N::Item<'_>, Attempt<'_>) -> Result<N::Exec, Failure>
        + Send
        + 'static,
    ) -> Self {
        let stub = Known::Replaced(Mutex::new(N::erase_each(Box::new(stub))));
        self.nodes.insert(TypeId::of::<N>(), stub);
        self
    }

    /// Lets a node run as it is, in a [strict](Self::strict) stub.
    pub fn real<N: TypedNode>(mut self) -> Self {
        self.nodes.insert(TypeId::of::<N>(), Known::Real);
        self
    }

    /// Fills the field of an `await(field)` when the run arrives there. The run then goes on.
    ///
    /// ```
    /// # use pocketflow::{Shared, Stub, flow, node};
    /// # #[derive(Shared, Default)] struct Article { draft: Option<String>, approval: Option<String>, published: bool }
    /// # #[node(Article, writes = draft)] fn draft() -> String { "…".into() }
    /// # #[node(Article, writes = published)] fn publish(draft: &str, approval: &str) -> bool { approval == "Ada" }
    /// flow! { Write { draft >> await(approval) >> publish; } }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), pocketflow::Error> {
    /// let stub = Stub::new()
    ///     .fill("approval", |article: &mut Article| article.approval = Some("Ada".into()));
    /// let mut article = Article::default();
    /// Write.with(&stub).run(&mut article).await?;
    /// assert!(article.published);
    /// # Ok(()) }
    /// ```
    ///
    /// The field is empty when the function is called, even if an earlier visit has filled it. If the
    /// function leaves it empty, an `await` with a deadline expires at once. Without a deadline, that is
    /// an error.
    ///
    /// ```
    /// # use pocketflow::{Shared, Stub, flow, node};
    /// # #[derive(Shared, Default)] struct Article { draft: Option<String>, approval: Option<String>, published: bool }
    /// # #[node(Article, writes = draft)] fn draft() -> String { "…".into() }
    /// # #[node(Article, writes = published)] fn publish(draft: &str, approval: &str) -> bool { approval == "Ada" }
    /// flow! {
    ///     Write {
    ///         draft >> await(approval, within = "3d") >> publish;
    ///         await(approval) - "expired" >> end "late";
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), pocketflow::Error> {
    /// let nobody = Stub::new().fill("approval", |_: &mut Article| {});
    /// assert_eq!(Write.with(&nobody).run(&mut Article::default()).await?, WriteExit::Late);
    /// # Ok(()) }
    /// ```
    ///
    /// # Panics
    ///
    /// If the store has no late field of this name.
    #[track_caller]
    pub fn fill<S: Shared>(
        mut self,
        field: &str,
        fill: impl FnMut(&mut S) + Send + 'static,
    ) -> Self {
        let store = S::STORE;
        let known = store.field(field).map(|index| store.fields[index]);
        let Some(Field { name, .. }) = known.filter(|field| field.late) else {
            panic!("the store `{}` has no late field `{field}`", store.name);
        };
        let fill: Fill<S> = Box::new(fill);
        let key = (TypeId::of::<S>(), name);
        self.waits.insert(key, Mutex::new(Box::new(fill)));
        self
    }

    /// How many times the `exec` of a node has been called, over all runs with this stub. In a
    /// batch, each item is a call. The attempts of one call count once. Nodes that are not replaced
    /// are counted too. A call that a [strict](Self::strict) stub refuses does not count, because
    /// `exec` does not run.
    pub fn calls<N: TypedNode>(&self) -> usize {
        self.counts::<N>().calls
    }

    /// How many attempts a node has had, over all its [calls](Self::calls).
    pub fn attempts<N: TypedNode>(&self) -> usize {
        self.counts::<N>().attempts
    }

    fn counts<N: 'static>(&self) -> Counts {
        let counts = lock(&self.counts);
        counts.get(&TypeId::of::<N>()).copied().unwrap_or_default()
    }

    fn count<N: 'static>(&self, count: impl FnOnce(&mut Counts)) {
        count(lock(&self.counts).entry(TypeId::of::<N>()).or_default());
    }
}

impl fmt::Debug for Stub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stub")
            .field("strict", &self.strict)
            .finish_non_exhaustive()
    }
}

/// A function that has panicked has failed its test, and the counts are whole whenever the lock is
/// free, so a poisoned lock can be used.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The cause of an [`Error`](crate::Error) at a node that a [strict](Stub::strict) stub does not
/// know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoStub {
    /// The name of the node.
    pub node: &'static str,
}

impl fmt::Display for NoStub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node } = self;
        write!(
            f,
            "the node `{node}` has no stub: replace it with `.node::<{node}>(…)`, or let it run with `.real::<{node}>()`"
        )
    }
}

impl std::error::Error for NoStub {}
