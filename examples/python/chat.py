"""Lists the Llms of a Dormouse server, then streams a chat with one of them.

The list and the answer go to standard output, what the answer waits for to standard error.
Exit codes: 0 done, 1 the server refused, 2 wrong usage, 3 the server could not be reached.
"""

import argparse
import ipaddress
import os
import sys
from pathlib import Path

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from dormouse.v1 import inference_pb2, inference_pb2_grpc, llm_pb2, llm_pb2_grpc


def list_llms(channel, metadata):
    llms = llm_pb2_grpc.LlmServiceStub(channel)
    request = llm_pb2.ListLlmsRequest()
    while True:
        page = llms.ListLlms(request, timeout=10, metadata=metadata)
        for llm in page.llms:
            status = llm_pb2.LlmStatus.Name(llm.status).removeprefix("LLM_STATUS_")
            print(f"{llm.spec.name}\t{status}")
        if not page.next_page_token:
            return
        request.page_token = page.next_page_token


def chat(channel, metadata, llm, prompt, max_tokens):
    request = inference_pb2.ChatRequest(
        llm=llm,
        messages=[inference_pb2.ChatMessage(role="user", content=prompt)],
        temperature=0,
        max_tokens=max_tokens,
    )
    for event in inference_pb2_grpc.InferenceServiceStub(channel).Chat(request, metadata=metadata):
        kind = event.WhichOneof("event")
        if kind == "phase":
            phase = inference_pb2.Phase.Kind.Name(event.phase.kind).removeprefix("KIND_")
            print(f"{phase} {event.phase.llm} {event.phase.elapsed.ToMilliseconds()} ms", file=sys.stderr)
        elif kind == "text":
            print(event.text, end="", flush=True)
        elif kind == "finished":
            print()
            usage = event.finished.usage
            print(f"FINISHED {usage.completion_tokens} tokens, {event.finished.finish_reason}", file=sys.stderr)


def reason(error):
    """The reason of Dormouse in a failed call's details, or else the gRPC code."""
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        info = error_details_pb2.ErrorInfo()
        if detail.Unpack(info) and info.domain == "dormouse":
            return info.reason
    return error.code().name


def is_loopback(server):
    host = server.rsplit(":", 1)[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def connect(server, ca):
    if ca is None:
        return grpc.insecure_channel(server)
    return grpc.secure_channel(server, grpc.ssl_channel_credentials(ca))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("llm", help="the name of an Llm or of a pool")
    parser.add_argument("prompt")
    parser.add_argument("--server", metavar="HOST:PORT", default=os.environ.get("DORMOUSE_SERVER", "localhost:7700"))
    parser.add_argument("--token", default=os.environ.get("DORMOUSE_TOKEN"))
    parser.add_argument("--ca", metavar="FILE", default=os.environ.get("DORMOUSE_CA"), help="TLS, with these authorities")
    parser.add_argument("--max-tokens", type=int, default=64)
    options = parser.parse_args()
    if options.token and not options.ca and not is_loopback(options.server):
        parser.error(f"a token is not sent to {options.server} in plaintext: give --ca FILE")
    try:
        ca = Path(options.ca).read_bytes() if options.ca else None
    except OSError as error:
        parser.error(f"--ca {options.ca}: {error.strerror}")

    metadata = [("authorization", f"Bearer {options.token}")] if options.token else []
    with connect(options.server, ca) as channel:
        try:
            grpc.channel_ready_future(channel).result(timeout=10)
            list_llms(channel, metadata)
            print()
            chat(channel, metadata, options.llm, options.prompt, options.max_tokens)
        except grpc.FutureTimeoutError:
            print(f"no server at {options.server}", file=sys.stderr)
            return 3
        except grpc.RpcError as error:
            print(f"{reason(error)}: {error.details()}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
