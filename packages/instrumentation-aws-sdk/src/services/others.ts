import { known, textOf } from '../sdk.ts';
import type { Service } from '../service.ts';

/** Entries of a batch can fail although the call has not. */
const failedEntries = (count: unknown) =>
  known({ 'clew.aws.failed_entries': count === 0 ? undefined : count });

const kinesis: Service = {
  request: (input) => known({ 'aws.kinesis.stream_name': input.StreamName }),
  response: (output) => failedEntries(output.FailedRecordCount),
};

const eventBridge: Service = { response: (output) => failedEntries(output.FailedEntryCount) };

/** Source: https://opentelemetry.io/docs/specs/semconv/faas/faas-spans/#outgoing-invocations */
const lambda: Service = {
  request: (input, method) =>
    method.startsWith('Invoke')
      ? known({ 'faas.invoked_name': functionNameOf(input.FunctionName), 'faas.invoked_provider': 'aws' })
      : {},
  response: (output) =>
    // The function has failed, and Lambda has not: the payload describes the error.
    known({ 'clew.aws.function_error': output.FunctionError }),
};

const stepFunctions: Service = {
  request: (input) =>
    known({
      'aws.step_functions.state_machine.arn': input.stateMachineArn,
      'aws.step_functions.activity.arn': input.activityArn,
    }),
};

/** The ARN of a secret, never its name: the value of `SecretId` may be either. */
const secretsManager: Service = {
  request: (input) =>
    known({
      'aws.secretsmanager.secret.arn': textOf(input.SecretId)?.startsWith('arn:')
        ? input.SecretId
        : undefined,
    }),
  response: (output) => known({ 'aws.secretsmanager.secret.arn': output.ARN }),
};

/** Services with one or two attributes, by `serviceId`. */
export const others: Readonly<Record<string, Service>> = {
  EventBridge: eventBridge,
  Kinesis: kinesis,
  Lambda: lambda,
  SFN: stepFunctions,
  'Secrets Manager': secretsManager,
};

/** The name of a function, which may be given with its account, or as an ARN. */
function functionNameOf(given: unknown): string | undefined {
  return textOf(given)
    ?.replace(/^(?:arn:[\w-]+:lambda:[\w-]+:)?(?:\d+:)?function:/, '')
    .replace(/:[\w$-]+$/, '');
}
