#[path = "../desks.rs"]
mod desks;
use desks::*;
use pocketflow::{Driver, Error, Run, StepInfo, Taken, flow};

flow! {
    pub Digest: Library {
        list >> Investigate.on(facts) >> combine;
    }
}

struct Log;

impl Driver<Library> for Log {
    async fn step<R: Run<Library>>(
        &self,
        info: &StepInfo<'_>,
        shared: &mut Library,
        run: R,
    ) -> Result<Taken, Error> {
        println!("{info}");
        run.run(shared).await
    }
}

async fn run(library: &mut Library) {
    let _ = Digest.with(Log).run(library).await;
}

fn main() {}
