"""A fork server -> Beam's environment of several local processes: workers that are forked for each pipeline.

Beam's own mode of several processes starts an interpreter for each worker of each pipeline (five to ten seconds of imports),
and waits for ever, or until its queues fail, if one of them dies. Here a worker that dies ends its pipeline at once.
"""

import threading
from collections.abc import Sequence

from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.portability.fn_api_runner.worker_handlers import GrpcWorkerHandler, WorkerHandler
from apache_beam.transforms.environments import Environment
from google.protobuf import json_format, text_format

from lamella.runners.forks import EXIT_S, server_named

URN = "lamella:env:forked:v1"


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
        self._server, self._why = server_named(payload.decode()), ""
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
            self._server.stop(self.worker_id, EXIT_S)

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
