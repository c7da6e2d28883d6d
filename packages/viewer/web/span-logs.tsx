import { isErrorLog, isWarningLog, type LogRecord, severityOf } from '../src/log-record.ts';
import { printable } from '../src/printable.ts';
import type { SpanRecord } from '../src/span-record.ts';
import { formatDuration } from '../src/time-axis.ts';
import { messageOf } from '../src/trace-logs.ts';
import { AttributeTable, Fact, Facts, MAX_ITEMS, shortened } from './attribute-table.tsx';
import { Omitted } from './omitted.tsx';
import { startText } from './start-text.ts';

interface Props {
  readonly span: SpanRecord;
  /** In chronological order. */
  readonly records: readonly LogRecord[];
}

/** The log records of a span. Each opens to show the whole message and the attributes. */
export function SpanLogs({ span, records }: Props) {
  if (records.length === 0) return null;
  return (
    <>
      <h3>Logs</h3>
      <ul class="logs" aria-label="Logs">
        {records.slice(0, MAX_ITEMS).map((record, index) => (
          <li key={index}>
            <Record span={span} record={record} />
          </li>
        ))}
      </ul>
      <Omitted count={records.length - MAX_ITEMS} of="log record" />
    </>
  );
}

/** Characters of the message in the line of a closed record. */
const MAX_LINE = 200;

function Record({ span, record }: { readonly span: SpanRecord; readonly record: LogRecord }) {
  const { attributes, droppedAttributesCount, scope, spanId, timeUnixNano } = record;
  const message = messageOf(record);
  const level = isErrorLog(record) ? 'error' : isWarningLog(record) ? 'warning' : '';
  return (
    <details>
      <summary>
        <span class={`severity ${level}`}>{printable(severityOf(record).slice(0, MAX_LINE)) || 'LOG'}</span>{' '}
        <span class="quiet">{formatDuration(Number(timeUnixNano - span.startTimeUnixNano))}</span>{' '}
        {printable(message.slice(0, MAX_LINE))}
        {message.length > MAX_LINE && ' …'}
      </summary>
      <Facts>
        <Fact name="Time">{startText(timeUnixNano)}</Fact>
        {spanId !== span.spanId && (
          <Fact name="Span">
            {spanId === '' ? 'none: of the whole trace' : `${spanId}, which is missing`}
          </Fact>
        )}
        <Fact name="Message">
          <span class="value">{shortened(message)}</span>
        </Fact>
        {scope.name !== '' && <Fact name="Logger">{printable(scope.name)}</Fact>}
      </Facts>
      <AttributeTable title="" attributes={attributes} dropped={droppedAttributesCount} />
    </details>
  );
}
