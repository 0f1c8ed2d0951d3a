# SPDX-License-Identifier: Apache-2.0
"""CRI's calls, over gRPC."""

import cri_pb2 as api
import grpc
from settings import PATIENCE

# containerd is restarted: its client is to notice soon.
OPTIONS = [
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 200),
    ("grpc.max_receive_message_length", 64 << 20),
    ("grpc.use_local_subchannel_pool", 1),
]

RUNTIME_CALLS = {
    "RunPodSandbox": (api.RunPodSandboxRequest, api.RunPodSandboxResponse),
    "StopPodSandbox": (api.PodSandboxRequest, api.Empty),
    "RemovePodSandbox": (api.PodSandboxRequest, api.Empty),
    "PodSandboxStatus": (api.PodSandboxStatusRequest, api.PodSandboxStatusResponse),
    "ListPodSandbox": (api.Empty, api.ListPodSandboxResponse),
    "CreateContainer": (api.CreateContainerRequest, api.CreateContainerResponse),
    "StartContainer": (api.ContainerRequest, api.Empty),
    "StopContainer": (api.StopContainerRequest, api.Empty),
    "RemoveContainer": (api.ContainerRequest, api.Empty),
    "ListContainers": (api.ListContainersRequest, api.ListContainersResponse),
    "ContainerStatus": (api.ContainerStatusRequest, api.ContainerStatusResponse),
    "UpdateContainerResources": (api.UpdateContainerResourcesRequest, api.Empty),
    "ExecSync": (api.ExecSyncRequest, api.ExecSyncResponse),
    "Exec": (api.ExecRequest, api.StreamResponse),
    "Attach": (api.AttachRequest, api.StreamResponse),
    "ContainerStats": (api.ContainerRequest, api.ContainerStatsResponse),
    "ListContainerStats": (api.ListContainerStatsRequest, api.ListContainerStatsResponse),
}
IMAGE_CALLS = {"ImageStatus": (api.ImageStatusRequest, api.ImageStatusResponse)}


class Client:
    """cri.StopContainer(container_id=…, timeout=1): one method for each call."""

    def __init__(self, address):
        self._channel = grpc.insecure_channel(f"unix:{address}", OPTIONS)
        for service, calls in ("RuntimeService", RUNTIME_CALLS), ("ImageService", IMAGE_CALLS):
            for name, types in calls.items():
                setattr(self, name, self._method(f"/runtime.v1.{service}/{name}", *types))

    def _method(self, path, request, response):
        call = self._channel.unary_unary(
            path, request.SerializeToString, response.FromString)
        return lambda **fields: call(request(**fields), timeout=PATIENCE, wait_for_ready=True)

    def close(self):
        self._channel.close()


def refusal(call, **fields):
    """The error of a call that is to fail."""
    try:
        call(**fields)
    except grpc.RpcError as error:
        return error
    raise AssertionError("a call succeeded that was to fail")
