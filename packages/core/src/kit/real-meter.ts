import { createNoopMeter, type Meter } from '@opentelemetry/api';

const NoopMeter = createNoopMeter().constructor;

/** The meter, if its MeterProvider records anything; `undefined` for the one of the API that does nothing. */
export function realMeter(meter: Meter): Meter | undefined {
  return meter instanceof NoopMeter ? undefined : meter;
}
