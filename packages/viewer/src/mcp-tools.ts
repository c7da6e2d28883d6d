import { comparisonText, operationsText } from './mcp-text.ts';
import { paint } from './terminal.ts';
import { filterFromParameters, type TraceFilter } from './trace-filter.ts';
import { traceFromJson } from './trace-from-json.ts';
import type { TraceSource } from './trace-source.ts';
import { tableHead, traceLine } from './trace-table.ts';
import { renderWaterfall } from './waterfall.ts';

/** A tool that a coding agent can call. */
export interface McpTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: InputSchema;
  readonly annotations: { readonly title: string; readonly readOnlyHint: true };
  /** Resolves to text. Rejects with a message that says what was expected. */
  run(args: ToolArguments, source: TraceSource): Promise<string>;
}

/** The JSON schema of a tool's arguments. */
export type InputSchema = {
  readonly type: 'object';
  readonly properties: Record<string, Property>;
  readonly required?: string[];
};

type Property = { readonly type: 'string' | 'number' | 'boolean'; readonly description: string };

/** The arguments of a call: from an agent, and thus not checked. */
export type ToolArguments = Readonly<Record<string, unknown>>;

/** Columns of all texts: enough for whole trace ids. */
const WIDTH = 120;

/** About 10,000 tokens. */
const MAX_LENGTH = 40_000;

const text = (description: string): Property => ({ type: 'string', description });
const number = (description: string): Property => ({ type: 'number', description });
const flag = (description: string): Property => ({ type: 'boolean', description });

const TRACE_ID = text('A trace id, or at least its first 4 hex digits');

const FILTER = {
  service: text('Only traces with spans of this service'),
  route: text('Only requests of this route, RPC method or queue, such as /orders/:id'),
  status: text('Only responses with this HTTP status, or of this class: 404, 5xx'),
  text: text('Only traces with this text in a span: its name, error, attributes or events'),
  attribute: text('Only traces with this attribute, as key=value'),
  minDurationMs: number('Only traces that took at least so many milliseconds'),
  maxDurationMs: number('Only traces that took at most so many milliseconds'),
  errors: flag('Only traces with a failed span'),
};

/** The tools of `clew mcp`. They only read. */
export const MCP_TOOLS: readonly McpTool[] = [
  tool({
    name: 'list_traces',
    title: 'List traces',
    description:
      'Lists the last traces of the application, newest first. For the last errors, pass errors: true. Pass a trace id to show_trace for the details.',
    properties: { ...FILTER, limit: number('The number of traces, 1 to 100. Default 20') },
    async run(args, source) {
      const style = { width: WIDTH, paint: paint(false), ascii: true };
      const traces = await source.list({ ...filterOf(args), limit: limitOf(args, 20, 100) });
      if (traces.length === 0) return 'No trace fulfils these conditions.';
      return [tableHead(style), ...traces.map((summary) => traceLine(summary, style))].join('\n');
    },
  }),
  tool({
    name: 'show_trace',
    title: 'Show a trace',
    description:
      'Draws one trace as text: each span as one line in a tree across all services, with durations and errors, and the log records of errors. Many equal spans are one line.',
    properties: {
      traceId: TRACE_ID,
      attributes: flag('Adds attributes, events (with stacks of exceptions) and links below each span'),
      logs: flag('Adds all log records below each span'),
    },
    required: ['traceId'],
    async run(args, source) {
      const trace = traceFromJson(await source.json(traceIdOf(args, 'traceId')));
      const logs = args.logs === true || 'errors';
      return renderWaterfall(trace, {
        width: WIDTH,
        ascii: true,
        attributes: args.attributes === true,
        logs,
      });
    },
  }),
  tool({
    name: 'slowest_routes',
    title: 'Slowest routes',
    description:
      'Lists the routes of requests and the queues of messages in the last 500 traces, slowest first by the 99th percentile, with the median, the number of calls, and errors.',
    properties: {
      ...FILTER,
      calls: flag('Lists the calls of databases, queues and other services instead'),
      limit: number('The number of routes, 1 to 100. Default 20'),
    },
    async run(args, source) {
      const kinds = args.calls === true ? ['CLIENT', 'PRODUCER'] : ['SERVER', 'CONSUMER'];
      const { operations } = await source.statistics({ ...filterOf(args), limit: 500 });
      return operationsText(
        operations.filter(({ kind }) => kinds.includes(kind)),
        limitOf(args, 20, 100),
      );
    },
  }),
  tool({
    name: 'compare_traces',
    title: 'Compare two traces',
    description:
      'Compares two traces, such as a fast and a slow request of one route, place by place in the tree: number of spans, errors, total time and own time. The greatest changes come first.',
    properties: { before: TRACE_ID, after: TRACE_ID },
    required: ['before', 'after'],
    async run(args, source) {
      const ids = [traceIdOf(args, 'before'), traceIdOf(args, 'after')] as const;
      const [before, after] = await Promise.all(ids.map((id) => source.json(id)));
      return comparisonText(traceFromJson(before!), traceFromJson(after!));
    },
  }),
];

interface ToolDefinition {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly properties: Record<string, Property>;
  readonly required?: string[];
  readonly run: McpTool['run'];
}

function tool({ title, properties, required, run, ...rest }: ToolDefinition): McpTool {
  return {
    ...rest,
    inputSchema: { type: 'object', properties, ...(required && { required }) },
    annotations: { title, readOnlyHint: true },
    run: async (args, source) => shortened(await run(args, source)),
  };
}

function filterOf(args: ToolArguments): TraceFilter {
  const parameters = new URLSearchParams();
  for (const name of Object.keys(FILTER)) {
    const value = args[name];
    if (value !== undefined && value !== null && value !== false)
      parameters.set(name, value === true ? '1' : String(value));
  }
  return filterFromParameters(parameters);
}

function limitOf(args: ToolArguments, byDefault: number, max: number): number {
  const limit = args.limit ?? byDefault;
  if (typeof limit === 'number' && limit >= 1 && limit <= max) return Math.floor(limit);
  throw new RangeError(`expected limit in [1, ${max}], got ${JSON.stringify(limit)}`);
}

function traceIdOf(args: ToolArguments, name: string): string {
  const id = args[name];
  if (typeof id === 'string' && /^[0-9a-f]{4,32}$/i.test(id)) return id.toLowerCase();
  throw new TypeError(`expected ${name} as 4 to 32 hex digits of a trace id, got ${JSON.stringify(id)}`);
}

/** Cuts a long text after a line. */
function shortened(whole: string): string {
  if (whole.length <= MAX_LENGTH) return whole.trimEnd();
  const end = Math.max(whole.lastIndexOf('\n', MAX_LENGTH), 0) || MAX_LENGTH;
  const left = whole.slice(end).trim().split('\n').length;
  return `${whole.slice(0, end)}\n(${left} more lines are left out)`;
}
