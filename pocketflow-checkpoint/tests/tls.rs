//! Connections with TLS, to a server that accepts no others. The tests give it other certificates and
//! rules, so only one runs at a time: `scripts/with-postgres --tls cargo test -p pocketflow-checkpoint
//! --features tls --test tls -- --include-ignored --test-threads 1`.

use std::error::Error;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use pocketflow_checkpoint::{Postgres, Storage};

const ONLY_TLS: &str = "hostssl all certified all cert\nhostssl all all all scram-sha-256\n";
const ONLY_PLAIN: &str = "hostnossl all all all scram-sha-256\n";
const BOTH: &str = "host all all all scram-sha-256\n";

struct Server {
    /// The folder with the certificates.
    folder: PathBuf,
    port: String,
}

impl Server {
    /// The server with the right certificate and the right rules.
    fn new() -> Self {
        let [folder, address] = ["POCKETFLOW_TLS", "POCKETFLOW_POSTGRES"].map(|name| {
            std::env::var(name).expect("no server: run this with scripts/with-postgres --tls")
        });
        let port = address.split_whitespace();
        let port = port
            .filter_map(|setting| setting.strip_prefix("port="))
            .next();
        let server = Self {
            folder: folder.into(),
            port: port.unwrap().to_owned(),
        };
        server.admit(ONLY_TLS);
        server.serve("server");
        server
    }

    fn file(&self, name: &str) -> String {
        self.folder.join(name).to_str().unwrap().to_owned()
    }

    /// What PostgreSQL's own program says.
    fn sql(&self, sql: &str) -> String {
        let port = &self.port;
        let address =
            format!("host=localhost port={port} user=pocketflow password=secret dbname=postgres");
        let output = Command::new("psql")
            .args(["-XAtqc", sql, &address])
            .output();
        let output = output.unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }

    /// Lets new connections see what has changed in the server's files.
    fn reload(&self) {
        let before = self.sql("SELECT clock_timestamp()");
        self.sql("SELECT pg_reload_conf()");
        let start = Instant::now();
        while self.sql(&format!("SELECT pg_conf_load_time() > '{before}'")) != "t" {
            assert!(start.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn set(&self, setting: &str, value: &str) {
        self.sql(&format!("ALTER SYSTEM SET {setting} = '{value}'"));
        self.reload();
    }

    /// Sets the server's certificate.
    fn serve(&self, certificate: &str) {
        self.set("ssl_cert_file", &self.file(&format!("{certificate}.pem")));
    }

    /// Sets which connections the server admits.
    fn admit(&self, rules: &str) {
        std::fs::write(self.sql("SHOW hba_file"), rules).unwrap();
        self.reload();
    }

    /// An address: names of files become paths.
    fn address(&self, settings: &str) -> String {
        let port = &self.port;
        let settings = settings.split_whitespace().map(|setting| {
            let (name, value) = setting.split_once('=').unwrap();
            match name {
                "sslrootcert" | "sslcert" | "sslkey" if value != "system" => {
                    format!("{name}={}", self.file(value))
                }
                _ => setting.to_owned(),
            }
        });
        let settings: Vec<_> = settings.collect();
        let mut address = settings.join(" ");
        if !address.contains("host") {
            address += " host=localhost";
        }
        if !address.contains("user=") {
            address += " user=pocketflow";
        }
        format!("{address} port={port} password=secret dbname=postgres application_name=tls-test")
    }

    /// Connects, and says whether the connection has TLS.
    async fn connects(&self, settings: &str) -> bool {
        let storage = Postgres::connect_in(&self.address(settings), "tls").await;
        let storage = storage.unwrap_or_else(|error| panic!("{settings}: {}", all(&error)));
        storage.list(None).await.unwrap();
        let has_tls = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
             WHERE application_name = 'tls-test' AND state IS NOT NULL";
        let has_tls = self.sql(has_tls);
        drop(storage);
        // The next question is about the next connection.
        let start = Instant::now();
        let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tls-test'";
        while self.sql(left) != "0" {
            assert!(start.elapsed() < Duration::from_secs(20));
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        match &*has_tls {
            "t" => true,
            "f" => false,
            other => panic!("{settings}: `{other}`"),
        }
    }

    /// Does not connect, and says why.
    async fn fails(&self, settings: &str, parts: &[&str]) {
        let error = Postgres::connect_in(&self.address(settings), "tls").await;
        says(&all(&error.unwrap_err()), settings, parts);
    }
}

/// The error with its causes.
fn all(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

fn says(error: &str, settings: &str, parts: &[&str]) {
    for part in parts {
        assert!(
            error.contains(part),
            "{settings}: `{part}` is not in: {error}"
        );
    }
    assert!(!error.contains("secret"), "{settings}: {error}");
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-postgres --tls runs one"]
async fn a_server_that_accepts_tls_alone() {
    let server = Server::new();
    for settings in [
        "sslmode=verify-full sslrootcert=ca.pem",
        "sslmode=verify-full sslrootcert=ca.pem channel_binding=require",
        "sslmode=verify-full sslrootcert=ca.pem host=127.0.0.1",
        "sslmode=verify-full sslrootcert=ca.pem hostaddr=127.0.0.1",
        "sslmode=verify-full sslrootcert=ca.pem host=localhost hostaddr=127.0.0.1",
        "sslmode=verify-ca sslrootcert=ca.pem",
        "sslmode=require sslrootcert=ca.pem",
        "sslmode=require",
        "sslmode=prefer",
        "sslmode=allow",
        "sslrootcert=ca.pem",
        "",
    ] {
        assert!(server.connects(settings).await, "{settings}");
    }
    let url = format!(
        "postgres://pocketflow:secret@localhost:{}/postgres?sslmode=verify-full&schema=tls&sslrootcert={}",
        server.port,
        server.file("ca.pem").replace('/', "%2F")
    );
    Postgres::connect(&url).await.unwrap();
    server.fails("sslmode=disable", &["pg_hba.conf"]).await;
    server
        .fails("sslmode=require user=nobody", &["authentication failed"])
        .await;
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-postgres --tls runs one"]
async fn certificates_that_are_not_right() {
    let server = Server::new();
    let unknown = |file| server.file(file);
    for mode in ["require", "verify-ca", "verify-full", "prefer", "allow"] {
        let settings = format!("sslmode={mode} sslrootcert=other.pem");
        let file = unknown("other.pem");
        server
            .fails(
                &settings,
                &["not from an authority in", &file, "`sslrootcert`"],
            )
            .await;
    }

    server.serve("elsewhere");
    let names = ["not for `localhost` but for `db.example.org`", "verify-ca"];
    server
        .fails("sslmode=verify-full sslrootcert=ca.pem", &names)
        .await;
    assert!(
        server
            .connects("sslmode=verify-ca sslrootcert=ca.pem")
            .await
    );

    server.serve("nameless");
    let names = ["no alternative names", "`localhost`", "subjectAltName"];
    server
        .fails("sslmode=verify-full sslrootcert=ca.pem", &names)
        .await;
    assert!(
        server
            .connects("sslmode=verify-ca sslrootcert=ca.pem")
            .await
    );

    for (certificate, says) in [
        ("expired", "expired at 20"),
        ("future", "valid yet, but from 20"),
    ] {
        server.serve(certificate);
        for mode in ["verify-ca", "verify-full"] {
            let settings = format!("sslmode={mode} sslrootcert=ca.pem");
            server.fails(&settings, &[says]).await;
        }
        assert!(server.connects("sslmode=require").await);
    }

    // The documentation of PostgreSQL shows how to make one.
    server.serve("self-signed");
    let file = unknown("ca.pem");
    server
        .fails(
            "sslmode=verify-ca sslrootcert=ca.pem",
            &["not from an authority in", &file],
        )
        .await;
    let settings = "sslmode=verify-full sslrootcert=self-signed.pem";
    assert!(server.connects(settings).await);
    server
        .fails(
            &format!("{settings} host=db.example.org hostaddr=127.0.0.1"),
            &["not for `db.example.org`", "`localhost`"],
        )
        .await;
    server.serve("self-signed-expired");
    server
        .fails(
            "sslmode=verify-ca sslrootcert=self-signed-expired.pem",
            &["expired at 20"],
        )
        .await;
    server.serve("server");
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-postgres --tls runs one"]
async fn a_client_with_a_certificate() {
    let server = Server::new();
    server.sql("DROP SCHEMA IF EXISTS tls CASCADE");
    server.sql("DROP ROLE IF EXISTS certified");
    server.sql("CREATE ROLE certified LOGIN SUPERUSER");
    let user = "sslmode=verify-full sslrootcert=ca.pem user=certified";
    assert!(
        server
            .connects(&format!("{user} sslcert=client.pem sslkey=client.key"))
            .await
    );
    for (settings, parts) in [
        ("", vec!["client certificate"]),
        (
            "sslcert=client.pem sslkey=another.key",
            vec!["client.pem", "another.key", "do not fit"],
        ),
        (
            "sslcert=client.pem sslkey=missing",
            vec!["missing of", "`sslkey`", "cannot be read"],
        ),
        (
            "sslcert=missing sslkey=client.key",
            vec!["missing of", "`sslcert`", "cannot be read"],
        ),
        (
            "sslcert=client.key sslkey=client.key",
            vec!["has no certificate in PEM"],
        ),
        (
            "sslcert=client.pem sslkey=client.pem",
            vec!["has no private key in PEM"],
        ),
        (
            "sslcert=client.pem sslkey=encrypted.key",
            vec!["encrypted.key", "decrypt it"],
        ),
        // The server does not know the authority of this one.
        (
            "sslcert=other.pem sslkey=other.key",
            vec!["rejects the certificate in `sslcert`"],
        ),
    ] {
        server.fails(&format!("{user} {settings}"), &parts).await;
    }
    let missing = "sslmode=verify-full sslrootcert=missing";
    server
        .fails(
            missing,
            &["missing of the setting `sslrootcert` cannot be read"],
        )
        .await;
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-postgres --tls runs one"]
async fn a_server_that_need_not_have_tls() {
    let server = Server::new();
    server.admit(BOTH);
    assert!(server.connects("sslmode=prefer").await);
    assert!(server.connects("sslmode=require").await);
    assert!(!server.connects("sslmode=allow").await);
    assert!(!server.connects("sslmode=disable").await);
    // As PostgreSQL's own programs do. `require` is for those who mind.
    assert!(
        !server
            .connects("sslmode=prefer sslrootcert=other.pem")
            .await
    );

    server.admit(ONLY_PLAIN);
    for mode in ["prefer", "allow", "disable"] {
        assert!(!server.connects(&format!("sslmode={mode}")).await);
    }
    server.fails("sslmode=require", &["pg_hba.conf"]).await;

    server.admit(BOTH);
    server.set("ssl", "off");
    for mode in ["prefer", "allow", "disable"] {
        assert!(!server.connects(&format!("sslmode={mode}")).await);
    }
    for settings in ["sslmode=require", "sslmode=verify-full sslrootcert=ca.pem"] {
        server
            .fails(settings, &["the server has no TLS", "`ssl = on`"])
            .await;
    }
    server.set("ssl", "on");
    server.admit(ONLY_TLS);
}

/// The authorities of the system are those of a variable, which must be set before a process starts.
#[tokio::test]
#[ignore = "needs a server: scripts/with-postgres --tls runs one"]
async fn the_authorities_of_the_system() {
    let server = Server::new();
    let run = |settings: &str, file: &str| {
        let child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "a_child_connects",
                "--include-ignored",
                "--nocapture",
            ])
            .env("SSL_CERT_FILE", server.file(file))
            .env_remove("SSL_CERT_DIR")
            .env("POCKETFLOW_CHILD", server.address(settings))
            .output()
            .unwrap();
        String::from_utf8_lossy(&child.stdout).into_owned()
    };
    for settings in ["sslrootcert=system", "sslmode=verify-full"] {
        assert!(run(settings, "ca.pem").contains("It connects."));
        let error = run(settings, "other.pem");
        let error = error
            .lines()
            .find(|line| line.contains("postgres://"))
            .unwrap();
        says(
            error,
            settings,
            &[
                "not from an authority that the system trusts",
                "`sslrootcert`",
            ],
        );
    }
    let error = run("sslrootcert=system", "missing.pem");
    assert!(
        error.contains("the system has no certificates of authorities"),
        "{error}"
    );
}

#[tokio::test]
#[ignore = "needs a server: scripts/with-postgres --tls runs one"]
async fn a_child_connects() {
    let Ok(address) = std::env::var("POCKETFLOW_CHILD") else {
        return;
    };
    match Postgres::connect_in(&address, "tls").await {
        Ok(_) => println!("It connects."),
        Err(error) => println!("{}", all(&error)),
    }
}
