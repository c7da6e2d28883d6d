/**
 * The set-ups that are measured on every program, and how each is switched on: flags and environment only, the
 * program is the same file.
 *
 * `spans`: which of the program's span counts must arrive. `than`: the variant that ratios are taken against.
 * `only`: on which programs it makes sense.
 *
 * @typedef {{ flags: string[], env?: Record<string, string>, spans: 'none' | 'default' | 'all' | 'otel', than?: string,
 *   only?: (program: import('./programs.mjs').Program) => boolean }} Variant
 * @type {Record<string, Variant>}
 */
const clew = ['--import', '@clew/node/register'];
const openTelemetry = ['--require', './setup/otel.cjs'];
const nothingSampled = { OTEL_TRACES_SAMPLER: 'always_off' };
const allLayers = { CLEW_EXPRESS_LAYERS: 'all', CLEW_KOA_LAYERS: 'all' };
const hasLayers = (program) => program.spans.all !== program.spans.default;

export const variants = {
  bare: { flags: [], spans: 'none' },
  als: { flags: ['--require', './setup/als.cjs'], spans: 'none', only: (program) => program.load === 'http' },
  clew: { flags: clew, spans: 'default', than: 'otel' },
  'clew-layers': { flags: clew, env: allLayers, spans: 'all', than: 'otel', only: hasLayers },
  'clew-unsampled': { flags: clew, env: nothingSampled, spans: 'none', than: 'otel-unsampled' },
  otel: { flags: openTelemetry, spans: 'otel' },
  'otel-unsampled': { flags: openTelemetry, env: nothingSampled, spans: 'none' },
};

/** How many spans a variant must make of one unit of a program's work. */
export function spansOf({ spans }, variant) {
  const which = variants[variant].spans;
  if (which === 'none') return 0;
  return spans[which] ?? spans.all;
}
