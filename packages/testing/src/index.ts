export type { ClientCall, ClientSession, HttpClientAdapter } from './client-driver.ts';
export { clientSuite, clientTests } from './client-suite.ts';
export type { CommandAdapter, CommandConnection } from './db-command-driver.ts';
export { dbCommandSuite, dbCommandTests } from './db-command-suite.ts';
export type { DbAdapter, DbConnection, RunQuery } from './db-driver.ts';
export { dbSuite, dbTests } from './db-suite.ts';
export type { FrameworkApplication, SuiteMiddleware, SuiteRoute } from './framework-application.ts';
export type { HttpFrameworkAdapter } from './framework-driver.ts';
export { CATCH_ALL, type Step, type StepControl, type StepHandler } from './framework-steps.ts';
export { httpClientSuite } from './http-client-suite.ts';
export { httpFrameworkSuite } from './http-framework-suite.ts';
export { type HttpServerAdapter, httpServerSuite } from './http-server-suite.ts';
export { type LogAdapter, logSuite, logTests, type SuiteLogger } from './log-suite.ts';
export { manifestSuite } from './manifest-suite.ts';
export type { BatchConnection } from './messaging-batch-tests.ts';
export type { SettledMessage, SettlingConnection } from './messaging-settling-tests.ts';
export {
  type MessagingAdapter,
  type MessagingConnection,
  messagingSuite,
  type SuiteMessage,
} from './messaging-suite.ts';
export { type PreloadedApplication, preloadSuite } from './preload-suite.ts';
export { openRequest, type RawRequest, type RawResponse, send } from './raw-http.ts';
export { readmeSuite } from './readme-suite.ts';
export { createRecorder, prepareRecorder, type Recorder, type RecorderOptions } from './recorder.ts';
export type { RecordedSpan } from './recording-span.ts';
export { type RpcAdapter, type RpcConnection, rpcSuite, type SuiteServedRequest } from './rpc-suite.ts';
export type { ClientAdapter, SdkCall, SdkRequest, SdkSession, SdkTransport } from './sdk-driver.ts';
export { type SdkBodies, sdkFetch } from './sdk-fetch.ts';
export type { SdkReply } from './sdk-server.ts';
export type { SdkHooks, SdkSpan } from './sdk-spans.ts';
export type { Subject, SubjectAdapter } from './subject.ts';
export { barrier, callerSpan, currentSpanId, injected, laterTurn, within } from './subject.ts';
export { recordSpans, type Skips, type Suite, type SuiteTests, testsOf } from './suite.ts';
export {
  type Listening,
  listenOn,
  requestListener,
  type SuiteHandler,
  type SuiteRequest,
  type SuiteResponse,
  suiteRequest,
  whileServing,
} from './suite-server.ts';
export { suiteTools } from './suite-tools.ts';
export { listenTraced } from './traced-server.ts';
