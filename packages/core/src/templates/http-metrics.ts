import type { Attributes, Histogram, Meter } from '@opentelemetry/api';
import { perObject } from '../kit/per-object.ts';
import { ATTR } from '../semconv.ts';
import type { RequestAddress } from './http-address.ts';
import { conventionalMethod } from './http-attributes.ts';
import { Measurement } from './measurement.ts';

/** The buckets that the conventions prescribe, in seconds. */
const BUCKETS = {
  explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
};

/** Source: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpserverrequestduration */
const serverDurationOf = durationOf('http.server.request.duration', 'Duration of HTTP server requests.');
/** Source: https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpclientrequestduration */
const clientDurationOf = durationOf('http.client.request.duration', 'Duration of HTTP client requests.');

function durationOf(name: string, description: string): (meter: Meter) => Histogram {
  return perObject((meter) => meter.createHistogram(name, { description, unit: 's', advice: BUCKETS }));
}

interface ServedRequest {
  readonly method: string;
  readonly scheme: string;
  readonly protocolVersion: string;
}

/** Starts to measure a request to a server. */
export function measureServer(meter: Meter, { method, scheme, protocolVersion }: ServedRequest): Measurement {
  return new Measurement(serverDurationOf(meter), {
    [ATTR.httpRequestMethod]: conventionalMethod(method),
    [ATTR.urlScheme]: scheme,
    [ATTR.networkProtocolVersion]: protocolVersion,
  });
}

/** Starts to measure a request of a client. */
export function measureClient(
  meter: Meter,
  method: string,
  { serverAddress, serverPort }: RequestAddress,
): Measurement {
  return new Measurement(clientDurationOf(meter), {
    [ATTR.httpRequestMethod]: conventionalMethod(method),
    [ATTR.serverAddress]: serverAddress,
    ...(serverPort !== undefined && { [ATTR.serverPort]: serverPort }),
  });
}

/** What a metric records of a response. `errorType` is `undefined` for a success. */
export function responseAttributes(status: number | undefined, errorType: string | undefined): Attributes {
  return {
    ...(status !== undefined && { [ATTR.httpResponseStatusCode]: status }),
    ...(errorType !== undefined && { [ATTR.errorType]: errorType }),
  };
}
