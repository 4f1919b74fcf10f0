//! A driver that shows the progress of a run on the terminal. It prints nothing if the output is
//! not a terminal.

use indicatif::{ProgressBar, ProgressStyle};
use pocketflow::seam::Execs;
use pocketflow::{
    Attempt, AttemptCall, Driver, Error, ExecCall, ExecDriver, Failure, Node, Run, Shared,
    StepInfo, Taken,
};

/// Shows the running step, how many items of a batch are done, and why an attempt is repeated.
///
/// ```no_run
/// # use pocketflow::{Shared, flow, node};
/// # #[derive(Shared, Default)] struct Article { text: Option<String> }
/// # #[node(Article, writes = text)] fn draft() -> String { String::new() }
/// # flow! { pub Write { draft; } }
/// # async fn run(mut article: Article) -> Result<(), pocketflow::Error> {
/// use pocketflow_examples::progress::Progress;
/// Write.with(Progress::new()).run(&mut article).await?;
/// # Ok(()) }
/// ```
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A spinner.
    pub fn new() -> Self {
        let style = ProgressStyle::with_template("{spinner} {prefix} {msg} ({elapsed})")
            .expect("a template");
        Self::with(ProgressBar::new_spinner(), style)
    }

    /// A progress bar for a batch with this many items.
    pub fn items(items: usize) -> Self {
        let style = ProgressStyle::with_template("{prefix} {wide_bar} {pos}/{len} ({elapsed})");
        Self::with(ProgressBar::new(items as u64), style.expect("a template"))
    }

    fn with(bar: ProgressBar, style: ProgressStyle) -> Self {
        bar.set_style(style);
        bar.enable_steady_tick(std::time::Duration::from_millis(100));
        Self { bar }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl<S: Shared> Driver<S, Execs> for Progress {
    async fn step<R: Run<S>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut S,
        run: R,
    ) -> Result<Taken, Error> {
        self.bar.set_prefix(info.to_string());
        self.bar.set_message("");
        self.bar.set_position(0);
        run.run(shared).await
    }
}

impl<S: Shared, Marker, N: Node<S, Marker>> ExecDriver<S, Marker, N> for Progress {
    async fn exec<C>(
        &self,
        _info: &StepInfo<'_>,
        item: Option<usize>,
        call: C,
    ) -> Result<N::Exec, Error>
    where
        C: ExecCall<S, Marker, N>,
    {
        let result = call.call().await;
        if item.is_some() {
            self.bar.inc(1);
            self.bar
                .set_message(format!("{} done", self.bar.position()));
        }
        result
    }

    /// Shows why there is another attempt. The error of the run explains why the last one failed.
    async fn attempt<C>(
        &self,
        info: &StepInfo<'_>,
        attempt: Attempt<'_>,
        call: C,
    ) -> Result<N::Exec, Failure>
    where
        C: AttemptCall<S, Marker, N>,
    {
        let result = call.call().await;
        if let Err(failure) = &result
            && !attempt.is_last()
        {
            let item = attempt
                .item()
                .map(|item| format!("[{item}]"))
                .unwrap_or_default();
            self.bar
                .suspend(|| eprintln!("{info}{item}: {attempt:?} failed: {failure:#}"));
        }
        result
    }
}
