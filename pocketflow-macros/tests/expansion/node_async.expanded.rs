/**Charges the card.

The node of the function [`pay`](fn@pay): `async fn pay(total: &u64, hint: Option<&str>, attempt: Attempt<'_>) -> Result<String>`*/
pub struct pay {}
const _: () = {
    use ::pocketflow::__private::methods::*;
    enum __Marker {}
    impl ::pocketflow::__private::Describe for pay {
        const NODE: ::pocketflow::__private::Description = {
            ::pocketflow::__private::Description {
                name: "pay",
                store: <Order as ::pocketflow::Shared>::STORE,
                actions: &[::pocketflow::ActionInfo::DEFAULT],
                reads: &["total"],
                optional_reads: &["hint"],
                writes: &["receipt"],
                ..::pocketflow::__private::Description::UNKNOWN
            }
        };
        type Reads<'a> = __Reads<'a>;
    }
    pub struct __Reads<'a> {
        ///The field `total`.
        pub total: &'a u64,
        ///The field `hint`.
        pub hint: ::pocketflow::__private::Option<&'a str>,
    }
    impl ::pocketflow::Node<Order, __Marker> for pay {
        const POLICY: ::pocketflow::Policy = ::pocketflow::Policy {
            attempts: 3u32,
            wait: ::pocketflow::__private::Duration::from_nanos(1000000000u64),
            backoff: 2f64,
            timeout: ::pocketflow::__private::Option::Some(
                ::pocketflow::__private::Duration::from_nanos(5000000000u64),
            ),
            fallback: true,
            ..::pocketflow::Policy::ONCE
        };
        type Prep<'a> = ();
        type Item<'a> = ();
        type Exec = <Result<String> as ::pocketflow::__private::Fallible>::Value;
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
            let __field_hint = (&__shared.hint).__read();
            let __field_hint: ::pocketflow::__private::Option<&'a str> = match __field_hint {
                ::pocketflow::__private::Option::Some(__value) => {
                    let __value: &'_ str = __value;
                    ::pocketflow::__private::Option::Some(__value)
                }
                ::pocketflow::__private::Option::None => {
                    ::pocketflow::__private::Option::None
                }
            };
            ::pocketflow::__private::Result::Ok(__Reads {
                total: __field_total,
                hint: __field_hint,
            })
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
            ::pocketflow::__private::within(
                ::pocketflow::__private::Duration::from_nanos(5000000000u64),
                ::pocketflow::__private::outcome(
                    pay(__reads.total, __reads.hint, __attempt),
                    |__output| match __output {
                        ::pocketflow::__private::Result::Ok(__value) => {
                            ::pocketflow::__private::Result::Ok(__value)
                        }
                        ::pocketflow::__private::Result::Err(__error) => {
                            ::pocketflow::__private::Result::Err({
                                let __retry = is_busy(&__error);
                                let (__raised, __kind) = ::pocketflow::__private::Raised(
                                        __error,
                                    )
                                    .__kind();
                                ::pocketflow::__private::IntoFailure::into_failure(
                                    __raised,
                                    __kind,
                                    __retry,
                                )
                            })
                        }
                    },
                ),
            )
        }
        fn fallback(
            &self,
            __reads: <Self as ::pocketflow::__private::Describe>::Reads<'_>,
            __prep: &<Self as ::pocketflow::Node<Order, __Marker>>::Prep<'_>,
            __item: <Self as ::pocketflow::Node<Order, __Marker>>::Item<'_>,
            __error: ::pocketflow::Error,
        ) -> impl ::pocketflow::__private::Future<
            Output = ::pocketflow::__private::Result<
                <Self as ::pocketflow::Node<Order, __Marker>>::Exec,
                ::pocketflow::Failure,
            >,
        > + ::pocketflow::__private::Send {
            async move {
                match ::pocketflow::__private::IntoOutcome::<
                    Result<String>,
                    _,
                >::into_outcome(cash(&__reads, __error))
                    .await
                {
                    ::pocketflow::__private::Result::Ok(__value) => {
                        ::pocketflow::__private::Result::Ok(__value)
                    }
                    ::pocketflow::__private::Result::Err(__error) => {
                        ::pocketflow::__private::Result::Err({
                            let __retry = false;
                            let (__raised, __kind) = ::pocketflow::__private::Raised(
                                    __error,
                                )
                                .__kind();
                            ::pocketflow::__private::IntoFailure::into_failure(
                                __raised,
                                __kind,
                                __retry,
                            )
                        })
                    }
                }
            }
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
            ::pocketflow::__private::FieldSlot(&mut __shared.receipt).__write(|| __exec);
            ::pocketflow::__private::Result::Ok(0)
        }
    }
    impl<
        __K: ::pocketflow::__private::StepKind,
    > ::pocketflow::__private::FlowStep<Order, __K> for pay
    where
        ::pocketflow::__private::NodeRunner<
            __Marker,
        >: ::pocketflow::__private::Runner<Order, __K, pay>,
    {
        fn runner() -> impl ::pocketflow::__private::Runner<Order, __K, Self> {
            ::pocketflow::__private::NodeRunner::<__Marker>::RUNNER
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
