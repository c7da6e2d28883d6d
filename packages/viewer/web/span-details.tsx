import type { Line } from '../src/fold.ts';
import { messageLane } from '../src/message-lane.ts';
import { printable } from '../src/printable.ts';
import { sampledBy } from '../src/sampling/sampled-by.ts';
import type { SpanLink, SpanRecord } from '../src/span-record.ts';
import { errorText } from '../src/span-text.ts';
import { formatDuration } from '../src/time-axis.ts';
import { AttributeTable, Fact, Facts, MAX_ITEMS } from './attribute-table.tsx';
import { Omitted } from './omitted.tsx';
import { addressOf } from './page-route.ts';
import { SpanLogs } from './span-logs.tsx';
import { startText } from './start-text.ts';
import type { TraceModel } from './trace-model.ts';

interface Props {
  readonly model: TraceModel;
  readonly line: Line;
  onClose(): void;
  onCopy(): void;
}

/** What is known of a span. */
export function SpanDetails({ model, line, onClose, onCopy }: Props) {
  const row = model.layout.rows[line.row]!;
  const { span, service } = row;
  const error = errorText(span);
  const lane = messageLane(line.row, model.layout.rows, model.ends);
  const onPath = (model.pathByRow.get(line.row) ?? []).reduce(
    (sum, part) => sum + part.endNs - part.startNs,
    0,
  );
  return (
    <aside class="details" aria-label="Span">
      <div class="bar">
        <h2>{printable(span.name)}</h2>
        <span class="space" />
        <button type="button" onClick={onCopy}>
          Copy
        </button>
        <button type="button" aria-label="Close" onClick={onClose}>
          ✕
        </button>
      </div>
      {error !== undefined && <p class="error">✗ {printable(error)}</p>}
      {line.kind === 'group' && (
        <p>
          The first of {line.members.length} equal spans; together {formatDuration(line.totalNs)}.
        </p>
      )}
      <Facts>
        <Fact name="Service">{printable(service)}</Fact>
        <Fact name="Kind">{span.kind}</Fact>
        <Fact name="Start">
          {startText(span.startTimeUnixNano)}, at {formatDuration(row.startNs)}
        </Fact>
        <Fact name="Duration">{formatDuration(row.durationNs)}</Fact>
        <Fact name="Self time">{formatDuration(model.selfNs[line.row] ?? 0)}</Fact>
        {onPath > 0 && <Fact name="Critical path">{formatDuration(onPath)}</Fact>}
        {lane?.map(({ stage, startNs, endNs }) => (
          <Fact key={stage} name={`Message: ${stage}`}>
            {formatDuration(endNs - startNs)}
          </Fact>
        ))}
        {sampledBy([span]).map((reason) => (
          <Fact key={reason} name="Sampled by">
            {printable(reason)}
          </Fact>
        ))}
        <Fact name="Context">{contextText(span)}</Fact>
        <Fact name="Ids">
          <code>{span.spanId}</code>
          {span.parentSpanId !== undefined && (
            <>
              {' '}
              below <code>{span.parentSpanId}</code>
            </>
          )}
        </Fact>
      </Facts>
      <AttributeTable title="Attributes" attributes={span.attributes} dropped={span.droppedAttributesCount} />
      {span.events.length > 0 && <h3>Events</h3>}
      {span.events.slice(0, MAX_ITEMS).map((event, index) => (
        <AttributeTable
          key={index}
          title={`${event.name} at ${formatDuration(Number(event.timeUnixNano - span.startTimeUnixNano))}`}
          attributes={event.attributes}
          dropped={0}
        />
      ))}
      <Omitted count={span.events.length - MAX_ITEMS} of="event" />
      <SpanLogs span={span} records={model.logsByRow.get(line.row) ?? []} />
      {span.links.length > 0 && <h3>Links</h3>}
      {span.links.slice(0, MAX_ITEMS).map((link) => (
        <Link key={`${link.traceId}-${link.spanId}`} link={link} />
      ))}
      <Omitted count={span.links.length - MAX_ITEMS} of="link" />
      <AttributeTable title="Resource" attributes={span.resource.attributes} dropped={0} />
      <p class="quiet">
        recorded by {printable(span.scope.name)} {printable(span.scope.version)}
      </p>
    </aside>
  );
}

/** Where the trace context of a span came from. */
function contextText({ parentSpanId, links, kind }: SpanRecord): string {
  const untrusted = links.find((link) => 'clew.link.trust' in link.attributes);
  if (untrusted !== undefined) return 'a new trace: the incoming context was not trusted, and is a link';
  const other = links.find((link) => 'clew.link.format' in link.attributes);
  if (other !== undefined) return 'continued; a second incoming context is a link';
  if (parentSpanId === undefined) return 'a new trace';
  return kind === 'SERVER' || kind === 'CONSUMER' ? 'continued from the caller' : 'below its parent';
}

function Link({ link }: { readonly link: SpanLink }) {
  const address = addressOf({ view: 'trace', id: link.traceId, span: link.spanId });
  return (
    <div>
      <a href={address}>
        trace <code>{link.traceId}</code>
      </a>
      <AttributeTable title="" attributes={link.attributes} dropped={0} />
    </div>
  );
}
