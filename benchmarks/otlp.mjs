// A minimal protobuf reader that counts the contents of an ExportTraceServiceRequest. It checks the measured
// exporters,
// and therefore shares no code with them.
// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto

const resourceSpans = 1; // ExportTraceServiceRequest.resource_spans
const scopeSpans = 2; // ResourceSpans.scope_spans
const spans = 2; // ScopeSpans.spans
const spanAttributes = 9; // Span.attributes
const spanId = 2; // Span.span_id

/**
 * Counts the spans of one OTLP/protobuf request and their attributes.
 *
 * @param {Uint8Array} body
 * @returns {{ spans: number, attributes: number }}
 * @throws {Error} if the bytes are not such a message, or a span has no id of 8 bytes
 */
export function countTraces(body) {
  const counts = { spans: 0, attributes: 0 };
  eachMessage(body, 0, body.length, resourceSpans, (start, end) =>
    eachMessage(body, start, end, scopeSpans, (start, end) =>
      eachMessage(body, start, end, spans, (start, end) => {
        let idLength = 0;
        eachMessage(body, start, end, spanId, (start, end) => {
          idLength = end - start;
        });
        if (idLength !== 8) throw new Error(`a span id of ${idLength} bytes`);
        counts.spans++;
        eachMessage(body, start, end, spanAttributes, () => counts.attributes++);
      }),
    ),
  );
  return counts;
}

function eachMessage(body, start, end, wanted, visit) {
  let at = start;
  while (at < end) {
    const [tag, afterTag] = readVarint(body, at);
    const type = tag & 7;
    if (type === 2) {
      const [length, from] = readVarint(body, afterTag);
      at = from + length;
      if (at > end) break;
      if (tag >>> 3 === wanted) visit(from, at);
    } else if (type === 0) at = readVarint(body, afterTag)[1];
    else if (type === 1) at = afterTag + 8;
    else if (type === 5) at = afterTag + 4;
    else throw new Error(`wire type ${type} at byte ${at}`);
  }
  if (at !== end) throw new Error(`a message ends at byte ${end}, its fields at ${at}`);
}

/** Drops the bits above 2^32, which tags and lengths never have. */
function readVarint(body, start) {
  let value = 0;
  for (let at = start, shift = 0; at < body.length; at++, shift += 7) {
    if (shift < 32) value |= (body[at] & 0x7f) << shift;
    if (body[at] < 0x80) return [value >>> 0, at + 1];
  }
  throw new Error('an unterminated varint');
}
