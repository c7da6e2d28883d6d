"""A service with oslo.messaging: serves a topic, and calls other services on request. python3 peer.py URL TOPIC"""

import os
import sys
import time

import oslo_messaging
from oslo_config import cfg
from osprofiler import profiler

url, topic = sys.argv[1:]
conf = cfg.CONF
conf([])
# oslo.messaging needs a path, which is the virtual host.
path = "" if url.count("/") > 2 else "/"
transport = oslo_messaging.get_rpc_transport(conf, url=url.replace("amqp://", "rabbit://") + path)
notes = []


def inside(context):
    """Continues the trace of a request, as a service's deserializer does, and returns the context for its own requests."""
    info = context.pop("trace_info", None)
    if info is None:
        return {}
    profiler.clean()
    profiler.init(**info)
    current = profiler.get()
    current.start("python")
    return {"trace_info": {"hmac_key": current.hmac_key, "base_id": current.get_base_id(), "parent_id": current.get_id()}}


class Endpoint:
    def add(self, context, a, b):
        info = context.get("trace_info")
        return {"sum": a + b, "trace_info": info}

    def boom(self, context, why):
        raise ValueError(why)

    def slow(self, context, seconds):
        time.sleep(seconds)
        return "slept"

    def note(self, context, text):
        notes.append(text)

    def notes(self, context):
        return notes

    def ask(self, context, topic, method, args):
        client = oslo_messaging.get_rpc_client(transport, oslo_messaging.Target(topic=topic), timeout=10)
        return client.call(inside(context), method, **args)

    def tell(self, context, topic, method, args):
        client = oslo_messaging.get_rpc_client(transport, oslo_messaging.Target(topic=topic))
        client.cast(inside(context), method, **args)


target = oslo_messaging.Target(topic=topic, server="python")
server = oslo_messaging.get_rpc_server(transport, target, [Endpoint()], executor="threading")
server.start()
print("ready", flush=True)
sys.stdin.read()
# A thread of the library would keep the process alive for ten seconds.
os._exit(0)
