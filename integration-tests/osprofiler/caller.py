"""Sends a request in a trace of OSProfiler, as a traced service of OpenStack does: caller.py URL HMAC_KEY REDIS_URL

Prints the trace's base_id.
"""

import sys
import urllib.request

from oslo_config import cfg
from osprofiler import initializer, opts, profiler, web

url, hmac_key, redis_url = sys.argv[1:]
conf = cfg.ConfigOpts()
opts.set_defaults(conf, enabled=True, hmac_keys=hmac_key, connection_string=redis_url)
initializer.init_from_conf(conf, context={}, project="lab", service="caller", host="127.0.0.1")
profiler.init(hmac_key)
with profiler.Trace("command"):
    # Version 3.4 returns bytes, later versions return text.
    given = web.get_trace_id_headers()
    headers = {name: value.decode() if isinstance(value, bytes) else value for name, value in given.items()}
    urllib.request.urlopen(urllib.request.Request(url, headers=headers)).read()
print(profiler.get().get_base_id())
