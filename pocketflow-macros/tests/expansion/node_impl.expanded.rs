const _: () = {
    use ::pocketflow::__private::methods::*;
    enum __Marker {}
    type __Sound = (
        ::pocketflow::__private::Sound<
            {
                ::pocketflow::__private::check_node(
                    "Converse",
                    ::pocketflow::__private::Threads::<Converse>::__SEND,
                    ::pocketflow::__private::Threads::<Converse>::__SYNC,
                )
            },
        >,
    );
    impl ::pocketflow::__private::Describe for Converse
    where
        __Sound: ::pocketflow::__private::Soundness,
    {
        const NODE: ::pocketflow::__private::Description = {
            let _: __Sound;
            ::pocketflow::__private::Description {
                name: "Converse",
                store: <Chat as ::pocketflow::Shared>::STORE,
                actions: <Turn as ::pocketflow::__private::TakeAction<Chat>>::INFOS,
                reads: &["messages"],
                optional_reads: &["reply"],
                writes: &["reply"],
                possible_writes: &["reply"],
                ..::pocketflow::__private::Description::UNKNOWN
            }
        };
        type Reads<'a> = __Reads<'a>;
    }
    pub struct __Prep<'a> {
        __prep: ::pocketflow::__private::Retained<
            <Result<Vec<Message>> as ::pocketflow::__private::Fallible>::Value,
        >,
        __store: ::pocketflow::__private::PhantomData<&'a ()>,
    }
    impl ::pocketflow::__private::OrNothing for __Prep<'_> {}
    pub struct __Reads<'a> {
        __store: ::pocketflow::__private::PhantomData<&'a ()>,
    }
    impl ::pocketflow::Node<Chat, __Marker> for Converse
    where
        __Sound: ::pocketflow::__private::Soundness,
    {
        const POLICY: ::pocketflow::Policy = ::pocketflow::Policy {
            attempts: 2u32,
            fallback: true,
            ..::pocketflow::Policy::ONCE
        };
        type Prep<'a> = __Prep<'a>;
        type Item<'a> = ();
        type Exec = <Result<Message> as ::pocketflow::__private::Fallible>::Value;
        type Done = <Self as ::pocketflow::Node<Chat, __Marker>>::Exec;
        type Kept = ::pocketflow::__private::Prepared<
            <Result<Vec<Message>> as ::pocketflow::__private::Fallible>::Value,
        >;
        #[inline]
        fn prep<'a>(
            &'a self,
            __shared: &'a Chat,
        ) -> ::pocketflow::__private::Result<
            <Self as ::pocketflow::Node<Chat, __Marker>>::Prep<'a>,
            ::pocketflow::Failure,
        > {
            let __prep = {
                let __field_messages = (&__shared.messages).__read();
                let __field_messages: &'a [Message] = match __field_messages {
                    ::pocketflow::__private::Option::Some(__value) => __value,
                    ::pocketflow::__private::Option::None => {
                        return ::pocketflow::__private::Result::Err(
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
                ::pocketflow::__private::Result::Ok(__value) => __value,
                ::pocketflow::__private::Result::Err(__error) => {
                    return ::pocketflow::__private::Result::Err({
                        let __retry = false;
                        let (__raised, __kind) = ::pocketflow::__private::Raised(__error)
                            .__kind();
                        ::pocketflow::__private::IntoFailure::into_failure(
                            __raised,
                            __kind,
                            __retry,
                        )
                    });
                }
            };
            let __prep = ::pocketflow::__private::Retained::new(__prep);
            ::pocketflow::__private::Result::Ok(__Prep {
                __prep,
                __store: ::pocketflow::__private::PhantomData,
            })
        }
        #[inline]
        fn reads<'a>(
            __shared: &'a Chat,
        ) -> ::pocketflow::__private::Result<
            <Self as ::pocketflow::__private::Describe>::Reads<'a>,
            ::pocketflow::Failure,
        > {
            ::pocketflow::__private::Result::Ok(__Reads {
                __store: ::pocketflow::__private::PhantomData,
            })
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
                <Converse>::exec(self, __prep.__prep.__get()),
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
        fn fallback(
            &self,
            __reads: <Self as ::pocketflow::__private::Describe>::Reads<'_>,
            __prep: &<Self as ::pocketflow::Node<Chat, __Marker>>::Prep<'_>,
            __item: <Self as ::pocketflow::Node<Chat, __Marker>>::Item<'_>,
            __error: ::pocketflow::Error,
        ) -> impl ::pocketflow::__private::Future<
            Output = ::pocketflow::__private::Result<
                <Self as ::pocketflow::Node<Chat, __Marker>>::Exec,
                ::pocketflow::Failure,
            >,
        > + ::pocketflow::__private::Send {
            async move {
                match <Converse>::fallback(self, __error).await {
                    ::pocketflow::__private::Result::Ok(__value) => {
                        let __value: <Self as ::pocketflow::Node<
                            Chat,
                            __Marker,
                        >>::Exec = __value;
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
        fn keep(
            __prep: &mut <Self as ::pocketflow::Node<Chat, __Marker>>::Prep<'_>,
        ) -> <Self as ::pocketflow::Node<Chat, __Marker>>::Kept {
            ::pocketflow::__private::Retained::take(&mut __prep.__prep)
        }
        #[inline]
        fn post(
            &self,
            __shared: &mut Chat,
            ::pocketflow::__private::Prepared(
                __kept,
            ): <Self as ::pocketflow::Node<Chat, __Marker>>::Kept,
            __exec: <Self as ::pocketflow::Node<Chat, __Marker>>::Done,
        ) -> ::pocketflow::__private::Result<
            ::pocketflow::__private::usize,
            ::pocketflow::EmptyField,
        > {
            let __action = {
                let __field_reply = &mut __shared.reply;
                <Converse>::post(self, __field_reply, __kept, __exec)
            };
            let __action = <Turn as ::pocketflow::__private::TakeAction<
                Chat,
            >>::take(__action, __shared);
            if let ::pocketflow::__private::Option::None = (&__shared.reply).__read() {
                return ::pocketflow::__private::Result::Err(
                    <Chat as ::pocketflow::Shared>::STORE.empty("reply"),
                );
            }
            ::pocketflow::__private::Result::Ok(__action)
        }
    }
    impl<
        __K: ::pocketflow::__private::StepKind,
    > ::pocketflow::__private::FlowStep<Chat, __K> for Converse
    where
        __Sound: ::pocketflow::__private::Soundness,
        ::pocketflow::__private::NodeRunner<
            __Marker,
        >: ::pocketflow::__private::Runner<Chat, __K, Converse>,
    {
        fn runner() -> impl ::pocketflow::__private::Runner<Chat, __K, Self> {
            ::pocketflow::__private::NodeRunner::<__Marker>::RUNNER
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
