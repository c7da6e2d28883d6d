import type { RecorderOptions } from '@clew/testing';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { TracerProvider } from '@opentelemetry/sdk-trace';

/** Options of a recorder of the spans of OpenTelemetry's SDK, with its context manager. */
export function sdkRecorder(): RecorderOptions {
  return {
    contextManager: new AsyncLocalStorageContextManager(),
    createProvider: ({ processor, sampler }) => new TracerProvider({ spanProcessors: [processor], sampler }),
  };
}
