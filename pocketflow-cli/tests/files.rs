//! Files that are read-only, or that other programs use.

#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use pocketflow_checkpoint::conformance::support::{LONG, begin, new, step};
use pocketflow_checkpoint::{Retention, Sqlite, Storage};

/// A closed file with one run of one step.
async fn file(folder: &Path) -> PathBuf {
    let path = folder.join("runs.db");
    let runs = Sqlite::open(&path).await.unwrap();
    begin(&runs, "r", "me").await;
    runs.commit("r", "me", LONG, &step(1), Retention::All)
        .await
        .unwrap();
    runs.close().await;
    path
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(end);
    name.into()
}

/// File permissions do not restrict root, so root runs the test as another user.
#[tokio::test]
async fn a_file_that_may_only_be_read() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path()).await;
    // The folder of the command may be accessible only to root.
    let program = folder.path().join("pocketflow");
    fs::copy(env!("CARGO_BIN_EXE_pocketflow"), &program).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let root = fs::metadata(folder.path()).unwrap().uid() == 0;
    let run = |arguments: &[&str]| {
        let mut command = Command::new(&program);
        command
            .args(["runs", "--db"])
            .arg(&path)
            .args(arguments)
            .current_dir("/");
        if root {
            command.uid(65_534).gid(65_534);
        }
        command.output().unwrap()
    };
    // It can be listed, with or without the log of another process, and leaves no file behind.
    let lists = || {
        let output = run(&["list"]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{error}");
        let listed = String::from_utf8(output.stdout).unwrap();
        assert!(listed.contains("r    running"), "{listed}");
    };
    for mode in [0o777, 0o555] {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
        lists();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
        let output = run(&["fill", "r", "card", "1"]);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(
            error.contains(path.to_str().unwrap()) && error.contains("is read-only"),
            "{error}"
        );
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    // A writable file in a read-only folder.
    fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    lists();
    let output = run(&["fill", "r", "card", "1"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains(path.to_str().unwrap()) && error.contains("folder"),
        "{error}"
    );
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let runs = Sqlite::open(&path).await.unwrap();
    assert_eq!(runs.show("r").await.unwrap().unwrap().step, 1);
    // The process that has it open has stored something in the log.
    for file in [&path, &beside(&path, "-wal"), &beside(&path, "-shm")] {
        fs::set_permissions(file, fs::Permissions::from_mode(0o444)).unwrap();
    }
    runs.renew("r", "me", Duration::from_secs(1)).await.unwrap();
    lists();
}

/// When a process closes a file, it loses all of its locks on the file, even those of other
/// connections.
#[tokio::test]
async fn a_file_that_is_opened_twice_in_a_process_stays_locked() {
    let folder = tempfile::tempdir().unwrap();
    let path = file(folder.path()).await;
    let runs = Sqlite::open(&path).await.unwrap();
    runs.begin("r", "me", LONG, &new()).await.unwrap();
    let again = Sqlite::open(&path).await.unwrap();
    // Another process that believes it is the last one would delete the log.
    let list = Command::new(env!("CARGO_BIN_EXE_pocketflow"))
        .args(["runs", "list", "--db"])
        .arg(&path)
        .output()
        .unwrap();
    assert!(list.status.success(), "{list:?}");
    assert!(beside(&path, "-wal").exists());
    runs.commit("r", "me", LONG, &step(2), Retention::All)
        .await
        .unwrap();
    assert_eq!(again.show("r").await.unwrap().unwrap().step, 2);
}
