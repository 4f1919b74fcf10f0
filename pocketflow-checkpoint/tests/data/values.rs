//! Values that are hard to store.

use super::*;

/// All values that are hard to store.
#[derive(Shared, Debug, Default, Serialize, Deserialize)]
struct Odd {
    prices: Vec<f64>,
    singles: Vec<f32>,
    tagged: Option<f64>,
    nested: Option<Option<u8>>,
    unit: Option<()>,
    #[serde(default)]
    huge: (i128, u128),
    seats: HashMap<(u8, u8), String>,
    bytes: BTreeMap<Vec<u8>, u8>,
    set: HashSet<String>,
    raw: Option<Box<RawValue>>,
    deep: Option<Deep>,
    go_on: Option<bool>,
    done: Option<bool>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Deep(Vec<Deep>);

fn deep(depth: usize) -> Deep {
    (0..depth).fold(Deep::default(), |inner, _| Deep(vec![inner]))
}

struct Make;

#[node(Odd)]
impl Make {
    fn exec(&self) {}

    fn post(&self, shared: &mut Odd) {
        shared.prices = (0..2_000)
            .map(|_| f64::from_bits(fastrand::u64(..)))
            .filter(|f| f.is_finite())
            .collect();
        shared.prices.extend([
            0.1 + 0.2,
            f64::NAN,
            -f64::NAN,
            f64::INFINITY,
            -0.0,
            f64::MIN_POSITIVE / 2.0,
        ]);
        shared.singles = vec![0.1, f32::NAN, f32::NEG_INFINITY, f32::MIN_POSITIVE / 2.0];
        shared.tagged = Some(f64::NAN);
        shared.nested = Some(None);
        shared.unit = Some(());
        shared.huge = (i128::MIN, u128::MAX);
        shared.seats = [((1, 2), "Ada".into()), ((0, 9), "Bob".into())].into();
        shared.bytes = [(vec![1, 2], 3)].into();
        shared.set = (0..50).map(|number| number.to_string()).collect();
        shared.raw = serde_json::from_str(r#"{ "b": 1.50, "a": 1e2 }"#).unwrap();
        shared.deep = Some(deep(100));
    }
}

#[node(Odd, writes = done)]
fn finish(go_on: &bool) -> bool {
    *go_on
}

flow! { Hold { make: Make; make >> await(go_on) >> finish; } }

/// Asserts that two values are equal, and floats bit by bit.
fn assert_same(a: &Odd, b: &Odd) {
    let bits = |odd: &Odd| {
        odd.prices
            .iter()
            .map(|price| price.to_bits())
            .collect::<Vec<_>>()
    };
    let differ: Vec<_> = bits(a)
        .into_iter()
        .zip(bits(b))
        .filter(|(a, b)| a != b)
        .collect();
    assert_eq!((differ, a.prices.len()), (vec![], b.prices.len()));
    let singles = |odd: &Odd| {
        odd.singles
            .iter()
            .map(|single| single.to_bits())
            .collect::<Vec<_>>()
    };
    assert_eq!(singles(a), singles(b));
    assert_eq!(a.tagged.map(f64::to_bits), b.tagged.map(f64::to_bits));
    assert_eq!((a.nested, a.unit, a.huge), (b.nested, b.unit, b.huge));
    assert_eq!((&a.seats, &a.bytes, &a.set), (&b.seats, &b.bytes, &b.set));
    assert_eq!(
        a.raw.as_ref().map(|raw| raw.get()),
        b.raw.as_ref().map(|raw| raw.get())
    );
    assert_eq!((&a.deep, a.go_on, a.done), (&b.deep, b.go_on, b.done));
}

#[tokio::test]
async fn every_value_comes_back_bit_by_bit() {
    let (_folder, runs) = runs().await;
    let hold = Hold { make: Make };
    let mut first = Odd::default();
    let parked = hold
        .with(runs.run("a").park())
        .run(&mut first)
        .await
        .unwrap_err();
    assert_eq!(cause::<Parked>(&parked).field, "go_on");
    let mut again = Odd::default();
    let parked = hold
        .with(runs.run("a").park())
        .run(&mut again)
        .await
        .unwrap_err();
    assert_eq!(cause::<Parked>(&parked).field, "go_on");
    assert_same(&again, &first);
    assert_same(
        &runs.state_at::<Odd>("a", 1).await.unwrap().unwrap(),
        &first,
    );

    runs.fill("a", "go_on", "true").await.unwrap();
    hold.with(runs.run("a")).run(&mut again).await.unwrap();
    (first.go_on, first.done) = (Some(true), Some(true));
    assert_same(&again, &first);
    let mut over = Odd::default();
    hold.with(runs.run("a")).run(&mut over).await.unwrap();
    assert_same(&over, &first);
}

/// A type whose values are read back as different ones, in every format.
#[derive(Debug, Default, Clone, PartialEq)]
struct Trimmed(String);

impl Serialize for Trimmed {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Trimmed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(deserializer)?.trim().to_owned()))
    }
}

#[derive(Shared, Debug, Default, Serialize, Deserialize)]
struct Note {
    text: Trimmed,
    tree: Option<Deep>,
    depth: usize,
    steps: u32,
}

struct Grow;

#[node(Note)]
impl Grow {
    fn exec(&self) {}

    fn post(&self, shared: &mut Note) {
        shared.steps += 1;
        if shared.steps == 2 {
            shared.tree = Some(deep(shared.depth));
            shared
                .text
                .0
                .push(if shared.depth == 0 { ' ' } else { '.' });
        }
    }
}

flow! { Grows { first: Grow; second: Grow; first >> second; } }

#[tokio::test]
async fn what_does_not_come_back_is_refused_at_the_step_that_made_it() {
    let (_folder, runs) = runs().await;
    let grows = Grows {
        first: Grow,
        second: Grow,
    };
    let error = grows
        .with(runs.run("a"))
        .run(&mut Note::default())
        .await
        .unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "Grows > second: stopped: cannot store the field `text` of run `a`: it would not be read back as it is"
    );
    let stored = runs.storage().show("a").await.unwrap().unwrap();
    assert_eq!((stored.status, stored.step), (Status::Failed, 1));
    assert_eq!(
        stored.state,
        r#"{"text":"","tree":null,"depth":0,"steps":1}"#
    );

    let mut note = Note {
        depth: 500,
        ..Note::default()
    };
    let error = grows.with(runs.run("b")).run(&mut note).await.unwrap_err();
    let text = format!("{error:#}");
    assert!(
        text.contains("cannot store the field `tree` of run `b`: recursion limit exceeded"),
        "{text}"
    );

    let mut note = Note {
        text: Trimmed(" a".into()),
        ..Note::default()
    };
    grows.with(runs.run("c")).run(&mut note).await.unwrap_err();
    assert!(
        runs.storage().show("c").await.unwrap().is_none(),
        "it has not begun"
    );
}
