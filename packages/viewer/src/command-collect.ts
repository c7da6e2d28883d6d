import { COLLECT_OPTIONS, collectorOptions } from './collect-options.ts';
import { runCollector } from './collector-process.ts';
import { defineCommand, FLAG } from './command.ts';

/** `clew collect`: receives traces until interrupted. */
export const collect = defineCommand({
  name: 'collect',
  usage: `  clew collect [options]          receive OTLP/HTTP until interrupted
    --port N                      default 4318; 0 selects a free port
    --host ADDRESS                default 127.0.0.1
    --store FILE                  keep traces in a file (default: in memory)
    --max-mb N                    keep at most N MiB of traces (default 256)
    --max-age HOURS               keep traces for so long (default: no limit)
    --allow-origin ORIGIN         a web page that may send spans; repeatable
    --live, --no-live             a line per trace (default: on a terminal)
    --policies FILE               serve sampling policies, JSON or YAML
    --adaptive N                  serve probabilities to Jaeger's samplers, to
                                  keep N traces a second of each operation
    --adaptive-interval SECONDS   how often they are calculated (default 10)
    --initial-probability P       of a new operation (default 0.001)
    --min-probability P           of any operation (default 0.00001)
    --lower-bound N               traces a second that a process always keeps
                                  of an operation (default 1/60)
`,
  options: { live: FLAG, ...COLLECT_OPTIONS },
  run: ({ live, ...options }) =>
    runCollector(collectorOptions(options), live ?? process.stdout.isTTY === true),
});
