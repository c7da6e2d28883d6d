import { expectFit } from '@clew/core/internal';
import { CONSOLE_FORMATS } from './console-fields.ts';
import type { InitOptions, PropagationOptions, SamplingOptions } from './init-options.ts';
import { LOG_LEVELS } from './log.ts';

/** What an option must be, as quoted in errors; `undefined` if it is checked where it is used. */
type Checks<Options> = Readonly<
  Record<keyof Options, readonly [what: string, fits: (value: unknown) => boolean] | undefined>
>;

const isRecord = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

const OPTIONS: Checks<InitOptions> = {
  serviceName: ['a non-empty string', (value) => typeof value === 'string' && value !== ''],
  resource: ['an object of attributes', isRecord],
  context: undefined,
  strictContext: undefined,
  propagation: ['an object of options', isRecord],
  sampler: undefined,
  sampling: ['an object of options', isRecord],
  lateBufferBytes: undefined,
  exporter: ['an object of options, or false', (value) => value === false || isRecord(value)],
  limits: ['an object of limits', isRecord],
  spanProcessors: ['a list', Array.isArray],
  spanExporters: ['a list', Array.isArray],
  instrumentations: ['a list', Array.isArray],
  plugins: ['an object of plugins’ options', isRecord],
  discover: ['true or false', (value) => typeof value === 'boolean'],
  console: ['"text" or "json"', (value) => CONSOLE_FORMATS.some((each) => each === value)],
  logLevel: [`one of ${LOG_LEVELS.join(', ')}`, (value) => LOG_LEVELS.some((each) => each === value)],
  flushTimeoutMs: [
    'a number in [0, 60000]',
    (value) => typeof value === 'number' && value >= 0 && value <= 60_000,
  ],
};

const PROPAGATION: Checks<PropagationOptions> = {
  extract: undefined,
  inject: undefined,
  trust: undefined,
  sendTo: undefined,
  sendBaggageTo: undefined,
  signature: ['an object of options', isRecord],
};

const isText = (value: unknown) => typeof value === 'string' && value !== '';

const SAMPLING: Checks<SamplingOptions> = {
  file: ['a path', isText],
  url: ['a URL', isText],
  opampUrl: ['a URL', isText],
  policies: undefined,
  providers: ['a list', Array.isArray],
  requested: undefined,
  followParent: undefined,
  default: undefined,
};

/** Checks the options that the tracer and the plugins do not check. Throws a TypeError with the expected value. */
export function expectValid(options: InitOptions): void {
  expectRecord('the options', 'an object', options);
  expectEach('init()', '', OPTIONS, options);
  options.instrumentations?.forEach((each, index) => {
    const fits = typeof each?.enable === 'function' && typeof each.setTracerProvider === 'function';
    expect(fits, `instrumentations[${index}]`, 'an OpenTelemetry instrumentation', each);
  });
  const { propagation, sampling, sampler } = options;
  if (propagation !== undefined) expectEach('propagation', 'propagation.', PROPAGATION, propagation);
  if (sampling === undefined) return;
  expectEach('sampling', 'sampling.', SAMPLING, sampling);
  expect(sampler === undefined, 'sampler', 'undefined where sampling is set', sampler);
}

function expectEach<Options extends object>(
  owner: string,
  prefix: string,
  checks: Checks<Options>,
  options: Options,
): void {
  for (const name of Object.keys(options) as (keyof Options & string)[]) {
    const isKnown = Object.hasOwn(checks, name);
    expect(isKnown, owner, `options among ${Object.keys(checks).join(', ')}`, name, 'to have ');
    const check = checks[name];
    const value: unknown = options[name];
    if (check !== undefined && value !== undefined) expect(check[1](value), prefix + name, check[0], value);
  }
}

/** Throws `@clew/node: expected NAME to be WHAT, got VALUE` unless `fits`. */
export function expect(fits: boolean, name: string, what: string, got: unknown, verb = 'to be '): void {
  expectFit('@clew/node', fits, `${name} ${verb}${what}`, got);
}

/** Throws unless the value is an object and not an array. */
export function expectRecord(name: string, what: string, got: unknown): void {
  expect(isRecord(got), name, what, got);
}
