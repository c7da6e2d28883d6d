import { type FunctionOptions, type LambdaFunction, startFunction } from './platform.ts';
import { type Receiver, startReceiver } from './receiver.ts';

/** Environment variables that trace a function without changes to its code. */
export const PRELOAD = { NODE_OPTIONS: '--require @clew/node/register' };

/** The functions that a test file starts, which stop after each test, and the receiver of their spans. */
export function tracedFunctions() {
  let started: LambdaFunction[] = [];
  const suite = {
    receiver: undefined as unknown as Receiver,
    async start(options: FunctionOptions): Promise<LambdaFunction> {
      const variables = { ...suite.receiver.variables, ...PRELOAD, ...options.variables };
      const one = await startFunction({ ...options, variables });
      started.push(one);
      return one;
    },
  };
  beforeEach(async () => {
    suite.receiver = await startReceiver();
  });
  afterEach(async () => {
    await Promise.all(started.map((each) => each.stop()));
    started = [];
    await suite.receiver.close();
  });
  return suite;
}
