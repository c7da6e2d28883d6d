import { carriers, rootContext } from '@clew/core';
import {
  claim,
  currentContext,
  guard,
  recordError,
  release,
  serverRequestOf,
  setPropagationDefaults,
} from '@clew/core/internal';
import { type OtlpExporterOptions, resourceOf, TracerProvider, type TracerStats } from '@clew/tracer';
import { type Attributes, context, diag, propagation, trace } from '@opentelemetry/api';
import { readApplication } from './application.ts';
import { type ChosenSampler, chooseSampler } from './choose-sampler.ts';
import { limitsFrom, resourceFrom } from './configuration.ts';
import { addConsoleFields, CONSOLE_FORMATS } from './console-fields.ts';
import { contextManagerFrom } from './context.ts';
import { type Configuration, configurationFrom } from './declared.ts';
import type { Moment } from './deferred-instrumentation.ts';
import { deliverLast } from './deliver-last.ts';
import { findPlugins } from './discovery.ts';
import { Environment } from './environment.ts';
import { exporterFrom } from './exporter-options.ts';
import type { InitOptions } from './init-options.ts';
import { ensureLogger } from './log.ts';
import { expectValid } from './option-checks.ts';
import { expectPluginOptions } from './plugin-options.ts';
import { type Deliverable, deliverAtEnd } from './process-end.ts';
import { propagationDefaultsFrom, propagatorFrom } from './propagation.ts';
import type { SamplerStats } from './sampling-package.ts';
import { reportStart, selfReport } from './self-report.ts';
import { startPlugins } from './start-plugins.ts';
import { tracePointsFrom } from './trace-points.ts';

/** Counters since `init()`. */
export interface ClewStats extends TracerStats {
  /** What each policy has kept and dropped, and what its provider has loaded; `undefined` without policies. */
  readonly sampling: SamplerStats | undefined;
}

/** The result of `init()`. */
export interface Clew {
  /** Delivers the spans that have ended. Never rejects; takes at most `flushTimeoutMs`. */
  flush(): Promise<void>;
  /** Delivers the spans, stops recording and disables the plugins. Never rejects. */
  shutdown(): Promise<void>;
  /** Counts of recorded, exported and dropped spans; `undefined` if tracing is disabled. */
  stats(): ClewStats | undefined;
}

const NAME = '@clew/node';

/** Shared by all copies of this package in a realm. */
const HANDLE = Symbol.for('clew.handle');
type Holder = { [HANDLE]?: Clew };
/** The key of the OpenTelemetry API's global registrations. */
const API = Symbol.for('opentelemetry.js.api.1');

const DEFAULT_FLUSH_TIMEOUT_MS = 2000;
const DISABLED: Clew = { flush: async () => {}, shutdown: async () => {}, stats: () => undefined };

/**
 * Starts tracing, configured by the options, then the environment, then defaults. Further calls return the same object.
 * Throws a TypeError for an invalid option: `@clew/node: expected context to be …, got "thread"`. An invalid
 * environment variable logs one warning and counts as not set.
 *
 * @example
 * import { init } from '@clew/node';
 * const clew = init({ serviceName: 'shop' });
 * process.on('SIGTERM', async () => { await clew.shutdown(); process.exit(0); });
 */
export function init(options: InitOptions = {}): Clew {
  return initAt('while it runs', options);
}

/** Like `init`, for a known moment: before the application runs, no module that plugins patch has been loaded. */
export function initAt(moment: Moment, options: InitOptions = {}): Clew {
  const holder = globalThis as Holder;
  expectValid(options);
  if (holder[HANDLE]) {
    if (Object.keys(options).length > 0)
      diag.warn('@clew/node: tracing has already been started; these options are ignored');
    return holder[HANDLE];
  }
  const environment = new Environment(process.env);
  guard('setting a logger', () => ensureLogger(options.logLevel, environment));
  const configuration = configurationFrom(options, process.env);
  if (configuration === undefined) {
    selfReport(() => ({ kind: 'disabled' }));
    return DISABLED;
  }
  const { logLevel } = configuration.options;
  if (logLevel !== options.logLevel) guard('setting a logger', () => ensureLogger(logLevel));
  return start(configuration, moment);
}

function start(configuration: Configuration, moment: Moment): Clew {
  const { environment, sampling: declared } = configuration;
  const { spanProcessors = [], ...others } = configuration.options;
  const options = { ...others, spanProcessors: [...spanProcessors, ...tracePointsFrom(environment)] };
  const timeoutMs =
    options.flushTimeoutMs ??
    environment.integer('CLEW_FLUSH_TIMEOUT_MS', 0, 60_000) ??
    DEFAULT_FLUSH_TIMEOUT_MS;
  const propagator = propagatorFrom(environment, options);
  const inherited = propagator.extract(rootContext, process.env, carriers.environmentGetter);
  const contextManager = contextManagerFrom(environment, options, inherited);
  const application = readApplication();
  const installed =
    options.discover === false ? [] : findPlugins(application, environment.list('CLEW_INSTRUMENTATIONS'));
  expectPluginOptions(installed, options.plugins ?? {}, environment);
  const propagationDefaults = propagationDefaultsFrom(environment, options);
  const resource = resourceOf(resourceFrom(environment, options)).attributes;
  const exporter = exporterOf(options, environment);
  const sampling = chooseSampler(environment, options, resource, declared);
  const provider = providerFrom(options, environment, exporter, resource, sampling);

  const steps: (() => void)[] = [sampling.stop];
  const stop = () => {
    for (const undo of steps.splice(0).reverse()) guard('stopping', undo);
  };
  try {
    claim(NAME, provider, () => {
      stop();
      void provider.shutdown({ timeoutMs });
    });
    steps.push(() => release(NAME, provider));
    if (isAnotherSdkActive() || !trace.setGlobalTracerProvider(provider)) {
      diag.error('@clew/node: another OpenTelemetry SDK is active in this process; Clew does not start');
      stop();
      void provider.shutdown();
      return DISABLED;
    }
    steps.push(() => trace.disable());
    if (context.setGlobalContextManager(contextManager.enable())) steps.push(() => context.disable());
    if (propagation.setGlobalPropagator(propagator)) steps.push(() => propagation.disable());
    setPropagationDefaults(propagationDefaults);
    steps.push(() => setPropagationDefaults({}));
    const instrumentations = startPlugins(application, installed, options, environment, moment);
    steps.push(() => {
      for (const each of instrumentations) guard('stopping a plugin', () => each.disable());
    });
    for (const each of instrumentations) guard(NAME, () => each.setTracerProvider(provider));
    const consoleFormat = options.console ?? environment.oneOf(CONSOLE_FORMATS, 'CLEW_CONSOLE');
    if (consoleFormat !== undefined) steps.push(addConsoleFields(consoleFormat));
    steps.push(watchProcessEnd(deliverableOf(provider, options, timeoutMs)));
    const handle: Clew = {
      flush: () => provider.forceFlush({ timeoutMs }),
      stats: () => ({ ...provider.stats(), sampling: sampling.stats() }),
      shutdown: async () => {
        stop();
        await provider.shutdown({ timeoutMs });
      },
    };
    const holder = globalThis as Holder;
    holder[HANDLE] = handle;
    steps.push(() => delete holder[HANDLE]);
    reportStart(exporter, options, propagationDefaults.trust);
    return handle;
  } catch (fault) {
    stop();
    void provider.shutdown();
    const message = fault instanceof Error ? fault.message : String(fault);
    throw new Error(`@clew/node: could not start, and nothing is traced: ${message}`, { cause: fault });
  }
}

/** Returns a function that undoes it. */
function watchProcessEnd(deliverable: Deliverable): () => void {
  try {
    return deliverAtEnd(deliverable);
  } catch (fault) {
    diag.warn('@clew/node: exit events are not available here: call flush() before the process exits', fault);
    return () => {};
  }
}

/** The queues of custom processors and exporters are unknown: spans ended since the last flush count as pending. */
function deliverableOf(
  provider: TracerProvider,
  { spanProcessors = [], spanExporters = [] }: InitOptions,
  timeoutMs: number,
): Deliverable {
  const hasCustomExporters = spanProcessors.length + spanExporters.length > 0;
  let flushed = 0;
  return {
    hasPending: () => {
      const { spansQueued, spansEnded } = provider.stats();
      return spansQueued > 0 || (hasCustomExporters && spansEnded > flushed);
    },
    recordUncaught: (error) => {
      const current = currentContext();
      // The handler's span may have ended, but not the request that it belongs to.
      const spans = [trace.getSpan(current), serverRequestOf(current)?.span];
      const span = spans.find((each) => each?.isRecording());
      if (span !== undefined) recordError(span, error);
    },
    endOpen: (reason) => provider.endUnfinished(reason),
    flush: (lastChance) => {
      flushed = provider.stats().spansEnded;
      return provider.forceFlush({ timeoutMs, lastChance });
    },
    flushSync: () => {
      const unsent = provider.takeUnsent();
      if (unsent !== undefined) deliverLast(unsent, timeoutMs);
    },
  };
}

/** Checked here because the API's own error has an unhelpful stack. */
function isAnotherSdkActive(): boolean {
  const api = (globalThis as { [API]?: { trace?: unknown } })[API];
  return api?.trace !== undefined;
}

function providerFrom(
  options: InitOptions,
  environment: Environment,
  exporter: OtlpExporterOptions | false,
  resource: Attributes,
  { sampler, stop }: ChosenSampler,
): TracerProvider {
  const bufferBytes =
    options.lateBufferBytes ?? environment.integer('CLEW_LATE_BUFFER_BYTES', 65_536, 1_073_741_824);
  try {
    return new TracerProvider({
      resource,
      exporter,
      limits: { ...limitsFrom(environment), ...options.limits },
      spanProcessors: options.spanProcessors ?? [],
      spanExporters: options.spanExporters ?? [],
      ...(sampler && { sampler }),
      ...(bufferBytes !== undefined && { lateBufferBytes: bufferBytes }),
    });
  } catch (fault) {
    stop();
    throw fault;
  }
}

function exporterOf(options: InitOptions, environment: Environment): OtlpExporterOptions | false {
  if (options.exporter === false) return false;
  const fromEnvironment = exporterFrom(environment);
  if (options.exporter) return { ...(fromEnvironment || {}), ...options.exporter };
  return fromEnvironment;
}
