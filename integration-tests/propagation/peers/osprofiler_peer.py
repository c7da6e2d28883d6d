"""A WSGI program with OSProfiler's middleware: python3 osprofiler_peer.py HMAC_KEYS REDIS_URL.

Says the port it listens on in its first line, and answers every request with what OSProfiler made of it.
"""
import json
import sys
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

from oslo_config import cfg
from osprofiler import initializer, opts, profiler, web

HMAC_KEYS, REDIS_URL = sys.argv[1:3]


def program(environ, start_response):
    query = parse_qs(environ.get("QUERY_STRING", ""))
    if environ["PATH_INFO"] == "/begin":
        answer = begin(query["key"][0])
    else:
        answer = state()
    body = json.dumps(answer).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def begin(key):
    """Begins a trace as a command with --os-profile does, and one span in it."""
    profiler.init(key)
    first = headers()
    profiler.start("begin")
    answer = state()
    profiler.stop()
    profiler.clean()
    return {**answer, "first": first}


def state():
    current = profiler.get()
    if current is None:
        return {"traced": False}
    return {
        "traced": True,
        "base_id": current.get_base_id(),
        "parent_id": current.get_parent_id(),
        "trace_id": current.get_id(),
        "headers": headers(),
    }


def headers():
    """3.4 gives bytes, later versions text."""
    given = web.get_trace_id_headers()
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in given.items()}


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass

    def get_stderr(self):
        """Where the server writes the errors that the table asks for."""
        return open("/dev/null", "w")


conf = cfg.ConfigOpts()
opts.set_defaults(conf, enabled=True, hmac_keys=HMAC_KEYS, connection_string=REDIS_URL)
initializer.init_from_conf(conf, context={}, project="peer", service="wsgi", host="127.0.0.1")
server = make_server("127.0.0.1", 0, web.WsgiMiddleware(program), handler_class=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
