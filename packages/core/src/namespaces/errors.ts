// What an error means for a span. An `Operation` does this for its own errors.
export { abortReason, isCancellation } from '../cancellation.ts';
export { errorType as typeOf, recordError as record } from '../record-error.ts';
