// Ends a span, then waits for its standard input: only the tracer's own timer wakes the event loop.
import { TracerProvider } from '@clew/tracer';

const provider = new TracerProvider({ exporter: { url: process.argv[2], scheduleDelayMs: 50 } });
provider.getTracer('program').startSpan('s').end();
process.stdin.resume();
