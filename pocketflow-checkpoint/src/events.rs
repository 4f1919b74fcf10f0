//! What durable runs report through [`tracing`](https://docs.rs/tracing), with the feature `tracing`:
//! events with the target `pocketflow_checkpoint`.
//!
//! The name of an event is also its message. No event contains a value that was filled in, or the
//! state of a run. Count the events of a name, or collect the field `micros`, to have metrics.
//!
//! | event | level | fields | when |
//! | --- | --- | --- | --- |
//! | `run started` | info | `run`, `flow` | a new run is stored |
//! | `run enqueued` | info | `run`, `flow` | a new run is stored for a worker |
//! | `run resumed` | info | `run`, `flow`, `step` | a known run goes on after its step `step` |
//! | `run waits` | info | `run`, `wait`, `step` | a run waits in memory |
//! | `run parked` | info | `run`, `wait`, `step` | a run waits and has ended in this process |
//! | `attempt waits` | info | `run`, `step`, `attempt`, `of`, `seconds` | an exec waits for another attempt, and that is stored |
//! | `run finished` | info | `run`, `exit` | a run has reached an exit |
//! | `run failed` | error | `run`, `error` | a run has failed for good, and can be started again |
//! | `run deferred` | warn | `run`, `error` | this program cannot resume a run that its worker has taken up |
//! | `run stuck` | error | `run`, `why` | too many processes have died in one step of the run |
//! | `run stopped` | warn | `run`, `error` | another process or a person has taken the run from this process |
//! | `run cancelled` | info | `run` | this process has cancelled the run |
//! | `run retried`, `run removed` | info | `run` | this process has let it start again, or removed it |
//! | `run rewound` | info | `run`, `step` | this process has put it back to this step |
//! | `run edited` | info | `run`, `field` | this process has set a field of its state |
//! | `lease taken over` | warn | `run`, `from`, `to` | the process that drove the run has died, or was too slow |
//! | `lease lost` | warn | `run`, `owner`, `error` | this process does not hold the lease of its run any more |
//! | `lease released` | warn | `run` | this process has released the lease of another |
//! | `wait filled` | info | `run`, `wait` | an answer is stored |
//! | `fill refused` | warn | `run`, `wait`, `error` | an answer is not stored, or does not fit when the run resumes |
//! | `wait expired` | info | `run`, `step`, `wait` | no answer came within the deadline |
//! | `step stored` | debug | `run`, `step`, `path`, `micros` | a step is durable; `micros` is how long that took, with its retries |
//! | `item stored` | trace | `run`, `step`, `micros` | an item of a batch or a branch of a fork is durable |
//! | `results left over` | warn | `run`, `node`, `count` | stored results belong to items that are not in the list any more |
//! | `runs taken up` | debug | `count`, `micros` | a worker has claimed runs; `micros` is how long that took |
//! | `orphans found` | warn | `count` | processes have died, and the runs that they drove go on |
//! | `worker waits` | warn | `error`, `failures` | a worker cannot reach the storage, and tries again |
//! | `task of the worker failed` | error | `error` | code outside of the nodes has panicked |
//! | `runs pruned` | info | `status`, `count` | runs were removed because of their age |
//! | `prune failed` | warn | `status`, `error` | the runs that are old enough could not be removed |

/// Reports an event.
#[cfg(feature = "tracing")]
macro_rules! event {
    ($level:ident, $name:literal $(, $field:ident = $value:expr)* $(,)?) => {
        ::tracing::event!(
            name: $name,
            target: "pocketflow_checkpoint",
            ::tracing::Level::$level,
            $($field = $value,)*
            $name
        )
    };
}

/// Evaluates nothing, but counts as a use of its values.
#[cfg(not(feature = "tracing"))]
macro_rules! event {
    ($level:ident, $name:literal $(, $field:ident = $value:expr)* $(,)?) => {
        if false {
            $(let _ = &$value;)*
        }
    };
}

pub(crate) use event;
