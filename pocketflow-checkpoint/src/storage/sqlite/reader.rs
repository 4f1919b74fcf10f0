//! A second connection, which only reads: a query does not wait for what writes, which may wait for
//! another process.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};

use tokio::sync::oneshot;

use super::files::Files;
use super::group::{self, Job};
use super::open::Open;
use super::{Target, open, place};

/// The thread with that connection, which starts with the first operation.
#[derive(Default)]
pub(super) struct Reader(Mutex<State>);

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Running {
        queue: mpsc::Sender<Job>,
        ended: oneshot::Receiver<()>,
    },
    Ended,
}

impl Reader {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Performs an operation. What it cannot read goes to `otherwise`.
    pub(super) fn send(
        &self,
        job: Job,
        target: impl FnOnce() -> (Target, Option<Files>),
        otherwise: impl Fn(Job) + Send + 'static,
    ) -> Result<(), Job> {
        let mut state = self.state();
        if let State::Idle = *state {
            let (queue, jobs) = mpsc::channel();
            let (end, ended) = oneshot::channel();
            let (target, files) = target();
            let thread = std::thread::Builder::new().name("pocketflow-reads".to_owned());
            let started = thread.spawn(move || {
                let place = place(&target.path);
                read(&place, open_to_read(&target, files), &jobs, otherwise);
                let _ = end.send(());
            });
            *state = match started {
                Ok(_) => State::Running { queue, ended },
                Err(_) => State::Ended,
            };
        }
        match &*state {
            State::Running { queue, .. } => queue.send(job).map_err(|unsent| unsent.0),
            State::Idle | State::Ended => Err(job),
        }
    }

    /// Ends it after the operations that were sent.
    pub(super) async fn close(&self) {
        let state = std::mem::replace(&mut *self.state(), State::Ended);
        if let State::Running { queue, ended } = state {
            drop(queue);
            let _ = ended.await;
        }
    }

    /// [`close`](Self::close) without waiting.
    pub(super) fn end(&mut self) {
        *self.state() = State::Ended;
    }
}

fn open_to_read(target: &Target, files: Option<Files>) -> Option<Open> {
    let mut open = open::open(target).ok()?;
    // Another file may have taken the name of the one that is written.
    open.files = files?;
    Some(open)
}

/// Performs operations until no handle is left. The connection closes before that of the writer,
/// which then writes the log into the file.
fn read(
    place: &str,
    mut open: Option<Open>,
    jobs: &mpsc::Receiver<Job>,
    otherwise: impl Fn(Job) + Send + 'static,
) {
    while let Ok(job) = jobs.recv() {
        match &mut open {
            Some(open) => group::perform(open, place, vec![job]),
            None => otherwise(job),
        }
    }
    drop(open);
    drop(otherwise);
}

impl Target {
    /// The same file, only to be read.
    pub(super) fn only_read(path: &Path, options: &super::SqliteOptions) -> Self {
        Self {
            path: path.to_owned(),
            options: options.clone().read_only(true),
        }
    }
}
