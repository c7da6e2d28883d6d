import { fileURLToPath } from 'node:url';

/**
 * The variants measured for each program, and how each is enabled: by flags and environment variables only, with
 * the same program file.
 *
 * `spans`: which of the program's span counts is expected. `than`: the variant with which it is compared.
 * `only`: the programs for which it is useful.
 *
 * @typedef {{ flags: string[], env?: Record<string, string>, spans: 'none' | 'default' | 'all' | 'otel', than?: string,
 *   only?: (program: import('./programs.mjs').Program) => boolean }} Variant
 * @type {Record<string, Variant>}
 */
const clew = ['--import', '@clew/node/register'];
const openTelemetry = ['--require', './setup/otel.cjs'];
const nothingSampled = { OTEL_TRACES_SAMPLER: 'always_off' };
const keepErrors = { CLEW_SAMPLING_FILE: fileURLToPath(new URL('setup/keep-errors.yaml', import.meta.url)) };
const allLayers = { CLEW_EXPRESS_LAYERS: 'all', CLEW_KOA_LAYERS: 'all' };
const hasLayers = (program) => program.spans.all !== program.spans.default;

export const variants = {
  bare: { flags: [], spans: 'none' },
  als: { flags: ['--require', './setup/als.cjs'], spans: 'none', only: (program) => program.load === 'http' },
  clew: { flags: clew, spans: 'default', than: 'otel' },
  'clew-layers': { flags: clew, env: allLayers, spans: 'all', than: 'otel', only: hasLayers },
  'clew-unsampled': { flags: clew, env: nothingSampled, spans: 'none', than: 'otel-unsampled' },
  'clew-keep-errors': { flags: clew, env: keepErrors, spans: 'none', than: 'otel-unsampled' },
  otel: { flags: openTelemetry, spans: 'otel' },
  'otel-unsampled': { flags: openTelemetry, env: nothingSampled, spans: 'none' },
};

/** The number of spans expected from a variant for one unit of a program's work. */
export function spansOf({ spans }, variant) {
  const which = variants[variant].spans;
  if (which === 'none') return 0;
  return spans[which] ?? spans.all;
}
