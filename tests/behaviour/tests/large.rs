//! Flows with more nodes than one generated function handles, which is 32.

use pocketflow::{Action, Shared, flow, node};

#[derive(Shared, Default)]
struct Count {
    steps: usize,
    rounds: usize,
}

#[derive(Action)]
#[action(Count)]
enum Turn {
    Again { rounds: usize },
    Done,
}

/// A flow through these nodes, twice.
macro_rules! twice {
    ($name:ident, $steps:literal: $first:ident $($node:ident)*) => {
        mod $name {
            use super::*;

            #[node(Count, writes = steps)]
            fn $first(steps: &usize) -> usize {
                steps + 1
            }

            $(
                #[node(Count, writes = steps)]
                fn $node(steps: &usize) -> usize {
                    steps + 1
                }
            )*

            #[node(Count)]
            fn turn(rounds: &usize) -> Turn {
                if *rounds == 0 { Turn::Again { rounds: 1 } } else { Turn::Done }
            }

            flow! {
                Large {
                    $first $(>> $node)* >> turn;
                    turn - "again" >> $first;
                    turn - "done" >> end;
                }
            }

            #[tokio::test]
            async fn comes_to_its_end() {
                let mut count = Count::default();
                Large.run(&mut count).await.unwrap();
                assert_eq!((count.steps, count.rounds), (2 * $steps, 1));
                assert_eq!(Large::GRAPH.places.len(), $steps + 1);
            }
        }
    };
}

twice! { of_32, 31: n0 n1 n2 n3 n4 n5 n6 n7 n8 n9 n10 n11 n12 n13 n14 n15 n16 n17 n18 n19 n20 n21 n22 n23 n24 n25 n26 n27 n28 n29 n30 }
twice! { of_33, 32: n0 n1 n2 n3 n4 n5 n6 n7 n8 n9 n10 n11 n12 n13 n14 n15 n16 n17 n18 n19 n20 n21 n22 n23 n24 n25 n26 n27 n28 n29 n30 n31 }
twice! { of_64, 63: n0 n1 n2 n3 n4 n5 n6 n7 n8 n9 n10 n11 n12 n13 n14 n15 n16 n17 n18 n19 n20 n21 n22 n23 n24 n25 n26 n27 n28 n29 n30 n31 n32 n33 n34 n35 n36 n37 n38 n39 n40 n41 n42 n43 n44 n45 n46 n47 n48 n49 n50 n51 n52 n53 n54 n55 n56 n57 n58 n59 n60 n61 n62 }
twice! { of_65, 64: n0 n1 n2 n3 n4 n5 n6 n7 n8 n9 n10 n11 n12 n13 n14 n15 n16 n17 n18 n19 n20 n21 n22 n23 n24 n25 n26 n27 n28 n29 n30 n31 n32 n33 n34 n35 n36 n37 n38 n39 n40 n41 n42 n43 n44 n45 n46 n47 n48 n49 n50 n51 n52 n53 n54 n55 n56 n57 n58 n59 n60 n61 n62 n63 }
