// The template for clients of SDKs: a call, its retries, and its end with a promise or a stream.
export { startCall } from '../templates/client.ts';
export { callOf } from '../templates/client-call.ts';
export { withoutContent } from '../templates/client-error.ts';
export { traceLazy } from '../templates/client-lazy.ts';
export { bindJobs, traceMethod, traceRetries } from '../templates/client-methods.ts';
export { clientOperation as operation } from '../templates/client-operation.ts';
export { clientOptions as options } from '../templates/client-options.ts';
export { settleResponse } from '../templates/client-response-promise.ts';
export { sharedWork } from '../templates/client-shared-work.ts';
export { traceReadable, traceStream } from '../templates/client-stream.ts';
