/** An error as AWS reports it. */
export class AwsError extends Error {
  /** The name of the error in the service's model: `QueueDoesNotExist`. */
  readonly code: string;
  readonly status: number;
  /** The code of the older query protocol, if it differs: `AWS.SimpleQueueService.NonExistentQueue`. */
  readonly queryCode: string;

  constructor(code: string, message: string, status = 400, queryCode = code) {
    super(message);
    this.code = code;
    this.status = status;
    this.queryCode = queryCode;
  }
}

/** A parameter that the service refuses. */
export function invalidValue(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message, 400, 'InvalidParameterValue');
}
