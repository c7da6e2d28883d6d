import { show } from '@clew/core';
import {
  alwaysOff,
  alwaysOn,
  parentBased,
  type Sampler,
  type SpanLimits,
  traceIdRatioBased,
} from '@clew/tracer';
import type { Attributes } from '@opentelemetry/api';
import type { Environment } from './environment.ts';
import type { InitOptions } from './init-options.ts';
import { type LogLevel, levelOf } from './log.ts';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** The sampler that `OTEL_TRACES_SAMPLER` names; `undefined` where none is named. */
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

/** `service.name` of the variable of its own goes over that in the list. */
export function resourceFrom(environment: Environment, options: InitOptions): Attributes {
  const listed = environment.pairs('OTEL_RESOURCE_ATTRIBUTES') ?? {};
  const named =
    options.serviceName ?? options.resource?.['service.name'] ?? environment.text('OTEL_SERVICE_NAME');
  return { ...listed, ...options.resource, ...(named === undefined ? {} : { 'service.name': named }) };
}

/** The limits of spans; a span's own variable goes over the common one. */
export function limitsFrom(environment: Environment): Partial<SpanLimits> {
  const count = (...names: string[]) => {
    const name = names.find((each) => environment.text(each) !== undefined);
    return name === undefined ? undefined : environment.integer(name, 0, 65_536);
  };
  const lengthName = ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'].find(
    (each) => environment.text(each) !== undefined,
  );
  const limits: Partial<Record<keyof SpanLimits, number | undefined>> = {
    attributeCount: count('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'),
    attributeValueLength: lengthName && environment.integer(lengthName, 1, Number.MAX_SAFE_INTEGER),
    eventCount: count('OTEL_SPAN_EVENT_COUNT_LIMIT'),
    linkCount: count('OTEL_SPAN_LINK_COUNT_LIMIT'),
    attributesPerEvent: count('OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT'),
    attributesPerLink: count('OTEL_LINK_ATTRIBUTE_COUNT_LIMIT'),
  } as Partial<Record<keyof SpanLimits, number | undefined>>;
  const set = Object.entries(limits).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as Partial<SpanLimits>;
}

/** The level of `OTEL_LOG_LEVEL`, or of the option. */
export function logLevelFrom(options: InitOptions): LogLevel | undefined {
  if (options.logLevel !== undefined) {
    expect(
      levelOf(options.logLevel) !== undefined,
      'logLevel',
      '"none" | "error" | "warn" | "info" | "debug" | "verbose" | "all"',
      options.logLevel,
    );
    return options.logLevel;
  }
  const named = process.env.OTEL_LOG_LEVEL?.trim().toLowerCase();
  return named !== undefined && levelOf(named) !== undefined ? (named as LogLevel) : undefined;
}

/** Checks what the tracer and the plugins do not check themselves. Throws a TypeError that says what was expected. */
export function expectValid(options: InitOptions): void {
  for (const name of Object.keys(options)) {
    expect(OPTION_NAMES.has(name), 'the options', `to be among ${[...OPTION_NAMES].join(', ')}`, name, '');
  }
  const { serviceName, instrumentations, flushTimeoutMs, discover, plugins, resource } = options;
  if (serviceName !== undefined) {
    expect(
      typeof serviceName === 'string' && serviceName !== '',
      'serviceName',
      'a text that is not empty',
      serviceName,
    );
  }
  if (resource !== undefined) expect(isRecord(resource), 'resource', 'an object of attributes', resource);
  if (plugins !== undefined) expect(isRecord(plugins), 'plugins', 'an object of plugins’ options', plugins);
  if (discover !== undefined) expect(typeof discover === 'boolean', 'discover', 'true or false', discover);
  if (instrumentations !== undefined) {
    expect(Array.isArray(instrumentations), 'instrumentations', 'a list', instrumentations);
    instrumentations.forEach((each, index) => {
      const fits = typeof each?.enable === 'function' && typeof each.setTracerProvider === 'function';
      expect(fits, `instrumentations[${index}]`, 'an OpenTelemetry instrumentation', each);
    });
  }
  if (flushTimeoutMs !== undefined) {
    const fits = typeof flushTimeoutMs === 'number' && flushTimeoutMs >= 0 && flushTimeoutMs <= 60_000;
    expect(fits, 'flushTimeoutMs', 'a number in [0, 60000]', flushTimeoutMs);
  }
}

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof InitOptions>([
  'serviceName',
  'resource',
  'context',
  'propagation',
  'sampler',
  'exporter',
  'limits',
  'spanProcessors',
  'spanExporters',
  'instrumentations',
  'plugins',
  'discover',
  'logLevel',
  'flushTimeoutMs',
]);

/** Throws `@clew/node: expected NAME to be WHAT, got VALUE`. */
export function expect(fits: boolean, name: string, what: string, got: unknown, verb = 'to be '): void {
  if (!fits) throw new TypeError(`@clew/node: expected ${name} ${verb}${what}, got ${show(got)}`);
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
