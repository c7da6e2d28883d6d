import type { SignatureOptions } from '@clew/core';
import { expectFit } from '@clew/core/internal';
import type { InitOptions, PropagationOptions } from './init-options.ts';
import { LOG_LEVELS } from './log.ts';

/** Checks the options that the tracer and the plugins do not check. Throws a TypeError with the expected value. */
export function expectValid(options: InitOptions): void {
  expectRecord('the options', 'an object', options);
  expectKnown('init()', options, OPTION_NAMES);
  const { serviceName, instrumentations, flushTimeoutMs, discover, logLevel } = options;
  if (serviceName !== undefined) {
    const fits = typeof serviceName === 'string' && serviceName !== '';
    expect(fits, 'serviceName', 'a non-empty string', serviceName);
  }
  for (const [name, what] of RECORDS) {
    if (options[name] !== undefined) expectRecord(name, what, options[name]);
  }
  for (const name of LISTS) {
    if (options[name] !== undefined) expect(Array.isArray(options[name]), name, 'a list', options[name]);
  }
  if (options.propagation !== undefined) expectPropagation(options.propagation);
  if (options.exporter !== undefined && options.exporter !== false) {
    expectRecord('exporter', 'an object of options, or false', options.exporter);
  }
  if (discover !== undefined) expect(typeof discover === 'boolean', 'discover', 'true or false', discover);
  instrumentations?.forEach((each, index) => {
    const fits = typeof each?.enable === 'function' && typeof each.setTracerProvider === 'function';
    expect(fits, `instrumentations[${index}]`, 'an OpenTelemetry instrumentation', each);
  });
  if (flushTimeoutMs !== undefined) {
    const fits = typeof flushTimeoutMs === 'number' && flushTimeoutMs >= 0 && flushTimeoutMs <= 60_000;
    expect(fits, 'flushTimeoutMs', 'a number in [0, 60000]', flushTimeoutMs);
  }
  if (logLevel !== undefined) {
    expect(LOG_LEVELS.includes(logLevel), 'logLevel', `one of ${LOG_LEVELS.join(', ')}`, logLevel);
  }
}

function expectPropagation(propagation: PropagationOptions): void {
  expectKnown('propagation', propagation, PROPAGATION_NAMES);
  const { signature } = propagation;
  if (signature === undefined) return;
  expectRecord('propagation.signature', 'an object of options', signature);
  expectKnown('propagation.signature', signature, SIGNATURE_NAMES);
  expectRecord('propagation.signature.keys', 'an object of secrets by key id', signature.keys);
}

const RECORDS = [
  ['resource', 'an object of attributes'],
  ['propagation', 'an object of options'],
  ['limits', 'an object of limits'],
  ['plugins', 'an object of plugins’ options'],
] as const;

const LISTS = ['spanProcessors', 'spanExporters', 'instrumentations'] as const;

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof InitOptions>([
  'serviceName',
  'resource',
  'context',
  'strictContext',
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

const PROPAGATION_NAMES: ReadonlySet<string> = new Set<keyof PropagationOptions>([
  'extract',
  'inject',
  'trust',
  'sendTo',
  'sendBaggageTo',
  'signature',
]);

const SIGNATURE_NAMES: ReadonlySet<string> = new Set<keyof SignatureOptions>([
  'keys',
  'maxAgeMs',
  'once',
  'maxSignedPerSecond',
  'whenFull',
  'messages',
  'audience',
  'audiences',
]);

/** Throws `@clew/node: expected NAME to be WHAT, got VALUE` unless `fits`. */
export function expect(fits: boolean, name: string, what: string, got: unknown, verb = 'to be '): void {
  expectFit('@clew/node', fits, `${name} ${verb}${what}`, got);
}

function expectKnown(name: string, given: object, known: ReadonlySet<string>): void {
  for (const key of Object.keys(given))
    expect(known.has(key), name, `options among ${[...known].join(', ')}`, key, 'to have ');
}

/** Throws unless the value is an object and not an array. */
export function expectRecord(name: string, what: string, got: unknown): void {
  expect(typeof got === 'object' && got !== null && !Array.isArray(got), name, what, got);
}
