//! The statements about the attempts for which runs wait.

pub(crate) const KEEP_ATTEMPT: &str = "
INSERT INTO attempts (run, step, branch, item, path, number, attempts, due, causes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
ON CONFLICT (run, step, branch, item) DO UPDATE SET path = excluded.path, number = excluded.number,
    attempts = excluded.attempts, due = excluded.due, causes = excluded.causes";
pub(crate) const ATTEMPT_AT: &str =
    "SELECT number, due FROM attempts WHERE run = ?1 AND step = ?2 AND branch = ?3 AND item = ?4";
pub(crate) const ATTEMPTS: &str = "
SELECT branch, item, path, number, attempts, causes FROM attempts WHERE run = ?1 AND step = ?2 ORDER BY branch, item";
pub(crate) const DROP_ATTEMPTS: &str = "DELETE FROM attempts WHERE run = ?1 AND step <= ?2";
pub(crate) const DROP_ALL_ATTEMPTS: &str = "DELETE FROM attempts WHERE run = ?1";
/// Those of a run and its inner runs.
pub(crate) const DROP_ATTEMPTS_WITHIN: &str = "
DELETE FROM attempts WHERE run = ?1 OR run IN (SELECT run FROM runs WHERE root = ?1)";
/// Nothing of the run can go on before an attempt is due. An inner run has no lease; a worker takes up
/// the outermost run, which takes its inner runs along.
pub(crate) const WAIT_TO_RETRY: &str = "
UPDATE runs SET status = 'waiting', waits_for = NULL, visit = NULL, filled = 0, message = NULL, updated = ?2, due = ?3,
    owner = NULL, lease = NULL, lease_until = NULL, crashes = 0, crash_mark = NULL
WHERE run = ?1";
