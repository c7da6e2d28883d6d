import {
  currentContext,
  environmentGetter,
  recordError,
  rootContext,
  serverRequestOf,
  setPropagationPolicy,
} from '@clew/core';
import { TracerProvider, type TracerStats } from '@clew/tracer';
import { context, diag, propagation, trace } from '@opentelemetry/api';
import type { Instrumentation } from '@opentelemetry/instrumentation';
import { limitsFrom, resourceFrom, samplerFrom } from './configuration.ts';
import { contextManagerFrom } from './context.ts';
import { type Moment, startPlugin } from './deferred-instrumentation.ts';
import { deliverLast } from './deliver-last.ts';
import { findPlugins, type InstalledPlugin, modulesOf, shortNameOf } from './discovery.ts';
import { Environment } from './environment.ts';
import { exporterFrom } from './exporter-options.ts';
import type { InitOptions } from './init-options.ts';
import { ensureLogger } from './log.ts';
import { hookModules, modulesHookedBy } from './module-hooks.ts';
import { expectValid } from './option-checks.ts';
import { expectPluginOptions, optionsOf, wantedPlugins } from './plugin-options.ts';
import { type Deliverable, deliverAtEnd } from './process-end.ts';
import { policyFrom, propagatorFrom } from './propagation.ts';
import { warnOfEarlyModules } from './self-check.ts';

/** What `init()` gives back. */
export interface Clew {
  /** Delivers the spans that have ended. Never rejects; done at the latest after `flushTimeoutMs`. */
  flush(): Promise<void>;
  /** Delivers, stops recording and takes the plugins out. Never rejects. */
  shutdown(): Promise<void>;
  /** What has been recorded, exported, and dropped by cause. */
  stats(): TracerStats | undefined;
}

/** One in a process, also over several copies of this package. */
const HANDLE = Symbol.for('clew.handle');
type Holder = { [HANDLE]?: Clew };
/** Where the OpenTelemetry API keeps what has been registered. */
const API = Symbol.for('opentelemetry.js.api.1');

const DEFAULT_FLUSH_TIMEOUT_MS = 2000;
const DISABLED: Clew = { flush: async () => {}, shutdown: async () => {}, stats: () => undefined };

/**
 * Starts tracing: options first, then the environment, then defaults. A second call gives back what the first gave.
 * Throws a TypeError for an option that can't be used: `@clew/node: expected context to be …, got "thread"`.
 * A wrong environment variable gives one warning, and its default is used.
 *
 * @example
 * import { init } from '@clew/node';
 * const clew = init({ serviceName: 'shop' });
 * process.on('SIGTERM', async () => { await clew.shutdown(); process.exit(0); });
 */
export function init(options: InitOptions = {}): Clew {
  return initAt('while it runs', options);
}

/** As `init`; before the program runs, what is loaded is loaded by nobody else. */
export function initAt(moment: Moment, options: InitOptions = {}): Clew {
  const holder = globalThis as Holder;
  expectValid(options);
  if (holder[HANDLE]) {
    if (Object.keys(options).length > 0)
      diag.warn('@clew/node: tracing has been started before; these options do nothing');
    return holder[HANDLE];
  }
  const environment = new Environment(process.env);
  ensureLogger(options.logLevel, environment);
  if (environment.flag('OTEL_SDK_DISABLED') === true) return DISABLED;
  const handle = start(options, environment, moment, () => delete holder[HANDLE]);
  holder[HANDLE] = handle;
  return handle;
}

function start(options: InitOptions, environment: Environment, moment: Moment, onShutdown: () => void): Clew {
  const timeoutMs =
    options.flushTimeoutMs ??
    environment.integer('CLEW_FLUSH_TIMEOUT_MS', 0, 60_000) ??
    DEFAULT_FLUSH_TIMEOUT_MS;
  const propagator = propagatorFrom(environment, options);
  const inherited = propagator.extract(rootContext, process.env, environmentGetter);
  const contextManager = contextManagerFrom(environment, options, inherited);
  const installed = options.discover === false ? [] : findPlugins();
  expectPluginOptions(installed, options.plugins ?? {});
  const policy = policyFrom(environment, options);
  const provider = providerFrom(options, environment);

  if (isAnotherSdkThere() || !trace.setGlobalTracerProvider(provider)) {
    diag.error('@clew/node: another OpenTelemetry SDK has been started in this process; Clew stays out');
    void provider.shutdown();
    return DISABLED;
  }
  context.setGlobalContextManager(contextManager.enable());
  propagation.setGlobalPropagator(propagator);
  setPropagationPolicy(policy);
  const instrumentations = startPlugins(installed, options, environment, moment);
  for (const each of instrumentations) each.setTracerProvider(provider);
  const stopDelivering = deliverAtEnd(deliverableOf(provider, options, timeoutMs));

  return {
    flush: () => provider.forceFlush({ timeoutMs }),
    stats: () => provider.stats(),
    shutdown: async () => {
      for (const each of instrumentations) each.disable();
      stopDelivering();
      onShutdown();
      for (const api of [trace, context, propagation]) api.disable();
      await provider.shutdown({ timeoutMs });
    },
  };
}

/** What the program's own processors and exporters hold can't be known: there may be something since the last flush. */
function deliverableOf(
  provider: TracerProvider,
  { spanProcessors = [], spanExporters = [] }: InitOptions,
  timeoutMs: number,
): Deliverable {
  const hasOthers = spanProcessors.length + spanExporters.length > 0;
  let flushed = 0;
  return {
    hasPending: () => {
      const { spansQueued, spansEnded } = provider.stats();
      return spansQueued > 0 || (hasOthers && spansEnded > flushed);
    },
    recordFault: (error) => {
      const current = currentContext();
      // The handler's span may have ended; the request that it belongs to has not.
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

/** The API would say so itself, with a stack that helps nobody. */
function isAnotherSdkThere(): boolean {
  const api = (globalThis as { [API]?: { trace?: unknown } })[API];
  return api?.trace !== undefined;
}

function providerFrom(options: InitOptions, environment: Environment): TracerProvider {
  const sampler = options.sampler ?? samplerFrom(environment);
  return new TracerProvider({
    resource: resourceFrom(environment, options),
    exporter: options.exporter === false ? false : mergedExporter(options, environment),
    limits: { ...limitsFrom(environment), ...options.limits },
    spanProcessors: options.spanProcessors ?? [],
    spanExporters: options.spanExporters ?? [],
    ...(sampler && { sampler }),
  });
}

function mergedExporter(options: InitOptions, environment: Environment) {
  const fromEnvironment = exporterFrom(environment);
  if (options.exporter) return { ...(fromEnvironment || {}), ...options.exporter };
  return fromEnvironment;
}

function startPlugins(
  installed: readonly InstalledPlugin[],
  options: InitOptions,
  environment: Environment,
  moment: Moment,
): Instrumentation[] {
  const given = options.plugins ?? {};
  const own = options.instrumentations ?? [];
  const replaced = new Set(own.map(({ instrumentationName }) => shortNameOf(instrumentationName)));
  const wanted = wantedPlugins(installed, given, environment).filter(
    ({ shortName }) => !replaced.has(shortName),
  );
  warnOfEarlyModules(wanted);
  hookModules([...wanted.flatMap(({ targets }) => modulesOf(targets)), ...own.flatMap(modulesHookedBy)]);
  const found = wanted.map((plugin) =>
    startPlugin(plugin, (each, kinds) => optionsOf(each, kinds, given, environment), moment),
  );
  for (const each of own) each.enable();
  return [...own, ...found];
}
