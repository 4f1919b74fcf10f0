//! Runs on the PostgreSQL server of `POCKETFLOW_POSTGRES`: `scripts/with-postgres cargo test -p
//! pocketflow-cli --test postgres -- --include-ignored`.

#![cfg(feature = "postgres")]

use std::process::Command;

use pocketflow_checkpoint::Postgres;
use pocketflow_checkpoint::conformance::support::begin;
use tokio_postgres::NoTls;

/// The command with a list of settings as the address.
#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn a_query_of_the_command_creates_nothing() {
    let server = std::env::var("POCKETFLOW_POSTGRES")
        .expect("no server in POCKETFLOW_POSTGRES: run this with scripts/with-postgres");
    let (admin, connection) = tokio_postgres::connect(&server, NoTls).await.unwrap();
    tokio::spawn(connection);
    let database = "commands";
    admin
        .batch_execute(&format!("CREATE DATABASE {database}"))
        .await
        .unwrap();
    let address = format!("{server} dbname={database}");
    let command = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_pocketflow"))
            .args(["runs", "--db", &address])
            .args(arguments)
            .output()
            .unwrap();
        let texts = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        texts.concat()
    };
    let listed = command(&["list"]);
    assert!(listed.contains("has no tables of runs"), "{listed}");
    let listed = command(&["list"]);
    assert!(listed.contains("has no tables of runs"), "{listed}");
    let storage = Postgres::connect(&address).await.unwrap();
    begin(&storage, "r", "me").await;
    let listed = command(&["list"]);
    assert!(listed.contains("driven by me"), "{listed}");
    assert_eq!(command(&["cancel", "r"]), "cancelled run `r`\n");
    assert_eq!(command(&["vacuum"]), "gave the free room back\n");
    let listed = command(&["list", "--status", "cancelled"]);
    assert_eq!(listed.lines().count(), 2, "{listed}");
}
