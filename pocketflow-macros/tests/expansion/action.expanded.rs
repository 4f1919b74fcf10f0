const _: () = {
    use ::pocketflow::__private as __p;
    use ::pocketflow::__private::methods::*;
    #[automatically_derived]
    impl ::pocketflow::Action for Verdict {
        const ACTIONS: &'static [::pocketflow::ActionInfo] = &[
            ::pocketflow::ActionInfo::named("approved"),
            ::pocketflow::ActionInfo {
                name: "needs-info",
                writes: &["question"],
                ..::pocketflow::ActionInfo::named("needs-info")
            },
        ];
    }
    #[automatically_derived]
    impl __p::DerivedAction<Order> for Verdict {
        #[inline]
        fn take_derived(self, __shared: &mut Order) -> __p::usize {
            match self {
                Self::Approved { .. } => 0usize,
                Self::NeedsInfo { question: __0, .. } => {
                    __p::FieldSlot(&mut __shared.question).__write(|| __0);
                    1usize
                }
            }
        }
    }
};
