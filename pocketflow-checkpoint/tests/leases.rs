//! Leases with wrong clocks, with storages that hang for a while, and with runtimes that end.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::{
    BeginOutcome, Checkpoints, NewRun, Sqlite, Status, Storage, StorageError,
};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

const LEASE: Duration = Duration::from_millis(300);

fn new() -> NewRun {
    NewRun {
        flow: "F".into(),
        graph: "{}".into(),
        state: "{}".into(),
        position: "null".into(),
    }
}

fn file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("runs.db");
    (folder, file)
}

/// Sets the end of a lease as an owner would whose clock is wrong by this many hours.
fn shift(file: &Path, hours: i64) {
    let db = rusqlite::Connection::open(file).unwrap();
    db.busy_timeout(Duration::from_secs(30)).unwrap();
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    db.execute(
        "UPDATE runs SET lease_until = ?1 WHERE run = 'r'",
        [now + hours * 3_600_000],
    )
    .unwrap();
}

#[tokio::test]
async fn an_owner_that_moves_keeps_its_run_whatever_the_clocks_say() {
    let (_folder, file) = file();
    let (a, b) = (
        Sqlite::open(&file).await.unwrap(),
        Sqlite::open(&file).await.unwrap(),
    );
    a.begin("r", "me", LEASE, &new()).await.unwrap();
    for hours in [-1, 1] {
        shift(&file, hours);
        let moves = async {
            loop {
                tokio::time::sleep(LEASE / 3).await;
                a.renew("r", "me", LEASE).await.unwrap();
                shift(&file, hours);
            }
        };
        let (begun, removed) = tokio::select! {
            () = moves => unreachable!(),
            both = async { (b.begin("r", "you", LEASE, &new()).await, b.remove("r").await) } => both,
        };
        assert!(
            matches!(begun, Err(StorageError::Alive { .. })),
            "{hours} h: {begun:?}"
        );
        assert!(
            matches!(removed, Err(StorageError::Alive { .. })),
            "{hours} h: {removed:?}"
        );
    }
}

#[tokio::test]
async fn an_owner_that_does_not_move_is_waited_for_as_long_as_its_lease_lasts() {
    let (_folder, file) = file();
    let (a, b) = (
        Sqlite::open(&file).await.unwrap(),
        Sqlite::open(&file).await.unwrap(),
    );
    for hours in [-1, 1] {
        a.begin("r", "me", LEASE, &new()).await.unwrap();
        shift(&file, hours);
        let start = Instant::now();
        let begun = b.begin("r", "you", LEASE, &new()).await.unwrap();
        assert!(
            matches!(begun, BeginOutcome::Known(record) if record.owner.as_deref() == Some("you"))
        );
        let waited = start.elapsed();
        assert!(waited >= LEASE * 9 / 10, "{hours} h: {waited:?}");
        assert!(waited < LEASE * 20, "{hours} h: {waited:?}");
        assert!(matches!(
            a.renew("r", "me", LEASE).await,
            Err(StorageError::LeaseLost { .. })
        ));
        shift(&file, hours);
        b.remove("r").await.unwrap();
    }
}

/// While the file is locked, its owner cannot renew the lease, although it is alive.
#[tokio::test]
async fn the_time_for_which_the_file_is_locked_is_not_held_against_the_owner() {
    let (_folder, file) = file();
    let (a, b) = (
        Sqlite::open(&file).await.unwrap(),
        Sqlite::open(&file).await.unwrap(),
    );
    a.begin("r", "me", LEASE, &new()).await.unwrap();
    shift(&file, -1);
    let lock = rusqlite::Connection::open(&file).unwrap();
    let begin = async {
        let begun = b.begin("r", "you", LEASE, &new()).await;
        assert!(
            matches!(begun, Err(StorageError::Alive { .. })),
            "{begun:?}"
        );
    };
    let hangs = async {
        tokio::time::sleep(LEASE / 3).await;
        lock.execute_batch("BEGIN IMMEDIATE").unwrap();
        let renew = a.renew("r", "me", LEASE);
        let unlock = async {
            tokio::time::sleep(LEASE * 4).await;
            lock.execute_batch("ROLLBACK").unwrap();
        };
        let (renewed, ()) = tokio::join!(renew, unlock);
        renewed.unwrap();
    };
    tokio::join!(begin, hangs);
}

#[derive(Shared, Default, Debug, Serialize, Deserialize)]
struct Bill {
    paid: Option<u32>,
    sent: Option<u32>,
}

static PAID: AtomicUsize = AtomicUsize::new(0);
/// Only one test at a time runs this flow.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
static AT_WORK: tokio::sync::Notify = tokio::sync::Notify::const_new();
static GO_ON: tokio::sync::Notify = tokio::sync::Notify::const_new();

/// Returns when the test says so.
#[node(Bill, writes = paid)]
async fn pay() -> u32 {
    AT_WORK.notify_one();
    GO_ON.notified().await;
    PAID.fetch_add(1, SeqCst) as u32
}

#[node(Bill, writes = sent)]
async fn send(paid: &u32) -> u32 {
    paid + 1
}

flow! { Pay { pay >> send; } }

/// Longer than the lease, and longer than a call waits for the lock.
#[tokio::test]
async fn a_lock_that_somebody_holds_for_long_costs_no_finished_work() {
    let _alone = ALONE.lock().await;
    let before = PAID.load(SeqCst);
    let (_folder, file) = file();
    let storage = Sqlite::options()
        .busy_timeout(Duration::from_millis(50))
        .open(&file)
        .await
        .unwrap();
    let runs = Checkpoints::new(storage).lease(LEASE);
    let mut bill = Bill::default();
    let lock = rusqlite::Connection::open(&file).unwrap();
    let hangs = async {
        AT_WORK.notified().await;
        lock.execute_batch("BEGIN IMMEDIATE").unwrap();
        GO_ON.notify_one();
        tokio::time::sleep(LEASE * 4).await;
        lock.execute_batch("ROLLBACK").unwrap();
    };
    let (done, ()) = tokio::join!(Pay.with(runs.run("r")).run(&mut bill), hangs);
    done.unwrap();
    assert_eq!(
        (PAID.load(SeqCst) - before, bill.sent),
        (1, Some(before as u32 + 1))
    );
    assert_eq!(runs.list(Some(Status::Finished)).await.unwrap().len(), 1);
}

#[node(Bill)]
async fn for_ever() {
    std::future::pending::<()>().await;
}

flow! { Hang { for_ever; } }

/// How a program can end with an unfinished run. Each one uses a single-threaded runtime, which has
/// no time to do anything afterwards.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Like Ctrl-C: the future is dropped, and then the runtime.
    Drops,
    Panics,
    /// Like Ctrl-C with a run in a separate task.
    LeavesTasks,
}

fn ends<S: Storage + Clone>(end: End, storage: impl AsyncFnOnce() -> S + Send) {
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let runs = Checkpoints::new(storage().await);
            let looks = runs.clone();
            let begun = async {
                while looks.list(Some(Status::Running)).await.unwrap().is_empty() {
                    tokio::task::yield_now().await;
                }
            };
            let run = runs.run("r");
            let hangs = async move { drop(Hang.with(run).run(&mut Bill::default()).await) };
            if let End::LeavesTasks = end {
                tokio::spawn(hangs);
                return begun.await;
            }
            tokio::select! {
                () = hangs => unreachable!(),
                () = begun => assert!(!matches!(end, End::Panics), "on purpose"),
            }
        });
    }));
    assert_eq!(ended.is_err(), matches!(end, End::Panics));
}

#[test]
fn a_program_that_ends_leaves_no_lease_behind() {
    for end in [End::Drops, End::Panics, End::LeavesTasks] {
        let (_folder, file) = file();
        ends(end, async || Sqlite::open(&file).await.unwrap());
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let run = runtime.block_on(async {
            Sqlite::open(&file)
                .await
                .unwrap()
                .show("r")
                .await
                .unwrap()
                .unwrap()
        });
        assert_eq!(run.owner, None, "{end:?}");
    }
}

#[cfg(feature = "postgres")]
#[test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
fn a_program_that_ends_leaves_no_lease_on_a_server() {
    use pocketflow_checkpoint::Postgres;
    let config = std::env::var("POCKETFLOW_POSTGRES")
        .expect("no server in POCKETFLOW_POSTGRES: see scripts/with-postgres");
    for end in [End::Drops, End::Panics, End::LeavesTasks] {
        let schema = format!("ends {end:?}");
        ends(end, async || {
            Postgres::connect_in(&config, &schema).await.unwrap()
        });
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let run = runtime.block_on(async {
            Postgres::connect_in(&config, &schema)
                .await
                .unwrap()
                .show("r")
                .await
                .unwrap()
                .unwrap()
        });
        assert_eq!(run.owner, None, "{end:?}");
    }
}

/// The server is restarted abruptly while `exec` is running, and while its result is being stored.
#[cfg(feature = "postgres")]
#[tokio::test]
#[ignore = "restarts the server of POCKETFLOW_POSTGRES, so it runs alone: scripts/with-postgres runs one"]
async fn a_server_that_is_restarted_costs_no_finished_work() {
    let _alone = ALONE.lock().await;
    use pocketflow_checkpoint::Postgres;
    let config = std::env::var("POCKETFLOW_POSTGRES")
        .expect("no server in POCKETFLOW_POSTGRES: see scripts/with-postgres");
    let folder = config
        .split(' ')
        .find_map(|part| part.strip_prefix("host="))
        .unwrap();
    let paid = PAID.load(SeqCst);
    let runs =
        Checkpoints::new(Postgres::connect_in(&config, "restart").await.unwrap()).lease(LEASE);
    let mut bill = Bill::default();
    let restart = async {
        AT_WORK.notified().await;
        // The same command as in scripts/with-postgres.
        let command = format!(
            "PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1); cd {folder}; as=; \
             [ $(id -u) -ne 0 ] || as='runuser -u postgres -- env PATH='$PATH; \
             exec $as pg_ctl -D {folder}/data -l {folder}/data/log -m immediate -w restart"
        );
        let mut bash = std::process::Command::new("bash");
        let mut restarts = bash
            .args(["-c", &command])
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        GO_ON.notify_one();
        assert!(
            tokio::task::spawn_blocking(move || restarts.wait())
                .await
                .unwrap()
                .unwrap()
                .success()
        );
    };
    let (done, ()) = tokio::join!(Pay.with(runs.run("r")).run(&mut bill), restart);
    done.unwrap();
    assert_eq!((PAID.load(SeqCst) - paid, bill.sent.is_some()), (1, true));
    assert_eq!(runs.list(Some(Status::Finished)).await.unwrap().len(), 1);
}
