//! A finished run belongs to its flow and its input.

use super::*;

static EXECS: AtomicUsize = AtomicUsize::new(0);

#[derive(Shared, Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
struct Job {
    topic: String,
    tags: HashSet<String>,
    count: u64,
    result: Option<String>,
}

#[node(Job, writes = result)]
fn work(topic: &str) -> String {
    EXECS.fetch_add(1, SeqCst);
    topic.to_uppercase()
}

#[node(Job, writes = result)]
fn other_work(topic: &str) -> String {
    topic.to_lowercase()
}

flow! { Shout { work; } }
flow! { Whisper { other_work; } }

fn job(topic: &str) -> Job {
    Job {
        topic: topic.into(),
        tags: (0..20).map(|tag| tag.to_string()).collect(),
        ..Job::default()
    }
}

#[tokio::test]
async fn a_finished_run_is_one_of_its_flow_and_its_input() {
    let (_folder, runs) = runs().await;
    let mut first = job("Rain");
    Shout.with(runs.run("a")).run(&mut first).await.unwrap();

    let mut same = job("Rain");
    Shout.with(runs.run("a")).run(&mut same).await.unwrap();
    assert_eq!(
        same, first,
        "the same input, whose set has another order, has the same result"
    );
    Shout.with(runs.run("a")).run(&mut same).await.unwrap();
    let mut nothing = Job::default();
    Shout.with(runs.run("a")).run(&mut nothing).await.unwrap();
    assert_eq!(nothing, first, "a caller without a store gets the result");

    for (other, field) in [
        (job("Snow"), "topic"),
        (
            Job {
                count: 1,
                ..job("Rain")
            },
            "count",
        ),
    ] {
        let mut shared = other.clone();
        let error = Shout
            .with(runs.run("a"))
            .run(&mut shared)
            .await
            .unwrap_err();
        let OtherInput { run, fields } = cause(&error);
        assert_eq!((run.as_str(), &fields[..]), ("a", &[field.to_owned()][..]));
        assert_eq!(shared, other, "it is as it was");
    }

    let error = Whisper
        .with(runs.run("a"))
        .run(&mut job("Rain"))
        .await
        .unwrap_err();
    let asked = OtherFlow {
        run: "a".into(),
        ran: "Shout".into(),
        asked: "Whisper".into(),
    };
    assert_eq!(cause::<OtherFlow>(&error), &asked);
    let unnamed = flow! { other_work; };
    let error = unnamed
        .with(runs.run("a"))
        .run(&mut job("Rain"))
        .await
        .unwrap_err();
    assert_eq!(cause::<OtherFlow>(&error).asked, "flow");

    let unnamed = flow! { work; };
    unnamed
        .with(runs.run("b"))
        .run(&mut job("Rain"))
        .await
        .unwrap();
    unnamed
        .with(runs.run("b"))
        .run(&mut job("Rain"))
        .await
        .unwrap();
    let unnamed = flow! { other_work; };
    assert!(
        unnamed
            .with(runs.run("b"))
            .run(&mut job("Rain"))
            .await
            .unwrap_err()
            .cause()
            .is::<OtherFlow>()
    );
    assert_eq!(EXECS.load(SeqCst), 2);
}

#[derive(Shared, Debug, Serialize, Deserialize)]
struct NoDefault {
    topic: String,
    result: Option<String>,
}

#[node(NoDefault, writes = result)]
fn echo(topic: &str) -> String {
    topic.into()
}

flow! { Echo { echo; } }

#[tokio::test]
async fn a_store_without_a_default_is_compared_as_well() {
    let (_folder, runs) = runs().await;
    let job = |topic: &str| NoDefault {
        topic: topic.into(),
        result: None,
    };
    Echo.with(runs.run("a")).run(&mut job("x")).await.unwrap();
    let mut same = job("x");
    Echo.with(runs.run("a")).run(&mut same).await.unwrap();
    assert_eq!(same.result.as_deref(), Some("x"));
    assert!(
        Echo.with(runs.run("a"))
            .run(&mut job("y"))
            .await
            .unwrap_err()
            .cause()
            .is::<OtherInput>()
    );
}

/// With `#[serde(default)]` on the struct, serde accepts a state without some of its fields. Such a
/// state can be read although a value is missing.
mod dropped {
    use super::*;

    #[derive(Shared, Default, Serialize, Deserialize)]
    #[serde(default)]
    struct Old {
        total_cents: u64,
        receipt: Option<String>,
    }

    #[derive(Shared, Debug, Default, PartialEq, Serialize, Deserialize)]
    #[serde(default)]
    struct New {
        total: u64,
        receipt: Option<String>,
    }

    mod old {
        use super::*;
        #[node(Old, writes = receipt)]
        fn pay(total_cents: &u64) -> String {
            total_cents.to_string()
        }
        flow! { pub(super) Shop { pay; } }
    }

    mod new {
        use super::*;
        #[node(New, writes = receipt)]
        fn pay(total: &u64) -> String {
            total.to_string()
        }
        flow! { pub(super) Shop { pay; } }
    }

    #[tokio::test]
    async fn a_finished_run_is_migrated_where_serde_would_drop_its_fields() {
        let (_folder, runs) = runs().await;
        let mut order = Old {
            total_cents: 420,
            receipt: None,
        };
        old::Shop.with(runs.run("a")).run(&mut order).await.unwrap();

        let migrated = runs.run("a").migrate(|mut state| {
            let fields = state.as_object_mut().ok_or("a state is an object")?;
            let total = fields.remove("total_cents").ok_or("it has a total")?;
            fields.insert("total".into(), total);
            Ok(state)
        });
        let mut order = New::default();
        new::Shop.with(migrated).run(&mut order).await.unwrap();
        let expected = New {
            total: 420,
            receipt: Some("420".into()),
        };
        assert_eq!(order, expected);
    }
}
