//! Greets, then shouts. Each node lends its `exec` the fields that it reads and stores the result:
//! prep, exec and post.

type Error = Box<dyn std::error::Error + Send + Sync>;

struct Hello {
    name: String,
    greeting: Option<String>,
}

async fn greet(hello: &mut Hello) -> Result<(), Error> {
    async fn exec(name: &str) -> Result<String, Error> {
        Ok(format!("Hello, {name}!"))
    }
    let greeting = exec(&hello.name).await?;
    hello.greeting = Some(greeting);
    Ok(())
}

async fn shout(hello: &mut Hello) -> Result<(), Error> {
    async fn exec(greeting: &str) -> Result<(), Error> {
        println!("{}", greeting.to_uppercase());
        Ok(())
    }
    exec(hello.greeting.as_deref().ok_or("there is no greeting")?).await
}

async fn run(hello: &mut Hello) -> Result<(), Error> {
    enum State {
        Greet,
        Shout,
    }
    let mut state = State::Greet;
    loop {
        state = match state {
            State::Greet => {
                greet(hello).await?;
                State::Shout
            }
            State::Shout => return shout(hello).await,
        };
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let mut hello = Hello {
        name: "Ada".to_owned(),
        greeting: None,
    };
    run(&mut hello).await
}
