//! Schemas of choice, and users with few rights.

use pocketflow_checkpoint::{Postgres, Retention, Storage};

use super::lost::{admin, config};
use pocketflow_checkpoint::conformance::support::*;

#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn the_address_names_the_schema() {
    let settings = format!("{} schema='the \"shop\" \\'1'", config());
    let shop = Postgres::connect(&settings).await.unwrap();
    begin(&shop, "r", "me").await;
    let host = config();
    let host = host.strip_prefix("host=").unwrap();
    let (host, _) = host.split_once(' ').unwrap();
    let host = host.replace('/', "%2F");
    let url = |schema: &str| format!("postgres://pocketflow@{host}/postgres?schema={schema}");
    let same = Postgres::connect(&url("the%20%22shop%22%20'1"))
        .await
        .unwrap();
    assert_eq!(same.list(None).await.unwrap().len(), 1);
    same.vacuum().await.unwrap();
    // The program's word comes last.
    let other = Postgres::connect_in(&settings, "the other").await.unwrap();
    assert_eq!(other.list(None).await.unwrap().len(), 0);

    let long = "s".repeat(64);
    fails!(Postgres::connect(&url(&long)).await, Invalid "63 bytes");
    fails!(Postgres::connect(&url("")).await, Invalid "empty");
    fails!(Postgres::connect(&url("pg_shop")).await, Invalid "`pg_shop`" "pg_");
    let longest = Postgres::connect(&url(&long[1..])).await.unwrap();
    begin(&longest, "r", "me").await;
    let again = Postgres::connect(&url(&long[1..])).await.unwrap();
    assert_eq!(again.list(None).await.unwrap().len(), 1);
}

#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn an_error_names_what_gives_the_right() {
    let admin = admin().await;
    admin
        .batch_execute("CREATE ROLE clerk LOGIN")
        .await
        .unwrap();
    let address = format!("{} user=clerk schema=office", config());
    let open = || Postgres::connect(&address);

    let run = "`CREATE SCHEMA \"office\" AUTHORIZATION \"clerk\"`";
    fails!(open().await, Forbidden "create the tables" run);
    admin.batch_execute("CREATE SCHEMA office").await.unwrap();
    fails!(open().await, Forbidden "use its runs" "`GRANT USAGE, CREATE ON SCHEMA \"office\" TO \"clerk\";");
    admin
        .batch_execute("GRANT USAGE ON SCHEMA office TO clerk")
        .await
        .unwrap();
    let run = "`GRANT CREATE ON SCHEMA \"office\" TO \"clerk\"`";
    fails!(open().await, Forbidden "create the tables" run);

    // The administrator creates the tables. The user may not read them, then not write them.
    drop(Postgres::connect_in(&config(), "office").await.unwrap());
    let run =
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA \"office\" TO \"clerk\"`";
    fails!(open().await, Forbidden "open it" run);
    admin
        .batch_execute("GRANT SELECT ON ALL TABLES IN SCHEMA office TO clerk")
        .await
        .unwrap();
    let storage = open().await.unwrap();
    fails!(storage.cancel("r").await, Forbidden "`r`" run);
    admin
        .batch_execute("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA office TO clerk")
        .await
        .unwrap();
    begin(&storage, "r", "me").await;
    let first = step(1);
    let done = storage.commit("r", "me", LONG, &first, Retention::All);
    done.await.unwrap();
    assert_eq!(show(&storage, "r").await.step, 1);
    storage.release("r", "me").await.unwrap();
    storage.remove("r").await.unwrap();

    // Only the owner may upgrade them.
    admin
        .batch_execute("UPDATE office.version SET version = 2")
        .await
        .unwrap();
    fails!(open().await, Forbidden "upgrade" "the owner of the tables");

    // The server would only warn.
    let owner = "the owner of the tables (attempts, checkpoints, items, runs, texts, waits)";
    fails!(storage.vacuum().await, Forbidden "give room back" owner "MAINTAIN" "\"clerk\"");
    let alter = "ALTER TABLE office.runs OWNER TO clerk; ALTER TABLE office.waits OWNER TO clerk";
    admin.batch_execute(alter).await.unwrap();
    let owner = "the owner of the tables (attempts, checkpoints, items, texts)";
    fails!(storage.vacuum().await, Forbidden owner);
    let boss = "CREATE ROLE boss; GRANT boss TO clerk; ALTER TABLE office.attempts OWNER TO boss; ALTER TABLE office.checkpoints OWNER TO boss; \
         ALTER TABLE office.items OWNER TO boss; ALTER TABLE office.texts OWNER TO boss";
    admin.batch_execute(boss).await.unwrap();
    storage.vacuum().await.unwrap();
}

#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn a_user_who_owns_the_schema_needs_no_other_right() {
    let admin = admin().await;
    let create = "CREATE ROLE tenant LOGIN; CREATE SCHEMA \"Tenant\" AUTHORIZATION tenant";
    admin.batch_execute(create).await.unwrap();
    let address = format!("{} user=tenant schema=Tenant", config());
    let storage = Postgres::connect(&address).await.unwrap();
    begin(&storage, "r", "me").await;
    assert_eq!(storage.list(None).await.unwrap().len(), 1);
}

/// A program that shares a server connection through a pooler may leave anything in its session.
#[tokio::test]
#[ignore = "needs a server in POCKETFLOW_POSTGRES: scripts/with-postgres runs one"]
async fn what_others_leave_in_the_session_changes_nothing() {
    let admin = admin().await;
    drop(Postgres::connect_in(&config(), "shared").await.unwrap());
    admin
        .batch_execute(
            "CREATE ROLE forgetful LOGIN; GRANT USAGE ON SCHEMA shared TO forgetful; \
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shared TO forgetful; \
             ALTER ROLE forgetful SET search_path TO nowhere; \
             ALTER ROLE forgetful SET default_transaction_read_only TO on; \
             ALTER ROLE forgetful SET default_transaction_isolation TO serializable; \
             ALTER ROLE forgetful SET synchronous_commit TO off",
        )
        .await
        .unwrap();
    let address = format!("{} user=forgetful schema=shared", config());
    let storage = Postgres::connect(&address).await.unwrap();
    begin(&storage, "r", "me").await;
    let first = step(1);
    let done = storage.commit("r", "me", LONG, &first, Retention::All);
    done.await.unwrap();
    assert_eq!(show(&storage, "r").await.step, 1);
}
