import binary from '@opencensus/propagation-binaryformat';
import { opencensusPeer } from './opencensus.mjs';

const HEADER = 'grpc-trace-bin';

/** The metadata of gRPC, which contains base64 on the wire. */
export const { startTrace, continueTrace } = opencensusPeer({
  inject({ setHeader }, spanContext) {
    setHeader(HEADER, binary.serializeSpanContext(spanContext).toString('base64'));
  },
  extract({ getHeader }) {
    return binary.deserializeSpanContext(Buffer.from(getHeader(HEADER), 'base64'));
  },
});
