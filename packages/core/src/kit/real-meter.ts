import { createNoopMeter, type Meter, metrics } from '@opentelemetry/api';
import { guard } from './failures.ts';

/** The key of the API's global registrations. */
const API = Symbol.for('opentelemetry.js.api.1');
const NoopMeter = createNoopMeter().constructor;

/** The meter, if its MeterProvider records anything; `undefined` for the one of the API that does nothing. */
export function realMeter(meter: Meter): Meter | undefined {
  return meter instanceof NoopMeter ? undefined : meter;
}

/**
 * Returns a function that returns the meter of the global MeterProvider, or `undefined` until one is set. The API
 * has no proxy for meters: an application that sets its provider after the plugin was loaded would get no metrics.
 * Written for speed, because each request calls it: without a provider it reads one property.
 */
export function globalMeter(name: string, version: string): () => Meter | undefined {
  let known: unknown;
  let meter: Meter | undefined;
  return () => {
    const provider = registrations()?.metrics;
    if (provider === known) return meter;
    known = provider;
    meter =
      provider === undefined
        ? undefined
        : guard(`${name}: creating a meter`, () => realMeter(metrics.getMeter(name, version)));
    return meter;
  };
}

interface Registrations {
  readonly metrics?: unknown;
}

let found: Registrations | undefined;

/** The API creates this object with its first registration, and keeps it. */
function registrations(): Registrations | undefined {
  found ??= (globalThis as { readonly [API]?: Registrations })[API];
  return found;
}
