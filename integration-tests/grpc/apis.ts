import { createRequire } from 'node:module';
import type { RecorderOptions } from '@clew/testing';
import type * as Grpc from '@grpc/grpc-js';
import { sdkRecorder } from '../opentelemetry/sdk-recorder.ts';

/** One version of the library. */
export interface Api {
  readonly name: string;
  readonly grpc: typeof Grpc;
  /** The file of the package that the plugin patches. */
  readonly clientFile: object;
}

const load = createRequire(__filename);

function apiOf(name: string): Api {
  const { version } = load(`${name}/package.json`) as { readonly version: string };
  const grpc = load(name);
  return { name: `@grpc/grpc-js ${version}`, grpc, clientFile: load(`${name}/build/src/client.js`) };
}

/** The oldest and the newest version. */
export const apis: readonly Api[] = [apiOf('grpc-js-1.10'), apiOf('@grpc/grpc-js')];

/** A version of the library and a tracer. */
export interface Subject {
  readonly name: string;
  readonly api: Api;
  readonly recorder: RecorderOptions;
}

/** Each version, with the spans of the recorder and with those of OpenTelemetry's SDK. */
export const subjects: readonly Subject[] = apis.flatMap((api) => [
  { name: api.name, api, recorder: {} },
  { name: `${api.name} with OpenTelemetry's SDK`, api, recorder: sdkRecorder() },
]);
