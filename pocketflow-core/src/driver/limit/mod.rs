//! A limit of attempts that nodes and runs share.

mod nested;
mod rate;
#[cfg(test)]
mod tests;

use std::any::TypeId;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore, SemaphorePermit};

use self::nested::Holding;
pub use self::nested::NestedLimit;
use self::rate::{Begun, Rate};
use super::exec::{AttemptCall, ExecDriver};
use super::seam::Execs;
use super::{Driver, StepInfo};
use crate::node::{Attempt, Failure, Node, TypedNode};
use crate::store::Shared;

/// Limits how many attempts are in flight at a time, and how many begin in a given time. The limit
/// is shared by all its clones, so it holds for any number of nodes, batches and runs together.
///
/// ```
/// use pocketflow::{Limit, Shared, flow, node};
/// use tokio::time::{Duration, Instant};
///
/// #[derive(Shared, Default)]
/// struct Article { titles: Vec<String>, drafts: Option<Vec<String>>, text: Option<String> }
///
/// #[node(Article, writes = drafts, parallel = 20)]
/// async fn draft(#[each(titles)] title: &str) -> String { format!("All about {title}.") }
///
/// #[node(Article, writes = text)]
/// fn combine(drafts: &[String]) -> String { drafts.join("\n") }
///
/// flow! { Write { draft >> combine; } }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), pocketflow::Error> {
/// // Only `draft` calls the service, which accepts ten requests a second and four at a time.
/// let limit = Limit::new().at_a_time(4).per_second(10).node::<draft>();
///
/// let start = Instant::now();
/// let titles: Vec<_> = (1..=15).map(|number| format!("chapter {number}")).collect();
/// let mut one = Article { titles: titles.clone(), ..Default::default() };
/// let mut two = Article { titles, ..Default::default() };
/// tokio::try_join!(
///     Write.with(limit.clone()).run(&mut one),
///     Write.with(limit).run(&mut two),
/// )?;
///
/// // 30 requests: ten at once, ten after a second, and ten after another.
/// assert_eq!(start.elapsed(), Duration::from_secs(2));
/// # Ok(()) }
/// ```
///
/// # What counts
///
/// Every attempt counts, retries and the items of a batch included. A plain node that sends no
/// request counts too, unless [`node`](Self::node) chooses the nodes. An attempt gives its place
/// back when it ends, also by an error, a timeout or a cancelled run. Nothing is held between two
/// attempts. An attempt that has begun stays counted in its rate, because its request may have been
/// sent.
///
/// Waiting comes before the attempt, so it does not count towards the node's `timeout`. Attempts
/// begin in the order in which they asked. The items of a batch ask when they come into flight, so
/// `parallel` also says how many of them can be in the queue ahead of another run. An attempt that is
/// next holds up the others until it begins or is dropped, so poll its run: a `select!` in a loop,
/// for example, must not wait in another branch for work that the same limit holds up.
///
/// # Limits in limits
///
/// If several limits wrap a node, put them in the same order in every flow. Otherwise two attempts
/// can each hold a place that the other one waits for. Put the limit with a rate last: it counts an
/// attempt when it lets it through, so the attempt should begin then and not wait for another limit.
///
/// A node can run a flow by hand inside its `exec`. If the same limit wraps both, an attempt of the
/// inner run would wait for a place while the attempt around it holds one, and sooner or later all
/// places would be held by attempts that wait. The inner run fails with the cause [`NestedLimit`]
/// instead. For the node around it, this is a failure like any other: if its `exec` returns the
/// error, the node is tried again, and then its fallback runs or its error edge is followed. Limit
/// only the inner nodes, which send the requests. The limit does not see this if the inner run
/// is in a spawned task. Attempts that wait for each other in another way, such as through a channel,
/// need a place each.
#[derive(Clone, Default)]
#[must_use = "a limit does nothing until a flow runs with it"]
pub struct Limit {
    budget: Arc<Budget>,
    /// The types of the limited nodes. If there are none, all nodes are limited.
    nodes: Vec<TypeId>,
}

impl Limit {
    /// A limit without numbers, which allows everything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Allows `attempts` in flight at a time.
    ///
    /// Like the other methods that set a number, it returns a limit of its own, which shares
    /// nothing with earlier clones. Set the numbers first, and clone the limit then.
    ///
    /// # Panics
    ///
    /// If `attempts` is zero, because no attempt could ever begin.
    #[track_caller]
    pub fn at_a_time(self, attempts: usize) -> Self {
        assert!(attempts > 0, "{NONE}");
        let rates = self.budget.rates.clone();
        self.with_budget(Some(attempts), rates)
    }

    /// Allows `attempts` to begin in any one second.
    ///
    /// # Panics
    ///
    /// If `attempts` is zero.
    #[track_caller]
    pub fn per_second(self, attempts: u32) -> Self {
        self.rate(attempts, Duration::from_secs(1))
    }

    /// Allows `attempts` to begin in any one minute.
    ///
    /// # Panics
    ///
    /// If `attempts` is zero.
    #[track_caller]
    pub fn per_minute(self, attempts: u32) -> Self {
        self.rate(attempts, Duration::from_secs(60))
    }

    /// Allows `attempts` to begin in any period of the given length. They may all begin at once. To
    /// spread them, allow one: `rate(1, Duration::from_millis(100))` leaves 100 ms between two
    /// attempts.
    ///
    /// Several rates hold together. For a service that accepts 5 requests a second and 100 a minute:
    ///
    /// ```
    /// # use pocketflow::Limit;
    /// let limit = Limit::new().per_second(5).per_minute(100);
    /// ```
    ///
    /// The clock is that of this process. A service measures when requests arrive, so leave a margin
    /// for the network.
    ///
    /// # Panics
    ///
    /// If `attempts` is zero.
    #[track_caller]
    pub fn rate(self, attempts: u32, period: Duration) -> Self {
        assert!(attempts > 0, "{NONE}");
        let mut rates = self.budget.rates.clone();
        rates.push(Rate { attempts, period });
        let at_a_time = self.budget.at_a_time;
        self.with_budget(at_a_time, rates)
    }

    /// Limits this node. Call it once for each node that the limit is for; without such a call the
    /// limit is for all nodes. Two clones can be for different nodes and still share the limit:
    ///
    /// ```
    /// # use pocketflow::{Limit, Shared, flow, node};
    /// # #[derive(Shared, Default)] struct Article { topic: String, text: Option<String> }
    /// # #[node(Article, writes = text)] async fn draft(topic: &str) -> String { topic.into() }
    /// # #[node(Article, writes = text)] async fn translate(text: &str) -> String { text.into() }
    /// # flow! { Write { draft; } }
    /// # flow! { Translate(text) { translate; } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), pocketflow::Error> {
    /// # let mut article = Article { topic: "rain".into(), text: None };
    /// let limit = Limit::new().at_a_time(4);
    /// Write.with(limit.clone().node::<draft>()).run(&mut article).await?;
    /// Translate.with(limit.clone().node::<translate>()).run(&mut article).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// To limit a nested flow, choose its nodes. A node that a flow does not have is not an error, so
    /// one limit can name the nodes of several flows. But then a flow in which the limit names no
    /// node runs without a limit.
    pub fn node<N: TypedNode>(mut self) -> Self {
        self.nodes.push(TypeId::of::<N>());
        self
    }

    fn with_budget(self, at_a_time: Option<usize>, rates: Vec<Rate>) -> Self {
        Self {
            budget: Arc::new(Budget::new(at_a_time, rates)),
            nodes: self.nodes,
        }
    }

    fn is_for<N: 'static>(&self) -> bool {
        self.nodes.is_empty() || self.nodes.contains(&TypeId::of::<N>())
    }
}

const NONE: &str = "a limit of zero attempts would let no attempt begin";

impl fmt::Debug for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Budget {
            at_a_time, rates, ..
        } = &*self.budget;
        f.debug_struct("Limit")
            .field("at_a_time", at_a_time)
            .field("rates", rates)
            .finish_non_exhaustive()
    }
}

/// What the clones of a limit share.
///
/// The attempts queue for `turn`. The one that has the lock waits for a place and for the rates, and
/// then lets the next one in. With a queue for each number, an attempt that is woken in one of them
/// could be overtaken in the other.
///
/// Tokio's queues are first in, first out, lose nothing when a waiting attempt is dropped, follow the
/// paused clock of a test, and are among the dependencies already. The crates for rates that we know
/// refill a bucket, so twice the rate can pass in a period that begins with a full bucket.
#[derive(Default)]
struct Budget {
    at_a_time: Option<usize>,
    places: Option<Semaphore>,
    rates: Vec<Rate>,
    turn: Mutex<Begun>,
}

impl Budget {
    fn new(at_a_time: Option<usize>, rates: Vec<Rate>) -> Self {
        let places = at_a_time.map(|places| Semaphore::new(places.min(Semaphore::MAX_PERMITS)));
        Self {
            at_a_time,
            places,
            turn: Mutex::new(Begun::new(&rates)),
            rates,
        }
    }

    /// Waits until an attempt may begin. The place comes first, because an attempt that the rates
    /// have let through must begin at once.
    async fn enter(&self) -> Result<Option<SemaphorePermit<'_>>, Failure> {
        if self.places.is_some() && nested::is_held(self) {
            return Err(Failure::last(NestedLimit));
        }
        rate::needs_runtime(&self.rates).map_err(Failure::last)?;
        let mut turn = self.turn.lock().await;
        let place = match &self.places {
            Some(places) => Some(places.acquire().await.expect("it is never closed")),
            None => None,
        };
        turn.next(&self.rates).await;
        Ok(place)
    }
}

impl<S: Shared> Driver<S, Execs> for Limit {}

impl<S, Marker, N> ExecDriver<S, Marker, N> for Limit
where
    S: Shared,
    N: Node<S, Marker>,
{
    fn attempt<C>(
        &self,
        _info: &StepInfo<'_>,
        _attempt: Attempt<'_>,
        call: C,
    ) -> impl Future<Output = Result<N::Exec, Failure>> + Send
    where
        C: AttemptCall<S, Marker, N>,
    {
        async move {
            let place = if self.is_for::<N>() {
                self.budget.enter().await?
            } else {
                None
            };
            let held = place.is_some().then_some(&*self.budget);
            Holding::new(held, call.call()).await
        }
    }
}
