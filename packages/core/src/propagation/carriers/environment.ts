import type { TextMapGetter, TextMapSetter } from '@opentelemetry/api';
import { CARRIER_KIND, type CarrierKind } from '../carrier-kind.ts';

/** Environment variables of this process, or for a child process. */
export type EnvironmentVariables = Record<string, string | undefined>;

/**
 * The name of the environment variable that carries a header: upper case, with `_` for every character that is not a
 * letter or a digit (`uber-trace-id` becomes `UBER_TRACE_ID`).
 * Source: https://opentelemetry.io/docs/specs/otel/context/env-carriers/
 */
export function environmentName(header: string): string {
  const name = header.toUpperCase().replace(/[^A-Z0-9_]/g, '_');
  return /^[0-9]/.test(name) ? `_${name}` : name;
}

/** Reads headers from environment variables. */
export const environmentGetter: TextMapGetter<EnvironmentVariables> & {
  readonly [CARRIER_KIND]: CarrierKind;
} = {
  [CARRIER_KIND]: 'environment',
  get: (environment, header) => environment[environmentName(header)] || undefined,
  keys: (environment) => Object.keys(environment),
};

/** Writes headers as environment variables; never pass `process.env`, which would change this process. */
export const environmentSetter: TextMapSetter<EnvironmentVariables> = {
  set(environment, header, value) {
    environment[environmentName(header)] = value;
  },
};
