import { writeFileSync } from 'node:fs';
import { traceFromJson } from './store.ts';
import { renderWaterfallSvg } from './svg.ts';
import { paint, printableJson, wantsColor } from './terminal.ts';
import { openSource, type TraceSource } from './trace-source.ts';
import { tableHead, traceLine } from './trace-table.ts';
import { numberIn, UsageError } from './usage-error.ts';
import { renderWaterfall } from './waterfall.ts';

interface SourceOptions {
  readonly from?: string;
  readonly store?: string;
}

interface OutputOptions {
  readonly width?: string;
  readonly color?: boolean;
  readonly ascii?: boolean;
  readonly json?: boolean;
}

/** The options of `clew show`. */
export interface ShowOptions extends SourceOptions, OutputOptions {
  readonly last?: string;
  readonly errors?: boolean;
  readonly attributes?: boolean;
  readonly svg?: string;
}

/** The options of `clew list`. */
export interface ListOptions extends SourceOptions, OutputOptions {
  readonly limit?: string;
  readonly service?: string;
  readonly 'min-ms'?: string;
  readonly errors?: boolean;
}

/** `clew show`: one trace by its id, or the most recent ones. */
export async function show(id: string | undefined, options: ShowOptions): Promise<void> {
  const last = options.last === undefined ? 1 : numberIn('--last', options.last, 1, 1000);
  if (id !== undefined && (options.last !== undefined || options.errors)) {
    throw new UsageError('a trace id excludes --last and --errors');
  }
  if (id !== undefined && !/^[0-9a-f]{4,32}$/i.test(id)) {
    throw new UsageError(`expected 4 to 32 hex digits of a trace id, got "${id}"`);
  }
  if (options.svg !== undefined && (last > 1 || options.json)) throw new UsageError('--svg draws one trace');
  const { width, color, ascii } = output(options, 100);
  const source = openSource(options);
  try {
    const ids = id === undefined ? await lastIds(source, last, options.errors ?? false) : [id.toLowerCase()];
    for (const [index, traceId] of ids.entries()) {
      const json = await source.json(traceId);
      if (options.json) {
        process.stdout.write(`${printableJson(json)}\n`);
        continue;
      }
      const trace = traceFromJson(json);
      if (options.svg !== undefined) writeFileSync(options.svg, renderWaterfallSvg(trace));
      else {
        const attributes = options.attributes ?? false;
        process.stdout.write(
          (index > 0 ? '\n' : '') + renderWaterfall(trace, { width, color, ascii, attributes }),
        );
      }
    }
  } finally {
    source.close();
  }
}

/** Oldest first, so that the newest is shown directly above the prompt. */
async function lastIds(source: TraceSource, limit: number, errors: boolean): Promise<string[]> {
  const summaries = await source.list({ limit, errors });
  if (summaries.length === 0)
    throw new Error(
      errors
        ? 'no trace with an error'
        : 'no traces yet: applications send them about a second after a request',
    );
  return summaries.map((summary) => summary.traceId).reverse();
}

/** `clew list`: the most recent traces, newest first. */
export async function list(options: ListOptions): Promise<void> {
  const query = {
    limit: options.limit === undefined ? 20 : numberIn('--limit', options.limit, 1, 10_000),
    minDurationMs:
      options['min-ms'] === undefined
        ? 0
        : numberIn('--min-ms', options['min-ms'], 0, Number.MAX_SAFE_INTEGER, false),
    errors: options.errors ?? false,
    ...(options.service !== undefined && { service: options.service }),
  };
  const { width, color, ascii } = output(options, 80);
  const source = openSource(options);
  try {
    const summaries = await source.list(query);
    const style = { width, paint: paint(color), ascii };
    const lines = options.json
      ? summaries.map((summary) => printableJson(JSON.stringify(summary)))
      : [tableHead(style), ...summaries.map((summary) => traceLine(summary, style))];
    process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  } finally {
    source.close();
  }
}

function output(options: OutputOptions, fallback: number): { width: number; color: boolean; ascii: boolean } {
  const columns = Math.max(40, process.stdout.columns ?? fallback);
  return {
    width: options.width === undefined ? columns : numberIn('--width', options.width, 40, 1000),
    color: options.color ?? wantsColor(process.stdout, process.env),
    ascii: options.ascii ?? false,
  };
}
