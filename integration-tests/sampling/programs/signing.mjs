// Starts Clew as a service that accepts signed traces: Clew's own signatures and OSProfiler's.
import { init } from '@clew/node';

init({
  propagation: {
    extract: ['osprofiler', 'tracecontext'],
    signature: { keys: { edge: 'the secret of the edge proxy' } },
  },
  sampling: {
    policies: [{ id: 'only-on-request', keep: { never: true } }],
    requested: { tracesPerSecond: Number(process.env.REQUESTED_PER_SECOND ?? 10) },
  },
});
