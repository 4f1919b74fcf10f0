#[derive(Shared)]
#[shared(context = Services)]
struct Research {
    question: String,
    answer: Option<String>,
}

#[node(Research, writes = answer, attempts = context.tries, wait = WAIT)]
async fn answer(question: &str, #[context] llm: &dyn Llm) -> Result<String, LlmError> {
    llm.ask(question).await
}
