//! The statements that read runs.

/// The columns of a [`RunSummary`](crate::RunSummary). The owner of an inner run is that of the
/// outermost run.
macro_rules! summary {
    () => {
        "SELECT r.run, r.flow, r.status, r.step, r.path, \
         CASE WHEN r.root IS NULL THEN r.owner ELSE (SELECT o.owner FROM runs o WHERE o.run = r.root) END, \
         CASE WHEN r.root IS NULL THEN r.lease_until ELSE (SELECT o.lease_until FROM runs o WHERE o.run = r.root) END, \
         r.exit, r.message, r.waits_for, r.visit, r.filled, r.created, r.updated, r.parent, \
         CASE WHEN r.status = 'waiting' AND r.waits_for IS NULL THEN \
         (SELECT count(*) FROM runs i WHERE i.root = r.run AND i.status = 'waiting' AND i.filled = 0) ELSE 0 END, \
         CASE WHEN r.status = 'waiting' AND r.filled = 0 THEN (SELECT max(w.deadline) FROM waits w \
         WHERE w.run = r.run AND w.field = coalesce(r.waits_for, '') AND w.step = r.step + 1) END, \
         a.path, a.number, a.attempts, a.due, a.causes, r.beat"
    };
}

/// The runs, each with the attempt for which it waits. If there are several, a run that waits in memory
/// has the last of them.
macro_rules! summarized {
    () => {
        " FROM runs r LEFT JOIN attempts a ON a.run = r.run AND a.step = r.step + 1 AND (a.branch, a.item) = \
         (SELECT b.branch, b.item FROM attempts b WHERE b.run = r.run AND b.step = r.step + 1 \
         ORDER BY CASE WHEN r.status = 'waiting' THEN abs(b.due - coalesce(r.due, 0)) ELSE -b.due END, b.branch, b.item LIMIT 1)"
    };
}

/// The outermost runs, and the inner runs that wait, unless they are cancelled with the outermost run.
macro_rules! listed {
    () => {
        "(r.parent IS NULL OR r.status = 'waiting' \
         AND (SELECT o.status FROM runs o WHERE o.run = r.root) <> 'cancelled') ORDER BY r.updated, r.run"
    };
}
pub(crate) const LIST_ALL: &str = concat!(summary!(), summarized!(), " WHERE ", listed!());
pub(crate) const LIST: &str = concat!(
    summary!(),
    summarized!(),
    " WHERE r.status = ?1 AND ",
    listed!()
);
pub(crate) const SHOW: &str = concat!(
    summary!(),
    ", r.position, r.action, r.crashes, g.text, r.state, r.beat, (SELECT count(*) FROM runs i WHERE i.parent = r.run)",
    summarized!(),
    " LEFT JOIN texts g ON g.run = r.run AND g.name = '' AND g.version = r.graph WHERE r.run = ?1"
);
