// The part of Datadog's agent that a tracer needs to deliver its spans, in version 0.4 of the protocol: MessagePack.
// https://github.com/DataDog/datadog-agent/blob/main/pkg/trace/api/version.go
import { decode } from '@msgpack/msgpack';

/** The path to which tracers send their spans. */
export const tracesPath = '/v0.4/traces';

/** The agent's response to spans. It may contain sampling rates; without any, tracers sample everything. */
export const tracesResponse = JSON.stringify({ rate_by_service: {} });

/**
 * Counts the spans of one request and their attributes: strings in `meta`, numbers in `metrics`. As the agent does, it drops
 * traces that the tracer sent, but did not sample.
 *
 * @param {Uint8Array} body
 * @returns {{ spans: number, attributes: number }}
 * @throws {Error} if the bytes are not a list of traces, a trace has no sampling priority, or a span has no id
 */
export function countTraces(body) {
  const counts = { spans: 0, attributes: 0 };
  // Ids have 64 bits.
  for (const trace of decode(body, { useBigInt64: true })) {
    if (!isSampled(trace)) continue;
    for (const { span_id: id, meta, metrics } of trace) {
      if (typeof id !== 'bigint' || id === 0n) throw new Error(`a span with the id ${id}`);
      counts.spans++;
      counts.attributes += Object.keys(meta).length + Object.keys(metrics).length;
    }
  }
  return counts;
}

/** The first span of a trace, or of a part of it, has the decision. */
function isSampled([{ metrics }]) {
  const priority = metrics._sampling_priority_v1;
  if (priority === undefined) throw new Error('a trace without a sampling priority');
  return priority > 0;
}

/** Returns the name of the process that sends to this host: `http/dd-trace/1` for `http.dd-trace.1.localhost:8126`. */
export function senderOf(host) {
  return new URL(`http://${host}`).hostname.replace(/\.localhost$/, '').replaceAll('.', '/');
}
