import { isTracingSuppressed } from '@clew/core';
import { client, currentContext, guard, observePromise } from '@clew/core/plugin';
import { type AwsTools, CARRYING_SERVICES, type CarryingService } from '../options.ts';
import type { Client, Fields, Middleware } from '../sdk.ts';
import { askForContext, rememberMessages } from './received-messages.ts';
import { SENDING } from './sent-context.ts';

/**
 * Writes the context into the input of commands that can carry it, and reads it from received messages. The SDK passes
 * the input along its middleware, so the application's own objects stay as they are.
 */
export class ContextMiddleware {
  readonly #tools: AwsTools;
  #isActive = true;

  constructor(tools: AwsTools) {
    this.#tools = tools;
    tools.onDisable(() => {
      this.#isActive = false;
    });
  }

  /** Adds the middleware to a client, once. */
  addTo({ config, middlewareStack }: Client): void {
    const service = config?.serviceId as CarryingService;
    if (!CARRYING_SERVICES.includes(service)) return;
    this.#tools.once(middlewareStack, () =>
      middlewareStack.add(this.#middleware(service), {
        step: 'initialize',
        // Behind the application's own middleware, which may add attributes: they count towards the limits.
        priority: 'low',
        name: 'clewContext',
        override: true,
      }),
    );
  }

  #middleware(service: CarryingService): Middleware {
    return (next, { commandName }) => {
      const method = String(commandName).replace(/Command$/, '');
      if (service === 'SQS' && method === 'ReceiveMessage') return (args) => this.#receive(args, next);
      const write = SENDING[service][method];
      if (write === undefined) return next;
      return (args) => {
        const current = currentContext();
        const input = this.#carries(service)
          ? guard(`${this.#tools.name}: injecting`, () => write(args.input, current))
          : undefined;
        return next(input === undefined || input === args.input ? args : { ...args, input });
      };
    };
  }

  #receive<Args extends { readonly input: Fields }, Result extends { readonly output?: unknown }>(
    args: Args,
    next: (args: Args) => Promise<Result>,
  ): Promise<Result> {
    if (!this.#carries('SQS')) return next(args);
    const call = client.callOf();
    const input = guard(`${this.#tools.name}: attribute names`, () => askForContext(args.input));
    const result = next(input === undefined || input === args.input ? args : { ...args, input });
    const received = ({ output }: { readonly output?: unknown }) => {
      const links = rememberMessages(this.#tools, args.input, output);
      if (call?.recording) call.span.addLinks(links);
    };
    return observePromise(
      result,
      (value) => received(value as Result),
      () => {},
    );
  }

  #carries(service: CarryingService): boolean {
    return (
      this.#isActive &&
      this.#tools.options.propagateThrough.includes(service) &&
      !isTracingSuppressed(currentContext())
    );
  }
}
