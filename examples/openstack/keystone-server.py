"""Serves Keystone, one request at a time: keystone-server.py CONFIG PORT"""

import sys
from wsgiref.simple_server import WSGIServer, make_server

config, port = sys.argv[1:]
# Keystone reads its own arguments.
sys.argv = ["keystone", "--config-file", config]

from keystone.server.wsgi import initialize_public_application  # noqa: E402


class Server(WSGIServer):
    request_queue_size = 64


server = make_server("127.0.0.1", int(port), initialize_public_application(), server_class=Server)
print("ready", flush=True)
server.serve_forever()
