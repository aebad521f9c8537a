"""Requests of a cluster's runner -> workers, forked from a process that has made its imports (Beam's EXTERNAL environment).

Anyone who reaches the port can run code here, as in every Beam worker pool; so it listens on this machine's loopback unless
told otherwise.
"""

from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc, endpoints_pb2
from apache_beam.utils.thread_pool_executor import shared_unbounded_instance
from google.protobuf import text_format

from lamella.runners.forks import ForkServer
from lamella.schemas.errors import ConfigError

_END_S = 5.0  # for a worker to end by itself


class WorkerPool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Listens until `close`.

    Args:
        host: to listen on.
        port: 0 takes a free one; `address` tells which.
        quiet: what workers print is not shown.
    """

    def __init__(self, host: str, port: int, quiet: bool = True):
        self._forks = ForkServer(quiet)
        self._server = grpc.server(shared_unbounded_instance(), options=[("grpc.so_reuseport", 0)])
        beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(self, self._server)
        try:
            taken = self._server.add_insecure_port(f"{host}:{port}")
        except RuntimeError:
            taken = 0
        if not taken:
            raise ConfigError(f"--port {port}: cannot be listened on at {host}: something else does")
        self.address = f"{host}:{taken}"
        self._server.start()

    def close(self) -> None:
        self._server.stop(None).wait()

    def wait(self) -> None:
        """Until the process ends."""
        self._server.wait_for_termination()

    def StartWorker(self, request: Any, context: Any) -> Any:
        environment = {
            "CONTROL_API_SERVICE_DESCRIPTOR": _descriptor(request.control_endpoint.url),
            "LOGGING_API_SERVICE_DESCRIPTOR": _descriptor(request.logging_endpoint.url),
            "PIPELINE_OPTIONS": "{}",
            "WORKER_ID": request.worker_id,
        }
        self._forks.relaunch_if_gone()
        self._forks.start(request.worker_id, environment, lambda why: None)  # the runner sees the connection end
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(self, request: Any, context: Any) -> Any:
        self._forks.stop(request.worker_id, _END_S)
        return beam_fn_api_pb2.StopWorkerResponse()


def _descriptor(url: str) -> str:
    return text_format.MessageToString(endpoints_pb2.ApiServiceDescriptor(url=url))
