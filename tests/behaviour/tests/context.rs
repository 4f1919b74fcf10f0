//! Contexts: what a run is given, and never stores.

// Each module is as a separate crate.
#![allow(unreachable_pub)]

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use pocketflow::{Shared, StepLimit, flow, node};

trait Llm: Send + Sync {
    fn ask(&self, prompt: &str) -> Result<String>;
}

struct Canned(&'static str);

impl Llm for Canned {
    fn ask(&self, _: &str) -> Result<String> {
        Ok(self.0.into())
    }
}

struct Index(Vec<&'static str>);

/// What the flow works with. A plain struct: no derive, no wrapper, no `Default`.
struct Services {
    llm: Box<dyn Llm>,
    index: Index,
    tries: u32,
}

#[derive(Shared, Default)]
#[shared(context = Services)]
struct Research {
    question: String,
    notes: String,
    answer: Option<String>,
}

#[node(Research, appends = notes)]
async fn search(question: &str, #[context] index: &Index) -> Result<String> {
    Ok(format!("{question}: {}", index.0.join(", ")))
}

const RETRY_WAIT: Duration = Duration::from_millis(1);

#[node(Research, writes = answer, attempts = context.tries, wait = RETRY_WAIT)]
async fn answer(question: &str, notes: &str, #[context] llm: &dyn Llm) -> Result<String> {
    llm.ask(&format!("{question} {notes}"))
}

flow! {
    /// Answers a question.
    pub Answer { search >> answer; }
}

fn services() -> Services {
    Services {
        llm: Box::new(Canned("42")),
        index: Index(vec!["a", "b"]),
        tries: 3,
    }
}

#[tokio::test]
async fn the_program_of_the_contract() -> Result<()> {
    let services = services();
    let mut research = Research {
        question: "why?".into(),
        ..Default::default()
    };
    Answer.context(&services).run(&mut research).await?;
    assert_eq!(research.answer.as_deref(), Some("42"));
    assert_eq!(research.notes, "why?: a, b");
    assert_eq!(answer("why?", "because", &Canned("42")).await?, "42");
    Answer
        .context(&services)
        .with(StepLimit::new(9))
        .run(&mut research)
        .await?;
    Answer
        .with(StepLimit::new(9))
        .context(&services)
        .with(StepLimit::new(9))
        .run(&mut research)
        .await?;
    let services = Arc::new(services);
    Answer.context(&services).run(&mut research).await?;
    tokio::spawn(async move { Answer.context(services).run(&mut research).await }).await??;
    Ok(())
}

/// A context may be private, where the store and the flow are public.
mod private {
    use pocketflow::{Shared, flow, node};

    struct Clock(u64);

    mod inner {
        pub(super) struct Services {
            pub(super) clock: super::Clock,
        }
    }
    use inner::Services;

    /// A store.
    #[derive(Shared, Default)]
    #[shared(context = Services)]
    pub struct Log {
        /// When it was written.
        pub written: Option<u64>,
    }

    #[node(Log, writes = written)]
    fn write(#[context] clock: &Clock) -> u64 {
        clock.0
    }

    flow! {
        /// Writes.
        pub Write { write; }
    }

    #[tokio::test]
    async fn may_stand_under_a_public_store_and_flow() {
        let services = Services { clock: Clock(7) };
        let mut log = Log::default();
        Write.context(&services).run(&mut log).await.unwrap();
        assert_eq!(log.written, Some(7));
    }
}

/// Every step of every kind of node, and every kind of flow around it.
mod everywhere {
    use std::num::NonZeroUsize;
    use std::sync::Mutex;

    use pocketflow::{Action, Error, Reads, Shared, flow, node};

    #[derive(Default)]
    struct Services {
        greeting: String,
        limit: u32,
        cache: Option<String>,
        calls: Mutex<Vec<&'static str>>,
    }

    #[derive(Shared, Default)]
    #[shared(context = Services)]
    struct Desk {
        names: Vec<String>,
        greetings: Option<Vec<String>>,
        rounds: u32,
        left: String,
        right: String,
        whole: Option<String>,
        cached: Option<String>,
    }

    #[derive(Action)]
    enum Round {
        Again,
        Enough,
    }

    /// All steps of one node.
    struct Greet {
        width: NonZeroUsize,
    }

    #[node(Desk, writes(greetings), attempts = 2, parallel = self.width)]
    impl Greet {
        fn prep(
            &self,
            names: &[String],
            #[context] calls: &Mutex<Vec<&'static str>>,
        ) -> Vec<String> {
            calls.lock().unwrap().push("prep");
            names.to_vec()
        }
        async fn exec(
            &self,
            #[each(prep)] name: &str,
            #[context] greeting: &str,
        ) -> Result<String, String> {
            match name {
                "nobody" => Err(format!("no {greeting} for nobody")),
                name => Ok(format!("{greeting}, {name}")),
            }
        }
        fn fallback(
            &self,
            name: &str,
            error: Error,
            #[context] greeting: &str,
            #[context] limit: &u32,
        ) -> Result<String, String> {
            assert!(format!("{error:#}").contains("no hello for nobody"));
            Ok(format!("{greeting} {limit} {name}"))
        }
        fn post(
            &self,
            greetings: &mut Option<Vec<String>>,
            exec: Vec<String>,
            #[context] context: &Services,
        ) {
            context.calls.lock().unwrap().push("post");
            *greetings = Some(exec);
        }
    }

    #[node(Desk, writes = rounds)]
    fn count(rounds: &u32) -> u32 {
        rounds + 1
    }

    struct Decide;

    #[node(Desk)]
    impl Decide {
        fn exec(&self) {}
        fn post(&self, rounds: &u32, #[context] limit: &u32) -> Round {
            if rounds < limit {
                Round::Again
            } else {
                Round::Enough
            }
        }
    }

    #[node(Desk, writes = left, attempts = 2, fallback = left_otherwise)]
    async fn left(#[context] greeting: &str) -> Result<String, String> {
        Err(greeting.into())
    }

    fn left_otherwise(reads: &Reads<'_, left>, _error: Error) -> Result<String, String> {
        Ok(format!("{} on the left", reads.greeting))
    }

    #[node(Desk, writes = right)]
    fn right(#[context] context: &Services) -> String {
        format!("{} on the right", context.greeting)
    }

    #[node(Desk, writes = whole)]
    fn whole(left: &str, right: &str) -> String {
        format!("{left}, {right}")
    }

    #[node(Desk, writes = cached)]
    fn cached(#[context] cache: Option<&str>, #[context] limit: Option<&u32>) -> String {
        format!("{cache:?} {limit:?}")
    }

    flow! {
        Count {
            count >> Decide max 9 else end;
            Decide - "again" >> count;
            Decide - "enough" >> end;
        }
    }

    flow! {
        All {
            greet: Greet;
            greet >> Count >> (left, right) >> whole >> cached;
        }
    }

    #[tokio::test]
    async fn a_context_is_borrowed() {
        let services = Services {
            greeting: "hello".into(),
            limit: 3,
            ..Services::default()
        };
        let flow = All {
            greet: Greet {
                width: NonZeroUsize::new(2).unwrap(),
            },
        };
        let names = || ["ada", "nobody", "boris"].map(String::from).to_vec();
        let mut plain = Desk {
            names: names(),
            ..Default::default()
        };
        flow.context(&services).run(&mut plain).await.unwrap();
        let mut driven = Desk {
            names: names(),
            ..Default::default()
        };
        let steps = pocketflow::StepLimit::new(99);
        flow.with(steps)
            .context(&services)
            .run(&mut driven)
            .await
            .unwrap();
        for desk in [plain, driven] {
            let greetings = desk.greetings.unwrap();
            assert_eq!(greetings, ["hello, ada", "hello 3 nobody", "hello, boris"]);
            assert_eq!(desk.rounds, 3);
            assert_eq!(desk.whole.unwrap(), "hello on the left, hello on the right");
            assert_eq!(desk.cached.unwrap(), "None Some(3)");
        }
        let calls = services.calls.into_inner().unwrap();
        assert_eq!(calls, ["prep", "post", "prep", "post"]);
    }

    #[tokio::test]
    async fn a_field_of_the_context_may_be_empty() {
        let services = Services {
            cache: Some("kept".into()),
            ..Services::default()
        };
        let mut desk = Desk::default();
        flow! { cached }
            .context(&services)
            .run(&mut desk)
            .await
            .unwrap();
        assert_eq!(desk.cached.unwrap(), "Some(\"kept\") Some(0)");
    }
}

/// What a field of the context can be where a trait object is borrowed.
mod objects {
    use std::sync::Arc;

    use pocketflow::{Shared, flow, node};

    trait Speak: Send + Sync {
        fn word(&self) -> &'static str;
    }

    struct Dog;

    impl Speak for Dog {
        fn word(&self) -> &'static str {
            "woof"
        }
    }

    struct Animals {
        boxed: Box<dyn Speak>,
        counted: Arc<dyn Speak + Send>,
        borrowed: &'static dyn Speak,
        plain: Dog,
        maybe: Option<Box<dyn Speak>>,
    }

    #[derive(Shared, Default)]
    #[shared(context = Animals)]
    struct Farm {
        words: Option<Vec<&'static str>>,
    }

    #[node(Farm, writes = words)]
    fn listen(
        #[context] boxed: &dyn Speak,
        #[context] counted: &(dyn Speak + Send),
        #[context] borrowed: &dyn Speak,
        #[context] plain: &dyn Speak,
        #[context] maybe: Option<&dyn Speak>,
    ) -> Vec<&'static str> {
        [
            Some(boxed),
            Some(counted),
            Some(borrowed),
            Some(plain),
            maybe,
        ]
        .into_iter()
        .flatten()
        .map(Speak::word)
        .collect()
    }

    flow! { Listen { listen; } }

    #[tokio::test]
    async fn are_what_the_pointer_points_to() {
        let animals = Animals {
            boxed: Box::new(Dog),
            counted: Arc::new(Dog),
            borrowed: &Dog,
            plain: Dog,
            maybe: Some(Box::new(Dog)),
        };
        let mut farm = Farm::default();
        Listen.context(&animals).run(&mut farm).await.unwrap();
        assert_eq!(farm.words.unwrap(), ["woof"; 5]);
    }
}

/// Code that is generic over flows runs one with its context as any other.
mod generic {
    use pocketflow::{Drive, Error, Shared, StepLimit, flow, node};

    #[derive(Shared, Default)]
    #[shared(context = u32)]
    struct Order {
        total: u32,
    }

    #[node(Order, writes = total)]
    fn add(total: &u32, #[context] context: &u32) -> u32 {
        total + context
    }

    flow! { Add { add; } }

    async fn twice<S: Shared>(flow: &impl Drive<S, StepLimit>, store: &mut S) -> Result<(), Error> {
        for _ in 0..2 {
            flow.drive(StepLimit::new(9), store).await?;
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_flow_with_a_context_can_be_driven() {
        let mut order = Order::default();
        twice(&Add.context(&4), &mut order).await.unwrap();
        assert_eq!(order.total, 8);
    }
}

/// A context is one for a run: a store without one runs beside it, in the same code.
mod sizes {
    use std::mem::size_of_val;

    use pocketflow::{Shared, flow, node};

    struct Services {
        step: u64,
    }

    #[derive(Shared, Default)]
    #[shared(context = Services)]
    struct Given {
        total: u64,
    }

    #[derive(Shared, Default)]
    struct Kept {
        total: u64,
        step: u64,
    }

    #[node(Given, writes = total)]
    async fn add_given(total: &u64, #[context] step: &u64) -> u64 {
        total + step
    }

    #[node(Kept, writes = total)]
    async fn add_kept(total: &u64, step: &u64) -> u64 {
        total + step
    }

    flow! { AddGiven { add_given; } }
    flow! { AddKept { add_kept; } }

    #[tokio::test]
    async fn a_run_with_a_context_is_a_few_words_bigger() {
        let (services, mut given, mut kept) =
            (Services { step: 2 }, Given::default(), Kept::default());
        let with = size_of_val(&AddGiven.context(&services).run(&mut given));
        let without = size_of_val(&AddKept.run(&mut kept));
        assert!(with <= without + 6 * size_of::<usize>(), "{with} {without}");
        AddGiven.context(&services).run(&mut given).await.unwrap();
        kept.step = 2;
        AddKept.run(&mut kept).await.unwrap();
        assert_eq!((given.total, kept.total), (2, 2));
    }
}
