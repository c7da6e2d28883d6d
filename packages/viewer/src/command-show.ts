import { writeFileSync } from 'node:fs';
import { defineCommand, FLAG, TEXT } from './command.ts';
import { FILTER_OPTIONS, isFiltered, traceFilter } from './filter-options.ts';
import { OUTPUT_OPTIONS, outputStyle } from './output-style.ts';
import { printableJson } from './printable.ts';
import { renderWaterfallSvg } from './svg.ts';
import type { TraceFilter } from './trace-filter.ts';
import { traceFromJson } from './trace-from-json.ts';
import { openSource, SOURCE_OPTIONS, type TraceSource } from './trace-source.ts';
import { numberIn, UsageError } from './usage-error.ts';
import { renderWaterfall } from './waterfall.ts';

/** `clew show`: one trace by its id, or the most recent ones. */
export const show = defineCommand({
  name: 'show',
  usage: `  clew show [TRACE_ID] [options]  draw a trace, by the first digits of its id
    --last N                      the last N traces (default 1)
    --attributes                  with attributes, events and links
    --logs                        with log records
    --unfold                      a line for each of many equal spans
    --svg FILE                    as an image
`,
  options: {
    last: TEXT,
    attributes: FLAG,
    logs: FLAG,
    unfold: FLAG,
    svg: TEXT,
    ...SOURCE_OPTIONS,
    ...FILTER_OPTIONS,
    ...OUTPUT_OPTIONS,
  },
  maxPositionals: 1,
  async run(options, [id]) {
    const last = options.last === undefined ? 1 : numberIn('--last', options.last, 1, 1000);
    const filter = traceFilter(options);
    if (id !== undefined && (options.last !== undefined || isFiltered(filter)))
      throw new UsageError('a trace id excludes --last and filters');
    if (id !== undefined && !/^[0-9a-f]{4,32}$/i.test(id))
      throw new UsageError(`expected 4 to 32 hex digits of a trace id, got "${id}"`);
    if (options.svg !== undefined && (last > 1 || options.json))
      throw new UsageError('--svg draws one trace');
    const { width, color, ascii } = outputStyle(options, 100);
    const { attributes = false, logs = false, unfold = false } = options;
    const source = openSource(options);
    try {
      const ids = id === undefined ? await lastIds(source, last, filter) : [id.toLowerCase()];
      for (const [index, traceId] of ids.entries()) {
        const json = await source.json(traceId);
        if (options.json) {
          process.stdout.write(`${printableJson(json)}\n`);
          continue;
        }
        const trace = traceFromJson(json);
        if (options.svg !== undefined) writeFileSync(options.svg, renderWaterfallSvg(trace));
        else {
          const text = renderWaterfall(trace, { width, color, ascii, attributes, logs, fold: !unfold });
          process.stdout.write((index > 0 ? '\n' : '') + text);
        }
      }
    } finally {
      source.close();
    }
  },
});

/** Oldest first, so that the newest is shown directly above the prompt. */
async function lastIds(source: TraceSource, limit: number, filter: TraceFilter): Promise<string[]> {
  const summaries = await source.list({ limit, ...filter });
  if (summaries.length === 0)
    throw new Error(
      isFiltered(filter)
        ? 'no trace fulfils all conditions'
        : 'no traces yet: applications send them about a second after a request',
    );
  return summaries.map((summary) => summary.traceId).reverse();
}
