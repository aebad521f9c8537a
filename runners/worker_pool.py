"""Beam's environment of several local processes: a fork server in; workers that are forked for each pipeline out.

Beam's own mode of several processes starts an interpreter for each worker of each pipeline, five to ten seconds of imports, and
waits for ever, or for its queues to fail, where one of them dies. Here a worker that dies ends its pipeline at once.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Sequence

from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner.worker_handlers import GrpcWorkerHandler, WorkerHandler
from apache_beam.transforms.environments import Environment
from google.protobuf import json_format, text_format

from lamella.transforms.base.killable import pipe_of
from lamella.transforms.base.lifeline import Lifeline

URN = "lamella:env:forked:v1"
_EXIT_S = 5.0  # for a worker to end by itself once its pipeline has ended
_servers: "weakref.WeakValueDictionary[str, ForkServer]" = weakref.WeakValueDictionary()


class ForkServer:
    """The process that forks the workers. It is started at once, so that its imports run beside what the caller does next.

    Args:
        quiet: what workers print is not shown.
    """

    def __init__(self, quiet: bool):
        self._quiet, self._lock = quiet, threading.Lock()
        self._ended: dict[str, threading.Event] = {}
        self._lost: dict[str, Callable[[str], None]] = {}
        self.name = f"{os.getpid()}-{id(self)}"
        self.losses: list[str] = []  # why workers ended that should not have; the caller clears it
        _servers[self.name] = self
        self._launch()

    def prepare(self, imports: Sequence[str]) -> None:
        """Begins to import what the next workers need beside what is imported already; the caller does not wait."""
        self._tell({"import": list(imports)})

    def start(self, worker: str, environment: dict[str, str], lost: Callable[[str], None]) -> None:
        """Forks a worker. `lost(why)` is called where it ends before it is asked to."""
        with self._lock:
            self._ended[worker], self._lost[worker] = threading.Event(), lost
        self._tell({"start": worker, "environment": environment})

    def expect_end(self, worker: str) -> None:
        """From here on the worker may end."""
        with self._lock:
            self._lost.pop(worker, None)

    def stop(self, worker: str, patience_s: float) -> None:
        """Returns once the worker is gone."""
        self.expect_end(worker)
        if not self._ended[worker].wait(patience_s):
            self._tell({"kill": worker})
            self._ended[worker].wait(_EXIT_S)
        del self._ended[worker]

    def relaunch_if_gone(self) -> None:
        if self._process.poll() is not None:
            self._launch()

    def _launch(self) -> None:
        lifeline = Lifeline()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "lamella.runners.fork_server", str(lifeline.read_end)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if self._quiet else None,
            pass_fds=[lifeline.read_end],
        )
        lifeline.given()
        weakref.finalize(self, _end, self._process, lifeline)
        threading.Thread(target=_listen, args=(weakref.ref(self), self._process), name="fork server", daemon=True).start()

    def _tell(self, order: dict) -> None:
        with self._lock, contextlib.suppress(BrokenPipeError):  # its listener says that it is gone
            orders = pipe_of(self._process.stdin)
            orders.write(json.dumps(order).encode() + b"\n")
            orders.flush()

    def _has_ended(self, worker: str, why: str) -> None:
        with self._lock:
            lost, ended = self._lost.pop(worker, None), self._ended.get(worker)
        if lost:
            self.losses.append(why)
            lost(why)
        if ended:
            ended.set()

    def _all_have_ended(self, why: str) -> None:
        for worker in list(self._ended):
            self._has_ended(worker, why)


def _listen(server: "weakref.ref[ForkServer]", process: subprocess.Popen) -> None:
    for line in pipe_of(process.stdout):
        news, here = json.loads(line), server()
        if here:
            here._has_ended(news["ended"], _why(news["status"]))
        del here
    if here := server():
        here._all_have_ended(f"the process that starts workers ended: {_why(process.wait())}")


def _why(status: int) -> str:
    """What a process's end says: 137 is what a shell would call -9."""
    if status >= 0:
        return f"exit {status}"
    return "SIGKILL, as a machine sends it that is out of memory" if status == -9 else f"signal {-status}"


def _end(process: subprocess.Popen, lifeline: Lifeline) -> None:
    lifeline.cut()
    with contextlib.suppress(BrokenPipeError):  # an order that it did not live to read
        pipe_of(process.stdin).close()
    process.wait()


class ForkedEnvironment(Environment):
    """Where a pipeline's functions run: in workers that `server` forks."""

    def __init__(self, server: str):
        super().__init__(capabilities=_capabilities(), artifacts=())
        self._server = server

    def to_runner_api_parameter(self, context: object) -> tuple[str, bytes]:
        return URN, self._server.encode()


Environment.register_urn(URN, bytes)(lambda payload, *_: ForkedEnvironment(payload.decode()))


def _capabilities() -> Sequence[str]:
    from apache_beam.transforms.environments import python_sdk_capabilities

    return python_sdk_capabilities()


@WorkerHandler.register_environment(URN, bytes)
class _ForkedWorkerHandler(GrpcWorkerHandler):
    """One worker of one pipeline, as Beam's runner sees it."""

    def __init__(self, payload, state, provision_info, grpc_server):
        super().__init__(state, provision_info, grpc_server)
        self._server, self._why = _servers[payload.decode()], ""
        self._push, self.control_conn.push = self.control_conn.push, self._push_unless_lost

    def start_worker(self) -> None:
        options = self.provision_info.provision_info.pipeline_options
        environment = {
            "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(self.control_api_service_descriptor()),
            "LOGGING_API_SERVICE_DESCRIPTOR": text_format.MessageToString(self.logging_api_service_descriptor()),
            "PIPELINE_OPTIONS": json_format.MessageToJson(options),
            "WORKER_ID": self.worker_id,
        }
        self._server.start(self.worker_id, environment, self._lost)

    def close(self) -> None:
        self._server.expect_end(self.worker_id)
        if self._server.losses:  # the others have nothing to finish
            self._server.stop(self.worker_id, 0.0)
            super().close()
            return
        super().close()

    def stop_worker(self) -> None:
        if not self._server.losses:
            self._server.stop(self.worker_id, _EXIT_S)

    def _lost(self, why: str) -> None:
        """Answers, in the worker's place, what it was asked and what it will be asked; takes what is sent to it."""
        self._why = f"a worker process ended: {why}"
        connection = self.control_conn
        for future in list(connection._futures_by_id.values()):
            future.set(self._refusal(future.instruction_id))
        threading.Thread(target=_drain, args=(self.data_conn,), daemon=True).start()

    def _push_unless_lost(self, request):
        future = self._push(request)
        if self._why and future is not None:
            future.set(self._refusal(future.instruction_id))
        return future

    def _refusal(self, instruction: str) -> beam_fn_api_pb2.InstructionResponse:
        return beam_fn_api_pb2.InstructionResponse(instruction_id=instruction, error=self._why)


def _drain(channel) -> None:
    """The queue to a worker is bounded: who puts into it must not wait for one that is gone."""
    for _ in iter(channel._to_send.get, channel._WRITES_FINISHED):
        pass
