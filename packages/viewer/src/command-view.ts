import { COLLECT_OPTIONS, collectorOptions } from './collect-options.ts';
import { runCollector } from './collector-process.ts';
import { defineCommand, FLAG } from './command.ts';

/** `clew view`: receives traces until interrupted, and serves the page that shows them. */
export const view = defineCommand({
  name: 'view',
  usage: `  clew view [options]             receive OTLP/HTTP, show a page of the traces;
                                  the options are those of collect
`,
  options: { live: FLAG, ...COLLECT_OPTIONS },
  run: ({ live, ...options }) =>
    runCollector({ ...collectorOptions(options), page: true }, live ?? process.stdout.isTTY === true),
});
