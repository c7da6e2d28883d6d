import {
  type ContextFormat,
  createPropagator,
  type TraceFormat,
  w3cBaggage,
  w3cTraceContext,
} from '@clew/core';
import type { TextMapPropagator } from '@opentelemetry/api';
import { expect } from './configuration.ts';
import type { Environment } from './environment.ts';
import type { InitOptions } from './init-options.ts';

const TRACE_FORMATS: readonly TraceFormat[] = [w3cTraceContext];
const BESIDE: readonly ContextFormat[] = [w3cBaggage];
const NAMES = [...TRACE_FORMATS, ...BESIDE].map((format) => format.name);
const DEFAULT: readonly string[] = ['tracecontext', 'baggage'];

/** The propagator of the options, or of `OTEL_PROPAGATORS`; `none` propagates nothing. */
export function propagatorFrom(environment: Environment, options: InitOptions): TextMapPropagator {
  const common = namesFrom(environment);
  const extract = options.propagation?.extract ?? common;
  const inject = options.propagation?.inject ?? common;
  expectKnown('propagation.extract', extract);
  expectKnown('propagation.inject', inject);
  return createPropagator({
    extract: chosen(TRACE_FORMATS, extract),
    inject: chosen(TRACE_FORMATS, inject),
    extractBeside: BESIDE.filter(({ name }) => extract.includes(name)),
    injectBeside: BESIDE.filter(({ name }) => inject.includes(name)),
  });
}

/** The order is that of the names: the first format that fits wins. */
function chosen(formats: readonly TraceFormat[], names: readonly string[]): TraceFormat[] {
  return names.flatMap((name) => formats.filter((format) => format.name === name));
}

function namesFrom(environment: Environment): readonly string[] {
  const names = environment.list('OTEL_PROPAGATORS');
  if (names === undefined) return DEFAULT;
  if (names.length === 1 && names[0] === 'none') return [];
  const known = names.filter((name) => NAMES.includes(name));
  if (known.length < names.length)
    environment.warn('OTEL_PROPAGATORS', `a list of ${NAMES.join(', ')}`, names.join(','));
  return known.length === 0 ? DEFAULT : known;
}

function expectKnown(name: string, names: readonly string[]): void {
  expect(Array.isArray(names), name, 'a list of formats', names);
  names.forEach((each, index) => {
    expect(NAMES.includes(each), `${name}[${index}]`, NAMES.map((known) => `"${known}"`).join(' | '), each);
  });
}
