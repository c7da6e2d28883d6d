import type { Line } from './fold.ts';
import { isErrorLog, isWarningLog, severityOf } from './log-record.ts';
import { plural } from './plural.ts';
import { printable } from './printable.ts';
import { attributeTexts, linesOf } from './span-text.ts';
import { textWidth, wrap } from './terminal.ts';
import { formatDuration } from './time-axis.ts';
import { messageOf } from './trace-logs.ts';
import { branches, type View } from './waterfall-view.ts';

/** Records below one line, and characters of a message. */
const MAX_RECORDS = 100;
const MAX_CHARS = 4000;

/** The lines of the log records of a span, or of all spans of a group. */
export function logLines(line: Line, view: View, onlyErrors: boolean, withAttributes: boolean): string[] {
  const rows = line.kind === 'group' ? line.members : [line.row];
  const records = rows
    .flatMap((row) => view.logs.get(row)?.map((record) => ({ row, record })) ?? [])
    .filter(({ record }) => !onlyErrors || isErrorLog(record));
  const { paint, columns, ascii, glyphs, layout } = view;
  const below = branches(line, view, true);
  const width = columns.total - textWidth(below) - 2;
  const lines: string[] = [];
  const add = (text: string, painted: (text: string) => string) => {
    for (const part of wrap(text, width)) lines.push(`${paint.dim(below)}  ${painted(part)}`);
  };
  for (const { row, record } of records.slice(0, MAX_RECORDS)) {
    const { span } = layout.rows[row]!;
    const at = formatDuration(Number(record.timeUnixNano - span.startTimeUnixNano), ascii);
    const [first = '', ...more] = linesOf(cut(messageOf(record)));
    const severity = printable(severityOf(record));
    const inColour = isErrorLog(record) ? paint.red : isWarningLog(record) ? paint.bold : paint.dim;
    add(`${glyphs.log} ${severity}${severity && ' '}at ${at}: ${first}`, inColour);
    for (const text of more) add(`  ${text}`, inColour);
    if (withAttributes) for (const text of attributeTexts(record.attributes, '  ')) add(text, paint.dim);
  }
  const omitted = records.length - MAX_RECORDS;
  if (omitted > 0) add(`${glyphs.ellipsis} ${plural(omitted, 'more log record')}`, paint.dim);
  return lines;
}

function cut(text: string): string {
  return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)} … (${text.length} characters)` : text;
}
