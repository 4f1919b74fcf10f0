//! Programs that `macro_rules!` generates, with fragments of every kind in every position.
#![deny(warnings)]
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    private_interfaces,
    unused_macros,
    clippy::all,
    deprecated,
    unused_variables,
    unused_imports,
    unused_must_use,
    nonstandard_style,
    let_underscore_drop
)]
use pocketflow::{Action, Attempt, Shared, flow, node};

mod m01 {
    use super::*; // attempts through $e:expr
    macro_rules! make {
        ($name:ident, $n:expr, $w:expr) => {
            #[node(S, writes = out, attempts = $n, wait = $w)]
            async fn $name(text: &str) -> Result<String, String> {
                Ok(text.into())
            }
        };
    }
    #[derive(Shared, Default)]
    struct S {
        text: String,
        out: Option<String>,
    }
    make!(one, 3, "1s");
    flow! { F { one; } }
}
mod m02 {
    use super::*; // $l:literal
    macro_rules! make {
        ($name:ident, $n:literal, $w:literal, $f:ident, $field:ident : $t:ty) => {
            #[node(S, writes = $f, attempts = $n, wait = $w, backoff = 2.0, timeout = $w)]
            async fn $name($field: $t) -> Result<String, String> {
                Ok(format!("{}", $field))
            }
        };
    }
    #[derive(Shared, Default)]
    struct S {
        text: String,
        out: Option<String>,
    }
    make!(one, 3, "1s", out, text: &str);
    flow! { F { one; } }
}
mod m03 {
    use super::*; // whole set
    macro_rules! set { ($($store:ident { $($f:ident : $t:ty),* } $node:ident ($($p:ident : $pt:ty),*) -> $o:ident : $r:ty = $b:expr => $act:ident [$($v:ident),*] $flow:ident;)*) => { $(
        mod $flow { use super::super::*; #[derive(Shared, Default)] struct $store { $($f: $t),* }
        #[derive(Action)] enum $act { $($v),* }
        #[node($store, writes = $o)] fn $node($($p: $pt),*) -> $r { $b }
        mod inner { use super::*; #[node($store)] pub(super) fn decide() -> $act { let all = [$($act::$v),*]; let [first, ..] = all; first }
        }
        use inner::decide; flow! { $flow { $node >> decide; decide - "a" >> end; decide - "b" >> end "no"; } } }
    )* } }
    set! {
        S1 { a: String, b: Option<String> } n1 (a: &str) -> b: String = String::from("x") => A1 [A, B] f1;
        S2 { a: u64, b: Option<Vec<u8>> } n2 (a: &u64) -> b: Vec<u8> = vec![1] => A2 [A, B] f2;
    }
}
mod m04 {
    use super::*; // $self:ident
    macro_rules! imp { ($self:ident, $t:ident, $body:expr) => { struct $t { n: usize }
        #[node(S, writes = out)] impl $t { fn exec(&$self, text: &str) -> String { let _ = text; $body } } } }
    #[derive(Shared, Default)]
    struct S {
        text: String,
        out: Option<String>,
    }
    imp!(self, Node, self.n.to_string());
    flow! { F { node: Node; node; } }
}
mod m05 {
    use super::*; // $($t:tt)*
    macro_rules! raw { ($($t:tt)*) => { $($t)* } }
    raw! { #[derive(Shared, Default)] struct S { text: String, out: Option<String> }
    #[node(S, writes = out)] fn one(text: &str) -> String { text.into() }
    flow! { F { one; } } }
}
mod m06 {
    use super::*; // $i:item
    macro_rules! item {
        ($i:item) => {
            $i
        };
    }
    macro_rules! nodeit { ($s:ident $($o:tt)*) => { #[node($s $($o)*)] } ; }
    macro_rules! nodify {
        ($s:ty, $i:item) => {
            #[node($s, writes = out)]
            $i
        };
    }
    item! { #[derive(Shared, Default)] struct S { text: String, out: Option<String> } }
    item! { #[node(S, writes = out)] fn zero(text: &str) -> String { text.into() } }
    nodify! { S, fn one(text: &str) -> String { text.into() } }
    struct Two;
    nodify! { S, impl Two { fn exec(&self, text: &str) -> String { text.into() } } }
    item! { flow! { F { zero >> one >> Two; } } }
}
mod m07 {
    use super::*; // $lt:lifetime
    macro_rules! imp { ($lt:lifetime, $t:ident) => { struct $t;
        #[node(S, writes = out)] impl $t { fn prep<$lt>(&self, text: &$lt str) -> &$lt str { text } fn exec(&self, prep: &str) -> String { prep.into() } } } }
    #[derive(Shared, Default)]
    struct S {
        text: String,
        out: Option<String>,
    }
    imp!('a, Node);
    flow! { F { Node; } }
}
mod m08 {
    use super::*; // nested macros, $crate
    #[derive(Shared, Default)]
    pub(crate) struct S {
        text: String,
        out: Option<String>,
    }
    macro_rules! outer {
        ($n:ident) => {
            macro_rules! $n {
                ($m:ident, $o:ident) => {
                    #[node($crate::m08::S, writes = $o)]
                    fn $m(text: &str) -> String {
                        text.into()
                    }
                };
            }
        };
    }
    outer!(inner);
    inner!(a, out);
    flow! { F { a; } }
}
mod m09 {
    use super::*; // block, pat, vis, meta, stmt
    macro_rules! mk { ($(#[$m:meta])* $v:vis fn $n:ident ($($p:ident : $t:ty),*) -> $r:ty $b:block) => { #[node(S, writes = out)] $(#[$m])* $v fn $n($($p: $t),*) -> $r $b } }
    macro_rules! st { ($(#[$m:meta])* $v:vis struct $n:ident { $($fv:vis $f:ident : $t:ty),* $(,)? }) => { #[derive(Shared, Default)] $(#[$m])* $v struct $n { $($fv $f: $t),* } } }
    macro_rules! ac { ($(#[$m:meta])* $v:vis enum $n:ident { $($var:ident { $($f:ident : $t:ty),* }),* }) => { #[derive(Action)] #[action(S)] $(#[$m])* $v enum $n { $($var { $($f: $t),* }),* } } }
    macro_rules! fl {
        ($v:vis $n:ident, $a:literal, $x:ident, $y:path) => {
            flow! { $v $n { $x - $a >> $y; $x - "other" >> end; } }
        };
    }
    st! { /// Doc "quoted" 'x'
    pub(crate) struct S { pub(crate) text: String, pub(crate) out: Option<String>, pub(crate) k: Option<Vec<u8>> } }
    ac! { pub(crate) enum A { One { k: Vec<u8> }, Other {} } }
    mk! { /// Doc `"`
    #[must_use] pub(crate) fn one(text: &str) -> String { text.into() } }
    #[node(S)]
    fn pick() -> A {
        A::One { k: vec![] }
    }
    fl!(pub(crate) F, "one", pick, crate::m09::one);
}
mod m10 {
    use super::*; // flow in macro with tt edges
    macro_rules! line { ($($n:ident),+ => $f:ident) => { flow! { $f { line!(@ $($n),+); } } }; }
    macro_rules! chain { ($f:ident; $a:ident $(, $n:ident)*) => { flow! { $f { $a $(>> $n)*; } } } }
    macro_rules! ex { ($a:path $(, $n:path)*) => { flow! { $a $(>> $n)*; } } }
    #[derive(Shared, Default)]
    struct S {
        text: String,
    }
    #[node(S, writes = text)]
    fn a() -> String {
        "a".into()
    }
    #[node(S, writes = text)]
    fn b() -> String {
        "b".into()
    }
    chain!(F; a, b);
    async fn run() {
        let f = ex!(a, self::b);
        let _r = f.run(&mut S::default()).await;
    }
}
mod m11 {
    use super::*; // fork and declared through macro
    macro_rules! fork { ($f:ident; $($d:ident : $t:path),* ; $($n:ident),+) => { flow! { $f { $($d: $t;)* ($($n),+) >> z; } } } }
    #[derive(Shared, Default)]
    struct S {
        a: u8,
        b: u8,
        c: u8,
    }
    struct A {
        n: u8,
    }
    #[node(S, writes = a)]
    impl A {
        fn exec(&self) -> u8 {
            self.n
        }
    }
    #[node(S, writes = b)]
    fn b() -> u8 {
        1
    }
    #[node(S, writes = c)]
    fn c() -> u8 {
        1
    }
    #[node(S)]
    fn z(a: &u8, b: &u8, c: &u8) {
        let _ = (a, b, c);
    }
    fork!(F; aa: A; aa, b, c);
}
mod m12 {
    use super::*; // macro-generated impl with assoc consts, helper, types in where
    macro_rules! nodes { ($($t:ident = $n:literal),* $(,)?) => { $(
        struct $t;
        #[node(S, writes = out, attempts = 2)]
        impl $t { const N: usize = $n; fn helper(s: &str) -> String { s.repeat(Self::N) } async fn exec(&self, text: &str) -> Result<String, String> { Ok(Self::helper(text)) } }
    )* flow! { All { nodes!(@ $($t)*); } } }; }
    macro_rules! nodes2 { ($($t:ident = $n:literal),* $(,)?) => { $(
        struct $t;
        #[node(S, writes = out, attempts = 2)]
        impl $t { const N: usize = $n; fn helper(s: &str) -> String { s.repeat(Self::N) } async fn exec(&self, text: &str) -> Result<String, String> { Ok(Self::helper(text)) } }
    )* } }
    #[derive(Shared, Default)]
    struct S {
        text: String,
        out: Option<String>,
    }
    nodes2! { A = 1, B = 2, C = 3 }
    flow! { F { A >> B >> C; } }
}
mod m13 {
    use super::*; // fallback/retry_if via path, attempts const via expr
    macro_rules! mk {
        ($n:ident, $r:path, $f:path, $s:ident) => {
            #[node($s, writes = out, attempts = 2, retry_if = $r, fallback = $f)]
            fn $n(text: &str) -> Result<String, String> {
                Err(text.into())
            }
        };
    }
    #[derive(Shared, Default)]
    struct S {
        text: String,
        out: Option<String>,
    }
    fn yes(e: &String) -> bool {
        !e.is_empty()
    }
    fn fb(_: &pocketflow::Reads<'_, one>, e: pocketflow::Error) -> Result<String, String> {
        Ok(e.to_string())
    }
    mk!(one, self::yes, self::fb, S);
    flow! { F { one; } }
}
mod m14 {
    use super::*; // each via macro; attempt via macro
    macro_rules! mk {
        ($n:ident, $c:ident, $i:ident : $t:ty, $a:ident) => {
            #[node(S, writes = out, parallel = 4, attempts = 2)]
            async fn $n(#[each($c)] $i: $t, #[attempt] $a: Attempt<'_>) -> Result<String, String> {
                Ok(format!("{}{}", $i, $a.number()))
            }
        };
    }
    #[derive(Shared, Default)]
    struct S {
        text: Vec<String>,
        out: Option<Vec<String>>,
    }
    mk!(one, text, t: &str, at);
    flow! { F { one; } }
}
mod m15 {
    use super::*; // enum generated with renames via literal
    macro_rules! acts { ($n:ident { $($v:ident = $a:literal),* }) => { #[derive(Action)] enum $n { $(#[action($a)] $v),* } } }
    acts!(A { X = "x-y", Z = "z z" });
    #[derive(Shared, Default)]
    struct S {
        text: Vec<String>,
    }
    #[node(S)]
    fn p() -> A {
        A::X
    }
    flow! { F { p - "x-y" >> end; p - "z z" >> end "zz"; } }
}
mod m16 {
    use super::*; // function args with $p:pat? mut binding
    #[derive(Shared, Default)]
    struct S {
        text: String,
        out: Option<String>,
    }
    #[node(S, writes = out)]
    fn one(mut text: &str) -> String {
        text = text.trim();
        text.into()
    }
    struct T;
    #[node(S, writes = out)]
    impl T {
        fn exec(&self, mut text: &str) -> String {
            text = text.trim();
            text.into()
        }
        fn post(&self, out: &mut Option<String>, mut exec: String) {
            exec.push('x');
            *out = Some(exec);
        }
    }
    flow! { F { one >> T; } }
}
mod m17 {
    use super::*; // types in option: macro as type, type macro position
    macro_rules! Str {
        () => {
            String
        };
    }
    macro_rules! Opt { ($t:ty) => { Option<$t> } }
    #[derive(Shared, Default)]
    struct S {
        text: Str!(),
        out: Opt!(String),
    }
    #[node(S, writes = out)]
    fn one(text: &Str!()) -> Str!() {
        text.clone()
    }
    #[node(S)]
    fn two(out: &str) {
        let _ = out;
    }
    flow! { F { one >> two; } }
}
mod m18 {
    use super::*; // body uses macro hygiene identifiers same as ours
    macro_rules! mk {
        ($n:ident) => {
            #[node(S, writes = out)]
            fn $n(text: &str) -> String {
                let shared = text;
                let prep = shared;
                let exec = prep;
                let item = exec;
                let error = item;
                error.into()
            }
        };
    }
    #[derive(Shared, Default)]
    struct S {
        text: String,
        out: Option<String>,
    }
    mk!(one);
    flow! { F { one; } }
}
mod m19 {
    use super::*; // macro with fn name concat by module; node in a macro-generated mod with super
    macro_rules! step {
        ($m:ident, $s:ident, $f:ident, $o:ident) => {
            mod $m {
                use super::$s;
                use pocketflow::node;
                #[node($s, writes = $o)]
                pub(super) fn $m($f: &str) -> String {
                    $f.into()
                }
            }
        };
    }
    #[derive(Shared, Default)]
    struct S {
        text: String,
        out: Option<String>,
        out2: Option<String>,
    }
    step!(first, S, text, out);
    step!(second, S, out, out2);
    flow! { F { first::first >> second::second; } }
}
mod m20 {
    use super::*; // closures/ tuple types via $t:ty in post
    macro_rules! im {
        ($t:ident, $p:ty, $r:ty) => {
            struct $t;
            #[node(S)]
            impl $t {
                fn prep(&self, text: &str) -> $p {
                    text.into()
                }
                async fn exec(&self, prep: &$p) -> $r {
                    Ok(prep.clone())
                }
                fn post(&self, out: &mut Option<String>, prep: $p, exec: String) {
                    *out = Some(prep + &exec);
                }
            }
        };
    }
    #[derive(Shared, Default)]
    struct S {
        text: String,
        out: Option<String>,
    }
    im!(T, String, Result<String, std::io::Error>);
    flow! { F { T; } }
}
mod m21 {
    use super::*; // writes through $($w:ident),*
    macro_rules! im { ($n:ident, [$($w:ident),*], $r:ty, $e:expr) => { #[node(S, writes($($w),*))] fn $n() -> $r { $e } } }
    #[derive(Shared, Default)]
    struct S {
        a: String,
        out: Option<String>,
    }
    im!(
        n,
        [a, out],
        (String, String),
        (String::new(), String::new())
    );
    flow! { F { n; } }
}
mod m22 {
    use super::*; // field types via macro in the action
    macro_rules! ac { ($($f:ident : $t:ty),*) => { #[derive(Shared, Default)] struct S { $($f: Option<$t>),* } #[derive(Action)] #[action(S)] enum A { Go { $($f: $t),* }, Tup($($t),*) } } }
    macro_rules! ac2 { ($($f:ident : $t:ty),*) => { #[derive(Shared, Default)] struct S { $($f: Option<$t>),* } #[derive(Action)] #[action(S)] enum A { Go { $($f: $t),* }, Stop } } }
    ac2!(a: Vec<u8>, b: &'static str, c: (u8, u8));
    #[node(S)]
    fn n() -> A {
        A::Go {
            a: vec![],
            b: "x",
            c: (1, 2),
        }
    }
    #[node(S)]
    fn m(a: &[u8], b: &str, c: &(u8, u8)) {
        let _ = (a, b, c);
    }
    flow! { F { n - "go" >> m; n - "stop" >> end; } }
}
mod m23 {
    use super::*; // async closures, recursion
    #[derive(Shared, Default)]
    struct S {
        depth: u32,
        out: Option<String>,
    }
    #[node(S, writes = out)]
    async fn rec(depth: &u32) -> Result<String, pocketflow::Error> {
        let c = async |x: u32| x + 1;
        if *depth == 0 {
            return Ok(c(1).await.to_string());
        }
        let mut s = S {
            depth: depth - 1,
            out: None,
        };
        Box::pin(rec(&s.depth)).await?;
        let f: std::pin::Pin<Box<dyn Future<Output = _> + Send + '_>> = Box::pin(G.run(&mut s));
        let _ = f.await?;
        Ok("x".into())
    }
    flow! { G { rec; } }
}
mod m24 {
    use super::*; // Pin<Box<dyn Future>> plain fn as a value is not a node? returns future = value; type !
    #[derive(Shared, Default)]
    struct S {
        x: u32,
    }
    #[node(S)]
    fn never(x: &u32) -> Result<(), std::convert::Infallible> {
        let _ = x;
        Ok(())
    }
    flow! { F { never; } }
}
mod m25 {
    use super::*; // arrays, tuples, PhantomData, fn pointers, const generics
    use std::marker::PhantomData;
    #[derive(Default, Clone)]
    pub struct Buf<const N: usize, T = u8>(PhantomData<[T; N]>);
    const K: usize = 3;
    type Handler = fn(&str) -> String;
    #[derive(Shared)]
    struct S {
        a: [u8; K],
        t: (u8, String),
        p: PhantomData<fn() -> u8>,
        f: fn(&str) -> String,
        h: Handler,
        b: Buf<{ K + 1 }>,
        o: Option<[String; 2]>,
        g: Option<fn(u8) -> u8>,
        slice: Box<[u8]>,
        bs: Box<str>,
        arc: std::sync::Arc<str>,
        d: Vec<Buf<4, u16>>,
        m: std::sync::Mutex<u8>,
        c: std::borrow::Cow<'static, str>,
        u: (),
        n: Option<()>,
        nn: Option<Option<u8>>,
        never: Option<std::convert::Infallible>,
    }
    #[node(S)]
    fn a(
        a: &[u8],
        t: &(u8, String),
        p: &PhantomData<fn() -> u8>,
        f: &fn(&str) -> String,
        h: &Handler,
        b: &Buf<{ K + 1 }>,
        slice: &[u8],
        bs: &str,
        arc: &str,
        d: &[Buf<4, u16>],
        m: &std::sync::Mutex<u8>,
        c: &str,
        u: &(),
    ) -> () {
        let _ = (a, t, p, f("x"), h("y"), b, slice, bs, arc, d, m, c, u);
    }
    #[node(S, writes(o, g, n))]
    fn w() -> ([String; 2], fn(u8) -> u8, ()) {
        (Default::default(), |x| x, ())
    }
    #[node(S)]
    fn r(o: &[String; 2], g: &fn(u8) -> u8, n: &()) {
        let _ = (o, g(1), n);
    }
    #[node(S)]
    fn r3(o: &[String], a: &[u8; K], nn: Option<&Option<u8>>) {
        let _ = (o, a, nn);
    }
    flow! { F { a >> w >> r >> r3; } }
}
