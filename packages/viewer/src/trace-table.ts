import { printable } from './printable.ts';
import { fit, type Paint, textWidth } from './terminal.ts';
import { formatDuration } from './time-axis.ts';
import type { TraceSummary } from './trace-summary.ts';

/** The style of a list of traces. */
export interface TableStyle {
  readonly width: number;
  readonly paint: Paint;
  readonly ascii: boolean;
}

const TIME = 9;
const DURATION = 8;
const SPANS = 5;
const ERRORS = 6;
const SERVICE = 12;
/** Below this width only the id, the duration and the name are shown. */
const WIDE = 66;
const SHORT_ID = 8;

/** The column headings for `traceLine`. */
export function tableHead(style: TableStyle): string {
  const cells = ['trace', 'start', 'duration', 'spans', 'errors', 'service', 'name'];
  return style.paint.dim(line(cells, style, (text) => text));
}

/** Formats a trace in one line; cuts its id to what fits, but keeps enough for `clew show`. */
export function traceLine(summary: TraceSummary, style: TableStyle): string {
  const { traceId, startTimeUnixNano, durationMs, spans, errors, service, name } = summary;
  const cells = [
    traceId,
    timeOfDay(startTimeUnixNano),
    formatDuration(durationMs * 1e6, style.ascii),
    String(spans),
    errors === 0 ? '' : String(errors),
    printable(service),
    printable(name),
  ];
  return line(cells, style, errors === 0 ? (text) => text : style.paint.red);
}

function line(
  cells: readonly string[],
  { width, ascii }: TableStyle,
  failed: (text: string) => string,
): string {
  const [id, time, duration, spans, errors, service, name] = cells as [
    string,
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const ellipsis = ascii ? '~' : '…';
  if (width < WIDE) {
    const start = [id.slice(0, SHORT_ID).padEnd(SHORT_ID), duration.padStart(DURATION), ''].join(' ');
    return start + failed(fit(name, width - start.length, ellipsis).trimEnd());
  }
  const idColumns = width >= 110 ? 32 : 12;
  const start = [
    id.slice(0, idColumns).padEnd(idColumns),
    time.padEnd(TIME),
    duration.padStart(DURATION),
    spans.padStart(SPANS),
  ].join(' ');
  const rest = `${fit(service, SERVICE, ellipsis)} `;
  const nameWidth = width - start.length - ERRORS - 3 - textWidth(rest);
  return `${start} ${failed(errors.padStart(ERRORS))}  ${rest}${failed(fit(name, Math.max(8, nameWidth), ellipsis).trimEnd())}`;
}

function timeOfDay(unixNano: string): string {
  const date = new Date(Number(BigInt(unixNano) / 1_000_000n));
  return Number.isNaN(date.getTime()) ? '-' : `${date.toISOString().slice(11, 19)}Z`;
}
