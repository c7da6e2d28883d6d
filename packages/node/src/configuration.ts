import type { SpanLimits } from '@clew/tracer';
import type { Attributes } from '@opentelemetry/api';
import { definedOnly } from './defined-only.ts';
import type { Environment } from './environment.ts';
import type { InitOptions } from './init-options.ts';
import { lambdaResource } from './lambda-resource.ts';

/**
 * Returns the resource attributes. `OTEL_SERVICE_NAME` overrides `service.name` in `OTEL_RESOURCE_ATTRIBUTES`. Both
 * override the detected attributes of a function of AWS Lambda.
 */
export function resourceFrom(environment: Environment, options: InitOptions): Attributes {
  const listed = environment.pairs('OTEL_RESOURCE_ATTRIBUTES') ?? {};
  const named =
    options.serviceName ?? options.resource?.['service.name'] ?? environment.text('OTEL_SERVICE_NAME');
  return {
    ...lambdaResource(environment),
    ...listed,
    ...options.resource,
    ...(named === undefined ? {} : { 'service.name': named }),
  };
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
