import { writeFileSync } from 'node:fs';
import { defineCommand, FLAG, TEXT } from './command.ts';
import { traceToDot } from './dot.ts';
import { traceToOtlp } from './otlp-trace.ts';
import { pageHtml } from './page.ts';
import { printableJson } from './printable.ts';
import { traceFromJson } from './trace-from-json.ts';
import { openSource, SOURCE_OPTIONS } from './trace-source.ts';
import { UsageError } from './usage-error.ts';

/** The formats, each from the JSON of a trace. */
const FORMATS = {
  html: pageHtml,
  json: (json: string) => `${printableJson(json)}\n`,
  dot: (json: string) => traceToDot(traceFromJson(json)),
  otlp: (json: string) => `${JSON.stringify(traceToOtlp(traceFromJson(json)))}\n`,
} as const;

type Format = keyof typeof FORMATS;

/** `clew export [TRACE_ID] --FORMAT`: one trace, to a file or the standard output. */
export const exportTrace = defineCommand({
  name: 'export',
  usage: `  clew export [TRACE_ID] [options]  write a trace (default: the last one)
    --html                        as a page of its own
    --json                        as the JSON of the API
    --dot                         as a graph for Graphviz
    --otlp                        as an OTLP export request in JSON
    --output FILE                 default: the standard output
    --from URL, --store FILE      as for show
`,
  options: { html: FLAG, json: FLAG, dot: FLAG, otlp: FLAG, output: TEXT, ...SOURCE_OPTIONS },
  maxPositionals: 1,
  async run(options, [id]) {
    const formats = (Object.keys(FORMATS) as Format[]).filter((format) => options[format]);
    const [format] = formats;
    if (format === undefined || formats.length > 1)
      throw new UsageError('expected one of --html, --json, --dot and --otlp');
    if (id !== undefined && !/^[0-9a-f]{4,32}$/i.test(id))
      throw new UsageError(`expected 4 to 32 hex digits of a trace id, got "${id}"`);
    const source = openSource(options);
    try {
      const traceId = id?.toLowerCase() ?? (await source.list({ limit: 1 }))[0]?.traceId;
      if (traceId === undefined) throw new Error('no traces yet');
      const text = FORMATS[format](await source.json(traceId));
      if (options.output === undefined) process.stdout.write(text);
      else writeFileSync(options.output, text);
    } finally {
      source.close();
    }
  },
});
