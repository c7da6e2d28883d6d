import { type CheckedPolicies, PolicyError } from '@clew/sampling';
import { defineCommand, FLAG, TEXT } from './command.ts';
import { printable, printableJson } from './printable.ts';
import { dryRun } from './sampling/dry-run.ts';
import { localRoots, type StoredRoot } from './sampling/local-roots.ts';
import { readPolicyFile } from './sampling/policy-file.ts';
import { dryRunTable, policyTable } from './sampling/policy-table.ts';
import { paint, wantsColor } from './terminal.ts';
import { DEFAULT_COLLECTOR, getJson, openFile } from './trace-source.ts';
import { UsageError } from './usage-error.ts';

/** Traces that `check --traces` reads: the newest. */
const MAX_TRACES = 10_000;

/** `clew policies check FILE` and `clew policies show`. */
export const policies = defineCommand({
  name: 'policies',
  usage: `  clew policies check FILE        validate sampling policies
    --traces FILE                 what they would keep of a store's traces
    --json                        as JSON

  clew policies show              what a collector serves, and what it has kept
    --from URL                    a collector (default http://127.0.0.1:4318)
    --json                        as JSON
`,
  options: { traces: TEXT, from: TEXT, json: FLAG },
  maxPositionals: 2,
  run({ traces, from, json = false }, [action, file]) {
    if (action === 'check') {
      if (file === undefined) throw new UsageError('expected a file: clew policies check FILE');
      if (from !== undefined) throw new UsageError('--from belongs to clew policies show');
      return check(file, traces, json);
    }
    if (action !== 'show')
      throw new UsageError(`expected clew policies check FILE or clew policies show${got(action)}`);
    if (file !== undefined) throw new UsageError(`unexpected argument "${file}"`);
    if (traces !== undefined) throw new UsageError('--traces belongs to clew policies check');
    return show(from, json);
  },
});

function got(action: string | undefined): string {
  return action === undefined ? '' : `, got "${action}"`;
}

function check(file: string, traces: string | undefined, json: boolean): void {
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

async function show(from = DEFAULT_COLLECTOR, json = false): Promise<void> {
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
