import {
  alwaysOff,
  alwaysOn,
  parentBased,
  type Sampler,
  type SpanLimits,
  traceIdRatioBased,
} from '@clew/tracer';
import type { Attributes } from '@opentelemetry/api';
import { definedOnly } from './defined-only.ts';
import type { Environment } from './environment.ts';
import type { InitOptions } from './init-options.ts';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Returns the sampler named by `OTEL_TRACES_SAMPLER`; `undefined` if it is not set. */
export function samplerFrom(environment: Environment): Sampler | undefined {
  const name = environment.oneOf(SAMPLERS, 'OTEL_TRACES_SAMPLER');
  if (name === undefined) return undefined;
  const root = rootSampler(name.replace('parentbased_', ''), environment);
  return name.startsWith('parentbased_') ? parentBased({ root }) : root;
}

function rootSampler(name: string, environment: Environment): Sampler {
  if (name === 'always_on') return alwaysOn();
  if (name === 'always_off') return alwaysOff();
  return traceIdRatioBased(environment.number('OTEL_TRACES_SAMPLER_ARG', 0, 1) ?? 1);
}

/** Returns the resource attributes; `OTEL_SERVICE_NAME` overrides `service.name` in `OTEL_RESOURCE_ATTRIBUTES`. */
export function resourceFrom(environment: Environment, options: InitOptions): Attributes {
  const listed = environment.pairs('OTEL_RESOURCE_ATTRIBUTES') ?? {};
  const named =
    options.serviceName ?? options.resource?.['service.name'] ?? environment.text('OTEL_SERVICE_NAME');
  return { ...listed, ...options.resource, ...(named === undefined ? {} : { 'service.name': named }) };
}

/** Returns the span limits; a variable for spans overrides the general one. */
export function limitsFrom(environment: Environment): Partial<SpanLimits> {
  const count = (...names: string[]) => environment.cappedInteger(65_536, 0, ...names);
  const length = ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'];
  return definedOnly({
    attributeCount: count('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'),
    attributeValueLength: environment.cappedInteger(Number.MAX_SAFE_INTEGER, 1, ...length),
    eventCount: count('OTEL_SPAN_EVENT_COUNT_LIMIT'),
    linkCount: count('OTEL_SPAN_LINK_COUNT_LIMIT'),
    attributesPerEvent: count('OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT'),
    attributesPerLink: count('OTEL_LINK_ATTRIBUTE_COUNT_LIMIT'),
  });
}
