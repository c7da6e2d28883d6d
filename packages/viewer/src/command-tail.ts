import { setTimeout as sleep } from 'node:timers/promises';
import { defineCommand } from './command.ts';
import { FILTER_OPTIONS, traceFilter } from './filter-options.ts';
import { interruption } from './interruption.ts';
import { OUTPUT_OPTIONS, outputStyle } from './output-style.ts';
import { printableJson } from './printable.ts';
import { openSource, SOURCE_OPTIONS } from './trace-source.ts';
import type { TraceSummary } from './trace-summary.ts';
import { tableHead, traceLine } from './trace-table.ts';

const INTERVAL_MS = 500;
/** Traces of one second at most; under a higher load, some are not printed. */
const LIMIT = 1000;

/** `clew tail`: each new trace when no more spans of it arrive, until interrupted. */
export const tail = defineCommand({
  name: 'tail',
  usage: `  clew tail [options]             each new trace as it completes
`,
  options: { ...SOURCE_OPTIONS, ...FILTER_OPTIONS, ...OUTPUT_OPTIONS },
  async run(options) {
    const filter = traceFilter(options);
    const style = outputStyle(options, 80);
    const source = openSource(options);
    const signal = interruption();
    try {
      const [newest] = await source.list({ limit: 1 });
      const follower = new TraceFollower(newest?.seq ?? 0);
      if (!options.json) process.stdout.write(`${tableHead(style)}\n`);
      while (!signal.aborted) {
        for (const summary of follower.completed(await source.list({ limit: LIMIT, ...filter }))) {
          const line = options.json ? printableJson(JSON.stringify(summary)) : traceLine(summary, style);
          process.stdout.write(`${line}\n`);
        }
        await sleep(INTERVAL_MS, undefined, { signal }).catch(() => {});
      }
    } finally {
      source.close();
    }
  },
});

/** Finds the traces that are complete by comparing consecutive lists: those that have not grown between two lists. */
export class TraceFollower {
  /** The number of spans in the last list, by `seq`. */
  #growing = new Map<number, number>();
  #newest: number;

  /** Follows the traces received after the one with this `seq`. */
  constructor(newest: number) {
    this.#newest = newest;
  }

  /** Returns the traces of a list, newest first, that are complete now; each once, the oldest first. */
  completed(list: readonly TraceSummary[]): TraceSummary[] {
    const growing = new Map<number, number>();
    const completed: TraceSummary[] = [];
    for (const summary of list.toReversed()) {
      const { seq, spans } = summary;
      const before = this.#growing.get(seq);
      if (before === spans) completed.push(summary);
      else if (before !== undefined || seq > this.#newest) growing.set(seq, spans);
    }
    this.#newest = Math.max(this.#newest, list[0]?.seq ?? 0);
    this.#growing = growing;
    return completed;
  }
}
