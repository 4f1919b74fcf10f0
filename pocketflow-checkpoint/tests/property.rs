//! Every value of a store is either rejected at the step that made it or read back equal, bit by
//! bit.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroU64, Wrapping};
use std::ops::{Bound, Range, RangeInclusive};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use pocketflow::{Shared, flow, node};
use pocketflow_checkpoint::{BadState, Checkpoints, Parked, Status, Storage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A generated value, and whether two values are equal bit by bit.
trait Any: Sized {
    fn any(size: u32) -> Self;
    fn same(&self, other: &Self) -> bool;
}

fn few(size: u32) -> usize {
    if size == 0 { 0 } else { fastrand::usize(..4) }
}

macro_rules! by_eq {
    ($($type:ty: |$size:ident| $any:expr;)*) => {
        $(impl Any for $type {
            fn any($size: u32) -> Self { let _ = $size; $any }
            fn same(&self, other: &Self) -> bool { self == other }
        })*
    };
}

fn integer() -> u128 {
    let any = u128::from(fastrand::u64(..)) << 64 | u128::from(fastrand::u64(..));
    match fastrand::u8(..4) {
        0 => any,
        1 => any >> 64,
        2 => u128::from(fastrand::u8(..)),
        _ => u128::MAX - u128::from(fastrand::u8(..3)),
    }
}

by_eq! {
    u8: |_s| integer() as u8;
    u32: |_s| integer() as u32;
    i64: |_s| integer() as i64;
    u64: |_s| integer() as u64;
    i128: |_s| integer() as i128;
    u128: |_s| integer();
    bool: |_s| fastrand::bool();
    (): |_s| ();
    char: |_s| fastrand::char(..);
    String: |s| (0..few(s + 1) * 3).map(|_| if fastrand::bool() { fastrand::char(..) } else { fastrand::char('\0'..'\u{7f}') }).collect();
    Cow<'static, str>: |s| Cow::Owned(String::any(s));
    NonZeroU64: |s| NonZeroU64::new(u64::any(s)).unwrap_or(NonZeroU64::MIN);
    Wrapping<i64>: |s| Wrapping(i64::any(s));
    Duration: |_s| Duration::new(fastrand::u64(..), fastrand::u32(..1_000_000_000));
    SystemTime: |_s| if fastrand::bool() { UNIX_EPOCH + Duration::from_nanos(fastrand::u64(..)) } else { UNIX_EPOCH - Duration::from_nanos(fastrand::u64(..)) };
    PathBuf: |s| PathBuf::from(String::any(s).replace('\0', "/"));
    IpAddr: |_s| if fastrand::bool() { IpAddr::from(fastrand::u32(..).to_be_bytes()) } else { IpAddr::from(fastrand::u128(..).to_be_bytes()) };
    SocketAddr: |s| SocketAddr::new(IpAddr::any(s), fastrand::u16(..));
    Range<i64>: |s| i64::any(s)..i64::any(s);
    RangeInclusive<u8>: |s| u8::any(s)..=u8::any(s);
    Bound<u8>: |s| match fastrand::u8(..3) { 0 => Bound::Unbounded, 1 => Bound::Included(u8::any(s)), _ => Bound::Excluded(u8::any(s)) };
    BTreeSet<Option<char>>: |s| (0..few(s)).map(|_| Any::any(s - 1)).collect();
    HashSet<Vec<Option<u8>>>: |s| (0..few(s)).map(|_| Any::any(s - 1)).collect();
}

impl Any for f64 {
    fn any(_: u32) -> Self {
        match fastrand::u8(..8) {
            0 => f64::NAN,
            1 => f64::NEG_INFINITY,
            2 => -0.0,
            3 => fastrand::f64(),
            4 => fastrand::i32(..) as f64 / 100.0,
            _ => f64::from_bits(fastrand::u64(..)),
        }
    }
    fn same(&self, other: &Self) -> bool {
        self.to_bits() == other.to_bits()
    }
}

impl Any for f32 {
    fn any(_: u32) -> Self {
        if fastrand::u8(..4) == 0 {
            f32::INFINITY
        } else {
            f32::from_bits(fastrand::u32(..))
        }
    }
    fn same(&self, other: &Self) -> bool {
        self.to_bits() == other.to_bits()
    }
}

impl<T: Any> Any for Option<T> {
    fn any(size: u32) -> Self {
        fastrand::bool().then(|| T::any(size))
    }
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Some(a), Some(b)) => a.same(b),
            (None, None) => true,
            _ => false,
        }
    }
}

impl<T: Any, E: Any> Any for Result<T, E> {
    fn any(size: u32) -> Self {
        if fastrand::bool() {
            Ok(T::any(size))
        } else {
            Err(E::any(size))
        }
    }
    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Ok(a), Ok(b)) => a.same(b),
            (Err(a), Err(b)) => a.same(b),
            _ => false,
        }
    }
}

impl<T: Any> Any for Box<T> {
    fn any(size: u32) -> Self {
        Box::new(T::any(size))
    }
    fn same(&self, other: &Self) -> bool {
        (**self).same(other)
    }
}

macro_rules! lists {
    ($($list:ident),*) => {
        $(impl<T: Any> Any for $list<T> {
            fn any(size: u32) -> Self {
                (0..few(size)).map(|_| T::any(size - 1)).collect()
            }
            fn same(&self, other: &Self) -> bool {
                self.len() == other.len() && self.iter().zip(other).all(|(a, b)| a.same(b))
            }
        })*
    };
}

lists!(Vec, VecDeque, LinkedList);

impl Any for BinaryHeap<i64> {
    fn any(size: u32) -> Self {
        Vec::any(size).into()
    }
    fn same(&self, other: &Self) -> bool {
        self.clone().into_sorted_vec() == other.clone().into_sorted_vec()
    }
}

impl<K: Any + Ord, V: Any> Any for BTreeMap<K, V> {
    fn any(size: u32) -> Self {
        (0..few(size))
            .map(|_| (K::any(size - 1), V::any(size - 1)))
            .collect()
    }
    fn same(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self
                .iter()
                .zip(other)
                .all(|(a, b)| a.0.same(b.0) && a.1.same(b.1))
    }
}

impl<K: Any + Eq + std::hash::Hash, V: Any> Any for HashMap<K, V> {
    fn any(size: u32) -> Self {
        (0..few(size))
            .map(|_| (K::any(size - 1), V::any(size - 1)))
            .collect()
    }
    fn same(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self
                .iter()
                .all(|(key, value)| other.get(key).is_some_and(|b| value.same(b)))
    }
}

impl<A: Any, B: Any> Any for (A, B) {
    fn any(size: u32) -> Self {
        (A::any(size), B::any(size))
    }
    fn same(&self, other: &Self) -> bool {
        self.0.same(&other.0) && self.1.same(&other.1)
    }
}

impl<T: Any> Any for [T; 3] {
    fn any(size: u32) -> Self {
        std::array::from_fn(|_| T::any(size))
    }
    fn same(&self, other: &Self) -> bool {
        self.iter().zip(other).all(|(a, b)| a.same(b))
    }
}

/// JSON of any kind. Numbers are compared by their text, because `Value` compares floats as
/// numbers.
impl Any for Value {
    fn any(size: u32) -> Self {
        match fastrand::u8(..if size == 0 { 5 } else { 8 }) {
            0 => Value::Null,
            1 => fastrand::bool().into(),
            2 => f64::any(0).into(),
            3 => i64::any(0).into(),
            4 => String::any(size).into(),
            5 => Value::Array((0..few(size)).map(|_| Value::any(size - 1)).collect()),
            6 => Value::Object(
                (0..few(size))
                    .map(|_| (String::any(1), Value::any(size - 1)))
                    .collect(),
            ),
            _ => serde_json::json!({ "$ron": String::any(size) }),
        }
    }
    fn same(&self, other: &Self) -> bool {
        let [a, b] = [self, other].map(Value::to_string);
        a == b
    }
}

macro_rules! structs {
    ($($(#[$attribute:meta])* struct $name:ident { $($(#[$on:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            #[derive(Debug, Clone, Serialize, Deserialize)]
            $(#[$attribute])*
            struct $name { $($(#[$on])* $field: $type,)* }

            impl Any for $name {
                fn any(size: u32) -> Self { Self { $($field: Any::any(size.saturating_sub(1)),)* } }
                fn same(&self, other: &Self) -> bool { true $(&& self.$field.same(&other.$field))* }
            }
        )*
    };
}

structs! {
    struct Plain { a: f64, b: Option<Option<u8>>, c: Option<()>, }
    #[serde(rename_all = "camelCase", default)]
    struct Renamed { first_field: f32, second_field: Vec<Option<bool>>, }
    struct Flat { a: u8, #[serde(flatten)] rest: BTreeMap<String, Value>, }
    struct FlatTyped { #[serde(flatten)] plain: Plain, extra: u128, }
    struct Sparse { #[serde(default, skip_serializing_if = "Vec::is_empty")] list: Vec<f64>, #[serde(default)] late: Option<Option<i64>>, }
}

impl Default for Renamed {
    fn default() -> Self {
        Self {
            first_field: 1.5,
            second_field: vec![None],
        }
    }
}

macro_rules! enums {
    ($($(#[$attribute:meta])* enum $name:ident)*) => {
        $(
            #[derive(Debug, Clone, Serialize, Deserialize)]
            $(#[$attribute])*
            enum $name { Unit, Wrapped(Option<Plain>), Fields { a: f64, b: Option<Box<$name>>, c: Vec<i64> } }

            impl Any for $name {
                fn any(size: u32) -> Self {
                    match fastrand::u8(..3) {
                        0 => Self::Unit,
                        1 => Self::Wrapped(Any::any(size.saturating_sub(1))),
                        _ if size == 0 => Self::Unit,
                        _ => Self::Fields { a: Any::any(0), b: Any::any(size - 1), c: Any::any(size - 1) },
                    }
                }
                fn same(&self, other: &Self) -> bool {
                    match (self, other) {
                        (Self::Unit, Self::Unit) => true,
                        (Self::Wrapped(a), Self::Wrapped(b)) => a.same(b),
                        (Self::Fields { a, b, c }, Self::Fields { a: d, b: e, c: f }) => a.same(d) && b.same(e) && c.same(f),
                        _ => false,
                    }
                }
            }
        )*
    };
}

enums! {
    enum External
    #[serde(tag = "kind")] enum Internal
    #[serde(tag = "t", content = "c")] enum Adjacent
    #[serde(untagged)] enum Untagged
}

/// Bytes in serde's sense, which JSON stores as numbers.
#[derive(Debug, Clone, PartialEq)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut list: A,
            ) -> Result<Bytes, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = list.next_element()? {
                    bytes.push(byte);
                }
                Ok(Bytes(bytes))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}

by_eq! {
    Bytes: |s| Bytes((0..few(s) * 9).map(|_| fastrand::u8(..)).collect());
}

macro_rules! store {
    ($($field:ident: $type:ty,)*) => {
        /// A store with a field of every type, of which one is given a value.
        #[derive(Shared, Debug, Default, Serialize, Deserialize)]
        struct Store {
            which: usize,
            made: Vec<bool>,
            approval: Option<bool>,
            $($field: Option<$type>,)*
        }

        const FIELDS: &[&str] = &[$(stringify!($field)),*];

        impl Store {
            /// Gives a value to the field with this number.
            fn make(&mut self) {
                let fields: &[fn(&mut Self)] = &[$(|store| store.$field = Some(Any::any(4))),*];
                fields[self.which](self);
                self.made.push(true);
            }

            fn same(&self, other: &Self) -> bool {
                true $(&& self.$field.same(&other.$field))*
            }
        }
    };
}

store! {
    float: f64, single: f32, text: String, letter: char, nothing: (), maybe: Option<f64>, maybe_unit: Option<()>,
    three: Option<Option<Option<u8>>>, signed: i128, unsigned: u128, result: Result<f64, Option<()>>, cow: Cow<'static, str>,
    non_zero: NonZeroU64, wrapping: Wrapping<i64>, duration: Duration, time: SystemTime, path: PathBuf, ip: IpAddr, socket: SocketAddr,
    range: Range<i64>, inclusive: RangeInclusive<u8>, bound: Bound<u8>, set: BTreeSet<Option<char>>, hash_set: HashSet<Vec<Option<u8>>>,
    list: Vec<Vec<f64>>, deque: VecDeque<Option<Option<i64>>>, linked: LinkedList<f32>, heap: BinaryHeap<i64>,
    by_pair: HashMap<(u8, u8), f64>, by_text: BTreeMap<String, Option<f64>>, by_list: BTreeMap<Vec<u8>, Plain>, by_bool: HashMap<bool, u128>,
    by_option: BTreeMap<Option<String>, ()>, by_unit: BTreeMap<(), u8>, by_letter: BTreeMap<char, i128>, by_wide: HashMap<u128, Value>,
    array: [Option<f64>; 3], pair: (Option<()>, f64), boxed: Box<Option<Box<f64>>>, json: Value, plain: Plain, renamed: Renamed, flat: Flat,
    flat_typed: FlatTyped, sparse: Sparse, external: External, internal: Internal, adjacent: Adjacent, untagged: Untagged, bytes: Bytes,
    many: Vec<External>, map_of: HashMap<String, Vec<Untagged>>,
}

struct Make;

#[node(Store)]
impl Make {
    fn exec(&self) {}

    fn post(&self, shared: &mut Store) {
        shared.make();
    }
}

#[node(Store)]
fn approve(approval: &bool) {
    assert!(*approval);
}

flow! { Keeps { make: Make; make >> await(approval) >> approve; } }

#[tokio::test]
async fn a_value_is_refused_where_it_is_made_or_comes_back_equal() {
    let seed = std::env::var("POCKETFLOW_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| fastrand::u64(..));
    println!("POCKETFLOW_SEED={seed}");
    fastrand::seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let runs = Checkpoints::open(folder.path().join("runs.db"))
        .await
        .unwrap();
    let keeps = Keeps { make: Make };
    let (mut refused, mut held) = (0, 0);
    for round in 0..4 {
        for (which, field) in FIELDS.iter().enumerate() {
            let run = format!("{field}-{round}");
            let mut made = Store {
                which,
                ..Store::default()
            };
            let error = keeps
                .with(runs.run(&run).park())
                .run(&mut made)
                .await
                .unwrap_err();
            if error.cause().is::<Parked>() {
                held += 1;
                let mut back = Store::default();
                keeps
                    .with(runs.run(&run).park())
                    .run(&mut back)
                    .await
                    .unwrap_err();
                assert_eq!(back.made, [true], "{field}");
                assert!(back.same(&made), "{field}: {back:?} was {made:?}");
                runs.storage().remove(&run).await.unwrap();
                continue;
            }
            refused += 1;
            let bad: &BadState = error
                .cause()
                .downcast_ref()
                .unwrap_or_else(|| panic!("{field}: {error:#}"));
            assert_eq!(
                (bad.doing, bad.what.as_str()),
                ("store", &*format!("the field `{field}`")),
                "{bad}"
            );
            let stored = runs.storage().show(&run).await.unwrap().unwrap();
            assert_eq!(
                (stored.status, stored.step),
                (Status::Failed, 0),
                "nothing was acknowledged"
            );
        }
    }
    println!("{held} came back, {refused} were refused");
    assert!(refused * 10 < held, "{refused} of {held} were refused");
}
