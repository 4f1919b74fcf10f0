const _: () = {
    use ::pocketflow::__private as __p;
    use ::pocketflow::__private::methods::*;
    enum __Marker {}
    type __Sound = (
        __p::Sound<
            {
                __p::check_node(
                    "Converse",
                    __p::ThreadSafety::<Converse>::__SEND,
                    __p::ThreadSafety::<Converse>::__SYNC,
                )
            },
        >,
    );
    #[automatically_derived]
    impl __p::Describe for Converse
    where
        __Sound: __p::Soundness,
    {
        const NODE: __p::Description = {
            let _: __Sound;
            __p::Description {
                name: "Converse",
                store: <Chat as ::pocketflow::Shared>::STORE,
                actions: <Turn as __p::TakeAction<Chat>>::INFOS,
                reads: &["messages"],
                optional_reads: &["reply"],
                writes: &["reply"],
                possible_writes: &["reply"],
                fails: true,
                ..__p::Description::UNKNOWN
            }
        };
        type Reads<'a> = __Reads<'a>;
    }
    pub struct __Prep<'a> {
        __prep: __p::Retained<<Result<Vec<Message>> as __p::Fallible>::Value>,
        __store: __p::PhantomData<&'a ()>,
    }
    #[automatically_derived]
    impl __p::OrNothing for __Prep<'_> {}
    pub struct __Reads<'a> {
        __store: __p::PhantomData<&'a ()>,
    }
    #[automatically_derived]
    impl ::pocketflow::Node<Chat, __Marker> for Converse
    where
        __Sound: __p::Soundness,
    {
        const POLICY: ::pocketflow::Policy = ::pocketflow::Policy {
            attempts: 2u32,
            fallback: true,
            ..::pocketflow::Policy::ONCE
        };
        type Prep<'a> = __Prep<'a>;
        type Item<'a> = ();
        type Exec = <Result<Message> as __p::Fallible>::Value;
        type Done = <Self as ::pocketflow::Node<Chat, __Marker>>::Exec;
        type Kept = __p::Prepared<<Result<Vec<Message>> as __p::Fallible>::Value>;
        #[inline]
        fn prep<'a>(
            &'a self,
            __shared: &'a Chat,
            __context: <Chat as ::pocketflow::Shared>::Context<'a>,
        ) -> __p::Result<
            <Self as ::pocketflow::Node<Chat, __Marker>>::Prep<'a>,
            ::pocketflow::Failure,
        > {
            let __prep = {
                let __field_messages = (&__shared.messages).__read();
                let __field_messages: &'a [Message] = match __field_messages {
                    __p::Option::Some(__value) => __value,
                    __p::Option::None => {
                        return __p::Result::Err(
                            ::pocketflow::Failure::empty(
                                <Chat as ::pocketflow::Shared>::STORE,
                                "messages",
                            ),
                        );
                    }
                };
                <Converse>::prep(self, __field_messages)
            };
            let __prep = match __prep {
                __p::Result::Ok(__value) => __value,
                __p::Result::Err(__error) => {
                    return __p::Result::Err({
                        let __retry = false;
                        let __raised = __error;
                        let __kind = __p::ReturnedError(&__raised).__kind();
                        __p::IntoFailure::into_failure(__raised, __kind, __retry)
                    });
                }
            };
            let __prep = __p::Retained::new(__prep);
            __p::Result::Ok(__Prep {
                __prep,
                __store: __p::PhantomData,
            })
        }
        #[inline]
        fn reads<'a>(
            __shared: &'a Chat,
            __context: <Chat as ::pocketflow::Shared>::Context<'a>,
        ) -> __p::Result<<Self as __p::Describe>::Reads<'a>, ::pocketflow::Failure> {
            __p::Result::Ok(__Reads {
                __store: __p::PhantomData,
            })
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
                <Converse>::exec(self, __prep.__prep.__get()),
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
        fn fallback(
            &self,
            __reads: <Self as __p::Describe>::Reads<'_>,
            __prep: &<Self as ::pocketflow::Node<Chat, __Marker>>::Prep<'_>,
            __item: <Self as ::pocketflow::Node<Chat, __Marker>>::Item<'_>,
            __error: ::pocketflow::Error,
        ) -> impl __p::Future<
            Output = __p::Result<
                <Self as ::pocketflow::Node<Chat, __Marker>>::Exec,
                ::pocketflow::Failure,
            >,
        > + __p::Send {
            async move {
                match <Converse>::fallback(self, __error).await {
                    __p::Result::Ok(__value) => {
                        let __value: <Self as ::pocketflow::Node<
                            Chat,
                            __Marker,
                        >>::Exec = __value;
                        __p::Result::Ok(__value)
                    }
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
        fn keep(
            __prep: &mut <Self as ::pocketflow::Node<Chat, __Marker>>::Prep<'_>,
        ) -> <Self as ::pocketflow::Node<Chat, __Marker>>::Kept {
            __p::Retained::take(&mut __prep.__prep)
        }
        #[inline]
        fn post(
            &self,
            __shared: &mut Chat,
            __context: <Chat as ::pocketflow::Shared>::Context<'_>,
            __p::Prepared(__kept): <Self as ::pocketflow::Node<Chat, __Marker>>::Kept,
            __exec: <Self as ::pocketflow::Node<Chat, __Marker>>::Done,
        ) -> __p::Result<__p::usize, ::pocketflow::EmptyField> {
            let __action = {
                let __field_reply = &mut __shared.reply;
                <Converse>::post(self, __field_reply, __kept, __exec)
            };
            let __action = <Turn as __p::TakeAction<Chat>>::take(__action, __shared);
            if let __p::Option::None = (&__shared.reply).__read() {
                return __p::Result::Err(
                    <Chat as ::pocketflow::Shared>::STORE.empty("reply"),
                );
            }
            __p::Result::Ok(__action)
        }
    }
    #[automatically_derived]
    impl<__P> __p::NodeParameters for Converse
    where
        (Chat, __Marker): __p::Itself<Type = __P>,
    {
        type Pair = __P;
    }
    #[automatically_derived]
    impl<__K: __p::StepKind> __p::FlowStep<Chat, __K> for Converse
    where
        __Sound: __p::Soundness,
        __p::RecoveringRunner<__Marker>: __p::Runner<Chat, __K, Converse>,
    {
        fn runner() -> impl __p::Runner<Chat, __K, Self> {
            __p::RecoveringRunner::<__Marker>::RUNNER
        }
    }
};
impl Converse {
    fn prep(&self, messages: &[Message]) -> Result<Vec<Message>> {
        recent(messages)
    }
    async fn exec(&self, prep: &Vec<Message>) -> Result<Message> {
        ask(prep).await
    }
    async fn fallback(&self, error: Error) -> Result<Message> {
        Ok(apologize(error))
    }
    fn post(
        &self,
        reply: &mut Option<Message>,
        prep: Vec<Message>,
        exec: Message,
    ) -> Turn {
        *reply = Some(exec);
        Turn::after(prep)
    }
}
