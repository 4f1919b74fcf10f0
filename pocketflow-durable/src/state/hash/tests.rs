use std::collections::{HashMap, HashSet};

use super::*;

fn free<T: Serialize>(value: T) -> u128 {
    hash(&value, OrderMatters::Nowhere).unwrap()
}

#[test]
fn it_is_the_same_for_ever() {
    // What is stored today is compared with what a later version computes.
    assert_eq!(
        hash(&("item", 7_u8, [1.5_f64]), OrderMatters::InSequences).unwrap(),
        468_555_182_080_850_851_624_550_486_436_018_247
    );
}

#[test]
fn values_that_json_confuses_differ() {
    let all = [
        free(None::<u8>),
        free(()),
        free(Some(())),
        free(Some(None::<u8>)),
        free(f64::NAN),
        free(f64::INFINITY),
        free(0.0),
        free(-0.0),
        free(0),
        free("0"),
        free(true),
        free([1, 1]),
        free([1]),
        free((1, 2)),
        free((2, 1)),
        free([["a", "b"], ["c", "d"]]),
        free([["a", "c"], ["b", "d"]]),
    ];
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
}

#[test]
fn order_counts_where_it_should() {
    let (ab, ba) = ([("a", 1), ("b", 2)], [("b", 2), ("a", 1)]);
    let sequences = |value: &dyn Fn(OrderMatters) -> u128| {
        [
            OrderMatters::Everywhere,
            OrderMatters::InSequences,
            OrderMatters::Nowhere,
        ]
        .map(value)
    };
    let [a, b] = [["x", "y"], ["y", "x"]]
        .map(|list| sequences(&|order| hash(&list.to_vec(), order).unwrap()));
    assert_eq!(
        [0, 1, 2].map(|order| a[order] == b[order]),
        [false, false, true]
    );
    let [a, b] = [ab, ba].map(|list| sequences(&|order| hash(&Pairs(&list), order).unwrap()));
    assert_eq!(
        [0, 1, 2].map(|order| a[order] == b[order]),
        [false, true, true]
    );
    let many: Vec<HashMap<u32, u32>> = (0..20).map(|_| (0..50).map(|n| (n, n)).collect()).collect();
    let hashes: HashSet<_> = many
        .iter()
        .map(|map| hash(map, OrderMatters::InSequences).unwrap())
        .collect();
    assert_eq!(hashes.len(), 1);
}

#[test]
fn a_set_has_no_order_wherever_it_is() {
    #[derive(serde::Serialize)]
    struct Tagged<'a> {
        tags: &'a HashSet<u32>,
        texts: Option<std::borrow::Cow<'a, HashSet<String>>>,
        lists: Vec<HashSet<Vec<u8>>>,
    }
    let item = || hash(&set(0..50), OrderMatters::InSequences).unwrap();
    fn set(numbers: std::ops::Range<u32>) -> HashSet<u32> {
        numbers.collect()
    }
    let nested = |lists: [Vec<u8>; 2]| {
        let tags = set(0..50);
        let texts = (0..50).map(|number| number.to_string()).collect();
        let texts = Some(std::borrow::Cow::Owned(texts));
        hash(
            &Tagged {
                tags: &tags,
                texts,
                lists: vec![HashSet::from(lists)],
            },
            OrderMatters::InSequences,
        )
        .unwrap()
    };
    let [a, b] = [vec![1, 2], vec![3, 4]];
    for _ in 0..20 {
        assert_eq!(item(), item());
        assert_eq!(
            nested([a.clone(), b.clone()]),
            nested([b.clone(), a.clone()])
        );
    }
    assert_ne!(
        nested([a, b.clone()]),
        nested([vec![2, 1], b]),
        "a list in a set has an order"
    );
    let lists =
        [vec![1, 2], vec![2, 1]].map(|list| hash(&list, OrderMatters::InSequences).unwrap());
    assert_ne!(lists[0], lists[1]);
}

struct Pairs<'a>(&'a [(&'static str, u8)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}
