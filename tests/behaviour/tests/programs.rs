//! The programs from the documentation, as users see them.

// Each is a separate crate there, and a module here.
#![allow(unreachable_pub)]

mod checkout {
    use anyhow::Result;
    use pocketflow::{Action, Shared, flow, node};

    #[derive(Shared, Default, Debug)]
    struct Order {
        total_cents: u64,
        receipt: Option<String>,
        reason: Option<String>,
    }

    /// What a review decides.
    #[derive(Action)]
    #[action(Order)]
    enum Verdict {
        Approved,
        Rejected { reason: String },
    }

    #[node(Order)]
    fn review(total_cents: &u64) -> Verdict {
        if *total_cents <= 100_000 {
            Verdict::Approved
        } else {
            Verdict::Rejected {
                reason: "over the limit".into(),
            }
        }
    }

    #[node(Order, writes = receipt, attempts = 3, wait = "200ms")]
    async fn pay(total_cents: &u64) -> Result<String> {
        Ok(format!("paid {total_cents}"))
    }

    #[node(Order)]
    fn refuse(reason: &str) {
        println!("rejected: {reason}");
    }

    flow! {
        /// Reviews an order, and then charges it or says why not.
        pub Checkout {
            review - "approved" >> pay;
            review - "rejected" >> refuse;
        }
    }

    #[tokio::test]
    async fn runs() -> Result<()> {
        let mut order = Order {
            total_cents: 4_200,
            ..Default::default()
        };
        assert_eq!(Checkout.run(&mut order).await?, CheckoutExit::Default);
        assert_eq!(order.receipt.as_deref(), Some("paid 4200"));

        let mut order = Order {
            total_cents: 4_200_000,
            ..Default::default()
        };
        Checkout.run(&mut order).await?;
        assert_eq!(
            (order.receipt, order.reason.as_deref()),
            (None, Some("over the limit"))
        );
        println!("{}", Checkout::GRAPH);
        Ok(())
    }
}

mod agent {
    use anyhow::Result;
    use pocketflow::{Action, Attempt, Shared, flow, node};
    use serde::{Deserialize, Serialize};

    #[derive(Shared, Default, Debug, Serialize, Deserialize)]
    struct Research {
        question: String,
        context: String,
        search_query: Option<String>,
        answer: Option<String>,
    }

    #[derive(Action, Deserialize)]
    #[action(Research)]
    #[serde(tag = "action", rename_all = "snake_case")]
    enum Decision {
        Search { search_query: String },
        Answer,
    }

    /// A model that searches until its context has something, and breaks the format at the first
    /// attempt.
    async fn call_llm(prompt: &str) -> Result<String> {
        Ok(match prompt {
            _ if prompt.contains("Paris") && prompt.contains("decide") => {
                "```yaml\naction: answer\n```".into()
            }
            _ if prompt.contains("rejected") => {
                "```yaml\naction: search\nsearch_query: 2024\n```".into()
            }
            _ if prompt.contains("decide") => "```yaml\naction: serach\n```".into(),
            _ => "Paris".into(),
        })
    }

    #[node(Research, attempts = 3)]
    async fn decide(
        question: &str,
        context: &str,
        #[attempt] attempt: Attempt<'_>,
    ) -> Result<Decision> {
        let mut prompt = format!("decide: {question} {context}");
        if let Some(error) = attempt.last_error() {
            prompt += &format!("\nYour last reply was rejected: {error}");
        }
        Ok(pocketflow::yaml::extract(&call_llm(&prompt).await?)?)
    }

    #[node(Research, appends = context)]
    async fn search(search_query: &str) -> Result<String> {
        Ok(format!("{search_query}: Paris. "))
    }

    #[node(Research, writes = answer)]
    async fn answer(question: &str, context: &str) -> Result<String> {
        call_llm(&format!("{question} {context}")).await
    }

    flow! {
        pub Agent {
            decide - "search" >> search max 5 else answer;
            search >> decide;
            decide - "answer" >> answer;
        }
    }

    #[tokio::test]
    async fn runs() -> Result<()> {
        let mut research = Research {
            question: "The capital?".into(),
            ..Default::default()
        };
        Agent.run(&mut research).await?;
        const { assert!(Agent::MAX_STEPS == 12) };
        assert_eq!(research.context, "2024: Paris. ");
        assert_eq!(research.answer.as_deref(), Some("Paris"));
        Ok(())
    }
}

mod chatbot {
    use std::sync::Mutex;

    use anyhow::Result;
    use pocketflow::{Action, Shared, flow, node};

    type Message = String;

    #[derive(Shared, Default)]
    struct Chat {
        messages: Vec<Message>,
    }

    #[derive(Action)]
    enum Turn {
        Continue,
        Quit,
    }

    struct Converse {
        model: Model,
    }

    struct Model {
        input: Mutex<Vec<String>>,
        down: bool,
    }

    #[node(Chat, attempts = 3)]
    impl Converse {
        /// The history with the user's next line, or `None` at the end of the input.
        fn prep(&self, messages: &[Message]) -> Result<Option<Vec<Message>>> {
            let line = self.model.input.lock().unwrap().pop();
            Ok(line.map(|line| [messages, &[line]].concat()))
        }

        async fn exec(&self, prep: &Option<Vec<Message>>) -> Result<Option<Message>> {
            anyhow::ensure!(!self.model.down, "the model is down");
            Ok(prep
                .as_ref()
                .map(|messages| format!("reply {}", messages.len())))
        }

        async fn fallback(
            &self,
            prep: &Option<Vec<Message>>,
            error: pocketflow::Error,
        ) -> Result<Option<Message>> {
            Ok(prep.as_ref().map(|_| format!("sorry: {error:#}")))
        }

        fn post(
            &self,
            messages: &mut Vec<Message>,
            prep: Option<Vec<Message>>,
            exec: Option<Message>,
        ) -> Turn {
            let (Some(history), Some(reply)) = (prep, exec) else {
                return Turn::Quit;
            };
            *messages = history;
            messages.push(reply);
            Turn::Continue
        }
    }

    flow! {
        pub Chatbot {
            converse: Converse;
            converse - "continue" >> converse;
            converse - "quit" >> end;
        }
    }

    #[tokio::test]
    async fn runs() -> Result<()> {
        let mut chat = Chat::default();
        let model = Model {
            input: Mutex::new(vec!["b".into(), "a".into()]),
            down: false,
        };
        Chatbot {
            converse: Converse { model },
        }
        .run(&mut chat)
        .await?;
        assert_eq!(chat.messages, ["a", "reply 1", "b", "reply 3"]);
        Ok(())
    }

    #[tokio::test]
    async fn a_fallback_goes_to_post() -> Result<()> {
        let mut chat = Chat::default();
        let model = Model {
            input: Mutex::new(vec!["a".into()]),
            down: true,
        };
        Chatbot {
            converse: Converse { model },
        }
        .run(&mut chat)
        .await?;
        assert_eq!(
            chat.messages,
            [
                "a",
                "sorry: Chatbot > converse: exec failed at attempt 3 of 3: the model is down"
            ]
        );
        Ok(())
    }
}

mod workflow {
    use anyhow::Result;
    use pocketflow::{Shared, flow, node};

    #[derive(Shared, Default)]
    struct Article {
        topic: String,
        section_titles: Option<Vec<String>>,
        final_article: Option<String>,
    }

    #[node(Article, writes = section_titles, attempts = 3, wait = "1s", backoff = 2.0)]
    async fn outline(topic: &str) -> Result<Vec<String>> {
        Ok((1..=5).map(|number| format!("{topic} {number}")).collect())
    }

    #[node(Article, writes = final_article)]
    async fn combine(section_titles: &[String]) -> Result<String> {
        Ok(section_titles.join("\n"))
    }

    #[tokio::test]
    async fn runs() -> Result<()> {
        let mut article = Article {
            topic: "AI safety".into(),
            ..Default::default()
        };
        let write = flow! { outline >> combine; };
        write.run(&mut article).await?;
        assert_eq!(article.final_article.unwrap().lines().count(), 5);
        assert_eq!(outline("AI safety").await?.len(), 5);
        Ok(())
    }
}
