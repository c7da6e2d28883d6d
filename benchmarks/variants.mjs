import { fileURLToPath } from 'node:url';

import { deno, denoEnvironment } from './deno.mjs';
import { policyFile } from './policy-files.mjs';

/**
 * The variants measured for each program, and how each is enabled: by flags and environment variables only, with
 * the same program file.
 *
 * `command`: resolves to the executable that runs the program, by default this Node; rejects if none exists for this
 * machine. A short run (`--smoke`) leaves such a variant out.
 * `spans`: which of the program's span counts is expected; `failed` for those of requests that fail.
 * `over`: the variant without tracing to which the cost is added, by default `bare`.
 * `than`: the variant with which it is compared. `only`: the programs for which it is useful.
 *
 * @typedef {{ command?: () => Promise<string>, flags: string[], env?: Record<string, string>,
 *   spans: 'none' | 'default' | 'all' | 'otel' | 'datadog' | 'deno' | 'failed', over?: string, than?: string,
 *   only?: (program: import('./programs.mjs').Program) => boolean }} Variant
 * @type {Record<string, Variant>}
 */
const clew = ['--import', '@clew/node/register'];
const openTelemetry = ['--require', './setup/otel.cjs'];
const nothingSampled = { OTEL_TRACES_SAMPLER: 'always_off' };
/** Nothing listens on the port of the discard protocol. */
const noReceiver = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_LOG_LEVEL: 'error' };
const keepErrors = { CLEW_SAMPLING_FILE: fileURLToPath(new URL('setup/keep-errors.yaml', import.meta.url)) };
const allLayers = { CLEW_EXPRESS_LAYERS: 'all', CLEW_KOA_LAYERS: 'all' };
const drop = { match: { path: '/orders/*' }, keep: { never: true } };
const others = Array.from({ length: 999 }, (_, n) => ({
  id: `p${n}`,
  ...drop,
  match: { path: `/items/${n}/*` },
}));
const withPolicies = (name, policies) => ({ CLEW_SAMPLING_FILE: policyFile(name, policies) });
const hasPolicies = (program) => program.policies === true;
const hasLayers = (program) => program.spans.all !== program.spans.default;

const datadog = ['--require', './setup/dd-trace.cjs'];
/** dd-trace's other products are off, also those that are off by default. */
const tracingOnly = {
  DD_APPSEC_ENABLED: 'false',
  DD_CRASHTRACKING_ENABLED: 'false',
  DD_DYNAMIC_INSTRUMENTATION_ENABLED: 'false',
  DD_IAST_ENABLED: 'false',
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
  DD_PROFILING_ENABLED: 'false',
  DD_REMOTE_CONFIGURATION_ENABLED: 'false',
  DD_RUNTIME_METRICS_ENABLED: 'false',
  DD_TRACE_STARTUP_LOGS: 'false',
  // Their spans belong to connections, so that their number for a request is not constant.
  DD_TRACE_DISABLED_INSTRUMENTATIONS: 'dns,net',
  DD_TRACE_MONGODB_HEARTBEAT_ENABLED: 'false',
};
/** dd-trace records every request. With this rule, it drops all of them at their end. */
const discardAll = { DD_TRACE_SAMPLING_RULES: JSON.stringify([{ sample_rate: 0, discard: true }]) };
const hasDatadog = (program) => program.spans.datadog !== undefined;

const denoFlags = ['run', '--allow-all', '--no-lock'];
const hasDeno = (program) => program.spans.deno !== undefined;

export const variants = {
  bare: { flags: [], spans: 'none' },
  'bare-again': { flags: [], spans: 'none', only: (program) => program.main === true },
  als: { flags: ['--require', './setup/als.cjs'], spans: 'none', only: (program) => program.load === 'http' },
  clew: { flags: clew, spans: 'default', than: 'otel' },
  'clew-layers': { flags: clew, env: allLayers, spans: 'all', than: 'otel', only: hasLayers },
  'clew-unsampled': { flags: clew, env: nothingSampled, spans: 'none', than: 'otel-unsampled' },
  'clew-keep-errors': { flags: clew, env: keepErrors, spans: 'failed', than: 'otel-unsampled' },
  'clew-no-receiver': {
    flags: clew,
    env: noReceiver,
    spans: 'none',
    only: (program) => program.main === true,
  },
  'clew-1-policy': {
    flags: clew,
    env: withPolicies('one', [{ id: 'orders', ...drop }]),
    spans: 'none',
    than: 'clew-unsampled',
    only: hasPolicies,
  },
  'clew-1000-policies': {
    flags: clew,
    env: withPolicies('thousand', [...others, { id: 'orders', ...drop }]),
    spans: 'none',
    than: 'clew-unsampled',
    only: hasPolicies,
  },
  otel: { flags: openTelemetry, spans: 'otel' },
  'otel-unsampled': { flags: openTelemetry, env: nothingSampled, spans: 'none' },
  'dd-trace': { flags: datadog, env: tracingOnly, spans: 'datadog', than: 'otel', only: hasDatadog },
  'dd-trace-unsampled': {
    flags: datadog,
    env: { ...tracingOnly, ...discardAll },
    spans: 'none',
    than: 'otel-unsampled',
    only: hasDatadog,
  },
  'deno-bare': { command: deno, flags: denoFlags, env: denoEnvironment, spans: 'none', only: hasDeno },
  deno: {
    command: deno,
    flags: denoFlags,
    env: { ...denoEnvironment, OTEL_DENO: 'true' },
    spans: 'deno',
    over: 'deno-bare',
    than: 'otel',
    only: hasDeno,
  },
};

/** The number of spans expected from a variant for so many units of a program's work. */
export function spansOf({ spans, failEvery }, variant, units) {
  const which = variants[variant].spans;
  if (which === 'none') return 0;
  if (which === 'failed') return failEvery === undefined ? 0 : Math.floor(units / failEvery) * spans.default;
  return units * (spans[which] ?? spans.all);
}
