//! A run on an inner store, as a driver sees it.

use std::fmt;

use super::frame::Frame;
use super::state::{OuterRun, RunState};
use super::step_info::StepInfo;
use crate::graph::Graph;
use crate::run_error::ItemName;

/// A run on an inner store, for `Flow.on(field)` and for each item of `Flow.each(field)`: see
/// [`StepInfo::inner_run`].
#[derive(Debug, Clone, Copy)]
pub struct InnerRun<'a> {
    pub(super) outer: &'a OuterRun,
    /// The information about the outer step.
    pub(super) step: StepInfo<'a>,
}

impl<'a> InnerRun<'a> {
    /// The field of the outer store that it runs on.
    pub fn field(&self) -> &'static str {
        self.outer.field
    }

    /// Which item of the field it runs on, for `Flow.each(field)`.
    pub fn item(&self) -> Option<&'a ItemName> {
        self.outer.item.as_ref()
    }

    /// Whether a failure of this run goes to a field of the outer store, so that the other items go on:
    /// `Flow.each(field, failures = problems)`.
    pub fn collects_failures(&self) -> bool {
        let each = self.step.frame.site.on().and_then(|on| on.each);
        each.is_some_and(|each| each.failures.is_some())
    }

    /// The step of the outer run that it belongs to or, in a fork, the branch.
    pub fn outer(&self) -> StepInfo<'a> {
        self.step
    }
}

impl<'a> StepInfo<'a> {
    /// The run on an inner store that this is a step of. It is `None` in the outermost run. The run
    /// around it is that of [`outer`](InnerRun::outer), which may be an inner run as well.
    ///
    /// ```
    /// use pocketflow::{Driver, Error, Run, Shared, StepInfo, Taken, flow, node};
    /// use std::sync::Mutex;
    ///
    /// /// Records the step of each run, and the place of the inner runs.
    /// #[derive(Default)]
    /// struct Log(Mutex<Vec<String>>);
    ///
    /// impl<S: Shared> Driver<S> for Log {
    ///     async fn step<R: Run<S>>(&self, info: &StepInfo<'_>, shared: &mut S, run: R) -> Result<Taken, Error> {
    ///         let taken = run.run(shared).await?;
    ///         let inner = info.inner_run().map(|inner| inner.field());
    ///         self.0.lock().unwrap().push(format!("{}. {info}, in {inner:?}", info.step()));
    ///         Ok(taken)
    ///     }
    /// }
    ///
    /// #[derive(Shared, Default)] struct Document { text: String, words: usize }
    /// #[derive(Shared, Default)] struct Library { documents: Vec<Document>, words: usize }
    ///
    /// #[node(Document, writes = words)] fn count(text: &str) -> usize { text.split(' ').count() }
    /// #[node(Library, writes = words)]
    /// fn add(documents: &[Document]) -> usize { documents.iter().map(|document| document.words).sum() }
    ///
    /// flow! { Count { count; } }
    /// flow! { Digest: Library { Count.each(documents) >> add; } }
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> {
    /// let document = |text: &str| Document { text: text.into(), words: 0 };
    /// let documents = vec![document("a b"), document("c")];
    /// let (log, mut library) = (Log::default(), Library { documents, words: 0 });
    /// Digest.with(&log).run(&mut library).await?;
    /// assert_eq!(library.words, 3);
    /// assert_eq!(*log.0.lock().unwrap(), [
    ///     r#"1. Digest > documents[0] > count, in Some("documents")"#,
    ///     r#"1. Digest > documents[1] > count, in Some("documents")"#,
    ///     r#"1. Digest > Count.each(documents), in None"#,
    ///     r#"2. Digest > add, in None"#,
    /// ]);
    /// # Ok(()) }
    /// ```
    pub fn inner_run(&self) -> Option<InnerRun<'a>> {
        let outer = self.state.outer.as_ref()?;
        let mut frame = self.frame;
        while frame.depth() >= outer.depth {
            frame = frame.parent?;
        }
        let step = StepInfo {
            frame,
            state: &outer.state,
            step: outer.step,
            total: outer.total,
            items: None,
            ..*self
        };
        Some(InnerRun { outer, step })
    }

    /// Whether an inner run begins here. [`Driver::begin`](crate::Driver::begin) and
    /// [`Driver::flow`](crate::Driver::flow) receive the place of the outer flow in both cases: for a
    /// flow on an inner store, which is a run of its own, and for a nested flow on the same store,
    /// which is not.
    pub fn begins_inner_run(&self) -> bool {
        self.state.level(self.frame).is_none()
    }

    /// The graph of the inner run that begins here.
    pub(super) fn begun(&self) -> Option<&'static Graph> {
        let on = self.frame.site.on().filter(|_| self.begins_inner_run())?;
        Some(on.graph)
    }
}

/// Writes the path down to a flow that runs in this frame.
pub(super) fn write_above(
    f: &mut fmt::Formatter<'_>,
    frame: &Frame<'_>,
    state: &RunState,
) -> fmt::Result {
    match (frame.parent, &state.outer) {
        (None, _) => f.write_str(frame.site.graph().label()),
        (Some(place), Some(outer)) if frame.depth() == outer.depth => write_run(f, place, outer),
        (Some(place), _) => {
            write_above(f, place, state)?;
            write!(f, " > {}", place.site.name())
        }
    }
}

/// Writes the path down to an inner run at this place.
pub(super) fn write_run(
    f: &mut fmt::Formatter<'_>,
    place: &Frame<'_>,
    outer: &OuterRun,
) -> fmt::Result {
    write_above(f, place, &outer.state)?;
    write!(f, " > {}", outer.field)?;
    match &outer.item {
        Some(item) => fmt::Display::fmt(item, f),
        None => Ok(()),
    }
}
