import { type CheckedPolicies, PolicyError } from '@clew/sampling';
import { dryRun } from './sampling/dry-run.ts';
import { localRoots, type StoredRoot } from './sampling/local-roots.ts';
import { readPolicyFile } from './sampling/policy-file.ts';
import { dryRunTable, policyTable } from './sampling/policy-table.ts';
import { paint, printable, printableJson, wantsColor } from './terminal.ts';
import { DEFAULT_COLLECTOR, getJson, openFile } from './trace-source.ts';
import { UsageError } from './usage-error.ts';

/** The options of `clew policies`. */
export interface PoliciesOptions {
  readonly traces?: string;
  readonly from?: string;
  readonly json?: boolean;
}

/** Traces that `check --traces` reads: the newest. */
const MAX_TRACES = 10_000;

/** `clew policies check FILE` and `clew policies show`. */
export async function policies(
  [action, file]: readonly (string | undefined)[],
  options: PoliciesOptions,
): Promise<void> {
  if (action === 'check') {
    if (file === undefined) throw new UsageError('expected a file: clew policies check FILE');
    if (options.from !== undefined) throw new UsageError('--from belongs to clew policies show');
    return check(file, options);
  }
  if (action !== 'show') {
    throw new UsageError(`expected clew policies check FILE or clew policies show${got(action)}`);
  }
  if (file !== undefined) throw new UsageError(`unexpected argument "${file}"`);
  if (options.traces !== undefined) throw new UsageError('--traces belongs to clew policies check');
  return show(options);
}

function got(action: string | undefined): string {
  return action === undefined ? '' : `, got "${action}"`;
}

function check(file: string, { traces, json = false }: PoliciesOptions): void {
  const read = readOrExplain(file, json);
  const { policies, skipped } = read;
  const run = traces === undefined ? undefined : dryRun(policies, storedRoots(traces));
  if (json) {
    const enabled = policies.filter((policy) => policy.enabled !== false).length;
    const result = { valid: true, policies: policies.length, enabled, skipped, ...(run && { traces: run }) };
    process.stdout.write(`${printableJson(JSON.stringify(result))}\n`);
    return;
  }
  const disabled = policies.filter((policy) => policy.enabled === false).length;
  const lines = [
    `${printable(file)} is valid: ${policies.length === 1 ? '1 policy' : `${policies.length} policies`}${disabled > 0 ? `, ${disabled} of them disabled` : ''}`,
    ...skipped.map(({ id, reason }) => `  a sampler can't apply ${printable(id)}: ${printable(reason)}`),
    ...(run === undefined
      ? []
      : ['', ...dryRunTable(policies, run, paint(wantsColor(process.stdout, process.env)))]),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Throws with a line for each problem; with `--json`, these are printed as the result. */
function readOrExplain(file: string, json: boolean): CheckedPolicies {
  try {
    return readPolicyFile(file);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    const { problems } = error;
    if (json) process.stdout.write(`${printableJson(JSON.stringify({ valid: false, problems }))}\n`);
    const lines = problems.map(({ place, expected, got }) => `  expected ${place} ${expected}, got ${got}`);
    throw new Error(`${file} is invalid:\n${lines.map(printable).join('\n')}`);
  }
}

function storedRoots(file: string): StoredRoot[] {
  const store = openFile(file);
  try {
    const ids = store.traces({ limit: MAX_TRACES }).map(({ traceId }) => traceId);
    return ids.flatMap((id) => localRoots(store.trace(id)?.spans ?? []));
  } finally {
    store.close();
  }
}

async function show({ from = DEFAULT_COLLECTOR, json = false }: PoliciesOptions): Promise<void> {
  const served = await getJson(from, 'v1/sampling/policies', true);
  const matches = await getJson(from, 'v1/sampling/matches');
  if (json) {
    const result = `{"served":${served ?? 'null'},"matches":${matches}}`;
    process.stdout.write(`${printableJson(result)}\n`);
    return;
  }
  const lines = policyTable(
    served === undefined ? undefined : JSON.parse(served).policies,
    JSON.parse(matches),
    paint(wantsColor(process.stdout, process.env)),
  );
  process.stdout.write(`${lines.join('\n')}\n`);
}
