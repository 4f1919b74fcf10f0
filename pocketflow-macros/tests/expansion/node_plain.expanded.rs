///The node of the function [`review`](fn@review): `fn review(total: &u64) -> Verdict`
struct review {}
const _: () = {
    use ::pocketflow::__private::methods::*;
    enum __Marker {}
    type __Sound = (
        ::pocketflow::__private::Sound<
            {
                ::pocketflow::__private::check_returned(
                    !::pocketflow::__private::Returned::<Verdict>::__IS_RESULT,
                    "`Verdict` is a `Result` under another name\nhelp: write `Result<…>`, or give the alias that name: `type Result<T> = …`\nnote: a node is fallible where the last name of its type is `Result`",
                )
            },
        >,
    );
    impl ::pocketflow::__private::Describe for review
    where
        __Sound: ::pocketflow::__private::Soundness,
    {
        const NODE: ::pocketflow::__private::Description = {
            let _: __Sound;
            ::pocketflow::__private::Description {
                name: "review",
                store: <Order as ::pocketflow::Shared>::STORE,
                actions: <Verdict as ::pocketflow::__private::TakeAction<Order>>::INFOS,
                reads: &["total"],
                ..::pocketflow::__private::Description::UNKNOWN
            }
        };
        type Reads<'a> = __Reads<'a>;
    }
    pub struct __Reads<'a> {
        ///The field `total`.
        total: &'a u64,
    }
    impl ::pocketflow::Node<Order, __Marker> for review
    where
        __Sound: ::pocketflow::__private::Soundness,
    {
        type Prep<'a> = ();
        type Item<'a> = ();
        type Exec = Verdict;
        type Done = <Self as ::pocketflow::Node<Order, __Marker>>::Exec;
        type Kept = ();
        #[inline]
        fn reads<'a>(
            __shared: &'a Order,
        ) -> ::pocketflow::__private::Result<
            <Self as ::pocketflow::__private::Describe>::Reads<'a>,
            ::pocketflow::Failure,
        > {
            let __field_total = (&__shared.total).__read();
            let __field_total: &'a u64 = match __field_total {
                ::pocketflow::__private::Option::Some(__value) => __value,
                ::pocketflow::__private::Option::None => {
                    return ::pocketflow::__private::Result::Err(
                        ::pocketflow::Failure::empty(
                            <Order as ::pocketflow::Shared>::STORE,
                            "total",
                        ),
                    );
                }
            };
            ::pocketflow::__private::Result::Ok(__Reads { total: __field_total })
        }
        #[inline]
        fn exec(
            &self,
            __reads: <Self as ::pocketflow::__private::Describe>::Reads<'_>,
            __prep: &<Self as ::pocketflow::Node<Order, __Marker>>::Prep<'_>,
            __item: <Self as ::pocketflow::Node<Order, __Marker>>::Item<'_>,
            __attempt: ::pocketflow::Attempt<'_>,
        ) -> impl ::pocketflow::__private::Future<
            Output = ::pocketflow::__private::Result<
                <Self as ::pocketflow::Node<Order, __Marker>>::Exec,
                ::pocketflow::Failure,
            >,
        > + ::pocketflow::__private::Send {
            async move { ::pocketflow::__private::Result::Ok(review(__reads.total)) }
        }
        #[inline]
        fn post(
            &self,
            __shared: &mut Order,
            _: <Self as ::pocketflow::Node<Order, __Marker>>::Kept,
            __exec: <Self as ::pocketflow::Node<Order, __Marker>>::Done,
        ) -> ::pocketflow::__private::Result<
            ::pocketflow::__private::usize,
            ::pocketflow::EmptyField,
        > {
            ::pocketflow::__private::Result::Ok(
                <Verdict as ::pocketflow::__private::TakeAction<
                    Order,
                >>::take(__exec, __shared),
            )
        }
    }
    impl<
        __K: ::pocketflow::__private::StepKind,
    > ::pocketflow::__private::FlowStep<Order, __K> for review
    where
        __Sound: ::pocketflow::__private::Soundness,
        ::pocketflow::__private::NodeRunner<
            __Marker,
        >: ::pocketflow::__private::Runner<Order, __K, review>,
    {
        fn runner() -> impl ::pocketflow::__private::Runner<Order, __K, Self> {
            ::pocketflow::__private::NodeRunner::<__Marker>::RUNNER
        }
    }
};
fn review(total: &u64) -> Verdict {
    Verdict::of(*total)
}
