//! A flow of more than 32 places, which is walked in chunks.

use pocketflow::{Failed, Shared, flow, node};

#[derive(Shared, Default)]
pub struct Store {
    count: u32,
    problem: Option<Failed>,
}

#[node(Store, writes = count)]
fn step(count: &u32) -> Result<u32, String> {
    if *count == 35 {
        Err("stop".into())
    } else {
        Ok(count + 1)
    }
}

macro_rules! chain {
    ($($name:ident)*) => {
        flow! {
            pub Large {
                $($name: step;)*
                step $(>> $name)*;
                s34 - error(problem) >> step max 1 else end "twice";
                s35 - error(problem) >> end "failed";
            }
        }
    };
}

chain!(s1 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 s12 s13 s14 s15 s16 s17 s18 s19 s20 s21 s22 s23 s24 s25 s26 s27
    s28 s29 s30 s31 s32 s33 s34 s35 s36);

#[tokio::test]
async fn a_large_flow_follows_its_error_edges() {
    let mut store = Store::default();
    assert_eq!(Large.run(&mut store).await.unwrap(), LargeExit::Failed);
    assert_eq!(store.problem.unwrap().path, ["Large", "s35"]);
    // One step further on, the failure leads back to the start, which fails as well.
    let mut store = Store {
        count: 1,
        ..Default::default()
    };
    let error = Large.run(&mut store).await.unwrap_err();
    assert_eq!(error.path(), ["Large", "step"]);
    assert_eq!(store.problem.unwrap().path, ["Large", "s34"]);
}
