const _: () = {
    use ::pocketflow::__private as __p;
    use ::pocketflow::__private::methods::*;
    enum __Marker {}
    type __Sound = (
        __p::Sound<
            {
                __p::check_node(
                    "WebSearch",
                    __p::ThreadSafety::<WebSearch>::__SEND,
                    __p::ThreadSafety::<WebSearch>::__SYNC,
                )
            },
        >,
    );
    #[automatically_derived]
    impl __p::Describe for WebSearch
    where
        __Sound: __p::Soundness,
    {
        const NODE: __p::Description = {
            let _: __Sound;
            __p::Description {
                name: "WebSearch",
                store: <Chat as ::pocketflow::Shared>::STORE,
                actions: &[::pocketflow::ActionInfo::DEFAULT],
                reads: &["query"],
                optional_reads: &["notes"],
                writes: &["notes"],
                fails: true,
                ..__p::Description::UNKNOWN
            }
        };
        type Reads<'a> = __Reads<'a>;
    }
    pub struct __Reads<'a> {
        ///The field `query`.
        query: &'a str,
    }
    #[automatically_derived]
    impl ::pocketflow::Node<Chat, __Marker> for WebSearch
    where
        __Sound: __p::Soundness,
    {
        type Prep<'a> = ();
        type Item<'a> = ();
        type Exec = <Result<String, SearchError> as __p::Fallible>::Value;
        type Done = <Self as ::pocketflow::Node<Chat, __Marker>>::Exec;
        type Kept = ();
        #[inline]
        fn reads<'a>(
            __shared: &'a Chat,
            __context: <Chat as ::pocketflow::Shared>::Context<'a>,
        ) -> __p::Result<<Self as __p::Describe>::Reads<'a>, ::pocketflow::Failure> {
            let __field_query = (&__shared.query).__read();
            let __field_query: &'a str = match __field_query {
                __p::Option::Some(__value) => __value,
                __p::Option::None => {
                    return __p::Result::Err(
                        ::pocketflow::Failure::empty(
                            <Chat as ::pocketflow::Shared>::STORE,
                            "query",
                        ),
                    );
                }
            };
            __p::Result::Ok(__Reads { query: __field_query })
        }
        #[inline]
        fn exec(
            &self,
            __reads: <Self as __p::Describe>::Reads<'_>,
            __prep: &<Self as ::pocketflow::Node<Chat, __Marker>>::Prep<'_>,
            __item: <Self as ::pocketflow::Node<Chat, __Marker>>::Item<'_>,
            __attempt: ::pocketflow::Attempt<'_>,
        ) -> impl ::pocketflow::__private::Future<
            Output = ::pocketflow::__private::Result<
                <Self as ::pocketflow::Node<Chat, __Marker>>::Exec,
                ::pocketflow::Failure,
            >,
        > + ::pocketflow::__private::Send {
            __p::outcome(
                <WebSearch>::exec(self, __reads.query),
                |__output| match __output {
                    __p::Result::Ok(__value) => __p::Result::Ok(__value),
                    __p::Result::Err(__error) => {
                        __p::Result::Err({
                            let __retry = true;
                            let __raised = __error;
                            let __kind = __p::ReturnedError(&__raised).__kind();
                            __p::IntoFailure::into_failure(__raised, __kind, __retry)
                        })
                    }
                },
            )
        }
        #[inline]
        fn post(
            &self,
            __shared: &mut Chat,
            __context: <Chat as ::pocketflow::Shared>::Context<'_>,
            _: <Self as ::pocketflow::Node<Chat, __Marker>>::Kept,
            __exec: <Self as ::pocketflow::Node<Chat, __Marker>>::Done,
        ) -> __p::Result<__p::usize, ::pocketflow::EmptyField> {
            let __place = __p::FieldSlot(&mut __shared.notes).__place();
            __p::Append::append(__place, __exec);
            __p::Result::Ok(0)
        }
    }
    #[automatically_derived]
    impl<__P> __p::NodeParameters for WebSearch
    where
        (Chat, __Marker): __p::Itself<Type = __P>,
    {
        type Pair = __P;
    }
    #[automatically_derived]
    impl<__K: __p::StepKind> __p::FlowStep<Chat, __K> for WebSearch
    where
        __Sound: __p::Soundness,
        __p::NodeRunner<__Marker>: __p::Runner<Chat, __K, WebSearch>,
    {
        fn runner() -> impl __p::Runner<Chat, __K, Self> {
            __p::NodeRunner::<__Marker>::RUNNER
        }
    }
};
impl WebSearch {
    async fn exec(&self, query: &str) -> Result<String, SearchError> {
        self.client.search(query).await
    }
}
