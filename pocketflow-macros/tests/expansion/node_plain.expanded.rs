///The node of the function [`review`](fn@review): `fn review(total: &u64) -> Verdict`
struct review {}
const _: () = {
    use ::pocketflow::__private as __p;
    use ::pocketflow::__private::methods::*;
    enum __Marker {}
    type __Sound = (
        __p::Sound<
            {
                __p::check_returned(
                    !__p::ReturnType::<Verdict>::__IS_RESULT,
                    "`Verdict` is a `Result` under another name\nhelp: write `Result<…>`, or give the alias that name: `type Result<T> = …`\nnote: a node is fallible where the last name of its type is `Result`",
                )
            },
        >,
    );
    #[automatically_derived]
    impl __p::Describe for review
    where
        __Sound: __p::Soundness,
    {
        const NODE: __p::Description = {
            let _: __Sound;
            __p::Description {
                name: "review",
                store: <Order as ::pocketflow::Shared>::STORE,
                actions: <Verdict as __p::TakeAction<Order>>::INFOS,
                reads: &["total"],
                ..__p::Description::UNKNOWN
            }
        };
        type Reads<'a> = __Reads<'a>;
    }
    pub struct __Reads<'a> {
        ///The field `total`.
        total: &'a u64,
    }
    #[automatically_derived]
    impl ::pocketflow::Node<Order, __Marker> for review
    where
        __Sound: __p::Soundness,
    {
        type Prep<'a> = ();
        type Item<'a> = ();
        type Exec = Verdict;
        type Done = <Self as ::pocketflow::Node<Order, __Marker>>::Exec;
        type Kept = ();
        #[inline]
        fn reads<'a>(
            __shared: &'a Order,
            __context: <Order as ::pocketflow::Shared>::Context<'a>,
        ) -> __p::Result<<Self as __p::Describe>::Reads<'a>, ::pocketflow::Failure> {
            let __field_total = (&__shared.total).__read();
            let __field_total: &'a u64 = match __field_total {
                __p::Option::Some(__value) => __value,
                __p::Option::None => {
                    return __p::Result::Err(
                        ::pocketflow::Failure::empty(
                            <Order as ::pocketflow::Shared>::STORE,
                            "total",
                        ),
                    );
                }
            };
            __p::Result::Ok(__Reads { total: __field_total })
        }
        #[inline]
        fn exec(
            &self,
            __reads: <Self as __p::Describe>::Reads<'_>,
            __prep: &<Self as ::pocketflow::Node<Order, __Marker>>::Prep<'_>,
            __item: <Self as ::pocketflow::Node<Order, __Marker>>::Item<'_>,
            __attempt: ::pocketflow::Attempt<'_>,
        ) -> impl ::pocketflow::__private::Future<
            Output = ::pocketflow::__private::Result<
                <Self as ::pocketflow::Node<Order, __Marker>>::Exec,
                ::pocketflow::Failure,
            >,
        > + ::pocketflow::__private::Send {
            async move { __p::Result::Ok(review(__reads.total)) }
        }
        #[inline]
        fn post(
            &self,
            __shared: &mut Order,
            __context: <Order as ::pocketflow::Shared>::Context<'_>,
            _: <Self as ::pocketflow::Node<Order, __Marker>>::Kept,
            __exec: <Self as ::pocketflow::Node<Order, __Marker>>::Done,
        ) -> __p::Result<__p::usize, ::pocketflow::EmptyField> {
            __p::Result::Ok(<Verdict as __p::TakeAction<Order>>::take(__exec, __shared))
        }
    }
    #[automatically_derived]
    impl<__P> __p::NodeParameters for review
    where
        (Order, __Marker): __p::Itself<Type = __P>,
    {
        type Pair = __P;
    }
    #[automatically_derived]
    impl<__K: __p::StepKind> __p::FlowStep<Order, __K> for review
    where
        __Sound: __p::Soundness,
        __p::NodeRunner<__Marker>: __p::Runner<Order, __K, review>,
    {
        fn runner() -> impl __p::Runner<Order, __K, Self> {
            __p::NodeRunner::<__Marker>::RUNNER
        }
    }
};
fn review(total: &u64) -> Verdict {
    Verdict::of(*total)
}
