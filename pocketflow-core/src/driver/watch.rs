use std::any::Any;
use std::fmt;
use std::future::Future;

use tokio::sync::watch;

use super::{Driver, Run, StepInfo, Taken};
use crate::graph::Graph;
use crate::run_error::Error;
use crate::store::Shared;

/// Shows a part of the store to other tasks while the flow runs.
///
/// A closure chooses what is shown. It is called when the run begins and after each step, and what it
/// returns is kept in a channel [`watch`](tokio::sync::watch), which holds one value: the latest.
/// Receivers are woken only if the value has changed.
///
/// ```
/// use pocketflow::{Shared, Watch, flow, node};
///
/// #[derive(Shared, Default)]
/// struct Order { status: String, total_cents: u64, receipt: Option<String> }
///
/// #[node(Order, writes(status, receipt))]
/// async fn pay(total_cents: &u64) -> (String, String) {
/// #   tokio::task::yield_now().await;
///     ("paid".into(), format!("{total_cents} cents"))
/// }
///
/// #[node(Order, writes = status)]
/// async fn ship(receipt: &str) -> String {
/// #   let _ = receipt; tokio::task::yield_now().await;
///     "shipped".into()
/// }
///
/// flow! { Checkout { pay >> ship; } }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), pocketflow::Error> {
/// let mut order = Order { status: "new".into(), total_cents: 4200, receipt: None };
/// let watch = Watch::new(&order, |order| order.status.clone());
/// let mut status = watch.subscribe();
/// let run = tokio::spawn(async move { Checkout.with(watch).run(&mut order).await.map(|_| order) });
///
/// let mut seen = vec![status.borrow().clone()];
/// while status.changed().await.is_ok() {
///     seen.push(status.borrow_and_update().clone());
/// }
/// assert_eq!(seen, ["new", "paid", "shipped"]);
/// # run.await.unwrap()?;
/// # Ok(()) }
/// ```
///
/// The channel is closed when the watch is dropped. A run drops its drivers when it ends, or when it
/// is cancelled, so `changed()` returns an error then. The last value stays readable. Lend the watch
/// with `.with(&watch)` to keep the channel open.
///
/// While a receiver holds a `borrow()`, a run that wants to show a value waits. So clone what you need,
/// and do not hold the borrow across an `.await`.
///
/// It shows the store of the outermost run. The steps of a flow on a field are a part of one of its
/// steps, and change nothing that it shows before that step has ended.
///
/// A watch is made for one run. If several runs share one, it shows the latest value of any of them.
pub struct Watch<S, T> {
    show: Box<dyn Fn(&S) -> T + Send + Sync>,
    /// Whether two values differ. A function and not a bound of the driver, so that a `T` without
    /// `PartialEq` is one error, where the watch is made.
    differ: fn(&T, &T) -> bool,
    latest: watch::Sender<T>,
}

impl<S, T> Watch<S, T> {
    /// Shows what `show` returns, beginning with the store as it is now.
    pub fn new(shared: &S, show: impl Fn(&S) -> T + Send + Sync + 'static) -> Self
    where
        T: PartialEq + Send + Sync + 'static,
    {
        Self {
            latest: watch::Sender::new(show(shared)),
            show: Box::new(show),
            differ: T::ne,
        }
    }

    /// A receiver of the values. Each receiver remembers which value it has seen, and starts
    /// with the current one.
    pub fn subscribe(&self) -> watch::Receiver<T> {
        self.latest.subscribe()
    }

    fn show(&self, shared: &S) {
        let value = (self.show)(shared);
        self.latest.send_if_modified(|latest| {
            let changed = (self.differ)(latest, &value);
            *latest = value;
            changed
        });
    }
}

impl<S, T: fmt::Debug> fmt::Debug for Watch<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("latest", &*self.latest.borrow())
            .finish_non_exhaustive()
    }
}

/// A watch drives the runs on inner stores as well, and does not look at them.
impl<S: Shared, R, T: Send + Sync> Driver<R> for Watch<S, T>
where
    R: Shared,
{
    /// A driver that stores runs may have replaced the store.
    fn flow<F: Run<R>>(
        &self,
        flow: &'static Graph,
        info: Option<&StepInfo<'_>>,
        shared: &mut R,
        run: F,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        async move {
            if info.is_none() {
                let watched = (shared as &dyn Any).downcast_ref();
                let Some(watched) = watched else {
                    let (watched, store) = (S::STORE.name, R::STORE.name);
                    return Err(flow.error(format!(
                        "the watch shows a `{watched}`, and the run is on a `{store}`"
                    )));
                };
                self.show(watched);
            }
            run.run(shared).await
        }
    }

    /// A step can fail after its `post` has written, so its error changes nothing here.
    fn step<F: Run<R>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut R,
        run: F,
    ) -> impl Future<Output = Result<Taken, Error>> + Send {
        async move {
            let taken = run.run(shared).await;
            // An inner store may have the type of the outer one.
            let shown = info.inner_run().is_none().then_some(&*shared);
            if let Some(watched) = shown.and_then(|shared| (shared as &dyn Any).downcast_ref()) {
                self.show(watched);
            }
            taken
        }
    }
}
