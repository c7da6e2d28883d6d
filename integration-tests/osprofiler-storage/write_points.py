"""Writes the points of one trace with a driver of OSProfiler: python3 write_points.py CONNECTION [TRANSPORT_URL].

Prints the base id of the trace.
"""
import os
import sys

from oslo_config import cfg
from osprofiler import notifier, opts, profiler

CONNECTION, TRANSPORT_URL = [*sys.argv[1:], None][:2]


@profiler.trace("rpc", info={"method": "add"}, hide_args=False)
def add(a, b):
    with profiler.Trace("db", info={"db": {"statement": "SELECT 1", "params": {"id": 1, "names": ["é"]}}}):
        pass
    return a + b


def main():
    opts.set_defaults(cfg.CONF, enabled=True, hmac_keys="SECRET_KEY", connection_string=CONNECTION)
    transport = {} if TRANSPORT_URL is None else {"transport_url": TRANSPORT_URL}
    driver = notifier.create(
        CONNECTION, context={}, project="lab", service="api", host="vm", conf=cfg.CONF, **transport
    )
    notifier.set(driver)
    profiler.init("SECRET_KEY")
    base_id = profiler.get().get_base_id()
    request = {"path": "/hello", "query": "x=1", "method": "GET", "scheme": "http"}
    with profiler.Trace("wsgi", info={"request": request}):
        add(2, b=3)
        try:
            with profiler.Trace("volume_api"):
                raise ValueError("no volume")
        except ValueError:
            pass
    # Its stop is missing: the program ends first.
    profiler.start("neutron_api", info={"network": 1})
    print(base_id, flush=True)
    # oslo.messaging keeps a thread for some seconds.
    os._exit(0)


main()
