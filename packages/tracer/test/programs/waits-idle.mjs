// Ends a span and then only waits for its standard input: nothing wakes the event loop but the tracer's own timer.
import { TracerProvider } from '@clew/tracer';

const provider = new TracerProvider({ exporter: { url: process.argv[2], scheduleDelayMs: 50 } });
provider.getTracer('program').startSpan('s').end();
process.stdin.resume();
