import { defineCommand, TEXT } from './command.ts';
import { FILTER_OPTIONS, traceFilter } from './filter-options.ts';
import { OUTPUT_OPTIONS, outputStyle } from './output-style.ts';
import { printableJson } from './printable.ts';
import { openSource, SOURCE_OPTIONS } from './trace-source.ts';
import { tableHead, traceLine } from './trace-table.ts';
import { numberIn } from './usage-error.ts';

/** `clew list`: the most recent traces, newest first. */
export const list = defineCommand({
  name: 'list',
  usage: `  clew list [options]             the last traces
    --limit N                     default 20
`,
  options: { limit: TEXT, ...SOURCE_OPTIONS, ...FILTER_OPTIONS, ...OUTPUT_OPTIONS },
  async run(options) {
    const limit = options.limit === undefined ? 20 : numberIn('--limit', options.limit, 1, 10_000);
    const filter = traceFilter(options);
    const style = outputStyle(options, 80);
    const source = openSource(options);
    try {
      const summaries = await source.list({ limit, ...filter });
      const lines = options.json
        ? summaries.map((summary) => printableJson(JSON.stringify(summary)))
        : [tableHead(style), ...summaries.map((summary) => traceLine(summary, style))];
      process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    } finally {
      source.close();
    }
  },
});
