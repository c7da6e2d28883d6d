import { median } from '../estimate.mjs';
import { cases } from './cases.mjs';

const HEAD = ['case', 'variant', 'instructions a request', 'added', 'a span', 'ratio', 'spread'];
const thousands = (number) => Math.round(number).toLocaleString('en-US');
const percent = (part) => `${(100 * part).toFixed(2)} %`;

/**
 * One line for each case and variant: the instructions of a request, those added to `bare`, and the ratio to those that
 * OpenTelemetry adds. With several runs: the median, and how far the runs are apart.
 *
 * @param {Record<string, Record<string, number[]>>} counted the counts of all runs, by case and variant
 */
export function table(counted) {
  const rows = [HEAD];
  for (const [name, variants] of Object.entries(counted)) {
    const { calls = 1, spans } = cases[name];
    const bare = variants.bare === undefined ? 0 : median(variants.bare);
    const addedBy = (variant) => (median(variants[variant]) - bare) / calls;
    for (const [variant, counts] of Object.entries(variants)) {
      const isBare = variant === 'bare';
      const added = addedBy(variant);
      const other = variant.replace('clew', 'otel');
      rows.push([
        name,
        variant,
        thousands(median(counts) / calls),
        isBare ? '' : thousands(added),
        spans[variant] === undefined ? '' : thousands(added / spans[variant]),
        other === variant ? '' : (added / addedBy(other)).toFixed(3),
        counts.length === 1 ? '' : percent((Math.max(...counts) - Math.min(...counts)) / median(counts)),
      ]);
    }
  }
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, n) => aligned(cell, n, widths[n]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const aligned = (cell, column, width) => (column < 2 ? cell.padEnd(width) : cell.padStart(width));
