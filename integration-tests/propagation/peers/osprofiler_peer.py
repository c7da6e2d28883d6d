"""A WSGI application with OSProfiler's middleware: python3 osprofiler_peer.py HMAC_KEYS REDIS_URL.

Prints its port on the first line. Responds to every request with the trace that OSProfiler read from it.
"""
import json
import sys
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler, make_server

from oslo_config import cfg
from osprofiler import initializer, opts, profiler, web

HMAC_KEYS, REDIS_URL = sys.argv[1:3]


def application(environ, start_response):
    query = parse_qs(environ.get("QUERY_STRING", ""))
    if environ["PATH_INFO"] == "/start":
        result = start_trace(query["key"][0])
    else:
        result = state()
    body = json.dumps(result).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def start_trace(key):
    """Starts a trace with one span, as a command with --os-profile does."""
    profiler.init(key)
    first = headers()
    profiler.start("start")
    result = state()
    profiler.stop()
    profiler.clean()
    return {**result, "first": first}


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
    """Version 3.4 returns bytes, later versions return text."""
    given = web.get_trace_id_headers()
    return {name: value.decode() if isinstance(value, bytes) else value for name, value in given.items()}


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass

    def get_stderr(self):
        """Discards the errors that the tests cause on purpose."""
        return open("/dev/null", "w")


conf = cfg.ConfigOpts()
opts.set_defaults(conf, enabled=True, hmac_keys=HMAC_KEYS, connection_string=REDIS_URL)
initializer.init_from_conf(conf, context={}, project="peer", service="wsgi", host="127.0.0.1")
server = make_server("127.0.0.1", 0, web.WsgiMiddleware(application), handler_class=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
