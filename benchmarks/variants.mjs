import { fileURLToPath } from 'node:url';

import { policyFile } from './policy-files.mjs';

/**
 * The variants measured for each program, and how each is enabled: by flags and environment variables only, with
 * the same program file.
 *
 * `spans`: which of the program's span counts is expected; `failed` for those of requests that fail. `than`: the variant with which it is compared.
 * `only`: the programs for which it is useful.
 *
 * @typedef {{ flags: string[], env?: Record<string, string>, spans: 'none' | 'default' | 'all' | 'otel' | 'failed', than?: string,
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
};

/** The number of spans expected from a variant for so many units of a program's work. */
export function spansOf({ spans, failEvery }, variant, units) {
  const which = variants[variant].spans;
  if (which === 'none') return 0;
  if (which === 'failed') return failEvery === undefined ? 0 : Math.floor(units / failEvery) * spans.default;
  return units * (spans[which] ?? spans.all);
}
