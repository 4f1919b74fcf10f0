const _: () = {
    use ::pocketflow::__private::methods::*;
    enum __Marker {}
    type __Sound = (
        ::pocketflow::__private::Sound<
            {
                ::pocketflow::__private::check_node(
                    "WebSearch",
                    ::pocketflow::__private::Threads::<WebSearch>::__SEND,
                    ::pocketflow::__private::Threads::<WebSearch>::__SYNC,
                )
            },
        >,
    );
    impl ::pocketflow::__private::Describe for WebSearch
    where
        __Sound: ::pocketflow::__private::Soundness,
    {
        const NODE: ::pocketflow::__private::Description = {
            let _: __Sound;
            ::pocketflow::__private::Description {
                name: "WebSearch",
                store: <Chat as ::pocketflow::Shared>::STORE,
                actions: &[::pocketflow::ActionInfo::DEFAULT],
                reads: &["query"],
                optional_reads: &["notes"],
                writes: &["notes"],
                ..::pocketflow::__private::Description::UNKNOWN
            }
        };
        type Reads<'a> = __Reads<'a>;
    }
    pub struct __Reads<'a> {
        ///The field `query`.
        query: &'a str,
    }
    impl ::pocketflow::Node<Chat, __Marker> for WebSearch
    where
        __Sound: ::pocketflow::__private::Soundness,
    {
        type Prep<'a> = ();
        type Item<'a> = ();
        type Exec = <Result<
            String,
            SearchError,
        > as ::pocketflow::__private::Fallible>::Value;
        type Done = <Self as ::pocketflow::Node<Chat, __Marker>>::Exec;
        type Kept = ();
        #[inline]
        fn reads<'a>(
            __shared: &'a Chat,
        ) -> ::pocketflow::__private::Result<
            <Self as ::pocketflow::__private::Describe>::Reads<'a>,
            ::pocketflow::Failure,
        > {
            let __field_query = (&__shared.query).__read();
            let __field_query: &'a str = match __field_query {
                ::pocketflow::__private::Option::Some(__value) => __value,
                ::pocketflow::__private::Option::None => {
                    return ::pocketflow::__private::Result::Err(
                        ::pocketflow::Failure::empty(
                            <Chat as ::pocketflow::Shared>::STORE,
                            "query",
                        ),
                    );
                }
            };
            ::pocketflow::__private::Result::Ok(__Reads { query: __field_query })
        }
        #[inline]
        fn exec(
            &self,
            __reads: <Self as ::pocketflow::__private::Describe>::Reads<'_>,
            __prep: &<Self as ::pocketflow::Node<Chat, __Marker>>::Prep<'_>,
            __item: <Self as ::pocketflow::Node<Chat, __Marker>>::Item<'_>,
            __attempt: ::pocketflow::Attempt<'_>,
        ) -> impl ::pocketflow::__private::Future<
            Output = ::pocketflow::__private::Result<
                <Self as ::pocketflow::Node<Chat, __Marker>>::Exec,
                ::pocketflow::Failure,
            >,
        > + ::pocketflow::__private::Send {
            ::pocketflow::__private::outcome(
                <WebSearch>::exec(self, __reads.query),
                |__output| match __output {
                    ::pocketflow::__private::Result::Ok(__value) => {
                        ::pocketflow::__private::Result::Ok(__value)
                    }
                    ::pocketflow::__private::Result::Err(__error) => {
                        ::pocketflow::__private::Result::Err({
                            let __retry = true;
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
            )
        }
        #[inline]
        fn post(
            &self,
            __shared: &mut Chat,
            _: <Self as ::pocketflow::Node<Chat, __Marker>>::Kept,
            __exec: <Self as ::pocketflow::Node<Chat, __Marker>>::Done,
        ) -> ::pocketflow::__private::Result<
            ::pocketflow::__private::usize,
            ::pocketflow::EmptyField,
        > {
            let __place = ::pocketflow::__private::FieldSlot(&mut __shared.notes)
                .__place();
            ::pocketflow::__private::Append::append(__place, __exec);
            ::pocketflow::__private::Result::Ok(0)
        }
    }
    impl<
        __K: ::pocketflow::__private::StepKind,
    > ::pocketflow::__private::FlowStep<Chat, __K> for WebSearch
    where
        __Sound: ::pocketflow::__private::Soundness,
        ::pocketflow::__private::NodeRunner<
            __Marker,
        >: ::pocketflow::__private::Runner<Chat, __K, WebSearch>,
    {
        fn runner() -> impl ::pocketflow::__private::Runner<Chat, __K, Self> {
            ::pocketflow::__private::NodeRunner::<__Marker>::RUNNER
        }
    }
};
impl WebSearch {
    async fn exec(&self, query: &str) -> Result<String, SearchError> {
        self.client.search(query).await
    }
}
