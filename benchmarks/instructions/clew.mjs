import { AmqplibInstrumentation } from '@clew/instrumentation-amqplib';
import { init } from '@clew/node';
import { alwaysOff, TracerProvider } from '@clew/tracer';

/** Clew for a case: the tracer alone, or the application's tracing. Batches are sent when they are full, or by `flush`. */
export function clew(part, { url, sampled }) {
  const exporter = { url, maxQueueBytes: 2 ** 30, scheduleDelayMs: 600_000 };
  if (part === 'tracer') {
    const provider = new TracerProvider({ exporter, ...(!sampled && { sampler: alwaysOff() }) });
    return { provider, flush: () => provider.forceFlush() };
  }
  process.env.OTEL_TRACES_SAMPLER = sampled ? 'always_on' : 'always_off';
  const tracing = init({ serviceName: 'bench', exporter });
  const patch = ({ BaseChannel }) => new AmqplibInstrumentation().instrument({ Channel: BaseChannel });
  return { patch, flush: () => tracing.flush() };
}
