const all = ['bare', 'clew-unsampled', 'clew', 'otel-unsampled', 'otel'];

/**
 * What is counted. `work` is a function of work/PART.mjs, `variants` are the names that `npm run bench` uses. `calls` is how
 * often a request calls the work, more than once if it is short. `spans` is how many spans a call has.
 *
 * @typedef {{ part: 'tracer' | 'amqp' | 'http', work: string, variants: string[], calls?: number,
 *   spans: Record<string, number> }} Case
 * @type {Record<string, Case>}
 */
export const cases = {
  'six spans': { part: 'tracer', work: 'sixSpans', variants: ['clew', 'otel'], spans: { clew: 6, otel: 6 } },
  'unsampled root': {
    part: 'tracer',
    work: 'unsampledRoot',
    variants: ['clew-unsampled', 'otel-unsampled'],
    calls: 20,
    spans: {},
  },
  'unsampled child': {
    part: 'tracer',
    work: 'unsampledChild',
    variants: ['clew-unsampled', 'otel-unsampled'],
    calls: 20,
    spans: {},
  },
  message: { part: 'amqp', work: 'oneMessage', variants: all, spans: { clew: 2, otel: 2 } },
  call: { part: 'amqp', work: 'oneCall', variants: all, spans: { clew: 2, otel: 4 } },
  request: { part: 'http', work: 'oneRequest', variants: all, spans: { clew: 1, otel: 1 } },
};
