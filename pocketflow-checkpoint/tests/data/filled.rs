//! A value of another type for a field that a run waits for.

use super::*;

#[derive(Shared, Debug, Default, Serialize, Deserialize)]
struct Form {
    name: Option<String>,
    out: Option<String>,
}

#[node(Form, writes = out)]
fn greet(name: &str) -> String {
    format!("Hello {name}")
}

flow! { Greet { await(name) >> greet; } }

#[tokio::test]
async fn a_value_of_another_type_is_refused_where_the_type_is_known() {
    let (_folder, file) = file();
    let runs = Checkpoints::open(&file)
        .await
        .unwrap()
        .poll(Duration::from_millis(1));
    let run = runs.run("a");
    let waits = tokio::spawn(async move {
        let mut form = Form::default();
        Greet.with(run).run(&mut form).await.map(|_| form)
    });
    while runs.list(Some(Status::Waiting)).await.unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    for wrong in ["12", "null", r#"["Ada"]"#] {
        let error = runs.fill("a", "name", wrong).await.unwrap_err();
        assert!(matches!(&error, StorageError::WrongValue { .. }), "{error}");
        let printed = format!("{error} {error:?}");
        assert!(
            !printed.contains("Ada") && !printed.contains("12"),
            "{printed}"
        );
    }
    assert!(matches!(
        runs.fill("a", "name", "Ada").await,
        Err(StorageError::InvalidJson { .. })
    ));
    runs.fill_value("a", "name", "Ada").await.unwrap();
    assert_eq!(
        waits.await.unwrap().unwrap().out.as_deref(),
        Some("Hello Ada")
    );
    assert!(matches!(
        runs.fill("a", "name", "12").await,
        Err(StorageError::NotWaiting { .. })
    ));
}

#[tokio::test]
async fn a_parked_run_rejects_it_when_it_resumes() {
    let (_folder, runs) = runs().await;
    Greet
        .with(runs.run("a").park())
        .run(&mut Form::default())
        .await
        .unwrap_err();
    runs.fill("a", "name", "12").await.unwrap();
    let error = Greet
        .with(runs.run("a").park())
        .run(&mut Form::default())
        .await
        .unwrap_err();
    let wrong = cause::<WrongValue>(&error);
    assert_eq!(
        wrong.source.to_string(),
        "invalid type: integer, expected a string at line 1 column 2"
    );
    runs.fill("a", "name", r#""Ada""#).await.unwrap();
    Greet
        .with(runs.run("a").park())
        .run(&mut Form::default())
        .await
        .unwrap();
}
