"""A gRPC client of every service, and errors with their details."""

import itertools

import grpc

from . import protos

TIMEOUT = 30
_UNIQUE = itertools.count(1)


class Failure(Exception):
    """A call that ended with an error, decoded as its trailer says."""

    def __init__(self, error):
        self.code = error.code().name
        self.message = error.details() or ""
        self.reason, self.domain, self.metadata, self.fields, self.retry_ms = "", "", {}, {}, None
        trailers = dict(error.trailing_metadata() or ())
        packed = trailers.get("grpc-status-details-bin")
        self.status = protos.message_type("google.rpc.Status").FromString(packed) if packed else None
        for detail in self.status.details if self.status else ():
            kind = detail.type_url.rpartition("/")[2]
            value = protos.message_type(kind).FromString(detail.value)
            if kind == "google.rpc.ErrorInfo":
                self.reason, self.domain, self.metadata = value.reason, value.domain, dict(value.metadata)
            elif kind == "google.rpc.BadRequest":
                self.fields = {violation.field: violation.description for violation in value.field_violations}
            elif kind == "google.rpc.RetryInfo":
                self.retry_ms = protos.millis(value.retry_delay)
        super().__init__(f"{self.code} {self.reason}: {self.message} {self.fields or ''}{self.metadata or ''}")

    @property
    def may_be_tried_again(self):
        return self.code in ("UNAVAILABLE", "RESOURCE_EXHAUSTED", "ABORTED", "DEADLINE_EXCEEDED", "CANCELLED")


class _Service:
    def __init__(self, client, name):
        self._client, self._name = client, name
        self._methods = {method.name: method for method in protos.service(name).methods}

    def __getattr__(self, method):
        return lambda *args, **fields: self._client.call(self._methods[method], *args, **fields)


class Client:
    """`client.intake.SubmitComplaint(category="heating", …)`: the reply, or Failure. Mutating requests get a request id unless given.

    Streams are given an iterator of requests where the client streams, and return the call, an iterator of replies.
    """

    def __init__(self, address, token=None, timeout=TIMEOUT):
        self.address, self.token, self.timeout = address, token, timeout
        self.channel = None
        self.reconnect()
        for name in protos.services():
            parts = name.split(".")
            short = {"EventStreamService": "events", "Health": "health", "ServerReflection": "reflection"}.get(parts[-1], parts[1])
            setattr(self, short, _Service(self, name))

    def reconnect(self):
        """At once: the back-off of a channel that was cut runs on into the next life of the server, by seconds."""
        if self.channel is not None:
            self.channel.close()
        options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1), ("grpc.enable_retries", 0),
                   ("grpc.use_local_subchannel_pool", 1)]
        self.channel = grpc.insecure_channel(self.address, options=options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.channel.close()

    def call(self, method, *args, timeout=None, metadata=(), **fields):
        client_streams, server_streams = protos.is_streaming(method)
        request_type, response_type = protos.type_of(method.input_type), protos.type_of(method.output_type)
        path = f"/{method.containing_service.full_name}/{method.name}"
        kind = ("stream" if client_streams else "unary") + "_" + ("stream" if server_streams else "unary")
        stub = getattr(self.channel, kind)(path, request_serializer=request_type.SerializeToString,
                                           response_deserializer=response_type.FromString)
        if self.token:
            metadata = (*metadata, ("authorization", f"Bearer {self.token}"))
        if client_streams:
            request = args[0]
        else:
            request = args[0] if args else protos.fill(request_type(), fields)
            if not args and "request_id" in request_type.DESCRIPTOR.fields_by_name and "request_id" not in fields:
                request.request_id = f"e2e-{next(_UNIQUE)}"
        limit = self.timeout if timeout is None and not server_streams else timeout
        try:
            reply = stub(request, timeout=limit, metadata=metadata)
        except grpc.RpcError as error:
            raise Failure(error) from None
        return _Stream(reply) if server_streams else reply

    def pages(self, method, rows, **fields):
        """All rows of a list, over all its pages."""
        token, found = "", []
        while True:
            reply = method(page_token=token, **fields)
            found += getattr(reply, rows)
            token = reply.next_page_token
            if not token:
                return found


class _Stream:
    """Replies of a stream; Failure when it breaks."""

    def __init__(self, call):
        self.call = call

    def __iter__(self):
        try:
            yield from self.call
        except grpc.RpcError as error:
            raise Failure(error) from None

    def cancel(self):
        self.call.cancel()


def failure_of(work):
    """The Failure that `work()` ends with."""
    try:
        reply = work()
    except Failure as failure:
        return failure
    raise AssertionError(f"no error, but {reply}")
