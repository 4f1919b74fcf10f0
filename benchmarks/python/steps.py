"""Measures the Python peers in one process: the cost of a step, of an item of a batch, and of a waiting flow.

The shapes and the steps are those of `src/contender.rs`. One round of a shape runs every contender
once, so that disturbances affect all of them. The median and the minimum are taken over the rounds,
in nanoseconds for each step or item. A waiting flow is an asyncio task with its run and its store. Its cost
is the bytes that tracemalloc counts while a thousand of them wait for one future.

Every graph is built once, before the measurement. The output is one JSON object on each line.
"""

import argparse
import asyncio
import gc
import importlib.metadata
import inspect
import json
import platform
import statistics
import sys
import time
import tracemalloc
import warnings
from dataclasses import dataclass, field
from typing import Any, Callable

SHAPES = ("loop", "chain", "branch", "nested", "store")
PAUSES = {"yield": 0, "sleep": 0.001}
FACTOR = 3
WAITING = 1_000
TOPIC = "why the sea is salty"
WAYS = ("a", "b", "c", "d", "e", "f")


@dataclass
class Peer:
    """A peer: each of `shapes` runs the given number of steps and returns the final count; `batch` returns the sum over the items."""

    name: str
    package: str
    steps: int
    shapes: dict[str, Callable[[int], Any]]
    items: int = 0
    batch: Callable[[int, float], Any] | None = None
    waiting: Callable[["Gate"], Any] | None = None
    missing: list[tuple[str, str]] = field(default_factory=list)


class Gate:
    """The future that all waiting flows wait for. It counts the flows."""

    def __init__(self):
        self.future = asyncio.get_running_loop().create_future()
        self.arrived = 0

    async def wait(self):
        self.arrived += 1
        await self.future


def text():
    return "x" * 1_000


def numbers():
    return list(range(100))


def look(count, text, numbers):
    """The work of a step of `store`."""
    return count + (len(text) == 1_000) * (len(numbers) == 100)


def pocketflow():
    """pocketflow, with its sync and its async nodes."""
    from pocketflow import AsyncFlow, AsyncNode, AsyncParallelBatchNode, Flow, Node

    # A flow ends at an action that is not wired, and warns about it.
    warnings.filterwarnings("ignore", message="Flow ends")

    def turn(shared):
        return "again" if shared["left"] else "done"

    class Pass(Node):
        def prep(self, shared):
            return shared["count"]

        def exec(self, prep_res):
            return prep_res + 1

        def post(self, shared, prep_res, exec_res):
            shared["count"] = exec_res
            shared["left"] -= 1

    class Tick(Pass):
        def post(self, shared, prep_res, exec_res):
            shared["count"] = exec_res
            shared["left"] -= 1
            return turn(shared)

    class Choose(Pass):
        def post(self, shared, prep_res, exec_res):
            shared["count"] = exec_res
            shared["left"] -= 1
            return WAYS[prep_res % 12 // 2]

    class Look(Node):
        def prep(self, shared):
            return shared.get("visit", 0), shared["text"], shared["numbers"]

        def exec(self, prep_res):
            return look(*prep_res)

        def post(self, shared, prep_res, exec_res):
            shared["visit"] = exec_res
            shared["left"] -= 1
            return turn(shared)

    class AsyncPass(AsyncNode):
        async def prep_async(self, shared):
            return shared["count"]

        async def exec_async(self, prep_res):
            return prep_res + 1

        async def post_async(self, shared, prep_res, exec_res):
            shared["count"] = exec_res
            shared["left"] -= 1

    class AsyncTick(AsyncPass):
        async def post_async(self, shared, prep_res, exec_res):
            shared["count"] = exec_res
            shared["left"] -= 1
            return turn(shared)

    class AsyncChoose(AsyncPass):
        async def post_async(self, shared, prep_res, exec_res):
            shared["count"] = exec_res
            shared["left"] -= 1
            return WAYS[prep_res % 12 // 2]

    class AsyncLook(AsyncNode):
        async def prep_async(self, shared):
            return shared.get("visit", 0), shared["text"], shared["numbers"]

        async def exec_async(self, prep_res):
            return look(*prep_res)

        async def post_async(self, shared, prep_res, exec_res):
            shared["visit"] = exec_res
            shared["left"] -= 1
            return turn(shared)

    def draw(Flow, Pass, Tick, Choose, Look):
        """The flows of the five shapes."""

        def loop(node):
            node - "again" >> node
            return Flow(start=node)

        def chain():
            first = Pass()
            first >> Pass() >> Pass()
            return Flow(start=first)

        def branch():
            choose = Choose()
            for way in WAYS:
                tick = Tick()
                choose - way >> tick
                tick - "again" >> choose
            return Flow(start=choose)

        def nested():
            outer, first = Pass(), Pass()
            first >> Tick()
            inner = Flow(start=first)
            outer >> inner
            inner - "again" >> outer
            return Flow(start=outer)

        return {
            "loop": loop(Tick()),
            "chain": chain(),
            "branch": branch(),
            "nested": nested(),
            "store": loop(Look()),
        }

    def count(steps):
        return {"left": steps, "count": 0}

    def lend(steps):
        return {"left": steps, "text": text(), "numbers": numbers()}

    def sync_shapes(flows):
        def once(flow):
            def run(steps):
                shared = count(steps)
                flow.run(shared)
                return shared["count"]

            return run

        def chain(steps):
            done = 0
            while done < steps:
                shared = {"left": 0, "count": done}
                flows["chain"].run(shared)
                done = shared["count"]
            return done

        def store(steps):
            shared = lend(steps)
            flows["store"].run(shared)
            return shared["visit"]

        return {name: once(flow) for name, flow in flows.items()} | {"chain": chain, "store": store}

    def async_shapes(flows):
        def once(flow):
            async def run(steps):
                shared = count(steps)
                await flow.run_async(shared)
                return shared["count"]

            return run

        async def chain(steps):
            done = 0
            while done < steps:
                shared = {"left": 0, "count": done}
                await flows["chain"].run_async(shared)
                done = shared["count"]
            return done

        async def store(steps):
            shared = lend(steps)
            await flows["store"].run_async(shared)
            return shared["visit"]

        return {name: once(flow) for name, flow in flows.items()} | {"chain": chain, "store": store}

    class Times(AsyncParallelBatchNode):
        async def prep_async(self, shared):
            return [(number, shared["pause"]) for number in shared["inputs"]]

        async def exec_async(self, item):
            number, pause = item
            await asyncio.sleep(pause)
            return number * FACTOR

        async def post_async(self, shared, prep_res, exec_res):
            shared["outputs"] = exec_res

    times = AsyncFlow(start=Times())

    async def batch(items, pause):
        shared = {"inputs": list(range(items)), "pause": pause}
        await times.run_async(shared)
        return sum(shared["outputs"])

    class Draft(AsyncNode):
        async def prep_async(self, shared):
            return shared["topic"]

        async def exec_async(self, topic):
            return topic.upper()

        async def post_async(self, shared, prep_res, exec_res):
            shared["text"] = exec_res

    class Review(AsyncNode):
        async def prep_async(self, shared):
            return shared["text"], shared["gate"]

        async def exec_async(self, prep_res):
            text, gate = prep_res
            await gate.wait()
            if not text:
                raise ValueError("there is no text")

    class Publish(AsyncNode):
        async def prep_async(self, shared):
            return shared["text"]

        async def exec_async(self, text):
            return len(text)

        async def post_async(self, shared, prep_res, exec_res):
            shared["length"] = exec_res

    draft = Draft()
    draft >> Review() >> Publish()
    write = AsyncFlow(start=draft)

    async def waiting(gate):
        shared = {"topic": TOPIC, "gate": gate}
        await write.run_async(shared)
        return shared["length"]

    return [
        Peer(
            name="pocketflow (Python)",
            package="pocketflow",
            steps=3_000,
            shapes=sync_shapes(draw(Flow, Pass, Tick, Choose, Look)),
            missing=[
                ("batch", "a BatchNode works on one item after the other; see the async one"),
                ("waiting", "a node that is not async blocks the thread; see the async one"),
            ],
        ),
        Peer(
            name="pocketflow (Python), async",
            package="pocketflow",
            steps=3_000,
            shapes=async_shapes(draw(AsyncFlow, AsyncPass, AsyncTick, AsyncChoose, AsyncLook)),
            items=10_000,
            batch=batch,
            waiting=waiting,
        ),
    ]


@dataclass
class Count:
    left: int
    count: int

    def step(self):
        self.count += 1
        self.left -= 1


@dataclass
class Lender:
    left: int
    text: str
    numbers: list[int]
    visit: int | None = None


@dataclass
class Article:
    topic: str
    gate: Gate
    text: str | None = None
    length: int | None = None


def pydantic_graph():
    """pydantic-graph, with one class for each node, whose `run` returns the next node.

    A decision would need one more task for each step. It runs without instrumentation.
    """
    from pydantic_graph import BaseNode, End, GraphBuilder, GraphRunContext, StepContext, reduce_list_append

    def start(state_type, first, output_type=int):
        types = {"state_type": state_type, "input_type": first, "output_type": output_type}
        graph = GraphBuilder(**types, auto_instrument=False)
        graph.add(graph.edge_from(graph.start_node).to(first))
        return graph

    class Tick(BaseNode[Count, None, int]):
        async def run(self, ctx: GraphRunContext[Count]) -> "Tick | End[int]":
            ctx.state.step()
            return Tick() if ctx.state.left else End(ctx.state.count)

    graph = start(Count, Tick)
    graph.add(graph.node(Tick))
    loop = graph.build()

    class First(BaseNode[Count, None, int]):
        async def run(self, ctx: GraphRunContext[Count]) -> "Second":
            ctx.state.step()
            return Second()

    class Second(BaseNode[Count, None, int]):
        async def run(self, ctx: GraphRunContext[Count]) -> "Third":
            ctx.state.step()
            return Third()

    class Third(BaseNode[Count, None, int]):
        async def run(self, ctx: GraphRunContext[Count]) -> End[int]:
            ctx.state.step()
            return End(ctx.state.count)

    graph = start(Count, First)
    graph.add(graph.node(First), graph.node(Second), graph.node(Third))
    chain = graph.build()

    class Choose(BaseNode[Count, None, int]):
        async def run(self, ctx: GraphRunContext[Count]) -> "A | B | C | D | E | F":
            count = ctx.state.count
            ctx.state.step()
            return (A, B, C, D, E, F)[count % 12 // 2]()

    class A(BaseNode[Count, None, int]):
        async def run(self, ctx: GraphRunContext[Count]) -> Choose | End[int]:
            ctx.state.step()
            return Choose() if ctx.state.left else End(ctx.state.count)

    class B(A):
        pass

    class C(A):
        pass

    class D(A):
        pass

    class E(A):
        pass

    class F(A):
        pass

    graph = start(Count, Choose)
    graph.add(graph.node(Choose), graph.node(A), graph.node(B), graph.node(C))
    graph.add(graph.node(D), graph.node(E), graph.node(F))
    branch = graph.build()

    class InnerFirst(BaseNode[Count, None, bool]):
        async def run(self, ctx: GraphRunContext[Count]) -> "InnerSecond":
            ctx.state.step()
            return InnerSecond()

    class InnerSecond(BaseNode[Count, None, bool]):
        async def run(self, ctx: GraphRunContext[Count]) -> End[bool]:
            ctx.state.step()
            return End(ctx.state.left > 0)

    graph = start(Count, InnerFirst, output_type=bool)
    graph.add(graph.node(InnerFirst), graph.node(InnerSecond))
    inner = graph.build()

    class Outer(BaseNode[Count, None, int]):
        async def run(self, ctx: GraphRunContext[Count]) -> "Inner":
            ctx.state.step()
            return Inner()

    class Inner(BaseNode[Count, None, int]):
        """A graph is not a node, so a node runs it."""

        async def run(self, ctx: GraphRunContext[Count]) -> Outer | End[int]:
            again = await inner.run(state=ctx.state, inputs=InnerFirst(), infer_name=False)
            return Outer() if again else End(ctx.state.count)

    graph = start(Count, Outer)
    graph.add(graph.node(Outer), graph.node(Inner))
    nested = graph.build()

    class Look(BaseNode[Lender, None, int]):
        async def run(self, ctx: GraphRunContext[Lender]) -> "Look | End[int]":
            store = ctx.state
            store.visit = look(store.visit or 0, store.text, store.numbers)
            store.left -= 1
            return Look() if store.left else End(store.visit)

    graph = start(Lender, Look)
    graph.add(graph.node(Look))
    store = graph.build()

    def once(graph, first):
        async def run(steps):
            state = Count(left=steps, count=0)
            await graph.run(state=state, inputs=first(), infer_name=False)
            return state.count

        return run

    async def run_chain(steps):
        done = 0
        while done < steps:
            state = Count(left=0, count=done)
            await chain.run(state=state, inputs=First(), infer_name=False)
            done = state.count
        return done

    async def run_store(steps):
        state = Lender(left=steps, text=text(), numbers=numbers())
        await store.run(state=state, inputs=Look(), infer_name=False)
        return state.visit

    graph = GraphBuilder(deps_type=float, input_type=list[int], output_type=list[int], auto_instrument=False)

    @graph.step
    async def times(ctx: StepContext[None, float, int]) -> int:
        await asyncio.sleep(ctx.deps)
        return ctx.inputs * FACTOR

    outputs = graph.join(reduce_list_append, initial_factory=list[int])
    graph.add(
        graph.edge_from(graph.start_node).map().to(times),
        graph.edge_from(times).to(outputs),
        graph.edge_from(outputs).to(graph.end_node),
    )
    all_times = graph.build()

    async def batch(items, pause):
        return sum(await all_times.run(inputs=list(range(items)), deps=pause, infer_name=False))

    class Draft(BaseNode[Article, None, int]):
        async def run(self, ctx: GraphRunContext[Article]) -> "Review":
            ctx.state.text = ctx.state.topic.upper()
            return Review()

    class Review(BaseNode[Article, None, int]):
        async def run(self, ctx: GraphRunContext[Article]) -> "Publish":
            await ctx.state.gate.wait()
            if not ctx.state.text:
                raise ValueError("there is no text")
            return Publish()

    class Publish(BaseNode[Article, None, int]):
        async def run(self, ctx: GraphRunContext[Article]) -> End[int]:
            ctx.state.length = len(ctx.state.text)
            return End(ctx.state.length)

    graph = start(Article, Draft)
    graph.add(graph.node(Draft), graph.node(Review), graph.node(Publish))
    write = graph.build()

    async def waiting(gate):
        state = Article(topic=TOPIC, gate=gate)
        await write.run(state=state, inputs=Draft(), infer_name=False)
        return state.length

    return [
        Peer(
            name="pydantic-graph (Python)",
            package="pydantic-graph",
            steps=1_200,
            shapes={
                "loop": once(loop, Tick),
                "chain": run_chain,
                "branch": once(branch, Choose),
                "nested": once(nested, Outer),
                "store": run_store,
            },
            items=1_000,
            batch=batch,
            waiting=waiting,
        )
    ]


def langgraph():
    """langgraph, with `invoke` and with `ainvoke`.

    It has no checkpointer, and its limit of supersteps is set high enough.
    """
    import operator
    from typing import Annotated, TypedDict

    from langgraph.graph import END, START, StateGraph
    from langgraph.types import Command, Send

    class CountState(TypedDict):
        left: int
        count: int

    class LenderState(TypedDict):
        left: int
        text: str
        numbers: list[int]
        visit: int

    def step(state: CountState):
        return {"left": state["left"] - 1, "count": state["count"] + 1}

    # A node that both writes and chooses returns a `Command`, which is faster than an edge with a condition.

    def tick_to(again):
        def tick(state: CountState):
            update = step(state)
            return Command(update=update, goto=again if update["left"] else END)

        return tick

    def choose(state: CountState):
        return Command(update=step(state), goto=WAYS[state["count"] % 12 // 2])

    def visit(state: LenderState):
        left = state["left"] - 1
        update = {"left": left, "visit": look(state.get("visit", 0), state["text"], state["numbers"])}
        return Command(update=update, goto="visit" if left else END)

    def turn(state: CountState):
        return "again" if state["left"] else "done"

    def as_it_is(node):
        return node

    def as_async(node):
        async def async_node(state):
            return node(state)

        return async_node

    def draw(kind):
        """The graphs of the five shapes, with nodes (and conditions) of one kind."""

        def loop(schema, name, node):
            graph = StateGraph(schema)
            graph.add_node(name, kind(node), destinations=(name, END))
            graph.add_edge(START, name)
            return graph.compile()

        def chain():
            graph = StateGraph(CountState)
            graph.add_sequence([("first", kind(step)), ("second", kind(step)), ("third", kind(step))])
            graph.add_edge(START, "first")
            return graph.compile()

        def branch():
            graph = StateGraph(CountState)
            graph.add_node("choose", kind(choose), destinations=WAYS)
            graph.add_edge(START, "choose")
            for name in WAYS:
                graph.add_node(name, kind(tick_to("choose")), destinations=("choose", END))
            return graph.compile()

        def nested():
            inner = StateGraph(CountState)
            inner.add_sequence([("first", kind(step)), ("second", kind(step))])
            inner.add_edge(START, "first")
            graph = StateGraph(CountState)
            graph.add_node("outer", kind(step))
            graph.add_node("inner", inner.compile())
            graph.add_edge(START, "outer")
            graph.add_edge("outer", "inner")
            graph.add_conditional_edges("inner", kind(turn), {"again": "outer", "done": END})
            return graph.compile()

        return {
            "loop": loop(CountState, "tick", tick_to("tick")),
            "chain": chain(),
            "branch": branch(),
            "nested": nested(),
            "store": loop(LenderState, "visit", visit),
        }

    def limit(steps):
        return {"recursion_limit": steps + 1}

    def lend(steps):
        return {"left": steps, "text": text(), "numbers": numbers()}

    def sync_shapes(graphs):
        def once(graph):
            def run(steps):
                return graph.invoke({"left": steps, "count": 0}, limit(steps))["count"]

            return run

        def chain(steps):
            done, config = 0, limit(3)
            while done < steps:
                done = graphs["chain"].invoke({"left": 0, "count": done}, config)["count"]
            return done

        def store(steps):
            return graphs["store"].invoke(lend(steps), limit(steps))["visit"]

        return {name: once(graph) for name, graph in graphs.items()} | {"chain": chain, "store": store}

    def async_shapes(graphs):
        def once(graph):
            async def run(steps):
                return (await graph.ainvoke({"left": steps, "count": 0}, limit(steps)))["count"]

            return run

        async def chain(steps):
            done, config = 0, limit(3)
            while done < steps:
                done = (await graphs["chain"].ainvoke({"left": 0, "count": done}, config))["count"]
            return done

        async def store(steps):
            return (await graphs["store"].ainvoke(lend(steps), limit(steps)))["visit"]

        return {name: once(graph) for name, graph in graphs.items()} | {"chain": chain, "store": store}

    class NumbersState(TypedDict):
        inputs: list[int]
        pause: float
        outputs: Annotated[list[int], operator.add]

    class ItemState(TypedDict):
        number: int
        pause: float

    async def times(item: ItemState):
        await asyncio.sleep(item["pause"])
        return {"outputs": [item["number"] * FACTOR]}

    def fan_out(state: NumbersState):
        return [Send("times", {"number": number, "pause": state["pause"]}) for number in state["inputs"]]

    graph = StateGraph(NumbersState)
    graph.add_node("times", times)
    graph.add_conditional_edges(START, fan_out, ["times"])
    all_times = graph.compile()

    async def batch(items, pause):
        return sum((await all_times.ainvoke({"inputs": list(range(items)), "pause": pause}))["outputs"])

    class ArticleState(TypedDict):
        topic: str
        gate: Gate
        text: str
        length: int

    async def draft(state: ArticleState):
        return {"text": state["topic"].upper()}

    async def review(state: ArticleState):
        await state["gate"].wait()
        if not state["text"]:
            raise ValueError("there is no text")

    async def publish(state: ArticleState):
        return {"length": len(state["text"])}

    graph = StateGraph(ArticleState)
    graph.add_sequence([draft, review, publish])
    graph.add_edge(START, "draft")
    write = graph.compile()

    async def waiting(gate):
        return (await write.ainvoke({"topic": TOPIC, "gate": gate}))["length"]

    return [
        Peer(
            name="langgraph (Python)",
            package="langgraph",
            steps=300,
            shapes=sync_shapes(draw(as_it_is)),
            missing=[
                ("batch", "with `invoke` a pause of an item blocks a thread; see the async one"),
                ("waiting", "with `invoke` a node that waits blocks the thread; see the async one"),
            ],
        ),
        Peer(
            name="langgraph (Python), async",
            package="langgraph",
            steps=300,
            shapes=async_shapes(draw(as_async)),
            items=1_000,
            batch=batch,
            waiting=waiting,
        ),
    ]


def put(**line):
    print(json.dumps(line), flush=True)


def put_of(peer, **line):
    put(name=peer.name, package=peer.package, version=importlib.metadata.version(peer.package), **line)


def put_times(peer, part, case, took, **line):
    median, minimum = round(statistics.median(took), 1), round(min(took), 1)
    put_of(peer, part=part, case=case, median=median, minimum=minimum, unit="ns", **line)


async def timed(expected, run, *args):
    """Runs it, checks its result, and returns the time that it took."""
    start = time.perf_counter_ns()
    result = run(*args)
    if inspect.isawaitable(result):
        result = await result
    took = time.perf_counter_ns() - start
    if result != expected:
        raise RuntimeError(f"{run.__qualname__} returned {result} instead of {expected}")
    return took


def without_a_loop(coroutine):
    """The result of a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise RuntimeError("it waits")


def measure_steps(loop, peers, rounds):
    for shape in SHAPES:
        took = [[] for _ in peers]
        gc.collect()
        for round_ in range(rounds + 1):
            for peer, times in zip(peers, took):
                run = peer.shapes[shape]
                # Sync contenders run outside the loop, as they would without async code.
                if inspect.iscoroutinefunction(run):
                    time_ = loop.run_until_complete(timed(peer.steps, run, peer.steps))
                else:
                    time_ = without_a_loop(timed(peer.steps, run, peer.steps))
                if round_ > 0:  # the first one warms up
                    times.append(time_ / peer.steps)
        for peer, times in zip(peers, took):
            put_times(peer, "steps", shape, times, steps=peer.steps)


def measure_batches(loop, peers, rounds):
    peers = [peer for peer in peers if peer.batch]
    for case, pause in PAUSES.items():
        took = [[] for _ in peers]
        gc.collect()
        for round_ in range(rounds + 1):
            for peer, times in zip(peers, took):
                expected = FACTOR * sum(range(peer.items))
                time_ = loop.run_until_complete(timed(expected, peer.batch, peer.items, pause))
                if round_ > 0:
                    times.append(time_ / peer.items)
        for peer, times in zip(peers, took):
            # None of them limits the number of items that run at the same time.
            put_times(peer, "batch", case, times, items=peer.items, width=None)


async def bytes_of_waiting(waiting, flows):
    """The bytes that each waiting flow holds, measured with this many flows."""
    gate = Gate()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    tasks = [asyncio.create_task(waiting(gate)) for _ in range(flows)]
    while gate.arrived < flows:
        await asyncio.sleep(0)
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    gate.future.set_result(None)
    lengths = await asyncio.gather(*tasks)
    if lengths != [len(TOPIC)] * flows:
        raise RuntimeError(f"{waiting.__qualname__} has not ended well")
    return round((after - before) / flows)


def measure_waiting(loop, peers):
    tracemalloc.start()
    for peer in peers:
        if peer.waiting:
            loop.run_until_complete(bytes_of_waiting(peer.waiting, 10))  # warms up
            held = loop.run_until_complete(bytes_of_waiting(peer.waiting, WAITING))
            put_of(peer, part="waiting", bytes=held)
    tracemalloc.stop()


def main():
    arguments = argparse.ArgumentParser(description="What the Python peers cost.")
    arguments.add_argument("--rounds", type=int, default=7, help="rounds of each case (7)")
    rounds = max(1, arguments.parse_args().rounds)

    put(python=platform.python_version())
    peers = []
    for names, package, load in (
        (("pocketflow (Python)", "pocketflow (Python), async"), "pocketflow", pocketflow),
        (("pydantic-graph (Python)",), "pydantic-graph", pydantic_graph),
        (("langgraph (Python)", "langgraph (Python), async"), "langgraph", langgraph),
    ):
        try:
            peers += load()
        except ImportError as error:
            for name in names:
                put(name=name, package=package, version=None, part="missing", case="all", reason=str(error))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        measure_steps(loop, peers, rounds)
        measure_batches(loop, peers, rounds)
        measure_waiting(loop, peers)
    finally:
        loop.close()
    for peer in peers:
        for case, reason in peer.missing:
            put_of(peer, part="missing", case=case, reason=reason)


if __name__ == "__main__":
    sys.exit(main())
