//! Which names in a flow are fields: the declaration decides, in any script.

#![allow(non_camel_case_types)]

use pocketflow::{Shared, flow, node};

#[derive(Shared, Default)]
struct Count {
    count: u32,
}

macro_rules! adds {
    ($($name:ident)*) => { $(
        struct $name {
            by: u32,
        }

        #[node(Count)]
        impl $name {
            fn exec(&self) -> u32 {
                self.by
            }
            fn post(&self, count: &mut u32, exec: u32) {
                *count += exec;
            }
        }
    )* };
}
adds!(Search _Search __Search 搜索 _搜索 search _search r#match Über);

#[node(Count, writes = count)]
fn step(count: &u32) -> u32 {
    count + 1
}

#[node(Count, writes = count)]
fn 走(count: &u32) -> u32 {
    count + 1
}

#[node(Count, writes = count)]
fn _step(count: &u32) -> u32 {
    count + 1
}

flow! {
    All {
        search: Search;
        below: _Search;
        /// Two.
        far_below: __Search;
        找: 搜索;
        _找: _搜索;
        /// A type with a lower-case name.
        pub small: search;
        pub _small: _search;
        pub r#match: r#match;
        über: Über;
        step >> search >> below >> far_below >> 找 >> _找 >> small >> _small >> r#match >> über;
    }
}

flow! {
    Again {
        again: step;
        _again: _step;
        还: 走;
        step >> again >> _again >> 走 >> 还;
    }
}

#[tokio::test]
async fn what_may_hold_something_is_a_field() {
    let mut count = Count::default();
    let all = All {
        search: Search { by: 1 },
        below: _Search { by: 10 },
        far_below: __Search { by: 100 },
        找: 搜索 { by: 1_000 },
        _找: _搜索 { by: 10_000 },
        small: search { by: 100_000 },
        _small: _search { by: 1_000_000 },
        r#match: r#match { by: 10_000_000 },
        über: Über { by: 100_000_000 },
    };
    all.run(&mut count).await.unwrap();
    assert_eq!(count.count, 111_111_112);
    assert_eq!(All::GRAPH.places[8].name, "match");
}

#[tokio::test]
async fn a_second_place_is_none() {
    let mut count = Count::default();
    Again.run(&mut count).await.unwrap();
    assert_eq!(count.count, 5);
}

#[tokio::test]
async fn a_flow_that_is_an_expression_takes_local_variables() {
    let (small, 找) = (search { by: 2 }, 搜索 { by: 3 });
    let mut count = Count::default();
    flow! { pub small: search; 找: 搜索; 走 >> small >> 找; }
        .run(&mut count)
        .await
        .unwrap();
    assert_eq!(count.count, 6);
}
