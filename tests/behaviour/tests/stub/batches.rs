use super::*;

#[tokio::test]
async fn lend_each_item() -> Result<(), Error> {
    let stub = Stub::new().each::<draft>(|reads, title: &str, attempt| match attempt.number() {
        1 if title == "effects" => Err("try again".into()),
        number => Ok(format!("{title} of {} at attempt {number}", reads.topic)),
    });
    let mut desk = desk();
    Draft.with(&stub).run(&mut desk).await?;
    assert_eq!(
        desk.drafts.as_deref().unwrap(),
        [
            "causes of rain at attempt 1",
            "effects of rain at attempt 2"
        ]
    );
    assert_eq!((stub.calls::<draft>(), stub.attempts::<draft>()), (2, 3));
    Ok(())
}

#[tokio::test]
async fn name_the_item_that_fails() {
    let stub = Stub::new().each::<draft>(|_, title, _| match title {
        "effects" => Err("no effects".into()),
        _ => Ok(title.into()),
    });
    let error = Draft.with(&stub).run(&mut desk()).await.unwrap_err();
    assert_eq!(error.item(), Some(1));
    assert_eq!(error.cause().to_string(), "no effects");
}
