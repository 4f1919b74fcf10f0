/**Charges the card.

The node of the function [`pay`](fn@pay): `async fn pay(total: &u64, hint: Option<&str>, attempt: Attempt<'_>) -> Result<String>`*/
pub struct pay {}
const _: () = {
    use ::pocketflow::__private as __p;
    use ::pocketflow::__private::methods::*;
    enum __Marker {}
    #[automatically_derived]
    impl __p::Describe for pay {
        const NODE: __p::Description = {
            __p::Description {
                name: "pay",
                store: <Order as ::pocketflow::Shared>::STORE,
                actions: &[::pocketflow::ActionInfo::DEFAULT],
                reads: &["total"],
                optional_reads: &["hint"],
                writes: &["receipt"],
                fails: true,
                ..__p::Description::UNKNOWN
            }
        };
        type Reads<'a> = __Reads<'a>;
    }
    pub struct __Reads<'a> {
        ///The field `total`.
        pub total: &'a u64,
        ///The field `hint`.
        pub hint: __p::Option<&'a str>,
    }
    #[automatically_derived]
    impl ::pocketflow::Node<Order, __Marker> for pay {
        const POLICY: ::pocketflow::Policy = ::pocketflow::Policy {
            attempts: 3u32,
            wait: __p::Duration::from_nanos(1000000000u64),
            timeout: __p::Option::Some(__p::Duration::from_nanos(5000000000u64)),
            backoff: 2f64,
            fallback: true,
            ..::pocketflow::Policy::ONCE
        };
        type Prep<'a> = ();
        type Item<'a> = ();
        type Exec = <Result<String> as __p::Fallible>::Value;
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
            let __field_hint = (&__shared.hint).__read();
            let __field_hint: __p::Option<&'a str> = match __field_hint {
                __p::Option::Some(__value) => {
                    let __value: &'_ str = __value;
                    __p::Option::Some(__value)
                }
                __p::Option::None => __p::Option::None,
            };
            __p::Result::Ok(__Reads {
                total: __field_total,
                hint: __field_hint,
            })
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
            __p::within(
                __p::Duration::from_nanos(5000000000u64),
                __p::outcome(
                    pay(__reads.total, __reads.hint, __attempt),
                    |__output| match __output {
                        __p::Result::Ok(__value) => __p::Result::Ok(__value),
                        __p::Result::Err(__error) => {
                            __p::Result::Err({
                                let __retry = is_busy(&__error);
                                let __raised = __error;
                                let __kind = __p::ReturnedError(&__raised).__kind();
                                __p::IntoFailure::into_failure(__raised, __kind, __retry)
                            })
                        }
                    },
                ),
            )
        }
        fn judge(__failure: ::pocketflow::Failure) -> ::pocketflow::Failure {
            __p::Judge::<<Result<String> as __p::Fallible>::Error>::OF
                .__judge(__failure, |__error| is_busy(__error))
        }
        fn fallback(
            &self,
            __reads: <Self as __p::Describe>::Reads<'_>,
            __prep: &<Self as ::pocketflow::Node<Order, __Marker>>::Prep<'_>,
            __item: <Self as ::pocketflow::Node<Order, __Marker>>::Item<'_>,
            __error: ::pocketflow::Error,
        ) -> impl __p::Future<
            Output = __p::Result<
                <Self as ::pocketflow::Node<Order, __Marker>>::Exec,
                ::pocketflow::Failure,
            >,
        > + __p::Send {
            async move {
                match __p::IntoOutcome::<
                    Result<String>,
                    _,
                >::into_outcome(cash(&__reads, __error))
                    .await
                {
                    __p::Result::Ok(__value) => __p::Result::Ok(__value),
                    __p::Result::Err(__error) => {
                        __p::Result::Err({
                            let __retry = false;
                            let __raised = __error;
                            let __kind = __p::ReturnedError(&__raised).__kind();
                            __p::IntoFailure::into_failure(__raised, __kind, __retry)
                        })
                    }
                }
            }
        }
        #[inline]
        fn post(
            &self,
            __shared: &mut Order,
            __context: <Order as ::pocketflow::Shared>::Context<'_>,
            _: <Self as ::pocketflow::Node<Order, __Marker>>::Kept,
            __exec: <Self as ::pocketflow::Node<Order, __Marker>>::Done,
        ) -> __p::Result<__p::usize, ::pocketflow::EmptyField> {
            __p::FieldSlot(&mut __shared.receipt).__write(|| __exec);
            __p::Result::Ok(0)
        }
    }
    #[automatically_derived]
    impl<__P> __p::NodeParameters for pay
    where
        (Order, __Marker): __p::Itself<Type = __P>,
    {
        type Pair = __P;
    }
    #[automatically_derived]
    impl<__K: __p::StepKind> __p::FlowStep<Order, __K> for pay
    where
        __p::RecoveringRunner<__Marker>: __p::Runner<Order, __K, pay>,
    {
        fn runner() -> impl __p::Runner<Order, __K, Self> {
            __p::RecoveringRunner::<__Marker>::RUNNER
        }
    }
};
/// Charges the card.
pub async fn pay(
    total: &u64,
    hint: Option<&str>,
    attempt: Attempt<'_>,
) -> Result<String> {
    charge(*total, hint, attempt.number()).await
}
