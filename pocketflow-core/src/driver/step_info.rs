//! Where a run is.

use std::fmt;
use std::time::Duration;

use super::frame::Frame;
use super::inner_run::{write_above, write_run};
use super::state::RunState;
use crate::graph::{FlowPosition, Graph, Position};
use crate::run_error::{BoxError, Error, Failed, Stage};

/// Where a run is: the flows around the place, from the outermost to the innermost, and the place
/// in the innermost flow.
///
/// It prints as a path: `Shop > Payment > authorize`. Where a flow runs on a field, the field stands
/// for it: `Digest > documents[3] > read`.
#[derive(Debug, Clone, Copy)]
pub struct StepInfo<'a> {
    pub(crate) frame: &'a Frame<'a>,
    pub(crate) state: &'a RunState,
    /// The id of the outermost run, if a driver has one.
    pub(crate) run: Option<&'a str>,
    /// How many steps the run has taken, including this one.
    pub(crate) step: u64,
    /// How many steps the whole run had taken when this one began, including it.
    pub(crate) total: u64,
    /// How many items the batch has, around an item.
    pub(crate) items: Option<usize>,
}

impl<'a> StepInfo<'a> {
    /// The innermost flow.
    pub fn graph(&self) -> &'static Graph {
        self.frame.site.graph()
    }

    /// The name of the place.
    pub fn name(&self) -> &'static str {
        self.frame.site.name()
    }

    /// Whether this is one of the nodes of a fork. They are one step together.
    pub fn is_branch(&self) -> bool {
        self.frame.site.branch.is_some()
    }

    /// The late field that this step waits for, if it is an `await(field)`.
    pub fn waits_for(&self) -> Option<&'static str> {
        self.graph().places[self.frame.site.place].node.waits
    }

    /// How long this step waits at most, if it is an `await(field, within = "3d")`. After that time it
    /// takes its action `expired`, and its field is empty.
    ///
    /// A driver that fills fields does this itself. Without such a driver, the step waits in memory:
    /// nothing can fill the field, so it expires.
    ///
    /// ```
    /// use pocketflow::{Driver, Error, Run, Shared, StepInfo, Taken, flow, node};
    /// use std::time::Duration;
    ///
    /// /// Nobody answers, and no test waits for three days.
    /// struct Nobody;
    ///
    /// impl<S: Shared> Driver<S> for Nobody {
    ///     async fn step<R: Run<S>>(&self, info: &StepInfo<'_>, shared: &mut S, run: R) -> Result<Taken, Error> {
    ///         match info.expires_after() {
    ///             Some(_) => Ok(info.taken("expired").expect("a second action")),
    ///             None => run.run(shared).await,
    ///         }
    ///     }
    /// }
    ///
    /// # #[derive(Shared, Default)] struct Article { text: String, approval: Option<String>, state: String }
    /// # #[node(Article, writes = text)] fn draft() -> String { "…".into() }
    /// # #[node(Article, writes = state)] fn publish(approval: &str) -> String { approval.into() }
    /// # #[node(Article, writes = state)] fn escalate() -> String { "late".into() }
    /// flow! {
    ///     Publish {
    ///         draft >> await(approval, within = "3d") >> publish;
    ///         await(approval) - "expired" >> escalate;
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
    /// let mut article = Article::default();
    /// Publish.with(Nobody).run(&mut article).await?;
    /// assert_eq!(article.state, "late");
    /// # let within = Publish::GRAPH.places[1].node.within;
    /// # assert_eq!(within, Some(Duration::from_secs(3 * 24 * 60 * 60)));
    /// # Ok(()) }
    /// ```
    pub fn expires_after(&self) -> Option<Duration> {
        self.graph().places[self.frame.site.place].node.within
    }

    /// How long this step sleeps, if it is a declared `sleep("1h")`. Without a driver that does it in
    /// another way, it sleeps in memory.
    pub fn sleeps_for(&self) -> Option<Duration> {
        self.graph().places[self.frame.site.place].node.sleeps
    }

    /// Which of a fork's nodes this is, counted from 0.
    pub fn branch_number(&self) -> Option<usize> {
        self.frame.site.branch
    }

    /// The index of the place in [`Graph::places`] of the innermost flow. For one of a fork's nodes, it
    /// is that of the fork.
    pub fn place_number(&self) -> usize {
        self.frame.site.place
    }

    /// How often this run has taken an edge of the innermost flow, if the edge is bounded. `edge` is its
    /// index in [`Graph::edges`]. The count starts over with each visit to the flow. Inside
    /// [`Driver::step`](crate::Driver::step), the edge that the step takes is not counted yet.
    ///
    /// ```
    /// use pocketflow::{Action, Driver, Error, Run, Shared, StepInfo, Taken, flow, node};
    ///
    /// /// Prints how many more times a bounded edge can be taken.
    /// struct Left;
    ///
    /// impl<S: Shared> Driver<S> for Left {
    ///     async fn step<R: Run<S>>(&self, info: &StepInfo<'_>, shared: &mut S, run: R) -> Result<Taken, Error> {
    ///         let taken = run.run(shared).await?;
    ///         for (index, edge) in info.graph().edges.iter().enumerate() {
    ///             if let (true, Some(bound)) = (edge.from == info.place_number(), edge.bound) {
    ///                 println!("{} >>: {} of {}", edge.action, info.times_taken(index), bound.max);
    /// #               COUNTS.lock().unwrap().push(info.times_taken(index));
    ///             }
    ///         }
    ///         Ok(taken)
    ///     }
    /// }
    ///
    /// # static COUNTS: std::sync::Mutex<Vec<u32>> = std::sync::Mutex::new(Vec::new());
    /// # #[derive(Shared, Default)] struct Article { text: String }
    /// # #[derive(Action)] enum Verdict { Good, Bad }
    /// # #[node(Article, writes = text)] fn draft() -> String { "…".into() }
    /// # #[node(Article)] fn review(text: &str) -> Verdict { if text == "…" { Verdict::Bad } else { Verdict::Good } }
    /// flow! {
    ///     Write {
    ///         draft >> review;
    ///         review - "bad" >> draft max 2 else end;
    ///         review - "good" >> end;
    ///     }
    /// }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
    /// Write.with(Left).run(&mut Article::default()).await?;
    /// # assert_eq!(*COUNTS.lock().unwrap(), [0, 1, 2]);
    /// # Ok(()) }
    /// ```
    pub fn times_taken(&self, edge: usize) -> u32 {
        self.state.taken_of(self.frame, edge)
    }

    /// The place of the flow in the flow around it, if there is one in this run. For the place that an
    /// inner run is in, see [`inner_run`](Self::inner_run).
    pub fn parent(&self) -> Option<StepInfo<'a>> {
        let parent = self.frame.parent?;
        self.state.level(parent)?;
        Some(StepInfo {
            frame: parent,
            items: None,
            ..*self
        })
    }

    /// The number of this step in the run, counted from 1. Steps in nested flows count. An inner run
    /// counts its own steps, and is a part of one step of the run around it.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// How many steps have begun in the whole run, including this one: those of the outermost run and
    /// those of all inner runs.
    pub fn total_steps(&self) -> u64 {
        self.total
    }

    /// Whether this step has finished before, in an earlier process: the run resumes after it. A driver
    /// returns the action that it took, and the step does not run again, so a driver that reports steps
    /// leaves it out.
    pub fn has_finished_before(&self) -> bool {
        self.state.resumes_after(self.step)
    }

    /// The id of the run, if a driver has one. That of an inner run also has the number of the outer
    /// step, the field, and the item: `order-17/4/documents[3]`.
    pub fn run_id(&self) -> Option<&'a str> {
        Some(self.state.id(self.run?))
    }

    /// How many items the batch has. It is known around each item, and around its exec and its
    /// attempts. Around the step it is `None`, because the items are collected inside the step, in
    /// `prep`. It is also `None` if the node is not a batch.
    ///
    /// ```
    /// use pocketflow::seam::Items;
    /// use pocketflow::{Driver, Error, ItemCall, ItemId, KeepDriver, Node, Shared, StepInfo, flow, node};
    /// use std::sync::atomic::{AtomicUsize, Ordering};
    ///
    /// /// Prints how many items are done.
    /// #[derive(Default)]
    /// struct Progress { done: AtomicUsize }
    ///
    /// impl<S: Shared> Driver<S, Items> for Progress {}
    ///
    /// impl<S: Shared, Marker, N: Node<S, Marker>> KeepDriver<S, Marker, N> for Progress {
    ///     async fn item<C>(&self, info: &StepInfo<'_>, _item: ItemId<'_>, call: C) -> Result<N::Exec, Error>
    ///     where
    ///         C: ItemCall<S, Marker, N>,
    ///     {
    ///         let result = call.call().await;
    ///         if let Some(items) = info.items() {
    ///             let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
    ///             println!("{info}: {done} of {items}");
    /// #           assert_eq!(items, 2);
    ///         }
    ///         result
    ///     }
    /// }
    ///
    /// # #[derive(Shared, Default)] struct Article { titles: Vec<String>, drafts: Option<Vec<String>> }
    /// #[node(Article, writes = drafts, parallel = 4)]
    /// async fn draft(#[each(titles)] title: &str) -> String { format!("All about {title}.") }
    ///
    /// flow! { Write { draft; } }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
    /// let mut article = Article { titles: vec!["rain".into(), "snow".into()], drafts: None };
    /// # let progress = Progress::default();
    /// # Write.with(&progress).run(&mut article).await?;
    /// # assert_eq!(progress.done.into_inner(), 2);
    /// Write.with(Progress::default()).run(&mut article).await?;
    /// # Ok(()) }
    /// ```
    pub fn items(&self) -> Option<usize> {
        self.items
    }

    /// The names from the outermost flow down to this place.
    pub fn path(&self) -> Vec<&'static str> {
        match self.begun() {
            Some(graph) => Frame::above(Some(self.frame), graph),
            None => self.frame.path(),
        }
    }

    /// Makes an error of a driver at this place.
    pub fn error(&self, cause: impl Into<BoxError>) -> Error {
        self.state
            .in_items(Error::new(self.path(), Stage::Driver, cause))
    }

    /// Makes an error with which a driver suspends the run at this place, to go on later: it waits for
    /// something that may take days, say. Such an error does not end what runs at the same time. In
    /// `Flow.each(field, parallel = n)` and in a fork of flows, the others go on, and the step ends
    /// with the error when nothing else is left.
    ///
    /// [`Error::suspends`] tells such an error from one that ends the run.
    ///
    /// ```
    /// use pocketflow::{Driver, Error, Run, Shared, StepInfo, Taken, flow, node};
    ///
    /// /// Waits for nothing.
    /// struct Park;
    ///
    /// impl<S: Shared> Driver<S> for Park {
    ///     async fn step<R: Run<S>>(&self, info: &StepInfo<'_>, shared: &mut S, run: R) -> Result<Taken, Error> {
    ///         match info.waits_for() {
    ///             Some(field) => Err(info.suspend(format!("it waits for `{field}`"))),
    ///             None => run.run(shared).await,
    ///         }
    ///     }
    /// }
    ///
    /// #[derive(Shared, Default)]
    /// struct Document { draft: Option<String>, approval: Option<String> }
    /// #[derive(Shared, Default)]
    /// struct Library { documents: [Document; 3] }
    ///
    /// #[node(Document, writes = draft)]
    /// async fn draft() -> String { "…".into() }
    ///
    /// flow! { Write { draft >> await(approval); } }
    /// flow! { WriteAll: Library { Write.each(documents, parallel = 2); } }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut library = Library::default();
    /// let error = WriteAll.with(Park).run(&mut library).await.unwrap_err();
    /// assert!(error.suspends());
    /// assert_eq!(
    ///     format!("{error:#}"),
    ///     "WriteAll > documents[0] > await(approval): stopped: it waits for `approval`",
    /// );
    /// // All of them have been drafted.
    /// assert!(library.documents.iter().all(|document| document.draft.is_some()));
    /// # }
    /// ```
    pub fn suspend(&self, cause: impl Into<BoxError>) -> Error {
        self.state.in_items(Error::suspending(self.path(), cause))
    }

    /// Makes the error of a node that has failed before, in an inner run that is not run again because
    /// its failure [goes to a field](crate::InnerRun::collects_failures). A driver that has stored the
    /// failure returns this from [`begin`](crate::Driver::begin), and the field gets the same
    /// [`Failed`].
    pub fn failed(&self, failed: Failed) -> Error {
        self.state
            .in_items(Error::failed_before(self.path(), failed))
    }

    /// Makes the error of the node at this place, as if its exec had ended so. An error edge and a
    /// `failures` field take it as the node's own. `item` is the index of the item, in a batch.
    ///
    /// A driver that gives back how an exec has ended before, or that makes one up, returns it from
    /// [`ExecDriver::exec`](crate::ExecDriver::exec) or, so that a driver around it can still replace
    /// the attempt, as a [`Failure::ending`](crate::Failure::ending) from
    /// [`ExecDriver::attempt`](crate::ExecDriver::attempt).
    ///
    /// ```
    /// use pocketflow::seam::Execs;
    /// use pocketflow::{
    ///     Attempt, AttemptCall, Driver, ExecDriver, Failed, Failure, Node, Shared, Stage, StepInfo, flow, node,
    /// };
    ///
    /// /// Lets every node fail at its last attempt.
    /// struct Outage;
    ///
    /// impl<S: Shared> Driver<S, Execs> for Outage {}
    ///
    /// impl<S: Shared, Marker, N: Node<S, Marker>> ExecDriver<S, Marker, N> for Outage {
    ///     async fn attempt<C>(&self, info: &StepInfo<'_>, attempt: Attempt<'_>, _call: C) -> Result<N::Exec, Failure>
    ///     where
    ///         C: AttemptCall<S, Marker, N>,
    ///     {
    ///         let stage = Stage::Exec { attempt: attempt.of(), attempts: attempt.of() };
    ///         Err(Failure::ending(info.failure(attempt.item(), stage, "no network")))
    ///     }
    /// }
    ///
    /// #[derive(Shared, Default)]
    /// struct Order { receipt: Option<String>, problem: Option<Failed>, note: String }
    ///
    /// #[node(Order, writes = receipt, attempts = 5, wait = "1h")]
    /// async fn pay() -> Result<String, String> { Ok("paid".into()) }
    ///
    /// #[node(Order, writes = note)]
    /// fn release(problem: &Failed) -> String { format!("released: {problem:#}") }
    ///
    /// flow! { Checkout { pay - error(problem) >> release; } }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// let mut order = Order::default();
    /// let error = Checkout.with(Outage).run(&mut order).await.unwrap_err();
    /// assert_eq!(order.problem.unwrap().attempts, 5);
    /// // `release` cannot fail by itself, and has no error edge.
    /// assert_eq!(format!("{error:#}"), "Checkout > release: exec failed: no network");
    /// # }
    /// ```
    pub fn failure(&self, item: Option<usize>, stage: Stage, cause: impl Into<BoxError>) -> Error {
        let error = Error::at_item(self.path(), item, stage, cause);
        self.state.in_items(error)
    }

    /// The position at which a run can resume here: see [`With::resume`](crate::With::resume). At a
    /// node of a fork, it is the position of the whole fork.
    ///
    /// After a step, it counts the steps of the inner runs of that step.
    pub fn position(&self) -> Position {
        let mut flows = Vec::new();
        let mut frame = Some(self.frame).filter(|_| !self.begins_inner_run());
        while let Some(here @ Frame { parent, site }) = frame {
            flows.push(FlowPosition {
                flow: site.graph().label().into(),
                fingerprint: site.graph().fingerprint(),
                place: site.graph().places[site.place].name.into(),
                taken: self.state.taken(here),
            });
            frame = parent.filter(|parent| self.state.level(parent).is_some());
        }
        flows.reverse();
        Position {
            steps: self.step.saturating_sub(1),
            inner_steps: self.state.ended_inner_steps(),
            flows,
        }
    }
}

impl fmt::Display for StepInfo<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state.outer {
            Some(outer) if self.begins_inner_run() => write_run(f, self.frame, outer),
            _ => {
                write_above(f, self.frame, self.state)?;
                write!(f, " > {}", self.name())
            }
        }
    }
}

impl Graph {
    /// Makes an error of a driver at this flow, as [`StepInfo::error`] does at a step.
    pub fn error(&self, cause: impl Into<BoxError>) -> Error {
        Error::new(vec![self.label()], Stage::Driver, cause)
    }
}

/// Where a run begins: see [`Driver::begin`](crate::Driver::begin).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// At the flow's first node, or where [`With::resume`](crate::With::resume) says.
    Fresh,
    /// At this position. The step there runs again.
    At(Position),
    /// After the step at this position, which has finished before. The driver that returns this returns
    /// the action that the step took from [`Driver::step`](crate::Driver::step), and does not run it.
    After(Position),
    /// The run has already finished, at the exit with this index in [`Graph::exits`].
    Over(usize),
}
