"""Calls a method over RPC in a trace of OSProfiler: rpc_caller.py TRANSPORT_URL TOPIC HMAC_KEY REDIS_URL

Prints the trace's base_id.
"""

import os
import sys

import oslo_messaging
from oslo_config import cfg
from osprofiler import initializer, opts, profiler

transport_url, topic, hmac_key, redis_url = sys.argv[1:]
conf = cfg.CONF
conf([])
opts.set_defaults(conf, enabled=True, hmac_keys=hmac_key, connection_string=redis_url)
initializer.init_from_conf(conf, context={}, project="lab", service="caller", host="127.0.0.1")
transport = oslo_messaging.get_rpc_transport(conf, url=transport_url)
client = oslo_messaging.RPCClient(transport, oslo_messaging.Target(topic=topic), timeout=20)
profiler.init(hmac_key)
with profiler.Trace("command"):
    current = profiler.get()
    ids = {"base_id": current.get_base_id(), "parent_id": current.get_id()}
    client.call({"trace_info": {"hmac_key": current.hmac_key, **ids}}, "build", size=1)
print(profiler.get().get_base_id(), flush=True)
# A thread of the library would keep the process alive for ten seconds.
os._exit(0)
