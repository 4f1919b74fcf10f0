#[node(Chat, attempts = 2, writes(reply))]
impl Converse {
    fn prep(&self, messages: &[Message]) -> Result<Vec<Message>> {
        recent(messages)
    }
    async fn exec(&self, prep: &Vec<Message>) -> Result<Message> {
        ask(prep).await
    }
    async fn fallback(&self, error: Error) -> Result<Message> {
        Ok(apologize(error))
    }
    fn post(&self, reply: &mut Option<Message>, prep: Vec<Message>, exec: Message) -> Turn {
        *reply = Some(exec);
        Turn::after(prep)
    }
}
