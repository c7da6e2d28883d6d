import type { Policy } from '@clew/sampling';
import { plural } from '../plural.ts';
import { printable } from '../printable.ts';
import { fit, type Paint, textWidth } from '../terminal.ts';
import type { DryRun } from './dry-run.ts';
import type { PolicyMatches } from './policy-matches.ts';

/** More would not fit a terminal, and the most frequent ones come first. */
const MAX_CONFLICTS = 20;
const MAX_COLUMN = 48;

/** The result of a dry run as lines. */
export function dryRunTable(policies: readonly Policy[], run: DryRun, paint: Paint): string[] {
  const { roots, requested, kept, dropped, undecided, conflicts } = run;
  const keeps = new Map(policies.map((policy) => [policy.id, policy]));
  const rows = run.policies.map(({ id, matched, kept, keptAlone }) => [
    id,
    keepText(keeps.get(id)),
    String(matched),
    share(matched, roots),
    String(kept),
    share(kept, matched),
    String(keptAlone),
  ]);
  const lines = [
    ...table(['policy', 'keep', 'matched', '', 'kept', '', 'alone'], rows, 2, paint),
    '',
    `${plural(roots, 'local root')}: ${kept} kept by policies (${share(kept, roots)}), ${dropped} dropped, ${undecided} left to the parent or the default, ${requested} requested by users`,
  ];
  for (const { policy, overriddenBy, traces } of conflicts.slice(0, MAX_CONFLICTS)) {
    lines.push(
      `${printable(policy)} is overridden by ${printable(overriddenBy)}: ${plural(traces, 'trace')}`,
    );
  }
  if (conflicts.length > MAX_CONFLICTS)
    lines.push(`${conflicts.length - MAX_CONFLICTS} more conflicts (--json)`);
  return lines;
}

/** Policies in force and how many traces each has kept, as lines. `served`: `undefined` if the collector has none. */
export function policyTable(
  served: readonly Policy[] | undefined,
  matches: { readonly policies: Readonly<Record<string, PolicyMatches>>; readonly requested: number },
  paint: Paint,
): string[] {
  const known = new Set(served?.map(({ id }) => id));
  const others = Object.keys(matches.policies).filter((id) => !known.has(id));
  const row = (id: string, keep: string) => {
    const { kept = 0, reasons = {} } = matches.policies[id] ?? {};
    const why = Object.entries(reasons).map(([reason, count]) => `${reason} ${count}`);
    return [id, keep, String(kept), why.join(', ')];
  };
  const rows = [
    ...(served ?? []).map((policy) => row(policy.id, keepText(policy))),
    ...others.map((id) => row(id, 'not served here')),
  ];
  const lines =
    rows.length === 0 ? ['no policies'] : table(['policy', 'keep', 'kept', 'why'], rows, 2, paint, 3);
  if (served === undefined) lines.unshift('the collector serves no policies (clew collect --policies FILE)');
  if (matches.requested > 0)
    lines.push(
      '',
      `${matches.requested === 1 ? '1 trace was' : `${matches.requested} traces were`} requested by users`,
    );
  return lines;
}

/** What a policy keeps: `ratio 0.1, onError`. */
export function keepText(policy: Policy | undefined): string {
  if (policy === undefined) return '';
  const parts = Object.entries(policy.keep).map(([key, value]) => (value === true ? key : `${key} ${value}`));
  return `${policy.enabled === false ? 'disabled: ' : ''}${parts.join(', ')}`;
}

function share(part: number, whole: number): string {
  if (whole === 0) return '';
  const percent = (100 * part) / whole;
  if (percent > 0 && percent < 0.1) return '< 0.1 %';
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.round(percent)} %`;
}

/** Columns from `firstNumber` to before `end` are aligned to the right. */
function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  firstNumber: number,
  paint: Paint,
  end = head.length,
): string[] {
  const cells = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, column) =>
    Math.min(MAX_COLUMN, Math.max(...cells.map((row) => textWidth(row[column] as string)))),
  );
  const lines = cells.map((row) =>
    row
      .map((text, column) => {
        const width = widths[column] as number;
        return column >= firstNumber && column < end ? text.padStart(width) : fit(text, width);
      })
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line, index) => (index === 0 ? paint.dim(line) : line));
}
