import { randomUUID } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import type { Functions } from './functions.ts';

interface Entry {
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly Resources?: readonly string[];
}

const MAX_ENTRIES = 10;

/** EventBridge: every event goes to all target functions. Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
export class EventBus {
  readonly #functions: Functions;
  readonly #targets: string[] = [];

  constructor(functions: Functions) {
    this.#functions = functions;
  }

  /** Adds a function that gets every event. */
  addTarget(functionArn: string): void {
    this.#targets.push(functionArn);
  }

  async putEvents({ Entries = [] }: { readonly Entries?: readonly Entry[] }): Promise<unknown> {
    if (Entries.length > MAX_ENTRIES)
      throw new AwsError(
        'ValidationException',
        `Value at 'entries' failed to satisfy constraint: length less than or equal to ${MAX_ENTRIES}`,
      );
    const results = await Promise.all(Entries.map((entry) => this.#put(entry)));
    return { FailedEntryCount: results.filter((each) => 'ErrorCode' in each).length, Entries: results };
  }

  async #put({ Source, DetailType, Detail = '', Resources = [] }: Entry): Promise<Record<string, string>> {
    let detail: unknown;
    try {
      detail = JSON.parse(Detail);
    } catch {
      return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
    }
    const id = randomUUID();
    const event = {
      version: '0',
      id,
      'detail-type': DetailType,
      source: Source,
      account: '000000000000',
      time: new Date().toISOString(),
      region: 'us-east-1',
      resources: Resources,
      detail,
    };
    for (const target of this.#targets) await this.#functions.invoke(target, 'Event', JSON.stringify(event));
    return { EventId: id };
  }
}

/** Step Functions: a state machine with one task, a function that gets the input. Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html */
export class StateMachines {
  readonly #functions: Functions;
  readonly #tasks = new Map<string, string>();

  constructor(functions: Functions) {
    this.#functions = functions;
  }

  define(name: string, functionArn: string): string {
    const arn = `arn:aws:states:us-east-1:000000000000:stateMachine:${name}`;
    this.#tasks.set(arn, functionArn);
    return arn;
  }

  async startExecution(input: {
    readonly stateMachineArn?: string;
    readonly input?: string;
    readonly name?: string;
  }): Promise<unknown> {
    const { stateMachineArn = '', input: text = '{}', name = randomUUID() } = input;
    const task = this.#tasks.get(stateMachineArn);
    if (task === undefined)
      throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
    try {
      JSON.parse(text);
    } catch {
      throw new AwsError('InvalidExecutionInput', 'Invalid State Machine Execution Input');
    }
    await this.#functions.invoke(task, 'Event', text);
    return {
      executionArn: `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`,
      startDate: Date.now() / 1000,
    };
  }
}
