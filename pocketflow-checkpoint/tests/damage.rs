//! Files that are full, read-only, damaged, newer than the program, or not ours: each gives a clear
//! error, and nothing that was acknowledged is lost.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::{
    Checkpoints, NewRun, Retention, Sqlite, StateChange, Status, Step, Storage, StorageError,
    StorageResult,
};
use serde::{Deserialize, Serialize};

const LEASE: Duration = Duration::from_secs(600);

fn new() -> NewRun {
    NewRun {
        flow: "F".into(),
        graph: "{}".into(),
        state: "{}".into(),
        position: "[]".into(),
    }
}

fn step(step: u64, state: String) -> Step {
    Step {
        inner_runs: false,
        attempts: false,
        step,
        path: "F > a".into(),
        position: "[]".into(),
        action: "default".into(),
        graph: None,
        state: StateChange::all(state),
    }
}

fn large(number: u64) -> String {
    format!(r#"{{"text":"{number} {}"}}"#, "x".repeat(20_000))
}

/// A closed file with one run of this many steps.
async fn file(folder: &Path, steps: u64) -> PathBuf {
    let path = folder.join("runs.db");
    let runs = Sqlite::open(&path).await.unwrap();
    runs.begin("r", "me", LEASE, &new()).await.unwrap();
    for number in 1..=steps {
        runs.commit(
            "r",
            "me",
            LEASE,
            &step(number, large(number)),
            Retention::All,
        )
        .await
        .unwrap();
    }
    runs.close().await;
    path
}

/// The error of opening the file, whose message names the file. Afterwards, everything in the
/// folder must be unchanged.
async fn refused(path: &Path) -> StorageError {
    let contents = || {
        let folder = path.parent().unwrap();
        let mut files: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        files.sort();
        files
            .into_iter()
            .map(|path| (fs::read(&path).ok(), path))
            .collect::<Vec<_>>()
    };
    let before = contents();
    let error = Sqlite::open(path).await.unwrap_err();
    assert!(
        error.to_string().contains(path.to_str().unwrap()),
        "{error}"
    );
    assert!(before == contents(), "the folder has changed");
    error
}

/// Stores steps until the file is full, and returns the error and the last step that was
/// acknowledged.
async fn until_it_is_full(runs: &Sqlite) -> (StorageError, u64) {
    let mut number = 0;
    loop {
        let next = step(number + 1, large(number + 1));
        match runs.commit("r", "me", LEASE, &next, Retention::All).await {
            Ok(()) => number += 1,
            Err(error) => return (error, number),
        }
        assert!(number < 10_000, "it is never full");
    }
}

/// Checks a file that became full after step `last` was acknowledged.
async fn intact(runs: &Sqlite, last: u64) {
    let run = runs.show("r").await.unwrap().unwrap();
    assert_eq!((run.step, run.state), (last, large(last)));
    assert_eq!(runs.history("r").await.unwrap().len() as u64, last);
    for number in 1..=last {
        assert_eq!(
            runs.checkpoint("r", number).await.unwrap().unwrap().state,
            large(number)
        );
    }
}

fn check(path: &Path) -> String {
    let db = rusqlite::Connection::open(path).unwrap();
    db.query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap()
}

async fn full(path: &Path, runs: Sqlite) -> Sqlite {
    runs.begin("r", "me", LEASE, &new()).await.unwrap();
    let (error, last) = until_it_is_full(&runs).await;
    assert!(matches!(error, StorageError::Full { .. }), "{error:?}");
    let message = error.to_string();
    assert!(
        message.contains(path.to_str().unwrap()) && message.contains("run `r`"),
        "{message}"
    );
    assert!(error.source().is_some());
    assert!(last > 3, "{last}");
    intact(&runs, last).await;
    // A step that is too large does not affect steps that are stored at the same time and fit.
    let too_large = format!(r#"{{"text":"{}"}}"#, "x".repeat(400_000));
    let (next, item) = (step(last + 1, too_large), Default::default());
    let (commit, items) = tokio::join!(
        runs.commit("r", "me", LEASE, &next, Retention::All),
        runs.items("r", 1)
    );
    assert!(
        matches!(commit, Err(StorageError::Full { .. })),
        "{commit:?}"
    );
    items.unwrap();
    let _ = runs.keep_item("r", "me", last + 1, &item, "1").await;
    intact(&runs, last).await;
    runs
}

#[tokio::test]
async fn a_database_as_large_as_it_may_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let runs = full(
        &path,
        Sqlite::options()
            .max_bytes(600_000)
            .open(&path)
            .await
            .unwrap(),
    )
    .await;
    // The same connection continues when there is room.
    let last = runs.show("r").await.unwrap().unwrap().step;
    runs.commit(
        "r",
        "me",
        LEASE,
        &step(last, large(last)),
        Retention::Last(1),
    )
    .await
    .unwrap();
    runs.commit(
        "r",
        "me",
        LEASE,
        &step(last + 1, large(last + 1)),
        Retention::Last(2),
    )
    .await
    .unwrap();
    runs.close().await;
    assert_eq!(check(&path), "ok");
}

/// A small separate file system, which only root can mount.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_disk_that_is_full() {
    use std::process::Command;
    let folder = tempfile::tempdir().unwrap();
    let disk = folder.path();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(disk)
        .status();
    if !mounted.is_ok_and(|status| status.success()) {
        eprintln!(
            "SKIPPED: only root can mount a small file system; a_database_as_large_as_it_may_be still ran"
        );
        return;
    }
    struct Unmount<'a>(&'a Path);
    impl Drop for Unmount<'_> {
        fn drop(&mut self) {
            let _ = Command::new("umount").arg("-l").arg(self.0).status();
        }
    }
    let _unmount = Unmount(disk);
    let path = disk.join("runs.db");
    let runs = full(&path, Sqlite::open(&path).await.unwrap()).await;
    let last = runs.show("r").await.unwrap().unwrap().step;
    // When there is room, the same connection continues.
    let more = Command::new("mount")
        .args(["-o", "remount,size=8m"])
        .arg(disk)
        .status()
        .unwrap();
    assert!(more.success());
    runs.commit(
        "r",
        "me",
        LEASE,
        &step(last + 1, large(last + 1)),
        Retention::All,
    )
    .await
    .unwrap();
    intact(&runs, last + 1).await;
    runs.close().await;
    assert_eq!(check(&path), "ok");
}

#[tokio::test]
async fn a_damaged_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), 20).await;
    let mut bytes = fs::read(&path).unwrap();
    let middle = 4096..bytes.len();
    bytes[middle].fill(0xa5);
    fs::write(&path, &bytes).unwrap();
    let result: StorageResult<()> = async {
        let runs = Sqlite::open(&path).await?;
        runs.commit("r", "me", LEASE, &step(21, large(21)), Retention::All)
            .await
    }
    .await;
    let error = result.unwrap_err();
    assert!(matches!(error, StorageError::Corrupt { .. }), "{error:?}");
    assert!(
        error.to_string().contains(path.to_str().unwrap()),
        "{error}"
    );
    assert!(error.to_string().contains("backup"), "{error}");
}

#[tokio::test]
async fn a_file_that_ends_too_soon() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), 20).await;
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..3 * 4096]).unwrap();
    let result: StorageResult<()> = async {
        let runs = Sqlite::open(&path).await?;
        for number in 1..=20 {
            runs.checkpoint("r", number).await?;
        }
        runs.commit("r", "me", LEASE, &step(21, large(21)), Retention::All)
            .await
    }
    .await;
    let error = result.unwrap_err();
    assert!(matches!(error, StorageError::Corrupt { .. }), "{error:?}");
    fs::write(&path, &bytes[..50]).unwrap();
    assert!(matches!(refused(&path).await, StorageError::Foreign { .. }));
}

#[tokio::test]
async fn a_newer_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), 1).await;
    rusqlite::Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 9)
        .unwrap();
    let error = refused(&path).await;
    assert!(
        matches!(
            error,
            StorageError::Newer {
                found: 9,
                known: pocketflow_checkpoint::engine::SCHEMA_VERSION,
                ..
            }
        ),
        "{error:?}"
    );
    assert!(error.to_string().contains("update"), "{error}");
}

#[tokio::test]
async fn what_is_no_database_of_runs() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = folder.path().join("theirs.db");
    let db = rusqlite::Connection::open(&sqlite).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode = wal; CREATE TABLE runs (x); INSERT INTO runs VALUES (1)",
    )
    .unwrap();
    // While it is open, its log exists as well.
    let error = refused(&sqlite).await;
    assert!(matches!(error, StorageError::Foreign { .. }), "{error:?}");
    assert!(error.to_string().contains("another program"), "{error}");
    drop(db);
    refused(&sqlite).await;

    let text = folder.path().join("notes.txt");
    fs::write(&text, "remember the milk\n".repeat(20)).unwrap();
    assert!(matches!(refused(&text).await, StorageError::Foreign { .. }));
    let inner = folder.path().join("folder");
    fs::create_dir(&inner).unwrap();
    let error = refused(&inner).await;
    assert!(error.to_string().contains("a folder"), "{error}");
    assert!(matches!(
        Sqlite::open("/dev/null").await,
        Err(StorageError::Foreign { .. })
    ));
    let nowhere = folder.path().join("no/such/runs.db");
    assert!(matches!(
        Sqlite::open(&nowhere).await,
        Err(StorageError::Unreachable { .. })
    ));
    let missing = folder.path().join("missing.db");
    assert!(matches!(
        Sqlite::options().create(false).open(&missing).await,
        Err(StorageError::Missing { .. })
    ));
    assert!(!missing.exists());
}

/// An empty file, as created by `mktemp`, and a name that SQLite would interpret.
#[tokio::test]
async fn what_becomes_a_database() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["empty.db", ":memory:", "file:x?mode=memory"] {
        let path = folder.path().join(name);
        fs::write(&path, "").unwrap();
        Sqlite::open(&path)
            .await
            .unwrap()
            .begin("r", "me", LEASE, &new())
            .await
            .unwrap();
        assert!(
            Sqlite::open(&path)
                .await
                .unwrap()
                .show("r")
                .await
                .unwrap()
                .is_some()
        );
    }
}

/// Only the user who created it can read it.
#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let runs = Sqlite::open(&path).await.unwrap();
    runs.begin("r", "me", LEASE, &new()).await.unwrap();
    for file in [&path, &beside(&path, "-wal"), &beside(&path, "-shm")] {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    let backup = folder.path().join("backup.db");
    runs.backup(&backup).await.unwrap();
    assert_eq!(mode(&backup), 0o600);
    // A mode that someone has chosen stays.
    runs.close().await;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o660)).unwrap();
    let runs = Sqlite::open(&path).await.unwrap();
    assert_eq!(mode(&path), 0o660);
    assert_eq!(mode(&beside(&path, "-wal")), 0o660);
    drop(runs);
}

#[tokio::test]
async fn a_locked_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), 1).await;
    let runs = Sqlite::options()
        .busy_timeout(Duration::from_millis(20))
        .open(&path)
        .await
        .unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    db.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = runs.release("r", "me").await.unwrap_err();
    assert!(matches!(error, StorageError::Busy { .. }), "{error:?}");
    assert!(error.to_string().contains("run `r`"), "{error}");
    // Reads do not wait.
    assert_eq!(runs.list(None).await.unwrap().len(), 1);
    db.execute_batch("ROLLBACK").unwrap();
    runs.release("r", "me").await.unwrap();
}

#[tokio::test]
async fn a_closed_storage() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), 1).await;
    let runs = Sqlite::open(&path).await.unwrap();
    runs.clone().close().await;
    let error = runs.list(None).await.unwrap_err();
    assert!(matches!(error, StorageError::Closed { .. }), "{error:?}");
    runs.close().await;
    assert!(!folder.path().join("runs.db-wal").exists());
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// What may happen to a file that is in use: which file, and what is done with it.
#[cfg(unix)]
type Spoils = (&'static str, fn(&Path));
#[cfg(unix)]
const SPOILS: [Spoils; 5] = [
    ("", |path| fs::remove_file(path).unwrap()),
    ("", |path| fs::rename(path, beside(path, ".old")).unwrap()),
    ("", |path| {
        fs::copy(path, beside(path, ".copy")).unwrap();
        fs::rename(beside(path, ".copy"), path).unwrap();
    }),
    ("-wal", |path| {
        fs::remove_file(beside(path, "-wal")).unwrap()
    }),
    ("-shm", |path| {
        fs::remove_file(beside(path, "-shm")).unwrap()
    }),
];

/// If steps were still acknowledged, their data would be lost.
#[cfg(unix)]
#[tokio::test]
async fn a_file_that_goes_while_it_is_open() {
    for (number, (end, spoil)) in SPOILS.into_iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), 1).await;
        let runs = Sqlite::open(&path).await.unwrap();
        runs.begin("r", "me", LEASE, &new()).await.unwrap();
        spoil(&path);
        let (second, item) = (step(2, large(2)), Default::default());
        let gone = |result: StorageResult<()>| match result {
            Err(StorageError::Gone { place, file }) => {
                assert_eq!(
                    (place, file),
                    (
                        path.display().to_string(),
                        beside(&path, end).display().to_string()
                    )
                );
            }
            other => panic!("{number}: {other:?}"),
        };
        gone(runs.commit("r", "me", LEASE, &second, Retention::All).await);
        gone(runs.renew("r", "me", LEASE).await);
        gone(runs.keep_item("r", "me", 3, &item, "1").await);
        gone(runs.list(None).await.map(drop));
        gone(
            runs.finish("r", "me", "done", &StateChange::all("{}"))
                .await,
        );
    }
}

#[derive(Shared, Default, Serialize, Deserialize)]
struct Work {}

#[node(Work)]
async fn for_ever() {
    std::future::pending::<()>().await;
}

flow! { Hang { for_ever; } }

/// A run in a long step notices it at a heartbeat.
#[cfg(unix)]
#[tokio::test]
async fn a_run_whose_file_goes_stops() {
    for (_, spoil) in SPOILS {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), 1).await;
        let runs = Checkpoints::open(&path)
            .await
            .unwrap()
            .lease(Duration::from_millis(60));
        let (looks, spoiled) = (runs.clone(), path.clone());
        let begun = async move {
            while !looks
                .list(Some(Status::Running))
                .await
                .unwrap()
                .iter()
                .any(|run| run.run == "hangs")
            {
                tokio::task::yield_now().await;
            }
            spoil(&spoiled);
        };
        let mut work = Work {};
        let (ended, ()) = tokio::join!(Hang.with(runs.run("hangs")).run(&mut work), begun);
        let error = ended.unwrap_err();
        assert!(
            matches!(
                error.cause().downcast_ref(),
                Some(StorageError::Gone { .. })
            ),
            "{error:#}"
        );
        let text = error.cause().to_string();
        assert!(
            text.contains("deleted or replaced") && text.contains("backup"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_backup_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path(), 3).await;
    let runs = Sqlite::open(&path).await.unwrap();
    runs.begin("r", "me", LEASE, &new()).await.unwrap();
    runs.commit("r", "me", LEASE, &step(4, large(4)), Retention::All)
        .await
        .unwrap();
    let to = folder.path().join("backup.db");
    let (busy, backup) = (step(5, large(5)), runs.backup(&to));
    let (backed, committed) =
        tokio::join!(backup, runs.commit("r", "me", LEASE, &busy, Retention::All));
    backed.unwrap();
    committed.unwrap();
    assert_eq!(check(&to), "ok");
    let copy = Sqlite::open(&to).await.unwrap();
    let last = copy.show("r").await.unwrap().unwrap().step;
    assert!((4..=5).contains(&last), "{last}");
    intact(&copy, last).await;
    assert_eq!(
        copy.show("r").await.unwrap().unwrap().owner.as_deref(),
        Some("me")
    );
    copy.close().await;

    // Nothing is overwritten, and the failed attempt leaves nothing behind.
    let before = fs::read(&to).unwrap();
    let nowhere = folder.path().join("no/such/backup.db");
    for to in [&to, &nowhere] {
        let error = runs.backup(to).await.unwrap_err();
        assert!(matches!(error, StorageError::Backup { .. }), "{error:?}");
        assert!(
            error.to_string().contains(to.to_str().unwrap()) && error.source().is_some(),
            "{error}"
        );
    }
    assert!(before == fs::read(&to).unwrap());
    assert!(!beside(&to, ".part").exists());
}
